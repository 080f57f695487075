package ledgertest

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
)

// Model is a ledger as one would write it to be understood, not to be quick: for each account one list of lots, every sum counted anew whenever somebody asks, and what
// is due found by looking at everything. It has the words of the ledger's types in common with the core, and nothing else.
type Model struct {
	accounts map[string]*book
}

// NewModel returns a ledger that nothing has happened to.
func NewModel() *Model { return &Model{accounts: map[string]*book{}} }

// Entry is a transaction as the model writes it down.
type Entry struct {
	Kind                string
	Effective, Recorded int64
	Legs                map[string]int64
	Hold                string
	EndsAt              int64
	Idle                map[string]int64
}

// piece is a lot. What is held of it stands in it by hold; free is the rest that is open.
type piece struct {
	n, tx            int64
	page             string
	points, free     int64
	held             []part
	pending          bool
	wakes            int64
	issued, ends     int64
	frozen           int64
	life, policy     string
	rule, source     string
	cameFrom, wentTo int64
}

// part is what one hold has of a lot; turn is its place among the parts of the hold.
type part struct {
	hold   string
	turn   int
	points int64
}

// promise is a hold.
type promise struct {
	id            string
	points        int64
	ends, created int64
}

// book is an account of the model.
type book struct {
	pieces                 []piece
	promises               []promise
	debt                   int64
	earned, spent, expired int64
	recorded               int64
	entries                []Entry
	// idle are the deadlines of lives that move with activity, set those that the entry sets, until what the operation says of them.
	idle, set map[string]int64
	until     func(life string) clock.Millis
	// now is the instant of the entry that is being written up to which lots have ended; effective when it counts; system its legs outside of the account.
	now, effective, present int64
	system                  map[string]int64
	hold                    string
	holdEnds                int64
}

const most = 1 << 53

// refusal ends an operation.
type refusal struct{ code ledger.Code }

func no(code ledger.Code) { panic(refusal{code}) }

func (m *Model) account(id string) *book {
	if m.accounts[id] == nil {
		m.accounts[id] = &book{}
	}
	return m.accounts[id]
}

// Do does an operation and says how it was refused, "" if it was not.
func (m *Model) Do(o Operation) (out Outcome, code ledger.Code) {
	a := m.account(o.Account)
	now := int64(o.Step.Now)
	if now < a.recorded {
		now = a.recorded
	}
	a.settle(now)
	if o.Verb == Settle {
		return out, ""
	}
	before := a.clone()
	defer func() {
		if r := recover(); r != nil {
			refused, ok := r.(refusal)
			if !ok {
				panic(r)
			}
			*a = before
			out, code = Outcome{}, refused.code
		}
	}()
	effective := int64(o.Step.EffectiveAt)
	if effective == 0 {
		effective = now
	}
	if now <= 0 || now >= lastInstant || effective < 0 || effective > now {
		no(ledger.Invalid)
	}
	kind := o.Kind
	if fixed, ok := kinds[o.Verb]; ok {
		kind = fixed
	}
	a.write(string(kind), effective, now, now, func() {
		a.until = nil
		if o.Idle != 0 {
			a.until = o.until
			a.heard()
		}
		out = a.do(o)
	})
	return out, ""
}

var kinds = map[Verb]ledger.Kind{
	Reserve: "reserve", Commit: "commit", Cancel: "cancel", Restore: "restore", Reverse: "reverse", Activate: "activate", Freeze: "freeze", Unfreeze: "unfreeze",
	TransferOut: "transfer", TransferIn: "transfer", Note: "note",
}

var lastInstant = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

func (a *book) clone() book {
	c := *a
	c.pieces = slices.Clone(a.pieces)
	for i := range c.pieces {
		c.pieces[i].held = slices.Clone(c.pieces[i].held)
	}
	c.promises = slices.Clone(a.promises)
	c.idle = maps.Clone(a.idle)
	c.entries = slices.Clip(a.entries)
	return c
}

// sums counts the balances.
func (a *book) sums() map[string]int64 {
	var pending, available, reserved, frozen int64
	for i := range a.pieces {
		p := &a.pieces[i]
		reserved += p.reserved()
		if p.pending {
			pending += p.free
		} else if p.frozen != 0 {
			frozen += p.free
		} else {
			available += p.free
		}
	}
	return map[string]int64{"pending": pending, "available": available, "reserved": reserved, "frozen": frozen, "debt": -a.debt}
}

func (p *piece) reserved() (sum int64) {
	for _, h := range p.held {
		sum += h.points
	}
	return sum
}

// write writes one entry: its legs on the account's side are what the sums have changed by.
func (a *book) write(kind string, effective, now, present int64, work func()) {
	before := a.sums()
	a.set = nil
	a.now, a.effective, a.present, a.system, a.hold, a.holdEnds = now, effective, present, map[string]int64{}, "", 0
	work()
	a.check()
	legs := map[string]int64{}
	for name, v := range a.sums() {
		if v != before[name] {
			legs[name] = v - before[name]
		}
	}
	for name, v := range a.system {
		if v != 0 {
			legs[name] = v
		}
	}
	a.recorded = present
	a.entries = append(a.entries, Entry{Kind: kind, Effective: effective, Recorded: present, Legs: legs, Hold: a.hold, EndsAt: a.holdEnds, Idle: a.set})
	for life := range a.idle {
		if open, _ := a.living(life); open == 0 {
			delete(a.idle, life)
		}
	}
}

// idles reports whether a lot's end moves with activity.
func (p *piece) idles() bool { return p.ends == 0 && strings.HasPrefix(p.life, "inactivity") }

// living counts what is open of a life that moves with activity, and what of it its deadline ends.
func (a *book) living(life string) (open, free int64) {
	for i := range a.pieces {
		if p := &a.pieces[i]; p.idles() && p.life == life {
			open += p.free + p.reserved()
			if p.frozen == 0 {
				free += p.free
			}
		}
	}
	return open, free
}

// endOf is when a lot ends as things are.
func (a *book) endOf(p *piece) int64 {
	if p.idles() {
		return a.idle[p.life]
	}
	return p.ends
}

// heard moves every deadline, since something was heard of the member.
func (a *book) heard() {
	for _, life := range slices.Sorted(maps.Keys(a.idle)) {
		at := a.until(life)
		if outOfBounds(at) {
			no(ledger.Invalid)
		}
		if int64(at) > a.idle[life] {
			a.put(life, int64(at))
		}
	}
}

// needs gives the life of a lot a deadline that is to hold points.
func (a *book) needs(p piece) {
	if !p.idles() || a.idle[p.life] != 0 {
		return
	}
	if a.until == nil {
		no(ledger.Invalid)
	}
	at := a.until(p.life)
	if at == 0 || outOfBounds(at) {
		no(ledger.Invalid)
	}
	a.put(p.life, int64(at))
}

func (a *book) put(life string, at int64) {
	if a.set == nil {
		a.set = map[string]int64{}
	}
	if a.idle == nil {
		a.idle = map[string]int64{}
	}
	a.set[life], a.idle[life] = at, at
}

// check refuses figures that are too large.
func (a *book) check() {
	s := a.sums()
	open := s["pending"] + s["available"] + s["reserved"] + s["frozen"]
	for _, v := range []int64{a.debt, a.earned, -a.earned, a.spent, -a.spent, a.expired, open + a.expired} {
		if v > most {
			no(ledger.Overflow)
		}
	}
}

// outside books points that come from (below zero) or go to an account of the system.
func (a *book) outside(name string, points int64) {
	a.system[name] += points
	switch {
	case strings.HasPrefix(name, "issuance:"), name == "reversed":
		a.earned -= points
	case name == "redeemed", strings.HasPrefix(name, "donated:"):
		a.spent += points
	case name == "expired":
		a.expired += points
	}
}

// settle looks for the first thing that is due, does it, and looks again.
func (a *book) settle(now int64) {
	for {
		at, what, hold := a.nextDue()
		if at == 0 || at > now {
			return
		}
		switch what {
		case 0:
			a.write("activate", at, at, now, func() {
				for i := range a.pieces {
					if p := &a.pieces[i]; p.pending && p.wakes == at && p.free > 0 {
						a.wake(p)
					}
				}
			})
		case 1:
			a.write("lapse", at, at, now, func() { a.giveBack(hold) })
		case 2:
			a.write("expire", at, at, now, func() {
				for i := range a.pieces {
					if p := &a.pieces[i]; p.frozen == 0 && a.endOf(p) == at {
						a.outside("expired", p.free)
						p.free = 0
					}
				}
			})
		}
	}
}

// nextDue returns the first instant at which something happens, and what: an activation (0), the end of a hold (1) or an expiry (2).
func (a *book) nextDue() (at int64, what int, hold string) {
	consider := func(t int64, w int, h string) {
		if t != 0 && (at == 0 || t < at || t == at && (w < what || w == what && h < hold)) {
			at, what, hold = t, w, h
		}
	}
	for i := range a.pieces {
		p := &a.pieces[i]
		if p.free == 0 {
			continue
		}
		if p.pending {
			consider(p.wakes, 0, "")
		}
		if p.frozen == 0 {
			consider(a.endOf(p), 2, "")
		}
	}
	for _, h := range a.promises {
		consider(h.ends, 1, h.id)
	}
	return at, what, hold
}

// wake activates a lot.
func (a *book) wake(p *piece) {
	p.pending, p.wakes = false, a.effective
	points := p.free
	p.free = 0
	a.give(p, points)
}

// give puts points into a lot that come from elsewhere or were in another state.
func (a *book) give(p *piece, points int64) {
	if end := a.endOf(p); p.frozen == 0 && end != 0 && end <= a.now {
		a.outside("expired", points)
		return
	}
	if p.frozen == 0 && !p.pending {
		for a.debt > 0 && points > 0 {
			repaid := a.debt
			if points < repaid {
				repaid = points
			}
			a.debt -= repaid
			points -= repaid
		}
	}
	p.free += points
}

// giveBack ends a hold and gives its parts back in their turns.
func (a *book) giveBack(id string) {
	for _, at := range a.partsOf(id) {
		p := &a.pieces[at]
		a.comesBack(p, p.letGo(id))
	}
	a.forget(id)
}

// comesBack gives points back to the lot that they were taken from: what is owed comes before their end.
func (a *book) comesBack(p *piece, points int64) {
	for p.frozen == 0 && a.debt > 0 && points > 0 {
		some := min(a.debt, points)
		a.debt -= some
		points -= some
	}
	a.give(p, points)
}

// letGo takes a hold's part out of a lot and returns how much it was.
func (p *piece) letGo(id string) int64 {
	for i, h := range p.held {
		if h.hold == id {
			p.held = slices.Delete(slices.Clone(p.held), i, i+1)
			return h.points
		}
	}
	return 0
}

// partsOf returns which lots a hold has parts of, in their turns.
func (a *book) partsOf(id string) []int {
	turns := map[int]int{}
	for i := range a.pieces {
		for _, h := range a.pieces[i].held {
			if h.hold == id {
				turns[h.turn] = i
			}
		}
	}
	var at []int
	for turn := range len(turns) {
		at = append(at, turns[turn])
	}
	return at
}

func (a *book) forget(id string) {
	a.hold = id
	a.promises = slices.DeleteFunc(slices.Clone(a.promises), func(h promise) bool { return h.id == id })
}

// place says on which page a new lot of these ends lies: the lots of a month fill one page after another.
func (a *book) place(p piece) string {
	month := "~/"
	if p.ends != 0 {
		month = time.UnixMilli(p.ends).UTC().Format("2006-01/")
	} else if p.pending && p.wakes == 0 {
		month = "pending/"
	}
	before := 0
	for i := range a.pieces {
		if strings.HasPrefix(a.pieces[i].page, month) {
			before++
		}
	}
	return fmt.Sprintf("%s%06d", month, before/32+1)
}

func (a *book) add(p piece) *piece {
	p.n, p.tx, p.page = int64(len(a.pieces))+1, int64(len(a.entries))+1, a.place(p)
	a.pieces = append(a.pieces, p)
	return &a.pieces[len(a.pieces)-1]
}

// spendable returns the lots that have something available, in the order in which they are spent.
func (a *book) spendable() []int {
	var at []int
	for i := range a.pieces {
		if p := &a.pieces[i]; p.free > 0 && !p.pending && p.frozen == 0 {
			at = append(at, i)
		}
	}
	sort.SliceStable(at, func(i, j int) bool {
		x, y := a.pieces[at[i]], a.pieces[at[j]]
		if x.ends != y.ends {
			return y.ends == 0 || x.ends != 0 && x.ends < y.ends
		}
		return x.issued < y.issued
	})
	return at
}
