package tier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/tier"
)

func berlin() calendar.Zone {
	z, err := calendar.LoadZone("zone", "Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return z
}

// at reads a time of Berlin's clocks, "2027-03-31 10:00", or the beginning of a day.
func at(text string) clock.Millis {
	if len(text) == len(time.DateOnly) {
		text += " 00:00"
	}
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		panic(err)
	}
	return clock.At(t)
}

func rolling(span calendar.Span) calendar.Period {
	return calendar.Period{Unit: calendar.Rolling, Span: span}
}

// metals is a structure with silver from 500 and gold from 1000.
func metals(change func(*tier.Structure)) tier.Structure {
	s := tier.Structure{
		ID: "metals", Version: 1, From: at("2020-01-01"), Metric: tier.Earned, Period: rolling(calendar.Months(12)), Downgrade: tier.ToWorth,
		Tiers: []tier.Tier{{ID: "silver", Name: "Silver", Threshold: 500}, {ID: "gold", Name: "Gold", Threshold: 1000}},
	}
	if change != nil {
		change(&s)
	}
	return s
}

func byYear(s *tier.Structure) { s.Period = calendar.Period{Unit: calendar.Year} }

func byBalance(s *tier.Structure) { s.Metric, s.Period = tier.Balance, calendar.Period{} }

func ladder(versions ...tier.Structure) tier.Ladder {
	return tier.Ladder{Zone: berlin(), Versions: versions}
}

// lines are changes in words: "2027-03-31 10:00 silver>gold reached".
func lines(history []tier.Change) string {
	loc, _ := time.LoadLocation("Europe/Berlin")
	var out []string
	for _, c := range history {
		out = append(out, fmt.Sprintf("%s %s>%s %s", c.At.Time().In(loc).Format("2006-01-02 15:04"), c.From, c.To, c.Why))
	}
	return strings.Join(out, "\n")
}

// happened is an entry in words: recorded at, amount, and for a return or a late order the time that it counts at.
type happened struct {
	recorded string
	amount   int64
	counts   string
}

func entries(list ...happened) []tier.Entry {
	var out []tier.Entry
	var balance int64
	for _, h := range list {
		if h.counts == "" {
			h.counts = h.recorded
		}
		balance += h.amount
		out = append(out, tier.Entry{EffectiveAt: at(h.counts), RecordedAt: at(h.recorded), Earned: h.amount, Spend: 100 * h.amount, Visits: 1, Balance: balance})
	}
	return out
}

// histories are what becomes of a member of the tiers silver, from 500, and gold, from 1000.
var histories = []struct {
	name   string
	change func(*tier.Structure)
	list   []happened
	now    string
	want   string
}{
	{"a tier is reached at once, and lost when what reached it does not count any more", nil, []happened{{"2025-01-10 10:00", 600, ""}, {"2025-03-31 18:00", 400, ""}}, "2027-01-01", `
2025-01-10 10:00 >silver reached
2025-03-31 18:00 silver>gold reached
2026-01-10 00:00 gold> lapsed`},
	{"full: to the tier that the value is worth", nil, []happened{{"2025-01-10 10:00", 600, ""}, {"2025-03-31 18:00", 700, ""}}, "2027-01-01", `
2025-01-10 10:00 >silver reached
2025-03-31 18:00 silver>gold reached
2026-01-10 00:00 gold>silver lapsed
2026-03-31 00:00 silver> lapsed`},
	{"one: by one, and then held for a period", func(s *tier.Structure) { s.Downgrade = tier.ByOne }, []happened{{"2025-01-10 10:00", 1000, ""}}, "2029-01-01", `
2025-01-10 10:00 >gold reached
2026-01-10 00:00 gold>silver lapsed
2027-01-10 00:00 silver> lapsed`},
	{"none: never", func(s *tier.Structure) { s.Downgrade = tier.Never }, []happened{{"2025-01-10 10:00", 1000, ""}}, "2035-01-01", `
2025-01-10 10:00 >gold reached`},
	{"grace lets a tier be kept", func(s *tier.Structure) { s.Grace = calendar.Days(30) }, []happened{{"2025-01-10 10:00", 500, ""}, {"2026-02-08 12:00", 500, ""}}, "2026-12-31", `
2025-01-10 10:00 >silver reached`},
	{"grace ends", func(s *tier.Structure) { s.Grace = calendar.Days(30) }, []happened{{"2025-01-10 10:00", 500, ""}, {"2026-02-09 12:00", 500, ""}}, "2026-12-31", `
2025-01-10 10:00 >silver reached
2026-02-09 00:00 silver> lapsed
2026-02-09 12:00 >silver reached`},
	{"a calendar's tier lasts to the end of the next year", byYear, []happened{{"2025-05-17 10:00", 1000, ""}, {"2026-05-17 10:00", 500, ""}}, "2029-01-01", `
2025-05-17 10:00 >gold reached
2027-01-01 00:00 gold>silver lapsed
2028-01-01 00:00 silver> lapsed`},
	{"one, with grace, by the calendar", func(s *tier.Structure) { byYear(s); s.Downgrade, s.Grace = tier.ByOne, calendar.Months(1) }, []happened{{"2025-05-17 10:00", 1000, ""}}, "2030-01-01", `
2025-05-17 10:00 >gold reached
2027-02-01 00:00 gold>silver lapsed
2028-02-01 00:00 silver> lapsed`},
	{"the years of an enrolment on a leap day", func(s *tier.Structure) { s.Period = calendar.Period{Unit: calendar.Anniversary} }, []happened{{"2026-02-27 23:59", 400, ""}, {"2026-02-28 00:00", 500, ""}}, "2030-01-01", `
2026-02-28 00:00 >silver reached
2028-02-29 00:00 silver> lapsed`},
	{"what was sent back was never bought: at once, without grace, and with none", func(s *tier.Structure) { s.Downgrade, s.Grace = tier.Never, calendar.Days(90) },
		[]happened{{"2025-01-10 10:00", 600, ""}, {"2025-03-31 18:00", 400, ""}, {"2025-04-10 09:00", -400, "2025-03-31 18:00"}}, "2026-01-01", `
2025-01-10 10:00 >silver reached
2025-03-31 18:00 silver>gold reached
2025-04-10 09:00 gold>silver undone`},
	{"what was sent back does not take what stands without it", func(s *tier.Structure) { s.Grace = calendar.Days(90) },
		[]happened{{"2025-01-10 10:00", 1000, ""}, {"2026-02-01 18:00", 300, ""}, {"2026-02-10 09:00", -300, "2026-02-01 18:00"}}, "2026-03-01", `
2025-01-10 10:00 >gold reached`},
	{"an order that is recorded late counts by its day", nil, []happened{{"2025-06-01 10:00", 400, ""}, {"2025-06-10 10:00", 100, "2025-03-01 10:00"}}, "2026-05-01", `
2025-06-10 10:00 >silver reached
2026-03-01 00:00 silver> lapsed`},
	{"a return of what does not count any more", nil, []happened{{"2025-01-10 10:00", 500, ""}, {"2026-03-01 10:00", 500, ""}, {"2026-03-02 10:00", -500, "2025-01-10 10:00"}}, "2026-04-01", `
2025-01-10 10:00 >silver reached
2026-01-10 00:00 silver> lapsed
2026-03-01 10:00 >silver reached`},
	{"nor does it take what the order led to while it counted", func(s *tier.Structure) { s.Grace = calendar.Months(7) },
		[]happened{{"2025-01-10 10:00", 500, ""}, {"2026-03-02 10:00", -500, "2025-01-10 10:00"}}, "2026-12-01", `
2025-01-10 10:00 >silver reached
2026-08-10 00:00 silver> lapsed`},
	{"by money", func(s *tier.Structure) {
		s.Metric = tier.Spend
		s.Tiers[0].Threshold = 60_000
		s.Tiers[1].Threshold = 100_000
	}, []happened{{"2025-01-10 10:00", 599, ""}, {"2025-01-10 11:00", 1, ""}}, "2025-02-01", `
2025-01-10 11:00 >silver reached`},
	{"a balance goes down by spending", byBalance, []happened{{"2025-01-10 10:00", 1000, ""}, {"2025-01-10 11:00", -300, ""}, {"2025-01-12 11:00", -300, ""}}, "2026-01-01", `
2025-01-10 10:00 >gold reached
2025-01-10 11:00 gold>silver lapsed
2025-01-12 11:00 silver> lapsed`},
	{"a balance has grace", func(s *tier.Structure) { byBalance(s); s.Grace, s.Downgrade = calendar.Days(10), tier.ByOne },
		[]happened{{"2025-01-10 10:00", 1000, ""}, {"2025-01-12 11:00", -300, ""}, {"2025-01-20 11:00", 300, ""}, {"2025-02-01 11:00", -999, ""}}, "2026-01-01", `
2025-01-10 10:00 >gold reached
2025-02-11 00:00 gold>silver lapsed
2025-02-21 00:00 silver> lapsed`},
	{"a threshold of zero is everybody's", func(s *tier.Structure) { s.Tiers = append([]tier.Tier{{ID: "member"}}, s.Tiers...) }, []happened{{"2025-01-10 10:00", 500, ""}}, "2027-01-01", `
2024-02-29 12:00 >member reached
2025-01-10 10:00 member>silver reached
2026-01-10 00:00 silver>member lapsed`},
}

func TestHistories(t *testing.T) {
	for _, c := range histories {
		t.Run(c.name, func(t *testing.T) {
			l := ladder(metals(c.change))
			if err := l.Versions[0].Validate("structure"); err != nil {
				t.Fatal(err)
			}
			s, history := l.Rebuild(at("2024-02-29 12:00"), entries(c.list...), at(c.now))
			if got, want := lines(history), strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if n := len(history); n > 0 && (s.Tier != history[n-1].To || s.Since != history[n-1].At) {
				t.Errorf("stands at %q since %s", s.Tier, s.Since.Time())
			}
		})
	}
}

func TestANewVersionCountsFromItsInstantOn(t *testing.T) {
	second := metals(func(s *tier.Structure) {
		s.Version, s.From = 2, at("2025-06-01 15:00")
		s.Tiers = []tier.Tier{{ID: "bronze", Threshold: 300}, {ID: "silver", Threshold: 800}, {ID: "platinum", Threshold: 2000}}
	})
	list := entries(happened{"2025-01-10 10:00", 1000, ""}, happened{"2025-06-01 14:00", 50, ""}, happened{"2025-06-02 10:00", 1000, ""})
	_, history := ladder(metals(nil), second).Rebuild(at("2024-02-29"), list, at("2026-01-15"))
	want := "2025-01-10 10:00 >gold reached\n2025-06-01 15:00 gold>silver reformed\n2025-06-02 10:00 silver>platinum reached\n2026-01-10 00:00 platinum>silver lapsed"
	if lines(history) != want {
		t.Errorf("got\n%s\nwant\n%s", lines(history), want)
	}
	if history[0].Version != 1 || history[1].Version != 2 {
		t.Errorf("the versions are not told: %+v", history)
	}
	// A threshold that is raised above the value: as if the value had gone down, with grace.
	raised := metals(func(s *tier.Structure) {
		s.Version, s.From, s.Grace = 2, at("2025-06-01 15:00"), calendar.Days(30)
		s.Tiers[1].Threshold = 5000
	})
	_, history = ladder(metals(nil), raised).Rebuild(at("2024-02-29"), list[:1], at("2025-12-31"))
	if want := "2025-01-10 10:00 >gold reached\n2025-07-01 00:00 gold>silver lapsed"; lines(history) != want {
		t.Errorf("got\n%s\nwant\n%s", lines(history), want)
	}
}

func TestAVersionThatNobodyKnewOfWhenAMemberWasLookedAt(t *testing.T) {
	first, second := metals(func(s *tier.Structure) { s.Period = calendar.Period{Unit: calendar.Quarter} }), metals(func(s *tier.Structure) {
		byYear(s)
		s.Version, s.From = 2, at("2025-02-01 15:00")
		s.Tiers[0].Threshold = 300
	})
	s, _ := ladder(first).Rebuild(at("2024-06-01"), entries(happened{"2024-11-10 10:00", 200, ""}, happened{"2025-01-10 10:00", 100, ""}), at("2025-02-01"))
	_, history := ladder(first, second).Evaluate(s, at("2025-03-01"))
	if lines(history) != "" {
		t.Errorf("neither year has 300, but %s", lines(history))
	}
	// With this, the former year has.
	s, _ = ladder(first).Record(s, entries(happened{"2025-02-01 10:00", 100, "2024-08-10 10:00"})[0])
	_, history = ladder(first, second).Evaluate(s, at("2025-12-31"))
	if want := "2025-02-01 15:00 >silver reformed"; lines(history) != want {
		t.Errorf("got\n%s\nwant\n%s", lines(history), want)
	}
}

func TestAMemberOfAProgrammeWithoutTiersDoesNotBeginFromNothing(t *testing.T) {
	first := metals(func(s *tier.Structure) { s.From = at("2025-06-01 15:00") })
	_, history := ladder(first).Rebuild(at("2024-02-29"), entries(happened{"2025-01-10 10:00", 700, ""}), at("2025-07-01"))
	if want := "2025-06-01 15:00 >silver reformed"; lines(history) != want {
		t.Errorf("got\n%s\nwant\n%s", lines(history), want)
	}
}

func TestProgress(t *testing.T) {
	progress := func(l tier.Ladder, now string, list ...happened) tier.Progress {
		t.Helper()
		s, _ := l.Rebuild(at("2024-02-29"), entries(list...), at("2024-02-29"))
		p, ok := l.Progress(s, at(now))
		if !ok {
			t.Fatal("no tiers")
		}
		return p
	}
	step := func(s *tier.Step) string {
		if s == nil {
			return "nothing"
		}
		return fmt.Sprintf("%d for %s by %s %t", s.Missing, s.Tier, s.By, s.Grace)
	}
	for _, c := range []struct {
		name, now string
		change    func(*tier.Structure)
		list      []happened
		want      string
	}{
		{"rolling", "2025-06-01", nil, []happened{{"2025-02-01 10:00", 60, ""}, {"2025-03-01 10:00", 590, ""}},
			"silver with 650, up 350 for gold by 2026-01-31 false, keep 500 for silver by 2026-02-28 false,  from 2026-03-01"},
		{"a year", "2026-06-01", func(s *tier.Structure) { byYear(s); s.Grace = calendar.Days(31) }, []happened{{"2025-02-01 10:00", 1100, ""}, {"2026-03-01 10:00", 90, ""}},
			"gold with 90, up nothing, keep 910 for gold by 2026-12-31 false,  from 2027-02-01"},
		{"in grace", "2026-02-10", func(s *tier.Structure) { s.Grace = calendar.Days(31) }, []happened{{"2025-02-01 10:00", 700, ""}},
			"silver with 0, up 1000 for gold by  false, keep 500 for silver by 2026-03-03 true,  from 2026-03-04"},
		{"for ever", "2026-06-01", func(s *tier.Structure) { byBalance(s); s.Downgrade = tier.Never }, []happened{{"2025-02-01 10:00", 700, ""}},
			"silver with 700, up 300 for gold by  false, keep nothing, stays"},
	} {
		p := progress(ladder(metals(c.change)), c.now, c.list...)
		then := "stays"
		if p.Projected != nil {
			day := berlin().DateOf(p.Projected.At)
			then = p.Projected.Tier + " from " + day.String()
		}
		if got := fmt.Sprintf("%s with %d, up %s, keep %s, %s", p.Tier, p.Value, step(p.Up), step(p.Keep), then); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.name, got, c.want)
		}
	}
	if _, ok := (tier.Ladder{}).Progress(tier.Standing{}, at("2026-06-01")); ok {
		t.Error("progress without tiers")
	}
}

func TestDaysAreDroppedWhenNothingAsksForThem(t *testing.T) {
	l := ladder(metals(nil))
	s, _ := l.Enrol(at("2015-01-01"))
	most := 0
	for day := range 2500 {
		now := at("2015-01-01 12:00") + clock.Millis(day)*24*3_600_000
		s, _ = l.Record(s, tier.Entry{EffectiveAt: now, RecordedAt: now, Earned: 1, Visits: 1})
		most = max(most, len(s.Days))
	}
	// A year that counts, and before it what counted on its first day.
	if most > 2*366 || len(s.Days) < 2*365-1 {
		t.Errorf("%d days are kept, at most there were %d", len(s.Days), most)
	}
	if s, _ = l.Evaluate(s, at("2035-01-01")); len(s.Days) != 0 {
		t.Errorf("%d days are kept for good", len(s.Days))
	}
}

func TestStructuresThatAreNotRightAreRefused(t *testing.T) {
	for path, change := range map[string]func(*tier.Structure){
		"s.metric":             func(s *tier.Structure) { s.Metric = "visits" },
		"s.downgrade":          func(s *tier.Structure) { s.Downgrade = "" },
		"s.grace":              func(s *tier.Structure) { s.Grace = calendar.Span{Hours: 12} },
		"s.period":             func(s *tier.Structure) { s.Metric = tier.Balance },
		"s.period.unit":        func(s *tier.Structure) { s.Period = calendar.Period{Unit: calendar.Week} },
		"s.period.span":        func(s *tier.Structure) { s.Period = rolling(calendar.Days(6)) },
		"s.tiers":              func(s *tier.Structure) { s.Tiers = nil },
		"s.tiers[1].id":        func(s *tier.Structure) { s.Tiers[1].ID = "silver" },
		"s.tiers[0].id":        func(s *tier.Structure) { s.Tiers[0].ID = "" },
		"s.tiers[0].threshold": func(s *tier.Structure) { s.Tiers[0].Threshold = -1 },
		"s.tiers[1].threshold": func(s *tier.Structure) { s.Tiers[1].Threshold = 500 },
		"s.tiers[0].benefits":  func(s *tier.Structure) { s.Tiers[0].Benefits = slices.Repeat([]string{"x"}, 21) },
	} {
		err := metals(change).Validate("s")
		if e, ok := fault.As(err); !ok || len(e.Fields) != 1 || e.Fields[0].Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
	lowered := metals(func(s *tier.Structure) { byBalance(s); s.Downgrade = tier.ByOne })
	if err := lowered.Validate("s"); err == nil || !strings.Contains(err.Error(), "grace") {
		t.Errorf("a balance that lowers by one without grace: %v", err)
	}
}
