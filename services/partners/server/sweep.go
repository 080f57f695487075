package server

import (
	"context"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/partners/tables"
)

const (
	// keepEnded is how long ended sessions and tokens stay, for somebody who asks what happened.
	keepEnded = 7 * 24 * time.Hour
	// sweepBatch is how many rows one update removes: other writers wait for no more.
	sweepBatch = 200
)

// Sweep removes sessions, access tokens and remembered ID tokens whose time is long over, once an hour until ctx ends. Failures are logged and tried again.
func (s *Server) Sweep(ctx context.Context) {
	for {
		if _, err := s.SweepNow(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "ended sessions and tokens could not be removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.clock.After(time.Hour):
		}
	}
}

// SweepNow removes them once and returns how many there were.
func (s *Server) SweepNow(ctx context.Context) (int, error) {
	long := clock.At(s.clock.Now().Add(-keepEnded))
	total := 0
	for _, sweep := range []func() (int, error){
		func() (int, error) { return sweepTable(ctx, s.db, tables.Sessions, long) },
		func() (int, error) { return sweepTable(ctx, s.db, tables.Tokens, long) },
		// The provider's own end of the token is in the row: behind it the token is refused anyway.
		func() (int, error) { return sweepTable(ctx, s.db, tables.UsedIDTokens, s.now()) },
	} {
		n, err := sweep()
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// sweepTable removes the rows whose end lies before the instant.
func sweepTable[T any](ctx context.Context, db store.DB, t *store.Table[T], before clock.Millis) (int, error) {
	total := 0
	for {
		n := 0
		err := db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
			n = 0
			p, err := t.Find(ctx, tx, store.Query{Index: "by_end", Before: int64(before), Limit: sweepBatch})
			if err != nil {
				return err
			}
			for _, row := range p.Rows {
				if err := t.Delete(ctx, tx, row); err != nil && !store.IsNotFound(err) {
					return err
				}
				n++
			}
			return nil
		})
		total += n
		if err != nil || n < sweepBatch {
			return total, err
		}
	}
}
