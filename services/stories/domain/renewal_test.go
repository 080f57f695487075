package domain

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
)

func at(s string) clock.Millis {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return clock.At(t)
}

func TestForAsLongAgain(t *testing.T) {
	for _, c := range []struct{ name, given, from, ends, want string }{
		{"two years to the end of the day", "2026-05-04 09:00", "", "2028-05-05 00:00", "2030-05-05 00:00"},
		{"a renewal counts from the end before it", "2028-02-10 12:00", "2028-05-05 00:00", "2030-05-05 00:00", "2032-05-05 00:00"},
		{"a leap day", "2024-02-29 10:00", "", "2025-03-01 00:00", "2026-03-01 00:00"},
		{"to a leap day", "2027-02-28 10:00", "", "2028-02-29 10:00", "2029-03-01 10:00"},
		{"a month from the end of January", "2027-01-31 00:00", "", "2027-02-28 00:00", "2027-03-28 00:00"},
		{"ten days", "2026-05-04 09:00", "", "2026-05-14 09:00", "2026-05-24 09:00"},
		{"an hour", "2026-05-04 09:00", "", "2026-05-04 10:00", "2026-05-04 11:00"},
	} {
		consent := Consent{SignedAt: at(c.given), Ends: at(c.ends)}
		if c.from != "" {
			consent.From = at(c.from)
		}
		if got := consent.RenewedEnd(); got != at(c.want) {
			t.Errorf("%s: until %s, want %s", c.name, got.Time().Format("2006-01-02 15:04"), c.want)
		}
	}
}

// lasting yields consents of a length between a minute and ten years.
func lasting() *rapid.Generator[Consent] {
	return rapid.Custom(func(t *rapid.T) Consent {
		given := rapid.Int64Range(int64(at("2020-01-01 00:00")), int64(at("2035-12-31 00:00"))).Draw(t, "given")
		length := rapid.Int64Range(60_000, 10*366*24*3_600_000).Draw(t, "length")
		return Consent{ID: "a", Kind: Signed, Locale: "en", Hash: hash([]byte("words")), Scopes: []Scope{ScopeWeb}, SignedAt: clock.Millis(given), Ends: clock.Millis(given + length)}
	})
}

func TestARenewalIsAsLongAsWhatItRenews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := lasting().Draw(t, "consent")
		now := clock.Millis(rapid.Int64Range(int64(c.SignedAt), int64(c.Ends)-1).Draw(t, "now"))
		n := c.Renew("b", now, clock.Millis(1<<50))
		was, is := int64(c.Ends-c.SignedAt), int64(n.Ends-c.Ends)
		// Months differ by up to three days, years by one, and less than a day is let go.
		const most = 5 * 24 * 3_600_000
		if off := was - is; off > most || off < -most || is <= 0 {
			t.Fatalf("%d days were renewed by %d", was/86_400_000, is/86_400_000)
		}
		if n.Renews != "a" || n.From != c.Ends || n.Hash != c.Hash || n.SignedAt != now {
			t.Fatalf("renewed as %+v", n)
		}
		if again := n.Renew("c", now, clock.Millis(1<<50)); int64(again.Ends-n.Ends)-is > most || is-int64(again.Ends-n.Ends) > most {
			t.Fatal("the second renewal is of another length than the first")
		}
	})
}

func TestEachReminderIsSentOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := lasting().Draw(t, "consent")
		// A clock that goes on in steps of any size, as a machine that is off now and then sees it.
		var sent []int
		last, looks := 0, map[int]int{}
		for now := c.SignedAt; now < c.Ends+1000; {
			if days := c.DueReminder(c.SignedAt, now, last); days != 0 {
				sent, last = append(sent, days), days
				looks[days]++
				if due := clock.At(c.Ends.Time().AddDate(0, 0, -days)); due > now || due <= c.SignedAt || now >= c.Ends {
					t.Fatalf("the reminder of %d days is sent at %d", days, now)
				}
				if c.DueReminder(c.SignedAt, now, last) != 0 {
					t.Fatal("two reminders at one instant")
				}
			}
			next, ok := c.NextReminder(c.SignedAt, now)
			if !ok {
				break
			}
			now = next.At + clock.Millis(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 100*86_400_000)).Draw(t, "late"))
		}
		for i, days := range sent {
			if looks[days] != 1 || i > 0 && days >= sent[i-1] {
				t.Fatalf("sent %v", sent)
			}
		}
	})
}
