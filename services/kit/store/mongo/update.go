package mongo

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// commitPatience bounds how long the outcome of a commit is asked for.
const commitPatience = 10 * time.Second

// bounded gives ctx the bound that servers put on transactions, if it has none.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, lifetime)
}

// Update implements store.DB.
func (db *DB) Update(ctx context.Context, fn func(ctx context.Context, tx store.Writer) error) error {
	if in, ok := ctx.Value(inside{db}).(bool); ok && in {
		return fault.Internal.New("an update closure must not start another update")
	}
	if err := ctx.Err(); err != nil {
		return engineFault(err)
	}
	return db.transact(context.WithValue(ctx, inside{db}, true), true, func(ctx context.Context, t *tx) error { return fn(ctx, t) })
}

// View implements store.DB. The closure may run again if the server has lost the snapshot.
func (db *DB) View(ctx context.Context, fn func(ctx context.Context, tx store.Reader) error) error {
	return db.transact(ctx, false, func(ctx context.Context, t *tx) error { return fn(ctx, t) })
}

// transact runs fn in transactions until one is committed or refused.
func (db *DB) transact(ctx context.Context, writes bool, fn func(ctx context.Context, t *tx) error) error {
	if !db.enter() {
		return errClosed
	}
	defer db.running.Done()
	ctx, cancel := bounded(ctx)
	defer cancel()
	var contended *rowKey
	for attempt := 0; ; attempt++ {
		t := &tx{db: db, writes: writes}
		cause, err := db.attempt(ctx, t, contended, fn)
		if cause == nil {
			return err
		}
		if db.opts.Retried != nil {
			db.opts.Retried(cause)
		}
		if db.closing() {
			return errClosed.Wrap(cause)
		}
		if t.contended != nil {
			contended = t.contended
		}
		if !db.pause(ctx, attempt) {
			return fault.Conflict.New("concurrent changes could not all be made; send the request again").Wrap(errors.Join(context.Cause(ctx), cause))
		}
	}
}

// attempt runs fn in one transaction. A cause that is not nil says that it is worth another attempt; otherwise err is the result.
func (db *DB) attempt(ctx context.Context, t *tx, contended *rowKey, fn func(ctx context.Context, t *tx) error) (cause, err error) {
	defer t.releaseRow()
	if contended != nil {
		if err := t.takeRow(ctx, *contended); err != nil {
			return nil, engineFault(err)
		}
	}
	if t.session, err = db.session(); err != nil {
		return nil, engineFault(err)
	}
	// Ending a session aborts its transaction if it still runs: so it does after an error, after a panic, and when the closure ends its goroutine.
	defer func() {
		t.finish()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
		defer cancel()
		t.session.EndSession(end)
	}()
	var over context.CancelFunc
	t.patient, over = db.patiently(ctx)
	defer over()
	if err := t.session.StartTransaction(); err != nil {
		return nil, engineFault(err)
	}
	err = fn(ctx, t)
	if err == nil && t.broken == nil {
		err = t.guard(ctx)
	}
	switch {
	case t.broken != nil && classify(t.broken) == conflict && ctx.Err() == nil:
		return t.broken, nil
	case err == nil && t.broken != nil: // the closure swallowed an error after which nothing may be committed
		return nil, engineFault(t.broken)
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, engineFault(ctx.Err())
	}
	return db.commit(ctx, t)
}

// commit commits the transaction, and asks again while the outcome is unknown: to commit twice is to commit once. The caller's cancellation comes too late here.
func (db *DB) commit(ctx context.Context, t *tx) (cause, err error) {
	if !t.begun {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
	defer cancel()
	for attempt := 0; ; attempt++ {
		err := t.session.CommitTransaction(ctx)
		switch classifyCommit(err) {
		case commitDone:
			db.topics.Announce(t.fed)
			return nil, nil
		case commitLost:
			return err, nil
		}
		if !t.wrote {
			return err, nil // another snapshot will do
		}
		if serverCode(err) == codeNoSuchTransaction || !db.pause(ctx, attempt) { // the server no longer knows the transaction, or does not answer in time
			return nil, fault.Unavailable.New("the database did not say whether the change was made").WithMeta(store.MetaOutcome, "unknown").Wrap(err)
		}
	}
}

// serverCode returns the code of an error that a server has answered with, or 0.
func serverCode(err error) int32 {
	var command mongo.CommandError
	if errors.As(err, &command) {
		return command.Code
	}
	return 0
}

// pause waits before another attempt, longer each time and never the same; it returns false when ctx ends.
func (db *DB) pause(ctx context.Context, attempt int) bool {
	longest := time.Millisecond << min(attempt, 7)
	select {
	case <-db.opts.Clock.After(time.Duration(rand.Int64N(int64(longest)) + 1)):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
