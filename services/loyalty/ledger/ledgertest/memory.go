// Package ledgertest proves a ledger: a naive model of what it should do, operations for both to do, and pages in memory.
package ledgertest

import (
	"slices"
	"strings"

	"renown.example/loyalty/ledger"
)

// Memory keeps one account in memory as a database would.
type Memory struct {
	Account ledger.Account
	pages   map[string]stored
	ids     []string
	// Calls counts what was asked of it as ledger.Pages.
	Calls int
	// Fail makes the call of that number, from 1, return the error.
	Fail func(call int) error
}

// stored is a page and its text, from which it is read again each time.
type stored struct {
	page ledger.Page
	text []byte
}

// NewMemory returns an account that nothing has happened to.
func NewMemory(id string) *Memory {
	return &Memory{Account: ledger.Account{ID: id}, pages: map[string]stored{}}
}

// Open begins to work with the account.
func (m *Memory) Open() *ledger.Book { return ledger.Open(m.Account, m) }

// Store takes in what a Book has changed.
func (m *Memory) Store(b *ledger.Book) {
	m.Account = b.Account()
	for _, p := range b.Changed() {
		m.keep(p)
	}
}

// Put puts a page in place of another, or adds it.
func (m *Memory) Put(p ledger.Page) { m.keep(ledger.Page{ID: p.ID, Lots: p.Lots}) }

func (m *Memory) keep(p ledger.Page) {
	if _, ok := m.pages[p.ID]; !ok {
		i, _ := slices.BinarySearch(m.ids, p.ID)
		m.ids = slices.Insert(m.ids, i, p.ID)
	}
	text, err := p.MarshalJSON()
	if err != nil {
		panic(err) // there is nothing in a page that cannot be written
	}
	var page ledger.Page
	if err := page.UnmarshalJSON(text); err != nil {
		panic(err)
	}
	m.pages[p.ID] = stored{page, text}
}

// Stored lists the pages, by id.
func (m *Memory) Stored() []ledger.Page {
	pages := make([]ledger.Page, 0, len(m.ids))
	for _, id := range m.ids {
		pages = append(pages, m.pages[id].page)
	}
	return pages
}

// Lots lists all lots, in the order of their numbers.
func (m *Memory) Lots() []ledger.Lot {
	var lots []ledger.Lot
	for _, id := range m.ids {
		lots = append(lots, m.pages[id].page.Lots...)
	}
	slices.SortFunc(lots, func(x, y ledger.Lot) int { return int(x.N - y.N) })
	return lots
}

func (m *Memory) called() error {
	m.Calls++
	if m.Fail == nil {
		return nil
	}
	return m.Fail(m.Calls)
}

// copy reads a page, whose lots are given away.
func (m *Memory) copy(id string) ledger.Page {
	s, ok := m.pages[id]
	if !ok {
		return ledger.Page{}
	}
	p, err := ledger.ReadPage(s.text)
	if err != nil {
		panic(err)
	}
	return p
}

// Page is part of ledger.Pages.
func (m *Memory) Page(id string) (ledger.Page, error) {
	return m.copy(id), m.called()
}

// After is part of ledger.Pages.
func (m *Memory) After(id string) (ledger.Page, bool, error) {
	i, here := slices.BinarySearch(m.ids, id)
	if here {
		i++
	}
	if i == len(m.ids) {
		return ledger.Page{}, false, m.called()
	}
	return m.copy(m.ids[i]), true, m.called()
}

// Last is part of ledger.Pages.
func (m *Memory) Last(prefix string) (ledger.Page, bool, error) {
	i, _ := slices.BinarySearch(m.ids, prefix+"~")
	if i == 0 || !strings.HasPrefix(m.ids[i-1], prefix) {
		return ledger.Page{}, false, m.called()
	}
	return m.copy(m.ids[i-1]), true, m.called()
}
