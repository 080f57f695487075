package domain

import (
	"slices"
	"time"

	"renown.example/kit/clock"
)

// ReminderDays are how many days before a consent ends its giver is reminded, the earliest first.
var ReminderDays = []int{90, 30, 7}

// Reminder is one of the times at which a consent's end is pointed out.
type Reminder struct {
	Days int
	At   clock.Millis
}

// Reminders returns the reminders of a consent that was recorded at an instant, the earliest first. Those that would have lain before it are left out: nobody is
// reminded of what they have just done.
func (c Consent) Reminders(recorded clock.Millis) []Reminder {
	var out []Reminder
	for _, days := range ReminderDays {
		if at := clock.At(c.Ends.Time().AddDate(0, 0, -days)); c.Ends != 0 && at > recorded {
			out = append(out, Reminder{Days: days, At: at})
		}
	}
	return out
}

// DueReminder returns the days of the reminder to send at now, 0 for none. last is that of the one sent before, 0 if none was. Of several that have become due
// meanwhile only the latest is sent.
func (c Consent) DueReminder(recorded, now clock.Millis, last int) int {
	due := 0
	for _, r := range c.Reminders(recorded) {
		if r.At <= now && !c.Ended(now) && (last == 0 || r.Days < last) {
			due = r.Days
		}
	}
	return due
}

// NextReminder returns the first reminder after now, false if there is none.
func (c Consent) NextReminder(recorded, now clock.Millis) (Reminder, bool) {
	for _, r := range c.Reminders(recorded) {
		if r.At > now {
			return r, true
		}
	}
	return Reminder{}, false
}

// Renewable reports whether the consent can be renewed at now as it is: it counts, and its first reminder is due. Before that a press on the same button would add
// year to year.
func (c Consent) Renewable(recorded, now clock.Millis) bool {
	reminders := c.Reminders(recorded)
	return len(reminders) > 0 && now >= reminders[0].At && c.Counts(now) && c.Kind == Signed
}

// RenewedEnd is until when a renewal holds: for as long again, in calendar months and days, from the end of the consent that it renews.
func (c Consent) RenewedEnd() clock.Millis {
	begin, end := max(c.SignedAt, c.From).Time(), c.Ends.Time()
	months := 0
	for !addMonths(begin, months+1).After(end) {
		months++
	}
	rest := end.Sub(addMonths(begin, months))
	days := int(rest / (24 * time.Hour))
	if months == 0 && days == 0 {
		return clock.At(end.Add(rest))
	}
	return clock.At(addMonths(end, months).AddDate(0, 0, days))
}

// addMonths is AddDate for months that stays in the month: a month after 31 January is the last day of February.
func addMonths(t time.Time, months int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// Renew returns the consent that follows on c: the same words, uses and signer, given at now, until an end that lies no later than latest. What was taken back of c
// is not given again by it: that takes a signature.
func (c Consent) Renew(id string, now, latest clock.Millis) Consent {
	n := c
	n.ID, n.Renews, n.From, n.SignedAt, n.Ends = id, c.ID, c.Ends, now, min(c.RenewedEnd(), latest)
	n.Withdrawals = slices.Clone(c.Withdrawals)
	for i := range n.Withdrawals {
		n.Withdrawals[i].At = now
	}
	return n
}

// RestsOn reports whether, of all consents, c is the one on which the text of this hash rests at now.
func RestsOn(c Consent, consents []Consent, hash string, now clock.Millis) bool {
	if c.Hash != hash {
		return false
	}
	best, err := Require(consents, c.Locale, hash, now)
	return err == nil && best.ID == c.ID
}
