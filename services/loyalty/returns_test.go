package loyalty_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Twenty come at once with the last piece: one of them is right.
func TestReturnsAtOnceTakeBackOnce(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 10000)); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			_, err := r.orders.ReturnOrder(r.shop(t, fmt.Sprintf("back-%d", i)), &loyaltyv1.ReturnOrderRequest{
				Program: "customers", Order: "1", ReturnId: fmt.Sprint(i), Policy: "allow_debt", Lines: []*loyaltyv1.ReturnedLine{{Line: "1", Quantity: "2"}},
			})
			if err != nil &&
				!fault.Has(err, fault.IllegalState) && !fault.Has(err, fault.InvalidArgument) && !fault.Has(err, fault.Conflict) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if a := r.account(t, ida); a.GetAvailable() != 0 || a.GetDebt() != 0 || a.GetEntries() != 2 {
		t.Errorf("the account is %v", a)
	}
}

// A programme's zone and wallets decide from the moment that they are changed.
func TestAChangedProgrammeDecidesAtOnce(t *testing.T) {
	r := newRig(t)
	mondays := perEuro()
	mondays.Weekdays = []int32{1}
	r.rule(t, "monday", mondays)
	ida := r.enrol(t, "Ida")
	if o, err := r.order(t, ida, orderOf("1", 10000)); err != nil || len(o.GetAwards()) != 1 {
		t.Fatalf("on a Monday at 9 in UTC: %v, %v", o, err)
	}
	p, err := r.programs.GetProgram(r.manager(t), &loyaltyv1.GetProgramRequest{Program: "customers"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.programs.UpdateProgram(r.manager(t), &loyaltyv1.UpdateProgramRequest{
		Program: "customers", DisplayName: "Customers", Wallets: p.GetProgram().GetWallets(), TimeZone: "Pacific/Honolulu",
	})
	if err != nil {
		t.Fatal(err)
	}
	if o, err := r.order(t, ida, orderOf("2", 10000)); err != nil || len(o.GetAwards()) != 0 {
		t.Errorf("on a Sunday at 23 in Honolulu: %v, %v", o, err)
	}
}

// An event of the feed names the story that an order or event is connected with, also where it earned nothing.
func TestEventsTellOfTheStory(t *testing.T) {
	r := newRig(t)
	r.rule(t, "visits", &loyaltyv1.EarningRuleTerms{Trigger: "visit", Form: "fixed", Value: "10"})
	ida := r.enrol(t, "Ida")
	for _, kind := range []string{"visit", "review"} {
		_, err := r.orders.AccruePoints(r.shop(t, kind), &loyaltyv1.AccruePointsRequest{
			Program: "customers", Member: ida, Event: &loyaltyv1.EventInput{EventId: kind, Type: kind, Story: "stories/nordhafen"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := r.events.ListLoyaltyEvents(r.as(t, auth.Identity{Kind: auth.KindUser, Subject: "ada", Roles: []string{"admin"}}), &loyaltyv1.ListLoyaltyEventsRequest{PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, e := range list.GetEvents() {
		if strings.Contains(e.GetDataJson(), `"story":"stories/nordhafen"`) {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d events tell of the story, of %v", told, list)
	}
}

// A member's order can come back after the member has become one with another: the points are taken from the one who has them now.
func TestAnOrderOfAMergedMemberComesBack(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	for _, id := range []string{"1", "2"} {
		if _, err := r.order(t, ida, orderOf(id, 10000)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.adjust(t, "spent", ida, -100); err != nil { // the first order's lot is empty, and does not go over
		t.Fatal(err)
	}
	if _, err := r.members.MergeMembers(r.shop(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: jon, Merged: ida}); err != nil {
		t.Fatal(err)
	}
	resp, err := r.orders.ReturnOrder(r.shop(t, "back"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "2", ReturnId: "a"})
	if err != nil || resp.GetReturn().GetFromAvailable() != 100 {
		t.Errorf("the return: %v, %v", resp, err)
	}
	if a := r.account(t, jon); a.GetAvailable() != 0 || a.GetDebt() != 0 {
		t.Errorf("the account is %v", a)
	}
}
