package tables

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"renown.example/kit/store"
	"renown.example/loyalty/document"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tier"
)

// taught says that the writers and readers here know every field. If not, encoding/json does the work.
var taught = document.HasFields[Entry](23) && document.HasFields[Counts](3) && document.HasFields[Account](11) && document.HasFields[Counter](2) &&
	document.HasFields[Tiers](3) && tier.Taught

// Sealed returns the entry with the text in which it is stored: what was hashed is then what is written, and it is written down once.
func (e Entry) Sealed(text []byte) Entry {
	e.stored = text
	return e
}

// MarshalJSON returns the text that Sealed was given, or one made of the fields, as encoding/json would make it. Facts are compact JSON already.
func (e Entry) MarshalJSON() ([]byte, error) {
	if e.stored != nil {
		return e.stored, nil
	}
	if !taught {
		type plain Entry
		return json.Marshal(plain(e))
	}
	room := 1024 + len(e.Facts) + len(e.Reply)
	if e.Tx != nil {
		room += e.Tx.Room()
	}
	w := &document.Writer{Out: make([]byte, 0, room)}
	w.Open()
	w.Text("type", e.Type)
	w.Text("subject", e.Subject)
	w.Text("actor", e.Actor)
	w.Int("at", int64(e.At))
	w.SomeText("program", e.Program)
	w.SomeText("member", e.Member)
	if e.Tx != nil {
		w.Name("tx")
		e.Tx.Write(w)
	}
	w.SomeText("reason", e.Reason)
	w.SomeText("source", e.Source)
	if len(e.Facts) > 0 {
		w.Raw("facts", e.Facts)
	}
	if c := e.Counts; c != nil {
		w.Name("counts")
		w.Open()
		w.SomeInt("at", int64(c.At))
		w.SomeInt("spend", c.Spend)
		w.SomeInt("visits", c.Visits)
		w.Close()
	}
	for _, f := range []struct{ name, text string }{
		{"once", e.Once}, {"key", e.Key}, {"request", e.Request}, {"reply", e.Reply}, {"refusal", e.Refusal}, {"hidden", e.Hidden}, {"state", e.State},
	} {
		w.SomeText(f.name, f.text)
	}
	w.SomeInt("dueAt", int64(e.DueAt))
	w.SomeText("prev", e.Prev)
	w.SomeText("hash", e.Hash)
	w.Close()
	return w.Out, nil
}

// UnmarshalJSON reads an entry. The text that MarshalJSON makes is read in one go, any other by encoding/json.
func (e *Entry) UnmarshalJSON(in []byte) error {
	if taught {
		r := &document.Reader{Rest: in}
		if got := readEntry(r, (*ledger.Transaction).Read); r.Done() {
			*e = got
			return nil
		}
	}
	type plain Entry
	var got plain
	if err := json.Unmarshal(in, &got); err != nil {
		return err
	}
	*e = Entry(got)
	return nil
}

// Brief is an entry as those read it who follow the journal: without what its transaction changed in lots. It is for reading only.
type Brief struct{ Entry }

// Briefly is the journal, read so.
var Briefly = store.As[Brief](Journal)

// UnmarshalJSON reads an entry briefly.
func (b *Brief) UnmarshalJSON(in []byte) error {
	if taught {
		r := &document.Reader{Rest: in}
		if got := readEntry(r, (*ledger.Transaction).ReadBriefly); r.Done() {
			b.Entry = got
			return nil
		}
	}
	if err := b.Entry.UnmarshalJSON(in); err != nil {
		return err
	}
	if b.Tx != nil {
		b.Tx.Lots = nil
	}
	return nil
}

func readEntry(r *document.Reader, transaction func(*ledger.Transaction, *document.Reader)) (e Entry) {
	r.Object(func(key []byte) {
		if text := e.text(key); text != nil {
			*text = r.Text()
			return
		}
		switch string(key) {
		case "at":
			e.At = r.Instant()
		case "dueAt":
			e.DueAt = r.Instant()
		case "tx":
			r.Strange = r.Strange || e.Tx != nil
			e.Tx = &ledger.Transaction{}
			transaction(e.Tx, r)
		case "facts":
			e.Facts = slices.Clone(r.Raw())
		case "counts":
			r.Strange = r.Strange || e.Counts != nil
			e.Counts = readCounts(r)
		default:
			r.Strange = true
		}
	})
	return e
}

// text is the field of a name, if that is a text.
func (e *Entry) text(name []byte) *string {
	switch string(name) {
	case "type":
		return &e.Type
	case "subject":
		return &e.Subject
	case "actor":
		return &e.Actor
	case "program":
		return &e.Program
	case "member":
		return &e.Member
	case "reason":
		return &e.Reason
	case "source":
		return &e.Source
	case "once":
		return &e.Once
	case "key":
		return &e.Key
	case "request":
		return &e.Request
	case "reply":
		return &e.Reply
	case "refusal":
		return &e.Refusal
	case "hidden":
		return &e.Hidden
	case "state":
		return &e.State
	case "prev":
		return &e.Prev
	case "hash":
		return &e.Hash
	}
	return nil
}

func readCounts(r *document.Reader) *Counts {
	var c Counts
	r.Object(func(key []byte) {
		switch string(key) {
		case "at":
			c.At = r.Instant()
		case "spend":
			c.Spend = r.Int()
		case "visits":
			c.Visits = r.Int()
		default:
			r.Strange = true
		}
	})
	return &c
}

// Sealed returns the account with the text in which it is stored, for one writing: what is changed in it afterwards would not be in that text.
func (a Account) Sealed(text []byte) Account {
	a.stored = text
	return a
}

// WithHead puts the head of an account's chain into the text of an account that has none.
func WithHead(text []byte, head string) []byte {
	const before = `"seq":` // no string has it, since a quotation mark within one is escaped
	end := bytes.Index(text, []byte(before)) + len(before)
	for end < len(text) && text[end] != ',' {
		end++
	}
	out := make([]byte, 0, len(text)+len(head)+len(`,"head":""`))
	out = append(append(out, text[:end]...), `,"head":"`...)
	return append(append(append(out, head...), '"'), text[end:]...)
}

// MarshalJSON writes an account as encoding/json would.
func (a Account) MarshalJSON() ([]byte, error) {
	if a.stored != nil {
		return a.stored, nil
	}
	if !taught {
		type plain Account
		return json.Marshal(plain(a))
	}
	w := &document.Writer{Out: make([]byte, 0, 768)}
	w.Open()
	w.Text("program", a.Program)
	w.Text("member", a.Member)
	w.Text("wallet", a.Wallet)
	w.SomeText("closed", a.Closed)
	w.SomeText("into", a.Into)
	w.Name("ledger")
	a.Ledger.Write(w)
	if len(a.Counters) > 0 {
		w.Name("counters")
		w.Open()
		for _, key := range slices.Sorted(maps.Keys(a.Counters)) {
			w.Next()
			w.String(key)
			w.Out = append(w.Out, ':')
			w.Open()
			w.Int("used", a.Counters[key].Used)
			w.SomeInt("ends", int64(a.Counters[key].Ends))
			w.Close()
		}
		w.Close()
	}
	w.SomeInt("orders", a.Orders)
	if a.Tiers != nil {
		w.Name("tiers")
		w.Open()
		w.Int("begun", int64(a.Tiers.Begun))
		w.Int("seq", a.Tiers.Seq)
		w.Name("standing")
		a.Tiers.Standing.Write(w)
		w.Close()
	}
	if a.Carried != nil {
		if err := w.Value("carried", a.Carried); err != nil {
			return nil, err
		}
	}
	w.Close()
	return w.Out, nil
}

// UnmarshalJSON reads an account. The text that MarshalJSON makes is read in one go, any other by encoding/json.
func (a *Account) UnmarshalJSON(in []byte) error {
	if taught {
		r := &document.Reader{Rest: in}
		if got := readAccount(r); r.Done() {
			*a = got
			return nil
		}
	}
	type plain Account
	var got plain
	if err := json.Unmarshal(in, &got); err != nil {
		return err
	}
	*a = Account(got)
	return nil
}

func readAccount(r *document.Reader) (a Account) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "program":
			a.Program = r.Text()
		case "member":
			a.Member = r.Text()
		case "wallet":
			a.Wallet = r.Text()
		case "closed":
			a.Closed = r.Text()
		case "into":
			a.Into = r.Text()
		case "ledger":
			a.Ledger.Read(r)
		case "orders":
			a.Orders = r.Int()
		case "counters":
			r.Strange = r.Strange || json.Unmarshal(r.Raw(), &a.Counters) != nil
		case "tiers":
			r.Strange = r.Strange || json.Unmarshal(r.Raw(), &a.Tiers) != nil
		case "carried":
			r.Strange = r.Strange || json.Unmarshal(r.Raw(), &a.Carried) != nil
		default:
			r.Strange = true
		}
	})
	return a
}
