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
	// spoilt is why nothing can go on: lots are not what they were, and there is no copy of them.
	spoilt error
	// tamper is set by tests that spoil an entry to see it stopped.
	tamper func(*entry)
}

// former is a page as it was before a step changed it: its lots or, as long as nothing else has changed, their figures.
type former struct {
	sheet   *sheet
	lots    []Lot
	figures []figures
	// frame, changed and mine are the sheet's.
	frame         *frame
	changed, mine bool
	created       bool
}

// figures are what most steps change of a lot.
type figures struct{ open, reserved int64 }

func (l *Lot) figures() figures { return figures{l.Open, l.Reserved} }

// lot is a lot as it was, an empty one if there was none.
func (f *former) lot(i int) (l Lot) {
	if i < len(f.lots) {
		l = f.lots[i]
	}
	return l
}

// same reports whether a lot is what it was.
func (f *former) same(i int) bool {
	l := &f.sheet.lots[i]
	if f.figures != nil {
		return f.figures[i] == l.figures()
	}
	return i < len(f.lots) && f.lots[i] == *l
}

// restore makes the page what it was.
func (f *former) restore() {
	s := f.sheet
	if f.figures != nil {
		s.unshare()
		s.count(f.figures)
	} else {
		s.lots, s.mine, s.frame, s.print = f.lots, f.mine, f.frame, 0
	}
	s.changed, s.epoch = f.changed, 0
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
	if b.spoilt != nil {
		return nil
	}
	var pages []Page
	for _, s := range b.shelf.sheets {
		if s.changed {
			pages = append(pages, Page{ID: s.id, Lots: s.shown(), frame: s.frame})
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
		f.restore()
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

// count makes a page one of whose lots the present step may change the figures.
func (b *Book) count(s *sheet) {
	if s.epoch == b.epoch {
		return
	}
	s.unshare()
	if s.print == 0 {
		s.print = printOf(s.lots)
	}
	b.change(s, former{figures: s.figures()})
	s.whole = false
}

// edit makes a page one that the present step may change in every way.
func (b *Book) edit(s *sheet) {
	switch {
	case s.epoch != b.epoch:
		b.change(s, former{lots: s.lots, frame: s.frame, mine: s.mine})
		s.lots = append(make([]Lot, 0, len(s.lots)+1), s.lots...)
	case !s.whole:
		f := &b.undo[s.former]
		now := s.figures()
		s.count(f.figures)
		f.lots, f.figures, f.frame, f.mine = slices.Clone(s.lots), nil, s.frame, true
		s.count(now)
	default:
		return
	}
	s.whole, s.mine, s.frame, s.print = true, true, nil, 0
}

// change notes what a page was before the present step.
func (b *Book) change(s *sheet, f former) {
	f.sheet, f.changed = s, s.changed
	s.former = len(b.undo)
	b.undo = append(b.undo, f)
	if s.touched == nil {
		s.touched = make([]int32, 0, len(s.lots)+1)
	}
	s.touched = s.touched[:0]
	for range s.lots {
		s.touched = append(s.touched, 0)
	}
	s.epoch, s.changed = b.epoch, true
}

// create adds a page that does not exist yet.
func (b *Book) create(id string) *sheet {
	s := &sheet{id: id, epoch: b.epoch, changed: true, whole: true, mine: true}
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
	if b.spoilt != nil {
		return Transaction{}, b.spoilt
	}
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
