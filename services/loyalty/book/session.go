package book

import (
	"context"
	"fmt"
	"runtime/debug"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/clock"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
)

// session is one update: the accounts that its commands are about, which commands share, and the entries that it will write. A command that is refused leaves
// nothing in it but what was due anyway.
type session struct {
	books *Books
	// ctx belongs to the update, not to one of its commands: the end of one must not end the others.
	ctx   context.Context
	tx    store.Writer
	now   clock.Millis
	cache *cache

	works []*Work
	byID  map[string]*Work
	// others are entries that move no points, in order; sealed is what each entry became.
	others []*tables.Entry
	sealed map[*tables.Entry]store.Row[tables.Entry]
	// once are the names that entries of this update have taken, keys the keys that they carry.
	once map[string]*tables.Entry
	keys map[string]bool
	// replies and facts are what entries will carry, which is written down when they are sealed.
	replies map[*tables.Entry]proto.Message
	facts   map[*tables.Entry]any
	// budgets are those that were used up, by their ids; shared is what commands have read for all.
	budgets map[string]*budget
	shared  map[string]any
	// failed is why the update must not be committed.
	failed error
}

func newSession(ctx context.Context, b *Books, tx store.Writer, c *cache) *session {
	return &session{
		books: b, ctx: ctx, tx: tx, now: clock.At(b.Clock.Now()), cache: c,
		byID: map[string]*Work{}, sealed: map[*tables.Entry]store.Row[tables.Entry]{}, once: map[string]*tables.Entry{}, keys: map[string]bool{},
		replies: map[*tables.Entry]proto.Message{}, facts: map[*tables.Entry]any{}, budgets: map[string]*budget{}, shared: map[string]any{},
	}
}

// Work is an account that a command is about.
type Work struct {
	ID string
	// Row is the account's row. What a command changes in it besides the ledger it replaces and does not change in place: a refusal puts back what was there.
	Row  store.Row[tables.Account]
	Book *ledger.Book

	fresh   bool
	pages   *pages
	entries map[int64]*tables.Entry
	// changed says that the row is to be written though there is no new transaction.
	changed bool
}

// Touch has the account's row written even if no transaction is.
func (w *Work) Touch() { w.changed = true }

// DueAt is the earliest instant at which something happens to the account by itself, zero if nothing will.
func (w *Work) DueAt() clock.Millis {
	a := w.Row.Value
	a.Ledger = w.Book.Account()
	return a.DueAt()
}

// load finds an account in the session, among those that are remembered, or in the database.
func (s *session) load(account string) (*Work, error) {
	if w := s.byID[account]; w != nil {
		return w, nil
	}
	w := &Work{ID: account, pages: newPages(s.ctx, s.tx, account), entries: map[int64]*tables.Entry{}}
	if kept, ok := s.cache.get(account); ok {
		w.Row = kept.row
		w.pages.tail = kept.tail
	} else {
		row, err := tables.Accounts.GetForUpdate(s.ctx, s.tx, account)
		if err != nil {
			return nil, err
		}
		w.Row = row
	}
	w.Book = ledger.Open(w.Row.Value.Ledger, w.pages)
	s.add(w)
	return w, nil
}

func (s *session) add(w *Work) {
	s.works = append(s.works, w)
	s.byID[w.ID] = w
}

// entry returns the journal's entry of a transaction.
func (s *session) entry(w *Work, tx ledger.Transaction, actor string) *tables.Entry {
	e := w.entries[tx.Seq]
	if e == nil {
		e = &tables.Entry{
			Type: EventOf(tx.Kind), Subject: memberName(w.Row.Value), Actor: actor, At: tx.RecordedAt,
			Program: w.Row.Value.Program, Member: w.Row.Value.Member, Tx: &tx,
		}
		w.entries[tx.Seq] = e
	}
	return e
}

func memberName(a tables.Account) string { return "programs/" + a.Program + "/members/" + a.Member }

// write writes everything.
func (s *session) write() error {
	if s.failed != nil {
		return s.failed
	}
	if err := s.writeAccounts(); err != nil {
		return err
	}
	if err := s.writeBudgets(); err != nil {
		return err
	}
	for _, e := range s.others {
		name := "~" + id.At(s.now.Time())
		sealed, err := s.seal(name, e)
		if err != nil {
			return err
		}
		if _, err = tables.Journal.Insert(s.ctx, s.tx, name, sealed); err != nil {
			return err
		}
		s.sealed[e] = store.Row[tables.Entry]{ID: name, Value: sealed}
	}
	return nil
}

// writeAccounts writes what happened to the accounts. Where the engine is in this process the next account is sealed while one is being written: sealing needs a
// processor, but not the connection for which everybody waits.
func (s *session) writeAccounts() error {
	if s.books.remembered == nil {
		for _, w := range s.works {
			if err := s.put(s.sealAccount(w, textsOf(w.Book.Changed()))); err != nil {
				return err
			}
		}
		return nil
	}
	if len(s.works) == 1 {
		return s.writeAccount(s.works[0])
	}
	ready := s.sealing(len(s.works), func(i int) sealed { return s.sealAccount(s.works[i], textsOf(s.works[i].Book.Changed())) })
	defer func() {
		for range ready { // the session is not left while somebody works on it
		}
	}()
	for next := range ready {
		if err := s.put(next); err != nil {
			return err
		}
	}
	return nil
}

// writeAccount writes one account. If many of its pages have changed they are written while it is being sealed.
func (s *session) writeAccount(w *Work) error {
	changed := w.Book.Changed()
	if len(changed) < fewestHalved {
		return s.put(s.sealAccount(w, textsOf(changed)))
	}
	ready := s.sealing(1, func(int) sealed { return s.sealAccount(w, written{}) })
	err := w.pages.write(s.ctx, s.tx, textsOf(changed), w.Book.Account().Tail.Page)
	made := <-ready
	if err != nil && made.panicked == nil {
		return err
	}
	return s.put(made)
}

// sealing seals accounts one after the other in a goroutine of its own.
func (s *session) sealing(n int, seal func(i int) sealed) <-chan sealed {
	ready := make(chan sealed, n)
	go func() {
		defer close(ready)
		defer func() {
			if value := recover(); value != nil {
				ready <- sealed{panicked: fmt.Sprintf("%v\n\nwhile sealing:\n%s", value, debug.Stack())}
			}
		}()
		for i := range n {
			ready <- seal(i)
		}
	}()
	return ready
}

// sealed is an account ready to be written.
type sealed struct {
	// work is nil if there is nothing to write.
	work *Work
	// text is that of the account's row.
	text    []byte
	entries []store.Row[tables.Entry]
	// pages are those that are yet to be written.
	pages written
	err   error
	// panicked is what sealing panicked with: it happens again where the update runs.
	panicked any
}

// sealAccount makes the rows of what happened to an account, whose pages that are yet to be written go with them.
func (s *session) sealAccount(w *Work, pages written) sealed {
	txs := w.Book.Transactions()
	if len(txs) == 0 && !w.fresh && !w.changed {
		return sealed{}
	}
	account := w.Row.Value
	head := account.Ledger.Head
	account.Ledger = w.Book.Account()
	account.Ledger.Head = ""
	text, err := account.MarshalJSON()
	if err != nil {
		return sealed{err: err}
	}
	state, err := Digest(accountDomain, w.ID, text)
	if err != nil {
		return sealed{err: err}
	}
	entries := make([]store.Row[tables.Entry], 0, len(txs))
	for i, tx := range txs {
		e := s.entry(w, tx, system)
		e.Tx, e.Prev = &tx, head
		if i == len(txs)-1 {
			e.State, e.DueAt = state, account.DueAt()
		}
		row := store.Row[tables.Entry]{ID: EntryID(w.ID, tx.Seq)}
		if row.Value, err = s.seal(row.ID, e); err != nil {
			return sealed{err: err}
		}
		head = row.Value.Hash
		s.sealed[e] = row
		entries = append(entries, row)
	}
	account.Ledger.Head = head
	w.Row.Value = account
	if head != "" {
		text = tables.WithHead(text, head)
	}
	return sealed{work: w, text: text, entries: entries, pages: pages}
}

// put writes an account.
func (s *session) put(made sealed) (err error) {
	switch {
	case made.panicked != nil:
		panic(made.panicked)
	case made.err != nil || made.work == nil:
		return made.err
	}
	w := made.work
	account := w.Row.Value
	w.Row.Value = account.Sealed(made.text)
	// The account comes first: of two updates that have read it, the engine runs the second again when it meets the first there. Met at a number of the journal that is
	// taken, it would be refused.
	if w.fresh {
		w.Row, err = tables.Accounts.Insert(s.ctx, s.tx, w.ID, w.Row.Value)
	} else {
		w.Row, err = tables.Accounts.Put(s.ctx, s.tx, w.Row)
	}
	w.Row.Value = account
	if err != nil {
		return err
	}
	for _, row := range made.entries {
		if _, err := tables.Journal.Insert(s.ctx, s.tx, row.ID, row.Value); err != nil {
			return err
		}
	}
	return w.pages.write(s.ctx, s.tx, made.pages, w.Row.Value.Ledger.Tail.Page)
}

// keep remembers the accounts as this session, which has written them, leaves them.
func (s *session) keep() {
	for _, w := range s.works {
		k := kept{row: w.Row}
		if w.pages.tail.page == w.Row.Value.Ledger.Tail.Page {
			k.tail = w.pages.tail
		}
		s.cache.put(w.ID, k)
	}
}

// forget drops what is remembered of the session's accounts.
func (s *session) forget() {
	for _, w := range s.works {
		s.books.remembered.drop(w.ID)
	}
}

// EntryID is the id of an account's transaction in the journal.
func EntryID(account string, seq int64) string { return fmt.Sprintf("%s/%010d", account, seq) }

// seal returns the entry as it is stored, with its hash and its text.
func (s *session) seal(name string, of *tables.Entry) (tables.Entry, error) {
	if err := s.complete(of); err != nil {
		return *of, err
	}
	e, err := s.hide(*of)
	if err != nil {
		return e, err
	}
	text, err := e.MarshalJSON()
	if err != nil {
		return e, err
	}
	if e.Hash, err = Digest(journalDomain, name, text); err != nil {
		return e, err
	}
	return e.Sealed(append(append(text[:len(text)-1:len(text)-1], `,"hash":"`...), e.Hash+`"}`...)), nil
}

// complete writes down what an entry carries.
func (s *session) complete(e *tables.Entry) (err error) {
	if v, told := s.facts[e]; told {
		if e.Facts, err = Facts(v); err != nil {
			return err
		}
	}
	if reply := s.replies[e]; reply != nil {
		e.Reply, err = encode(reply)
	}
	return err
}
