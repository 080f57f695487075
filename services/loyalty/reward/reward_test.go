package reward_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/reward"
)

func at(text string) clock.Millis {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return clock.At(t)
}

func berlin(t testing.TB) calendar.Zone {
	t.Helper()
	z, err := calendar.LoadZone("zone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// coffee is a reward that everybody may have for 100 points, gold members for 80.
func coffee() reward.Reward {
	return reward.Reward{
		DisplayName: "Coffee", Kind: reward.Gift, State: reward.Active, SKU: "C-1",
		Prices: []reward.Price{{Wallet: "points", Points: 100}, {Wallet: "points", Tier: "gold", Points: 80}, {Wallet: "stars", Tier: "gold", Points: 3}},
	}
}

func TestWhatIsNoRewardIsRefusedByField(t *testing.T) {
	for _, c := range []struct {
		name, field string
		change      func(*reward.Reward)
	}{
		{"no name", "displayName", func(r *reward.Reward) { r.DisplayName = " " }},
		{"no price", "prices", func(r *reward.Reward) { r.Prices = nil }},
		{"a wallet of another programme", "prices[0].wallet", func(r *reward.Reward) { r.Prices[0].Wallet = "miles" }},
		{"nothing", "prices[1].points", func(r *reward.Reward) { r.Prices[1].Points = 0 }},
		{"less than nothing", "prices[1].points", func(r *reward.Reward) { r.Prices[1].Points = -5 }},
		{"too much", "prices[1].points", func(r *reward.Reward) { r.Prices[1].Points = reward.MostPoints + 1 }},
		{"two prices", "prices[1].wallet", func(r *reward.Reward) { r.Prices[1].Tier = "" }},
		{"a price for whom it is not", "prices[1].tier", func(r *reward.Reward) { r.Tiers = []string{"silver"} }},
		{"a tier twice", "tiers[1]", func(r *reward.Reward) { r.Tiers = []string{"gold", "gold"} }},
		{"ends first", "endTime", func(r *reward.Reward) { r.From, r.Until = 2, 2 }},
		{"no day", "weekdays[1]", func(r *reward.Reward) { r.Weekdays = []int{1, 8} }},
		{"a day twice", "weekdays[1]", func(r *reward.Reward) { r.Weekdays = []int{1, 1} }},
		{"never", "limit.times", func(r *reward.Reward) { r.Limit = &reward.Limit{} }},
		{"in each moon", "limit.period", func(r *reward.Reward) { r.Limit = &reward.Limit{Times: 1, Period: "moon"} }},
		{"a gift that takes off", "discount", func(r *reward.Reward) { r.Off = &reward.Off{Percent: "5"} }},
		{"a discount of nothing", "discount", func(r *reward.Reward) { r.Kind, r.SKU = reward.Discount, "" }},
		{"codes of a gift", "reuseCodes", func(r *reward.Reward) { r.ReuseCodes = true }},
		{"an article of an experience", "sku", func(r *reward.Reward) { r.Kind = reward.Experience }},
	} {
		r := coffee()
		c.change(&r)
		if got := fieldOf(r.Validate([]string{"points", "stars"}, "EUR")); got != c.field {
			t.Errorf("%s: refused at %q, want %q", c.name, got, c.field)
		}
	}
	if err := coffee().Validate([]string{"points", "stars"}, "EUR"); err != nil {
		t.Error(err)
	}
}

func TestDiscounts(t *testing.T) {
	for _, c := range []struct {
		off   reward.Off
		field string
	}{
		{reward.Off{Percent: "12.5"}, ""}, {reward.Off{Percent: "100"}, ""}, {reward.Off{Amount: 500, Least: 2000, Currency: "EUR"}, ""},
		{reward.Off{Percent: "10", Least: 2000, Currency: "EUR"}, ""},
		{reward.Off{}, "discount"}, {reward.Off{Percent: "10", Amount: 5, Currency: "EUR"}, "discount"}, {reward.Off{Amount: -5, Currency: "EUR"}, "discount"},
		{reward.Off{Amount: 5, Currency: "USD"}, "discount.currency"}, {reward.Off{Percent: "10", Least: 5}, "discount.currency"},
		{reward.Off{Percent: "0"}, "discount.percent"}, {reward.Off{Percent: "-1"}, "discount.percent"}, {reward.Off{Percent: "100.01"}, "discount.percent"},
		{reward.Off{Percent: "ten"}, "discount.percent"}, {reward.Off{Percent: "1e1"}, ""}, {reward.Off{Percent: "3.33333"}, "discount.percent"},
	} {
		r := coffee()
		r.Kind, r.SKU, r.Off = reward.Discount, "", &c.off
		if got := fieldOf(r.Validate([]string{"points", "stars"}, "EUR")); got != c.field {
			t.Errorf("%+v: refused at %q, want %q", c.off, got, c.field)
		}
	}
}

func fieldOf(err error) string {
	if err == nil {
		return ""
	}
	e, ok := fault.As(err)
	if !ok || len(e.Fields) != 1 {
		return err.Error()
	}
	return e.Fields[0].Path
}

func TestTheLowestPriceOfTheMembersTiersCounts(t *testing.T) {
	r := coffee()
	for _, c := range []struct {
		wallet string
		tiers  []string
		want   int64
	}{
		{"points", nil, 100}, {"points", []string{"silver"}, 100}, {"points", []string{"silver", "gold"}, 80}, {"stars", nil, 0}, {"stars", []string{"gold"}, 3}, {"miles", nil, 0},
	} {
		if got, ok := r.Priced(c.wallet, c.tiers); got.Points != c.want || ok != (c.want > 0) {
			t.Errorf("%s for %v: %d (%t), want %d", c.wallet, c.tiers, got.Points, ok, c.want)
		}
	}
	if d := cmp.Diff([]string{"points"}, r.Wallets(nil)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"points", "stars"}, r.Wallets([]string{"gold"})); d != "" {
		t.Error(d)
	}
}

// verdict is a reason without its words.
type verdict struct {
	Why     reward.Why
	Missing int64
	OpensAt clock.Millis
}

func TestWhatKeepsAMemberFromAReward(t *testing.T) {
	z := berlin(t)
	none, one := int64(0), int64(1)
	wednesday := at("2026-05-06T10:00:00Z")
	for _, c := range []struct {
		name   string
		change func(*reward.Reward, *reward.Facts)
		wallet string
		want   []verdict
	}{
		{"nothing", func(*reward.Reward, *reward.Facts) {}, "points", nil},
		{"one left", func(_ *reward.Reward, f *reward.Facts) { f.Left = &one }, "points", nil},
		{"none left", func(_ *reward.Reward, f *reward.Facts) { f.Left = &none }, "points", []verdict{{Why: reward.OutOfStock}}},
		{"paused", func(r *reward.Reward, _ *reward.Facts) { r.State = reward.Paused }, "points", []verdict{{Why: reward.Inactive}}},
		{"its first instant", func(r *reward.Reward, f *reward.Facts) { r.From = f.Now }, "points", nil},
		{"a moment early", func(r *reward.Reward, f *reward.Facts) { r.From = f.Now + 1 }, "points", []verdict{{reward.NotYet, 0, wednesday + 1}}},
		{"its last instant", func(r *reward.Reward, f *reward.Facts) { r.Until = f.Now + 1 }, "points", nil},
		{"over", func(r *reward.Reward, f *reward.Facts) { r.Until = f.Now }, "points", []verdict{{Why: reward.Over}}},
		{"on Wednesdays", func(r *reward.Reward, _ *reward.Facts) { r.Weekdays = []int{3} }, "points", nil},
		{"on weekends", func(r *reward.Reward, _ *reward.Facts) { r.Weekdays = []int{6, 7} }, "points", []verdict{{reward.NotToday, 0, at("2026-05-08T22:00:00Z")}}},
		{"yesterday", func(r *reward.Reward, _ *reward.Facts) { r.Weekdays = []int{2} }, "points", []verdict{{reward.NotToday, 0, at("2026-05-11T22:00:00Z")}}},
		{"never again", func(r *reward.Reward, f *reward.Facts) { r.Weekdays, r.Until = []int{2}, f.Now+1 }, "points", []verdict{{Why: reward.NotToday}}},
		{"it begins on a Thursday, for Fridays", func(r *reward.Reward, _ *reward.Facts) { r.Weekdays, r.From = []int{5}, at("2026-05-07T10:00:00Z") }, "points",
			[]verdict{{reward.NotYet, 0, at("2026-05-07T22:00:00Z")}}},
		{"gold only", func(r *reward.Reward, _ *reward.Facts) { r.Tiers = []string{"gold"} }, "points", []verdict{{Why: reward.OtherTier}}},
		{"gold, which the member is", func(r *reward.Reward, f *reward.Facts) { r.Tiers, f.Member.Tiers = []string{"gold"}, []string{"gold"} }, "points", nil},
		{"no price for the tier", func(*reward.Reward, *reward.Facts) {}, "stars", []verdict{{Why: reward.OtherTier}}},
		{"no such price", func(*reward.Reward, *reward.Facts) {}, "miles", []verdict{{Why: reward.OtherTier}}},
		{"below the limit", func(r *reward.Reward, f *reward.Facts) { r.Limit, f.Member.Uses = &reward.Limit{Times: 2}, 1 }, "points", nil},
		{"at the limit", func(r *reward.Reward, f *reward.Facts) { r.Limit, f.Member.Uses = &reward.Limit{Times: 2}, 2 }, "points", []verdict{{Why: reward.LimitReached}}},
		{"at the limit of a week", func(r *reward.Reward, f *reward.Facts) {
			r.Limit, f.Member.Uses = &reward.Limit{Times: 1, Period: calendar.Week}, 1
		}, "points",
			[]verdict{{reward.LimitReached, 0, at("2026-05-10T22:00:00Z")}}},
		{"a point short", func(_ *reward.Reward, f *reward.Facts) { f.Member.Available["points"] = 99 }, "points", []verdict{{reward.TooFewPoints, 1, 0}}},
		{"all at once", func(r *reward.Reward, f *reward.Facts) {
			r.State, r.Until, f.Left, r.Tiers, r.Limit, f.Member.Uses, f.Member.Available = reward.Archived, 1, &none, []string{"gold"}, &reward.Limit{Times: 1}, 1, nil
		}, "points", []verdict{{Why: reward.Inactive}, {Why: reward.Over}, {Why: reward.OutOfStock}, {Why: reward.OtherTier}, {Why: reward.LimitReached}, {Why: reward.TooFewPoints, Missing: 100}}},
		{"nobody asks", func(r *reward.Reward, f *reward.Facts) { r.Tiers, f.Member = []string{"gold"}, nil }, "miles", nil},
	} {
		r := coffee()
		f := reward.Facts{Now: wednesday, Zone: z, Member: &reward.MemberFacts{Available: map[string]int64{"points": 100}}}
		c.change(&r, &f)
		var got []verdict
		for _, why := range r.Check(f, c.wallet) {
			got = append(got, verdict{why.Why, why.Missing, why.OpensAt})
			if len(why.Message) < 10 {
				t.Errorf("%s: %q", c.name, why.Message)
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s:\n%s", c.name, d)
		}
	}
}

// What is said to open at an instant is open then, and not a moment before.
func TestItOpensWhenItSaysSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := calendar.LoadZone("zone", rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		moment := rapid.Int64Range(int64(at("2011-01-01T00:00:00Z")), int64(at("2027-12-31T00:00:00Z")))
		r := coffee()
		r.Weekdays = rapid.SliceOfNDistinct(rapid.IntRange(1, 7), 0, 3, rapid.ID).Draw(t, "weekdays")
		f := reward.Facts{Now: clock.Millis(moment.Draw(t, "now")), Zone: zone}
		if rapid.Bool().Draw(t, "begins") {
			r.From = f.Now + clock.Millis(rapid.Int64Range(-1e9, 1e9).Draw(t, "from"))
		}
		why := r.Check(f, "points")
		if len(why) == 0 || why[0].OpensAt == 0 {
			return
		}
		for _, c := range []struct {
			now  clock.Millis
			open bool
		}{{why[0].OpensAt, true}, {why[0].OpensAt - 1, false}} {
			f.Now = c.now
			if open := len(r.Check(f, "points")) == 0; open != c.open {
				t.Fatalf("said to open at %s; open at %s: %t", why[0].OpensAt.Time(), c.now.Time(), open)
			}
		}
	})
}

func TestStatesOfARedemption(t *testing.T) {
	all := map[reward.Phase]map[reward.Action]reward.Phase{
		reward.Pending:   {reward.Commit: reward.Committed, reward.Cancel: reward.Cancelled, reward.Lapse: reward.Expired},
		reward.Committed: {reward.Reverse: reward.Reversed},
	}
	for _, p := range reward.Phases() {
		for _, a := range []reward.Action{reward.Commit, reward.Cancel, reward.Lapse, reward.Reverse} {
			want, allowed := all[p][a]
			got, err := p.Next(a)
			switch {
			case allowed && (err != nil || got != want):
				t.Errorf("%s, %s: %s, %v", p, a, got, err)
			case !allowed && (!fault.Has(err, fault.IllegalState) || got != p):
				t.Errorf("%s, %s: %s, %v, want a refusal", p, a, got, err)
			case !allowed:
				if e, _ := fault.As(err); e.Meta["state"] != string(p) {
					t.Errorf("%s, %s: told %v", p, a, e.Meta)
				}
			}
		}
		if counts := p == reward.Pending || p == reward.Committed; p.Counts() != counts {
			t.Errorf("%s counts: %t", p, p.Counts())
		}
	}
}

func TestACodeThatWasSeenComesBackOnlyIfThatIsMeant(t *testing.T) {
	for _, c := range []struct {
		action reward.Action
		reuse  bool
		want   reward.CodeState
	}{
		{reward.Commit, true, reward.CodeShown}, {reward.Cancel, false, reward.CodeFree}, {reward.Lapse, false, reward.CodeFree},
		{reward.Reverse, false, reward.CodeVoid}, {reward.Reverse, true, reward.CodeFree},
	} {
		if got := reward.CodeAfter(c.action, c.reuse); got != c.want {
			t.Errorf("%s (%t): %s, want %s", c.action, c.reuse, got, c.want)
		}
	}
}
