package book

import (
	"context"
	"encoding/json"

	"renown.example/kit/store"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
)

// pages reads an account's pages of lots inside an update, and remembers their versions for writing them back. The account's row is read for update before them,
// and nobody changes them without changing it.
type pages struct {
	ctx     context.Context
	tx      store.Reader
	account string
	// fresh says that the account was made in this update: it has no pages that were stored before.
	fresh bool
	known map[string]int64
	ahead ahead
	// tail is the page to which the next lot will be added, as it is remembered.
	tail packed
}

// packed is a page as its text: it is remembered so because a page of lots is some two hundred strings and numbers in memory, of which the collector of garbage looks at
// each.
type packed struct {
	row     string
	page    string
	version int64
	text    []byte
}

func newPages(ctx context.Context, tx store.Reader, account string) *pages {
	return &pages{ctx: ctx, tx: tx, account: account, known: map[string]int64{}}
}

func (p *pages) row(id string) string { return p.account + "/" + id }

func (p *pages) keep(row store.Row[ledger.Page]) ledger.Page {
	p.known[row.Value.ID] = row.Version
	return row.Value
}

// Page implements ledger.Pages.
func (p *pages) Page(id string) (ledger.Page, error) {
	if p.tail.row != "" && p.tail.page == id {
		page, err := ledger.ReadPage(p.tail.text)
		if err != nil {
			return ledger.Page{}, err
		}
		return p.keep(store.Row[ledger.Page]{Version: p.tail.version, Value: page}), nil
	}
	if _, known := p.known[id]; p.fresh && !known {
		return ledger.Page{ID: id}, nil
	}
	row, err := unreadPages.Get(p.ctx, p.tx, p.row(id))
	if store.IsNotFound(err) {
		return ledger.Page{ID: id}, nil
	}
	if err != nil {
		return ledger.Page{}, err
	}
	page, err := ledger.ReadPage(row.Value)
	if err != nil {
		return ledger.Page{}, err
	}
	return p.keep(store.Row[ledger.Page]{Version: row.Version, Value: page}), nil
}

// mostAhead bounds how many pages are read at once. Behind a portion of worthFollowing the next is fetched while the second goroutine reads that one.
const mostAhead, worthFollowing = 128, 64

// ahead are pages that were read together.
type ahead struct {
	rows []store.Row[json.RawMessage]
	read *halves[ledger.Page]
	// The page that was asked for last has the id before; the next one is that at the place next of rows. Behind all of them come none if all says so.
	before string
	next   int
	all    bool
	// portion is how many were to be read.
	portion int
	// following is the next portion if it has been fetched already.
	following *ahead
}

// After implements ledger.Pages. Whoever asks for one page after the other goes on doing so, through hundreds perhaps: each time four times as many are read at once.
func (p *pages) After(id string) (ledger.Page, bool, error) {
	if p.fresh {
		return ledger.Page{}, false, nil
	}
	a := &p.ahead
	if id != a.before {
		*a = ahead{before: id}
	}
	if a.next == len(a.rows) && !a.all {
		if err := p.readAhead(); err != nil {
			return ledger.Page{}, false, err
		}
	}
	if a.next == len(a.rows) {
		return ledger.Page{}, false, nil
	}
	row := store.Row[ledger.Page]{Version: a.rows[a.next].Version}
	var err error
	if row.Value, err = a.read.get(a.next); err != nil {
		return ledger.Page{}, false, err
	}
	a.next++
	a.before = row.Value.ID
	return p.keep(row), true, nil
}

// readAhead reads the next pages.
func (p *pages) readAhead() (err error) {
	a := p.ahead.following
	if a == nil {
		if a, err = p.fetch(p.ahead.before, p.ahead.portion); err != nil {
			return err
		}
	}
	if n := len(a.rows); n >= worthFollowing && !a.all {
		if a.following, err = p.fetch(a.rows[n-1].ID[len(p.row("")):], a.portion); err != nil {
			return err
		}
	}
	p.ahead = *a
	return nil
}

// fetch gets the pages behind one, four times as many as the portion before, and has them read.
func (p *pages) fetch(before string, portion int) (*ahead, error) {
	// No page's id goes on where another ends, so that a blank behind it is greater than it and less than whatever follows.
	q := store.Query{From: p.row(before) + " ", Before: p.account + "0", Limit: min(max(1, 4*portion), mostAhead)}
	found, err := unreadPages.Find(p.ctx, p.tx, q)
	if err != nil {
		return nil, err
	}
	read := halved(len(found.Rows), func(i int) (ledger.Page, error) {
		page, err := ledger.ReadPage(found.Rows[i].Value)
		return page.Ready(), err
	})
	return &ahead{rows: found.Rows, read: read, before: before, all: found.Next == "", portion: q.Limit}, nil
}

// unreadPages are pages of which nothing but the text is looked at.
var unreadPages = store.As[json.RawMessage](tables.LotPages)

// Last implements ledger.Pages.
func (p *pages) Last(prefix string) (ledger.Page, bool, error) {
	return p.first(store.Query{From: p.row(prefix), Before: p.row(prefix) + "~", Descending: true})
}

func (p *pages) first(q store.Query) (ledger.Page, bool, error) {
	if p.fresh {
		return ledger.Page{}, false, nil
	}
	row, err := tables.LotPages.First(p.ctx, p.tx, q)
	if store.IsNotFound(err) {
		return ledger.Page{}, false, nil
	}
	if err != nil {
		return ledger.Page{}, false, err
	}
	return p.keep(row), true, nil
}

// written are changed pages and, if they are many, their texts.
type written struct {
	pages []ledger.Page
	texts *halves[[]byte]
}

func textsOf(changed []ledger.Page) written {
	if len(changed) < fewestHalved {
		return written{pages: changed}
	}
	return written{changed, halved(len(changed), func(i int) ([]byte, error) { return changed[i].MarshalJSON() })}
}

func (w *written) text(i int) ([]byte, error) {
	if w.texts == nil {
		return w.pages[i].MarshalJSON()
	}
	return w.texts.get(i)
}

// write stores changed pages. That of the id last is the one to remember.
func (p *pages) write(ctx context.Context, tx store.Writer, w written, last string) error {
	for i, page := range w.pages {
		text, err := w.text(i)
		if err != nil {
			return err
		}
		row := store.Row[ledger.Page]{ID: p.row(page.ID), Value: page.Sealed(text)}
		var known bool
		if row.Version, known = p.known[page.ID]; known {
			row, err = tables.LotPages.Put(ctx, tx, row)
		} else {
			row, err = tables.LotPages.Insert(ctx, tx, row.ID, row.Value)
		}
		if err != nil {
			return err
		}
		p.known[page.ID] = row.Version
		if page.ID == last {
			p.tail = packed{row: row.ID, page: last, version: row.Version, text: text}
		}
	}
	return nil
}
