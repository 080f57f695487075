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
		all, _, err := coming(stored)
		if err != nil {
			t.Fatal(err)
		}
		s.reads = 0
		next, err := nextEnd(ledger.Open(b.Account(), s))
		if err != nil {
			t.Fatal(err)
		}
		want := ahead(all)
		if len(next) != min(len(want), 1) || len(next) == 1 && (!next[0].GetTime().AsTime().Equal(want[0].GetTime().AsTime()) || next[0].GetPoints() != want[0].GetPoints()) {
			t.Fatalf("%v is next, of %v", next, want)
		}
		if len(next) == 1 && s.reads > 12 {
			t.Fatalf("%d pages of %d were read", s.reads, len(s.pages))
		}
	}
}
