package server

import (
	"context"
	"encoding/json"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/tables"
)

// kindSettle is the job that settles an account when something of it is due. Nothing rests on its being in time, since every step settles first.
const kindSettle = "settle"

func settleJob(account string) string { return "settle/" + account }

// Dues follows the journal and plans the settling of accounts. The job of an account moves with what is due next.
func (s *Server) Dues(wake <-chan struct{}, failed func(error)) *outbox.Follower[tables.Entry] {
	return &outbox.Follower[tables.Entry]{
		DB: s.DB, Clock: s.Clock, Consumer: "dues", Wake: wake, Batch: 1000, Apply: s.planned.plan, Failed: failed, Source: s.journal,
	}
}

// planned remembers for when the settling of accounts is planned, which most entries do not change, where no other process plans or settles. It is used in updates only.
type planned struct {
	// through is the last entry that was looked at. Rows up to it come again when what was done about them was not committed.
	through int64
	// due is nil where it cannot be relied on.
	due map[string]clock.Millis
}

// mostPlanned bounds how many accounts are remembered.
const mostPlanned = 50_000

// stands reports whether the account has a job that comes no later than what is due.
func (p *planned) stands(account string, due clock.Millis) bool {
	at, known := p.due[account]
	return known && at <= due
}

// ran forgets the job of an account, which has run.
func (p *planned) ran(account string) { delete(p.due, account) }

func (p *planned) plan(ctx context.Context, tx store.Writer, rows []store.Row[tables.Entry]) error {
	if rows[0].Seq <= p.through || len(p.due) > mostPlanned {
		clear(p.due)
	}
	p.through = rows[len(rows)-1].Seq
	last := map[string]tables.Entry{}
	var order []string
	for _, row := range rows {
		if row.Value.State == "" {
			continue
		}
		account := row.Value.Tx.Account
		if _, known := last[account]; !known {
			order = append(order, account)
		}
		last[account] = row.Value
	}
	for _, account := range order {
		due := last[account].DueAt
		if due == 0 || p.stands(account, due) {
			continue
		}
		data, err := json.Marshal(account)
		if err != nil {
			return err
		}
		at := due
		// A job that comes too early finds out itself when it is needed again.
		early := func(j outbox.Job) bool {
			is := j.DueAt <= due && j.Attempts == 0
			if is {
				at = j.DueAt
			}
			return is
		}
		if err := outbox.ScheduleUnless(ctx, tx, outbox.Job{ID: settleJob(account), Kind: kindSettle, DueAt: due, Data: data}, early); err != nil {
			return err
		}
		if p.due != nil {
			p.due[account] = at
		}
	}
	return nil
}

// cutAccount returns the parts of an account's id.
func cutAccount(account string) (member, wallet string, ok bool) { return strings.Cut(account, "/") }

// settleDue settles an account and plans the next time.
func (s *Server) settleDue(ctx context.Context, tx store.Writer, j outbox.Job) error {
	var account string
	if err := json.Unmarshal(j.Data, &account); err != nil {
		return err
	}
	s.planned.ran(account)
	member, wallet, _ := cutAccount(account)
	row, err := tables.Accounts.Get(ctx, tx, account)
	if store.IsNotFound(err) || err == nil && row.Value.Closed != "" {
		return nil
	}
	if err != nil {
		return err
	}
	return book.Run(ctx, s.books, tx, func(ctx context.Context, u *book.Unit) error {
		w, err := u.Open(ctx, row.Value.Program, member, wallet)
		if err != nil {
			return err
		}
		due := w.DueAt()
		if due == 0 {
			return nil
		}
		return outbox.Schedule(ctx, tx, outbox.Job{ID: j.ID, Kind: kindSettle, DueAt: due, Data: j.Data})
	})
}
