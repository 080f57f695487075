package ledger

import (
	"bytes"
	"encoding/json"

	"renown.example/kit/clock"
)

// UnmarshalJSON reads a page. A redemption may have to read hundreds of them, so that the text which encoding/json makes of a Page is read in one go; whatever else
// there is in it, such as spaces or escapes, is left to encoding/json.
func (p *Page) UnmarshalJSON(in []byte) error {
	r := reader{rest: in}
	if page := r.page(bytes.Count(in, []byte(`"issuedAt":`))); !r.strange && len(r.rest) == 0 {
		*p = page
		return nil
	}
	type plain Page
	var page plain
	if err := json.Unmarshal(in, &page); err != nil {
		return err
	}
	*p = Page(page)
	return nil
}

// reader reads the JSON that encoding/json makes. Strange says that it met something else, after which nothing that it returns means anything.
type reader struct {
	rest    []byte
	strange bool
	// last are the texts of the lot before, which are mostly those of the next.
	last Lot
}

// next takes a byte if it is the one that comes.
func (r *reader) next(b byte) bool {
	if len(r.rest) == 0 || r.rest[0] != b {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

func (r *reader) must(b byte) {
	if !r.next(b) {
		r.strange = true
	}
}

// raw reads a string, and finds those strange that do not stand there as they are.
func (r *reader) raw() []byte {
	r.must('"')
	for i, b := range r.rest {
		if b == '"' {
			s := r.rest[:i]
			r.rest = r.rest[i+1:]
			return s
		}
		if b == '\\' || b < ' ' || b >= 0x80 {
			break
		}
	}
	r.strange = true
	return nil
}

// text reads a string that may be the same as another.
func (r *reader) text(like string) string {
	if s := r.raw(); string(s) != like {
		return string(s)
	}
	return like
}

func (r *reader) number() int64 {
	negative := r.next('-')
	var n int64
	digits := 0
	for ; digits < len(r.rest) && digits < 18 && r.rest[digits]-'0' < 10; digits++ {
		n = n*10 + int64(r.rest[digits]-'0')
	}
	if digits == 0 || digits > 1 && r.rest[0] == '0' {
		r.strange = true
	}
	r.rest = r.rest[digits:]
	if negative {
		return -n
	}
	return n
}

func (r *reader) instant() clock.Millis { return clock.Millis(r.number()) }

func (r *reader) yes() bool {
	if !bytes.HasPrefix(r.rest, []byte("true")) {
		r.strange = true
		return false
	}
	r.rest = r.rest[4:]
	return true
}

// object reads the members of an object, each once.
func (r *reader) object(member func(key []byte)) {
	r.must('{')
	for more := !r.next('}'); more && !r.strange; {
		key := r.raw()
		r.must(':')
		member(key)
		if more = r.next(','); !more {
			r.must('}')
		}
	}
}

func (r *reader) page(lots int) (p Page) {
	r.object(func(key []byte) {
		switch {
		case string(key) == "id" && p.ID == "":
			p.ID = string(r.raw())
		case string(key) == "lots" && p.Lots == nil:
			p.Lots = make([]Lot, 0, lots)
			r.must('[')
			for more := !r.next(']'); more && !r.strange; {
				p.Lots = append(p.Lots, r.lot())
				if more = r.next(','); !more {
					r.must(']')
				}
			}
		default:
			r.strange = true
		}
	})
	return p
}

func (r *reader) lot() (l Lot) {
	r.object(func(key []byte) {
		switch string(key) {
		case "n":
			l.N = r.number()
		case "points":
			l.Points = r.number()
		case "open":
			l.Open = r.number()
		case "reserved":
			l.Reserved = r.number()
		case "pending":
			l.Pending = r.yes()
		case "activatesAt":
			l.ActivatesAt = r.instant()
		case "issuedAt":
			l.IssuedAt = r.instant()
		case "expiresAt":
			l.ExpiresAt = r.instant()
		case "life":
			l.Life = r.text(r.last.Life)
		case "policy":
			l.Policy = r.text(r.last.Policy)
		case "frozenAt":
			l.FrozenAt = r.instant()
		case "rule":
			l.Rule = r.text(r.last.Rule)
		case "source":
			l.Source = r.text(r.last.Source)
		case "tx":
			l.Tx = r.number()
		case "from":
			l.From = r.ref(l.From)
		case "movedTo":
			l.MovedTo = r.ref(l.MovedTo)
		default:
			r.strange = true
		}
	})
	r.last = l
	return l
}

func (r *reader) ref(before *LotRef) *LotRef {
	r.strange = r.strange || before != nil
	var ref LotRef
	r.object(func(key []byte) {
		switch string(key) {
		case "page":
			ref.Page = string(r.raw())
		case "n":
			ref.N = r.number()
		default:
			r.strange = true
		}
	})
	return &ref
}
