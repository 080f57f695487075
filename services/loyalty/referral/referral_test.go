package referral_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/member"
	"renown.example/loyalty/referral"
)

func at(text string) clock.Millis {
	t, err := time.Parse(time.DateTime, text+":00")
	if err != nil {
		panic(err)
	}
	return clock.At(t)
}

var terms = referral.Terms{
	Qualify: referral.AtFirstOrder, LeastAmount: 2000, Within: calendar.Days(30), Most: 2, Period: calendar.Period{Unit: calendar.Month},
	Velocity: referral.Velocity{Span: calendar.Days(7), Devices: 3, Addresses: 5},
}

// honest is a referral that nothing speaks against.
func honest() referral.Case {
	return referral.Case{
		Referrer: referral.Party{Member: "ida", EnrolledAt: at("2026-01-10 09:00"), Likeness: []string{"l1"}, Devices: []string{"d1"}, Addresses: []string{"a1"}},
		Friend:   referral.Party{Member: "jon", EnrolledAt: at("2026-05-01 09:00"), Likeness: []string{"l2"}, Devices: []string{"d2"}, Addresses: []string{"a2"}},
		Order:    &referral.Order{At: at("2026-05-10 09:00"), Amount: 2000},
		At:       at("2026-05-10 09:00"),
		Rewarded: []clock.Millis{at("2026-04-30 23:59"), at("2026-04-02 12:00"), at("2026-05-02 12:00")},
		Sightings: []referral.Sighting{
			{Print: "d2", Member: "jon", At: at("2026-05-01 09:00")}, {Print: "d2", Member: "kai", At: at("2026-05-09 09:00")},
			{Print: "d2", Member: "lea", At: at("2026-05-03 09:00")}, // a week before: over
			{Print: "d9", Member: "mia", At: at("2026-05-09 09:00")},
			{Print: "d2", Member: "noa", At: at("2026-05-10 09:01")}, // later
		},
	}
}

func TestDecisions(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*referral.Case)
		want   string
	}{
		{"an honest one", func(*referral.Case) {}, "granted"},
		{"oneself", func(c *referral.Case) { c.Friend = c.Referrer; c.Order.At = c.Friend.EnrolledAt }, "refused self_referral"},
		{"somebody who was there before", func(c *referral.Case) { c.Referrer.EnrolledAt = at("2026-05-02 09:00") }, "refused enrolled_before"},
		{"no order", func(c *referral.Case) { c.Order = nil }, "refused no_order"},
		{"the second order", func(c *referral.Case) { c.Order.Before = 1 }, "refused not_first_order"},
		{"a small order", func(c *referral.Case) { c.Order.Amount = 1999 }, "refused order_too_small"},
		{"in the last minute", func(c *referral.Case) { c.Order.At = at("2026-05-31 08:59") }, "granted"},
		{"too late", func(c *referral.Case) { c.Order.At = at("2026-05-31 09:00") }, "refused order_too_late"},
		{"the third in a month", func(c *referral.Case) { c.Rewarded = append(c.Rewarded, at("2026-05-03 09:00")) }, "refused limit_reached"},
		{"the same mailbox", func(c *referral.Case) { c.Friend.Likeness = append(c.Friend.Likeness, "l1") }, "held same_identifier"},
		{"the same device", func(c *referral.Case) { c.Friend.Devices = []string{"d1"} }, "held same_device"},
		{"the same address", func(c *referral.Case) { c.Friend.Addresses = []string{"a1"} }, "held same_address"},
		{"somebody else's mailbox", func(c *referral.Case) { c.Twins = []string{"kai"} }, "held duplicate_member"},
		{"a device that goes round", func(c *referral.Case) { c.Sightings[2].At++ }, "held device_velocity"},
		{"an address that goes round", func(c *referral.Case) {
			for i := range 4 {
				c.Sightings = append(c.Sightings, referral.Sighting{Print: "a2", Member: fmt.Sprint(i), At: c.At})
			}
		}, "held address_velocity"},
		{"all at once", func(c *referral.Case) { c.Order.Amount, c.Order.Before, c.Friend.Devices = 1, 2, []string{"d1"} }, "refused not_first_order order_too_small same_device"},
	} {
		one := honest()
		c.change(&one)
		d := terms.Decide(calendar.UTC, one)
		words := []string{string(d.Outcome)}
		for _, f := range d.Findings {
			words = append(words, string(f.Code))
			if !strings.HasSuffix(f.Message, ".") || strings.Contains(f.Message, "%!") {
				t.Errorf("%s: %q", c.what, f.Message)
			}
		}
		if got := strings.Join(words, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

func TestTheLimitIsCountedInTheZone(t *testing.T) {
	auckland, err := calendar.LoadZone("zone", "Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	c := honest() // 2026-04-30 23:59 is May in Auckland
	if d := terms.Decide(auckland, c); d.Outcome != referral.Refused || d.Findings[0].Code != referral.AtLimit {
		t.Errorf("%+v", d)
	}
}

func TestTheLimitIsNeverExceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := terms
		terms.Most = rapid.Int64Range(1, 4).Draw(t, "most")
		terms.Period = rapid.SampledFrom([]calendar.Period{{}, {Unit: calendar.Month}, {Unit: calendar.Anniversary}, {Unit: calendar.Rolling, Span: calendar.Days(30)}}).Draw(t, "period")
		c := honest()
		c.Rewarded = nil
		for range rapid.IntRange(0, 30).Draw(t, "friends") {
			c.At += clock.Millis(rapid.IntRange(0, 20*24).Draw(t, "hours")) * 3_600_000
			c.Order.At = c.Friend.EnrolledAt
			if terms.Decide(calendar.UTC, c).Outcome != referral.Refused {
				c.Rewarded = append(c.Rewarded, c.At)
			}
		}
		for _, last := range c.Rewarded {
			var n int64
			w := calendar.Window{}
			if terms.Period.Unit != "" {
				w = terms.Period.At(calendar.UTC, calendar.UTC.DateOf(c.Referrer.EnrolledAt), last)
			}
			for _, at := range c.Rewarded {
				if terms.Period.Unit == "" || w.Holds(calendar.UTC.DateOf(at)) {
					n++
				}
			}
			if n > terms.Most {
				t.Fatalf("%d rewards in %s, %d are the most", n, w.Key, terms.Most)
			}
		}
	})
}

func TestFingerprints(t *testing.T) {
	p, other := referral.NewPrinter([]byte("a key of the deployment, 32 bytes")), referral.NewPrinter([]byte("another key of another deployment"))
	address := func(text string) string {
		t.Helper()
		print, ok := p.Address(text)
		if !ok || strings.Contains(print, text) {
			t.Errorf("%s: %q, %t", text, print, ok)
		}
		return print
	}
	for _, same := range [][2]string{
		{"203.0.113.7", " 203.0.113.7"}, {"203.0.113.7", "::ffff:203.0.113.7"}, {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9"}, {"192.168.1.4", "10.0.0.1"}, {"fe80::1%eth0", "::1"},
	} {
		if address(same[0]) != address(same[1]) {
			t.Errorf("%s and %s differ", same[0], same[1])
		}
	}
	for _, different := range [][2]string{{"203.0.113.7", "203.0.113.8"}, {"2001:db8:1:2::1", "2001:db8:1:3::1"}, {"203.0.113.7", "192.168.1.4"}} {
		if address(different[0]) == address(different[1]) {
			t.Errorf("%s and %s are the same", different[0], different[1])
		}
	}
	if address("10.1.2.3") != "" || p.Device(" ") != "" {
		t.Error("what says nothing has a fingerprint")
	}
	for _, text := range []string{"", "203.0.113", "203.0.113.7:80", "example.org"} {
		if _, ok := p.Address(text); ok {
			t.Errorf("%q is no address", text)
		}
	}
	if a, _ := other.Address("203.0.113.7"); a == address("203.0.113.7") || p.Device("203.0.113.7") == a || p.Device("203.0.113.7") == address("203.0.113.7") {
		t.Error("keys and kinds do not tell fingerprints apart")
	}
}

func TestLikeness(t *testing.T) {
	p := referral.NewPrinter([]byte("a key of the deployment, 32 bytes"))
	for _, c := range []struct {
		kind member.Kind
		a, b string
		same bool
	}{
		{member.Email, "ida@example.org", "ida+shop@example.org", true},
		{member.Email, "i.da@googlemail.com", "ida+2@gmail.com", true},
		{member.Email, "i.da@example.org", "ida@example.org", false},
		{member.Email, "+x@example.org", "+y@example.org", false},
		{member.Phone, "+49301234567", "+49301234568", false},
		{member.External, "a+b@c", "a@c", false},
	} {
		if got := p.Likeness(c.kind, c.a) == p.Likeness(c.kind, c.b); got != c.same {
			t.Errorf("%s and %s are alike: %t", c.a, c.b, got)
		}
	}
	if p.Likeness(member.Phone, "1") == p.Likeness(member.Card, "1") {
		t.Error("a phone number is like a card")
	}
}

func TestTermsThatAreNotRightAreRefused(t *testing.T) {
	if err := terms.Validate("terms"); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*referral.Terms){
		"t.qualify":       func(t *referral.Terms) { t.Qualify = referral.AtEnrolment },
		"t.leastAmount":   func(t *referral.Terms) { t.LeastAmount = -1 },
		"t.most":          func(t *referral.Terms) { t.Most = -1 },
		"t.period":        func(t *referral.Terms) { t.Most = 0 },
		"t.period.unit":   func(t *referral.Terms) { t.Period.Unit = "age" },
		"t.velocity":      func(t *referral.Terms) { t.Velocity.Devices = -1 },
		"t.velocity.span": func(t *referral.Terms) { t.Velocity.Span = calendar.Span{} },
	} {
		terms := terms
		change(&terms)
		e, ok := fault.As(terms.Validate("t"))
		if !ok || len(e.Fields) != 1 || e.Fields[0].Path != field {
			t.Errorf("%s: %v", field, terms.Validate("t"))
		}
	}
}
