package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// happened is what the entry of something that happened to an order keeps.
type happened struct {
	Event string   `json:"event"`
	Lines []string `json:"lines,omitempty"`
}

// ActivatePoints makes pending points available by hand.
func (s *Server) ActivatePoints(ctx context.Context, req *loyaltyv1.ActivatePointsRequest) (*loyaltyv1.ActivatePointsResponse, error) {
	if err := oneSelection(req); err != nil {
		return nil, err
	}
	return book.Move(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.ActivatePointsResponse, error) {
		w, p, err := openIn(ctx, u, req)
		if err != nil {
			return nil, err
		}
		waiting, source, err := s.selected(ctx, u, w, req)
		if err != nil {
			return nil, err
		}
		if len(waiting) == 0 {
			return nil, fault.IllegalState.New("No points wait there: they are available already, or taken back, or of another member or wallet.")
		}
		e, err := activate(u, w, p.Value, waiting)
		if err != nil {
			return nil, err
		}
		e.Reason, e.Source = strings.TrimSpace(req.GetReason()), source
		return &loyaltyv1.ActivatePointsResponse{Entry: entryProto(*e)}, nil
	})
}

// oneSelection refuses a request that does not say in one way which points it means.
func oneSelection(req *loyaltyv1.ActivatePointsRequest) error {
	ways := 0
	for _, given := range []bool{len(req.GetLots()) > 0, req.GetEntry() != 0, req.GetOrder() != ""} {
		if given {
			ways++
		}
	}
	switch {
	case ways != 1:
		return fault.Invalid("lots", "Say which points are meant: by lots, by the entry that gave them, or by an order; one of them")
	case len(req.GetLines()) > 0 && req.GetOrder() == "":
		return fault.Invalid("lines", "Lines are those of an order, and none is named")
	}
	return nil
}

// selected finds the lots that a request names and that wait, and what they were given for.
func (s *Server) selected(ctx context.Context, u *book.Unit, w *book.Work, req *loyaltyv1.ActivatePointsRequest) ([]spot, string, error) {
	switch {
	case req.GetEntry() != 0:
		row, err := tables.Journal.Get(ctx, u.Tx, book.EntryID(w.ID, req.GetEntry()))
		if store.IsNotFound(err) {
			return nil, "", fault.Invalid("entry", "The account has no entry %d", req.GetEntry())
		}
		if err != nil {
			return nil, "", err
		}
		out, err := waitingOf(w, row.Value)
		return out, row.Value.Source, err
	case req.GetOrder() != "":
		e, _, err := orderEntries(func(name string) (tables.Entry, error) { return u.Once(ctx, name) }, req.GetProgram(), req.GetOrder())
		if err != nil {
			return nil, "", inField("order", err)
		}
		f, err := earnedBy(e, req.GetLines())
		if err != nil {
			return nil, "", err
		}
		if e, err = inWallet(ctx, u, e, f, w.Row.Value.Wallet); err != nil {
			return nil, "", err
		}
		out, err := waitingOf(w, e)
		return ofLines(out, req.GetLines()), e.Source, err
	}
	found, err := lotsOf(w, req.GetLots())
	if err != nil {
		return nil, "", err
	}
	var out []spot
	source := ""
	for i, n := range req.GetLots() {
		at, ok := found[n]
		if !ok || !at.lot.Pending || at.lot.Open == 0 {
			return nil, "", fault.IllegalState.New("The lot %d holds no points that wait.", n).
				With(fault.Field{Path: fmt.Sprintf("lots[%d]", i), Message: "Name lots that are pending."})
		}
		if source = at.lot.Source; i > 0 && source != out[0].lot.Source {
			source = ""
		}
		out = append(out, at)
	}
	return out, source, nil
}

// earnedBy reads what the entry of an order keeps, and looks whether the order has the lines.
func earnedBy(e tables.Entry, lines []string) (f earned, err error) {
	if err := json.Unmarshal(e.Facts, &f); err != nil {
		return f, err
	}
	for i, line := range lines {
		if !slices.ContainsFunc(f.Input.Order.Lines, func(l earning.Line) bool { return l.ID == line }) {
			return f, fault.Invalid(fmt.Sprintf("lines[%d]", i), "The order has no line %q", line)
		}
	}
	return f, nil
}

// inWallet returns the entry by which an order earned in a wallet, given the one in the usual wallet; one without points if it earned nothing there.
func inWallet(ctx context.Context, u *book.Unit, e tables.Entry, f earned, wallet string) (tables.Entry, error) {
	member, usual, _ := cutAccount(e.Tx.Account)
	if wallet == usual {
		return e, nil
	}
	number, ok := f.Entries[wallet]
	if !ok {
		return tables.Entry{Source: e.Source, Tx: &ledger.Transaction{Account: tables.AccountID(member, wallet)}}, nil
	}
	row, err := tables.Journal.Get(ctx, u.Tx, book.EntryID(tables.AccountID(member, wallet), number))
	return row.Value, err
}

// lotsGiven finds the lots that an entry opened. Where the member was merged they have other names, and are found by what they were given for.
func lotsGiven(w *book.Work, e tables.Entry) ([]spot, error) {
	if w.ID != e.Tx.Account {
		return scan(w, func(l ledger.Lot) bool {
			return l.Open > 0 && (l.Source == e.Source || strings.HasPrefix(l.Source, e.Source+lineOf))
		})
	}
	var out []spot
	for _, c := range e.Tx.Lots {
		if c.Opened == nil {
			continue
		}
		at, err := follow(w, c.LotRef)
		if err != nil {
			return nil, err
		}
		out = append(out, at)
	}
	return out, nil
}

// waitingOf finds those of the lots that an entry opened which are pending still.
func waitingOf(w *book.Work, e tables.Entry) ([]spot, error) {
	all, err := lotsGiven(w, e)
	return slices.DeleteFunc(all, func(at spot) bool { return !at.lot.Pending || at.lot.Open == 0 }), err
}

// scan goes through all lots of an account.
func scan(w *book.Work, fits func(ledger.Lot) bool) ([]spot, error) {
	var out []spot
	for at := ""; ; {
		p, ok, err := w.Book.After(at)
		if err != nil || !ok {
			return out, err
		}
		at = p.ID
		for _, l := range p.Lots {
			if fits(l) {
				out = append(out, spot{ledger.LotRef{Page: p.ID, N: l.N}, l})
			}
		}
	}
}

// follow finds what has become of a lot.
func follow(w *book.Work, ref ledger.LotRef) (spot, error) {
	for {
		p, err := w.Book.Page(ref.Page)
		if err != nil {
			return spot{}, err
		}
		i := slices.IndexFunc(p.Lots, func(l ledger.Lot) bool { return l.N == ref.N })
		if i < 0 {
			return spot{}, fault.Internal.New("the account %s has no lot %d on page %s", w.ID, ref.N, ref.Page)
		}
		if p.Lots[i].MovedTo == nil {
			return spot{ref, p.Lots[i]}, nil
		}
		ref = *p.Lots[i].MovedTo
	}
}

// ofLines are the lots of some lines of an order; no lines means all.
func ofLines(lots []spot, lines []string) []spot {
	if len(lines) == 0 {
		return lots
	}
	return slices.DeleteFunc(lots, func(at spot) bool {
		_, line, own := strings.Cut(at.lot.Source, lineOf)
		return !own || !slices.Contains(lines, line)
	})
}

// activate makes pending lots available now. The life of those without a date begins.
func activate(u *book.Unit, w *book.Work, p tables.Program, lots []spot) (*tables.Entry, error) {
	zone, err := calendar.LoadZone("timeZone", p.TimeZone)
	if err != nil {
		return nil, err
	}
	ends := map[int64]clock.Millis{}
	refs := make([]ledger.LotRef, len(lots))
	for i, at := range lots {
		refs[i], ends[at.lot.N] = at.ref, at.lot.ExpiresAt
		if at.lot.ExpiresAt != 0 || at.lot.Life == "" {
			continue
		}
		life, err := calendar.ParseLife("life", at.lot.Life)
		if err != nil {
			return nil, err
		}
		ends[at.lot.N] = life.Ends(zone, at.lot.IssuedAt, u.Now)
	}
	tx, err := w.Book.Activate(ledger.Step{Now: u.Now}, refs, func(l ledger.Lot) clock.Millis { return ends[l.N] })
	if err != nil {
		return nil, book.Refused(err)
	}
	return u.Post(w, tx), nil
}

// RecordOrderEvent records that something happened to an order, and makes the points available that wait for it.
func (s *Server) RecordOrderEvent(ctx context.Context, req *loyaltyv1.RecordOrderEventRequest) (*loyaltyv1.RecordOrderEventResponse, error) {
	facts, err := book.Facts(happened{Event: req.GetEvent(), Lines: req.GetLines()})
	if err != nil {
		return nil, err
	}
	return book.Move(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.RecordOrderEventResponse, error) {
		p, err := program(ctx, u.Tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		e, err := u.Once(ctx, orderKey(req.GetProgram(), req.GetOrder(), 0))
		if store.IsNotFound(err) {
			err = noOrder(req.GetProgram(), req.GetOrder())
		}
		if err != nil {
			return nil, err
		}
		f, err := earnedBy(e, req.GetLines())
		if err != nil {
			return nil, err
		}
		_, usual, _ := cutAccount(e.Tx.Account)
		wallets := slices.DeleteFunc(slices.Sorted(maps.Keys(f.Entries)), func(wallet string) bool { return wallet == usual })
		resp := &loyaltyv1.RecordOrderEventResponse{}
		for _, wallet := range append(wallets, usual) { // the last entry answers for the command
			given, err := inWallet(ctx, u, e, f, wallet)
			if err != nil {
				return nil, err
			}
			w, err := u.Open(ctx, e.Program, e.Member, wallet)
			if err != nil {
				return nil, err
			}
			waiting, err := waitingOf(w, given)
			if err != nil {
				return nil, err
			}
			out, err := come(u, w, p.Value, ofLines(awaiting(f, waiting, req.GetEvent()), req.GetLines()))
			if err != nil {
				return nil, err
			}
			out.Source, out.Facts = e.Source, facts
			resp.Points, resp.Entry = moved(out.Tx), entryProto(*out)
		}
		return resp, nil
	})
}

// awaiting are those of an order's lots that wait for an event of a name, as the rules that gave them said then.
func awaiting(f earned, lots []spot, event string) []spot {
	type share struct{ rule, line string }
	waits := map[share]bool{}
	for _, a := range f.Awards {
		for _, l := range a.Lots {
			if l.Pending && l.Event == event {
				waits[share{ruleName(a.Rule, a.Version), l.Line}] = true
			}
		}
	}
	return slices.DeleteFunc(lots, func(at spot) bool {
		_, line, _ := strings.Cut(at.lot.Source, lineOf)
		return !waits[share{at.lot.Rule, line}]
	})
}

// come activates lots because of an event, or notes it if there are none.
func come(u *book.Unit, w *book.Work, p tables.Program, lots []spot) (*tables.Entry, error) {
	if len(lots) > 0 {
		return activate(u, w, p, lots)
	}
	tx, err := w.Book.Note(ledger.Step{Now: u.Now})
	if err != nil {
		return nil, book.Refused(err)
	}
	e := u.Post(w, tx)
	e.Type = "loyalty.order.progressed"
	return e, nil
}
