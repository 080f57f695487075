package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// spent is a forged ledger whose entries use up budgets: each of the first so many a point more than the one before it, and "b05" a point once more. Of "b06" three points
// more were used up, and came back.
func spent(t *testing.T, budgets int) *forged {
	t.Helper()
	f := honest(t)
	f.seal(t)
	for i := range budgets {
		f.uses(t, fmt.Sprintf("b%02d", i), int64(i), int64(i+100))
	}
	f.uses(t, "b05", 1, 105)
	f.award(t, "b06", 3, 106)
	f.entry(t, "b06", 3, 106, func(awards []any) object { return object{"back": object{"taken": awards}} })
	return f
}

// uses adds an entry that uses up some of a budget, and counts it there.
func (f *forged) uses(t *testing.T, key string, amount, ends int64) {
	t.Helper()
	f.award(t, key, amount, ends)
	for i, row := range f.rows[Budgets] {
		if row.ID == "customers/"+key {
			var doc struct{ Used int64 }
			if err := json.Unmarshal(row.Text, &doc); err != nil {
				t.Fatal(err)
			}
			f.rows[Budgets][i].Text = fmt.Appendf(nil, `{"used":%d,"ends":%d}`, doc.Used+amount, ends)
			return
		}
	}
	f.rows[Budgets] = append(f.rows[Budgets], Row{ID: "customers/" + key, Version: 1, Text: fmt.Appendf(nil, `{"used":%d,"ends":%d}`, amount, ends)})
}

// award adds an entry that uses up some of a budget.
func (f *forged) award(t *testing.T, key string, amount, ends int64) {
	t.Helper()
	f.entry(t, key, amount, ends, func(awards []any) object { return object{"awards": awards} })
}

// entry adds an entry that tells of an award which used up some of a budget.
func (f *forged) entry(t *testing.T, key string, amount, ends int64, facts func(awards []any) object) {
	t.Helper()
	uses := []any{object{"key": key, "per": "campaign", "counts": "points", "amount": amount, "ends": ends}, object{"key": "own", "per": "member", "amount": int64(1)}}
	f.end++
	id, e := fmt.Sprintf("~%010d", f.end), object{"type": "x", "at": int64(13), "program": "customers", "facts": facts([]any{object{"uses": uses}})}
	e["hash"] = hashOf("renown.journal.1", id, e)
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	f.rows[Journal] = append(f.rows[Journal], Row{ID: id, Version: 1, Seq: f.end, Text: text})
}

// Budgets of which a cursor does not have room for all are reckoned some at a time, and each once.
func TestBudgetsAreWhatTheEntriesHaveUsedUp(t *testing.T) {
	for what, spoil := range map[string]func(f *forged){
		"": func(*forged) {},
		"budgets customers/b07 at used: the entries have used up 7 of it": func(f *forged) { f.rows[Budgets][7].Text = []byte(`{"used":8,"ends":107}`) },
		"budgets customers/b05 at ends: the entries have used up 6 of it": func(f *forged) { f.rows[Budgets][5].Text = []byte(`{"used":6}`) },
		"budgets customers/b29: the entries have used up 29 of it":        func(f *forged) { f.rows[Budgets] = f.rows[Budgets][:29] },
		"budgets customers/b11x at": func(f *forged) {
			f.rows[Budgets] = slices.Insert(f.rows[Budgets], 12, Row{ID: "customers/b11x", Version: 1, Text: []byte(`{"used":1}`)})
		},
		"budgets customers/z at": func(f *forged) {
			f.rows[Budgets] = append(f.rows[Budgets], Row{ID: "customers/z", Version: 1, Text: []byte(`{"used":1}`)})
		},
	} {
		for _, room := range []int{300, roomInToken, roomInMemory} {
			f := spent(t, 30)
			spoil(f)
			var whole Report
			for c := (Cursor{}); !c.Done(); {
				part, next, err := partOf(t.Context(), f, c, 7, room, func() bool { return room < roomInToken })
				if err != nil {
					t.Fatal(err)
				}
				whole.Merge(&part)
				text, err := json.Marshal(next)
				if err != nil || len(next.Budgets) > room/eachTakes {
					t.Fatalf("the cursor of %d bytes has %d budgets, %v", len(text), len(next.Budgets), err)
				}
				if c = next; json.Unmarshal(text, &c) != nil {
					t.Fatal(string(text))
				}
			}
			if whole.Budgets != 30 || whole.Whole() != (what == "") || !whole.Whole() && (whole.Found != 1 || !strings.HasPrefix(whole.Findings[0].String(), what)) {
				t.Errorf("%s with room of %d: %d budgets, %v", what, room, whole.Budgets, whole.Findings)
			}
		}
	}
}

// busy is a ledger in which more of a budget is used up while it is verified: each time that budgets are read.
type busy struct {
	*forged
	t *testing.T
	// left is how often, burst how many entries come before what is read each time.
	left, burst int
}

func (b *busy) View(ctx context.Context, fn func(ctx context.Context, r Reader) error) error {
	return fn(ctx, b)
}

// Rows is part of Reader. Between what it reads and the next question, another entry is written.
func (b *busy) Rows(ctx context.Context, table, from, before string, limit int) ([]Row, error) {
	if table == Budgets && b.left > 0 {
		b.left--
		for range b.burst {
			b.uses(b.t, "b05", 3, 105)
		}
		defer b.uses(b.t, "b05", 2, 105)
	}
	rows, err := b.forged.Rows(ctx, table, from, before, limit)
	return slices.Clone(rows), err
}

// What is used up while a verification runs is no finding, whether it never ends or comes in a flood, and what is wrong is one all the same: of the budget that is in use too.
func TestABudgetInUseIsFoundRightOrWrong(t *testing.T) {
	for _, use := range []busy{{left: 2, burst: 1}, {left: 1_000, burst: 1}, {left: 1, burst: chunk + 1}} {
		for _, wrong := range []int{-1, 3, 5} {
			b := &busy{forged: spent(t, 9), t: t, left: use.left, burst: use.burst}
			want := map[string]bool{}
			if wrong >= 0 {
				b.rows[Budgets][wrong].Text = fmt.Appendf(nil, `{"used":999,"ends":%d}`, wrong+100)
				want[fmt.Sprintf("customers/b%02d", wrong)] = true
			}
			got, err := All(t.Context(), b, nil)
			ids := map[string]bool{}
			for _, f := range got.Findings {
				ids[f.ID] = true
			}
			if err != nil || got.Whole() != (wrong < 0) || !maps.Equal(ids, want) {
				t.Errorf("%d times %d, budget %d wrong: %v, %v", use.left, use.burst, wrong, got.Findings, err)
			}
		}
	}
}
