package server

import (
	"context"
	"encoding/json"
	"time"

	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/vault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// kindForget is the job that makes what was erased unreadable in the database's files, in case it could not be done at once.
const kindForget = "forget"

// EraseMember erases a member's personal data.
func (s *Server) EraseMember(ctx context.Context, req *loyaltyv1.EraseMemberRequest) (*loyaltyv1.EraseMemberResponse, error) {
	resp, err := book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.EraseMemberResponse, error) {
		row, err := findMember(ctx, u.Tx, req.GetProgram(), req.GetMember())
		if err != nil {
			return nil, err
		}
		if row, err = tables.Members.GetForUpdate(ctx, u.Tx, row.ID); err != nil {
			return nil, err
		}
		if row.Value.State == tables.MemberErased {
			out, err := s.shownMember(ctx, u.Tx, row, tables.Profile{})
			return &loyaltyv1.EraseMemberResponse{Member: out}, err
		}
		works, err := s.forfeit(ctx, u, row)
		if err != nil {
			return nil, err
		}
		if row, err = s.erase(ctx, u, row); err != nil {
			return nil, err
		}
		u.Record(tables.Entry{Type: "loyalty.member.erased", Subject: memberName(row.Value.Program, row.ID), Program: row.Value.Program, Member: row.ID})
		out, err := s.shownMember(ctx, u.Tx, row, tables.Profile{})
		if err != nil {
			return nil, err
		}
		if err := s.showWorks(ctx, u, out, works); err != nil {
			return nil, err
		}
		return &loyaltyv1.EraseMemberResponse{Member: out}, outbox.Schedule(ctx, u.Tx, outbox.Job{ID: kindForget, Kind: kindForget, DueAt: u.Now, Data: json.RawMessage(`""`)})
	})
	if err != nil {
		return nil, err
	}
	s.shown.Forget()
	if err := store.Forget(ctx, s.DB); err != nil && !fault.Has(err, fault.Unavailable) {
		return nil, err
	}
	return resp, nil
}

// forfeit empties and closes the accounts of a member: who cannot be known any more cannot spend.
func (s *Server) forfeit(ctx context.Context, u *book.Unit, m store.Row[tables.Member]) ([]*book.Work, error) {
	accounts, err := accountsOf(ctx, u.Tx, m.ID)
	if err != nil {
		return nil, err
	}
	var works []*book.Work
	for _, a := range accounts {
		w, err := u.Open(ctx, m.Value.Program, m.ID, a.Value.Wallet)
		if err != nil {
			return nil, err
		}
		step := ledger.Step{Now: u.Now}
		for _, h := range w.Book.Account().Holds {
			tx, err := w.Book.Cancel(step, h.ID)
			if err != nil {
				return nil, book.Refused(err)
			}
			if err := s.cancelled(ctx, u, h.ID, u.Post(w, tx)); err != nil {
				return nil, err
			}
		}
		// An account that had nothing gets an entry too: no change of it is outside its chain.
		last := w.Book.Note
		if w.Book.Account().Balances != (ledger.Balances{}) {
			last = w.Book.Forfeit
		}
		tx, err := last(step)
		if err != nil {
			return nil, book.Refused(err)
		}
		u.Post(w, tx).Source = "erasure"
		w.Row.Value.Closed = tables.MemberErased
		w.Touch()
		works = append(works, w)
	}
	return works, nil
}

// cancelled brings a redemption along whose hold was ended by the erasure of its member: its stock and its code go back.
func (s *Server) cancelled(ctx context.Context, u *book.Unit, redemptionID string, e *tables.Entry) error {
	row, err := tables.Redemptions.GetForUpdate(ctx, u.Tx, redemptionID)
	if err == nil {
		row.Value.Reason = ""
		_, err = resolve(ctx, u, row, reward.Cancel, e)
	}
	return err
}

// silence takes away what people have written about the redemptions of a member.
func silence(ctx context.Context, u *book.Unit, member string) error {
	for q := (store.Query{Index: "by_member", Equal: []any{member}}); ; {
		p, err := tables.Redemptions.Find(ctx, u.Tx, q)
		if err != nil {
			return err
		}
		for _, row := range p.Rows {
			if row.Value.Reason == "" {
				continue
			}
			row.Value.Reason = ""
			if _, err := tables.Redemptions.Put(ctx, u.Tx, row); err != nil {
				return err
			}
		}
		if q.After = p.Next; q.After == "" {
			return nil
		}
	}
}

// erase takes away everything that is known of a member, and of those who were merged into them.
func (s *Server) erase(ctx context.Context, u *book.Unit, row store.Row[tables.Member]) (store.Row[tables.Member], error) {
	p, err := profileOf(ctx, u.Tx, row)
	if err != nil {
		return row, err
	}
	for _, one := range p.Identifiers {
		if err := s.release(ctx, u.Tx, row.Value.Program, one, row.ID); err != nil {
			return row, err
		}
	}
	for {
		page, err := tables.Members.Find(ctx, u.Tx, store.Query{Index: "by_into", Equal: []any{row.ID}})
		if err != nil {
			return row, err
		}
		for _, other := range page.Rows {
			other.Value.Into = "" // before: its own erasure must not find it again
			if _, err := s.erase(ctx, u, other); err != nil {
				return row, err
			}
		}
		if page.Next == "" {
			break
		}
	}
	if err := forgetAchievements(ctx, u.Tx, row.ID); err != nil {
		return row, err
	}
	if err := forgetReferrals(ctx, u.Tx, row.ID); err != nil {
		return row, err
	}
	if err := silence(ctx, u, row.ID); err != nil {
		return row, err
	}
	if err := vault.Destroy(ctx, u.Tx, row.ID); err != nil {
		return row, err
	}
	row.Value = tables.Member{Program: row.Value.Program, State: tables.MemberErased, EnrolledAt: row.Value.EnrolledAt, ErasedAt: u.Now}
	return tables.Members.Put(ctx, u.Tx, row)
}

// forget does what could not be done at once. It is tried again until it is done.
func (s *Server) forget(ctx context.Context, _ outbox.Job) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return store.Forget(ctx, s.DB)
}
