package earning

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"github.com/govalues/decimal"

	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
)

// Bounds of a rule.
const (
	MaxSKUs   = 1000
	MaxCaps   = 10
	MaxTiers  = 50
	MaxHours  = 20
	maxPoints = int64(1) << 53
	// maxValue is the largest rate, factor or number of points per unit, and maxScale how many decimal places they may have.
	maxValue = 1_000_000_000
	maxScale = 9
)

// Compiled is a rule, checked and made ready. It does not change, and many may use it at once.
type Compiled struct {
	// Rule is the rule as stated.
	Rule Rule

	hours                             []span
	named                             map[string]bool // SKUs or categories of the trigger
	condition, lineCondition, formula *expression
	value                             value
	tiers                             map[string]value
}

// value is an exact decimal over a power of ten.
type value struct {
	coef  *big.Int
	scale int
	text  string
}

// Compile checks a rule. What comes back as problems is everything that is wrong with it, so that it can be mended in one go.
func Compile(r Rule) (*Compiled, Problems) {
	r = r.Stated()
	c := &Compiled{Rule: r}
	var p Problems
	p.text("name", r.Name)
	p.text("wallet", r.Wallet)
	for path, s := range map[string]string{"campaign": r.Campaign, "stack.group": r.Stack.Group} {
		if utf8.RuneCountInString(s) > MaxText {
			p.add(path, "this has at most %d characters", MaxText)
		}
	}
	c.trigger(&p)
	c.terms(&p)
	c.window(&p)
	r.caps(&p)
	if !slices.Contains([]Mode{Best, All, Priority}, r.Stack.Mode) {
		p.add("stack.mode", "a mode is best, all or priority")
	}
	if !r.Rounding.known() {
		p.add("rounding", "a rounding is floor, half_up, half_even or ceil")
	}
	r.ends(&p)
	c.expressions(&p, MaxCost, MaxLineCost)
	if len(p) > 0 {
		return nil, p.sorted()
	}
	return c, nil
}

func (c *Compiled) trigger(p *Problems) {
	t := &c.Rule.Trigger
	list := func(path string, wanted bool, names []string, most int) {
		switch {
		case !wanted && len(names) > 0:
			p.add(path, "a rule of kind %s has none", t.Kind)
		case wanted && (len(names) == 0 || len(names) > most):
			p.add(path, "a rule of kind %s names 1 to %d of them", t.Kind, most)
		case wanted:
			c.named = make(map[string]bool, len(names))
			for i, n := range names {
				at := fmt.Sprintf("%s[%d]", path, i)
				if p.text(at, n); c.named[n] {
					p.add(at, "%q is there twice", n)
				}
				c.named[n] = true
			}
		}
	}
	switch t.Kind {
	case KindSpend, KindVisit, KindItem, KindCategory, KindEvent:
	default:
		p.add("trigger.kind", "a kind is spend, visit, item, category or event")
		return
	}
	list("trigger.skus", t.Kind == KindItem, t.SKUs, MaxSKUs)
	list("trigger.categories", t.Kind == KindCategory, t.Categories, MaxSKUs)
	switch {
	case t.Kind == KindEvent && t.Event == Visit:
		p.add("trigger.event", "visits have a kind of their own: visit")
	case t.Kind == KindEvent:
		p.text("trigger.event", t.Event)
	case t.Event != "":
		p.add("trigger.event", "a rule of kind %s waits for no event", t.Kind)
	}
}

func (c *Compiled) terms(p *Problems) {
	t, kind := &c.Rule.Terms, c.Rule.Trigger.Kind
	switch t.Form {
	case Fixed, PerUnit, Multiplier, Formula:
	default:
		p.add("terms.form", "a form is fixed, per_unit, multiplier or formula")
		return
	}
	if t.Form == PerUnit && kind == KindVisit {
		p.add("terms.form", "a visit has no amount: give fixed points, or a formula")
	}
	if (t.Form == PerUnit) != (t.Per != 0) || t.Per < 0 || t.Per > MaxAmount {
		p.add("terms.per", "points per unit, and nothing else, are given per 1 to %d minor units or pieces", MaxAmount)
	}
	if t.Form == Formula {
		if t.Value != "" || len(t.Tiers) > 0 {
			p.add("terms.value", "a formula says how many points; for tiers it has member.tier")
		}
		if t.EachLine && !kind.ofOrder() {
			p.add("terms.eachLine", "only orders have lines")
		}
		return
	}
	if t.Formula != "" || t.EachLine {
		p.add("terms.formula", "only the form formula has one, and eachLine")
	}
	c.value = t.number(p, "terms.value", t.Value, false)
	if len(t.Tiers) > MaxTiers {
		p.add("terms.tiers", "there are at most %d", MaxTiers)
	}
	c.tiers = make(map[string]value, len(t.Tiers))
	for tier, v := range t.Tiers {
		path := "terms.tiers[" + tier + "]"
		p.text(path, tier)
		c.tiers[tier] = t.number(p, path, v, true)
	}
}

// number reads a value. Members of a tier may get as little as nothing, or nothing on top.
func (t *Terms) number(p *Problems, path, s string, ofTier bool) value {
	d, err := parse(s)
	if err != nil {
		p.add(path, "%s", err.Error())
		return value{coef: one}
	}
	d = d.Trim(0)
	least, most := decimal.Zero, decimal.MustNew(maxValue, 0)
	switch t.Form {
	case Fixed:
		most = decimal.MustNew(maxPoints, 0)
		if !d.IsInt() {
			p.add(path, "fixed points are a whole number")
		}
	case Multiplier:
		least = decimal.One
	}
	low := d.Cmp(least) <= 0
	if ofTier {
		low = d.Cmp(least) < 0
	}
	if low || d.Cmp(most) > 0 || d.Scale() > maxScale {
		p.add(path, "this is more than %s and at most %s, with at most %d decimal places", least, most, maxScale)
	}
	coef, scale := coefficient(d)
	return value{coef, scale, d.String()}
}

func (c *Compiled) window(p *Problems) {
	w := &c.Rule.Window
	if w.From < 0 || w.Until < 0 || w.Until != 0 && w.Until <= w.From {
		p.add("window.until", "a window ends after it begins")
	}
	seen := map[int]bool{}
	for i, d := range w.Weekdays {
		if d < 1 || d > 7 || seen[d] {
			p.add(fmt.Sprintf("window.weekdays[%d]", i), "weekdays are 1 (Monday) to 7 (Sunday), each once")
		}
		seen[d] = true
	}
	if len(w.Hours) > MaxHours {
		p.add("window.hours", "there are at most %d", MaxHours)
	}
	for i, h := range w.Hours {
		from, ok := minutes(h.From)
		if !ok || from == 24*60 {
			p.add(fmt.Sprintf("window.hours[%d].from", i), "a time of day is \"00:00\" to \"23:59\"")
		}
		until, ok := minutes(h.Until)
		if !ok {
			p.add(fmt.Sprintf("window.hours[%d].until", i), "a time of day is \"00:00\" to \"24:00\"")
		}
		c.hours = append(c.hours, span{from, until})
	}
}

func (r *Rule) caps(p *Problems) {
	if len(r.Caps) > MaxCaps {
		p.add("caps", "there are at most %d", MaxCaps)
	}
	for i := range r.Caps {
		c, at := &r.Caps[i], fmt.Sprintf("caps[%d]", i)
		switch {
		case c.Per != PerOrder && c.Per != PerMember && c.Per != PerCampaign:
			p.add(at+".per", "a cap is per order, member or campaign")
		case c.Per == PerCampaign && r.Campaign == "":
			p.add(at+".per", "a cap per campaign needs the rule to be of a campaign")
		case c.Per == PerOrder && c.Counts == CountsAwards:
			p.add(at+".counts", "a rule fires once an order: a cap per order counts points")
		}
		switch c.Period {
		case "", calendar.Day, calendar.Week, calendar.Month, calendar.Year:
		default:
			p.add(at+".period", "a period is day, week, month or year, or left out")
		}
		if c.Per == PerOrder && c.Period != "" {
			p.add(at+".period", "an order has no period")
		}
		if c.Counts != CountsPoints && c.Counts != CountsAwards {
			p.add(at+".counts", "a cap counts points or awards")
		}
		if c.Over != Reduce && c.Over != Reject {
			p.add(at+".over", "an award over a cap is reduced (reduce) or not given (reject)")
		}
		if c.Most < 1 || c.Most > maxPoints {
			p.add(at+".most", "this is 1 to %d", maxPoints)
		}
	}
}

// ends checks when points begin and cease to be spendable.
func (r *Rule) ends(p *Problems) {
	p.fault(r.Activation.Validate("activation"))
	if r.Activation.PerLine && !r.Trigger.Kind.ofOrder() {
		p.add("activation.perLine", "only orders have lines")
	}
	if r.Life.Kind != "" {
		p.fault(r.Life.Validate("life"))
	}
	for _, tier := range slices.Sorted(maps.Keys(r.Lives)) {
		if tier == "" {
			p.add("lives", "a life is for a tier, and one has no name")
		}
		p.fault(r.Lives[tier].Validate(fmt.Sprintf("lives[%q]", tier)))
	}
}

// fault takes over what another package found.
func (p *Problems) fault(err error) {
	if e, ok := fault.As(err); ok {
		for _, f := range e.Fields {
			p.add(f.Path, "%s", f.Message)
		}
	}
}

func (c *Compiled) expressions(p *Problems, once, each uint64) {
	r := &c.Rule
	orders := r.Trigger.Kind.ofOrder()
	var found Problems
	c.condition, found = express("condition", r.Condition, scope{orders, false}, once, cel.BoolType)
	*p = append(*p, found...)
	if orders {
		c.lineCondition, found = express("lineCondition", r.LineCondition, scope{true, true}, each, cel.BoolType)
		*p = append(*p, found...)
	} else if r.LineCondition != "" {
		p.add("lineCondition", "only orders have lines")
	}
	if r.Terms.Form != Formula {
		return
	}
	if strings.TrimSpace(r.Terms.Formula) == "" {
		p.add("terms.formula", "the form formula needs one, such as floor(order.total)")
		return
	}
	eachLine := r.Terms.EachLine && orders
	if !eachLine {
		each = once
	}
	c.formula, found = express("terms.formula", r.Terms.Formula, scope{orders, eachLine}, each, decimalType, cel.IntType)
	*p = append(*p, found...)
}

// Cache keeps compiled rules by programme, id and version. A version never changes, so nothing in it is ever out of date. The zero Cache is ready.
type Cache struct {
	mu    sync.RWMutex
	rules map[cached]*Compiled
}

type cached struct {
	program, id string
	version     int64
}

// maxCached is when the cache starts over; what is in use is soon back.
const maxCached = 10_000

// Compile returns the rule from the cache, or compiles it. A rule without a version is a draft, which is not kept.
func (c *Cache) Compile(program string, r Rule) (*Compiled, Problems) {
	key := cached{program, r.ID, r.Version}
	c.mu.RLock()
	known := c.rules[key]
	c.mu.RUnlock()
	if known != nil {
		return known, nil
	}
	compiled, p := Compile(r)
	if p != nil || r.Version == 0 {
		return compiled, p
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rules == nil || len(c.rules) >= maxCached {
		c.rules = map[cached]*Compiled{}
	}
	c.rules[key] = compiled
	return compiled, nil
}
