package storetest

import (
	"context"
	"fmt"
	"sync"

	"renown.example/kit/clock"
	"renown.example/kit/store"
)

// Jobs are leased by plain updates, as kit/outbox does it: a job is due at an instant, and taking it moves that instant behind the lease.
var jobCases = []testCase{
	{"due jobs leased by two workers run once each", jobsOnce},
	{"a dead worker's job is taken over, and its late result refused", jobsTakeover},
}

type job struct {
	Due   clock.Millis `json:"due"`
	Owner string       `json:"owner"`
	Runs  int64        `json:"runs"`
}

var jobs = store.Define[job](store.Spec{Name: "jobs", Indexes: []store.Index{{Name: "due", Fields: []string{"due"}}}})

const leaseTime clock.Millis = 1000

// lease takes the first job due at now; ok is false if there is none.
func lease(ctx context.Context, db store.DB, owner string, now clock.Millis) (taken store.Row[job], ok bool, err error) {
	err = db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		taken, ok = store.Row[job]{}, false
		page, err := jobs.Find(ctx, tx, store.Query{Index: "due", Before: now + 1, Limit: 1})
		if err != nil || len(page.Rows) == 0 {
			return err
		}
		row, err := jobs.GetForUpdate(ctx, tx, page.Rows[0].ID)
		if err != nil {
			return err
		}
		if row.Value.Due > now {
			return nil // another worker was quicker: the caller asks again
		}
		row.Value.Due, row.Value.Owner = now+leaseTime, owner
		row.Value.Runs++
		taken, err = jobs.Put(ctx, tx, row)
		ok = err == nil
		return err
	})
	if store.IsNotFound(err) { // done by another worker between the two reads
		err = nil
	}
	return taken, ok, err
}

func finish(ctx context.Context, db store.DB, row store.Row[job]) error {
	return db.Update(ctx, func(ctx context.Context, tx store.Writer) error { return jobs.Delete(ctx, tx, row) })
}

func (s *suite) jobs(n int) store.DB {
	s.Helper()
	db, err := s.Open(context.Background(), s.Fresh(s), jobs.Spec())
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		if err := db.Close(); err != nil {
			s.Error(err)
		}
	})
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		for i := range n {
			if _, err := jobs.Insert(ctx, tx, id(i), job{Due: clock.Millis(i + 1)}); err != nil {
				return err
			}
		}
		return nil
	})
	return db
}

func (s *suite) left(db store.DB) (n int64) {
	s.Helper()
	err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) (err error) {
		n, err = jobs.Count(ctx, tx, store.Query{})
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return n
}

func jobsOnce(s *suite) {
	const n, now = 60, 500
	db := s.jobs(n)
	var mu sync.Mutex
	ran := map[string]string{}
	s.parallel(2, func(i int) error {
		owner := fmt.Sprint("worker ", i)
		for s.left(db) > 0 {
			row, ok, err := lease(s.Context(), db, owner, now)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			mu.Lock()
			if first, again := ran[row.ID]; again {
				s.Errorf("job %s was run by %s and %s", row.ID, first, owner)
			}
			ran[row.ID] = owner
			mu.Unlock()
			if err := finish(s.Context(), db, row); err != nil {
				return err
			}
		}
		return nil
	})
	if len(ran) != n {
		s.Errorf("%d of %d jobs ran", len(ran), n)
	}
}

func jobsTakeover(s *suite) {
	db := s.jobs(1)
	dead, ok, err := lease(s.Context(), db, "dead", 10)
	if err != nil || !ok {
		s.Fatalf("lease: %v, %v", ok, err)
	}
	if _, ok, err := lease(s.Context(), db, "early", 10+leaseTime-1); ok || err != nil {
		s.Errorf("the job was taken over before its lease ended: %v, %v", ok, err)
	}
	heir, ok, err := lease(s.Context(), db, "heir", 10+leaseTime)
	if err != nil || !ok || heir.ID != dead.ID || heir.Value.Runs != 2 {
		s.Fatalf("take-over: %+v, %v, %v", heir, ok, err)
	}
	if err := finish(s.Context(), db, dead); !store.IsChanged(err) {
		s.Errorf("the dead worker's late result: %v", err)
	}
	if err := finish(s.Context(), db, heir); err != nil {
		s.Errorf("the heir's result: %v", err)
	}
	if n := s.left(db); n != 0 {
		s.Errorf("%d jobs are left", n)
	}
}
