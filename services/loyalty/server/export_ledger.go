package server

import (
	"context"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// The parts of an export, in their order. A page token names the part and the place in it.
const (
	exportMembers     = "members"
	exportEntries     = "entries"
	exportRedemptions = "redemptions"
)

// mostExported is about how many bytes a page of an export has.
const mostExported = 4 << 20

// exported is a page of an export as it is filled.
type exported struct {
	resp        *loyaltyv1.ExportLedgerResponse
	size, bytes int
}

func (x *exported) add(r *loyaltyv1.LedgerRecord) {
	x.resp.Records = append(x.resp.Records, r)
	x.bytes += proto.Size(r)
}

// full reports whether the page has what was asked for.
func (x *exported) full() bool { return len(x.resp.GetRecords()) >= x.size || x.bytes >= mostExported }

// over reports whether what belongs together does not fit even so: then it is parted.
func (x *exported) over() bool {
	return len(x.resp.GetRecords()) >= 2*x.size || x.bytes >= 2*mostExported
}

// ExportLedger lists everything that a programme holds of its members.
func (s *Server) ExportLedger(ctx context.Context, req *loyaltyv1.ExportLedgerRequest) (*loyaltyv1.ExportLedgerResponse, error) {
	size, at, f, err := s.pages.Read(req, 500, 1000)
	if err != nil {
		return nil, err
	}
	part, after, _ := strings.Cut(at, " ")
	var feed []store.Row[tables.Entry]
	if part == exportEntries {
		from, err := strconv.ParseInt(after, 10, 64)
		if err != nil {
			return nil, err
		}
		if feed, err = tables.Journal.Feed(store.Stored(ctx), s.DB, from, size); err != nil {
			return nil, err
		}
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ExportLedgerResponse, error) {
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		out := &exported{resp: &loyaltyv1.ExportLedgerResponse{}, size: size}
		next := ""
		switch part {
		case "", exportMembers:
			next, err = out.members(ctx, tx, req.GetProgram(), placeIn(after))
		case exportEntries:
			next, err = out.feed(ctx, tx, req.GetProgram(), feed)
		case exportRedemptions:
			next, err = out.redemptions(ctx, tx, s, req.GetProgram(), store.Query{After: after, Limit: size})
		default:
			err = fault.Internal.New("a page token leads to %q", part)
		}
		out.resp.NextPageToken = s.pages.Issue(next, f)
		return out.resp, err
	})
}

// place is where an export is among the members: behind the one at a position or, where that one's successor was parted, behind a page of its lots.
type place struct {
	after                string
	member, wallet, lots string
}

func placeIn(position string) (p place) {
	for i, part := range strings.SplitN(position, " ", 4) {
		*[]*string{&p.after, &p.member, &p.wallet, &p.lots}[i] = part
	}
	return p
}

func (p place) String() string {
	return strings.TrimRight(strings.Join([]string{exportMembers, p.after, p.member, p.wallet, p.lots}, " "), " ")
}

// members adds members, each with the accounts and their lots, and returns where it goes on.
func (x *exported) members(ctx context.Context, tx store.Reader, programID string, from place) (string, error) {
	for {
		p, err := tables.Members.Find(ctx, tx, store.Query{Index: "by_program", Equal: []any{programID}, After: from.after, Limit: max(1, x.size/4)})
		if err != nil {
			return "", err
		}
		at := place{after: from.after}
		for _, row := range p.Rows {
			switch {
			case from.member != "" && row.ID != from.member:
				continue // which an earlier page has
			case from.member == "" && x.full():
				at.member = row.ID
				return at.String(), nil
			}
			parted, err := x.member(ctx, tx, row, from)
			if err != nil {
				return "", err
			}
			if parted.after = at.after; parted.member != "" {
				return parted.String(), nil
			}
			from = at
		}
		switch {
		case p.Next == "":
			return exportEntries + " 0", nil
		case from.member == "":
			return place{after: p.Next}.String(), nil
		}
		from.after = p.Next
	}
}

// member adds a member with the accounts and their lots, or the rest of them, and returns where it goes on if they do not fit.
func (x *exported) member(ctx context.Context, tx store.Reader, row store.Row[tables.Member], from place) (place, error) {
	name := memberName(row.Value.Program, row.ID)
	if from.wallet == "" {
		known, err := profileOf(ctx, tx, row)
		if err != nil {
			return place{}, err
		}
		x.add(&loyaltyv1.LedgerRecord{Member: memberProto(row, known)})
	}
	accounts, err := accountsOf(ctx, tx, row.ID)
	if err != nil {
		return place{}, err
	}
	for _, a := range accounts {
		behind := ""
		switch wallet := a.Value.Wallet; {
		case wallet < from.wallet:
			continue
		case wallet == from.wallet:
			behind = from.lots
		default:
			out := accountProto(wallet, a.Value.Ledger)
			setLifetime(out, book.Lifetime(a.Value, a.Value.Ledger))
			x.add(&loyaltyv1.LedgerRecord{Account: &loyaltyv1.ExportedAccount{Member: name, Account: out}})
		}
		last, err := x.lots(ctx, tx, name, a, behind)
		if err != nil || last != "" {
			return place{member: row.ID, wallet: a.Value.Wallet, lots: last}, err
		}
	}
	return place{}, nil
}

// lots adds the lots of an account on the pages behind one, those that are used up too. It returns the last page of them if there are more than fit.
func (x *exported) lots(ctx context.Context, tx store.Reader, member string, a store.Row[tables.Account], behind string) (string, error) {
	q := store.Query{From: a.ID + "/", Before: a.ID + "0", Limit: 64}
	if behind != "" {
		q.From = a.ID + "/" + behind + "\x00"
	}
	for {
		p, err := tables.LotPages.Find(ctx, tx, q)
		if err != nil {
			return "", err
		}
		for i, row := range p.Rows {
			for _, l := range row.Value.Lots {
				l.ExpiresAt = a.Value.Ledger.Ends(&l)
				x.add(&loyaltyv1.LedgerRecord{Lot: &loyaltyv1.ExportedLot{Member: member, Lot: lotProto(a.ID, l)}})
			}
			if more := i+1 < len(p.Rows) || p.Next != ""; more && x.over() {
				return row.Value.ID, nil
			}
		}
		if q.After = p.Next; q.After == "" {
			return "", nil
		}
	}
}

// feed adds the entries of a programme among those of the journal, with the orders and returns that they record.
func (x *exported) feed(ctx context.Context, tx store.Reader, programID string, rows []store.Row[tables.Entry]) (string, error) {
	if len(rows) == 0 {
		return exportRedemptions + " ", nil
	}
	last := int64(0)
	for _, row := range rows {
		if last != 0 && x.bytes >= mostExported {
			break
		}
		last = row.Seq
		e := row.Value
		if e.Program != programID || e.Tx == nil {
			continue
		}
		if err := book.Show(ctx, tx, &e); err != nil {
			return "", err
		}
		x.add(&loyaltyv1.LedgerRecord{Entry: entryProto(e)})
		name, isOrder := strings.CutPrefix(e.Once, programID+"/orders/")
		switch {
		case !isOrder:
		case strings.HasSuffix(name, "/0"):
			o, err := orderProto(e, nil)
			if err != nil {
				return "", err
			}
			o.Entry = nil // it stands before
			x.add(&loyaltyv1.LedgerRecord{Order: o})
		default:
			back, _, err := returnProto(e)
			if err != nil {
				return "", err
			}
			order := "programs/" + programID + "/orders/" + name[:strings.LastIndexByte(name, '/')]
			x.add(&loyaltyv1.LedgerRecord{OrderReturn: &loyaltyv1.ExportedReturn{Order: order, OrderReturn: back}})
		}
	}
	return exportEntries + " " + strconv.FormatInt(last, 10), nil
}

// redemptions adds redemptions, the earliest first.
func (x *exported) redemptions(ctx context.Context, tx store.Reader, s *Server, programID string, q store.Query) (string, error) {
	q.Index, q.Equal = "by_program", []any{programID}
	p, err := tables.Redemptions.Find(ctx, tx, q)
	if err != nil {
		return "", err
	}
	for _, row := range p.Rows {
		out, err := s.redemption(ctx, tx, row, false)
		if err != nil {
			return "", err
		}
		x.add(&loyaltyv1.LedgerRecord{Redemption: out})
	}
	if p.Next == "" {
		return "", nil
	}
	return exportRedemptions + " " + p.Next, nil
}
