package server

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/report"
	"renown.example/loyalty/tables"
)

// retentionFollower names the position up to which it is counted who came back.
const retentionFollower = "retention"

// Retention follows the journal and counts who came back.
func (s *Server) Retention(wake <-chan struct{}, failed func(error)) *outbox.Follower[tables.Entry] {
	return &outbox.Follower[tables.Entry]{
		DB: s.DB, Clock: s.Clock, Consumer: retentionFollower, Wake: wake, Batch: 1000, Apply: countBuyers, Failed: failed, Source: s.journal,
	}
}

// buyers are the members of one batch of the journal, as they were before it and as they are.
type buyers struct {
	tx    store.Writer
	rows  map[string]*store.Row[tables.Buyer]
	fresh map[string]bool
	was   map[string]report.Buying
}

func countBuyers(ctx context.Context, tx store.Writer, rows []store.Row[tables.Entry]) error {
	b := buyers{tx: tx, rows: map[string]*store.Row[tables.Buyer]{}, fresh: map[string]bool{}, was: map[string]report.Buying{}}
	for _, row := range rows {
		if err := b.add(ctx, row.Value); err != nil {
			return fmt.Errorf("entry %s: %w", row.ID, err)
		}
	}
	return b.write(ctx)
}

// add lets an entry count: an order, the return after which nothing of one is left, or a merge.
func (b *buyers) add(ctx context.Context, e tables.Entry) error {
	switch name, isOrder := strings.CutPrefix(e.Once, e.Program+"/orders/"); {
	case isOrder && strings.HasSuffix(name, "/0"):
		return b.order(ctx, e, e.Member, 1)
	case isOrder:
		var f struct {
			Back struct {
				All bool `json:"all"`
			} `json:"back"`
		}
		if err := json.Unmarshal(e.Facts, &f); err != nil || !f.Back.All {
			return err
		}
		order := orderKey(e.Program, name[:strings.LastIndexByte(name, '/')], 0)
		placed, err := tables.Journal.First(ctx, b.tx, store.Query{Index: "by_once", Equal: []any{order}})
		if err != nil {
			return err
		}
		// The order counts for who has it now: it may have been placed by a member who was merged since.
		return b.order(ctx, placed.Value, e.Member, -1)
	case e.Type == eventMerged:
		var f merged
		if err := json.Unmarshal(e.Facts, &f); err != nil {
			return err
		}
		return b.merge(ctx, e.Program, f)
	}
	return nil
}

// order counts an order, in the month that it had by the zone of the programme at the time.
func (b *buyers) order(ctx context.Context, e tables.Entry, member string, n int64) error {
	var f struct {
		Input struct {
			Order struct {
				At clock.Millis `json:"at"`
			} `json:"order"`
			Member struct {
				Tier string `json:"tier"`
			} `json:"member"`
			Program struct {
				Zone string `json:"zone"`
			} `json:"program"`
		} `json:"input"`
	}
	if err := json.Unmarshal(e.Facts, &f); err != nil {
		return err
	}
	zone, err := calendar.LoadZone("timeZone", f.Input.Program.Zone)
	if err != nil {
		return err
	}
	row, err := b.of(ctx, e.Program, member)
	if err == nil {
		row.Value.Buying.Add(zone.DateOf(f.Input.Order.At).String()[:len("2026-11")], f.Input.Member.Tier, n)
	}
	return err
}

func (b *buyers) merge(ctx context.Context, program string, f merged) error {
	from, err := b.of(ctx, program, f.From)
	if err != nil {
		return err
	}
	to, err := b.of(ctx, program, f.Into)
	if err != nil {
		return err
	}
	for month, tiers := range from.Value.Buying {
		for tier, n := range tiers {
			to.Value.Buying.Add(month, tier, n)
		}
	}
	from.Value.Buying = report.Buying{}
	return nil
}

// of is a member's row, as the batch has made it so far.
func (b *buyers) of(ctx context.Context, program, member string) (*store.Row[tables.Buyer], error) {
	if row := b.rows[member]; row != nil {
		return row, nil
	}
	row, err := tables.Buyers.GetForUpdate(ctx, b.tx, member)
	if store.IsNotFound(err) {
		row, err = store.Row[tables.Buyer]{ID: member, Value: tables.Buyer{Program: program}}, nil
		b.fresh[member] = true
	}
	if err != nil {
		return nil, err
	}
	if row.Value.Buying == nil {
		row.Value.Buying = report.Buying{}
	}
	b.was[member] = row.Value.Buying.Clone()
	b.rows[member] = &row
	return &row, nil
}

// write writes the members, and by how much they changed the report.
func (b *buyers) write(ctx context.Context) error {
	cells := map[string]*tables.RetentionCell{}
	count := func(program string, visits map[report.Place]report.Visit, times int64) {
		for place, v := range visits {
			name := strings.Join([]string{program, place.Cohort, place.Month, place.Tier}, "/")
			if cells[name] == nil {
				cells[name] = &tables.RetentionCell{Program: program, Place: place}
			}
			cells[name].Visit.Add(v, times)
		}
	}
	for _, member := range slices.Sorted(maps.Keys(b.rows)) {
		row := b.rows[member]
		count(row.Value.Program, b.was[member].Visits(), -1)
		count(row.Value.Program, row.Value.Buying.Visits(), 1)
		var err error
		if b.fresh[member] {
			_, err = tables.Buyers.Insert(ctx, b.tx, member, row.Value)
		} else {
			_, err = tables.Buyers.Put(ctx, b.tx, *row)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cells)) {
		if cells[name].Visit == (report.Visit{}) {
			continue
		}
		row, err := tables.RetentionCells.GetForUpdate(ctx, b.tx, name)
		switch {
		case store.IsNotFound(err):
			_, err = tables.RetentionCells.Insert(ctx, b.tx, name, *cells[name])
		case err == nil:
			row.Value.Visit.Add(cells[name].Visit, 1)
			_, err = tables.RetentionCells.Put(ctx, b.tx, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mostMonths bounds the months of a report.
const mostMonths = 120

// retained reads the places of the report up to a month, those of cohorts before the first month too, in their order. It returns the months that are asked for.
func (s *Server) retained(ctx context.Context, tx store.Reader, programID, from, to string) ([]tables.RetentionCell, []string, error) {
	p, err := program(ctx, tx, programID)
	if err != nil {
		return nil, nil, err
	}
	if to == "" {
		zone, err := calendar.LoadZone("timeZone", p.Value.TimeZone)
		if err != nil {
			return nil, nil, err
		}
		to = zone.DateOf(s.now()).String()[:len("2026-11")]
	}
	if from > to {
		return nil, nil, fault.Invalid("fromMonth", "it lies behind the last month, %s", to)
	}
	var cells []tables.RetentionCell
	asked := map[string]bool{}
	// "~" is greater than whatever follows a month.
	for q := (store.Query{From: programID + "/", Before: programID + "/" + to + "~"}); ; {
		page, err := tables.RetentionCells.Find(ctx, tx, q)
		if err != nil {
			return nil, nil, err
		}
		for _, row := range page.Rows {
			if c := row.Value; c.Members > 0 && c.Month <= to {
				cells = append(cells, c)
				if c.Month >= from {
					asked[c.Month] = true
				}
			}
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	if len(asked) > mostMonths {
		return nil, nil, fault.Invalid("fromMonth", "these are %d months; at most %d are told", len(asked), mostMonths)
	}
	slices.SortFunc(cells, func(a, b tables.RetentionCell) int {
		return cmp.Or(cmp.Compare(a.Cohort, b.Cohort), cmp.Compare(a.Month, b.Month), cmp.Compare(a.Tier, b.Tier))
	})
	return cells, slices.Sorted(maps.Keys(asked)), nil
}
