package ledger

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"renown.example/kit/clock"
)

// Prefixes of pages whose lots have no month.
const (
	pendingPrefix = "pending/"
	neverPrefix   = "~/"
)

// lastPage is the number of the last page that a month can have.
const lastPage = 999_999

// sheet is a page at work. There is one for each page for as long as the Book is open.
type sheet struct {
	id   string
	lots []Lot
	// mine says that nobody else has seen the lots where they are, so that their figures are changed in place.
	mine bool
	// frame is the page's text without the figures, as long as nothing else has changed; print is that of the lots, which shows that nothing has, zero before it is needed.
	frame *frame
	print uint64
	// epoch is the step that may change the lots' figures or, if it is the whole page that was kept for undoing it, anything; former is where that was kept. touched has for
	// each lot 1 + the index of its change in that step.
	epoch   int
	whole   bool
	former  int
	touched []int32
	changed bool
}

// prefix is the part of the id that says when the lots end.
func (s *sheet) prefix() string { return s.id[:strings.IndexByte(s.id, '/')+1] }

// shown are the lots as they stand, which from now on do not change where they are.
func (s *sheet) shown() []Lot {
	s.mine = false
	return slices.Clip(s.lots)
}

// unshare copies the lots unless nobody else has seen them.
func (s *sheet) unshare() {
	if !s.mine {
		s.lots, s.mine = slices.Clone(s.lots), true
	}
}

func (s *sheet) figures() []figures {
	all := make([]figures, len(s.lots))
	for i := range s.lots {
		all[i] = s.lots[i].figures()
	}
	return all
}

// count gives the lots other figures.
func (s *sheet) count(all []figures) {
	for i, f := range all {
		s.lots[i].Open, s.lots[i].Reserved = f.open, f.reserved
	}
}

// spot is where a lot lies.
type spot struct {
	sheet *sheet
	i     int
}

func (p spot) lot() *Lot { return &p.sheet.lots[p.i] }

func (p spot) ref() LotRef { return LotRef{Page: p.sheet.id, N: p.lot().N} }

// before reports whether a lot lies before another.
func (p spot) before(q spot) bool {
	if p.sheet == q.sheet {
		return p.i < q.i
	}
	return p.sheet.id < q.sheet.id
}

// shelf holds the pages that were read or made. What Pages has answered is never asked again.
type shelf struct {
	pages  Pages
	sheets map[string]*sheet
	// next and last are answers of Pages: the id after an id, and the last id of a prefix; empty means none.
	next, last map[string]string
	// fresh are the ids of pages that are not stored yet, in order.
	fresh []string
}

func newShelf(pages Pages) shelf {
	return shelf{pages: pages, sheets: map[string]*sheet{}, next: map[string]string{}, last: map[string]string{}}
}

func (h *shelf) copy() shelf {
	c := shelf{pages: h.pages, sheets: make(map[string]*sheet, len(h.sheets)), next: maps.Clone(h.next), last: maps.Clone(h.last), fresh: slices.Clone(h.fresh)}
	for id, s := range h.sheets {
		if s != nil {
			s = &sheet{id: id, lots: s.shown(), changed: s.changed}
		}
		c.sheets[id] = s
	}
	return c
}

func (h *shelf) add(s *sheet) {
	h.sheets[s.id] = s
	i, _ := slices.BinarySearch(h.fresh, s.id)
	h.fresh = slices.Insert(h.fresh, i, s.id)
}

func (h *shelf) remove(s *sheet) {
	delete(h.sheets, s.id)
	if i, ok := slices.BinarySearch(h.fresh, s.id); ok {
		h.fresh = slices.Delete(h.fresh, i, i+1)
	}
}

// keep takes in a page that Pages has answered, unless it is known already.
func (h *shelf) keep(p Page) *sheet {
	s := h.sheets[p.ID]
	if s == nil {
		s = &sheet{id: p.ID, lots: p.Lots, mine: true, frame: p.frame}
		if p.frame != nil {
			s.print = p.frame.print
		}
		h.sheets[p.ID] = s
	}
	return s
}

// page returns a page by its id, nil if there is none.
func (h *shelf) page(id string) (*sheet, error) {
	if s, ok := h.sheets[id]; ok {
		return s, nil
	}
	p, err := h.pages.Page(id)
	if err != nil {
		return nil, err
	}
	if len(p.Lots) == 0 {
		return nil, nil
	}
	p.ID = id
	return h.keep(p), nil
}

// after returns the page that follows an id, nil if there is none.
func (h *shelf) after(id string) (*sheet, error) {
	next, known := h.next[id]
	if !known {
		p, ok, err := h.pages.After(id)
		if err != nil {
			return nil, err
		}
		if ok {
			next = h.keep(p).id
		}
		h.next[id] = next
	}
	i, here := slices.BinarySearch(h.fresh, id)
	if here {
		i++
	}
	if i < len(h.fresh) && (next == "" || h.fresh[i] < next) {
		next = h.fresh[i]
	}
	if next == "" {
		return nil, nil
	}
	return h.sheets[next], nil
}

// walk visits the pages from an id on until visit says that it has seen enough.
func (h *shelf) walk(from string, visit func(*sheet) (more bool)) error {
	if from == "" {
		return nil
	}
	s, err := h.page(from)
	if s == nil && err == nil {
		s, err = h.after(from)
	}
	for s != nil && err == nil && visit(s) {
		s, err = h.after(s.id)
	}
	return err
}

// find returns where a lot lies that a caller has named, after all its moves; false if there is none.
func (b *Book) find(ref LotRef) (spot, bool, error) {
	for {
		s, err := b.shelf.page(ref.Page)
		if s == nil || err != nil {
			return spot{}, false, err
		}
		i, ok := slices.BinarySearchFunc(s.lots, ref.N, func(l Lot, n int64) int { return cmp.Compare(l.N, n) })
		if !ok {
			return spot{}, false, nil
		}
		to := s.lots[i].MovedTo
		if to == nil {
			return spot{s, i}, true, nil
		}
		if to.N <= ref.N {
			return spot{}, false, b.broken("lot %d moved to lot %d", ref.N, to.N)
		}
		ref = *to
	}
}

// findBehind is find for a lot that is probably the one behind another: who names many names them mostly as they lie.
func (b *Book) findBehind(before spot, ref LotRef) (spot, bool, error) {
	if s, i := before.sheet, before.i+1; s != nil && i < len(s.lots) && s.lots[i].N == ref.N && s.id == ref.Page && s.lots[i].MovedTo == nil {
		return spot{s, i}, true, nil
	}
	return b.find(ref)
}

// prefixOf says on which pages a lot belongs.
func prefixOf(l Lot) string {
	switch {
	case l.ExpiresAt != 0:
		t := l.ExpiresAt.Time()
		return fmt.Sprintf("%04d-%02d/", t.Year(), t.Month())
	case l.Pending && l.ActivatesAt == 0:
		return pendingPrefix
	}
	return neverPrefix
}

// monthOf is the prefix of lots that end at an instant.
func monthOf(at clock.Millis) string { return prefixOf(Lot{ExpiresAt: at}) }

// MayEnd reports whether a lot on a page may end in the month of an instant or before it, or, if that is zero, ever: pages lie in the order of the months in which their
// lots end.
func MayEnd(page string, by clock.Millis) bool {
	return page < pendingPrefix && (by == 0 || page < monthOf(by)+"~")
}

// room returns the page to which the next lot of a prefix is added: one with a place left, or a new one.
func (b *Book) room(prefix string) (*sheet, error) {
	id, lots, err := b.tail(prefix)
	if err != nil {
		return nil, err
	}
	if id != "" && lots < PageSize {
		s, err := b.shelf.page(id)
		if err == nil && (s == nil || len(s.lots) != lots) {
			err = b.broken("page %s should have %d lots", id, lots)
		}
		return s, err
	}
	number := 0
	if id != "" {
		if number, err = strconv.Atoi(id[len(prefix):]); err != nil {
			return nil, b.broken("page %q has no number", id)
		}
	}
	if number == lastPage {
		return nil, refuse(Overflow, "no more lots can end in %s", prefix)
	}
	return b.create(fmt.Sprintf("%s%06d", prefix, number+1)), nil
}

// tail returns the last page of a prefix and how many lots are on it, an empty id if there is none.
func (b *Book) tail(prefix string) (string, int, error) {
	if t := b.account.Tail; strings.HasPrefix(t.Page, prefix) {
		return t.Page, t.Lots, nil
	}
	h := &b.shelf
	if i, _ := slices.BinarySearch(h.fresh, prefix+"~"); i > 0 && strings.HasPrefix(h.fresh[i-1], prefix) {
		s := h.sheets[h.fresh[i-1]]
		return s.id, len(s.lots), nil
	}
	id, known := h.last[prefix]
	if !known {
		p, ok, err := h.pages.Last(prefix)
		if err != nil {
			return "", 0, err
		}
		if ok {
			id = h.keep(p).id
		}
		h.last[prefix] = id
	}
	if id == "" {
		return "", 0, nil
	}
	return id, len(h.sheets[id].lots), nil
}

// due is the first instant at which something happens to a lot by itself, zero if nothing will.
func due(l *Lot) clock.Millis { return dueOf(l, l.figures()) }

// dueOf is due of a lot that has other figures.
func dueOf(l *Lot, has figures) clock.Millis {
	end := l.ExpiresAt
	if l.FrozenAt != 0 || has.open == has.reserved {
		end = 0
	}
	if has.open > 0 && l.Pending && l.ActivatesAt != 0 && (end == 0 || l.ActivatesAt < end) {
		return l.ActivatesAt
	}
	return end
}

// lie adds points of a lot to the buckets in which they are.
func (v *Balances) lie(l *Lot, open, reserved int64) {
	switch {
	case l.Pending:
		v.Pending += open
	case l.FrozenAt != 0:
		v.Reserved += reserved
		v.Frozen += open - reserved
	default:
		v.Reserved += reserved
		v.Available += open - reserved
	}
}
