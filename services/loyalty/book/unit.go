package book

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
)

// Unit is the work of one command: what it reads, and what it will write at its end.
type Unit struct {
	// Tx is for the tables that a command writes itself. Journal, accounts and lots are written by the unit.
	Tx    store.Writer
	Now   clock.Millis
	Actor string

	books *Books
	works []*Work
	// others are entries that move no points.
	others []*tables.Entry
	// main is the entry that carries key and reply, the last one posted or recorded.
	main *tables.Entry
}

// Work is an account that a command is about.
type Work struct {
	ID   string
	Row  store.Row[tables.Account]
	Book *ledger.Book

	fresh   bool
	pages   *pages
	entries map[int64]*tables.Entry
}

func newUnit(b *Books, tx store.Writer, actor string) *Unit {
	return &Unit{Tx: tx, Now: clock.At(b.Clock.Now()), Actor: actor, books: b}
}

// Open returns an account for steps, settled as of now. fault.NotFound if the member has none in this wallet.
func (u *Unit) Open(ctx context.Context, program, member, wallet string) (*Work, error) {
	account := tables.AccountID(member, wallet)
	for _, w := range u.works {
		if w.ID == account {
			return w, nil
		}
	}
	row, err := tables.Accounts.GetForUpdate(ctx, u.Tx, account)
	if store.IsNotFound(err) || err == nil && row.Value.Program != program {
		return nil, NoMember(program, member)
	}
	if err != nil {
		return nil, err
	}
	if row.Value.Closed != "" {
		return nil, fault.IllegalState.New("The member takes part no longer: the account was closed when the member was %s.", row.Value.Closed)
	}
	w := &Work{ID: account, Row: row, pages: newPages(ctx, u.Tx, account), entries: map[int64]*tables.Entry{}}
	w.Book = ledger.Open(row.Value.Ledger, w.pages)
	u.works = append(u.works, w)
	return w, u.settle(ctx, w)
}

// NoMember is the refusal of a member that is not there.
func NoMember(program, member string) error {
	return fault.NotFound.New("There is no member %q in the programme %q.", member, program)
}

// Create makes an account. It is for enrolling members.
func (u *Unit) Create(ctx context.Context, program, member, wallet string) *Work {
	w := &Work{ID: tables.AccountID(member, wallet), fresh: true, entries: map[int64]*tables.Entry{}}
	w.Row = store.Row[tables.Account]{ID: w.ID, Value: tables.Account{Program: program, Member: member, Wallet: wallet, Ledger: ledger.Account{ID: w.ID}}}
	w.pages = newPages(ctx, u.Tx, w.ID)
	w.Book = ledger.Open(w.Row.Value.Ledger, w.pages)
	u.works = append(u.works, w)
	return w
}

// settle does what was due, and tells those who have to do something about it.
func (u *Unit) settle(ctx context.Context, w *Work) error {
	if err := w.Book.Settle(u.Now); err != nil {
		return Refused(err)
	}
	for _, tx := range w.Book.Transactions() {
		e := u.entry(w, tx)
		e.Actor = system
		for _, hook := range u.books.Settled {
			if err := hook(ctx, u, w, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// entry returns the journal's entry of a transaction.
func (u *Unit) entry(w *Work, tx ledger.Transaction) *tables.Entry {
	e := w.entries[tx.Seq]
	if e == nil {
		e = &tables.Entry{
			Type: EventOf(tx.Kind), Subject: memberName(w.Row.Value), Actor: u.Actor, At: tx.RecordedAt,
			Program: w.Row.Value.Program, Member: w.Row.Value.Member, Tx: &tx,
		}
		w.entries[tx.Seq] = e
	}
	return e
}

func memberName(a tables.Account) string { return "programs/" + a.Program + "/members/" + a.Member }

// Post says what a step was about. The last entry posted or recorded answers for the command.
func (u *Unit) Post(w *Work, tx ledger.Transaction) *tables.Entry {
	u.main = u.entry(w, tx)
	return u.main
}

// Record adds an entry that moves no points. Type, Subject and Program are the caller's.
func (u *Unit) Record(e tables.Entry) *tables.Entry {
	if e.Actor == "" {
		e.Actor = u.Actor
	}
	e.At = u.Now
	u.main = &e
	u.others = append(u.others, u.main)
	return u.main
}

// Facts encodes what an entry was decided by.
func Facts(v any) (json.RawMessage, error) {
	text, err := json.Marshal(v)
	return text, err
}

// EventOf is the type of event that a kind of transaction is.
func EventOf(k ledger.Kind) string {
	if name, ok := events[k]; ok {
		return "loyalty.points." + name
	}
	return "loyalty.points." + string(k)
}

var events = map[ledger.Kind]string{
	ledger.KindAccrue: "accrued", ledger.KindActivate: "activated", ledger.KindExpire: "expired", ledger.KindReserve: "reserved", ledger.KindCommit: "redeemed",
	ledger.KindCancel: "released", ledger.KindLapse: "lapsed", ledger.KindRestore: "restored", ledger.KindReverse: "reversed", ledger.KindAdjust: "adjusted",
	ledger.KindFreeze: "frozen", ledger.KindUnfreeze: "unfrozen", ledger.KindTransfer: "transferred", ledger.KindOpen: "opened", ledger.KindNote: "noted",
}

// answer is what a command is answered with.
type answer struct {
	command
	reply   proto.Message
	refusal error
}

// write writes everything, and returns the entry that answers for the command.
func (u *Unit) write(ctx context.Context, a answer) (store.Row[tables.Entry], error) {
	var main store.Row[tables.Entry]
	for _, w := range u.works {
		for _, finish := range u.books.Finishing {
			if err := finish(ctx, u, w); err != nil {
				return main, err
			}
		}
	}
	if err := u.sign(a); err != nil {
		return main, err
	}
	for _, w := range u.works {
		row, err := u.writeAccount(ctx, w)
		if err != nil {
			return main, err
		}
		if row.ID != "" {
			main = row
		}
	}
	for _, e := range u.others {
		name := "~" + id.At(u.Now.Time())
		sealed, err := seal(name, *e)
		if err != nil {
			return main, err
		}
		if _, err = tables.Journal.Insert(ctx, u.Tx, name, sealed); err != nil {
			return main, err
		}
		if e == u.main {
			main = store.Row[tables.Entry]{ID: name, Value: sealed}
		}
	}
	return main, nil
}

// sign puts key and reply on the entry that answers for the command.
func (u *Unit) sign(a answer) error {
	if a.key == "" {
		return nil
	}
	if u.main == nil {
		u.Record(tables.Entry{Type: "loyalty.request.answered", Subject: "requests/" + a.key})
	}
	u.main.Key, u.main.Request = a.key, a.request
	var err error
	if a.refusal != nil {
		u.main.Type = "loyalty.request.refused"
		u.main.Refusal, err = encode(fault.ToStatus(a.refusal).Proto())
		return err
	}
	u.main.Reply, err = encode(a.reply)
	return err
}

// writeAccount writes what happened to an account. The row returned is that of the command's entry, if it is one of this account.
func (u *Unit) writeAccount(ctx context.Context, w *Work) (main store.Row[tables.Entry], err error) {
	txs := w.Book.Transactions()
	if len(txs) == 0 && !w.fresh {
		return main, nil
	}
	account := w.Row.Value
	head := account.Ledger.Head
	account.Ledger = w.Book.Account()
	account.Ledger.Head = ""
	state, err := digestOfValue(accountDomain, w.ID, account)
	if err != nil {
		return main, err
	}
	for i, tx := range txs {
		e := u.entry(w, tx)
		e.Tx, e.Prev = &tx, head
		if i == len(txs)-1 {
			e.State, e.DueAt = state, account.Ledger.DueAt
		}
		name := EntryID(w.ID, tx.Seq)
		sealed, err := seal(name, *e)
		if err != nil {
			return main, err
		}
		if _, err := tables.Journal.Insert(ctx, u.Tx, name, sealed); err != nil {
			return main, err
		}
		head = sealed.Hash
		if e == u.main {
			main = store.Row[tables.Entry]{ID: name, Value: sealed}
		}
	}
	account.Ledger.Head = head
	w.Row.Value = account
	if w.fresh {
		_, err = tables.Accounts.Insert(ctx, u.Tx, w.ID, account)
	} else {
		_, err = tables.Accounts.Put(ctx, u.Tx, w.Row)
	}
	if err != nil {
		return main, err
	}
	return main, w.pages.write(ctx, u.Tx, w.Book.Changed())
}

// EntryID is the id of an account's transaction in the journal.
func EntryID(account string, seq int64) string { return fmt.Sprintf("%s/%010d", account, seq) }

// seal returns the entry with its hash and the text that is stored.
func seal(name string, e tables.Entry) (tables.Entry, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return e, err
	}
	if e.Hash, err = digest(journalDomain, name, text); err != nil {
		return e, err
	}
	return e.Sealed(append(append(text[:len(text)-1:len(text)-1], `,"hash":"`...), e.Hash+`"}`...)), nil
}

func digestOfValue(domain, name string, v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return digest(domain, name, text)
}

// Refused turns a refusal of the core into a fault.
func Refused(err error) error {
	r, ok := err.(*ledger.Refusal)
	if !ok {
		return err
	}
	switch r.Code {
	case ledger.Insufficient:
		return fault.InsufficientPoints.New("There are %d points available; this takes %d.", r.Have, r.Want).
			WithMeta("available", fmt.Sprint(r.Have)).WithMeta("wanted", fmt.Sprint(r.Want))
	case ledger.Overflow, ledger.Invalid:
		return fault.InvalidArgument.New("%s", sentence(r.Message))
	}
	return fault.IllegalState.New("%s", sentence(r.Message))
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
