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

// spent is a forged ledger whose entries use up budgets: each of the first so many a point more than the one before it, the last of the entries a point of "b05" once more.
func spent(t *testing.T, budgets int) *forged {
	t.Helper()
	f := honest(t)
	f.seal(t)
	for i := range budgets {
		f.uses(t, fmt.Sprintf("b%02d", i), int64(i), int64(i+100))
	}
	f.uses(t, "b05", 1, 105)
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
	uses := []any{object{"key": key, "per": "campaign", "counts": "points", "amount": amount, "ends": ends}, object{"key": "own", "per": "member", "amount": int64(1)}}
	f.end++
	id, e := fmt.Sprintf("~%010d", f.end), object{"type": "x", "at": int64(13), "program": "customers", "facts": object{"awards": []any{object{"uses": uses}}}}
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
				part, next, err := partOf(t.Context(), f, c, 7, room)
				if err != nil {
					t.Fatal(err)
				}
				whole.Merge(&part)
				text, err := json.Marshal(next)
				if err != nil || room == roomInToken && len(text) > 1_500 {
					t.Fatalf("the cursor has %d bytes, %v", len(text), err)
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
	t    *testing.T
	left int
}

func (b *busy) View(ctx context.Context, fn func(ctx context.Context, r Reader) error) error {
	return fn(ctx, b)
}

// Rows is part of Reader. Between what it reads and the next question, two entries are written.
func (b *busy) Rows(ctx context.Context, table, from, before string, limit int) ([]Row, error) {
	if table == Budgets && b.left > 0 {
		b.left--
		b.uses(b.t, "b05", 3, 105)
		defer b.uses(b.t, "b05", 2, 105)
	}
	rows, err := b.forged.Rows(ctx, table, from, before, limit)
	return slices.Clone(rows), err
}

// What is used up while a verification runs is no finding, and what is wrong is one all the same.
func TestABudgetInUseIsFoundRightOrWrong(t *testing.T) {
	for wrong, whole := range map[string]bool{"": true, `{"used":999,"ends":103}`: false} {
		b := &busy{forged: spent(t, 9), t: t, left: 2}
		if wrong != "" {
			b.rows[Budgets][3].Text = []byte(wrong)
		}
		got, err := All(t.Context(), b, nil)
		ids := map[string]bool{}
		for _, f := range got.Findings {
			ids[f.ID] = true
		}
		if err != nil || got.Whole() != whole || !whole && !maps.Equal(ids, map[string]bool{"customers/b03": true}) {
			t.Errorf("%q: %v, %v", wrong, got.Findings, err)
		}
	}
}
