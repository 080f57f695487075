package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/loyalty/achievement"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
)

// activityFollower names the position up to which it was looked at what members did.
const activityFollower = "activity"

// Activity follows the journal and gives and takes what follows from what members did. A batch is counted and paid in one commit with the position up to which the
// journal was followed: a process that dies in between has done neither.
func (s *Server) Activity(wake <-chan struct{}, failed func(error)) *outbox.Follower[tables.Entry] {
	return &outbox.Follower[tables.Entry]{
		DB: s.DB, Clock: s.Clock, Consumer: activityFollower, Wake: wake, Batch: 200, Apply: s.follow, Failed: failed, Source: s.journal,
	}
}

func (s *Server) follow(ctx context.Context, tx store.Writer, rows []store.Row[tables.Entry]) error {
	a := achieving{Server: s, tx: tx, of: map[string][]store.Row[tables.Achievement]{}}
	r := referring{Server: s, tx: tx, of: map[string]*tables.ReferralTerms{}}
	for _, row := range rows {
		goals, err := a.goals(ctx, row.Value.Program)
		if err != nil {
			return err
		}
		terms, err := r.terms(ctx, row.Value.Program)
		if err != nil {
			return err
		}
		var d *done
		if len(goals) > 0 || terms != nil { // to read what was done takes time
			d, err = doneBy(ctx, tx, row.Value)
		}
		if err == nil {
			err = a.entry(ctx, row.Value, d)
		}
		if err == nil {
			err = r.entry(ctx, row.Value, d)
		}
		if err != nil {
			return fmt.Errorf("what follows from the entry %q: %w", row.ID, err)
		}
	}
	return nil
}

// done is an entry of the journal as far as it tells what a member did: an order, an event, a return of an order, or the cancellation of either.
type done struct {
	program, member string
	// recordedAt is when the order or event was recorded, of a return when its order was.
	recordedAt clock.Millis
	// on is the day of it, in the zone that the programme had then: a return is taken off the day on which its order was counted.
	on calendar.Date
	// before and after are the activity as it was known before the entry and since; nil where there was none, or nothing is left of it.
	before, after *achievement.Activity
	// order is the id of the order, empty for an event, and prior how many the member had placed before it.
	order string
	prior int64
	// policy says how far a return may take points back.
	policy ledger.Reach
}

// facts are what entries of orders, events, returns and cancellations keep, as far as it is needed here: see earned and cameBack.
type facts struct {
	Input     earning.Input `json:"input"`
	ReturnID  string        `json:"returnId"`
	Cancelled bool          `json:"cancelled"`
	Back      earning.Back  `json:"back"`
	Policy    ledger.Reach  `json:"policy"`
}

// doneBy reads what a member did from an entry; nil if it tells of nothing of the kind.
func doneBy(ctx context.Context, tx store.Reader, e tables.Entry) (*done, error) {
	if e.Once == "" || len(e.Facts) == 0 || !strings.HasPrefix(e.Source, "orders/") && !strings.HasPrefix(e.Source, "events/") {
		return nil, nil
	}
	var f facts
	if err := json.Unmarshal(e.Facts, &f); err != nil {
		return nil, err
	}
	d := &done{program: e.Program, member: e.Member, recordedAt: e.At, policy: ledger.WithinBalance}
	if f.Cancelled && strings.HasPrefix(e.Source, "events/") {
		return d, d.unhappened(ctx, tx, e, f)
	}
	if f.ReturnID != "" || f.Cancelled {
		return d, d.returned(ctx, tx, e, f)
	}
	if f.Input.Order == nil && f.Input.Event == nil {
		return nil, nil
	}
	if f.Input.Order != nil {
		d.after, d.order, d.prior = ordered(f.Input, nil), f.Input.Order.ID, f.Input.Member.Orders
	} else {
		d.after = eventful(f.Input.Event)
	}
	return d, d.dated(f.Input, d.after.At)
}

// dated sets the day.
func (d *done) dated(in earning.Input, at clock.Millis) error {
	zone, err := calendar.LoadZone("timeZone", in.Program.Zone)
	d.on = zone.DateOf(at)
	return err
}

// eventful is an event as an activity.
func eventful(v *earning.Event) *achievement.Activity {
	return &achievement.Activity{Type: v.Type, At: v.At, Amount: v.Amount}
}

// unhappened reads the cancellation of an event: what the event counted, of which nothing is left.
func (d *done) unhappened(ctx context.Context, tx store.Reader, e tables.Entry, f facts) error {
	stem, _, _ := cutLast(e.Once, "/")
	row, err := tables.Journal.First(ctx, tx, store.Query{Index: "by_once", Equal: []any{stem}})
	if err != nil {
		return err
	}
	var of facts
	if err := json.Unmarshal(row.Value.Facts, &of); err != nil {
		return err
	}
	d.recordedAt, d.policy, d.before = row.Value.At, f.Policy, eventful(of.Input.Event)
	return d.dated(of.Input, of.Input.Event.At)
}

// returned reads a return: what its order counted before it, and counts after it.
func (d *done) returned(ctx context.Context, tx store.Reader, e tables.Entry, f facts) error {
	stem, number, _ := cutLast(e.Once, "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		return fmt.Errorf("loyalty: the return %q has no number", e.Once)
	}
	find := func(n int) (e tables.Entry, f facts, err error) {
		row, err := tables.Journal.First(ctx, tx, store.Query{Index: "by_once", Equal: []any{fmt.Sprintf("%s/%d", stem, n)}})
		if err == nil {
			err = json.Unmarshal(row.Value.Facts, &f)
		}
		return row.Value, f, err
	}
	order, of, err := find(0)
	if err != nil {
		return err
	}
	gone := map[string]int64{}
	for i := 1; i < n; i++ {
		_, r, err := find(i)
		if err != nil {
			return err
		}
		back(gone, r)
	}
	d.recordedAt, d.policy, d.before, d.order = order.At, f.Policy, ordered(of.Input, gone), of.Input.Order.ID
	if back(gone, f); !f.Back.All {
		d.after = ordered(of.Input, gone)
	}
	return d.dated(of.Input, of.Input.Order.At)
}

// back adds what came back of each line.
func back(gone map[string]int64, f facts) {
	for _, l := range f.Back.Lines {
		gone[l.Line] += l.Money
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// ordered is an order as an activity, of whose lines so much has come back. Goals count the programme's currency: in another an order comes to nothing.
func ordered(in earning.Input, gone map[string]int64) *achievement.Activity {
	o := in.Order
	a := &achievement.Activity{Type: achievement.Order, At: o.At, By: map[string]int64{}}
	for _, l := range o.Lines {
		left := l.Amount - gone[l.ID]
		if o.Currency != in.Program.Currency {
			left = 0
		}
		a.Amount += left
		for i, category := range l.Categories {
			if !slices.Contains(l.Categories[:i], category) {
				a.By[category] += left
			}
		}
	}
	return a
}
