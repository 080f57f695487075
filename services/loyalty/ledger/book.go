package ledger

import (
	"errors"
	"slices"
	"strings"

	"renown.example/kit/clock"
)

// Book is one account at work: steps change it in memory, the caller stores what has changed, all of it or nothing. It is not safe for concurrent use. After an error
// that is not a Refusal nothing may be stored.
type Book struct {
	account Account
	shelf   shelf
	txs     []Transaction
	// epoch numbers the steps: a page whose epoch is older is copied before it is changed.
	epoch int
	undo  []former
	// kept says that a Mark was handed out, so that former pages must stay.
	kept bool
	// stale says that First and DueAt must be looked for.
	stale bool
	// tamper is set by tests that spoil an entry to see it stopped.
	tamper func(*entry)
}

// former is a page as it was before a step changed it.
type former struct {
	sheet *sheet
	lots  []Lot
	// figures, if there are any, are those that the lots had: lots are then as they were before another step, which changed nothing else.
	figures []figures
	changed bool
	created bool
}

// figures are what most steps change of a lot.
type figures struct{ open, reserved int64 }

// lot is a lot as it was, a new one if there was none.
func (f *former) lot(i int) (l Lot) {
	if i < len(f.lots) {
		l = f.lots[i]
	}
	if i < len(f.figures) {
		l.Open, l.Reserved = f.figures[i].open, f.figures[i].reserved
	}
	return l
}

// all are the lots as they were.
func (f *former) all() []Lot {
	if f.figures == nil {
		return f.lots
	}
	lots := make([]Lot, len(f.lots))
	for i := range lots {
		lots[i] = f.lot(i)
	}
	return lots
}

// Open begins to work with an account as it is stored.
func Open(a Account, pages Pages) *Book {
	return &Book{account: a, shelf: newShelf(pages), epoch: 1}
}

// Account returns the account as it stands. The caller sets Head as it seals the transactions.
func (b *Book) Account() Account { return b.account }

// Transactions returns what was recorded since Open, in order.
func (b *Book) Transactions() []Transaction { return slices.Clip(b.txs) }

// Changed returns the pages that are to be stored, by id.
func (b *Book) Changed() []Page {
	var pages []Page
	for _, s := range b.shelf.sheets {
		if s.changed {
			pages = append(pages, Page{ID: s.id, Lots: s.shown()})
		}
	}
	slices.SortFunc(pages, func(x, y Page) int { return strings.Compare(x.ID, y.ID) })
	return pages
}

// Page returns a page as it stands, without lots if there is none.
func (b *Book) Page(id string) (Page, error) {
	s, err := b.shelf.page(id)
	if err != nil || s == nil {
		return Page{ID: id}, err
	}
	return Page{ID: id, Lots: s.shown()}, nil
}

// After returns the first page whose id is greater as it stands, false if there is none.
func (b *Book) After(id string) (Page, bool, error) {
	s, err := b.shelf.after(id)
	if err != nil || s == nil {
		return Page{}, false, err
	}
	return Page{ID: s.id, Lots: s.shown()}, true, nil
}

// Mark is a state to which a Book can be reset.
type Mark struct {
	account Account
	txs     int
	undo    int
	stale   bool
}

// Mark remembers the present state.
func (b *Book) Mark() Mark {
	b.kept = true
	return b.mark()
}

func (b *Book) mark() Mark {
	b.epoch++
	return Mark{account: b.account, txs: len(b.txs), undo: len(b.undo), stale: b.stale}
}

// Reset goes back to a mark. Later marks are void then.
func (b *Book) Reset(m Mark) {
	for _, f := range slices.Backward(b.undo[m.undo:]) {
		f.sheet.lots, f.sheet.changed, f.sheet.epoch, f.sheet.base = f.all(), f.changed, 0, nil
		if f.created {
			b.shelf.remove(f.sheet)
		}
	}
	b.undo, b.txs = b.undo[:m.undo], b.txs[:m.txs]
	b.account, b.stale = m.account, m.stale
	b.epoch++
}

// AsOf returns what the Book would be if it were settled now. Neither shows in the other what happens to it later, and what the view says must not be stored.
func (b *Book) AsOf(now clock.Millis) (*Book, error) {
	b.epoch++
	view := &Book{account: b.account, shelf: b.shelf.copy(), txs: slices.Clone(b.txs), epoch: b.epoch, stale: b.stale}
	return view, view.Settle(now)
}

// own makes a page one that the present step may change in place.
func (b *Book) own(s *sheet) {
	if s.epoch == b.epoch {
		return
	}
	f := former{sheet: s, lots: s.lots, changed: s.changed}
	if s.base != nil {
		f.lots, f.figures = s.base, make([]figures, len(s.lots))
		for i := range s.lots {
			f.figures[i] = figures{s.lots[i].Open, s.lots[i].Reserved}
		}
		clear(s.touched)
	} else {
		s.base = s.lots
		s.lots = append(make([]Lot, 0, len(s.lots)+1), s.lots...)
		s.touched = make([]int, len(s.lots), len(s.lots)+1)
	}
	b.undo = append(b.undo, f)
	s.epoch, s.changed = b.epoch, true
}

// create adds a page that does not exist yet.
func (b *Book) create(id string) *sheet {
	s := &sheet{id: id, epoch: b.epoch, changed: true}
	b.undo = append(b.undo, former{sheet: s, created: true})
	b.shelf.add(s)
	return s
}

// step does what all steps but Settle have in common: it settles, does the work at the present instant and looks after First and DueAt. Refused, it leaves the Book
// as settled.
func (b *Book) step(s Step, kind Kind, work func(*entry) error) (Transaction, error) {
	now := max(s.Now, b.account.RecordedAt)
	if err := b.settle(now); err != nil {
		return Transaction{}, err
	}
	at := s.EffectiveAt
	if at == 0 {
		at = now
	}
	if now <= 0 || now > latest || at < 0 || at > now {
		return Transaction{}, refuse(Invalid, "the step counts at %d, and it is %d", at, now)
	}
	m := b.mark()
	tx, err := b.record(kind, instants{effective: at, ends: now, now: now}, func(e *entry) error {
		if err := e.active(s.Idle); err != nil {
			return err
		}
		return work(e)
	})
	if err == nil {
		err = b.survey()
	}
	if err != nil {
		b.Reset(m)
		return Transaction{}, err
	}
	if !b.kept {
		b.undo = b.undo[:0]
	}
	return tx, nil
}

// instants are those of one transaction: when it counts, up to when lots have ended for it, and when it is recorded.
type instants struct{ effective, ends, now clock.Millis }

// record makes one transaction, or leaves the Book as it was.
func (b *Book) record(kind Kind, at instants, work func(*entry) error) (Transaction, error) {
	m := b.mark()
	e := &entry{book: b, began: m, at: at, tx: Transaction{
		Account: b.account.ID, Seq: b.account.Seq + 1, Kind: kind, EffectiveAt: at.effective, RecordedAt: at.now,
	}}
	err := work(e)
	if err == nil {
		err = e.seal()
	}
	if err != nil {
		b.Reset(m)
		return Transaction{}, err
	}
	return e.tx, nil
}

// IsRefusal tells a refusal, after which the Book may be stored as it was settled, from other errors.
func IsRefusal(err error) bool {
	var r *Refusal
	return errors.As(err, &r)
}
