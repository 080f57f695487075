package book

import (
	"context"
	"fmt"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/tier"
)

// TierChanged is the type of the entry that records a change of tier.
const TierChanged = "loyalty.tier.changed"

// tiers lets the account's transactions since the last time count for its tier, and the time that has passed. Each change is a transaction of the member's chain that
// moves no points.
func (u *Unit) tiers(ctx context.Context, w *Work) error {
	books := u.session.books
	if books.Ladder == nil {
		return nil
	}
	l, err := books.Ladder(ctx, u.Tx, w.Row.Value.Program, w.Row.Value.Wallet)
	if err != nil {
		return err
	}
	var steps []counted
	for _, tx := range w.Book.Transactions() {
		if t := w.Row.Value.Tiers; t == nil || tx.Seq > t.Seq {
			steps = append(steps, counted{tx, u.session.entry(w, tx, system)})
		}
	}
	if t := w.Row.Value.Tiers; t != nil && len(steps) == 0 && l.Idle(t.Standing, u.Now) {
		return nil
	}
	next, changes := stand(l, w.Row.Value.Tiers, steps, u.Now)
	if len(steps) == 0 && len(changes) == 0 && !w.fresh {
		return nil
	}
	for _, c := range changes {
		if err := u.noteTier(w, l, c); err != nil {
			return err
		}
	}
	next.Seq = w.Book.Account().Seq
	w.Row.Value.Tiers = &next
	return nil
}

// Stand lets the steps that were taken on an account so far count for its tiers now, for a reply that tells where the member stands. Otherwise they do when the command ends.
func (u *Unit) Stand(ctx context.Context, w *Work) error { return u.tiers(ctx, w) }

// noteTier records a change of tier.
func (u *Unit) noteTier(w *Work, l tier.Ladder, c tier.Change) error {
	tx, err := w.Book.Note(ledger.Step{Now: u.Now, EffectiveAt: c.At})
	if err != nil {
		return Refused(err)
	}
	e := u.session.entry(w, tx, system)
	e.Type = TierChanged
	for _, v := range l.Versions {
		if v.Version == c.Version {
			e.Source = fmt.Sprintf("tiers/%s@%d", v.ID, v.Version)
		}
	}
	e.Facts, err = Facts(c)
	return err
}

// counted is a transaction and what it was about.
type counted struct {
	tx    ledger.Transaction
	entry *tables.Entry
}

// stand returns where an account stands with its tiers after further transactions, as of now, and what changed. was is nil for an account that has just begun.
func stand(l tier.Ladder, was *tables.Tiers, steps []counted, now clock.Millis) (tables.Tiers, []tier.Change) {
	var t tables.Tiers
	var changes []tier.Change
	if was != nil {
		t = *was
	} else {
		t.Begun = now
		t.Standing, changes = l.Enrol(now)
	}
	for _, s := range steps {
		var c []tier.Change
		t.Standing, c = l.Record(t.Standing, TierEntry(*s.entry, s.tx))
		changes = append(changes, c...)
	}
	var c []tier.Change
	t.Standing, c = l.Evaluate(t.Standing, now)
	return t, append(changes, c...)
}

// TierEntry is what a transaction means for tiers.
func TierEntry(e tables.Entry, tx ledger.Transaction) tier.Entry {
	out := tier.Entry{
		EffectiveAt: tx.EffectiveAt, RecordedAt: tx.RecordedAt, Balance: tx.After.Available + tx.After.Reserved + tx.After.Frozen + tx.After.Debt,
	}
	if tx.Kind == ledger.KindAccrue || tx.Kind == ledger.KindReverse {
		for _, leg := range tx.Legs {
			if leg.Account == ledger.Reversed || strings.HasPrefix(leg.Account, ledger.IssuanceOf("")) {
				out.Earned -= leg.Points
			}
		}
	}
	if c := e.Counts; c != nil {
		out.Spend, out.Visits = c.Spend, c.Visits
		if c.At != 0 {
			out.EffectiveAt = c.At
		}
	}
	out.Joined = joined(e, tx)
	switch {
	case e.Actor != system:
	case tx.Kind == ledger.KindActivate, tx.Kind == ledger.KindExpire, tx.Kind == ledger.KindLapse:
		// It was due then, however late it was written down.
		out.RecordedAt = tx.EffectiveAt
	}
	return out
}

// Standing returns where an account stands with its tiers as settling it now would leave it. Nothing is written.
func (b *Books) Standing(ctx context.Context, tx store.Reader, a tables.Account, now clock.Millis) (tier.Ladder, tier.Standing, error) {
	if b.Ladder == nil {
		return tier.Ladder{}, tier.Standing{}, nil
	}
	l, err := b.Ladder(ctx, tx, a.Program, a.Wallet)
	if err != nil {
		return l, tier.Standing{}, err
	}
	var steps []counted
	if a.Ledger.DueAt != 0 && a.Ledger.DueAt <= now {
		viewed, err := View(ctx, tx, a.Ledger, now)
		if err != nil {
			return l, tier.Standing{}, err
		}
		for _, step := range viewed.Transactions() {
			steps = append(steps, counted{step, &tables.Entry{Actor: system}})
		}
	}
	t, _ := stand(l, a.Tiers, steps, now)
	return l, t.Standing, nil
}
