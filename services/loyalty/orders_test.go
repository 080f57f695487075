package loyalty_test

import (
	"fmt"
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

// rule adds an earning rule.
func (r *rig) rule(t testing.TB, id string, terms *loyaltyv1.EarningRuleTerms) {
	t.Helper()
	if terms.DisplayName == "" {
		terms.DisplayName = id
	}
	if _, err := r.rules.CreateEarningRule(r.manager(t, "rule-"+id), &loyaltyv1.CreateEarningRuleRequest{Program: "customers", RuleId: id, Terms: terms}); err != nil {
		t.Fatal(err)
	}
}

// perEuro is one point for each euro.
func perEuro() *loyaltyv1.EarningRuleTerms {
	return &loyaltyv1.EarningRuleTerms{Trigger: "spend", Form: "per_unit", Value: "1", Per: 100, Stacking: "all", Life: "rolling P12M"}
}

func orderOf(id string, amounts ...int64) *loyaltyv1.OrderInput {
	o := &loyaltyv1.OrderInput{OrderId: id}
	for i, a := range amounts {
		o.Lines = append(o.Lines, &loyaltyv1.OrderLine{Id: fmt.Sprint(i + 1), Sku: fmt.Sprintf("sku-%d", i+1), Quantity: "2", Amount: proto.Int64(a)})
	}
	return o
}

func (r *rig) order(t testing.TB, member string, o *loyaltyv1.OrderInput) (*loyaltyv1.Order, error) {
	resp, err := r.orders.RecordOrder(r.shop(t, "order-"+o.GetOrderId()), &loyaltyv1.RecordOrderRequest{Program: "customers", Member: member, Order: o})
	return resp.GetOrder(), err
}

func TestAnOrderEarnsWhatWasCalculatedBefore(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	r.rule(t, "large", &loyaltyv1.EarningRuleTerms{
		Trigger: "spend", Form: "fixed", Value: "50", Condition: "order.total >= dec(\"100\")", Stacking: "all", Life: "never",
	})
	r.rule(t, "cats", &loyaltyv1.EarningRuleTerms{Trigger: "category", Categories: []string{"cats"}, Form: "fixed", Value: "5", Stacking: "all"})
	ida := r.enrol(t, "Ida")
	in := orderOf("1001", 12_050, 4_000)
	before, err := r.orders.CalculatePoints(r.shop(t), &loyaltyv1.CalculatePointsRequest{Program: "customers", Member: ida, What: &loyaltyv1.CalculatePointsRequest_Order{Order: in}})
	if err != nil {
		t.Fatal(err)
	}
	if before.GetPoints() != 210 || len(before.GetAwards()) != 2 || len(before.GetSilent()) != 1 || before.GetSilent()[0].GetReason() != "no_line" {
		t.Errorf("calculated %v", before)
	}
	if a := r.account(t, ida); a.GetEntries() != 0 {
		t.Errorf("calculating has written: %v", a)
	}
	got, err := r.order(t, ida, in)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range got.GetAwards() {
		if !proto.Equal(a, before.GetAwards()[i]) {
			t.Errorf("recorded %v, calculated %v", a, before.GetAwards()[i])
		}
	}
	if a := got.GetEntry().GetAccount(); a.GetAvailable() != 210 || !strings.Contains(got.GetAwards()[0].GetExplanation(), "160") {
		t.Errorf("the order has %v", got)
	}
	lots, err := r.points.ListLots(r.shop(t), &loyaltyv1.ListLotsRequest{Program: "customers", Member: ida})
	if err != nil || len(lots.GetLots()) != 2 {
		t.Fatalf("lots: %v, %v", lots, err)
	}
	if l := lots.GetLots()[0]; l.GetRule() != "rules/euro@1" || l.GetSource() != "orders/1001" || !l.GetExpireTime().AsTime().Equal(start.AddDate(1, 0, 0)) {
		t.Errorf("the first lot is %v", l)
	}
	again, err := r.orders.GetOrder(r.shop(t), &loyaltyv1.GetOrderRequest{Program: "customers", Order: "1001"})
	if err != nil || !proto.Equal(again.GetOrder(), got) {
		t.Errorf("read again: %v, %v; want %v", again, err, got)
	}
}

func TestAnOrderCountsOnceWhateverItsKeys(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	var done atomic.Int64
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			_, err := r.orders.RecordOrder(r.shop(t, fmt.Sprint("key-", i)), &loyaltyv1.RecordOrderRequest{Program: "customers", Member: ida, Order: orderOf("7", 1_000)})
			switch {
			case err == nil:
				done.Add(1)
			case !fault.Has(err, fault.AlreadyExists):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if a := r.account(t, ida); done.Load() != 1 || a.GetAvailable() != 10 {
		t.Errorf("%d recorded it, the account has %v", done.Load(), a)
	}
}

func TestPartialReturnsTakeBackWhatTheWholeWould(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 3_350, 1_650)); err != nil {
		t.Fatal(err)
	}
	ret := func(id string, lines ...*loyaltyv1.ReturnedLine) (*loyaltyv1.OrderReturn, error) {
		resp, err := r.orders.ReturnOrder(r.shop(t, "return-"+id), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: id, Lines: lines})
		return resp.GetReturn(), err
	}
	if _, err := ret("a", &loyaltyv1.ReturnedLine{Line: "1", Quantity: "1"}); err != nil {
		t.Fatal(err)
	}
	_, err := ret("b", &loyaltyv1.ReturnedLine{Line: "1", Quantity: "2"})
	refused(t, "more than is left", err, fault.InvalidArgument)
	_, err = ret("c", &loyaltyv1.ReturnedLine{Line: "9"})
	refused(t, "a line that is not there", err, fault.InvalidArgument)
	if _, err := r.orders.ReturnOrder(r.shop(t, "twice"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: "a"}); !fault.Has(err, fault.AlreadyExists) {
		t.Errorf("the same return by another key: %v", err)
	}
	if _, err := ret("d"); err != nil {
		t.Fatal(err)
	}
	if a := r.account(t, ida); a.GetAvailable() != 0 || a.GetLifetimeEarned() != 0 {
		t.Errorf("after all has come back: %v", a)
	}
	_, err = ret("e")
	refused(t, "an order of which nothing is left", err, fault.IllegalState)
	got, err := r.orders.GetOrder(r.shop(t), &loyaltyv1.GetOrderRequest{Program: "customers", Order: "1"})
	if err != nil || len(got.GetOrder().GetReturns()) != 2 {
		t.Errorf("the order has %v, %v", got, err)
	}
}

func TestWhatWasSpentIsForgivenOrOwed(t *testing.T) {
	for policy, want := range map[string][4]int64{"within_balance": {20, 0, 80, 0}, "allow_debt": {20, 80, 0, 80}} {
		r := newRig(t)
		r.rule(t, "euro", perEuro())
		ida := r.enrol(t, "Ida")
		if _, err := r.order(t, ida, orderOf("1", 10_000)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.adjust(t, "spent", ida, -80); err != nil {
			t.Fatal(err)
		}
		got, err := r.orders.ReturnOrder(r.shop(t, "back"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: "a", Policy: policy})
		if err != nil {
			t.Fatal(err)
		}
		b := got.GetReturn()
		if have := [4]int64{b.GetFromAvailable(), b.GetAsDebt(), b.GetForgiven(), r.account(t, ida).GetDebt()}; have != want {
			t.Errorf("%s: %v, want %v", policy, have, want)
		}
	}
}

func TestPointsOnTheirWayAreTakenBackWithoutDebt(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.Activation = "P14D"
	r.rule(t, "euro", terms)
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 10_000)); err != nil {
		t.Fatal(err)
	}
	if a := r.account(t, ida); a.GetPending() != 100 || a.GetAvailable() != 0 {
		t.Fatalf("before: %v", a)
	}
	got, err := r.orders.ReturnOrder(r.shop(t, "back"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: "a", Lines: []*loyaltyv1.ReturnedLine{{Line: "1", Quantity: "1"}}})
	if err != nil || got.GetReturn().GetFromPending() != 50 {
		t.Fatalf("returned %v, %v", got, err)
	}
	r.clock.Step(15 * 24 * time.Hour)
	if a := r.account(t, ida); a.GetPending() != 0 || a.GetAvailable() != 50 || a.GetDebt() != 0 {
		t.Errorf("two weeks later: %v", a)
	}
}

func TestAChangedRuleLeavesWhatWasGiven(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 10_000)); err != nil {
		t.Fatal(err)
	}
	terms := perEuro()
	terms.DisplayName, terms.Value, terms.Life = "Three for a euro", "3", "rolling P1M"
	saved, err := r.rules.UpdateEarningRule(r.manager(t, "up"), &loyaltyv1.UpdateEarningRuleRequest{Program: "customers", RuleId: "euro", Terms: terms})
	if err != nil || saved.GetRule().GetVersion() != 2 {
		t.Fatalf("saved %v, %v", saved, err)
	}
	second, err := r.order(t, ida, orderOf("2", 10_000))
	if err != nil || second.GetAwards()[0].GetRule() != "rules/euro@2" || second.GetAwards()[0].GetPoints() != 300 {
		t.Fatalf("the second order: %v, %v", second, err)
	}
	lots, err := r.points.ListLots(r.shop(t), &loyaltyv1.ListLotsRequest{Program: "customers", Member: ida})
	if err != nil || len(lots.GetLots()) != 2 || !lots.GetLots()[1].GetExpireTime().AsTime().Equal(start.AddDate(1, 0, 0)) || lots.GetLots()[1].GetOpen() != 100 {
		t.Errorf("the lots are %v, %v", lots, err)
	}
}

func TestACapOfAMemberHoldsOverOrdersAndGivesBackAfterReturns(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.Caps = []*loyaltyv1.EarningRuleCap{{Per: "member", Period: "day", Most: 120}}
	r.rule(t, "euro", terms)
	ida := r.enrol(t, "Ida")
	for id, want := range map[string]int64{"1": 100} {
		if o, err := r.order(t, ida, orderOf(id, 10_000)); err != nil || o.GetAwards()[0].GetPoints() != want {
			t.Fatalf("order %s: %v, %v", id, o, err)
		}
	}
	if o, err := r.order(t, ida, orderOf("2", 10_000)); err != nil || o.GetAwards()[0].GetPoints() != 20 || o.GetAwards()[0].GetDesired() != 100 {
		t.Fatalf("order 2: %v, %v", o, err)
	}
	if _, err := r.orders.ReturnOrder(r.shop(t, "back"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: "a"}); err != nil {
		t.Fatal(err)
	}
	if o, err := r.order(t, ida, orderOf("3", 5_000)); err != nil || o.GetAwards()[0].GetPoints() != 50 {
		t.Errorf("order 3: %v, %v", o, err)
	}
	r.clock.Step(24 * time.Hour)
	if o, err := r.order(t, ida, orderOf("4", 11_000)); err != nil || o.GetAwards()[0].GetPoints() != 110 {
		t.Errorf("the next day: %v, %v", o, err)
	}
}

func TestAnEventEarnsOnce(t *testing.T) {
	r := newRig(t)
	r.rule(t, "visit", &loyaltyv1.EarningRuleTerms{Trigger: "visit", Form: "fixed", Value: "5"})
	ida := r.enrol(t, "Ida")
	req := &loyaltyv1.AccruePointsRequest{Program: "customers", Member: ida, Event: &loyaltyv1.EventInput{EventId: "v1", Type: "visit"}}
	got, err := r.orders.AccruePoints(r.shop(t, "v1"), req)
	if err != nil || got.GetEntry().GetAccount().GetAvailable() != 5 {
		t.Fatalf("accrued %v, %v", got, err)
	}
	_, err = r.orders.AccruePoints(r.shop(t, "v2"), req)
	refused(t, "the same event by another key", err, fault.AlreadyExists)
}

func TestBadOrdersAreRefusedWithTheirFields(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	for field, change := range map[string]func(*loyaltyv1.OrderInput){
		"order.lines[0].amount":   func(o *loyaltyv1.OrderInput) { o.Lines[0].Amount = proto.Int64(-1) },
		"order.lines[1].amount":   func(o *loyaltyv1.OrderInput) { o.Lines[1].Amount = nil },
		"order.lines[1].id":       func(o *loyaltyv1.OrderInput) { o.Lines[1].Id = "1" },
		"order.lines[0].quantity": func(o *loyaltyv1.OrderInput) { o.Lines[0].Quantity = "0" },
		"order.currency":          func(o *loyaltyv1.OrderInput) { o.Currency = "ABC" },
		"order.orderTime":         func(o *loyaltyv1.OrderInput) { o.OrderTime = timestamppb.New(start.Add(time.Hour)) },
	} {
		o := orderOf("1", 1_000, 2_000)
		change(o)
		_, err := r.order(t, ida, o)
		e, ok := fault.As(err)
		if !ok || e.Reason.Name != fault.InvalidArgument.Name || len(e.Fields) == 0 || e.Fields[0].Path != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	o := orderOf("1", 1_000)
	o.OrderTime = timestamppb.New(start.AddDate(-2, 0, 0))
	_, err := r.order(t, ida, o)
	refused(t, "an ancient order", err, fault.InvalidArgument)
	if a := r.account(t, ida); a.GetEntries() != 0 {
		t.Errorf("something was written: %v", a)
	}
}

// What was free says so: its line has an amount of 0.
func TestALineMayBeFree(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	o, err := r.order(t, ida, orderOf("1", 1_000, 0))
	if err != nil || r.account(t, ida).GetAvailable() != 10 || o.GetLines()[1].Amount == nil {
		t.Errorf("got %v, %v", o, err)
	}
}

func TestAWrongExpressionIsRefusedWithItsPlace(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.DisplayName, terms.Condition = "Wrong", "order.total >= 10.5"
	_, err := r.rules.CreateEarningRule(r.manager(t, "w"), &loyaltyv1.CreateEarningRuleRequest{Program: "customers", RuleId: "wrong", Terms: terms, ValidateOnly: true})
	e, ok := fault.As(err)
	if !ok || len(e.Fields) == 0 || e.Fields[0].Path != "terms.condition" || !strings.Contains(e.Fields[0].Message, "^") {
		t.Errorf("got %v", err)
	}
	list, err := r.rules.ListEarningRules(r.manager(t), &loyaltyv1.ListEarningRulesRequest{Program: "customers"})
	if err != nil || len(list.GetRules()) != 0 {
		t.Errorf("kept %v, %v", list, err)
	}
}

// What the order had given is taken back whether it was spent meanwhile or not: of what comes back, then.
func TestAnOrderThatComesBackGivesBackWhatPaidForIt(t *testing.T) {
	for _, spent := range []int64{0, 200} {
		comesBackPaid(t, spent)
	}
}

func comesBackPaid(t *testing.T, spent int64) {
	t.Helper()
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	if _, err := r.adjust(t, "give", ida, 500); err != nil {
		t.Fatal(err)
	}
	r.reward(t, "five-off", func(req *loyaltyv1.CreateRewardRequest) { req.Prices[0].Points = 400 })
	held, err := r.redemptions.ReserveReward(r.shop(t, "hold"), &loyaltyv1.ReserveRewardRequest{Program: "customers", Reward: "five-off", Member: ida})
	if err != nil {
		t.Fatal(err)
	}
	name := held.GetRedemption().GetName()
	in := orderOf("1", 10_000)
	in.Redemption = name[strings.LastIndex(name, "/")+1:]
	if _, err := r.order(t, ida, in); err != nil {
		t.Fatal(err)
	}
	if a := r.account(t, ida); a.GetAvailable() != 200 || a.GetReserved() != 0 || a.GetLifetimeSpent() != 400 {
		t.Fatalf("after the order: %v", a)
	}
	if spent > 0 {
		if _, err := r.adjust(t, "spend", ida, -spent); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.orders.ReturnOrder(r.shop(t, "back"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: "a"})
	if err != nil || got.GetReturn().GetRestored() != 400 || got.GetReturn().GetFromAvailable() != 100 || got.GetReturn().GetForgiven() != 0 {
		t.Fatalf("returned %v, %v", got, err)
	}
	if a := r.account(t, ida); a.GetAvailable() != 500-spent || a.GetLifetimeSpent() != 0 {
		t.Errorf("after the return: %v", a)
	}
}

func TestAReturnedLineTakesFromItsOwnLot(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.Activation, terms.PerLine = "P14D", true
	r.rule(t, "euro", terms)
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 5_000, 3_000)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.orders.ReturnOrder(r.shop(t, "back"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: "a", Lines: []*loyaltyv1.ReturnedLine{{Line: "2"}}}); err != nil {
		t.Fatal(err)
	}
	lots, err := r.points.ListLots(r.shop(t), &loyaltyv1.ListLotsRequest{Program: "customers", Member: ida})
	if err != nil || len(lots.GetLots()) != 2 {
		t.Fatalf("lots: %v, %v", lots, err)
	}
	for _, l := range lots.GetLots() {
		want := map[string]int64{"orders/1/lines/1": 50, "orders/1/lines/2": 0}[l.GetSource()]
		if l.GetOpen() != want {
			t.Errorf("%s has %d open, want %d", l.GetSource(), l.GetOpen(), want)
		}
	}
}
