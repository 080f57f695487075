package server

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// The programmes that exist from the start.
var firstPrograms = []struct{ id, name string }{{"customers", "Customers"}, {"employees", "Employees"}}

// ensurePrograms makes the programmes that exist from the start.
func (s *Server) ensurePrograms(ctx context.Context) error {
	for _, p := range firstPrograms {
		req := &loyaltyv1.CreateProgramRequest{ProgramId: p.id, DisplayName: p.name, TimeZone: s.TimeZone, Currency: s.Currency}
		_, err := s.CreateProgram(ctx, req)
		if err != nil && !fault.Has(err, fault.AlreadyExists) {
			return fmt.Errorf("loyalty: the programme %s: %w", p.id, err)
		}
	}
	return nil
}

func programProto(id string, version int64, p tables.Program) *loyaltyv1.Program {
	out := &loyaltyv1.Program{
		Name: "programs/" + id, DisplayName: p.DisplayName, TimeZone: p.TimeZone, Currency: p.Currency, Version: int32(p.Version), Etag: etag(version),
		CreateTime: timestamp(p.CreatedAt), UpdateTime: timestamp(p.UpdatedAt),
	}
	out.Redemptions = &loyaltyv1.RedemptionSettings{ReservationMinutes: int32(reserveMinutes(p)), Returned: restoringToProto[restoring(p)]}
	out.Points = pointSettingsProto(p.Points)
	for _, w := range p.Wallets {
		out.Wallets = append(out.Wallets, &loyaltyv1.Wallet{Id: w.ID, Singular: w.Singular, Plural: w.Plural})
	}
	return out
}

// CreateProgram adds a programme.
func (s *Server) CreateProgram(ctx context.Context, req *loyaltyv1.CreateProgramRequest) (*loyaltyv1.CreateProgramResponse, error) {
	p := tables.Program{DisplayName: req.GetDisplayName(), Currency: req.GetCurrency(), Version: 1}
	var err error
	if p.TimeZone, err = zone(req.GetTimeZone()); err != nil {
		return nil, err
	}
	if p.Wallets, err = wallets(req.GetWallets()); err != nil {
		return nil, err
	}
	if p.Points, err = pointSettings(req.GetPoints()); err != nil {
		return nil, err
	}
	setRedemptions(&p, req.GetRedemptions())
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CreateProgramResponse, error) {
		_, err := tables.Programs.Get(ctx, u.Tx, req.GetProgramId())
		if err == nil {
			return nil, fault.AlreadyExists.New("There is a programme %q already.", req.GetProgramId()).
				With(fault.Field{Path: "programId", Message: "Another programme has this id."})
		}
		if !store.IsNotFound(err) {
			return nil, err
		}
		p.CreatedAt, p.UpdatedAt = u.Now, u.Now
		row, err := tables.Programs.Insert(ctx, u.Tx, req.GetProgramId(), p)
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.CreateProgramResponse{Program: programProto(row.ID, row.Version, p)}, s.noteProgram(ctx, u, row, "loyalty.program.created")
	})
}

// noteProgram keeps the version and tells of it.
func (s *Server) noteProgram(ctx context.Context, u *book.Unit, row store.Row[tables.Program], event string) error {
	if _, err := tables.ProgramVersions.Insert(ctx, u.Tx, fmt.Sprintf("%s@%d", row.ID, row.Value.Version), row.Value); err != nil {
		return err
	}
	facts, err := book.Facts(row.Value)
	if err != nil {
		return err
	}
	u.Record(tables.Entry{Type: event, Subject: "programs/" + row.ID, Program: row.ID, Facts: facts})
	return keepRevision(ctx, u, row.ID, "", int64(row.Value.Version), event)
}

// usualMinutes is how long a reservation holds if neither reward nor programme say.
const usualMinutes = 30

func reserveMinutes(p tables.Program) int { return cmp.Or(p.ReserveMinutes, usualMinutes) }

func restoring(p tables.Program) reward.Restoring { return cmp.Or(p.Returned, reward.Restore) }

var restoringToProto = map[reward.Restoring]loyaltyv1.ReturnedRewards{
	reward.Restore: loyaltyv1.ReturnedRewards_RETURNED_REWARDS_RESTORE,
	reward.Forfeit: loyaltyv1.ReturnedRewards_RETURNED_REWARDS_FORFEIT,
	reward.Ask:     loyaltyv1.ReturnedRewards_RETURNED_REWARDS_ASK,
}

func setRedemptions(p *tables.Program, given *loyaltyv1.RedemptionSettings) {
	p.ReserveMinutes, p.Returned = int(given.GetReservationMinutes()), reward.Restore
	for policy, named := range restoringToProto {
		if named == given.GetReturned() {
			p.Returned = policy
		}
	}
}

// zone checks an IANA zone.
func zone(name string) (string, error) {
	if name == "" {
		return "UTC", nil
	}
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return "", fault.Invalid("timeZone", "%q is no IANA time zone such as Europe/Berlin", name)
	}
	return name, nil
}

func wallets(given []*loyaltyv1.Wallet) ([]tables.Wallet, error) {
	if len(given) == 0 {
		return []tables.Wallet{{ID: "points", Singular: "point", Plural: "points"}}, nil
	}
	var out []tables.Wallet
	for i, w := range given {
		if slices.ContainsFunc(out, func(o tables.Wallet) bool { return o.ID == w.GetId() }) {
			return nil, fault.Invalid(fmt.Sprintf("wallets[%d].id", i), "%q stands twice", w.GetId())
		}
		out = append(out, tables.Wallet{ID: w.GetId(), Singular: w.GetSingular(), Plural: w.GetPlural()})
	}
	return out, nil
}

// GetProgram returns a programme.
func (s *Server) GetProgram(ctx context.Context, req *loyaltyv1.GetProgramRequest) (*loyaltyv1.GetProgramResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetProgramResponse, error) {
		row, err := program(ctx, tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.GetProgramResponse{Program: programProto(row.ID, row.Version, row.Value)}, nil
	})
}

// program reads a programme.
func program(ctx context.Context, tx store.Reader, id string) (store.Row[tables.Program], error) {
	row, err := tables.Programs.Get(ctx, tx, id)
	if store.IsNotFound(err) {
		return row, fault.NotFound.New("There is no programme %q.", id)
	}
	return row, err
}

// walletOf returns the id of a programme's wallet; "" means the usual one.
func walletOf(p tables.Program, asked string) (string, error) {
	if asked == "" {
		return p.Wallets[0].ID, nil
	}
	if !slices.ContainsFunc(p.Wallets, func(w tables.Wallet) bool { return w.ID == asked }) {
		return "", fault.Invalid("wallet", "The programme has no wallet %q", asked)
	}
	return asked, nil
}

// ListPrograms lists the programmes.
func (s *Server) ListPrograms(ctx context.Context, req *loyaltyv1.ListProgramsRequest) (*loyaltyv1.ListProgramsResponse, error) {
	q, f, err := s.query(req, store.Query{}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListProgramsResponse, error) {
		p, err := tables.Programs.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListProgramsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			resp.Programs = append(resp.Programs, programProto(row.ID, row.Version, row.Value))
		}
		return resp, nil
	})
}

// UpdateProgram makes a further version of a programme.
func (s *Server) UpdateProgram(ctx context.Context, req *loyaltyv1.UpdateProgramRequest) (*loyaltyv1.UpdateProgramResponse, error) {
	given, err := wallets(req.GetWallets())
	if err != nil {
		return nil, err
	}
	tz, err := zone(req.GetTimeZone())
	if err != nil {
		return nil, err
	}
	points, err := pointSettings(req.GetPoints())
	if err != nil {
		return nil, err
	}
	out, err := book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.UpdateProgramResponse, error) {
		row, err := tables.Programs.GetForUpdate(ctx, u.Tx, req.GetProgram())
		if store.IsNotFound(err) {
			return nil, fault.NotFound.New("There is no programme %q.", req.GetProgram())
		}
		if err != nil {
			return nil, err
		}
		if err := checkEtag(req.GetEtag(), row.Version); err != nil {
			return nil, err
		}
		for _, w := range row.Value.Wallets {
			if !slices.ContainsFunc(given, func(g tables.Wallet) bool { return g.ID == w.ID }) {
				return nil, fault.Invalid("wallets", "The wallet %q holds members' points and cannot be removed", w.ID)
			}
		}
		if err := s.mayMove(ctx, u.Tx, row, tz); err != nil {
			return nil, err
		}
		p := &row.Value
		p.DisplayName, p.Wallets, p.TimeZone, p.Points, p.UpdatedAt = req.GetDisplayName(), given, tz, points, u.Now
		setRedemptions(p, req.GetRedemptions())
		p.Version++
		if row, err = tables.Programs.Put(ctx, u.Tx, row); err != nil {
			return nil, err
		}
		return &loyaltyv1.UpdateProgramResponse{Program: programProto(row.ID, row.Version, row.Value)}, s.noteProgram(ctx, u, row, "loyalty.program.changed")
	})
	s.rules.forget(req.GetProgram())
	return out, err
}
