package verify

import (
	"context"
	"fmt"
	"maps"
	"strings"
)

// replay is an account as its entries make it, one after the other.
type replay struct {
	*part
	id     string
	row    object
	seq    int64
	hash   string
	wrote  int64
	saved  map[string]int64 // balances by bucket
	life   map[string]int64
	lots   []object
	places []string
	holds  []object
	// idle are the deadlines of lives that move with the member's activity, by life, with what is open and what is free of them.
	idle  map[string]object
	state string
}

// note adds a finding about the entry at hand, or about another row.
func (a *replay) note(table, id, field, format string, args ...any) {
	a.report.add(Finding{Table: table, ID: id, Account: a.id, Number: a.seq, Field: field, Problem: fmt.Sprintf(format, args...)})
}

var buckets = []string{"pending", "available", "reserved", "frozen", "debt"}

// account verifies one account: its entries, what they lead to, and its pages of lots.
func (p *part) account(ctx context.Context, r Reader, row Row) error {
	p.report.Accounts++
	p.left--
	a := &replay{part: p, id: row.ID, saved: map[string]int64{}, life: map[string]int64{}, idle: map[string]object{}}
	var err error
	if a.row, err = parse(row.Text); err != nil {
		a.note(Accounts, row.ID, "", "it cannot be read: %v", err)
		a.row = object{}
	}
	if row.Version < 1 {
		a.note(Accounts, row.ID, "", "it is in version %d", row.Version)
	}
	from, before := within(a.id)
	for {
		entries, err := r.Rows(ctx, Journal, from, before, chunk)
		if err != nil {
			return err
		}
		for _, e := range entries {
			a.entry(e)
			from = behind(e.ID)
		}
		p.left -= len(entries)
		if len(entries) < chunk {
			break
		}
	}
	a.compare()
	return a.pages(ctx, r)
}

// entry replays one entry.
func (a *replay) entry(row Row) {
	a.report.Entries++
	a.seq++
	if want := fmt.Sprintf("%s/%010d", a.id, a.seq); row.ID != want {
		a.note(Journal, row.ID, "", "the next entry should be %s", want)
		// What is missing, or too much, is told once.
		var n int64
		if _, err := fmt.Sscanf(strings.TrimPrefix(row.ID, a.id+"/"), "%d", &n); err == nil {
			a.seq = n
		}
	}
	e, problem := readEntry(row)
	if problem != "" {
		a.note(Journal, row.ID, "", "%s", problem)
		if e, _ = parse(row.Text); e == nil {
			return
		}
	}
	if text(e, "prev") != a.hash {
		a.note(Journal, row.ID, ".prev", "it does not follow upon the entry before it")
	}
	a.hash, a.state = text(e, "hash"), text(e, "state")
	tx := member(e, "tx")
	switch {
	case tx == nil:
		a.note(Journal, row.ID, ".tx", "it is no transaction")
		return
	case text(tx, "account") != a.id || number(tx, "seq") != a.seq:
		a.note(Journal, row.ID, ".tx", "it is transaction %d of %s", number(tx, "seq"), text(tx, "account"))
	case text(e, "member")+"/"+text(a.row, "wallet") != a.id || text(e, "program") != text(a.row, "program"):
		a.note(Journal, row.ID, ".member", "it is of another member or programme")
	case number(e, "at") != number(tx, "recordedAt") || number(tx, "recordedAt") < a.wrote || number(tx, "effectiveAt") > number(tx, "recordedAt"):
		a.note(Journal, row.ID, ".tx.recordedAt", "time does not go on")
	}
	a.wrote = number(tx, "recordedAt")
	a.legs(row, tx)
	a.changes(row, tx)
}

// legs replays what moved.
func (a *replay) legs(row Row, tx object) {
	var sum int64
	wallet := a.report.wallet(text(a.row, "wallet"))
	for i, l := range list(tx, "legs") {
		leg, _ := l.(object)
		account, points := text(leg, "account"), number(leg, "points")
		sum += points
		kind, _, _ := strings.Cut(account, ":")
		switch {
		case isBucket(account):
			a.saved[account] += points
			wallet.Members[account] += points
			continue
		case account == "" || points == 0:
			a.note(Journal, row.ID, fmt.Sprintf(".tx.legs[%d]", i), "a leg of %d points on %q", points, account)
		case kind == "issuance" || kind == "reversed":
			a.life["earned"] -= points
		case kind == "redeemed" || kind == "donated":
			a.life["spent"] += points
		case kind == "expired":
			a.life["expired"] += points
		}
		wallet.System[kind] += points
	}
	if sum != 0 {
		a.note(Journal, row.ID, ".tx.legs", "the legs add up to %d", sum)
	}
	if at := differs(".tx.after", a.balances(), tx["after"]); at != "" {
		a.note(Journal, row.ID, at, "the legs lead to other balances")
	}
}

func isBucket(account string) bool {
	for _, b := range buckets {
		if account == b {
			return true
		}
	}
	return false
}

// balances are those that the legs have led to.
func (a *replay) balances() object {
	o := object{}
	for _, b := range buckets {
		o[b] = a.saved[b]
	}
	return o
}

// changes replays what happened to lots and holds.
func (a *replay) changes(row Row, tx object) {
	at := number(tx, "effectiveAt")
	a.deadlines(row, tx)
	var takes []any
	moved := map[string]int64{}
	for i, c := range unfoldAll(list(tx, "lots")) {
		change, _ := c.(object)
		place := fmt.Sprintf(".tx.lots[%d]", i)
		n := number(change, "n")
		if opened := member(change, "opened"); opened != nil {
			if n != int64(len(a.lots))+1 || number(opened, "n") != n || number(opened, "tx") != a.seq {
				a.note(Journal, row.ID, place, "lot %d is opened, and the account has %d", n, len(a.lots))
			}
			l := maps.Clone(opened)
			a.lots, a.places = append(a.lots, l), append(a.places, text(change, "page"))
			lies(l, moved, 1)
			a.living(row, l, 1)
			a.sound(row, place, l)
			continue
		}
		if n < 1 || n > int64(len(a.lots)) || a.places[n-1] != text(change, "page") {
			a.note(Journal, row.ID, place, "there is no lot %d on page %s", n, text(change, "page"))
			continue
		}
		l := a.lots[n-1]
		a.ended(row, tx, change, l)
		lies(l, moved, -1)
		a.living(row, l, -1)
		if reserved := number(change, "reserved"); reserved > 0 && text(tx, "kind") == "reserve" {
			takes = append(takes, object{"page": change["page"], "n": n, "points": reserved})
		}
		if want := went(l, change); number(change, "points") != want {
			a.note(Journal, row.ID, place+".points", "%d points went with the state of lot %d", want, n)
		}
		alter(l, change, at)
		lies(l, moved, 1)
		a.living(row, l, 1)
		a.sound(row, place, l)
		if to := member(change, "movedTo"); to != nil {
			a.rename(object{"page": change["page"], "n": n}, to)
		}
	}
	for life, d := range a.idle {
		if number(d, "open") == 0 {
			delete(a.idle, life)
		}
	}
	a.hold(row, tx, takes)
	for _, b := range buckets[:4] {
		legs := int64(0)
		for _, l := range list(tx, "legs") {
			if leg, _ := l.(object); text(leg, "account") == b {
				legs += number(leg, "points")
			}
		}
		if moved[b] != legs {
			a.note(Journal, row.ID, ".tx.lots", "the lots moved %s by %d, the legs by %d", b, moved[b], legs)
		}
	}
}

// went is how many points go with a change of a lot's state.
func went(l, change object) int64 {
	if flag(change, "activated") || (flag(change, "froze") || flag(change, "unfroze")) && !flag(l, "pending") {
		return number(l, "open") - number(l, "reserved")
	}
	return 0
}

// alter applies a change to a lot.
func alter(l, change object, at int64) {
	l["open"] = number(l, "open") + number(change, "open")
	set(l, "reserved", number(l, "reserved")+number(change, "reserved"))
	if flag(change, "activated") {
		delete(l, "pending")
		l["activatesAt"] = at
	}
	if flag(change, "froze") {
		l["frozenAt"] = at
	}
	if flag(change, "unfroze") {
		delete(l, "frozenAt")
	}
	if end, ok := change["expiresAt"]; ok {
		l["expiresAt"] = end
	}
	if to := member(change, "movedTo"); to != nil {
		l["movedTo"] = to
	}
}

// lies adds, or takes away, what is open of a lot to the bucket in which it lies.
func lies(l object, into map[string]int64, sign int64) {
	open, reserved := number(l, "open"), number(l, "reserved")
	into["reserved"] += sign * reserved
	switch {
	case flag(l, "pending"):
		into["pending"] += sign * open
	case number(l, "frozenAt") != 0:
		into["frozen"] += sign * (open - reserved)
	default:
		into["available"] += sign * (open - reserved)
	}
}

func (a *replay) sound(row Row, place string, l object) {
	open, reserved := number(l, "open"), number(l, "reserved")
	if reserved < 0 || open < reserved || number(l, "points") < open {
		a.note(Journal, row.ID, place, "lot %d would have %d open and %d reserved of %d", number(l, "n"), open, reserved, number(l, "points"))
	}
}

// rename lets holds name a lot that moved as the one that it has become.
func (a *replay) rename(from, to object) {
	for _, h := range a.holds {
		for _, t := range list(h, "takes") {
			if take := t.(object); take["page"] == from["page"] && take["n"] == from["n"] {
				take["page"], take["n"] = to["page"], to["n"]
			}
		}
	}
}

// hold replays the beginning or the end of a hold.
func (a *replay) hold(row Row, tx object, takes []any) {
	id, kind := text(tx, "hold"), text(tx, "kind")
	if id == "" {
		return
	}
	for i, h := range a.holds {
		if text(h, "id") != id {
			continue
		}
		if kind != "commit" && kind != "cancel" && kind != "lapse" {
			a.note(Journal, row.ID, ".tx.hold", "the account has a hold %q already", id)
			return
		}
		if kind == "lapse" && number(h, "endsAt") != number(tx, "effectiveAt") {
			a.note(Journal, row.ID, ".tx.effectiveAt", "the hold ends at %d", number(h, "endsAt"))
		}
		a.released(row, tx, h)
		a.holds = append(a.holds[:i:i], a.holds[i+1:]...)
		return
	}
	if kind != "reserve" {
		a.note(Journal, row.ID, ".tx.hold", "the account has no hold %q", id)
		return
	}
	var points int64
	for _, t := range takes {
		points += number(t.(object), "points")
	}
	a.holds = append(a.holds, object{"id": id, "points": points, "endsAt": tx["endsAt"], "takes": takes, "created": tx["effectiveAt"]})
}

// released looks whether the lots that a hold was on are let go by as much as it held.
func (a *replay) released(row Row, tx, hold object) {
	held := map[int64]int64{}
	for _, t := range list(hold, "takes") {
		held[number(t.(object), "n")] += number(t.(object), "points")
	}
	for _, c := range unfoldAll(list(tx, "lots")) {
		change, _ := c.(object)
		held[number(change, "n")] += number(change, "reserved")
	}
	for n, points := range held {
		if points != 0 {
			a.note(Journal, row.ID, ".tx.lots", "the hold and lot %d differ by %d", n, points)
		}
	}
}
