package server

import (
	"context"
	"encoding/json"
	"sort"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mostScanned bounds how many entries are looked through for one page of orders.
const mostScanned = 1000

// ListOrders lists a member's orders, the last recorded first. Those that were recorded for members who were merged into this one are among them.
func (s *Server) ListOrders(ctx context.Context, req *loyaltyv1.ListOrdersRequest) (*loyaltyv1.ListOrdersResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListOrdersResponse, error) {
		q, f, err := s.query(req, store.Query{}, 20, 100)
		if err != nil {
			return nil, err
		}
		w, err := walkBack(ctx, tx, req.GetProgram(), req.GetMember(), q.After)
		if err != nil {
			return nil, err
		}
		resp, at := &loyaltyv1.ListOrdersResponse{}, ""
		for scanned := 0; ; scanned++ {
			row, more, err := w.next(ctx, tx)
			if err != nil || !more {
				return resp, err
			}
			if scanned == mostScanned || len(resp.Orders) == q.Limit { // this one is the next page's
				resp.NextPageToken = s.pages.Issue(at, f)
				return resp, nil
			}
			if at = row.ID; !isOrder(row.Value) {
				continue
			}
			o, err := shownOrder(ctx, tx, row.Value)
			if err != nil {
				return nil, err
			}
			resp.Orders = append(resp.Orders, o)
		}
	})
}

// walk goes back through the entries of one person's accounts in a wallet, the last recorded first. There are several where members were merged.
type walk []*trail

// trail is one account on a walk.
type trail struct {
	account string
	rest    store.Query
	read    []store.Row[tables.Entry]
	ended   bool
}

// walkBack begins a walk through the usual wallet of a member, after the entry at which the last one ended.
func walkBack(ctx context.Context, tx store.Reader, programID, memberID, after string) (walk, error) {
	m, err := findMember(ctx, tx, programID, memberID)
	if err != nil {
		return nil, err
	}
	p, err := program(ctx, tx, programID)
	if err != nil {
		return nil, err
	}
	people, err := united(ctx, tx, m.ID)
	if err != nil {
		return nil, err
	}
	var last tables.Entry
	if after != "" {
		row, err := tables.Journal.Get(ctx, tx, after)
		if err != nil {
			return nil, err
		}
		last = row.Value
	}
	var w walk
	for _, id := range people {
		account := tables.AccountID(id, p.Value.Wallets[0].ID)
		t := &trail{account: account, rest: store.Query{From: account + "/", Before: account + "0", Descending: true, Limit: 50}}
		if after != "" {
			if t.rest.Before, err = passed(ctx, tx, account, *last.Tx); err != nil {
				return nil, err
			}
		}
		w = append(w, t)
	}
	return w, nil
}

// united are a member and all those who were merged into them.
func united(ctx context.Context, tx store.Reader, member string) ([]string, error) {
	people := []string{member}
	for i := 0; i < len(people); i++ {
		for q := (store.Query{Index: "by_into", Equal: []any{people[i]}}); ; {
			page, err := tables.Members.Find(ctx, tx, q)
			if err != nil {
				return nil, err
			}
			for _, row := range page.Rows {
				people = append(people, row.ID)
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
	}
	return people, nil
}

// passed is the id of the first entry of an account that a walk which has come to the entry last has passed already.
func passed(ctx context.Context, tx store.Reader, account string, last ledger.Transaction) (string, error) {
	if account == last.Account {
		return book.EntryID(account, last.Seq), nil
	}
	row, err := tables.Accounts.Get(ctx, tx, account)
	if err != nil && !store.IsNotFound(err) {
		return "", err
	}
	var failed error
	// The entries of an account are recorded in their order.
	n := sort.Search(int(row.Value.Ledger.Seq), func(i int) bool {
		e, err := tables.Journal.Get(ctx, tx, book.EntryID(account, int64(i)+1))
		if err != nil {
			failed = err
			return true
		}
		return precedes(e.Value.Tx.RecordedAt, account, last.RecordedAt, last.Account)
	})
	return book.EntryID(account, int64(n)+1), failed
}

// precedes is the order of a walk between entries of different accounts: the one recorded later comes first.
func precedes(at clock.Millis, account string, otherAt clock.Millis, other string) bool {
	return at > otherAt || at == otherAt && account > other
}

// next returns the next entry; false if there is none.
func (w walk) next(ctx context.Context, tx store.Reader) (row store.Row[tables.Entry], more bool, err error) {
	var first *trail
	for _, t := range w {
		if err := t.fill(ctx, tx); err != nil {
			return row, false, err
		}
		if len(t.read) == 0 {
			continue
		}
		if first == nil || precedes(t.read[0].Value.Tx.RecordedAt, t.account, first.read[0].Value.Tx.RecordedAt, first.account) {
			first = t
		}
	}
	if first == nil {
		return row, false, nil
	}
	row, first.read = first.read[0], first.read[1:]
	return row, true, nil
}

// fill reads on when what was read is used up.
func (t *trail) fill(ctx context.Context, tx store.Reader) error {
	if len(t.read) > 0 || t.ended {
		return nil
	}
	page, err := tables.Journal.Find(ctx, tx, t.rest)
	t.read, t.rest.After, t.ended = page.Rows, page.Next, page.Next == ""
	return err
}

// isOrder reports whether an entry recorded an order.
func isOrder(e tables.Entry) bool {
	return strings.HasPrefix(e.Once, e.Program+"/orders/") && strings.HasSuffix(e.Once, "/0")
}

// shownOrder is an order as the API shows it, given the entry that recorded it.
func shownOrder(ctx context.Context, tx store.Reader, e tables.Entry) (*loyaltyv1.Order, error) {
	var f earned
	if err := json.Unmarshal(e.Facts, &f); err != nil {
		return nil, err
	}
	_, returns, err := orderEntries(onceIn(ctx, tx), e.Program, f.Input.Order.ID)
	if err != nil {
		return nil, err
	}
	return orderProto(e, returns)
}

// onceIn finds entries by their names.
func onceIn(ctx context.Context, tx store.Reader) func(name string) (tables.Entry, error) {
	return func(name string) (tables.Entry, error) {
		row, err := tables.Journal.First(ctx, tx, store.Query{Index: "by_once", Equal: []any{name}})
		return row.Value, err
	}
}
