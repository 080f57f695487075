// Package outbox carries what happened out of a service, and brings back what is due.
//
// Events are appended in the transaction of the effect that they tell of, so that neither exists without the other. They are read in commit order, by other
// services through a ListEvents RPC of the service that made them. A Follower applies them to its own database together with the position up to which it has
// read: each event has its effect once. Tail follows in memory, for what a process rebuilds when it starts.
//
// Jobs are due at an instant and survive restarts. A Worker leases those that are due; the effect of a job and its removal are one transaction.
package outbox

import (
	"context"
	"encoding/json"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
)

// Event says that something happened.
type Event struct {
	// Type says what, such as "stories.edition.published".
	Type string `json:"type"`
	// Subject is the resource name of what it happened to, such as "stories/abc".
	Subject string `json:"subject"`
	// Actor is the principal who did it, such as "user/abc".
	Actor      string       `json:"actor"`
	OccurredAt clock.Millis `json:"occurred_at"`
	// Key distinguishes the event from all others for consumers that keep their own records; Append sets it where it is empty.
	Key string `json:"key"`
	// SchemaVersion is the version of the shape of Data, from 1.
	SchemaVersion int `json:"schema_version"`
	// Data holds the facts, a JSON object.
	Data json.RawMessage `json:"data"`
}

// Events is the table of events. A service's database is opened with it.
var Events = store.Define[Event](store.Spec{Name: "events", Feed: true})

// Recorded is an event with its id and its sequence number.
type Recorded = store.Row[Event]

// Append adds an event to the transaction. A SchemaVersion of 0 means 1, no Data means {}.
func Append(ctx context.Context, tx store.Writer, e Event) error {
	if e.Type == "" || e.OccurredAt == 0 {
		return fault.Internal.New("An event has a type and an instant.")
	}
	row := id.At(e.OccurredAt.Time())
	if e.Key == "" {
		e.Key = row
	}
	if e.SchemaVersion == 0 {
		e.SchemaVersion = 1
	}
	if len(e.Data) == 0 {
		e.Data = json.RawMessage("{}")
	}
	_, err := Events.Insert(ctx, tx, row, e)
	return err
}

// Source returns up to limit events after the sequence number, in order; none means that the feed was read to its end. A service's own events are
// List(db); those of another service come through its ListEvents RPC.
type Source func(ctx context.Context, after int64, limit int) ([]Recorded, error)

// List returns the Source of the events in db.
func List(db store.DB) Source {
	return func(ctx context.Context, after int64, limit int) ([]Recorded, error) {
		return Events.Feed(ctx, db, after, limit)
	}
}

type position struct {
	After     int64        `json:"after"`
	UpdatedAt clock.Millis `json:"updated_at"`
}

// Positions is the table of how far followers have read. The database of a service that follows is opened with it.
var Positions = store.Define[position](store.Spec{Name: "event_positions"})

// Specs returns the tables of this package.
func Specs() []*store.Spec { return []*store.Spec{Events.Spec(), Positions.Spec(), Jobs.Spec()} }

// batch is how many rows are read, and applied in one transaction, at a time.
const batch = 100

// Follower applies what a feed tells to a database, each row once, in order. T is what the feed's rows hold: Event, or the record of a service's own feed table.
// Several replicas may run the same follower.
type Follower[T any] struct {
	// DB takes the effects and the position. It need not be where the feed is.
	DB    store.DB
	Clock clock.Clock
	// Consumer names the position.
	Consumer string
	// Source returns up to limit rows after the sequence number, in order; none means that the feed was read to its end.
	Source func(ctx context.Context, after int64, limit int) ([]store.Row[T], error)
	// Wake, if not nil, makes the follower look at once: see store.DB.Changed.
	Wake <-chan struct{}
	// Batch is how many rows are read, and applied in one transaction, at a time; 0 means 100.
	Batch int
	// Longest bounds the pauses after failures; 0 means five minutes.
	Longest time.Duration
	// Apply has the effect of rows in tx. It may be called more than once for a row; only the last call has effects. What must reach beyond the
	// database is scheduled as a job.
	Apply func(ctx context.Context, tx store.Writer, rows []store.Row[T]) error
	// Failed is told when reading or applying failed. It is tried again, with growing pauses; a row that cannot be applied holds up those behind it.
	Failed func(error)
}

// Run follows until ctx ends.
func (f *Follower[T]) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		n, err := f.CatchUp(ctx)
		pause := store.PollInterval
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			f.Failed(err)
			if n > 0 {
				failures = 0
			}
			failures++
			pause = backoff(failures)
			if f.Longest > 0 {
				pause = min(pause, f.Longest)
			}
		default:
			failures = 0
		}
		select {
		case <-ctx.Done():
		case <-f.Wake:
		case <-f.Clock.After(pause):
		}
	}
}

// CatchUp applies what there is and returns how many rows that were.
func (f *Follower[T]) CatchUp(ctx context.Context) (int, error) {
	after, err := f.Position(ctx)
	if err != nil {
		return 0, err
	}
	usual := f.Batch
	if usual <= 0 {
		usual = batch
	}
	total, size := 0, usual
	for {
		rows, err := f.Source(ctx, after, size)
		if err != nil || len(rows) == 0 {
			return total, err
		}
		if err := f.apply(ctx, rows); err != nil {
			if size == 1 {
				return total, err
			}
			size = 1 // one of them fails: those before it go through, one at a time
			continue
		}
		total += len(rows)
		after = rows[len(rows)-1].Seq
	}
}

// Position returns the sequence number of the last row that was applied.
func (f *Follower[T]) Position(ctx context.Context) (int64, error) {
	var after int64
	err := f.DB.View(ctx, func(ctx context.Context, tx store.Reader) (err error) {
		after, err = PositionOf(ctx, tx, f.Consumer)
		return err
	})
	return after, err
}

// PositionOf returns the sequence number of the last row that a follower has applied to the database that tx reads, 0 if there was none.
func PositionOf(ctx context.Context, tx store.Reader, consumer string) (int64, error) {
	row, err := Positions.Get(ctx, tx, consumer)
	if store.IsNotFound(err) {
		return 0, nil
	}
	return row.Value.After, err
}

// apply has the effects of the rows that are still ahead of the stored position, and moves it, in one transaction.
func (f *Follower[T]) apply(ctx context.Context, rows []store.Row[T]) error {
	return f.DB.Update(store.Patient(ctx), func(ctx context.Context, tx store.Writer) error {
		row, err := Positions.GetForUpdate(ctx, tx, f.Consumer)
		if store.IsNotFound(err) {
			row, err = Positions.Insert(ctx, tx, f.Consumer, position{})
		}
		if err != nil {
			return err
		}
		ahead := rows
		for len(ahead) > 0 && ahead[0].Seq <= row.Value.After {
			ahead = ahead[1:] // another replica was quicker
		}
		if len(ahead) == 0 {
			return nil
		}
		if err := f.Apply(ctx, tx, ahead); err != nil {
			return err
		}
		row.Value = position{ahead[len(ahead)-1].Seq, clock.At(f.Clock.Now())}
		_, err = Positions.Put(ctx, tx, row)
		return err
	})
}

// Tail reads events from the one after the sequence number until ctx ends, and keeps its position only in memory. apply gets them in order; it must not fail.
// caughtUp, if not nil, is called after every reading that came to the end of the feed: what was applied is then complete as of now, the instant at which that
// reading began. failed is told of errors; reading goes on.
func Tail(ctx context.Context, source Source, c clock.Clock, after int64, wake <-chan struct{}, apply func([]Recorded), caughtUp func(now time.Time), failed func(error)) {
	failures := 0
	for ctx.Err() == nil {
		now := c.Now()
		events, err := source(ctx, after, store.MaxLimit)
		if ctx.Err() != nil {
			return
		}
		pause := store.PollInterval
		if err != nil {
			failed(err)
			failures++
			// Who follows in memory is only of use while it is up to date: it does not wait for minutes.
			pause = min(backoff(failures), time.Second)
		} else {
			failures = 0
			if len(events) > 0 {
				apply(events)
				after = events[len(events)-1].Seq
				continue
			}
			if caughtUp != nil {
				caughtUp(now)
			}
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-c.After(pause):
		}
	}
}

// backoff grows from a fifth of a second to five minutes.
func backoff(failures int) time.Duration {
	return min(store.PollInterval<<min(failures, 20), 5*time.Minute)
}
