package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
)

// Job is something to be done at an instant.
type Job struct {
	// ID is chosen by whoever schedules, so that it can be replaced and cancelled: "consent-end/abc".
	ID string
	// Kind selects the handler.
	Kind  string
	DueAt clock.Millis
	// Data is what the handler needs, a JSON value.
	Data json.RawMessage
	// Attempts counts how often it has failed.
	Attempts int
}

type job struct {
	Kind  string       `json:"kind"`
	DueAt clock.Millis `json:"due_at"`
	// RunAt is when the job may be taken: when it is due, when its lease ends, or after a pause when it has failed.
	RunAt clock.Millis `json:"run_at"`
	// Lease names the taking; only its holder may finish the job.
	Lease       string          `json:"lease"`
	Attempts    int             `json:"attempts"`
	LastFailure string          `json:"last_failure"`
	Data        json.RawMessage `json:"data"`
}

// Jobs is the table of jobs. A service's database is opened with it.
var Jobs = store.Define[job](store.Spec{Name: "jobs", Indexes: []store.Index{{Name: "run", Fields: []string{"run_at"}}}})

func (j job) public(id string) Job {
	return Job{ID: id, Kind: j.Kind, DueAt: j.DueAt, Data: j.Data, Attempts: j.Attempts}
}

// Schedule adds the job to the transaction. A job of the same id is replaced, even while it runs: what runs then has no effect.
func Schedule(ctx context.Context, tx store.Writer, j Job) error {
	return ScheduleUnless(ctx, tx, j, func(Job) bool { return false })
}

// ScheduleUnless is Schedule that leaves a job with the same id as it is if that one will do.
func ScheduleUnless(ctx context.Context, tx store.Writer, j Job, does func(Job) bool) error {
	if j.ID == "" || j.Kind == "" || j.DueAt == 0 {
		return fault.Internal.New("A job has an id, a kind and an instant.")
	}
	if len(j.Data) == 0 {
		j.Data = json.RawMessage("null")
	}
	fresh := job{Kind: j.Kind, DueAt: j.DueAt, RunAt: j.DueAt, Data: j.Data}
	row, err := Jobs.GetForUpdate(ctx, tx, j.ID)
	if store.IsNotFound(err) {
		_, err = Jobs.Insert(ctx, tx, j.ID, fresh)
		return err
	}
	if err != nil || does(row.Value.public(j.ID)) {
		return err
	}
	row.Value = fresh
	_, err = Jobs.Put(ctx, tx, row)
	return err
}

// Cancel removes the job; it is no error if there is none.
func Cancel(ctx context.Context, tx store.Writer, id string) error {
	row, err := Jobs.GetForUpdate(ctx, tx, id)
	if store.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return Jobs.Delete(ctx, tx, row)
}

// Find returns the job. fault.NotFound if it is done, cancelled or was never there.
func Find(ctx context.Context, tx store.Reader, id string) (Job, error) {
	row, err := Jobs.Get(ctx, tx, id)
	return row.Value.public(id), err
}

// Handler does the jobs of one kind.
type Handler struct {
	// Do, if not nil, does what reaches beyond the database, such as sending a message. It is called at least once and may be called again, after a crash or
	// when the lease runs out, at which its context ends.
	Do func(ctx context.Context, j Job) error
	// Apply, if not nil, has the job's effect in the transaction that removes the job: exactly once. It may schedule the same id again.
	Apply func(ctx context.Context, tx store.Writer, j Job) error
}

// Worker does jobs when they are due. Several, in one process or in many, may work on the same table.
type Worker struct {
	DB       store.DB
	Clock    clock.Clock
	Handlers map[string]Handler
	// Lease is how long a taken job is left alone by others; 0 means 30 s.
	Lease time.Duration
	// Parallel is how many jobs run at the same time; 0 means 4.
	Parallel int
	// Failed is told of jobs that failed, and with an empty job of a database that did. Failed jobs are tried again with growing pauses, at most 5 minutes.
	Failed func(Job, error)

	once sync.Once
	wake chan struct{}
}

func (w *Worker) init() {
	w.once.Do(func() {
		w.wake = make(chan struct{}, 1)
		if w.Lease == 0 {
			w.Lease = 30 * time.Second
		}
		if w.Parallel == 0 {
			w.Parallel = 4
		}
	})
}

// Wake makes a running worker look at once. Without it, a job runs within store.PollInterval of being due.
func (w *Worker) Wake() {
	w.init()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run does jobs until ctx ends; it returns when those that run have ended.
func (w *Worker) Run(ctx context.Context) {
	w.init()
	failures := 0
	for ctx.Err() == nil {
		pause := store.PollInterval
		if _, err := w.RunDue(ctx); err != nil && ctx.Err() == nil {
			w.Failed(Job{}, err)
			failures++
			pause = backoff(failures)
		} else {
			failures = 0
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-w.Clock.After(pause):
		}
	}
}

// RunDue does the jobs that are due now, and those that become due meanwhile, and returns how many it tried. The error is the database's; that of a job goes
// to Failed.
func (w *Worker) RunDue(ctx context.Context) (int, error) {
	w.init()
	total := 0
	for {
		taken, err := w.take(ctx)
		if err != nil || len(taken) == 0 {
			return total, err
		}
		var all sync.WaitGroup
		for _, row := range taken {
			all.Go(func() { w.do(ctx, row) })
		}
		all.Wait()
		total += len(taken)
	}
}

// take leases up to Parallel due jobs.
func (w *Worker) take(ctx context.Context) ([]store.Row[job], error) {
	due := store.Query{Index: "run", Limit: w.Parallel}
	found := false
	// Looking costs no write: most of the time there is nothing.
	err := w.DB.View(ctx, func(ctx context.Context, tx store.Reader) error {
		due.Before = int64(clock.At(w.Clock.Now())) + 1
		page, err := Jobs.Find(ctx, tx, due)
		found = len(page.Rows) > 0
		return err
	})
	if err != nil || !found {
		return nil, err
	}
	var taken []store.Row[job]
	err = w.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		taken = nil
		now := w.Clock.Now()
		page, err := Jobs.Find(ctx, tx, due)
		if err != nil {
			return err
		}
		for _, candidate := range page.Rows {
			row, err := Jobs.GetForUpdate(ctx, tx, candidate.ID)
			if store.IsNotFound(err) || err == nil && row.Value.RunAt > clock.At(now) {
				continue // another worker was quicker
			}
			if err != nil {
				return err
			}
			row.Value.Lease, row.Value.RunAt = id.At(now), clock.At(now.Add(w.Lease))
			if row, err = Jobs.Put(ctx, tx, row); err != nil {
				return err
			}
			taken = append(taken, row)
		}
		return nil
	})
	if store.IsChanged(err) || fault.Has(err, fault.Conflict) {
		return nil, nil // another worker was quicker; what it left is found next time
	}
	return taken, err
}

// do runs a leased job to its end or to its next attempt.
func (w *Worker) do(ctx context.Context, row store.Row[job]) {
	leased, cancel := context.WithCancel(ctx)
	defer cancel()
	over := w.Clock.After(w.Lease)
	go func() {
		select {
		case <-over:
			cancel()
		case <-leased.Done():
		}
	}()
	j := row.Value.public(row.ID)
	err := w.attempt(leased, row, j)
	if err == nil || ctx.Err() != nil {
		return // a stopping worker's lease runs out, and another takes over
	}
	w.Failed(j, err)
	if err := w.postpone(ctx, row, err); err != nil && ctx.Err() == nil {
		w.Failed(j, fmt.Errorf("the failure could not be recorded: %w", err))
	}
}

// attempt calls the handler and removes the job. It does neither in the database if the lease is no longer ours.
func (w *Worker) attempt(ctx context.Context, row store.Row[job], j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	h, ok := w.Handlers[j.Kind]
	if !ok {
		return fmt.Errorf("nobody handles jobs of kind %q", j.Kind)
	}
	if h.Do != nil {
		if err := h.Do(ctx, j); err != nil {
			return err
		}
	}
	return w.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		mine, ok, err := held(ctx, tx, row)
		if err != nil || !ok {
			return err
		}
		// First, so that Apply may schedule the same id again.
		if err := Jobs.Delete(ctx, tx, mine); err != nil {
			return err
		}
		if h.Apply == nil {
			return nil
		}
		return h.Apply(ctx, tx, j)
	})
}

// postpone gives a failed job back, to be tried after a pause.
func (w *Worker) postpone(ctx context.Context, row store.Row[job], failure error) error {
	return w.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		mine, ok, err := held(ctx, tx, row)
		if err != nil || !ok {
			return err
		}
		mine.Value.Attempts++
		mine.Value.Lease = ""
		// Only the reason: the text may hold what is nobody's business in a table of jobs.
		mine.Value.LastFailure = fault.Of(failure).Reason.Name
		mine.Value.RunAt = clock.At(w.Clock.Now().Add(backoff(mine.Value.Attempts)))
		_, err = Jobs.Put(ctx, tx, mine)
		return err
	})
}

// held reads the job for update and reports whether it is still there under the lease of row.
func held(ctx context.Context, tx store.Writer, row store.Row[job]) (store.Row[job], bool, error) {
	now, err := Jobs.GetForUpdate(ctx, tx, row.ID)
	if store.IsNotFound(err) {
		return now, false, nil
	}
	return now, err == nil && now.Value.Lease == row.Value.Lease, err
}
