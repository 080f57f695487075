package ledger

import (
	"cmp"
	"slices"
	"strings"

	"renown.example/kit/clock"
)

// Idle is the deadline of the open lots of one life that moves with the member's activity. It is there as long as such a lot is open.
type Idle struct {
	// Life is theirs, in words of the policy that made them: lots that were issued under a former policy keep the deadline of that.
	Life string `json:"life"`
	// EndsAt is the first instant at which they cannot be spent any more, if nothing is heard of the member until then.
	EndsAt clock.Millis `json:"endsAt"`
	// Open is how many points they hold, Free how many of them end then: those that are neither held nor frozen.
	Open int64 `json:"open"`
	Free int64 `json:"free,omitempty"`
}

// Deadline is where a transaction has moved the deadline of a life to.
type Deadline struct {
	Life   string       `json:"life"`
	EndsAt clock.Millis `json:"endsAt"`
}

// idleLife is how the words of a life begin that moves with the member's activity.
const idleLife = "inactivity "

// idles reports whether the lot's end moves with the member's activity.
func (l *Lot) idles() bool { return l.ExpiresAt == 0 && strings.HasPrefix(l.Life, idleLife) }

// Ends is the first instant at which a lot of the account cannot be spent any more as things are, zero if there is none.
func (a *Account) Ends(l *Lot) clock.Millis {
	if !l.idles() {
		return l.ExpiresAt
	}
	if i, ok := idleOf(a.Idle, l.Life); ok {
		return a.Idle[i].EndsAt
	}
	return 0
}

// idleOf finds the place of a life.
func idleOf(all []Idle, life string) (int, bool) {
	return slices.BinarySearchFunc(all, life, func(i Idle, life string) int { return cmp.Compare(i.Life, life) })
}

// idleDue is the earliest deadline that would end points, zero if there is none.
func idleDue(all []Idle) (due clock.Millis) {
	for _, i := range all {
		if i.Free > 0 && (due == 0 || i.EndsAt < due) {
			due = i.EndsAt
		}
	}
	return due
}

// active moves the deadlines: the step is something that the member did. None moves back.
func (e *entry) active(until func(life string) clock.Millis) error {
	e.idle = until
	if until == nil {
		return nil
	}
	for _, i := range e.book.account.Idle {
		at := until(i.Life)
		if unkept(at) {
			return refuse(Invalid, "points that live %s cannot end at %d", i.Life, at)
		}
		if at > i.EndsAt {
			e.deadline(i.Life, at)
		}
	}
	return nil
}

// arm gives the life of a lot that is about to hold points a deadline, if it needs one and has none.
func (e *entry) arm(l Lot) error {
	if !l.idles() {
		return nil
	}
	if _, ok := idleOf(e.book.account.Idle, l.Life); ok {
		return nil
	}
	if e.idle == nil {
		return refuse(Invalid, "points that live %s need a deadline, and the step has none", l.Life)
	}
	at := e.idle(l.Life)
	if at == 0 || unkept(at) {
		return refuse(Invalid, "points that live %s cannot end at %d", l.Life, at)
	}
	e.deadline(l.Life, at)
	return nil
}

// deadline sets the deadline of a life, and notes that the transaction did.
func (e *entry) deadline(life string, at clock.Millis) {
	a := &e.book.account
	i, ok := idleOf(a.Idle, life)
	a.Idle = slices.Clone(a.Idle)
	if !ok {
		a.Idle = slices.Insert(a.Idle, i, Idle{Life: life})
	}
	a.Idle[i].EndsAt = at
	e.tx.Idle = append(e.tx.Idle, Deadline{life, at})
}

// countIdle adds to the figures of a deadline what the points of a lot that lives by it have become more.
func (b *Book) countIdle(l *Lot, open, reserved int64) {
	if !l.idles() {
		return
	}
	i, ok := idleOf(b.account.Idle, l.Life)
	if !ok {
		return
	}
	b.account.Idle = slices.Clone(b.account.Idle)
	v := &b.account.Idle[i]
	v.Open += open
	if l.FrozenAt == 0 {
		v.Free += open - reserved
	}
}

// idled drops the deadlines of lives of which nothing is open any more, and keeps DueAt right.
func (e *entry) idled() {
	a, before := &e.book.account, idleDue(e.began.account.Idle)
	if slices.ContainsFunc(a.Idle, func(i Idle) bool { return i.Open == 0 }) {
		a.Idle = slices.DeleteFunc(slices.Clone(a.Idle), func(i Idle) bool { return i.Open == 0 })
		if len(a.Idle) == 0 {
			a.Idle = nil
		}
	}
	after := idleDue(a.Idle)
	if before != 0 && before == a.DueAt && after != before {
		e.book.stale = true
	}
	if after != 0 && (a.DueAt == 0 || after < a.DueAt) {
		a.DueAt = after
	}
}
