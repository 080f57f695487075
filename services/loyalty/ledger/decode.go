package ledger

import (
	"slices"

	"renown.example/loyalty/document"
)

func init() {
	// Writers and readers of this package name every field. One that they do not know would be lost.
	if !document.HasFields[Lot](16) || !document.HasFields[LotRef](2) || !document.HasFields[Page](4) || !document.HasFields[Balances](5) || !document.HasFields[Lifetime](3) ||
		!document.HasFields[Leg](2) || !document.HasFields[LotChange](10) || !document.HasFields[Transaction](11) || !document.HasFields[Account](12) ||
		!document.HasFields[Tail](2) || !document.HasFields[Hold](5) || !document.HasFields[Take](2) || !document.HasFields[Idle](4) || !document.HasFields[Deadline](2) {
		panic("ledger: a type has got a field that encode.go, decode.go and shape.go do not know")
	}
}

// lotReader reads lots.
type lotReader struct {
	document.Reader
	// last are the texts of the lot before, which are mostly those of the next.
	last Lot
	// head is what is left of a page's text where the figures of its lots begin, tail where they end. loose says that they do not stand where MarshalJSON puts them.
	head, tail []byte
	column     int
	loose      bool
	// whole is how long the text was where the changes of lots began.
	whole int
}

func (r *lotReader) page() (p Page) {
	r.Object(func(key []byte) {
		switch {
		case string(key) == "id" && p.ID == "":
			p.ID = r.Text()
		case string(key) == "lots" && p.Lots == nil:
			r.loose = p.ID == ""
			p.Lots = make([]Lot, 0, PageSize)
			r.lots(&p.Lots)
			r.Strange = r.Strange || len(p.Lots) == 0 // no page is stored without lots
		default:
			r.Strange = true
		}
	})
	return p
}

// numbers reads the numbers of lots that stand in columns: a list, or the first and the last of a row.
func numbers(r *document.Reader, add func(n int64)) {
	if len(r.Rest) == 0 || r.Rest[0] != '{' {
		r.List(func() { add(r.Int()) })
		return
	}
	var first, last int64
	r.Object(func(key []byte) {
		switch {
		case string(key) == "first" && first == 0:
			first = r.Int()
		case string(key) == "last" && last == 0:
			last = r.Int()
		default:
			r.Strange = true
		}
	})
	if r.Strange = r.Strange || !inRow(first, last); r.Strange {
		return
	}
	for n := first; n <= last; n++ {
		add(n)
	}
}

// inColumns reports whether the numbers that come are those of several lots.
func inColumns(r *document.Reader) bool {
	return len(r.Rest) > 0 && (r.Rest[0] == '[' || r.Rest[0] == '{')
}

// lots reads columns, of which the numbers come first.
func (r *lotReader) lots(lots *[]Lot) {
	r.Object(func(key []byte) {
		name := string(key)
		if name == "n" && len(*lots) == 0 {
			numbers(&r.Reader, func(n int64) {
				all := slices.Grow(*lots, 1)
				all = all[:len(all)+1] // which is all zero: nothing stood there before
				all[len(all)-1].N = n
				*lots = all
			})
			r.frame(name)
			return
		}
		r.Strange = r.Strange || name == "n" || len(*lots) == 0
		if all := *lots; !r.figures(name, all) {
			r.Column(len(all), func(i int) { r.property(name, &all[i]) })
		}
		r.frame(name)
	})
}

// frame notes where a column ends: numbers and points go before the figures, everything else behind them.
func (r *lotReader) frame(name string) {
	column := 0
	switch name {
	case "n", "points":
		r.head, r.tail = r.Rest, r.Rest
	case "open", "reserved":
		r.tail, column = r.Rest, 1
	default:
		column = 2
	}
	r.loose = r.loose || column < r.column
	r.column = column
}

// figures reads a column of those that nearly every page has. It does what property does for each lot, and is told only once which property it is.
func (r *lotReader) figures(name string, lots []Lot) bool {
	n := len(lots)
	switch name {
	case "points":
		r.IntColumn(n, func(i int) *int64 { return &lots[i].Points })
	case "open":
		r.IntColumn(n, func(i int) *int64 { return &lots[i].Open })
	case "reserved":
		r.IntColumn(n, func(i int) *int64 { return &lots[i].Reserved })
	case "issuedAt":
		r.IntColumn(n, func(i int) *int64 { return (*int64)(&lots[i].IssuedAt) })
	case "expiresAt":
		r.IntColumn(n, func(i int) *int64 { return (*int64)(&lots[i].ExpiresAt) })
	case "life":
		r.TextColumn(n, func(i int) *string { return &lots[i].Life })
	case "policy":
		r.TextColumn(n, func(i int) *string { return &lots[i].Policy })
	case "rule":
		r.TextColumn(n, func(i int) *string { return &lots[i].Rule })
	case "source":
		r.TextColumn(n, func(i int) *string { return &lots[i].Source })
	case "tx":
		r.IntColumn(n, func(i int) *int64 { return &lots[i].Tx })
	default:
		return false
	}
	return true
}

func (r *lotReader) lot() (l Lot) {
	r.Object(func(key []byte) { r.property(string(key), &l) })
	return l
}

// property reads one property of a lot.
func (r *lotReader) property(name string, l *Lot) {
	switch name {
	case "n":
		l.N = r.Int()
	case "points":
		l.Points = r.Int()
	case "open":
		l.Open = r.Int()
	case "reserved":
		l.Reserved = r.Int()
	case "pending":
		l.Pending = r.Bool()
	case "activatesAt":
		l.ActivatesAt = r.Instant()
	case "issuedAt":
		l.IssuedAt = r.Instant()
	case "expiresAt":
		l.ExpiresAt = r.Instant()
	case "life":
		l.Life = r.like(&r.last.Life)
	case "policy":
		l.Policy = r.like(&r.last.Policy)
	case "frozenAt":
		l.FrozenAt = r.Instant()
	case "rule":
		l.Rule = r.like(&r.last.Rule)
	case "source":
		l.Source = r.like(&r.last.Source)
	case "tx":
		l.Tx = r.Int()
	case "from":
		l.From = readRef(&r.Reader, l.From)
	case "movedTo":
		l.MovedTo = readRef(&r.Reader, l.MovedTo)
	default:
		r.Strange = true
	}
}

// like reads a text that is often the same as the one before.
func (r *lotReader) like(last *string) string {
	*last = r.TextLike(*last)
	return *last
}

func readRef(r *document.Reader, before *LotRef) *LotRef {
	r.Strange = r.Strange || before != nil
	if r.Null() {
		return nil
	}
	var ref LotRef
	r.Object(func(key []byte) {
		switch string(key) {
		case "page":
			ref.Page = r.Text()
		case "n":
			ref.N = r.Int()
		default:
			r.Strange = true
		}
	})
	return &ref
}

// Read reads a transaction as Write has written it.
func (t *Transaction) Read(r *document.Reader) { t.read(r, true) }

// ReadBriefly reads a transaction but for what changed in lots, of which there may be thousands.
func (t *Transaction) ReadBriefly(r *document.Reader) { t.read(r, false) }

func (t *Transaction) read(r *document.Reader, lots bool) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "account":
			t.Account = r.Text()
		case "seq":
			t.Seq = r.Int()
		case "kind":
			t.Kind = Kind(r.Text())
		case "effectiveAt":
			t.EffectiveAt = r.Instant()
		case "recordedAt":
			t.RecordedAt = r.Instant()
		case "legs":
			r.Strange = r.Strange || t.Legs != nil
			t.Legs = make([]Leg, 0, 2)
			r.List(func() { t.Legs = append(t.Legs, readLeg(r)) })
		case "lots":
			r.Strange = r.Strange || t.Lots != nil
			if !lots {
				r.Raw()
				return
			}
			of := &lotReader{Reader: *r, whole: len(r.Rest)}
			t.Lots = make([]LotChange, 0, 1)
			of.List(func() { t.Lots = of.changes(t.Lots) })
			*r = of.Reader
		case "hold":
			t.Hold = r.Text()
		case "endsAt":
			t.EndsAt = r.Instant()
		case "idle":
			r.Strange = r.Strange || t.Idle != nil
			t.Idle = make([]Deadline, 0, 1)
			r.List(func() {
				d := readIdle(r)
				r.Strange = r.Strange || d.Open != 0 || d.Free != 0
				t.Idle = append(t.Idle, Deadline{Life: d.Life, EndsAt: d.EndsAt})
			})
		case "after":
			t.After.read(r)
		default:
			r.Strange = true
		}
	})
}

func readLeg(r *document.Reader) (l Leg) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "account":
			l.Account = r.Text()
		case "points":
			l.Points = r.Int()
		default:
			r.Strange = true
		}
	})
	return l
}

// changes reads the change of a lot, or of several in columns.
func (r *lotReader) changes(all []LotChange) []LotChange {
	var page string
	from, columns := len(all), false
	r.Object(func(key []byte) {
		name := string(key)
		switch {
		case name == "page" && page == "":
			page = r.Text()
		case name == "n" && len(all) == from:
			if columns = inColumns(&r.Reader); !columns {
				all = append(all, LotChange{LotRef: LotRef{page, r.Int()}})
				return
			}
			numbers(&r.Reader, func(n int64) { all = append(r.roomFor(all), LotChange{LotRef: LotRef{page, n}}) })
		case len(all) == from:
			r.Strange = true
		case columns && (name == "open" || name == "reserved"):
			r.Column(len(all)-from, func(i int) { r.difference(name, &all[from+i]) })
		case columns:
			r.Strange = true
		default:
			r.difference(name, &all[from])
		}
	})
	r.Strange = r.Strange || len(all) == from
	return all
}

// roomFor makes room for one more change, and for as many as are to be expected from how far those have come that are read, but for no more than eight times as many.
func (r *lotReader) roomFor(all []LotChange) []LotChange {
	n := len(all)
	if n < cap(all) {
		return all
	}
	expected := n * r.whole / max(r.whole-len(r.Rest), 1)
	return slices.Grow(all, min(max(expected-n, n/4), 7*n)+PageSize)
}

// difference reads what changed of a lot.
func (r *lotReader) difference(name string, c *LotChange) {
	switch name {
	case "open":
		c.Open = r.Int()
	case "reserved":
		c.Reserved = r.Int()
	case "opened":
		r.Strange = r.Strange || c.Opened != nil
		l := r.lot()
		c.Opened = &l
	case "activated":
		c.Activated = r.Bool()
	case "froze":
		c.Froze = r.Bool()
	case "unfroze":
		c.Unfroze = r.Bool()
	case "points":
		c.Points = r.Int()
	case "expiresAt":
		c.ExpiresAt = r.Instant()
	case "movedTo":
		c.MovedTo = readRef(&r.Reader, c.MovedTo)
	default:
		r.Strange = true
	}
}

func (v *Balances) read(r *document.Reader) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "pending":
			v.Pending = r.Int()
		case "available":
			v.Available = r.Int()
		case "reserved":
			v.Reserved = r.Int()
		case "frozen":
			v.Frozen = r.Int()
		case "debt":
			v.Debt = r.Int()
		default:
			r.Strange = true
		}
	})
}

// Read reads an account as Write has written it.
func (a *Account) Read(r *document.Reader) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "id":
			a.ID = r.Text()
		case "balances":
			a.Balances.read(r)
		case "lifetime":
			a.Lifetime.read(r)
		case "seq":
			a.Seq = r.Int()
		case "head":
			a.Head = r.Text()
		case "lots":
			a.Lots = r.Int()
		case "recordedAt":
			a.RecordedAt = r.Instant()
		case "dueAt":
			a.DueAt = r.Instant()
		case "first":
			a.First = r.Text()
		case "tail":
			a.Tail.read(r)
		case "holds":
			r.Strange = r.Strange || a.Holds != nil
			a.Holds = make([]Hold, 0, 1)
			r.List(func() { a.Holds = append(a.Holds, readHold(r)) })
		case "idle":
			r.Strange = r.Strange || a.Idle != nil
			a.Idle = make([]Idle, 0, 1)
			r.List(func() { a.Idle = append(a.Idle, readIdle(r)) })
		default:
			r.Strange = true
		}
	})
}

func (t *Lifetime) read(r *document.Reader) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "earned":
			t.Earned = r.Int()
		case "spent":
			t.Spent = r.Int()
		case "expired":
			t.Expired = r.Int()
		default:
			r.Strange = true
		}
	})
}

func (t *Tail) read(r *document.Reader) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "page":
			t.Page = r.Text()
		case "lots":
			t.Lots = int(r.Int())
		default:
			r.Strange = true
		}
	})
}

func readIdle(r *document.Reader) (d Idle) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "life":
			d.Life = r.Text()
		case "endsAt":
			d.EndsAt = r.Instant()
		case "open":
			d.Open = r.Int()
		case "free":
			d.Free = r.Int()
		default:
			r.Strange = true
		}
	})
	return d
}

func readHold(r *document.Reader) (h Hold) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "id":
			h.ID = r.Text()
		case "points":
			h.Points = r.Int()
		case "endsAt":
			h.EndsAt = r.Instant()
		case "takes":
			r.Strange = r.Strange || h.Takes != nil
			h.Takes = make([]Take, 0, 1)
			r.List(func() { h.Takes = readTakes(r, h.Takes) })
		case "created":
			h.Created = r.Instant()
		default:
			r.Strange = true
		}
	})
	return h
}

// readTakes reads points of a lot, or of several in columns.
func readTakes(r *document.Reader, all []Take) []Take {
	var page string
	from := len(all)
	r.Object(func(key []byte) {
		switch {
		case string(key) == "page" && page == "":
			page = r.Text()
		case string(key) == "n" && len(all) == from:
			if inColumns(r) {
				numbers(r, func(n int64) { all = append(all, Take{LotRef: LotRef{page, n}}) })
			} else {
				all = append(all, Take{LotRef: LotRef{page, r.Int()}})
			}
		case string(key) == "points" && len(all) > from:
			r.Column(len(all)-from, func(i int) { all[from+i].Points = r.Int() })
		default:
			r.Strange = true
		}
	})
	r.Strange = r.Strange || len(all) == from
	return all
}
