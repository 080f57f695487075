package achievement_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/achievement"
	"renown.example/loyalty/calendar"
)

var enrolled = day("2026-02-10")

func day(text string) calendar.Date {
	d, err := calendar.ParseDate("day", text)
	if err != nil {
		panic(err)
	}
	return d
}

func period(text string) calendar.Period {
	if !strings.HasPrefix(text, "P") {
		return calendar.Period{Unit: calendar.Unit(text)}
	}
	span, err := calendar.ParseSpan("span", text)
	if err != nil {
		panic(err)
	}
	return calendar.Period{Unit: calendar.Rolling, Span: span}
}

// challenge counts visits; "" is all time.
func challenge(target int64, window string, repeat achievement.Recurrence) achievement.Goal {
	g := achievement.Goal{Kind: achievement.Challenge, Trigger: achievement.Trigger{Type: "visit"}, Measure: achievement.Times, Target: target, Repeat: repeat}
	if window != "" {
		g.Window = period(window)
	}
	return g
}

func streak(units int64, unit string, repeat achievement.Recurrence) achievement.Goal {
	g := challenge(units, unit, repeat)
	g.Kind, g.Least = achievement.Streak, 1
	return g
}

// after counts once on each of the days, "2026-03-01" or "2026-03-01 5" for five, and tells what follows from each.
func after(t *testing.T, g achievement.Goal, days ...string) (achievement.State, string) {
	t.Helper()
	if err := g.Validate("goal"); err != nil {
		t.Fatal(err)
	}
	var s achievement.State
	var told []string
	for _, line := range days {
		text, count := line, int64(1)
		if before, n, found := strings.Cut(line, " "); found {
			text = before
			fmt.Sscan(n, &count)
		}
		var c achievement.Change
		s, c = s.Add(g, enrolled, day(text), count)
		for _, r := range c.Reached {
			told = append(told, r.Key+" on "+r.On.String())
		}
		for _, r := range c.Undone {
			told = append(told, r.Key+" undone")
		}
	}
	return s, strings.Join(told, ", ")
}

func TestGoals(t *testing.T) {
	for _, c := range []struct {
		name string
		g    achievement.Goal
		days []string
		want string
	}{
		{"once in a life", challenge(3, "", achievement.Once), []string{"2026-03-01 2", "2026-03-05", "2026-04-01 9"}, "#1 on 2026-03-05"},
		{"each third time", challenge(3, "", achievement.EveryTime), []string{"2026-03-01 2", "2026-03-05 5", "2026-04-01 2"}, "#1 on 2026-03-05, #2 on 2026-03-05, #3 on 2026-04-01"},
		{"once a month", challenge(2, "month", achievement.PerPeriod), []string{"2026-03-01", "2026-04-02", "2026-04-30", "2026-04-30 7", "2026-05-01 2"}, "2026-04 on 2026-04-30, 2026-05 on 2026-05-01"},
		{"each time in a month", challenge(2, "month", achievement.EveryTime), []string{"2026-04-02 4", "2026-04-30", "2026-05-01"}, "2026-04 on 2026-04-02, 2026-04#2 on 2026-04-02"},
		{"a year from the enrolment", challenge(2, "anniversary", achievement.PerPeriod), []string{"2026-03-01", "2027-02-09", "2027-02-10 2"},
			"2026-02-10/2027-02-09 on 2027-02-09, 2027-02-10/2028-02-09 on 2027-02-10"},
		{"three within a week", challenge(3, "P7D", achievement.EveryTime), []string{"2026-03-01", "2026-03-06", "2026-03-08", "2026-03-10", "2026-03-12", "2026-03-13", "2026-03-14"},
			"#1 on 2026-03-10, #2 on 2026-03-14"},
		{"a return takes it back", challenge(2, "month", achievement.PerPeriod), []string{"2026-03-01", "2026-03-05", "2026-03-01 -1", "2026-03-02"},
			"2026-03 on 2026-03-05, 2026-03 undone, 2026-03 on 2026-03-05"},
		{"days in a row", streak(3, "day", achievement.EveryTime), []string{"2026-02-27", "2026-02-28 4", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-06"},
			"#1 on 2026-03-01, #2 on 2026-03-04"},
		{"weeks over the end of a year", streak(3, "week", achievement.Once), []string{"2026-12-27", "2026-12-28", "2027-01-10"}, "#1 on 2027-01-10"},
		{"months, one of them late", streak(3, "month", achievement.Once), []string{"2026-12-31", "2027-02-01", "2027-01-15"}, "#1 on 2027-02-01"},
		{"a streak that is broken afterwards", streak(2, "month", achievement.Once), []string{"2026-12-31", "2027-01-15", "2026-12-31 -1"}, "#1 on 2027-01-15, #1 undone"},
	} {
		if _, got := after(t, c.g, c.days...); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.name, got, c.want)
		}
	}
	huge := challenge(1, "", achievement.EveryTime)
	s, _ := after(t, huge, "2026-03-01 1000000000000", "2026-03-02")
	if all := s.All(huge, enrolled); len(all) != 21 || all[20].Key != "#1000000000001" {
		t.Errorf("a day reached the goal %d times: %v", len(all), all)
	}
}

func TestProgress(t *testing.T) {
	for _, c := range []struct {
		name  string
		g     achievement.Goal
		days  []string
		today string
		want  string
	}{
		{"half way", challenge(3, "month", achievement.PerPeriod), []string{"2026-03-01", "2026-03-05"}, "2026-03-20", "2 of 3 until 2026-03-31, done 0"},
		{"a new month", challenge(3, "month", achievement.PerPeriod), []string{"2026-03-01 3"}, "2026-04-01", "0 of 3 until 2026-04-30, done 1"},
		{"done for the month", challenge(3, "month", achievement.PerPeriod), []string{"2026-03-01 5"}, "2026-03-02", "3 of 3 until , done 1"},
		{"for good", challenge(3, "", achievement.Once), []string{"2026-03-01 5"}, "2026-03-02", "3 of 3 until , done 1"},
		{"the oldest leaves", challenge(3, "P7D", achievement.EveryTime), []string{"2026-03-01", "2026-03-05"}, "2026-03-07", "2 of 3 until 2026-03-07, done 0"},
		{"it has left", challenge(3, "P7D", achievement.EveryTime), []string{"2026-03-01", "2026-03-05"}, "2026-03-08", "1 of 3 until 2026-03-11, done 0"},
		{"in a row, today too", streak(5, "day", achievement.EveryTime), []string{"2026-03-01", "2026-03-02"}, "2026-03-02", "2 of 5 until 2026-03-03, done 0"},
		{"in a row, today not yet", streak(5, "day", achievement.EveryTime), []string{"2026-03-01", "2026-03-02"}, "2026-03-03", "2 of 5 until 2026-03-03, done 0"},
		{"broken", streak(5, "day", achievement.EveryTime), []string{"2026-03-01", "2026-03-02"}, "2026-03-04", "0 of 5 until , done 0"},
		{"weeks", streak(4, "week", achievement.EveryTime), []string{"2026-03-02"}, "2026-03-09", "1 of 4 until 2026-03-15, done 0"},
	} {
		s, _ := after(t, c.g, c.days...)
		p := s.Progress(c.g, enrolled, day(c.today))
		if got := fmt.Sprintf("%d of %d until %s, done %d", p.Value, p.Target, p.By, p.Done); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestStreaksAreThoseOfTheZone(t *testing.T) {
	berlin, err := calendar.LoadZone("zone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	g := streak(4, "day", achievement.Once)
	for zone, want := range map[calendar.Zone]int{berlin: 1, calendar.UTC: 0} {
		var s achievement.State
		// Half past midnight in Berlin, over the night in which clocks are set forward: in UTC the second and third fall on 28 March, and 29 March is left out.
		for _, at := range []string{"2026-03-26T23:30:00Z", "2026-03-28T00:10:00Z", "2026-03-28T23:30:00Z", "2026-03-29T22:30:00Z"} {
			instant, err := time.Parse(time.RFC3339, at)
			if err != nil {
				t.Fatal(err)
			}
			s, _ = s.Add(g, enrolled, zone.DateOf(clock.At(instant)), 1)
		}
		if all := s.All(g, enrolled); len(all) != want {
			t.Errorf("%s: %v", zone, all)
		}
	}
}

func TestWhatAnActivityCounts(t *testing.T) {
	g := achievement.Goal{Kind: achievement.Challenge, Trigger: achievement.Trigger{Type: achievement.Order, LeastAmount: 2000}, Measure: achievement.Times, Target: 3, From: 100, Until: 200}
	order := achievement.Activity{Type: achievement.Order, At: 150, Amount: 5000, By: map[string]int64{"coffee": 1500, "tea": 3500}}
	for _, c := range []struct {
		what   string
		change func(*achievement.Goal, *achievement.Activity)
		want   int64
	}{
		{"an order", func(*achievement.Goal, *achievement.Activity) {}, 1},
		{"its amount", func(g *achievement.Goal, _ *achievement.Activity) { g.Measure = achievement.Amount }, 5000},
		{"after a return", func(_ *achievement.Goal, a *achievement.Activity) { a.Amount = 1999 }, 0},
		{"a category", func(g *achievement.Goal, _ *achievement.Activity) {
			g.Measure, g.Trigger.Category = achievement.Amount, "tea"
		}, 3500},
		{"too little of it", func(g *achievement.Goal, _ *achievement.Activity) { g.Trigger.Category = "coffee" }, 0},
		{"another category", func(g *achievement.Goal, _ *achievement.Activity) {
			g.Trigger.Category, g.Trigger.LeastAmount = "cake", 0
		}, 0},
		{"a visit", func(_ *achievement.Goal, a *achievement.Activity) { a.Type = "visit" }, 0},
		{"too early", func(_ *achievement.Goal, a *achievement.Activity) { a.At = 99 }, 0},
		{"too late", func(_ *achievement.Goal, a *achievement.Activity) { a.At = 200 }, 0},
	} {
		g, a := g, order
		c.change(&g, &a)
		if got := g.Counts(a); got != c.want {
			t.Errorf("%s counts %d, want %d", c.what, got, c.want)
		}
	}
}

func goals() *rapid.Generator[achievement.Goal] {
	return rapid.Custom(func(t *rapid.T) achievement.Goal {
		repeat := rapid.SampledFrom([]achievement.Recurrence{achievement.Once, achievement.EveryTime, achievement.PerPeriod}).Draw(t, "repeat")
		if rapid.IntRange(0, 2).Draw(t, "streak") == 0 {
			g := streak(rapid.Int64Range(2, 4).Draw(t, "units"), rapid.SampledFrom([]string{"day", "week", "month"}).Draw(t, "unit"), repeat)
			if g.Least = rapid.Int64Range(1, 3).Draw(t, "least"); repeat == achievement.PerPeriod {
				g.Repeat = achievement.EveryTime
			}
			return g
		}
		windows := []string{"day", "week", "month", "quarter", "year", "anniversary", "P7D", "P1M", ""}
		if repeat == achievement.PerPeriod {
			windows = windows[:6]
		}
		g := challenge(rapid.Int64Range(1, 6).Draw(t, "target"), rapid.SampledFrom(windows).Draw(t, "window"), repeat)
		g.Measure = rapid.SampledFrom([]achievement.Measure{achievement.Times, achievement.OnDays}).Draw(t, "measure")
		return g
	})
}

// counts are activities, some of them taken back later.
func counts() *rapid.Generator[[]achievement.Day] {
	return rapid.Custom(func(t *rapid.T) []achievement.Day {
		var out []achievement.Day
		for n := rapid.IntRange(0, 30).Draw(t, "activities"); n > 0; n-- {
			d := achievement.Day{Date: enrolled.AddDays(rapid.OneOf(rapid.IntRange(0, 12), rapid.IntRange(0, 120), rapid.IntRange(0, 800)).Draw(t, "day")), Count: rapid.Int64Range(1, 3).Draw(t, "count")}
			out = append(out, d)
			if rapid.IntRange(0, 3).Draw(t, "back") == 0 {
				d.Count = -rapid.Int64Range(1, d.Count).Draw(t, "taken back")
				out = append(out, d)
			}
		}
		return out
	})
}

// given is what a member has been given when all is known, in whatever order.
func given(t *rapid.T, g achievement.Goal, list []achievement.Day) (achievement.State, []string) {
	var s achievement.State
	held := map[string]bool{}
	for _, d := range list {
		var c achievement.Change
		s, c = s.Add(g, enrolled, d.Date, d.Count)
		for _, r := range c.Undone {
			if !held[r.Key] {
				t.Fatalf("%s was undone but never given", r.Key)
			}
			delete(held, r.Key)
		}
		for _, r := range c.Reached {
			if held[r.Key] {
				t.Fatalf("%s was given twice", r.Key)
			}
			held[r.Key] = true
		}
	}
	return s, sorted(held)
}

func sorted(held map[string]bool) []string {
	var out []string
	for key := range held {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

func TestAnyOrderOfArrivalGivesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, list := goals().Draw(t, "goal"), counts().Draw(t, "counts")
		if err := g.Validate("goal"); err != nil {
			t.Fatal(err)
		}
		want, keys := given(t, g, list)
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		got, again := given(t, g, shuffled)
		if !slices.Equal(keys, again) || text(t, want) != text(t, got) {
			t.Fatalf("%v and %s, but in another order %v and %s", keys, text(t, want), again, text(t, got))
		}
		// What was taken back might as well never have been.
		var net []achievement.Day
		for _, d := range list {
			n, found := slices.BinarySearchFunc(net, d.Date, func(n achievement.Day, on calendar.Date) int { return n.Date.Compare(on) })
			if !found {
				net = slices.Insert(net, n, achievement.Day{Date: d.Date})
			}
			net[n].Count += d.Count
		}
		if _, plain := given(t, g, net); !slices.Equal(keys, plain) {
			t.Fatalf("%v, but without what was taken back %v", keys, plain)
		}
		if naive := reckoned(g, net); int64(len(keys)) != naive {
			t.Fatalf("reached %d times (%v), reckoned %d", len(keys), keys, naive)
		}
	})
}

func TestClosingDaysChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, list := goals().Draw(t, "goal"), counts().Draw(t, "counts")
		slices.SortStableFunc(list, func(a, b achievement.Day) int { return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(b.Count, a.Count)) })
		_, want := given(t, g, list)
		var s achievement.State
		held := map[string]bool{}
		for _, d := range list {
			s = s.Close(g, enrolled, d.Date.AddDays(-rapid.IntRange(0, 20).Draw(t, "open")))
			var c achievement.Change
			s, c = s.Add(g, enrolled, d.Date, d.Count)
			for _, r := range c.Undone {
				delete(held, r.Key)
			}
			for _, r := range c.Reached {
				held[r.Key] = true
			}
		}
		if got := sorted(held); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		end := day("2029-01-01")
		if n := len(s.Close(g, enrolled, end).Days); n != 0 {
			t.Fatalf("%d days are left", n)
		}
		if a, b := s.Progress(g, enrolled, end), s.Close(g, enrolled, end).Progress(g, enrolled, end); a != b {
			t.Fatalf("%+v, closed %+v", a, b)
		}
	})
}

func text(t *rapid.T, s achievement.State) string {
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// reckoned says in the plainest way how often a goal was reached, of days that are in order.
func reckoned(g achievement.Goal, days []achievement.Day) (times int64) {
	last := day("2029-01-01")
	worth := func(first, next calendar.Date) (sum int64) {
		for _, d := range days {
			if n := d.Count; n > 0 && !d.Date.Before(first) && d.Date.Before(next) {
				if g.Measure == achievement.OnDays {
					n = 1
				}
				sum += n
			}
		}
		return sum
	}
	switch {
	case g.Window.Unit == "":
		times = worth(enrolled, last) / g.Target
	case g.Window.Unit == calendar.Rolling:
		from := enrolled
		for d := enrolled; d.Before(last); d = d.AddDays(1) {
			first := g.Window.On(calendar.UTC, enrolled, d).First
			if first.Before(from) {
				first = from
			}
			if worth(d, d.AddDays(1)) > 0 && worth(first, d.AddDays(1)) >= g.Target {
				times, from = times+1, d.AddDays(1)
			}
		}
	default:
		var run int64
		for w := g.Window.On(calendar.UTC, enrolled, enrolled); w.First.Before(last); w = g.Window.On(calendar.UTC, enrolled, w.Next) {
			sum := worth(w.First, w.Next)
			switch {
			case g.Kind == achievement.Streak && sum < g.Least:
				run = 0
			case g.Kind == achievement.Streak:
				if run++; run%g.Target == 0 {
					times++
				}
			case g.Repeat == achievement.PerPeriod:
				times += min(1, sum/g.Target)
			default:
				times += sum / g.Target
			}
		}
	}
	if g.Repeat == achievement.Once {
		return min(1, times)
	}
	return times
}

func TestGoalsThatAreNotRightAreRefused(t *testing.T) {
	for field, change := range map[string]func(*achievement.Goal){
		"g.kind":                func(g *achievement.Goal) { g.Kind = "badge" },
		"g.trigger.type":        func(g *achievement.Goal) { g.Trigger.Type = "" },
		"g.trigger.leastAmount": func(g *achievement.Goal) { g.Trigger.LeastAmount = -1 },
		"g.trigger.category":    func(g *achievement.Goal) { g.Trigger.Category = "tea" },
		"g.measure":             func(g *achievement.Goal) { g.Measure = "" },
		"g.target":              func(g *achievement.Goal) { g.Target = 0 },
		"g.until":               func(g *achievement.Goal) { g.From, g.Until = 2, 2 },
		"g.window.span":         func(g *achievement.Goal) { g.Window = calendar.Period{Unit: calendar.Rolling} },
		"g.least":               func(g *achievement.Goal) { g.Least = 1 },
		"g.repeat":              func(g *achievement.Goal) { g.Window, g.Repeat = calendar.Period{}, achievement.PerPeriod },
		"g.window.unit":         func(g *achievement.Goal) { *g = streak(3, "year", achievement.Once) },
	} {
		g := challenge(3, "month", achievement.Once)
		change(&g)
		e, ok := fault.As(g.Validate("g"))
		if !ok || len(e.Fields) != 1 || e.Fields[0].Path != field {
			t.Errorf("%s: %v", field, g.Validate("g"))
		}
	}
}

func TestTwoWaysThatBecomeOne(t *testing.T) {
	for _, c := range []struct {
		name        string
		g           achievement.Goal
		days, other []string
		want        string
	}{
		{"halves make one", challenge(4, "", achievement.EveryTime), []string{"2026-03-01 2"}, []string{"2026-03-05 3"}, "#1"},
		{"both had it, once", challenge(2, "", achievement.Once), []string{"2026-03-01 2"}, []string{"2026-03-05 2"}, "#1"},
		{"both had it", challenge(2, "", achievement.EveryTime), []string{"2026-03-01 3"}, []string{"2026-03-05 3"}, "#1 #2 #3"},
		{"days of both in a row", streak(3, "day", achievement.EveryTime), []string{"2026-03-01", "2026-03-03"}, []string{"2026-03-02"}, "#1"},
		{"the same month", challenge(2, "month", achievement.PerPeriod), []string{"2026-03-01 2"}, []string{"2026-03-05 2", "2026-04-01 2"}, "2026-03 2026-04"},
	} {
		one, _ := after(t, c.g, c.days...)
		two, _ := after(t, c.g, c.other...)
		for _, closed := range []bool{false, true} {
			done := int64(0)
			if closed { // then only how often is known
				two = two.Close(c.g, enrolled, day("2026-06-01"))
				done = two.Base.Done
			}
			both := one.Unite(c.g, two)
			var keys []string
			for _, r := range both.All(c.g, enrolled) {
				keys = append(keys, r.Key)
			}
			if got := strings.Join(keys, " "); !closed && got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
			if got := both.Progress(c.g, enrolled, day("2026-06-02")).Done; closed && (got < done || c.g.Repeat == achievement.Once && got != 1) {
				t.Errorf("%s, closed: done %d times, the other alone %d", c.name, got, done)
			}
		}
	}
}
