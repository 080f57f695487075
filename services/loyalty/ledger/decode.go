package ledger

import (
	"bytes"
	"encoding/json"

	"renown.example/loyalty/document"
)

// Taught reports whether writers and readers of this package know every field. If not, encoding/json does the work.
func Taught() bool { return taught }

var taught = document.HasFields[Lot](16) && document.HasFields[LotRef](2) && document.HasFields[Page](2) && document.HasFields[Balances](5) && document.HasFields[Lifetime](3) &&
	document.HasFields[Leg](2) && document.HasFields[LotChange](9) && document.HasFields[Transaction](10) && document.HasFields[Account](11) && document.HasFields[Tail](2) &&
	document.HasFields[Hold](5) && document.HasFields[Take](2)

// UnmarshalJSON reads a page. A redemption may have to read hundreds of them, so that the text which MarshalJSON makes of a Page is read in one go; whatever else
// there is in it, such as spaces or escapes, is left to encoding/json.
func (p *Page) UnmarshalJSON(in []byte) error {
	r := &lotReader{Reader: document.Reader{Rest: in}}
	if taught {
		if page := r.page(bytes.Count(in, []byte(`"issuedAt":`))); r.Done() {
			*p = page
			return nil
		}
	}
	type plain Page
	var page plain
	if err := json.Unmarshal(in, &page); err != nil {
		return err
	}
	*p = Page(page)
	return nil
}

// lotReader reads lots.
type lotReader struct {
	document.Reader
	// last are the texts of the lot before, which are mostly those of the next.
	last Lot
}

func (r *lotReader) page(lots int) (p Page) {
	r.Object(func(key []byte) {
		switch {
		case string(key) == "id" && p.ID == "":
			p.ID = r.Text()
		case string(key) == "lots" && p.Lots == nil:
			p.Lots = make([]Lot, 0, lots)
			r.List(func() { p.Lots = append(p.Lots, r.lot()) })
		default:
			r.Strange = true
		}
	})
	return p
}

func (r *lotReader) lot() (l Lot) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "n":
			l.N = r.Int()
		case "points":
			l.Points = r.Int()
		case "open":
			l.Open = r.Int()
		case "reserved":
			l.Reserved = r.Int()
		case "pending":
			l.Pending = r.True()
		case "activatesAt":
			l.ActivatesAt = r.Instant()
		case "issuedAt":
			l.IssuedAt = r.Instant()
		case "expiresAt":
			l.ExpiresAt = r.Instant()
		case "life":
			l.Life = r.TextLike(r.last.Life)
		case "policy":
			l.Policy = r.TextLike(r.last.Policy)
		case "frozenAt":
			l.FrozenAt = r.Instant()
		case "rule":
			l.Rule = r.TextLike(r.last.Rule)
		case "source":
			l.Source = r.TextLike(r.last.Source)
		case "tx":
			l.Tx = r.Int()
		case "from":
			l.From = readRef(&r.Reader, l.From)
		case "movedTo":
			l.MovedTo = readRef(&r.Reader, l.MovedTo)
		default:
			r.Strange = true
		}
	})
	r.last = l
	return l
}

func readRef(r *document.Reader, before *LotRef) *LotRef {
	r.Strange = r.Strange || before != nil
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
func (t *Transaction) Read(r *document.Reader) {
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
			lots := &lotReader{Reader: *r}
			t.Lots = make([]LotChange, 0, 1)
			lots.List(func() { t.Lots = append(t.Lots, lots.change()) })
			*r = lots.Reader
		case "hold":
			t.Hold = r.Text()
		case "endsAt":
			t.EndsAt = r.Instant()
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

func (r *lotReader) change() (c LotChange) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "page":
			c.Page = r.Text()
		case "n":
			c.N = r.Int()
		case "open":
			c.Open = r.Int()
		case "reserved":
			c.Reserved = r.Int()
		case "opened":
			r.Strange = r.Strange || c.Opened != nil
			l := r.lot()
			c.Opened = &l
		case "activated":
			c.Activated = r.True()
		case "froze":
			c.Froze = r.True()
		case "unfroze":
			c.Unfroze = r.True()
		case "expiresAt":
			c.ExpiresAt = r.Instant()
		case "movedTo":
			c.MovedTo = readRef(&r.Reader, c.MovedTo)
		default:
			r.Strange = true
		}
	})
	return c
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
			page := ""
			r.List(func() {
				t := readTake(r, page)
				page = t.Page
				h.Takes = append(h.Takes, t)
			})
		case "created":
			h.Created = r.Instant()
		default:
			r.Strange = true
		}
	})
	return h
}

// readTake reads points of a lot, which often lies on the same page as the one before.
func readTake(r *document.Reader, page string) (t Take) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "page":
			t.Page = r.TextLike(page)
		case "n":
			t.N = r.Int()
		case "points":
			t.Points = r.Int()
		default:
			r.Strange = true
		}
	})
	return t
}
