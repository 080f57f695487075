package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/explain"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// cameBack is what the entry of a return keeps of what it was decided by.
type cameBack struct {
	ReturnID string          `json:"returnId"`
	Back     earning.Back    `json:"back"`
	Policy   ledger.Reach    `json:"policy"`
	Reversal ledger.Reversal `json:"reversal"`
	// Beside are the reversals in the wallets beside the usual one.
	Beside   map[string]ledger.Reversal `json:"beside,omitempty"`
	Points   int64                      `json:"points"`
	Restored int64                      `json:"restored,omitempty"`
	// Reclaimed is what was taken out of Restored for what earlier returns had let go.
	Reclaimed int64 `json:"reclaimed,omitempty"`
	Asked     bool  `json:"asked,omitempty"`
	// Story is that of the order: what it was given for its telling is less now.
	Story string `json:"story,omitempty"`
	// Cancelled says that it did not come back but was never carried out; then there is no ReturnID.
	Cancelled bool `json:"cancelled,omitempty"`
}

// orderProto is an order as the API shows it, from the entries that recorded it and its returns.
func orderProto(e tables.Entry, returns []tables.Entry) (*loyaltyv1.Order, error) {
	var f earned
	if err := json.Unmarshal(e.Facts, &f); err != nil {
		return nil, err
	}
	return orderOf(e, f, returns)
}

func orderOf(e tables.Entry, f earned, returns []tables.Entry) (*loyaltyv1.Order, error) {
	o := f.Input.Order
	out := &loyaltyv1.Order{
		Name: "programs/" + e.Program + "/orders/" + o.ID, Member: e.Member, OrderTime: timestamp(o.At), Currency: o.Currency, Awards: awardProtos(f.Awards, explain.Words{Language: explain.English}),
		Entry: entryProto(e), Story: f.Story, Redemption: f.Redemption,
	}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, &loyaltyv1.OrderLine{
			Id: l.ID, Sku: l.SKU, Categories: l.Categories, Quantity: l.Quantity.String(), Amount: proto.Int64(l.Amount), Attributes: l.Attributes,
		})
	}
	out.State = loyaltyv1.OrderState_ORDER_STATE_RECORDED
	for _, r := range returns {
		back, all, err := returnProto(r)
		if err != nil {
			return nil, err
		}
		out.Returns = append(out.Returns, back)
		switch out.State = loyaltyv1.OrderState_ORDER_STATE_PARTLY_RETURNED; {
		case all && back.GetCancelled():
			out.State = loyaltyv1.OrderState_ORDER_STATE_CANCELLED
		case all:
			out.State = loyaltyv1.OrderState_ORDER_STATE_RETURNED
		}
	}
	return out, nil
}

// returnProto is a return or a cancellation as the API shows it, and whether nothing is left of the order after it.
func returnProto(e tables.Entry) (shown *loyaltyv1.OrderReturn, all bool, err error) {
	var f cameBack
	if err := json.Unmarshal(e.Facts, &f); err != nil {
		return nil, false, err
	}
	return &loyaltyv1.OrderReturn{
		ReturnId: f.ReturnID, RecordTime: timestamp(e.Tx.RecordedAt), Amount: f.Back.Money, Points: f.Points, FromPending: f.Reversal.FromPending,
		FromAvailable: f.Reversal.FromAvailable, FromFrozen: f.Reversal.FromFrozen, AsDebt: f.Reversal.AsDebt, Forgiven: f.Reversal.Forgiven,
		Restored: f.Restored, Reclaimed: f.Reclaimed, Asked: f.Asked, Cancelled: f.Cancelled,
	}, f.Back.All, nil
}

// mostReturns bounds how many returns an order has.
const mostReturns = 200

// orderEntries finds the entries of an order and its returns.
func orderEntries(find func(name string) (tables.Entry, error), program, order string) (e tables.Entry, returns []tables.Entry, err error) {
	e, err = find(orderKey(program, order, 0))
	if store.IsNotFound(err) {
		return e, nil, noOrder(program, order)
	}
	for n := 1; err == nil && n <= mostReturns; n++ {
		var r tables.Entry
		if r, err = find(orderKey(program, order, n)); err == nil {
			returns = append(returns, r)
		}
	}
	if store.IsNotFound(err) {
		err = nil
	}
	return e, returns, err
}

func noOrder(program, order string) error {
	return fault.NotFound.New("There is no order %q in the programme %q.", order, program)
}

// GetOrder returns an order.
func (s *Server) GetOrder(ctx context.Context, req *loyaltyv1.GetOrderRequest) (*loyaltyv1.GetOrderResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetOrderResponse, error) {
		e, returns, err := orderEntries(onceIn(ctx, tx), req.GetProgram(), req.GetOrder())
		if err != nil {
			return nil, err
		}
		out, err := orderProto(e, returns)
		return &loyaltyv1.GetOrderResponse{Order: out}, err
	})
}

// returning is a return being reckoned, or an event that did not happen after all.
type returning struct {
	// stem is how the names of the entries about it begin, such as "customers/orders/1001".
	stem     string
	entry    tables.Entry
	facts    earned
	returns  []tables.Entry
	back     earning.Back
	policy   ledger.Reach
	returnID string
	// cancelled says that nothing came back: the order, or what is left of it, is not carried out.
	cancelled bool
}

// ReturnOrder records that something of an order came back.
func (s *Server) ReturnOrder(ctx context.Context, req *loyaltyv1.ReturnOrderRequest) (*loyaltyv1.ReturnOrderResponse, error) {
	more, err := returnedFrom(req)
	if err != nil {
		return nil, err
	}
	// A return may change the redemption that paid for the order, which has rows of its own.
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.ReturnOrderResponse, error) {
		p, err := program(ctx, u.Tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		r := returning{policy: reach(req.GetPolicy(), p.Value), returnID: req.GetReturnId()}
		back, e, err := s.comeBack(ctx, u, &r, req.GetProgram(), req.GetOrder(), more)
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.ReturnOrderResponse{Return: back, Entry: entryProto(*e)}, err
	})
}

// comeBack records that something of an order came back or was cancelled.
func (s *Server) comeBack(
	ctx context.Context, u *book.Unit, r *returning, programID, order string, more []earning.Returned,
) (*loyaltyv1.OrderReturn, *tables.Entry, error) {
	var err error
	r.stem = orderStem(programID, order)
	r.entry, r.returns, err = orderEntries(func(name string) (tables.Entry, error) { return u.Once(ctx, name) }, programID, order)
	if err != nil {
		return nil, nil, err
	}
	if err := r.reckon(more); err != nil {
		return nil, nil, err
	}
	e, err := s.takeBack(ctx, u, *r)
	if err != nil {
		return nil, nil, err
	}
	u.Name(e, r.next())
	out, _, err := returnProto(*e)
	return out, e, err
}

func returnedFrom(req *loyaltyv1.ReturnOrderRequest) ([]earning.Returned, error) {
	var out []earning.Returned
	for i, l := range req.GetLines() {
		// An amount of 0 does not come so far: nothing said is all that is left, nothing of it is not.
		r := earning.Returned{Line: l.GetLine(), Amount: l.GetAmount(), Whole: l.GetQuantity() == "" && l.Amount == nil}
		if l.GetQuantity() != "" {
			q, err := quantity(fmt.Sprintf("lines[%d].quantity", i), l.GetQuantity())
			if err == nil && q.IsZero() {
				err = fault.Invalid(fmt.Sprintf("lines[%d].quantity", i), "a quantity is more than 0")
			}
			if err != nil {
				return nil, err
			}
			r.Quantity = q
		}
		out = append(out, r)
	}
	return out, nil
}

// reckon says what the return comes to, given those before it.
func (r *returning) reckon(more []earning.Returned) error {
	if err := json.Unmarshal(r.entry.Facts, &r.facts); err != nil {
		return err
	}
	if len(r.returns) >= mostReturns {
		return fault.LimitReached.New("An order has at most %d returns.", mostReturns)
	}
	var before []earning.Returned
	for _, e := range r.returns {
		var f cameBack
		if err := json.Unmarshal(e.Facts, &f); err != nil {
			return err
		}
		if !r.cancelled && f.ReturnID == r.returnID {
			return fault.AlreadyExists.New("The return %q is recorded already.", r.returnID).With(fault.Field{Path: "returnId", Message: "A return counts once."})
		}
		if f.Back.All && f.Cancelled {
			return fault.IllegalState.New("The order is cancelled.")
		}
		if f.Back.All {
			return fault.IllegalState.New("All of the order has come back already.")
		}
		before = f.Back.After
	}
	if len(more) == 0 {
		for _, l := range earning.Everything(r.facts.Input.Order) {
			if !gone(before, l.Line) {
				more = append(more, l)
			}
		}
	}
	back, found := earning.Return(r.facts.Input.Order, r.facts.Awards, before, more)
	if len(found) > 0 {
		out := fault.InvalidArgument.New("%s", found[0].Message)
		for _, p := range found {
			path := p.Path
			if r.cancelled {
				path = strings.TrimSuffix(path, ".line") // a cancellation's lines are their ids
			}
			out = out.With(fault.Field{Path: path, Message: p.Message})
		}
		return out
	}
	r.back = back
	return nil
}

func gone(before []earning.Returned, line string) bool {
	for _, b := range before {
		if b.Line == line {
			return b.Whole
		}
	}
	return false
}

// next is the name of the entry that is about to be made.
func (r *returning) next() string { return fmt.Sprintf("%s/%d", r.stem, len(r.returns)+1) }

// takeBackBeside takes the points back in the wallets beside the usual one, and returns how by wallet.
func (r returning) takeBackBeside(ctx context.Context, u *book.Unit) (map[string]ledger.Reversal, error) {
	e, met := r.entry, map[string]ledger.Reversal{}
	for wallet, number := range r.facts.Entries {
		row, err := tables.Journal.Get(ctx, u.Tx, book.EntryID(tables.AccountID(e.Member, wallet), number))
		if err != nil {
			return nil, err
		}
		w, err := u.Open(ctx, e.Program, e.Member, wallet)
		if err != nil {
			return nil, err
		}
		tx, reversal, points, err := r.reverse(w, row.Value, wallet, u)
		if err != nil {
			return nil, err
		}
		if points > 0 {
			met[wallet] = reversal
		}
		beside := u.Post(w, tx)
		beside.Source = e.Source
		if beside.Facts, err = book.Facts(besides{Of: r.next(), told: told{r.facts.Story}}); err != nil {
			return nil, err
		}
	}
	return met, nil
}

// takeBack takes the points back in every wallet, and returns the entry in the usual one.
func (s *Server) takeBack(ctx context.Context, u *book.Unit, r returning) (*tables.Entry, error) {
	e := r.entry
	facts := cameBack{ReturnID: r.returnID, Back: r.back, Policy: r.policy, Story: r.facts.Story, Cancelled: r.cancelled}
	// What paid for the order comes back first: of that, too, is taken what the order had given, and not let go as spent.
	if r.back.All && r.facts.Redemption != "" {
		p, err := program(ctx, u.Tx, e.Program)
		if err != nil {
			return nil, err
		}
		paid, err := s.restoreFor(ctx, u, e.Program, r.facts.Redemption, restoring(p.Value))
		if err != nil {
			return nil, err
		}
		facts.Restored, facts.Reclaimed, facts.Asked = paid.restored, paid.reclaimed, paid.asked
	}
	var err error
	if facts.Beside, err = r.takeBackBeside(ctx, u); err != nil {
		return nil, err
	}
	_, usual, _ := cutAccount(e.Tx.Account)
	w, err := u.Open(ctx, e.Program, e.Member, usual)
	if err != nil {
		return nil, err
	}
	tx, reversal, points, err := r.reverse(w, e, usual, u)
	if err != nil {
		return nil, err
	}
	facts.Reversal, facts.Points = reversal, points
	out := u.Post(w, tx)
	out.Source = e.Source
	if tx.Kind == ledger.KindNote {
		out.Type = r.noted()
	}
	out.Counts = r.counts()
	if r.facts.Input.Order != nil && r.back.All { // the member has not bought it then
		w.Row.Value.Orders = max(0, w.Row.Value.Orders-1)
	}
	w.Row.Value.Counters = r.unused(w.Row.Value.Counters)
	if err := r.unspend(ctx, u); err != nil {
		return nil, err
	}
	out.Facts, err = book.Facts(facts)
	return out, err
}

// noted is the type of the entry if there are no points to take back.
func (r *returning) noted() string {
	switch {
	case r.facts.Input.Event != nil:
		return eventCancelledType
	case r.cancelled:
		return cancelledType
	}
	return returnedType
}

// counts is what is less now of what counts for tiers, as of when it was done.
func (r *returning) counts() *tables.Counts {
	if v := r.facts.Input.Event; v != nil {
		c := &tables.Counts{At: v.At}
		if v.Type == earning.Visit {
			c.Visits = -1
		}
		return c
	}
	c := &tables.Counts{At: r.facts.Input.Order.At, Spend: -r.back.Money}
	if r.back.All {
		c.Visits = -1
	}
	return c
}

// reverse takes points back in one wallet, first from the lots that the order's entry opened.
func (r *returning) reverse(w *book.Work, e tables.Entry, wallet string, u *book.Unit) (tx ledger.Transaction, reversal ledger.Reversal, points int64, err error) {
	left := map[string]int64{} // by rule, and by rule and line
	for _, t := range r.back.Taken {
		if t.Wallet != wallet {
			continue
		}
		points += t.Points
		name := ruleName(t.Rule, t.Version)
		left[name] += t.Points
		for _, l := range t.Lines {
			left[name+lineOf+l.Line] += l.Points
		}
	}
	step := ledger.Step{Now: u.Now}
	if points == 0 {
		tx, err = w.Book.Note(step)
		return tx, reversal, 0, book.Refused(err)
	}
	opened, err := lotsGiven(w, e)
	if err != nil {
		return tx, reversal, 0, err
	}
	var from []ledger.Take
	for _, at := range opened {
		share := at.lot.Rule
		if _, line, own := strings.Cut(at.lot.Source, lineOf); own {
			share += lineOf + line
		}
		if n := min(left[share], at.lot.Points); n > 0 {
			left[share] -= n
			from = append(from, ledger.Take{LotRef: at.ref, Points: n})
		}
	}
	tx, reversal, err = w.Book.Reverse(step, from, points, r.policy)
	return tx, reversal, points, book.Refused(err)
}

// unused gives back to caps what the returned part had used up.
func (r *returning) unused(counters map[string]tables.Counter) map[string]tables.Counter {
	out := maps.Clone(counters)
	for _, t := range r.back.Taken {
		for _, use := range t.Uses {
			if c, ok := out[use.Key]; ok {
				c.Used = max(0, c.Used-use.Amount)
				out[use.Key] = c
			}
		}
	}
	return out
}

// unspend gives back to the budgets of campaigns what the returned part had used up.
func (r *returning) unspend(ctx context.Context, u *book.Unit) error {
	for _, t := range r.back.Taken {
		for _, use := range t.Uses {
			if use.Per != earning.PerCampaign {
				continue
			}
			if err := u.Use(ctx, budgetID(r.entry.Program, use.Key), -use.Amount, use.Ends); err != nil {
				return err
			}
		}
	}
	return nil
}
