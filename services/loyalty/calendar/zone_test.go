package calendar_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
)

func zone(t interface{ Fatal(...any) }, name string) calendar.Zone {
	z, err := calendar.LoadZone("zone", name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func day(text string) calendar.Date {
	d, err := calendar.ParseDate("day", text)
	if err != nil {
		panic(err)
	}
	return d
}

func instant(text string) clock.Millis {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return clock.At(t)
}

func span(text string) calendar.Span {
	s, err := calendar.ParseSpan("span", text)
	if err != nil {
		panic(err)
	}
	return s
}

// The expected instants are what java.time answers: LocalDateTime.plus(Period), then atZone.
func TestSpansAreAddedAsJavaTimeDoes(t *testing.T) {
	for _, c := range [][4]string{
		{"Europe/Berlin", "2026-03-28T01:30:00Z", "P1D", "2026-03-29T01:30:00Z"},
		{"Europe/Berlin", "2026-10-24T00:30:00Z", "P1D", "2026-10-25T00:30:00Z"},
		{"Europe/Berlin", "2026-03-28T11:00:00Z", "P1D", "2026-03-29T10:00:00Z"},
		{"Europe/Berlin", "2026-10-24T10:00:00Z", "P1D", "2026-10-25T11:00:00Z"},
		{"Europe/Berlin", "2026-02-28T01:30:00Z", "P29D", "2026-03-29T01:30:00Z"},
		{"Europe/Berlin", "2024-02-29T09:00:00Z", "P1Y", "2025-02-28T09:00:00Z"},
		{"Europe/Berlin", "2027-01-31T09:00:00Z", "P1M", "2027-02-28T09:00:00Z"},
		{"Europe/Berlin", "2028-01-31T09:00:00Z", "P1M", "2028-02-29T09:00:00Z"},
		{"Europe/Berlin", "2027-10-31T09:00:00Z", "P1M", "2027-11-30T09:00:00Z"},
		{"America/New_York", "2026-03-07T07:15:00Z", "P1D", "2026-03-08T07:15:00Z"},
		{"America/Sao_Paulo", "2018-11-03T03:30:00Z", "P1D", "2018-11-04T03:30:00Z"},
		{"Pacific/Apia", "2011-12-29T20:00:00Z", "P1D", "2011-12-30T20:00:00Z"},
		{"Australia/Lord_Howe", "2026-10-02T15:45:00Z", "P1D", "2026-10-03T15:45:00Z"},
		{"America/Toronto", "1919-03-30T04:45:00Z", "P1D", "1919-03-31T04:45:00Z"},
		{"Asia/Kathmandu", "2026-01-31T18:14:59Z", "P13M", "2027-02-28T18:14:59Z"},
		{"Europe/Berlin", "2024-02-29T09:00:00Z", "P4Y", "2028-02-29T09:00:00Z"},
		{"Europe/Berlin", "2024-02-29T09:00:00Z", "P1Y1M1D", "2025-03-30T08:00:00Z"},
		// Hours pass as they pass, also where clocks are changed.
		{"Europe/Berlin", "2026-03-28T11:00:00Z", "PT24H", "2026-03-29T11:00:00Z"},
		{"Europe/Berlin", "2026-03-28T11:00:00Z", "P1DT1H30M1S", "2026-03-29T11:30:01Z"},
		// In the hour that comes twice, a day later is the same time by the clock from either.
		{"Europe/Berlin", "2026-10-25T00:30:00Z", "P1D", "2026-10-26T01:30:00Z"},
		{"Europe/Berlin", "2026-10-25T01:30:00Z", "P1D", "2026-10-26T01:30:00Z"},
	} {
		if got := zone(t, c[0]).Add(instant(c[1]), span(c[2])); got != instant(c[3]) {
			t.Errorf("%s: %s and %s is %s, want %s", c[0], c[1], c[2], got.Time().Format(time.RFC3339), c[3])
		}
	}
	if got, want := zone(t, "Europe/Berlin").Add(instant("2027-01-31T09:00:00Z")+123, calendar.Months(1)), instant("2027-02-28T09:00:00Z")+123; got != want {
		t.Errorf("milliseconds are lost: %d, want %d", got, want)
	}
}

// The expected instants are those of java.time's LocalDate.atStartOfDay.
func TestADayBeginsAtItsFirstInstant(t *testing.T) {
	for _, c := range [][3]string{
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"},
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"},
		{"America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
		{"America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z"},
		{"America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"},
		{"Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z"},
		{"Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z"},
		// Beyond the table of changes, after a leap year.
		{"Europe/Berlin", "2041-01-01", "2040-12-31T23:00:00Z"},
	} {
		if got := zone(t, c[0]).Start(day(c[1])); got != instant(c[2]) {
			t.Errorf("%s: %s begins at %s, want %s", c[0], c[1], got.Time().Format(time.RFC3339), c[2])
		}
	}
}

func TestTheTimeThatComesTwiceIsTheEarlier(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	if got := berlin.At(day("2026-10-25"), 150*time.Minute); got != instant("2026-10-25T00:30:00Z") {
		t.Errorf("half past two is %s", got.Time())
	}
	if got := berlin.At(day("2026-03-29"), 150*time.Minute); got != instant("2026-03-29T01:30:00Z") {
		t.Errorf("the half past two that is skipped is %s", got.Time())
	}
	if d, shows := berlin.Clock(instant("2026-10-25T01:30:00Z") + 7); d != day("2026-10-25") || shows != 150*time.Minute+7*time.Millisecond {
		t.Errorf("the wall shows %s %s", d, shows)
	}
}

func TestAnEveningThatComesTwiceBelongsToTheDayThatHadBegun(t *testing.T) {
	// On 7 November 2010 at 00:01 clocks in St John's were set back to 23:01 of the day before.
	johns := zone(t, "America/St_Johns")
	for _, c := range [][2]string{{"2010-11-07T02:29:59Z", "2010-11-06"}, {"2010-11-07T02:30:00Z", "2010-11-07"}, {"2010-11-07T03:00:00Z", "2010-11-07"}, {"2010-11-07T03:30:00Z", "2010-11-07"}} {
		if got := johns.DateOf(instant(c[0])); got != day(c[1]) {
			t.Errorf("%s is %s, want %s", c[0], got, c[1])
		}
	}
	if shown, _ := johns.Clock(instant("2010-11-07T03:00:00Z")); shown != day("2010-11-06") {
		t.Errorf("the wall shows %s: the case is not the one that is meant", shown)
	}
}

func TestUnknownZonesAreRefusedByField(t *testing.T) {
	for _, name := range []string{"", "Local", "Europe/Atlantis", "../etc/passwd", "europe berlin", "right/Europe/Berlin", strings.Repeat("x", 1000)} {
		_, err := calendar.LoadZone("program.zone", name)
		e, ok := fault.As(err)
		if !ok || e.Reason.Name != fault.InvalidArgument.Name || e.Fields[0].Path != "program.zone" || len(e.Message) > 200 {
			t.Errorf("%q: %v", name, err)
		}
	}
	if got := zone(t, "Europe/Berlin").String() + " " + (calendar.Zone{}).String(); got != "Europe/Berlin UTC" {
		t.Errorf("names: %s", got)
	}
}

// places are zones with changes of clocks of all kinds: by an hour and by half of one, over midnight, over a whole day, southern, none.
func places() *rapid.Generator[calendar.Zone] {
	return rapid.Custom(func(t *rapid.T) calendar.Zone {
		return zone(t, rapid.SampledFrom([]string{
			"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu",
			"Africa/Casablanca", "America/Havana", "UTC",
		}).Draw(t, "zone"))
	})
}

// moments are instants of the years 1980 to 2050, half of them within two days of a change of clocks.
func moments(z calendar.Zone) *rapid.Generator[clock.Millis] {
	return rapid.Custom(func(t *rapid.T) clock.Millis {
		at := rapid.Int64Range(int64(instant("1980-01-01T00:00:00Z")), int64(instant("2050-01-01T00:00:00Z"))).Draw(t, "at")
		if loc, err := time.LoadLocation(z.String()); err == nil && rapid.Bool().Draw(t, "change") {
			if _, change := time.UnixMilli(at).In(loc).ZoneBounds(); !change.IsZero() && change.Year() < 2050 {
				at = change.UnixMilli() + rapid.Int64Range(-48*3_600_000, 48*3_600_000).Draw(t, "near")
			}
		}
		return clock.Millis(at)
	})
}

func TestDaysDivideTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := places().Draw(t, "zone")
		at := moments(z).Draw(t, "at")
		d := z.DateOf(at)
		if from, to := z.Start(d), z.Start(d.AddDays(1)); at < from || at >= to {
			t.Fatalf("%s is not within %s, which is from %s to %s", at.Time(), d, from.Time(), to.Time())
		}
		if after := z.DateOf(at + clock.Millis(rapid.Int64Range(0, 3_600_000).Draw(t, "later"))); after.Before(d) {
			t.Fatalf("%s is followed by %s", d, after)
		}
		wall, shows := z.Clock(at)
		if got := z.At(wall, shows); got > at || at-got > 24*3_600_000 {
			t.Fatalf("%s: the wall shows %s %s, which is said to be %s", at.Time(), wall, shows, got.Time())
		}
	})
}
