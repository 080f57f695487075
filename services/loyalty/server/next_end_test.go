package server

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
)

// shelf keeps pages in memory and counts how many were read.
type shelf struct {
	pages map[string]ledger.Page
	reads int
}

func (s *shelf) Page(id string) (ledger.Page, error) {
	s.reads++
	if p, ok := s.pages[id]; ok {
		return p, nil
	}
	return ledger.Page{ID: id}, nil
}

func (s *shelf) After(id string) (ledger.Page, bool, error) {
	for _, at := range slices.Sorted(maps.Keys(s.pages)) {
		if at > id {
			s.reads++
			return s.pages[at], true, nil
		}
	}
	return ledger.Page{}, false, nil
}

func (s *shelf) Last(prefix string) (ledger.Page, bool, error) {
	for _, at := range slices.Backward(slices.Sorted(maps.Keys(s.pages))) {
		if strings.HasPrefix(at, prefix) {
			return s.pages[at], true, nil
		}
	}
	return ledger.Page{}, false, nil
}

// TestTheNextEndIsFoundOnFewPages has accounts of many lots, some of which never end, are pending or frozen: what is found is what a look at every lot finds.
func TestTheNextEndIsFoundOnFewPages(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 8))
	now := clock.At(time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC))
	for range 200 {
		s := &shelf{pages: map[string]ledger.Page{}}
		b := ledger.Open(ledger.Account{ID: "ida/points"}, s)
		var lots []ledger.NewLot
		for range 1 + r.IntN(400) {
			l := ledger.NewLot{Points: 1 + r.Int64N(9), From: ledger.Adjusted, Pending: r.IntN(4) == 0, Frozen: r.IntN(4) == 0}
			if r.IntN(3) > 0 {
				l.ExpiresAt = now + clock.Millis(1+r.IntN(2000))*clock.Millis(24*time.Hour/time.Millisecond)
			}
			l.Frozen = l.Frozen && !l.Pending
			lots = append(lots, l)
		}
		if _, err := b.Issue(ledger.Step{Now: now}, ledger.KindAdjust, lots); err != nil {
			t.Fatal(err)
		}
		for _, p := range b.Changed() {
			s.pages[p.ID] = p
		}
		stored := ledger.Open(b.Account(), s)
		all, _, err := coming(stored, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		s.reads = 0
		next, err := nextEnd(ledger.Open(b.Account(), s))
		if err != nil {
			t.Fatal(err)
		}
		want := nextOf(all)
		if (next == nil) != (want == nil) || next != nil && *next != *want {
			t.Fatalf("%v is next, of %v", next, want)
		}
		if next != nil && s.reads > 12 {
			t.Fatalf("%d pages of %d were read", s.reads, len(s.pages))
		}
	}
}

// TestDaysToComeAreWhole has accounts of many lots whose instants lie close together: what is said of a day is all of that day in the programme's zone, whatever pages it
// lies on, and that more follows is said when it does.
func TestDaysToComeAreWhole(t *testing.T) {
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 3))
	now := clock.At(time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC))
	for round := range 60 {
		days := 1 + r.IntN(30)
		within := func() clock.Millis {
			return now + clock.Millis(1+r.Int64N(int64(days)*24*int64(time.Hour/time.Millisecond)))
		}
		s := &shelf{pages: map[string]ledger.Page{}}
		b := ledger.Open(ledger.Account{ID: "ida/points"}, s)
		var lots []ledger.NewLot
		ends, arrives := map[string]int64{}, map[string]int64{}
		for range 1 + r.IntN(400) {
			l := ledger.NewLot{Points: 1 + r.Int64N(9), From: ledger.Adjusted}
			switch r.IntN(4) {
			case 0:
				l.ExpiresAt = within()
				ends[(l.ExpiresAt - 1).Time().In(zone).Format(time.DateOnly)] += l.Points
			case 1: // pending points stand among those that end at any time
				l.Pending, l.ActivatesAt, l.ExpiresAt = true, within(), now+clock.Millis(1+r.IntN(2000))*clock.Millis(40*24*time.Hour/time.Millisecond)
				arrives[l.ActivatesAt.Time().In(zone).Format(time.DateOnly)] += l.Points
			case 2:
				l.Pending = true
			}
			lots = append(lots, l)
		}
		if _, err := b.Issue(ledger.Step{Now: now}, ledger.KindAdjust, lots); err != nil {
			t.Fatal(err)
		}
		for _, p := range b.Changed() {
			s.pages[p.ID] = p
		}
		expires, activates, err := coming(ledger.Open(b.Account(), s), zone)
		if err != nil {
			t.Fatal(err)
		}
		for what, of := range map[string]struct {
			days map[string]*comingDay
			want map[string]int64
		}{"ends": {expires, ends}, "arrives": {activates, arrives}} {
			list, more := ahead(of.days)
			names := slices.Sorted(maps.Keys(of.want))
			if more != (len(names) > mostAhead) || len(list) != min(len(names), mostAhead) {
				t.Fatalf("round %d: %d days of %d on which something %s, more: %t", round, len(list), len(names), what, more)
			}
			for i, day := range list {
				if day.GetDay() != names[i] || day.GetPoints() != of.want[names[i]] {
					t.Errorf("round %d: %d points on %s, want %d on %s: %s", round, day.GetPoints(), day.GetDay(), of.want[names[i]], names[i], what)
				}
			}
		}
	}
}
