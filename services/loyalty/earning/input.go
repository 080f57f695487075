package earning

import (
	"fmt"
	"unicode/utf8"

	"github.com/govalues/decimal"

	"renown.example/kit/clock"
	"renown.example/loyalty/currency"
)

// Bounds of what an evaluation looks at. The worst case of a rule is reckoned from them when it is saved.
const (
	MaxLines      = 500
	MaxCategories = 10
	MaxTags       = 50
	MaxAttributes = 50
	// MaxText is the most characters of an id, a tag, a name or a value of an attribute.
	MaxText = 200
	// MaxAmount is the largest amount, in minor units, of an order's lines together.
	MaxAmount = int64(1_000_000_000_000_000)
	// QuantityScale is the most decimal places of a quantity, and MaxQuantity the largest.
	QuantityScale = 6
	MaxQuantity   = 1_000_000_000
)

// Input is all that an evaluation depends on. Whoever keeps it, and the rules' versions, can repeat the evaluation at any time and gets the same bytes.
type Input struct {
	// Order or Event is what happened: one of them.
	Order   *Order  `json:"order,omitempty"`
	Event   *Event  `json:"event,omitempty"`
	Member  Member  `json:"member"`
	Program Program `json:"program"`
	// Counters says what caps have been used up, by the keys that Keys names. A key that is missing counts as zero.
	Counters map[string]int64 `json:"counters,omitempty"`
	// Now is when the evaluation takes place; the order or event has its own time, and that is the one which decides on windows and periods.
	Now clock.Millis `json:"now"`
}

// at is when the thing happened.
func (in *Input) at() clock.Millis {
	if in.Order != nil {
		return in.Order.At
	}
	if in.Event != nil {
		return in.Event.At
	}
	return in.Now
}

// large reports whether the input is beyond the bounds by which the cost of expressions was reckoned.
func (in *Input) large() bool {
	m := &in.Member
	large := long(m.ID, m.Tier, in.Program.ID, in.Program.Zone, in.Program.Currency) || len(m.Tags) > MaxTags || long(m.Tags...) || wide(m.Attributes)
	if o := in.Order; o != nil {
		large = large || long(o.ID, o.Currency) || len(o.Lines) > MaxLines || wide(o.Attributes)
		for i := range o.Lines {
			l := &o.Lines[i]
			large = large || len(l.Categories) > MaxCategories || long(l.Categories...) || long(l.ID, l.SKU) || wide(l.Attributes)
		}
	}
	if e := in.Event; e != nil {
		large = large || long(e.ID, e.Type, e.Currency) || wide(e.Attributes)
	}
	return large
}

// long looks for a text of more than MaxText characters. Only what has more bytes is counted.
func long(texts ...string) bool {
	for _, s := range texts {
		if len(s) > MaxText && utf8.RuneCountInString(s) > MaxText {
			return true
		}
	}
	return false
}

func wide(m map[string]string) bool {
	if len(m) > MaxAttributes {
		return true
	}
	for k, v := range m {
		if long(k, v) {
			return true
		}
	}
	return false
}

// Order is what a member bought.
type Order struct {
	ID       string       `json:"id"`
	At       clock.Millis `json:"at"`
	Currency string       `json:"currency"`
	Lines    []Line       `json:"lines"`
	// Discount, Tax and Shipping are for conditions to look at; what is earned is earned on lines. All in minor units.
	Discount int64 `json:"discount,omitempty"`
	Tax      int64 `json:"tax,omitempty"`
	Shipping int64 `json:"shipping,omitempty"`
	// First says that it is the member's first order.
	First      bool              `json:"first,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// Line is one position of an order.
type Line struct {
	ID         string          `json:"id"`
	SKU        string          `json:"sku"`
	Categories []string        `json:"categories,omitempty"`
	Quantity   decimal.Decimal `json:"quantity"`
	// Amount is what was paid for the whole line, after discounts, in minor units.
	Amount     int64             `json:"amount"`
	Attributes map[string]string `json:"attributes,omitempty"`
	// ActivatesAt is the line's own date for points that wait for one, such as the end of its right of return; zero means that the rule's holds.
	ActivatesAt clock.Millis `json:"activatesAt,omitempty"`
}

// Total is the sum of the lines, in minor units.
func (o *Order) Total() int64 {
	var sum int64
	for i := range o.Lines {
		sum += o.Lines[i].Amount
	}
	return sum
}

// Visit is the type of event that rules for visits wait for.
const Visit = "visit"

// Event is something a member did that is not an order: a visit, a review, a birthday.
type Event struct {
	ID   string       `json:"id"`
	Type string       `json:"type"`
	At   clock.Millis `json:"at"`
	// Amount is in minor units of Currency; an event may have none.
	Amount     int64             `json:"amount,omitempty"`
	Currency   string            `json:"currency,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// Member is what rules may know of a member.
type Member struct {
	ID         string            `json:"id"`
	Tier       string            `json:"tier,omitempty"`
	EnrolledAt clock.Millis      `json:"enrolledAt,omitempty"`
	Tags       []string          `json:"tags,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	// LifetimeEarned is how many points the member earned up to now, Orders how many orders came before this one.
	LifetimeEarned int64 `json:"lifetimeEarned,omitempty"`
	Orders         int64 `json:"orders,omitempty"`
}

// Program is what rules may know of the programme.
type Program struct {
	ID string `json:"id"`
	// Zone is the IANA name of the zone in which days begin; Currency that in which rules state their rates.
	Zone     string `json:"zone"`
	Currency string `json:"currency"`
}

// Check says what is wrong with an order by itself, with paths that begin at the order: "lines[2].quantity".
func (o *Order) Check() Problems {
	var p Problems
	p.text("id", o.ID)
	if o.At <= 0 {
		p.add("time", "say when the order was placed")
	}
	if !currency.Known(o.Currency) {
		p.add("currency", "%q is no currency of ISO 4217", o.Currency)
	}
	if len(o.Lines) == 0 || len(o.Lines) > MaxLines {
		p.add("lines", "an order has 1 to %d lines, this one has %d", MaxLines, len(o.Lines))
		return p
	}
	seen := make(map[string]int, len(o.Lines))
	var sum int64
	for i := range o.Lines {
		l, at := &o.Lines[i], fmt.Sprintf("lines[%d]", i)
		l.check(&p, at)
		if first, twice := seen[l.ID]; twice {
			p.add(at+".id", "line %d has the id %q too", first+1, l.ID)
		}
		seen[l.ID] = i
		if l.Amount > MaxAmount {
			continue // it was said, and says nothing about the sum
		}
		before := sum
		if sum += max(l.Amount, 0); before <= MaxAmount && sum > MaxAmount {
			p.add(at+".amount", "the lines come to more than %d minor units", MaxAmount)
		}
	}
	for name, v := range map[string]int64{"discount": o.Discount, "tax": o.Tax, "shipping": o.Shipping} {
		if v < 0 || v > MaxAmount {
			p.add(name, "an amount is 0 to %d minor units", MaxAmount)
		}
	}
	p.attributes("attributes", o.Attributes)
	return p.sorted()
}

func (l *Line) check(p *Problems, at string) {
	p.text(at+".id", l.ID)
	p.text(at+".sku", l.SKU)
	if len(l.Categories) > MaxCategories {
		p.add(at+".categories", "a line has at most %d categories", MaxCategories)
	}
	for i, c := range l.Categories {
		p.text(fmt.Sprintf("%s.categories[%d]", at, i), c)
	}
	switch q := l.Quantity; {
	case !q.IsPos():
		p.add(at+".quantity", "a quantity is more than 0")
	case q.MinScale() > QuantityScale:
		p.add(at+".quantity", "a quantity has at most %d decimal places", QuantityScale)
	case q.Cmp(decimal.MustNew(MaxQuantity, 0)) > 0:
		p.add(at+".quantity", "a quantity is at most %d", MaxQuantity)
	}
	if l.Amount < 0 || l.Amount > MaxAmount {
		p.add(at+".amount", "an amount is 0 to %d minor units; what comes back is returned, not ordered below zero", MaxAmount)
	}
	p.attributes(at+".attributes", l.Attributes)
}

// Check says what is wrong with an event by itself.
func (e *Event) Check() Problems {
	var p Problems
	p.text("id", e.ID)
	p.text("type", e.Type)
	if e.At <= 0 {
		p.add("time", "say when it happened")
	}
	if e.Amount < 0 || e.Amount > MaxAmount {
		p.add("amount", "an amount is 0 to %d minor units", MaxAmount)
	}
	if (e.Amount != 0 || e.Currency != "") && !currency.Known(e.Currency) {
		p.add("currency", "%q is no currency of ISO 4217", e.Currency)
	}
	p.attributes("attributes", e.Attributes)
	return p.sorted()
}

func (p *Problems) text(path, s string) {
	if s == "" || utf8.RuneCountInString(s) > MaxText {
		p.add(path, "this has 1 to %d characters", MaxText)
	}
}

func (p *Problems) attributes(path string, m map[string]string) {
	if len(m) > MaxAttributes {
		p.add(path, "there are at most %d attributes", MaxAttributes)
	}
	for k, v := range m {
		if k == "" || utf8.RuneCountInString(k) > MaxText || utf8.RuneCountInString(v) > MaxText {
			p.add(path, "names and values of attributes have at most %d characters; %.40q is none or has a longer one", MaxText, k)
		}
	}
}
