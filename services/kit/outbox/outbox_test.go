package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/kit/store/enginetest"
)

var begin = time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC)

type tally struct {
	Seen []string `json:"seen"`
}

var tallies = store.Define[tally](store.Spec{Name: "tallies"})

func open(t testing.TB) store.DB {
	t.Helper()
	return enginetest.Open(t, append(outbox.Specs(), tallies.Spec())...)
}

func update(t testing.TB, db store.DB, fn func(ctx context.Context, tx store.Writer) error) {
	t.Helper()
	if err := db.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// note adds a word to the tally of that name: the effect that must happen once.
func note(ctx context.Context, tx store.Writer, name, word string) error {
	row, err := tallies.GetForUpdate(ctx, tx, name)
	if store.IsNotFound(err) {
		row, err = tallies.Insert(ctx, tx, name, tally{})
	}
	if err != nil {
		return err
	}
	row.Value.Seen = append(row.Value.Seen, word)
	_, err = tallies.Put(ctx, tx, row)
	return err
}

func seen(t testing.TB, db store.DB, name string) []string {
	t.Helper()
	var all []string
	if err := db.View(context.Background(), func(ctx context.Context, tx store.Reader) error {
		row, err := tallies.Get(ctx, tx, name)
		all = row.Value.Seen
		if store.IsNotFound(err) {
			return nil
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func appendEvents(t testing.TB, db store.DB, from, n int) []string {
	t.Helper()
	var all []string
	for i := from; i < from+n; i++ {
		subject := fmt.Sprintf("stories/%d", i)
		all = append(all, subject)
		update(t, db, func(ctx context.Context, tx store.Writer) error {
			return outbox.Append(ctx, tx, outbox.Event{Type: "stories.changed", Subject: subject, Actor: "user/u", OccurredAt: clock.At(begin), Data: json.RawMessage(`{"a":1}`)})
		})
	}
	return all
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("never: " + what)
		case <-tick.C:
		}
	}
}

func TestEventsAreListedInOrderWithWhatTheySay(t *testing.T) {
	db := open(t)
	want := appendEvents(t, db, 0, 5)
	if err := db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
		if err := outbox.Append(ctx, tx, outbox.Event{Type: "x", OccurredAt: 1, Subject: "never"}); err != nil {
			return err
		}
		return errors.New("no effect, no event")
	}); err == nil {
		t.Fatal("the update should fail")
	}
	var got []string
	after := int64(0)
	for {
		page, err := outbox.List(db)(context.Background(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			got = append(got, e.Value.Subject)
			if e.Seq <= after || e.Value.Key == "" || e.Value.SchemaVersion != 1 || string(e.Value.Data) != `{"a":1}` || e.Value.OccurredAt != clock.At(begin) {
				t.Errorf("event %+v", e)
			}
			after = e.Seq
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("events (-appended +listed):\n%s", d)
	}
}

func follower(db, to store.DB, name string, fail func(e outbox.Recorded) error) *outbox.Follower[outbox.Event] {
	return &outbox.Follower[outbox.Event]{DB: to, Clock: clock.System(), Consumer: name, Source: outbox.List(db), Failed: func(error) {},
		Apply: func(ctx context.Context, tx store.Writer, rows []outbox.Recorded) error {
			for _, e := range rows {
				if err := note(ctx, tx, name, e.Value.Subject); err != nil {
					return err
				}
				if fail == nil {
					continue
				}
				if err := fail(e); err != nil {
					return err
				}
			}
			return nil
		}}
}

func TestFollowerAppliesEachEventOnceAlsoAfterARestartAndBesideATwin(t *testing.T) {
	db := open(t)
	want := appendEvents(t, db, 0, 250)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := follower(db, db, "c", nil).CatchUp(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	want = append(want, appendEvents(t, db, 250, 3)...)
	if n, err := follower(db, db, "c", nil).CatchUp(context.Background()); err != nil || n != 3 {
		t.Errorf("after a restart: %d, %v", n, err)
	}
	if d := cmp.Diff(want, seen(t, db, "c")); d != "" {
		t.Errorf("effects (-appended +applied):\n%s", d)
	}
}

func TestAnEventThatFailsHoldsUpOnlyThoseBehindIt(t *testing.T) {
	db := open(t)
	want := appendEvents(t, db, 0, 10)
	broken := true
	f := follower(db, db, "c", func(e outbox.Recorded) error {
		if broken && e.Value.Subject == "stories/6" {
			return errors.New("cannot")
		}
		return nil
	})
	if n, err := f.CatchUp(context.Background()); err == nil || n != 6 {
		t.Errorf("caught up %d, %v; want 6 and an error", n, err)
	}
	if d := cmp.Diff(want[:6], seen(t, db, "c")); d != "" {
		t.Errorf("before the repair:\n%s", d)
	}
	broken = false
	if n, err := f.CatchUp(context.Background()); err != nil || n != 4 {
		t.Errorf("caught up %d, %v", n, err)
	}
	if d := cmp.Diff(want, seen(t, db, "c")); d != "" {
		t.Errorf("after the repair:\n%s", d)
	}
}

func TestRunningFollowerHearsOfNewEvents(t *testing.T) {
	db := open(t)
	wake, stop := db.Changed(outbox.Events.Spec())
	defer stop()
	f := follower(db, db, "c", nil)
	f.Wake = wake
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { f.Run(ctx) })
	appendEvents(t, db, 0, 3)
	eventually(t, "three events applied", func() bool { return len(seen(t, db, "c")) == 3 })
	cancel()
	done.Wait()
}

func TestTailReadsAllAndSaysWhenItHas(t *testing.T) {
	db := open(t)
	appendEvents(t, db, 0, 3)
	var n atomic.Int32
	var caughtUp atomic.Int64
	source := outbox.List(db)
	var broken atomic.Bool
	flaky := func(ctx context.Context, after int64, limit int) ([]outbox.Recorded, error) {
		if broken.Load() {
			return nil, errors.New("cut off")
		}
		return source(ctx, after, limit)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	var failed atomic.Int32
	done.Go(func() {
		outbox.Tail(ctx, flaky, clock.System(), 0, nil, func(e []outbox.Recorded) { n.Add(int32(len(e))) },
			func(time.Time) { caughtUp.Add(1) }, func(error) { failed.Add(1) })
	})
	eventually(t, "three events", func() bool { return n.Load() == 3 && caughtUp.Load() > 0 })
	broken.Store(true)
	eventually(t, "a failure", func() bool { return failed.Load() > 0 })
	was := caughtUp.Load()
	eventually(t, "another failure", func() bool { return failed.Load() > 1 })
	if caughtUp.Load() != was {
		t.Error("it says that it is caught up while it is cut off")
	}
	broken.Store(false)
	appendEvents(t, db, 3, 1)
	eventually(t, "the fourth event", func() bool { return n.Load() == 4 && caughtUp.Load() > was })
	cancel()
	done.Wait()
}

func schedule(t testing.TB, db store.DB, id string, due time.Time) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx store.Writer) error {
		return outbox.Schedule(ctx, tx, outbox.Job{ID: id, Kind: "note", DueAt: clock.At(due), Data: json.RawMessage(`"` + id + `"`)})
	})
}

// However long the feed is away, it is asked again after the longest pause.
func TestAFollowerWaitsNoLongerThanItMay(t *testing.T) {
	db, c := open(t), clock.NewFake(begin)
	asked := make(chan struct{})
	f := follower(nil, db, "patient", nil)
	f.Clock, f.Longest = c, time.Second
	ctx, cancel := context.WithCancel(t.Context())
	f.Source = func(context.Context, int64, int) ([]outbox.Recorded, error) {
		select {
		case asked <- struct{}{}:
		case <-ctx.Done():
		}
		return nil, errors.New("away")
	}
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()
	for range 12 {
		select {
		case <-asked:
		case <-time.After(time.Minute):
			t.Fatal("it waits for longer")
		}
		eventually(t, "it waits", func() bool { return c.Waiting() > 0 })
		c.Step(time.Second)
	}
	cancel()
	<-done
}

func worker(t testing.TB, db store.DB, c clock.Clock, h outbox.Handler) *outbox.Worker {
	if h.Apply == nil {
		h.Apply = func(ctx context.Context, tx store.Writer, j outbox.Job) error {
			return note(ctx, tx, "jobs", string(j.Data))
		}
	}
	return &outbox.Worker{DB: db, Clock: c, Handlers: map[string]outbox.Handler{"note": h}, Failed: func(j outbox.Job, err error) { t.Log(j.ID, err) }}
}

func runDue(t testing.TB, w *outbox.Worker, want int) {
	t.Helper()
	if n, err := w.RunDue(context.Background()); err != nil || n != want {
		t.Errorf("ran %d, %v, want %d", n, err, want)
	}
}

func TestJobsRunWhenDueNotBeforeAndOnce(t *testing.T) {
	db, c := open(t), clock.NewFake(begin)
	w := worker(t, db, c, outbox.Handler{})
	schedule(t, db, "later", begin.Add(time.Hour))
	schedule(t, db, "now", begin)
	runDue(t, w, 1)
	c.Step(time.Hour - time.Millisecond)
	runDue(t, w, 0)
	c.Step(time.Millisecond)
	runDue(t, w, 1)
	runDue(t, w, 0)
	if d := cmp.Diff([]string{`"now"`, `"later"`}, seen(t, db, "jobs")); d != "" {
		t.Error(d)
	}
}

func TestJobsCanBeReplacedAndCancelled(t *testing.T) {
	db, c := open(t), clock.NewFake(begin)
	w := worker(t, db, c, outbox.Handler{})
	schedule(t, db, "a", begin)
	schedule(t, db, "a", begin.Add(time.Minute))
	schedule(t, db, "b", begin)
	update(t, db, func(ctx context.Context, tx store.Writer) error { return outbox.Cancel(ctx, tx, "b") })
	update(t, db, func(ctx context.Context, tx store.Writer) error { return outbox.Cancel(ctx, tx, "b") })
	runDue(t, w, 0)
	if err := db.View(context.Background(), func(ctx context.Context, tx store.Reader) error {
		j, err := outbox.Find(ctx, tx, "a")
		if j.DueAt != clock.At(begin.Add(time.Minute)) {
			t.Errorf("job %+v", j)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	c.Step(time.Minute)
	runDue(t, w, 1)
}

func TestTwoWorkersRunEachJobOnce(t *testing.T) {
	db := open(t)
	for i := range 60 {
		schedule(t, db, fmt.Sprint(i), time.Unix(1, 0))
	}
	var wg sync.WaitGroup
	for range 2 {
		w := worker(t, db, clock.System(), outbox.Handler{})
		wg.Go(func() {
			if _, err := w.RunDue(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, s := range seen(t, db, "jobs") {
		count[s]++
	}
	for i := range 60 {
		if n := count[fmt.Sprintf(`"%d"`, i)]; n != 1 {
			t.Errorf("job %d ran %d times", i, n)
		}
	}
}

func TestADeadWorkersJobIsTakenOverAndTheDeadOneHasNoEffect(t *testing.T) {
	db, c := open(t), clock.NewFake(begin)
	schedule(t, db, "a", begin)
	stuck, release := make(chan struct{}), make(chan struct{})
	dead := worker(t, db, c, outbox.Handler{Do: func(context.Context, outbox.Job) error { close(stuck); <-release; return nil }})
	var done sync.WaitGroup
	done.Go(func() { runDue(t, dead, 1) })
	<-stuck
	alive := worker(t, db, c, outbox.Handler{})
	runDue(t, alive, 0) // the lease still holds
	c.Step(30 * time.Second)
	runDue(t, alive, 1)
	close(release)
	done.Wait()
	if got := seen(t, db, "jobs"); len(got) != 1 {
		t.Errorf("effects %v, want one", got)
	}
}

func TestAJobReplacedWhileItRunsHasNoEffect(t *testing.T) {
	db, c := open(t), clock.NewFake(begin)
	schedule(t, db, "a", begin)
	first := true
	w := worker(t, db, c, outbox.Handler{Do: func(context.Context, outbox.Job) error {
		if first {
			first = false
			schedule(t, db, "a", begin.Add(time.Hour))
		}
		return nil
	}})
	runDue(t, w, 1)
	if got := seen(t, db, "jobs"); len(got) != 0 {
		t.Errorf("effects %v, want none", got)
	}
	c.Step(time.Hour)
	runDue(t, w, 1)
	if got := seen(t, db, "jobs"); len(got) != 1 {
		t.Errorf("effects %v, want one", got)
	}
}

func TestFailedJobsAreTriedAgainAndMayScheduleThemselves(t *testing.T) {
	db, c := open(t), clock.NewFake(begin)
	schedule(t, db, "a", begin)
	schedule(t, db, "z", begin)
	w := worker(t, db, c, outbox.Handler{Apply: func(ctx context.Context, tx store.Writer, j outbox.Job) error {
		if err := note(ctx, tx, "jobs", j.ID+fmt.Sprint(j.Attempts)); err != nil {
			return err
		}
		switch {
		case j.ID == "a" && j.Attempts == 0:
			return fault.Unavailable.New("not now")
		case j.ID == "a" && j.Attempts == 1:
			panic("broken")
		case j.ID == "z" && c.Now().Before(begin.Add(time.Hour)):
			return outbox.Schedule(ctx, tx, outbox.Job{ID: "z", Kind: "note", DueAt: clock.At(begin.Add(time.Hour))})
		}
		return nil
	}})
	runDue(t, w, 2)
	if d := cmp.Diff([]string{"z0"}, seen(t, db, "jobs")); d != "" {
		t.Error("a failed job had an effect:\n" + d)
	}
	c.Step(time.Minute)
	runDue(t, w, 1)
	c.Step(time.Minute)
	runDue(t, w, 1)
	c.Step(time.Hour)
	runDue(t, w, 1)
	if d := cmp.Diff([]string{"z0", "a2", "z0"}, seen(t, db, "jobs")); d != "" {
		t.Error(d)
	}
}

func TestARunningWorkerIsWithinASecond(t *testing.T) {
	db, c := open(t), clock.NewFake(begin)
	w := worker(t, db, c, outbox.Handler{})
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { w.Run(ctx) })
	due := begin.Add(300 * time.Millisecond)
	schedule(t, db, "a", due)
	eventually(t, "it waits", func() bool { return c.Waiting() > 0 })
	c.Step(300*time.Millisecond - time.Nanosecond)
	eventually(t, "it waits again", func() bool { return c.Waiting() > 0 })
	if got := seen(t, db, "jobs"); len(got) > 0 {
		t.Errorf("%v were done before they were due", got)
	}
	c.Step(time.Second)
	eventually(t, "the job, a second after it was due at the latest", func() bool { return len(seen(t, db, "jobs")) == 1 })
	schedule(t, db, "b", due)
	w.Wake()
	eventually(t, "the woken job", func() bool { return len(seen(t, db, "jobs")) == 2 })
	cancel()
	done.Wait()
}
