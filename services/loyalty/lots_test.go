package loyalty_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// lots are those of a member's usual account, by what they were given for.
func (r *rig) lots(t testing.TB, member string) map[string]*loyaltyv1.Lot {
	t.Helper()
	resp, err := r.points.ListLots(r.shop(t), &loyaltyv1.ListLotsRequest{Program: "customers", Member: member, PageSize: 32})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*loyaltyv1.Lot{}
	for _, l := range resp.GetLots() {
		if was := out[l.GetSource()]; was == nil || l.GetNumber() > was.GetNumber() {
			out[l.GetSource()] = l
		}
	}
	return out
}

// points are what a member has: on the way, available, owed.
func (r *rig) has(t testing.TB, member string) [3]int64 {
	t.Helper()
	a := r.account(t, member)
	return [3]int64{a.GetPending(), a.GetAvailable(), a.GetDebt()}
}

// waiting is a rule of a point for each euro that waits for something.
func (r *rig) waiting(t testing.TB, activation string) {
	t.Helper()
	terms := perEuro()
	terms.Activation, terms.PerLine, terms.Life = activation, true, "rolling P1M"
	r.rule(t, "euro", terms)
}

func (r *rig) happened(t testing.TB, key, order, event string, lines ...string) (*loyaltyv1.RecordOrderEventResponse, error) {
	return r.orders.RecordOrderEvent(r.shop(t, key), &loyaltyv1.RecordOrderEventRequest{Program: "customers", Order: order, Event: event, Lines: lines})
}

func (r *rig) cancelOrder(t testing.TB, key, order string, lines ...string) (*loyaltyv1.CancelOrderResponse, error) {
	return r.orders.CancelOrder(r.shop(t, key), &loyaltyv1.CancelOrderRequest{Program: "customers", Order: order, Lines: lines, Reason: "Not in stock"})
}

func (r *rig) returnOrder(t testing.TB, key, order, policy string, lines ...string) (*loyaltyv1.OrderReturn, error) {
	req := &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: order, ReturnId: key, Policy: policy}
	for _, l := range lines {
		req.Lines = append(req.Lines, &loyaltyv1.ReturnedLine{Line: l})
	}
	resp, err := r.orders.ReturnOrder(r.shop(t, key), req)
	return resp.GetReturn(), err
}

// fieldOf fails the test unless err names the field.
func fieldOf(t testing.TB, err error, field string) {
	t.Helper()
	e, ok := fault.As(err)
	if !ok || !slices.ContainsFunc(e.Fields, func(f fault.Field) bool { return f.Path == field }) {
		t.Errorf("got %v, want one that names %s", err, field)
	}
}

func TestPointsWaitForWhatHappensToTheirOrder(t *testing.T) {
	r := newRig(t)
	r.waiting(t, "event delivered")
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 5_000, 3_000)); err != nil {
		t.Fatal(err)
	}
	_, err := r.happened(t, "nowhere", "2", "delivered")
	refused(t, "an order that is not there", err, fault.NotFound)
	_, err = r.happened(t, "no-line", "1", "delivered", "1", "9")
	fieldOf(t, err, "lines[1]")
	if got, err := r.happened(t, "sent", "1", "sent"); err != nil || got.GetPoints() != 0 || r.has(t, ida) != [3]int64{80, 0, 0} {
		t.Errorf("another event: %v, %v", got, err)
	}
	r.clock.Step(5 * 24 * time.Hour)
	got, err := r.happened(t, "second", "1", "delivered", "2")
	if err != nil || got.GetPoints() != 30 || got.GetEntry().GetKind() != loyaltyv1.EntryKind_ENTRY_KIND_ACTIVATE || r.has(t, ida) != [3]int64{50, 30, 0} {
		t.Fatalf("the second line: %v, %v", got, err)
	}
	again, err := r.happened(t, "second", "1", "delivered", "2")
	if err != nil || !proto.Equal(again, got) {
		t.Errorf("repeated: %v, %v", again, err)
	}
	r.clock.Step(24 * time.Hour)
	if got, err = r.happened(t, "all", "1", "delivered"); err != nil || got.GetPoints() != 50 || r.has(t, ida) != [3]int64{0, 80, 0} {
		t.Errorf("the whole order: %v, %v", got, err)
	}
	if got, err = r.happened(t, "once-more", "1", "delivered"); err != nil || got.GetPoints() != 0 || r.has(t, ida) != [3]int64{0, 80, 0} {
		t.Errorf("told twice: %v, %v", got, err)
	}
	// Each lot lives a month from when it became available.
	for source, days := range map[string]int{"orders/1/lines/2": 5, "orders/1/lines/1": 6} {
		l := r.lots(t, ida)[source]
		if want := start.AddDate(0, 0, days).AddDate(0, 1, 0); !l.GetExpireTime().AsTime().Equal(want) || l.GetLife() != "rolling P1M" || l.GetPolicy() != "rules/euro@1" {
			t.Errorf("%s ends %v, want %v: %v", source, l.GetExpireTime().AsTime(), want, l)
		}
	}
}

func TestPointsAreActivatedByHandForAReason(t *testing.T) {
	r := newRig(t)
	r.waiting(t, "manual")
	ida := r.enrol(t, "Ida")
	var entries []int64
	for _, id := range []string{"1", "2", "3"} {
		o, err := r.order(t, ida, orderOf(id, 5_000, 3_000))
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, o.GetEntry().GetNumber())
	}
	by := func(key string, change func(*loyaltyv1.ActivatePointsRequest)) (*loyaltyv1.Entry, error) {
		req := &loyaltyv1.ActivatePointsRequest{Program: "customers", Member: ida, Reason: "The parcel is there"}
		change(req)
		resp, err := r.points.ActivatePoints(r.manager(t, key), req)
		return resp.GetEntry(), err
	}
	_, err := by("nothing", func(*loyaltyv1.ActivatePointsRequest) {})
	fieldOf(t, err, "lots")
	_, err = by("both", func(q *loyaltyv1.ActivatePointsRequest) { q.Order, q.Entry = "1", 1 })
	fieldOf(t, err, "lots")
	_, err = by("no-entry", func(q *loyaltyv1.ActivatePointsRequest) { q.Entry = 99 })
	fieldOf(t, err, "entry")
	_, err = by("no-lot", func(q *loyaltyv1.ActivatePointsRequest) { q.Lots = []int64{1, 99} })
	refused(t, "a lot that is not there", err, fault.IllegalState)
	fieldOf(t, err, "lots[1]")
	e, err := by("line", func(q *loyaltyv1.ActivatePointsRequest) { q.Order, q.Lines = "1", []string{"2"} })
	if err != nil || e.GetReason() != "The parcel is there" || e.GetSource() != "orders/1" || r.has(t, ida) != [3]int64{210, 30, 0} {
		t.Fatalf("a line: %v, %v", e, err)
	}
	_, err = by("line-again", func(q *loyaltyv1.ActivatePointsRequest) { q.Order, q.Lines = "1", []string{"2"} })
	refused(t, "a line that waits no longer", err, fault.IllegalState)
	if _, err = by("entry", func(q *loyaltyv1.ActivatePointsRequest) { q.Entry = entries[1] }); err != nil || r.has(t, ida) != [3]int64{130, 110, 0} {
		t.Errorf("an entry: %v, %v", err, r.has(t, ida))
	}
	n := r.lots(t, ida)["orders/3/lines/1"].GetNumber()
	if _, err = by("lot", func(q *loyaltyv1.ActivatePointsRequest) { q.Lots = []int64{n} }); err != nil || r.has(t, ida) != [3]int64{80, 160, 0} {
		t.Errorf("a lot: %v, %v", err, r.has(t, ida))
	}
	// Twenty at once: one of them.
	var done atomic.Int64
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := by(fmt.Sprint("at-once-", i), func(q *loyaltyv1.ActivatePointsRequest) { q.Order = "1" }); err == nil {
				done.Add(1)
			} else if !fault.Has(err, fault.IllegalState) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done.Load() != 1 || r.has(t, ida) != [3]int64{30, 210, 0} {
		t.Errorf("%d did it, and there is %v", done.Load(), r.has(t, ida))
	}
}

func TestARuleSaysWhatItsPointsWaitFor(t *testing.T) {
	r := newRig(t)
	for activation, ok := range map[string]bool{
		"event delivered": true, "manual": true, "P14D to month": true, "P14D": true, "2027-01-01": true, "event ": false, "event Delivered Twice": false, "P14D to week": false,
		"by hand": false, "manual ": false,
	} {
		terms := perEuro()
		terms.DisplayName, terms.Activation = "euro", activation
		key := fmt.Sprintf("%x", activation+".")
		resp, err := r.rules.CreateEarningRule(r.manager(t, key), &loyaltyv1.CreateEarningRuleRequest{Program: "customers", RuleId: "euro", Terms: terms, ValidateOnly: true})
		if ok && (err != nil || resp.GetRule().GetTerms().GetActivation() != activation) {
			t.Errorf("%q: %v, %v", activation, resp, err)
		}
		if !ok {
			fieldOf(t, err, "terms.activation")
		}
	}
	terms := &loyaltyv1.EarningRuleTerms{DisplayName: "visit", Trigger: "visit", Form: "fixed", Value: "5", Activation: "event delivered"}
	_, err := r.rules.CreateEarningRule(r.manager(t, "visit"), &loyaltyv1.CreateEarningRuleRequest{Program: "customers", RuleId: "visit", Terms: terms, ValidateOnly: true})
	fieldOf(t, err, "terms.activation")
}

func TestWhatComesBackBeforeItsPointsAreAvailableLeavesNoDebt(t *testing.T) {
	for _, how := range []string{"return", "cancel"} {
		r := newRig(t)
		r.waiting(t, "event delivered")
		ida := r.enrol(t, "Ida")
		if _, err := r.order(t, ida, orderOf("1", 5_000, 3_000)); err != nil {
			t.Fatal(err)
		}
		back, err := r.returnOrder(t, "first", "1", "allow_debt", "1")
		if err != nil || back.GetFromPending() != 50 || back.GetAsDebt() != 0 {
			t.Errorf("%s: the first line: %v, %v", how, back, err)
		}
		if how == "return" {
			back, err = r.returnOrder(t, "rest", "1", "allow_debt")
		} else {
			resp, failed := r.cancelOrder(t, "rest", "1")
			back, err = resp.GetCancellation(), failed
		}
		if err != nil || back.GetFromPending() != 30 || back.GetAsDebt() != 0 || r.has(t, ida) != [3]int64{} {
			t.Errorf("%s: the rest: %v, %v; there is %v", how, back, err, r.has(t, ida))
		}
		if got, err := r.happened(t, "late", "1", "delivered"); err != nil || got.GetPoints() != 0 || r.has(t, ida) != [3]int64{} {
			t.Errorf("%s: delivered all the same: %v, %v", how, got, err)
		}
	}
}

// The points of a member who was merged wait under other names, and are found all the same.
func TestTheWaitingPointsOfAMergedMember(t *testing.T) {
	r := newRig(t)
	r.waiting(t, "event delivered")
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	for _, id := range []string{"1", "2"} {
		if _, err := r.order(t, ida, orderOf(id, 5_000, 3_000)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.members.MergeMembers(r.shop(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: jon, Merged: ida}); err != nil {
		t.Fatal(err)
	}
	if back, err := r.returnOrder(t, "back", "1", "", "2"); err != nil || back.GetFromPending() != 30 || r.has(t, jon) != [3]int64{130, 0, 0} {
		t.Errorf("a line came back: %v, %v; there is %v", back, err, r.has(t, jon))
	}
	if got, err := r.happened(t, "there", "1", "delivered"); err != nil || got.GetPoints() != 50 || r.has(t, jon) != [3]int64{80, 50, 0} {
		t.Errorf("delivered: %v, %v; there is %v", got, err, r.has(t, jon))
	}
}

func TestAnOrderIsCancelledOnce(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	for _, id := range []string{"1", "2"} {
		if _, err := r.order(t, ida, orderOf(id, 5_000, 3_000)); err != nil {
			t.Fatal(err)
		}
	}
	first, err := r.cancelOrder(t, "line", "1", "2")
	if err != nil || first.GetCancellation().GetFromAvailable() != 30 || !first.GetCancellation().GetCancelled() || first.GetEntry().GetReason() != "Not in stock" {
		t.Fatalf("a line: %v, %v", first, err)
	}
	_, err = r.cancelOrder(t, "line-again", "1", "2")
	refused(t, "a line that is cancelled", err, fault.InvalidArgument)
	_, err = r.cancelOrder(t, "no-line", "1", "9")
	fieldOf(t, err, "lines[0]")
	var done atomic.Int64
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := r.cancelOrder(t, fmt.Sprint("all-", i), "1"); err == nil {
				done.Add(1)
			} else if !fault.Has(err, fault.IllegalState) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done.Load() != 1 || r.has(t, ida) != [3]int64{0, 80, 0} {
		t.Errorf("%d cancelled it, and there is %v", done.Load(), r.has(t, ida))
	}
	_, err = r.returnOrder(t, "back", "1", "")
	if refused(t, "what is cancelled", err, fault.IllegalState); err != nil && !strings.Contains(err.Error(), "cancelled") {
		t.Errorf("it says %v", err)
	}
	if _, err := r.returnOrder(t, "two", "2", ""); err != nil {
		t.Fatal(err)
	}
	_, err = r.cancelOrder(t, "two-too", "2")
	refused(t, "what has come back", err, fault.IllegalState)
	_, err = r.cancelOrder(t, "three", "3")
	refused(t, "an order that is not there", err, fault.NotFound)
	for id, want := range map[string]loyaltyv1.OrderState{"1": loyaltyv1.OrderState_ORDER_STATE_CANCELLED, "2": loyaltyv1.OrderState_ORDER_STATE_RETURNED} {
		got, err := r.orders.GetOrder(r.shop(t), &loyaltyv1.GetOrderRequest{Program: "customers", Order: id})
		if err != nil || got.GetOrder().GetState() != want {
			t.Errorf("order %s: %v, %v", id, got, err)
		}
	}
}

func TestAnOrderIsCancelledWithinItsWindow(t *testing.T) {
	r := newRig(t)
	r.settings(t, &loyaltyv1.PointSettings{CancelWindow: "P3D", ReturnPolicy: "allow_debt"})
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	for _, id := range []string{"1", "2"} {
		if _, err := r.order(t, ida, orderOf(id, 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.adjust(t, "spent", ida, -200); err != nil {
		t.Fatal(err)
	}
	r.clock.Step(3*24*time.Hour - time.Millisecond)
	if got, err := r.cancelOrder(t, "in-time", "1"); err != nil || got.GetCancellation().GetAsDebt() != 100 {
		t.Errorf("in time, by the programme's policy: %v, %v", got, err)
	}
	r.clock.Step(time.Millisecond)
	_, err := r.cancelOrder(t, "too-late", "2")
	refused(t, "too late", err, fault.IllegalState)
	if err == nil || !strings.Contains(err.Error(), "the programme says 3 days after it was placed") {
		t.Errorf("too late: %v", err)
	}
	if back, err := r.returnOrder(t, "back", "2", ""); err != nil || back.GetAsDebt() != 100 {
		t.Errorf("it can come back: %v, %v", back, err)
	}
}

// settings sets what the customers' programme says of points.
func (r *rig) settings(t testing.TB, p *loyaltyv1.PointSettings) {
	t.Helper()
	if _, err := r.change(t, "UTC", p); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) change(t testing.TB, zone string, p *loyaltyv1.PointSettings) (*loyaltyv1.Program, error) {
	t.Helper()
	is, err := r.programs.GetProgram(r.shop(t), &loyaltyv1.GetProgramRequest{Program: "customers"})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.programs.UpdateProgram(r.manager(t), &loyaltyv1.UpdateProgramRequest{
		Program: "customers", DisplayName: "Customers", Wallets: is.GetProgram().GetWallets(), TimeZone: zone, Points: p,
	})
	return resp.GetProgram(), err
}

func TestAProgrammeBoundsTheTimesOfItsOrders(t *testing.T) {
	r := newRig(t)
	r.rule(t, "visit", &loyaltyv1.EarningRuleTerms{Trigger: "visit", Form: "fixed", Value: "5"})
	ida := r.enrol(t, "Ida")
	at := func(id string, when time.Time) error {
		o := orderOf(id, 1_000)
		o.OrderTime = timestamppb.New(when)
		_, err := r.order(t, ida, o)
		return err
	}
	for i, p := range []struct {
		settings      *loyaltyv1.PointSettings
		oldest, ahead time.Duration
	}{{nil, 400 * 24 * time.Hour, time.Minute}, {&loyaltyv1.PointSettings{Oldest: "P7D", Ahead: "PT10M"}, 7 * 24 * time.Hour, 10 * time.Minute}} {
		r.settings(t, p.settings)
		for j, c := range []struct {
			when time.Time
			ok   bool
		}{
			{start.Add(-p.oldest), true}, {start.Add(-p.oldest - time.Millisecond), false}, {start.Add(p.ahead), true}, {start.Add(p.ahead + time.Millisecond), false},
		} {
			err := at(fmt.Sprintf("%d-%d", i, j), c.when)
			if c.ok != (err == nil) {
				t.Errorf("settings %d, %v: %v", i, c.when, err)
			}
			if !c.ok {
				fieldOf(t, err, "order.orderTime")
			}
			if words := []string{"within 400 days", "within 7 days"}[i]; j == 1 && !strings.Contains(err.Error(), words) {
				t.Errorf("settings %d are told as %v", i, err)
			}
		}
	}
	_, err := r.orders.AccruePoints(r.shop(t, "e"), &loyaltyv1.AccruePointsRequest{
		Program: "customers", Member: ida, Event: &loyaltyv1.EventInput{EventId: "e", Type: "visit", EventTime: timestamppb.New(start.AddDate(0, 0, -8))},
	})
	fieldOf(t, err, "event.eventTime")
	for field, p := range map[string]*loyaltyv1.PointSettings{
		"points.life": {Life: "a year"}, "points.oldest": {Oldest: "P11Y"}, "points.ahead": {Ahead: "P2D"}, "points.cancelWindow": {CancelWindow: "14 days"},
	} {
		_, err := r.change(t, "UTC", p)
		fieldOf(t, err, field)
	}
}

func TestAMembersOrdersAreListedTheLastFirst(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	for i := range 7 {
		if _, err := r.order(t, ida, orderOf(fmt.Sprint("o", i), 1_000)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.adjust(t, fmt.Sprint("a", i), ida, 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.order(t, jon, orderOf("his", 1_000)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.cancelOrder(t, "c", "o3"); err != nil {
		t.Fatal(err)
	}
	var got []string
	req := &loyaltyv1.ListOrdersRequest{Program: "customers", Member: ida, PageSize: 3}
	for {
		page, err := r.orders.ListOrders(r.shop(t), req)
		if err != nil || len(page.GetOrders()) > 3 {
			t.Fatalf("%v, %v", page, err)
		}
		for _, o := range page.GetOrders() {
			got = append(got, strings.TrimPrefix(o.GetName(), "programs/customers/orders/")+strings.TrimPrefix(o.GetState().String(), "ORDER_STATE_"))
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if want := []string{"o6RECORDED", "o5RECORDED", "o4RECORDED", "o3CANCELLED", "o2RECORDED", "o1RECORDED", "o0RECORDED"}; !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	_, err := r.orders.ListOrders(r.shop(t), &loyaltyv1.ListOrdersRequest{Program: "customers", Member: "nobody"})
	refused(t, "nobody's orders", err, fault.NotFound)
}

// An order that came back wholly, or was cancelled, is none that the member placed.
func TestWhatCameBackDoesNotCountAsAnOrder(t *testing.T) {
	r := newRig(t)
	r.rule(t, "first", &loyaltyv1.EarningRuleTerms{Trigger: "spend", Form: "fixed", Value: "100", Condition: "member.orders == 0", Stacking: "all"})
	ida := r.enrol(t, "Ida")
	earns := func(id string) bool {
		o, err := r.order(t, ida, orderOf(id, 5_000, 3_000))
		if err != nil {
			t.Fatal(err)
		}
		return len(o.GetAwards()) == 1
	}
	back := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if !earns("0") || earns("1") {
		t.Error("only the first order is the first")
	}
	back(r.returnOrder(t, "a", "0", "", "1"))
	back(r.cancelOrder(t, "b", "1"))
	if earns("2") {
		t.Error("a part of the first order is left")
	}
	back(r.returnOrder(t, "c", "0", ""))
	if earns("3") {
		t.Error("the third order is left")
	}
	back(r.cancelOrder(t, "d", "2", "1"))
	back(r.cancelOrder(t, "e", "2", "2"))
	back(r.returnOrder(t, "f", "3", ""))
	if !earns("4") {
		t.Error("nothing is left of what came before")
	}
}
