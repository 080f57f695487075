package book

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
)

// Unit is the work of one command.
type Unit struct {
	// Tx is for the tables that a command reads, and writes, itself: a command that Move runs only reads. Journal, accounts and lots are written by the unit.
	Tx    store.Writer
	Now   clock.Millis
	Actor string

	session *session
	touched []touch
	// others and names are how many entries without points there were, and which names were taken, before the command.
	others int
	names  []string
	spent  []spent
	// trusts says that a name is believed to be free until the database refuses it, trusted that one was.
	trusts, trusted bool
	// main is the entry that carries key and reply, the last one posted or recorded.
	main *tables.Entry
}

// touch is an account as a command found it.
type touch struct {
	work    *Work
	mark    ledger.Mark
	row     tables.Account
	changed bool
}

func (s *session) unit(actor string) *Unit {
	return &Unit{Tx: s.tx, Now: s.now, Actor: actor, session: s, others: len(s.others)}
}

// Open returns an account for steps, settled as of now. fault.NotFound if the member has none in this wallet.
func (u *Unit) Open(ctx context.Context, program, member, wallet string) (*Work, error) {
	w, err := u.session.load(tables.AccountID(member, wallet))
	if store.IsNotFound(err) || err == nil && w.Row.Value.Program != program {
		return nil, NoMember(program, member)
	}
	if err != nil {
		return nil, err
	}
	if into := w.Row.Value.Into; into != "" { // the name of a member who was merged leads to the other
		return u.Open(ctx, program, into, wallet)
	}
	if w.Row.Value.Closed != "" {
		return nil, fault.IllegalState.New("The member takes part no longer: the account was closed when the member was %s.", w.Row.Value.Closed)
	}
	if u.has(w) {
		return w, nil
	}
	if err := u.settle(w); err != nil {
		return nil, err
	}
	u.touched = append(u.touched, touch{work: w, mark: w.Book.Mark(), row: w.Row.Value, changed: w.changed})
	return w, nil
}

func (u *Unit) has(w *Work) bool {
	for _, t := range u.touched {
		if t.work == w {
			return true
		}
	}
	return false
}

// NoMember is the refusal of a member that is not there.
func NoMember(program, member string) error {
	return fault.NotFound.New("There is no member %q in the programme %q.", member, program).With(fault.Field{Path: "member", Message: "There is no such member."})
}

// Create makes an account. It is for enrolling members.
func (u *Unit) Create(_ context.Context, program, member, wallet string) *Work {
	w := &Work{ID: tables.AccountID(member, wallet), fresh: true, entries: map[int64]*tables.Entry{}}
	w.Row = store.Row[tables.Account]{ID: w.ID, Value: tables.Account{Program: program, Member: member, Wallet: wallet, Ledger: ledger.Account{ID: w.ID}}}
	w.pages = newPages(u.session.ctx, u.Tx, w.ID)
	w.pages.fresh = true
	w.Book = ledger.Open(w.Row.Value.Ledger, w.pages)
	u.session.add(w)
	u.touched = append(u.touched, touch{work: w, mark: w.Book.Mark(), row: w.Row.Value})
	return w
}

// settle does what was due, and tells those who have to do something about it. It stays though the command is refused, so it is the update's work, not the command's: if
// a part of it fails, so does the update.
func (u *Unit) settle(w *Work) error {
	err := u.settled(w)
	if err != nil {
		u.session.failed = err
	}
	return err
}

func (u *Unit) settled(w *Work) error {
	known := len(w.Book.Transactions())
	if err := w.Book.Settle(u.Now); err != nil {
		return Refused(err)
	}
	for _, tx := range w.Book.Transactions()[known:] {
		e := u.session.entry(w, tx, system)
		for _, hook := range u.session.books.Settled {
			if err := hook(u.session.ctx, u, w, e); err != nil {
				return err
			}
		}
	}
	return u.tiers(u.session.ctx, w)
}

// Post says what a step was about. The last entry posted or recorded answers for the command.
func (u *Unit) Post(w *Work, tx ledger.Transaction) *tables.Entry {
	u.main = u.session.entry(w, tx, u.Actor)
	return u.main
}

// Record adds an entry that moves no points. Type, Subject and Program are the caller's.
func (u *Unit) Record(e tables.Entry) *tables.Entry {
	if e.Actor == "" {
		e.Actor = u.Actor
	}
	e.At = u.Now
	u.main = &e
	u.session.others = append(u.session.others, u.main)
	return u.main
}

// Once returns the entry that has the name, which no two entries have, or fault.NotFound. An entry takes its name by Name.
func (u *Unit) Once(ctx context.Context, name string) (tables.Entry, error) {
	if e := u.session.once[name]; e != nil {
		err := u.session.complete(e)
		return *e, err
	}
	row, err := tables.Journal.First(ctx, u.Tx, store.Query{Index: "by_once", Equal: []any{name}})
	return row.Value, err
}

// Taken reports whether an entry has the name, before another takes it. Of commands that share an update it believes that none has, which is nearly always so and spares
// looking: if the database refuses one of the names, or a command is refused for another reason, which a name that is taken comes before, it is run again and looks.
func (u *Unit) Taken(ctx context.Context, name string) (bool, error) {
	if u.trusts && u.session.once[name] == nil {
		u.trusted = true
		return false, nil
	}
	_, err := u.Once(ctx, name)
	if store.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// Name gives an entry a name that no two entries have.
func (u *Unit) Name(e *tables.Entry, name string) {
	e.Once = name
	u.session.once[name] = e
	u.names = append(u.names, name)
}

// undo takes back what the command did, but for what was due anyway.
func (u *Unit) undo() {
	s := u.session
	for _, t := range u.touched {
		if t.work.fresh {
			delete(s.byID, t.work.ID)
			for i, w := range s.works {
				if w == t.work {
					s.works = append(s.works[:i], s.works[i+1:]...)
					break
				}
			}
			continue
		}
		t.work.Book.Reset(t.mark)
		last := t.work.Book.Account().Seq
		for seq := range t.work.entries {
			if seq > last {
				delete(t.work.entries, seq)
			}
		}
		t.work.Row.Value, t.work.changed = t.row, t.changed
	}
	u.unspend()
	s.others = s.others[:u.others]
	for _, name := range u.names {
		delete(s.once, name)
	}
	u.touched, u.names, u.main = nil, nil, nil
}

// finish takes the steps that follow from those of the command.
func (u *Unit) finish(ctx context.Context) error {
	for _, t := range u.touched {
		if err := u.tiers(ctx, t.work); err != nil {
			return err
		}
	}
	return nil
}

// sign puts key and reply on the entry that answers for the command.
func (u *Unit) sign(c command, reply proto.Message, refusal error) error {
	if c.key == "" {
		return nil
	}
	if u.main == nil {
		u.Record(tables.Entry{Type: "loyalty.request.answered", Subject: "requests/" + c.key})
	}
	u.main.Key, u.main.Request = c.key, c.request
	var err error
	if refusal != nil {
		u.main.Type = "loyalty.request.refused"
		u.main.Refusal, err = encode(fault.ToStatus(refusal).Proto())
		return err
	}
	u.main.Personal = holdsPersonal(reply)
	u.session.replies[u.main] = reply
	return nil
}

// Tell says what an entry was decided by, which must not change any more.
func (u *Unit) Tell(e *tables.Entry, v any) { u.session.facts[e] = v }

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
