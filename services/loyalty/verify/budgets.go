package verify

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
)

// Budgets are the table of what the caps of campaigns have used up.
const Budgets = "budgets"

// Budget is what entries have used up of a budget, and when nobody asks for it any more.
type Budget struct {
	Used int64 `json:"used"`
	Ends int64 `json:"ends,omitempty"`
}

// Budgets are reckoned from the whole journal, as many at a time as a cursor has room for: those with the first ids behind the last that was looked at. Where there are
// more, the journal is read again for the next.
const (
	roomInToken  = 1_000
	roomInMemory = 1 << 24
	// eachTakes is the room that a budget takes beside its id.
	eachTakes = 60
)

// attempts bounds how often budgets are looked at again that entries not yet seen may explain.
const attempts = 3

// budgets verifies budgets from a cursor on.
func (p *part) budgets(ctx context.Context, c Cursor) (Cursor, error) {
	if c.Budgets == nil {
		c.Budgets = map[string]Budget{}
	}
	p.taken = 0
	for id := range c.Budgets {
		p.taken += len(id) + eachTakes
	}
	for {
		rows, err := p.source.Feed(ctx, c.Seq, chunk)
		if err != nil {
			return c, err
		}
		if len(rows) == 0 {
			return p.compareBudgets(ctx, c)
		}
		for _, row := range rows {
			for _, u := range usesOf(row) {
				p.use(&c, u)
			}
			c.Seq = row.Seq
		}
		if p.left -= len(rows); p.spent() {
			return c, nil
		}
	}
}

// use is what an entry uses up of a budget, or gives back to it.
type use struct {
	id           string
	amount, ends int64
}

// usesOf lists what an entry uses up: awards do, and what is taken of them after a return gives back.
func usesOf(row Row) (all []use) {
	if !bytes.Contains(row.Text, []byte(`"campaign"`)) {
		return nil
	}
	entry, err := parse(row.Text)
	if err != nil {
		return nil // which was told where the entry was verified
	}
	facts := member(entry, "facts")
	add := func(of []any, sign int64) {
		for _, award := range of {
			award, _ := award.(object)
			for _, u := range list(award, "uses") {
				if u, _ := u.(object); text(u, "per") == "campaign" {
					all = append(all, use{text(entry, "program") + "/" + text(u, "key"), sign * number(u, "amount"), number(u, "ends")})
				}
			}
		}
	}
	add(list(facts, "awards"), 1)
	add(list(member(facts, "back"), "taken"), -1)
	return all
}

func (b Budget) plus(u use) Budget { return Budget{max(0, b.Used+u.amount), u.ends} }

// use adds to a budget, if it is one of those that are looked at. Where there is no room for all, the last goes.
func (p *part) use(c *Cursor, u use) {
	b, known := c.Budgets[u.id]
	if u.id <= c.After || c.More && !known && u.id > c.Last {
		return
	}
	c.Budgets[u.id] = b.plus(u)
	if known {
		return
	}
	p.taken += len(u.id) + eachTakes
	for p.taken > p.room && len(c.Budgets) > 1 {
		last := slices.Max(slices.Collect(maps.Keys(c.Budgets)))
		delete(c.Budgets, last)
		p.taken -= len(last) + eachTakes
		c.More, c.Last = true, slices.Max(slices.Collect(maps.Keys(c.Budgets)))
	}
}

// compareBudgets looks whether budgets are stored as the entries have made them. The service may go on meanwhile: a budget is right if it is as it was at one of the
// instants since the last entry that was counted.
func (p *part) compareBudgets(ctx context.Context, c Cursor) (Cursor, error) {
	stored, err := p.storedBudgets(ctx, c)
	if err != nil {
		return c, err
	}
	later, err := p.source.Feed(ctx, c.Seq, chunk)
	if err != nil {
		return c, err
	}
	wrong := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(c.Budgets)) {
		if at, ok := c.Budgets[id].fits(stored[id], id, later); !ok {
			wrong[id] = at
		}
		delete(stored, id)
	}
	for id, row := range stored {
		if at, ok := (Budget{}).fits(row, id, later); !ok {
			wrong[id] = at
		}
	}
	if c.Number++; len(wrong) > 0 && c.Number < attempts {
		if end, err := p.source.End(ctx); err != nil || end > c.Seq {
			return c, err // what is not counted yet may explain it
		}
	}
	p.report.Budgets += int64(len(c.Budgets))
	for _, id := range slices.Sorted(maps.Keys(wrong)) {
		p.report.add(Finding{Table: Budgets, ID: id, Field: wrong[id], Problem: fmt.Sprintf("the entries have used up %d of it", c.Budgets[id].Used)})
	}
	if c.More {
		return Cursor{Phase: c.Phase, After: c.Last}, nil
	}
	return Cursor{Phase: c.Phase + 1}, nil
}

// fits reports whether a stored budget is as it was at one of the instants from b on, and where it differs from what it is at the last. One that nothing was ever used
// of may be stored, or not.
func (b Budget) fits(row object, id string, later []Row) (at string, ok bool) {
	same := func() bool {
		if row == nil {
			return b == Budget{}
		}
		want := object{"used": b.Used}
		set(want, "ends", b.Ends)
		at = differs("", want, row)
		return at == ""
	}
	ok = same()
	for i := 0; i < len(later) && !ok; i++ {
		for _, u := range usesOf(later[i]) {
			if u.id == id {
				b = b.plus(u)
				ok = ok || same()
			}
		}
	}
	return at, ok
}

// storedBudgets reads the budgets that are looked at, and those between them that no entry has used.
func (p *part) storedBudgets(ctx context.Context, c Cursor) (map[string]object, error) {
	stored := map[string]object{}
	before := ""
	if c.More {
		before = behind(c.Last)
	}
	err := p.source.View(ctx, func(ctx context.Context, r Reader) error {
		for from := behind(c.After); ; {
			rows, err := r.Rows(ctx, Budgets, from, before, chunk)
			if err != nil {
				return err
			}
			for _, row := range rows {
				from = behind(row.ID)
				if stored[row.ID], err = parse(row.Text); err != nil {
					stored[row.ID] = object{"text": "it cannot be read: " + err.Error()}
				}
			}
			if len(rows) < chunk {
				return nil
			}
		}
	})
	return stored, err
}
