package server

import (
	"context"
	"fmt"
	"maps"

	"github.com/govalues/decimal"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/explain"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// earned is what an entry keeps of what it was decided by: enough to reckon it again.
type earned struct {
	Input  earning.Input   `json:"input"`
	Awards []earning.Award `json:"awards"`
	// Rules is the revision of the programme's rules that were asked.
	Rules int64  `json:"rules,omitempty"`
	Story string `json:"story,omitempty"`
	// Redemption is the one that paid for a part of the order.
	Redemption string `json:"redemption,omitempty"`
	// Entries are the numbers of the entries in other wallets, by wallet.
	Entries map[string]int64 `json:"entries,omitempty"`
}

func orderFrom(in *loyaltyv1.OrderInput, p tables.Program, now clock.Millis) (*earning.Order, error) {
	o := &earning.Order{ID: in.GetOrderId(), Currency: in.GetCurrency(), Attributes: in.GetAttributes()}
	if o.Currency == "" {
		o.Currency = p.Currency
	}
	var err error
	if o.At, err = happenedAt("order.orderTime", in.GetOrderTime(), p, now); err != nil {
		return nil, err
	}
	for i, l := range in.GetLines() {
		quantity, err := quantity(fmt.Sprintf("order.lines[%d].quantity", i), l.GetQuantity())
		if err != nil {
			return nil, err
		}
		o.Lines = append(o.Lines, earning.Line{
			ID: l.GetId(), SKU: l.GetSku(), Categories: l.GetCategories(), Quantity: quantity, Amount: l.GetAmount(), Attributes: l.GetAttributes(),
		})
	}
	return o, problemsOf("order", o.Check())
}

// quantity reads an exact decimal; empty is 1.
func quantity(path, text string) (decimal.Decimal, error) {
	if text == "" {
		return decimal.One, nil
	}
	q, err := decimal.Parse(text)
	if err != nil {
		return q, fault.Invalid(path, "%q is no decimal such as 1.5", text)
	}
	return q, nil
}

func eventFrom(in *loyaltyv1.EventInput, p tables.Program, now clock.Millis) (*earning.Event, error) {
	e := &earning.Event{ID: in.GetEventId(), Type: in.GetType(), Amount: in.GetAmount(), Attributes: in.GetAttributes()}
	if e.Amount != 0 {
		e.Currency = p.Currency
	}
	var err error
	if e.At, err = happenedAt("event.eventTime", in.GetEventTime(), p, now); err != nil {
		return nil, err
	}
	return e, problemsOf("event", e.Check())
}

// evaluation is an order or event of a member and what the rules make of it.
type evaluation struct {
	earned
	silent []earning.Silent
	// counters are those of the account before it.
	counters map[string]tables.Counter
	at       clock.Millis
}

// used asks how much of a campaign's budget is used up.
type used func(ctx context.Context, budget string) (int64, error)

// evaluate lets the rules look at an order or event, given the account in the programme's usual wallet.
func (b *ruleBook) evaluate(
	ctx context.Context, tx store.Reader, a tables.Account, order *earning.Order, event *earning.Event, now clock.Millis, budgets used,
) (*evaluation, error) {
	m, err := tables.Members.Get(ctx, tx, a.Member)
	if err != nil {
		return nil, err
	}
	in := earning.Input{
		Order: order, Event: event, Now: now, Program: earning.Program{ID: b.id, Zone: b.program.TimeZone, Currency: b.program.Currency},
		Member: earning.Member{
			ID: a.Member, Tier: a.Tier(), EnrolledAt: m.Value.EnrolledAt, Tags: m.Value.Tags, LifetimeEarned: book.Lifetime(a, a.Ledger).Earned, Orders: a.Orders,
		},
	}
	ev := &evaluation{counters: a.Counters, at: now, earned: earned{Rules: b.edition.rules}}
	if order != nil {
		copied := *order
		copied.First = a.Orders == 0
		in.Order, ev.at = &copied, order.At
	} else {
		ev.at = event.At
	}
	keys, err := earning.Keys(&in, b.rules)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		n := a.Counters[k.Key].Used
		if k.Per == earning.PerCampaign {
			if n, err = budgets(ctx, b.budget(k.Key)); err != nil {
				return nil, err
			}
		}
		if n == 0 {
			continue
		}
		if in.Counters == nil {
			in.Counters = map[string]int64{}
		}
		in.Counters[k.Key] = n
	}
	result, err := earning.Evaluate(&in, b.rules)
	if err != nil {
		return nil, err
	}
	ev.Input, ev.Awards, ev.silent = in, result.Awards(), result.Silent
	return ev, nil
}

// budget is the id of a campaign's budget.
func (b *ruleBook) budget(key string) string { return budgetID(b.id, key) }

func budgetID(program, key string) string { return program + "/" + key }

// lots are what the awards in a wallet issue.
func (b *ruleBook) lots(ev *evaluation, wallet, source string) ([]ledger.NewLot, error) {
	var out []ledger.NewLot
	for _, a := range ev.Awards {
		if a.Wallet != wallet {
			continue
		}
		text, policy := a.Life, ruleName(a.Rule, a.Version)
		if text == "" {
			text, policy = b.program.Points.Life, programVersion(ev.Input.Program.ID, b.program)
		}
		life, err := lifeOf(text)
		if err != nil {
			return nil, err
		}
		for _, l := range a.Lots {
			lot := ledger.NewLot{
				Points: l.Points, Pending: l.Pending, ActivatesAt: l.ActivatesAt, Rule: ruleName(a.Rule, a.Version), Source: source, From: ledger.IssuanceOf(a.Rule), Life: text,
				Policy: policy,
			}
			if l.Line != "" {
				lot.Source += lineOf + l.Line
			}
			if !l.Pending || l.ActivatesAt != 0 {
				lot.ExpiresAt = life.Ends(b.zone, ev.at, max(ev.at, l.ActivatesAt))
			}
			if l.Points > 0 {
				out = append(out, lot)
			}
		}
	}
	return out, nil
}

// lifeOf reads the words of a life that were checked when they were saved; none is for ever.
func lifeOf(text string) (calendar.Life, error) {
	if text == "" {
		return calendar.Life{Kind: calendar.Never}, nil
	}
	return calendar.ParseLife("life", text)
}

// programVersion names a version of a programme.
func programVersion(id string, p tables.Program) string {
	return fmt.Sprintf("programs/%s@%d", id, p.Version)
}

// lineOf stands before the line in the source of a lot that is one line's own.
const lineOf = "/lines/"

// ruleName names a version of a rule; one without a version is tried out.
func ruleName(id string, version int64) string {
	if version == 0 {
		return "rules/" + id + "@draft"
	}
	return fmt.Sprintf("rules/%s@%d", id, version)
}

// give issues what was earned, in every wallet, and returns the entry in the usual one, which keeps what it was decided by.
func (s *Server) give(ctx context.Context, u *book.Unit, b *ruleBook, w *book.Work, ev *evaluation, source, event, key string) (*tables.Entry, error) {
	step := ledger.Step{Now: u.Now, EffectiveAt: ev.at, Idle: active(b.program, ev.at)}
	usual := b.program.Wallets[0].ID
	for _, wallet := range b.program.Wallets[1:] {
		lots, err := b.lots(ev, wallet.ID, source)
		if err != nil {
			return nil, err
		}
		if len(lots) == 0 {
			continue
		}
		other, err := u.Open(ctx, w.Row.Value.Program, w.Row.Value.Member, wallet.ID)
		if err != nil {
			return nil, err
		}
		tx, err := other.Book.Issue(step, ledger.KindAccrue, lots)
		if err != nil {
			return nil, book.Refused(err)
		}
		e := u.Post(other, tx)
		e.Source = source
		if e.Facts, err = book.Facts(besides{Of: key, told: told{ev.Story}}); err != nil {
			return nil, err
		}
		if ev.Entries == nil {
			ev.Entries = map[string]int64{}
		}
		ev.Entries[wallet.ID] = tx.Seq
	}
	lots, err := b.lots(ev, usual, source)
	if err != nil {
		return nil, err
	}
	var tx ledger.Transaction
	if len(lots) > 0 {
		tx, err = w.Book.Issue(step, ledger.KindAccrue, lots)
	} else {
		tx, err = w.Book.Note(step)
	}
	if err != nil {
		return nil, book.Refused(err)
	}
	e := u.Post(w, tx)
	e.Source = source
	if tx.Kind == ledger.KindNote {
		e.Type = event
	}
	w.Row.Value.Counters = ev.used(b, u.Now)
	if err := ev.spend(ctx, u, b); err != nil {
		return nil, err
	}
	u.Tell(e, ev.earned)
	return e, nil
}

// used are the counters after the awards. Those that nobody can ask for any more go.
func (ev *evaluation) used(b *ruleBook, now clock.Millis) map[string]tables.Counter {
	oldest := span(b.program.Points.Oldest, usuallyBack)
	out := maps.Clone(ev.counters)
	for _, a := range ev.Awards {
		for _, use := range a.Uses {
			if use.Per == earning.PerCampaign {
				continue
			}
			if out == nil {
				out = map[string]tables.Counter{}
			}
			out[use.Key] = tables.Counter{Used: out[use.Key].Used + use.Amount, Ends: use.Ends}
		}
	}
	for key, c := range out {
		if c.Ends != 0 && b.zone.Add(c.Ends, oldest) <= now {
			delete(out, key)
		}
	}
	return out
}

// spend uses up the budgets of campaigns.
func (ev *evaluation) spend(ctx context.Context, u *book.Unit, b *ruleBook) error {
	for _, a := range ev.Awards {
		for _, use := range a.Uses {
			if use.Per != earning.PerCampaign {
				continue
			}
			if err := u.Use(ctx, b.budget(use.Key), use.Amount, use.Ends); err != nil {
				return err
			}
		}
	}
	return nil
}

// awardProtos are awards as they are told when they are recorded, and calculated before: a tier by its id, whatever it is called later.
func awardProtos(list []earning.Award, words explain.Words) []*loyaltyv1.Award {
	words.Tiers = nil
	var out []*loyaltyv1.Award
	for i := range list {
		a := &list[i]
		p := &loyaltyv1.Award{
			Rule: ruleName(a.Rule, a.Version), DisplayName: a.Name, Wallet: a.Wallet, Points: a.Points, Desired: a.Desired, Exact: a.Exact, Explanation: words.Award(a),
		}
		for _, l := range a.Lines {
			p.Lines = append(p.Lines, &loyaltyv1.AwardShare{Line: l.Line, Points: l.Points, Exact: l.Exact})
		}
		out = append(out, p)
	}
	return out
}

func orderKey(program, order string, n int) string {
	return fmt.Sprintf("%s/%d", orderStem(program, order), n)
}

// orderStem is how the names of the entries about an order begin.
func orderStem(program, order string) string { return program + "/orders/" + order }

// eventKey is the name of the entry that records an event. That of its cancellation has "/1" behind it.
func eventKey(program, event string) string { return program + "/events/" + event }

// RecordOrder records an order and gives the points that it earns.
func (s *Server) RecordOrder(ctx context.Context, req *loyaltyv1.RecordOrderRequest) (*loyaltyv1.RecordOrderResponse, error) {
	return byRules(ctx, s, req.GetProgram(), func(b *ruleBook) (*loyaltyv1.RecordOrderResponse, error) { return s.recordOrder(ctx, req, b) })
}

func (s *Server) recordOrder(ctx context.Context, req *loyaltyv1.RecordOrderRequest, b *ruleBook) (*loyaltyv1.RecordOrderResponse, error) {
	order, err := orderFrom(req.GetOrder(), b.program, s.now())
	if err != nil {
		return nil, err
	}
	run := book.Move[loyaltyv1.RecordOrderResponse, *loyaltyv1.RecordOrderResponse]
	if req.GetOrder().GetRedemption() != "" { // which has rows of its own
		run = book.Do
	}
	return run(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.RecordOrderResponse, error) {
		key := orderKey(req.GetProgram(), order.ID, 0)
		e, ev, err := s.record(ctx, u, b, req.GetMember(), recording{
			program: req.GetProgram(), order: order, key: key, source: "orders/" + order.ID, event: "loyalty.order.recorded", story: req.GetOrder().GetStory(),
			redemption: req.GetOrder().GetRedemption(),
			twice:      fault.AlreadyExists.New("The order %q is recorded already.", order.ID).With(fault.Field{Path: "order.orderId", Message: "An order counts once. Get it to see what it earned."}),
		})
		if err != nil {
			return nil, err
		}
		e.Counts = &tables.Counts{Spend: order.Total(), Visits: 1}
		out, err := orderOf(*e, ev.earned, nil)
		return &loyaltyv1.RecordOrderResponse{Order: out}, err
	})
}

// recording is an order or event on its way into the journal.
type recording struct {
	program                   string
	order                     *earning.Order
	happened                  *earning.Event
	key, source, event, story string
	redemption                string
	twice                     error
}

// record gives a member what an order or event earns, once.
func (s *Server) record(ctx context.Context, u *book.Unit, b *ruleBook, member string, r recording) (*tables.Entry, *evaluation, error) {
	taken, err := u.Taken(ctx, r.key)
	if err == nil && taken {
		err = r.twice
	}
	if err != nil {
		return nil, nil, err
	}
	if err := b.current(ctx, u); err != nil {
		return nil, nil, err
	}
	w, err := u.Open(ctx, r.program, member, b.program.Wallets[0].ID)
	if err != nil {
		return nil, nil, err
	}
	if r.redemption != "" {
		if _, err := s.payWith(ctx, u, r.program, w.Row.Value.Member, r.redemption, r.order.ID); err != nil {
			return nil, nil, err
		}
	}
	account := w.Row.Value
	account.Ledger = w.Book.Account()
	ev, err := b.evaluate(ctx, u.Tx, account, r.order, r.happened, u.Now, u.Used)
	if err != nil {
		return nil, nil, err
	}
	ev.Story, ev.Redemption = r.story, r.redemption
	e, err := s.give(ctx, u, b, w, ev, r.source, r.event, r.key)
	if err != nil {
		return nil, nil, err
	}
	if r.order != nil {
		w.Row.Value.Orders++
	}
	u.Name(e, r.key)
	return e, ev, nil
}

// AccruePoints records an event and gives the points that it earns.
func (s *Server) AccruePoints(ctx context.Context, req *loyaltyv1.AccruePointsRequest) (*loyaltyv1.AccruePointsResponse, error) {
	return byRules(ctx, s, req.GetProgram(), func(b *ruleBook) (*loyaltyv1.AccruePointsResponse, error) { return s.accrue(ctx, req, b) })
}

func (s *Server) accrue(ctx context.Context, req *loyaltyv1.AccruePointsRequest, b *ruleBook) (*loyaltyv1.AccruePointsResponse, error) {
	event, err := eventFrom(req.GetEvent(), b.program, s.now())
	if err != nil {
		return nil, err
	}
	return book.Move(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.AccruePointsResponse, error) {
		e, ev, err := s.record(ctx, u, b, req.GetMember(), recording{
			program: req.GetProgram(), happened: event, key: eventKey(req.GetProgram(), event.ID), source: "events/" + event.ID, event: "loyalty.event.recorded",
			story: req.GetEvent().GetStory(),
			twice: fault.AlreadyExists.New("The event %q is recorded already.", event.ID).With(fault.Field{Path: "event.eventId", Message: "An event counts once."}),
		})
		if err != nil {
			return nil, err
		}
		if event.Type == earning.Visit {
			e.Counts = &tables.Counts{Visits: 1}
		}
		return &loyaltyv1.AccruePointsResponse{Awards: awardProtos(ev.Awards, explain.Words{Language: explain.English}), Entry: entryProto(*e)}, nil
	})
}
