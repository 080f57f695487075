package storetest

import (
	"context"
	"fmt"
	"sync/atomic"

	"renown.example/kit/store"
)

var concurrencyCases = []testCase{
	{"64 writers increment one row 100 times each, and nothing is lost", concCounter},
	{"a decision on two rows read for update cannot be skewed", concSkew},
	{"of those who insert the same unique value at once, one succeeds", concUnique},
	{"of those who put the same version at once, one succeeds", concPut},
	{"a closure that runs again has the effects of its last run only", concAgain},
	{"writers of different rows all succeed", concApart},
}

func concCounter(s *suite) {
	db := s.fresh()
	s.insert(db, "counter", item{})
	const writers, each = 64, 100
	var runs atomic.Int64
	s.parallel(writers, func(int) error {
		for range each {
			if err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
				runs.Add(1)
				return increment(ctx, tx, "counter")
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if row := s.get(db, "counter"); row.Value.Count != writers*each || row.Version != writers*each+1 {
		s.Errorf("the counter is %+v", row)
	}
	s.Logf("%d closures ran for %d updates", runs.Load(), writers*each)
}

func concSkew(s *suite) {
	db := s.fresh()
	rounds := 30
	if Full() {
		rounds = 300
	}
	// Two people are on call. Each may leave if the other stays.
	pair := []string{"left", "right"}
	for round := range rounds {
		name := func(side string) string { return fmt.Sprint(side, round) }
		for _, side := range pair {
			s.insert(db, name(side), item{Done: false})
		}
		s.parallel(2, func(i int) error {
			me, other := name(pair[i]), name(pair[1-i])
			return db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
				mine, err := items.GetForUpdate(ctx, tx, me)
				if err != nil {
					return err
				}
				theirs, err := items.GetForUpdate(ctx, tx, other)
				if err != nil || theirs.Value.Done {
					return err
				}
				mine.Value.Done = true
				_, err = items.Put(ctx, tx, mine)
				return err
			})
		})
		if s.get(db, name("left")).Value.Done == s.get(db, name("right")).Value.Done {
			s.Fatalf("round %d: not exactly one left", round)
		}
	}
}

func concUnique(s *suite) {
	db := s.fresh()
	for round := range 10 {
		var won atomic.Int64
		s.parallel(16, func(i int) error {
			err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
				_, err := items.Insert(ctx, tx, fmt.Sprint(round, "-", i), item{Code: fmt.Sprint(round)})
				return err
			})
			if err == nil {
				won.Add(1)
			} else if store.ViolatedIndex(err) != "code" {
				return err
			}
			return nil
		})
		if won.Load() != 1 {
			s.Errorf("round %d: %d succeeded", round, won.Load())
		}
	}
}

func concPut(s *suite) {
	db := s.fresh()
	s.insert(db, "a", item{})
	for round := range 10 {
		row := s.get(db, "a")
		var won atomic.Int64
		s.parallel(16, func(i int) error {
			mine := row
			mine.Value.Count = int64(i)
			err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
				_, err := items.Put(ctx, tx, mine)
				return err
			})
			if err == nil {
				won.Add(1)
			} else if !store.IsChanged(err) {
				return err
			}
			return nil
		})
		if won.Load() != 1 {
			s.Errorf("round %d: %d succeeded", round, won.Load())
		}
	}
}

// concAgain makes closures that insert a row named by the number of their run: only the row of the last run may be there.
func concAgain(s *suite) {
	db := s.fresh()
	s.insert(db, "counter", item{})
	const writers, each = 16, 20
	s.parallel(writers, func(i int) error {
		for j := range each {
			run := 0
			if err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
				run++
				if _, err := others.Insert(ctx, tx, fmt.Sprintf("%d-%d-%d", i, j, run), item{}); err != nil {
					return err
				}
				return increment(ctx, tx, "counter")
			}); err != nil {
				return err
			}
			var n int64
			if err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) (err error) {
				prefix := fmt.Sprintf("%d-%d-", i, j)
				n, err = others.Count(ctx, tx, store.Query{From: prefix, Before: prefix + "a"})
				return err
			}); err != nil || n != 1 {
				return fmt.Errorf("%d rows after %d runs: %w", n, run, err)
			}
		}
		return nil
	})
	if n := s.get(db, "counter").Value.Count; n != writers*each {
		s.Errorf("the counter is %d", n)
	}
}

func concApart(s *suite) {
	db := s.fresh()
	const writers, each = 64, 20
	s.parallel(writers, func(i int) error {
		for j := range each {
			if err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
				_, err := items.Insert(ctx, tx, id(i*each+j), item{Kind: fmt.Sprint(i), Rank: rank(int64(j))})
				return err
			}); err != nil {
				return err
			}
			// What was acknowledged is seen by the next view of anybody.
			if _, err := get(s.Context(), db, id(i*each+j)); err != nil {
				return err
			}
		}
		return nil
	})
	if n := s.count(db, store.Query{}); n != writers*each {
		s.Errorf("%d rows", n)
	}
}
