package verify

import "strings"

// idles reports whether the end of a lot moves with the member's activity.
func idles(l object) bool {
	return number(l, "expiresAt") == 0 && strings.HasPrefix(text(l, "life"), "inactivity ")
}

// deadlines replays where an entry moved the deadlines of such lives to. None moves back.
func (a *replay) deadlines(row Row, tx object) {
	for _, d := range list(tx, "idle") {
		set, _ := d.(object)
		life, at := text(set, "life"), number(set, "endsAt")
		if a.idle[life] == nil {
			a.idle[life] = object{"life": life, "endsAt": at, "open": int64(0), "free": int64(0)}
			continue
		}
		if at <= number(a.idle[life], "endsAt") {
			a.note(Journal, row.ID, ".tx.idle", "the deadline of %q moves from %d to %d", life, number(a.idle[life], "endsAt"), at)
		}
		a.idle[life]["endsAt"] = at
	}
}

// living counts what is open, and what is free, of a lot of such a life.
func (a *replay) living(row Row, l object, sign int64) {
	if !idles(l) {
		return
	}
	open, reserved := number(l, "open"), number(l, "reserved")
	d := a.idle[text(l, "life")]
	if d == nil {
		if open != 0 {
			a.note(Journal, row.ID, ".tx.idle", "lot %d lives %q, and there is no deadline", number(l, "n"), text(l, "life"))
		}
		return
	}
	d["open"] = number(d, "open") + sign*open
	if number(l, "frozenAt") == 0 {
		d["free"] = number(d, "free") + sign*(open-reserved)
	}
}

// ended looks whether a lot of such a life expires when its deadline says.
func (a *replay) ended(row Row, tx, change, l object) {
	if text(tx, "kind") != "expire" || !idles(l) || number(change, "open") >= 0 {
		return
	}
	if d := a.idle[text(l, "life")]; d == nil || number(d, "endsAt") != number(tx, "effectiveAt") {
		a.note(Journal, row.ID, ".tx.effectiveAt", "lot %d expires, and its deadline is another", number(l, "n"))
	}
}
