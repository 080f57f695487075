package calendar_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
)

func wantField(t *testing.T, err error, path string) {
	t.Helper()
	e, ok := fault.As(err)
	if !ok || len(e.Fields) != 1 || e.Fields[0].Path != path {
		t.Errorf("refused as %v, want %s", err, path)
	}
}

func life(text string) calendar.Life {
	l, err := calendar.ParseLife("life", text)
	if err != nil {
		panic(err)
	}
	return l
}

func TestLives(t *testing.T) {
	for _, c := range []struct{ zone, life, issued, activated, want string }{
		{"Europe/Berlin", "never", "2026-05-17T10:00:00Z", "", ""},
		{"Europe/Berlin", "rolling P30D", "2026-05-17T10:00:00Z", "", "2026-06-16T10:00:00Z"},
		{"Europe/Berlin", "rolling P1Y", "2024-02-29T09:00:00Z", "", "2025-02-28T09:00:00Z"},
		{"Europe/Berlin", "rolling P1M", "2027-01-31T09:00:00Z", "", "2027-02-28T09:00:00Z"},
		{"Europe/Berlin", "rolling P1M", "2026-02-28T23:30:00Z", "", "2026-03-31T22:30:00Z"}, // already March in Berlin, then summer time
		// To the end of the day, month, quarter, year in which the day a span later lies.
		{"Europe/Berlin", "rolling P12M to day", "2026-05-17T10:00:00Z", "", "2027-05-17T22:00:00Z"},
		{"Europe/Berlin", "rolling P12M to month", "2026-05-17T10:00:00Z", "", "2027-05-31T22:00:00Z"},
		{"Europe/Berlin", "rolling P12M to quarter", "2026-05-17T10:00:00Z", "", "2027-06-30T22:00:00Z"},
		{"Europe/Berlin", "rolling P12M to year", "2026-05-17T10:00:00Z", "", "2027-12-31T23:00:00Z"},
		{"Europe/Berlin", "rolling P1M to day", "2027-01-31T09:00:00Z", "", "2027-02-28T23:00:00Z"},
		{"Europe/Berlin", "rolling P1Y to day", "2024-02-29T09:00:00Z", "", "2025-02-28T23:00:00Z"},
		// Midnight belongs to the day that it begins.
		{"UTC", "rolling P1M to month", "2026-12-31T23:59:59Z", "", "2027-02-01T00:00:00Z"},
		{"UTC", "rolling P1M to month", "2027-01-01T00:00:00Z", "", "2027-03-01T00:00:00Z"},
		// Over the changes of clocks: the day has 23 or 25 hours.
		{"Europe/Berlin", "rolling P1D to day", "2026-03-28T12:00:00Z", "", "2026-03-29T22:00:00Z"},
		{"Europe/Berlin", "rolling P1D to day", "2026-10-24T12:00:00Z", "", "2026-10-25T23:00:00Z"},
		{"Europe/Berlin", "rolling P1D", "2026-03-28T01:30:00Z", "", "2026-03-29T01:30:00Z"}, // 02:30 is skipped: 03:30
		{"Europe/Berlin", "rolling P1D", "2026-10-24T00:30:00Z", "", "2026-10-25T00:30:00Z"}, // 02:30 comes twice: the first
		{"America/Sao_Paulo", "rolling P1D to day", "2018-11-02T12:00:00Z", "", "2018-11-04T03:00:00Z"},
		// From the activation, which is the default, or from the issue.
		{"UTC", "rolling P30D", "2026-05-01T10:00:00Z", "2026-05-15T10:00:00Z", "2026-06-14T10:00:00Z"},
		{"UTC", "rolling P30D from issue", "2026-05-01T10:00:00Z", "2026-05-15T10:00:00Z", "2026-05-31T10:00:00Z"},
		{"UTC", "rolling P7D from issue", "2026-05-01T10:00:00Z", "2026-05-15T10:00:00Z", "2026-05-15T10:00:00Z"},
		{"UTC", "rolling P7D from issue to month", "2026-05-01T10:00:00Z", "2026-05-15T10:00:00Z", "2026-06-01T00:00:00Z"},
		// With the last day of each year, at least half a year later.
		{"Europe/Berlin", "calendar 12-31", "2026-05-17T10:00:00Z", "", "2026-12-31T23:00:00Z"},
		{"Europe/Berlin", "calendar 12-31", "2026-12-31T22:59:59Z", "", "2026-12-31T23:00:00Z"},
		{"Europe/Berlin", "calendar 12-31", "2026-12-31T23:00:00Z", "", "2027-12-31T23:00:00Z"},
		{"Europe/Berlin", "calendar 12-31 least P6M", "2026-06-30T12:00:00Z", "", "2026-12-31T23:00:00Z"},
		{"Europe/Berlin", "calendar 12-31 least P6M", "2026-07-01T12:00:00Z", "", "2027-12-31T23:00:00Z"},
		{"Europe/Berlin", "calendar 12-31 least P6M from issue", "2026-06-30T12:00:00Z", "2026-07-14T12:00:00Z", "2026-12-31T23:00:00Z"},
		{"UTC", "calendar 03-31 from issue", "2026-03-20T12:00:00Z", "2026-04-03T12:00:00Z", "2027-04-01T00:00:00Z"},
		{"UTC", "calendar 02-29", "2026-01-01T00:00:00Z", "", "2026-03-01T00:00:00Z"},
		{"UTC", "calendar 02-29", "2028-01-01T00:00:00Z", "", "2028-03-01T00:00:00Z"},
		{"UTC", "calendar 02-29", "2028-02-29T12:00:00Z", "", "2028-03-01T00:00:00Z"},
		{"UTC", "inactivity P12M to day", "2026-05-17T10:00:00Z", "", ""},
	} {
		l, issued := life(c.life), instant(c.issued)
		activated, want := issued, clock.Millis(0)
		if c.activated != "" {
			activated = instant(c.activated)
		}
		if c.want != "" {
			want = instant(c.want)
		}
		if got := l.Ends(zone(t, c.zone), issued, activated); got != want {
			t.Errorf("%s: %s issued %s %s ends at %s, want %s", c.zone, c.life, c.issued, c.activated, got.Time(), want.Time())
		}
	}
}

func TestAnIdleTimeEndsAfterTheLastActivity(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, c := range [][3]string{
		{"inactivity P6M", "2026-08-31T10:00:00Z", "2027-02-28T11:00:00Z"},
		{"inactivity P6M to day", "2026-08-31T10:00:00Z", "2027-02-28T23:00:00Z"},
		{"inactivity P12M to month", "2026-05-17T10:00:00Z", "2027-05-31T22:00:00Z"},
	} {
		if got := life(c[0]).IdleEnd(berlin, instant(c[1])); got != instant(c[2]) {
			t.Errorf("%s after %s: %s, want %s", c[0], c[1], got.Time(), c[2])
		}
	}
	if l := life("rolling P12M"); l.Moves() || l.IdleEnd(berlin, instant("2026-05-17T10:00:00Z")) != 0 {
		t.Error("only a life of inactivity moves")
	}
}

// lives are all that a programme can say.
func lives() *rapid.Generator[calendar.Life] {
	return rapid.Custom(func(t *rapid.T) calendar.Life {
		l := calendar.Life{Kind: rapid.SampledFrom([]calendar.LifeKind{calendar.Never, calendar.ForSpan, calendar.YearEnd, calendar.Inactivity}).Draw(t, "kind")}
		spans := []string{"P1D", "P30D", "P1M", "P6M", "P12M", "P1Y", "P2Y1M"}
		if l.Kind == calendar.ForSpan || l.Kind == calendar.Inactivity || l.Kind == calendar.YearEnd && rapid.Bool().Draw(t, "least") {
			l.Span = span(rapid.SampledFrom(spans).Draw(t, "span"))
		}
		if l.Kind == calendar.ForSpan || l.Kind == calendar.Inactivity {
			l.Round = rapid.SampledFrom([]calendar.Unit{"", calendar.Day, calendar.Month, calendar.Quarter, calendar.Year}).Draw(t, "round")
		}
		if (l.Kind == calendar.ForSpan || l.Kind == calendar.YearEnd) && rapid.Bool().Draw(t, "issue") {
			l.From = calendar.FromIssue
		}
		if l.Kind == calendar.YearEnd {
			d := day("2028-01-01").AddDays(rapid.IntRange(0, 365).Draw(t, "on"))
			l.On = calendar.MonthDay{Month: d.Month, Day: d.Day}
		}
		return l
	})
}

func TestALotEndsAfterItsActivationAndInTheOrderOfIssue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, l := places().Draw(t, "zone"), lives().Draw(t, "life")
		issued := moments(z).Draw(t, "issued")
		activation := calendar.Activation{Kind: calendar.Immediate}
		if rapid.Bool().Draw(t, "waits") {
			activation = calendar.Activation{Kind: calendar.After, Span: calendar.Days(rapid.IntRange(1, 90).Draw(t, "days")), Round: rapid.SampledFrom([]calendar.Unit{"", calendar.Day}).Draw(t, "round")}
		}
		activated, known := activation.At(z, issued)
		if !known || activated < issued {
			t.Fatalf("issued at %s, activated at %s (%t)", issued.Time(), activated.Time(), known)
		}
		ends := l.Ends(z, issued, activated)
		if l.Kind == calendar.Never || l.Moves() {
			if ends != 0 {
				t.Fatalf("%s ends at %s", l, ends.Time())
			}
			return
		}
		if ends < activated || ends == activated && l.From != calendar.FromIssue {
			t.Fatalf("%s: activated at %s, ends at %s", l, activated.Time(), ends.Time())
		}
		after := issued + clock.Millis(rapid.Int64Range(0, int64(hours(24*40))).Draw(t, "after"))
		activatedAfter, _ := activation.At(z, after)
		// What is counted in days keeps the order to the instant; the time of the day may be lost in a shorter month or a change of clocks, of a day at most, here twice.
		byDays := (l.Kind == calendar.YearEnd || l.Round != "") && activation.Round == calendar.Day
		if endsAfter := l.Ends(z, after, activatedAfter); endsAfter < ends && (byDays || after-issued > hours(49)) {
			t.Fatalf("%s: issued at %s it ends at %s, issued at %s at %s", l, issued.Time(), ends.Time(), after.Time(), endsAfter.Time())
		}
	})
}

func TestIdleTimesEndInTheOrderOfActivity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, l := places().Draw(t, "zone"), lives().Filter(calendar.Life.Moves).Draw(t, "life")
		active := moments(z).Draw(t, "active")
		after := active + clock.Millis(rapid.Int64Range(0, int64(hours(24*40))).Draw(t, "after"))
		end, endAfter := l.IdleEnd(z, active), l.IdleEnd(z, after)
		if end <= active || endAfter < end && (l.Round != "" || after-active > hours(25)) {
			t.Fatalf("%s: active at %s until %s, at %s until %s", l, active.Time(), end.Time(), after.Time(), endAfter.Time())
		}
	})
}

func TestLivesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := lives().Draw(t, "life")
		if err := l.Validate("life"); err != nil {
			t.Fatal(err)
		}
		if got, err := calendar.ParseLife("life", l.String()); err != nil || got != l {
			t.Fatalf("%q came back as %+v (%v)", l, got, err)
		}
		var again calendar.Life
		if text, err := json.Marshal(l); err != nil || json.Unmarshal(text, &again) != nil || again != l {
			t.Fatalf("%+v came back as %+v from %s", l, again, text)
		}
	})
}

func TestLivesThatAreNotRightAreRefused(t *testing.T) {
	year, end := calendar.Years(1), calendar.MonthDay{Month: 12, Day: 31}
	for _, c := range []struct {
		l    calendar.Life
		path string
	}{
		{calendar.Life{}, "l.kind"}, {calendar.Life{Kind: "forever"}, "l.kind"},
		{calendar.Life{Kind: calendar.ForSpan}, "l.span"}, {calendar.Life{Kind: calendar.Inactivity}, "l.span"}, {calendar.Life{Kind: calendar.Never, Span: year}, "l.span"},
		{calendar.Life{Kind: calendar.ForSpan, Span: year, Round: calendar.Week}, "l.round"}, {calendar.Life{Kind: calendar.Never, Round: calendar.Day}, "l.round"},
		{calendar.Life{Kind: calendar.YearEnd}, "l.on"}, {calendar.Life{Kind: calendar.ForSpan, Span: year, On: end}, "l.on"},
		{calendar.Life{Kind: calendar.YearEnd, On: end, Round: calendar.Day}, "l.round"},
		{calendar.Life{Kind: calendar.ForSpan, Span: year, From: "birth"}, "l.from"}, {calendar.Life{Kind: calendar.Inactivity, Span: year, From: calendar.FromIssue}, "l.from"},
	} {
		wantField(t, c.l.Validate("l"), c.path)
	}
	for _, text := range []string{
		"", "rolling", "rolling P12M to", "rolling  P12M", "rolling P12M to month to month", "rolling P12M to month from issue", "rolling P12M from activation", "never P1D", "calendar",
		"calendar 12-31 P6M", "calendar 02-30", "rolling P12M least P6M", "rolling P12M until month", "inactivity P12M from issue", "rolling P012M",
	} {
		_, err := calendar.ParseLife("l", text)
		if e, ok := fault.As(err); !ok || len(e.Fields) != 1 {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestActivations(t *testing.T) {
	berlin, issued := zone(t, "Europe/Berlin"), instant("2026-03-15T10:00:00Z")
	for _, c := range []struct {
		a    calendar.Activation
		want string
	}{
		{calendar.Activation{Kind: calendar.Immediate}, "2026-03-15T10:00:00Z"},
		{calendar.Activation{Kind: calendar.After, Span: calendar.Days(14)}, "2026-03-29T09:00:00Z"}, // eleven by the clock, as it was
		{calendar.Activation{Kind: calendar.After, Span: span("PT336H")}, "2026-03-29T10:00:00Z"},
		{calendar.Activation{Kind: calendar.After, Span: calendar.Days(14), Round: calendar.Day}, "2026-03-29T22:00:00Z"},
		{calendar.Activation{Kind: calendar.OnDate, On: day("2026-04-01")}, "2026-03-31T22:00:00Z"},
		{calendar.Activation{Kind: calendar.OnDate, On: day("2026-03-01")}, "2026-03-15T10:00:00Z"},
	} {
		if err := c.a.Validate("a"); err != nil {
			t.Error(err)
		}
		if got, known := c.a.At(berlin, issued); !known || got != instant(c.want) {
			t.Errorf("%+v: %s (%t), want %s", c.a, got.Time(), known, c.want)
		}
	}
	for _, a := range []calendar.Activation{{Kind: calendar.OnEvent, Event: "delivered"}, {Kind: calendar.ByHand}} {
		if got, known := a.At(berlin, issued); known || got != 0 || a.Validate("a") != nil {
			t.Errorf("%+v: %s (%t)", a, got.Time(), known)
		}
	}
	for _, c := range []struct {
		a    calendar.Activation
		path string
	}{
		{calendar.Activation{}, "a.kind"}, {calendar.Activation{Kind: calendar.After}, "a.span"}, {calendar.Activation{Kind: calendar.ByHand, Span: calendar.Days(1)}, "a.span"},
		{calendar.Activation{Kind: calendar.OnDate}, "a.on"}, {calendar.Activation{Kind: calendar.ByHand, On: day("2026-04-01")}, "a.on"},
		{calendar.Activation{Kind: calendar.OnEvent}, "a.event"}, {calendar.Activation{Kind: calendar.ByHand, Event: "x"}, "a.event"},
		{calendar.Activation{Kind: calendar.ByHand, Round: calendar.Day}, "a.round"}, {calendar.Activation{Kind: calendar.After, Span: calendar.Days(1), Round: "hour"}, "a.round"},
	} {
		wantField(t, c.a.Validate("a"), c.path)
	}
}
