package ledger_test

import (
	"errors"
	"slices"
	"testing"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/ledger/ledgertest"
)

// issue issues one lot and returns how many questions that took.
func issue(t *testing.T, m *ledgertest.Memory, l ledger.NewLot) (calls int) {
	t.Helper()
	m.Calls = 0
	b := m.Open()
	if _, err := b.Issue(at(begin), ledger.KindAccrue, []ledger.NewLot{l}); err != nil {
		t.Fatal(err)
	}
	calls = m.Calls
	if len(b.Changed()) != 1 {
		t.Errorf("%d pages changed", len(b.Changed()))
	}
	m.Store(b)
	return calls
}

func TestAddingALotTakesOneQuestionAtMost(t *testing.T) {
	m := ledgertest.NewMemory("ada/points")
	for i := range 100 {
		want := 1
		if i > 0 && i%ledger.PageSize == 0 {
			want = 0
		}
		if calls := issue(t, m, lot(1, begin+300*day)); calls != want {
			t.Errorf("lot %d took %d questions, want %d", i+1, calls, want)
		}
	}
	for range 4 {
		for _, l := range []ledger.NewLot{lot(1, begin+400*day), lot(1, 0), {Points: 1, Pending: true, From: ledger.Opening}} {
			if calls := issue(t, m, l); calls != 1 {
				t.Errorf("a lot of another month took %d questions", calls)
			}
		}
	}
	want := []string{"2026-10/000001", "2026-10/000002", "2026-10/000003", "2026-10/000004", "2027-02/000001", "pending/000001", "~/000001"}
	var got []string
	for _, p := range m.Stored() {
		got = append(got, p.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages are %q", got)
	}
}

// Pages whose lots are all closed are never read again; neither are later months than those that are spent.
func TestSpendingReadsOnlyWhatItSpends(t *testing.T) {
	m := ledgertest.NewMemory("ada/points")
	for month := range clock.Millis(12) {
		for range 100 {
			issue(t, m, lot(1, begin+(40+month*30)*day))
		}
	}
	for n, want := range []int{9, 9, 9, 9} {
		b := m.Open()
		m.Calls = 0
		if _, err := b.Spend(at(begin+hour), ledger.KindAdjust, 100, ledger.Adjusted); err != nil {
			t.Fatal(err)
		}
		// The four pages of a month, those of the next, among which the next end is found, and one to see that these are all.
		if m.Calls > want || len(b.Changed()) != 4 {
			t.Errorf("month %d: %d questions, %d pages changed", n, m.Calls, len(b.Changed()))
		}
		m.Store(b)
	}
}

// A month has more pages than four digits count.
func TestNumbersOfPagesDoNotRunOut(t *testing.T) {
	full := ledger.Page{ID: "2026-10/999999", Lots: make([]ledger.Lot, ledger.PageSize)}
	b := ledger.Open(ledger.Account{ID: "ada/points"}, only{full})
	if _, err := b.Issue(at(begin), ledger.KindAccrue, []ledger.NewLot{lot(1, begin+300*day)}); code(err) != ledger.Overflow {
		t.Errorf("behind the last page: %v", err)
	}
	full.ID = "2026-10/009999"
	b = ledger.Open(ledger.Account{ID: "ada/points"}, only{full})
	if _, err := b.Issue(at(begin), ledger.KindAccrue, []ledger.NewLot{lot(1, begin+300*day)}); err != nil || b.Changed()[0].ID != "2026-10/010000" {
		t.Errorf("behind page 9999: %v, %v", b.Changed(), err)
	}
}

// only answers with one page whatever is asked.
type only struct{ page ledger.Page }

func (o only) Page(string) (ledger.Page, error)        { return o.page, nil }
func (o only) After(string) (ledger.Page, bool, error) { return ledger.Page{}, false, nil }
func (o only) Last(string) (ledger.Page, bool, error)  { return o.page, true, nil }

func code(err error) ledger.Code {
	var r *ledger.Refusal
	if !errors.As(err, &r) {
		return ""
	}
	return r.Code
}

// A stored state that is not whole is found out, and nothing is made of it: it is no refusal, which a caller could be told.
func TestAStateThatIsNotWholeIsFoundOut(t *testing.T) {
	spoils := map[string]func(*ledger.Account, *ledger.Page){
		"the last page has lost a lot":        func(_ *ledger.Account, p *ledger.Page) { p.Lots = p.Lots[:2] },
		"a lot has lost points":               func(_ *ledger.Account, p *ledger.Page) { p.Lots[0].Open -= 50 },
		"a lot has lost what a hold has":      func(_ *ledger.Account, p *ledger.Page) { p.Lots[0].Reserved = 0 },
		"a lot is frozen without the account": func(_ *ledger.Account, p *ledger.Page) { p.Lots[1].FrozenAt = begin },
		"all lots are closed":                 func(_ *ledger.Account, p *ledger.Page) { p.Lots[0].Open, p.Lots[1].Open, p.Lots[2].Open = 0, 0, 0 },
		"the account has points too many":     func(a *ledger.Account, _ *ledger.Page) { a.Balances.Available += 10 },
		"a hold has a lot that is not there":  func(a *ledger.Account, _ *ledger.Page) { a.Holds[0].Takes[0].N = 77 },
		"a hold has too many points":          func(a *ledger.Account, _ *ledger.Page) { a.Holds[0].Takes[0].Points += 30; a.Holds[0].Points += 30 },
		"a hold's points are not its takes'":  func(a *ledger.Account, _ *ledger.Page) { a.Holds[0].Points-- },
		"a lot moved to where it came from":   func(_ *ledger.Account, p *ledger.Page) { p.Lots[0].MovedTo = &ledger.LotRef{Page: p.ID, N: 1} },
		"the account's first page is another": func(a *ledger.Account, _ *ledger.Page) { a.First = "2027-01/000001" },
	}
	for name, spoil := range spoils {
		t.Run(name, func(t *testing.T) {
			m, b := issued(t, lot(100, begin+10*day), lot(100, begin+11*day), lot(100, begin+12*day))
			if _, err := b.Reserve(at(begin), "r", 40, begin+5*day); err != nil {
				t.Fatal(err)
			}
			m.Store(b)
			page := m.Stored()[0]
			page.Lots, m.Account.Holds = slices.Clone(page.Lots), slices.Clone(m.Account.Holds)
			m.Account.Holds[0].Takes = slices.Clone(m.Account.Holds[0].Takes)
			spoil(&m.Account, &page)
			m.Put(page)
			steps := map[string]func(b *ledger.Book) error{
				"commit": func(b *ledger.Book) error { _, err := b.Commit(at(begin+hour), "r"); return err },
				"cancel": func(b *ledger.Book) error { _, err := b.Cancel(at(begin+hour), "r"); return err },
				"spend": func(b *ledger.Book) error {
					_, err := b.Spend(at(begin+hour), ledger.KindAdjust, m.Account.Balances.Available, ledger.Adjusted)
					return err
				},
				"issue": func(b *ledger.Book) error {
					_, err := b.Issue(at(begin+hour), ledger.KindAccrue, []ledger.NewLot{lot(1, begin+12*day)})
					return err
				},
			}
			found := 0
			for step, do := range steps {
				b := m.Open()
				err := do(b)
				var broken *ledger.Broken
				if errors.As(err, &broken) {
					found++
					if len(b.Changed())+len(b.Transactions()) != 0 {
						t.Errorf("%s: something of it stays", step)
					}
				} else if err != nil {
					t.Errorf("%s: %v", step, err)
				}
			}
			if found == 0 {
				t.Error("nothing found it out")
			}
		})
	}
}
