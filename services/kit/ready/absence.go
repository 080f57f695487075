package ready

import "time"

// patience is for how long a stream may be missing before it is more than a start at which others are not ready yet.
const patience = 30 * time.Second

// Absence is that of a stream that has not been there since its reader began.
type Absence struct {
	since time.Time
	told  bool
}

// NewAbsence begins now. What is waited for starts by the machine's clock: a history that is played on another has its hours in no time.
func NewAbsence(now time.Time) *Absence { return &Absence{since: now} }

// Overdue reports, once, that somebody has to look: at a wrong address nothing ever comes.
func (a *Absence) Overdue(now time.Time) bool {
	if a.told || now.Sub(a.since) < patience {
		return false
	}
	a.told = true
	return true
}
