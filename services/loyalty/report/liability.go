// Package report holds what is counted from the journal: what the company owes its members in points, and how that came about. It is pure: the server's follower feeds
// it and keeps what it counts.
package report

import (
	"strings"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
)

// Movement is what happened to the points of a group of members on a day, in points. Days are those on which entries were written down: what a past day says never
// changes, and what was settled late counts when it was settled.
type Movement struct {
	// Issued came from rules, Opened was brought along from elsewhere (debts below zero), Adjusted was given (or, below zero, taken) by hand, Transferred came from (or went to) members of
	// other groups.
	Issued      int64 `json:"issued,omitempty"`
	Opened      int64 `json:"opened,omitempty"`
	Adjusted    int64 `json:"adjusted,omitempty"`
	Transferred int64 `json:"transferred,omitempty"`
	// Reversed was taken back after returns, Redeemed spent (less what was restored), Expired and Donated ended so.
	Reversed int64 `json:"reversed,omitempty"`
	Redeemed int64 `json:"redeemed,omitempty"`
	Expired  int64 `json:"expired,omitempty"`
	Donated  int64 `json:"donated,omitempty"`
	// The changes of what members hold; Debt is below zero.
	Pending   int64 `json:"pending,omitempty"`
	Available int64 `json:"available,omitempty"`
	Reserved  int64 `json:"reserved,omitempty"`
	Frozen    int64 `json:"frozen,omitempty"`
	Debt      int64 `json:"debt,omitempty"`
}

// Outstanding is what is owed: all that members hold, less what they owe.
func (m Movement) Outstanding() int64 {
	return m.Pending + m.Available + m.Reserved + m.Frozen + m.Debt
}

// Net is by how much the outstanding points changed, reckoned from where they came from and went to. It equals the change of Outstanding, or the journal is broken:
// closing = opening + issued + opened + adjusted + transferred - reversed - redeemed - expired - donated.
func (m Movement) Net() int64 {
	return m.Issued + m.Opened + m.Adjusted + m.Transferred - m.Reversed - m.Redeemed - m.Expired - m.Donated
}

// Add adds another movement.
func (m *Movement) Add(o Movement) {
	for i, to := range m.figures() {
		*to += *o.figures()[i]
	}
}

func (m *Movement) figures() []*int64 {
	return []*int64{
		&m.Issued, &m.Opened, &m.Adjusted, &m.Transferred, &m.Reversed, &m.Redeemed, &m.Expired, &m.Donated,
		&m.Pending, &m.Available, &m.Reserved, &m.Frozen, &m.Debt,
	}
}

// Count adds a transaction.
func (m *Movement) Count(tx *ledger.Transaction) {
	for _, l := range tx.Legs {
		name, rest, _ := strings.Cut(l.Account, ":")
		switch name {
		case string(ledger.Pending):
			m.Pending += l.Points
		case string(ledger.Available):
			m.Available += l.Points
		case string(ledger.Reserved):
			m.Reserved += l.Points
		case string(ledger.Frozen):
			m.Frozen += l.Points
		case string(ledger.Debt):
			m.Debt += l.Points
		case "issuance":
			m.Issued -= l.Points
		case "transfer":
			if rest == ledger.Opening { // a debt that was brought along
				m.Opened -= l.Points
			} else {
				m.Transferred -= l.Points
			}
		case ledger.Opening:
			m.Opened -= l.Points
		case ledger.Adjusted:
			m.Adjusted -= l.Points
		case ledger.Reversed:
			m.Reversed += l.Points
		case ledger.Redeemed:
			m.Redeemed += l.Points
		case ledger.Expired:
			m.Expired += l.Points
		case "donated":
			m.Donated += l.Points
		}
	}
}

// Day is the civil date of an instant in a zone, "2026-11-27".
func Day(at clock.Millis, zone *time.Location) string {
	return at.Time().In(zone).Format(time.DateOnly)
}

// Month is the month of an instant in a zone, "2026-11": members who enrolled in one are a cohort.
func Month(at clock.Millis, zone *time.Location) string { return at.Time().In(zone).Format("2006-01") }

// Row is a day's roll-forward: what was owed at its beginning and at its end, and what happened between.
type Row struct {
	Day              string
	Opening, Closing int64
	Movement
}

// Roll makes the roll-forward from the movements of days in order, beginning with what was owed before them. Days without movements are filled in up to and including
// last, if it is given.
func Roll(opening int64, days []string, of map[string]Movement, first, last string) []Row {
	var rows []Row
	at := opening
	add := func(day string) {
		m := of[day]
		rows = append(rows, Row{Day: day, Opening: at, Closing: at + m.Net(), Movement: m})
		at += m.Net()
	}
	if first == "" && len(days) > 0 {
		first = days[0]
	}
	if last == "" && len(days) > 0 {
		last = days[len(days)-1]
	}
	for day := first; day != "" && day <= last; day = next(day) {
		add(day)
	}
	return rows
}

// next is the day after.
func next(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly)
}
