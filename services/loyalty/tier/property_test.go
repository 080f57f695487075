package tier_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/tier"
)

const dayLong = clock.Millis(24 * 3_600_000)

var enrolled = at("2024-02-29 12:00")

// structures are those that measure what counts by the day.
func structures(from clock.Millis, version int64) *rapid.Generator[tier.Structure] {
	return rapid.Custom(func(t *rapid.T) tier.Structure {
		s := tier.Structure{ID: "s", Version: version, From: from}
		s.Metric = rapid.SampledFrom([]tier.Metric{tier.Earned, tier.Spend}).Draw(t, "metric")
		s.Downgrade = rapid.SampledFrom([]tier.Downgrade{tier.Never, tier.ByOne, tier.ToWorth}).Draw(t, "downgrade")
		s.Grace = rapid.SampledFrom([]calendar.Span{{}, calendar.Days(1), calendar.Days(30), calendar.Months(1), calendar.Months(7)}).Draw(t, "grace")
		s.Period = rapid.SampledFrom([]calendar.Period{
			rolling(calendar.Days(7)), rolling(calendar.Days(30)), rolling(calendar.Months(1)), rolling(calendar.Months(12)),
			{Unit: calendar.Month}, {Unit: calendar.Quarter}, {Unit: calendar.Year}, {Unit: calendar.Anniversary},
		}).Draw(t, "period")
		ids := []string{"a", "b", "c", "d"}
		threshold := rapid.SampledFrom([]int64{0, 1, 50}).Draw(t, "first")
		for n := rapid.IntRange(1, 4).Draw(t, "tiers"); n > 0; n-- {
			at := rapid.IntRange(0, len(ids)-1).Draw(t, "id")
			s.Tiers = append(s.Tiers, tier.Tier{ID: ids[at], Threshold: threshold})
			ids, threshold = slices.Delete(ids, at, at+1), threshold+rapid.Int64Range(1, 150).Draw(t, "step")
		}
		return s
	})
}

func ladders() *rapid.Generator[tier.Ladder] {
	return rapid.Custom(func(t *rapid.T) tier.Ladder {
		l := tier.Ladder{Zone: berlin()}
		from := enrolled - 100*dayLong
		for n := rapid.IntRange(1, 3).Draw(t, "versions"); n > 0; n-- {
			l.Versions = append(l.Versions, structures(from, int64(len(l.Versions)+1)).Draw(t, "structure"))
			from = max(from, enrolled) + clock.Millis(rapid.Int64Range(1, int64(300*dayLong)).Draw(t, "from"))
			if rapid.Bool().Draw(t, "midnight") {
				from = l.Zone.Start(l.Zone.DateOf(from).AddDays(1))
			}
		}
		return l
	})
}

// sales are orders, some of them recorded late, and returns of them, in the order in which they were recorded, over about three years.
func sales() *rapid.Generator[[]tier.Entry] {
	return rapid.Custom(func(t *rapid.T) []tier.Entry {
		var list, orders []tier.Entry
		now := enrolled
		for n := rapid.IntRange(0, 25).Draw(t, "entries"); n > 0; n-- {
			now += clock.Millis(rapid.SampledFrom([]int64{0, 1, 3_600_000, int64(dayLong), 20 * int64(dayLong), 90 * int64(dayLong)}).Draw(t, "pause")) + clock.Millis(rapid.Int64Range(0, int64(dayLong)).Draw(t, "more"))
			e := tier.Entry{EffectiveAt: now, RecordedAt: now, Earned: rapid.Int64Range(0, 120).Draw(t, "earned"), Visits: 1}
			e.Spend = e.Earned + rapid.Int64Range(0, 20).Draw(t, "spend")
			switch back := rapid.IntRange(0, 9).Draw(t, "kind"); {
			case back < 3 && len(orders) > 0:
				i := rapid.IntRange(0, len(orders)-1).Draw(t, "order")
				part := rapid.Int64Range(0, orders[i].Earned).Draw(t, "part")
				e = tier.Entry{EffectiveAt: orders[i].EffectiveAt, RecordedAt: now, Earned: -part, Spend: -part}
				orders[i].Earned -= part
			case back < 5:
				e.EffectiveAt -= clock.Millis(rapid.SampledFrom([]int64{1, 40, 300, 500}).Draw(t, "late")) * dayLong
				orders = append(orders, e)
			default:
				orders = append(orders, e)
			}
			list = append(list, e)
		}
		return list
	})
}

func until(list []tier.Entry) clock.Millis {
	now := enrolled
	if n := len(list); n > 0 {
		now = list[n-1].RecordedAt
	}
	return now + 900*dayLong
}

// TestHistoryIsAFunctionOfTheLedger compares with a model that keeps every entry and judges every day since the enrolment, at each beginning of a day, at each
// entry and at each new version.
func TestHistoryIsAFunctionOfTheLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, list := ladders().Draw(t, "ladder"), sales().Draw(t, "sales")
		now := until(list)
		s, got := l.Rebuild(enrolled, list, now)
		m := &model{ladder: l, memo: map[[2]int][]string{}, end: l.Zone.DateOf(now)}
		want := m.history(list, now)
		ignored := cmpopts.IgnoreFields(tier.Change{}, "Why")
		if diff := cmp.Diff(want, got, ignored, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("want (-), got (+):\n%s", diff)
		}
		if s.Tier != m.tier {
			t.Fatalf("stands at %q, want %q", s.Tier, m.tier)
		}
	})
}

// TestLateIsAsGoodAsInTime evaluates at every deadline, at random instants, and only when something is recorded.
func TestLateIsAsGoodAsInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, list := ladders().Draw(t, "ladder"), sales().Draw(t, "sales")
		if rapid.IntRange(0, 3).Draw(t, "balance") == 0 {
			l, list = ofBalance(t, l, list)
		}
		now := until(list)
		want, history := l.Rebuild(enrolled, list, now)
		s, got := l.Enrol(enrolled)
		step := func(at clock.Millis) {
			before := s
			var c []tier.Change
			if s, c = l.Evaluate(s, at); len(c) == 0 && at < now && rapid.Bool().Draw(t, "not stored") {
				s = before
			}
			got = append(got, c...)
		}
		for _, e := range append(list, tier.Entry{RecordedAt: now}) {
			for s.Due != 0 && s.Due <= e.RecordedAt && rapid.IntRange(0, 3).Draw(t, "in time") > 0 {
				due := s.Due
				if step(due - 1); s.Due != due {
					t.Fatalf("due at %s, but something happened before", due.Time())
				}
				if step(due); s.Due == due {
					break
				}
			}
			if rapid.Bool().Draw(t, "between") {
				step(s.At + clock.Millis(rapid.Int64Range(0, int64(e.RecordedAt-s.At)).Draw(t, "at")))
			}
			if e.EffectiveAt == 0 {
				break
			}
			var c []tier.Change
			s, c = l.Record(s, e)
			got = append(got, c...)
			s = stored(t, s)
		}
		s, c := l.Evaluate(s, now)
		got = append(got, c...)
		if diff := cmp.Diff(history, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("rebuilt (-), kept (+):\n%s", diff)
		}
		if diff := cmp.Diff(want, s, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("rebuilt (-), kept (+):\n%s", diff)
		}
	})
}

// ofBalance makes one of the versions measure the balance, and gives the entries one.
func ofBalance(t *rapid.T, l tier.Ladder, list []tier.Entry) (tier.Ladder, []tier.Entry) {
	v := &l.Versions[rapid.IntRange(0, len(l.Versions)-1).Draw(t, "version")]
	v.Metric, v.Period = tier.Balance, calendar.Period{}
	if v.Grace.IsZero() {
		v.Grace = calendar.Days(3)
	}
	list = slices.Clone(list)
	for i := range list {
		list[i].Balance = rapid.Int64Range(0, 300).Draw(t, "balance")
	}
	return l, list
}

// stored returns a standing as it comes back from where it is kept.
func stored(t *rapid.T, s tier.Standing) tier.Standing {
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var again tier.Standing
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	return again
}

func TestWhatIsDueHappensThen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := tier.Ladder{Zone: berlin(), Versions: []tier.Structure{structures(enrolled-dayLong, 1).Draw(t, "structure")}}
		list := sales().Draw(t, "sales")
		s, _ := l.Rebuild(enrolled, list, enrolled)
		for range 20 {
			if s.Due == 0 {
				if _, c := l.Evaluate(s, s.At+5000*dayLong); len(c) != 0 {
					t.Fatalf("nothing was due, but %s", lines(c))
				}
				return
			}
			if s.Due <= s.At {
				t.Fatalf("due at %s, which is before %s", s.Due.Time(), s.At.Time())
			}
			after, c := l.Evaluate(s, s.Due)
			if len(c) != 1 || c[0].At != s.Due {
				t.Fatalf("due at %s: %s", s.Due.Time(), lines(c))
			}
			s = after
		}
	})
}

func TestProgressSaysWhatItTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := structures(enrolled-dayLong, 1).Draw(t, "structure")
		l := tier.Ladder{Zone: berlin(), Versions: []tier.Structure{v}}
		list := sales().Draw(t, "sales")
		s, _ := l.Rebuild(enrolled, list, enrolled)
		s, _ = l.Evaluate(s, s.At+clock.Millis(rapid.IntRange(0, 400).Draw(t, "days"))*dayLong)
		p, ok := l.Progress(s, s.At)
		if !ok || p.Tier != s.Tier || p.Since != s.Since {
			t.Fatalf("%+v of %+v", p, s)
		}
		given := func(on calendar.Date, amount int64) tier.Standing {
			now := max(s.At, l.Zone.Start(on))
			got, _ := l.Record(s, tier.Entry{EffectiveAt: now, RecordedAt: now, Earned: amount, Spend: amount})
			return got
		}
		today := l.Zone.DateOf(s.At)
		if u := p.Up; u != nil {
			days := []calendar.Date{today}
			if !u.By.IsZero() {
				days = append(days, u.By)
			}
			for _, d := range days {
				if got := given(d, u.Missing); v.Find(got.Tier) < v.Find(u.Tier) {
					t.Fatalf("%d on %s give %q, want %q: %+v", u.Missing, d, got.Tier, u.Tier, p)
				}
			}
			if got := given(today, u.Missing-1); v.Find(got.Tier) >= v.Find(u.Tier) {
				t.Fatalf("%d would do for %q: %+v", u.Missing-1, u.Tier, p)
			}
		}
		if (p.Projected == nil) != (s.Due == 0) || p.Projected != nil && p.Projected.At != s.Due {
			t.Fatalf("due at %s, projected %+v", s.Due.Time(), p.Projected)
		}
		if k := p.Keep; k != nil {
			short := func(amount int64) bool {
				got := given(k.By, amount)
				if !k.Grace { // what is short already is not for the moment; more may leave tomorrow
					got, _ = l.Evaluate(got, l.Zone.Start(k.By.AddDays(1)))
				}
				after, _ := l.Progress(got, got.At)
				return v.Find(after.Tier) < v.Find(k.Tier) || after.Tier == k.Tier && after.Keep != nil && after.Keep.Grace
			}
			on := k.By
			if k.Grace {
				on = today
			}
			if k.By = on; short(k.Missing) {
				t.Fatalf("%d on %s do not keep %q: %+v", k.Missing, on, k.Tier, *k)
			}
			// A little less may do for a higher tier for a while, which is lost in its own way.
			if k.Missing > 1 && given(on, k.Missing-1).Tier == k.Tier && !short(k.Missing-1) {
				t.Fatalf("%d on %s would keep %q: %+v", k.Missing-1, on, k.Tier, *k)
			}
		}
	})
}

// TestWhatIsSteadyStays holds a member's progress against what it was at any instant before Steady says that it may be another.
func TestWhatIsSteadyStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, list := ladders().Draw(t, "ladder"), sales().Draw(t, "sales")
		if rapid.IntRange(0, 3).Draw(t, "balance") == 0 {
			l, list = ofBalance(t, l, list)
		}
		s, _ := l.Rebuild(enrolled, list, until(list)-900*dayLong)
		for range 5 {
			now := s.At + clock.Millis(rapid.Int64Range(0, int64(400*dayLong)).Draw(t, "after"))
			next := l.Steady(s, now)
			if next == 0 {
				t.Fatal("there are tiers, and they never change")
			}
			if next == now { // something is due
				s, _ = l.Evaluate(s, now)
				continue
			}
			was, _ := l.Progress(s, now)
			for _, at := range []clock.Millis{next - 1, now + clock.Millis(rapid.Int64Range(0, int64(next-now-1)).Draw(t, "before"))} {
				if is, _ := l.Progress(s, at); !cmp.Equal(was, is) {
					t.Fatalf("at %s, steady until %s:\n%s", now.Time(), next.Time(), cmp.Diff(was, is))
				}
			}
		}
	})
}
