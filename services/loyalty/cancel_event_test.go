package loyalty_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// wrote records an event of a member of a programme.
func (r *rig) wrote(t testing.TB, program, member, id, kind string) *loyaltyv1.AccruePointsResponse {
	t.Helper()
	resp, err := r.orders.AccruePoints(r.shop(t, "wrote-"+id), &loyaltyv1.AccruePointsRequest{Program: program, Member: member, Event: &loyaltyv1.EventInput{EventId: id, Type: kind}})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func (r *rig) cancelEvent(t testing.TB, key, event, policy string) (*loyaltyv1.CancelEventResponse, error) {
	return r.orders.CancelEvent(r.shop(t, key), &loyaltyv1.CancelEventRequest{Program: "customers", Event: event, Policy: policy, Reason: "It was written by another"})
}

func forReviews(change func(*loyaltyv1.EarningRuleTerms)) *loyaltyv1.EarningRuleTerms {
	terms := &loyaltyv1.EarningRuleTerms{DisplayName: "A review", Trigger: "event", Event: "review", Form: "fixed", Value: "60", Stacking: "all"}
	if change != nil {
		change(terms)
	}
	return terms
}

// A cancelled event is as if it had not happened: for points, caps, the campaign's budget, the tier and achievements. It is cancelled once.
func TestACancelledEventIsAsIfItHadNotHappened(t *testing.T) {
	r := newRig(t)
	r.rule(t, "review", forReviews(func(terms *loyaltyv1.EarningRuleTerms) {
		terms.Campaign, terms.Caps = "spring", []*loyaltyv1.EarningRuleCap{{Per: "campaign", Most: 100}, {Per: "member", Counts: "awards", Most: 1}}
	}))
	goal := challenge(times, 2, allTime, once)
	goal.Trigger = "review"
	r.achievement(t, "two", 5, goal)
	r.metals(t, func(req *loyaltyv1.CreateTierStructureRequest) {
		req.Metric, req.Period, req.PeriodLength, req.Grace = loyaltyv1.TierMetric_TIER_METRIC_EARNED, loyaltyv1.TierPeriod_TIER_PERIOD_ROLLING, "P12M", ""
		req.Tiers[0].Threshold = 60
	})
	ida := r.enrol(t, "Ida")
	r.wrote(t, "customers", ida, "1", "review")
	if second := r.wrote(t, "customers", ida, "2", "review"); len(second.GetAwards()) != 0 {
		t.Fatalf("beyond the cap: %v", second)
	}
	if a := r.account(t, ida); r.reached(t, ida)["two"].GetDone() != 1 || r.account(t, ida).GetAvailable() != 65 || a.GetTier().GetTier() != "silver" {
		t.Fatalf("before: %v", r.account(t, ida))
	}
	r.clock.Step(31 * 24 * time.Hour)
	first, err := r.cancelEvent(t, "c", "1", "")
	if c := first.GetCancellation(); err != nil || c.GetPoints() != 60 || c.GetFromAvailable() != 60 || first.GetEntry().GetSource() != "events/1" || first.GetEntry().GetReason() == "" {
		t.Errorf("cancelled: %v, %v", first, err)
	}
	if again, err := r.cancelEvent(t, "c", "1", ""); err != nil || !proto.Equal(again, first) {
		t.Errorf("by the same key: %v, %v", again, err)
	}
	_, err = r.cancelEvent(t, "another", "1", "")
	refused(t, "by another key", err, fault.IllegalState)
	if got := r.reached(t, ida)["two"]; got.GetDone() != 0 || got.GetValue() != 1 {
		t.Errorf("the achievement: %v", got)
	}
	if a := r.account(t, ida); a.GetAvailable() != 0 || a.GetLifetimeEarned() != 0 || a.GetTier().GetTier() != "" {
		t.Errorf("after: %v", a)
	}
	if third := r.wrote(t, "customers", ida, "3", "review"); len(third.GetAwards()) != 1 || third.GetAwards()[0].GetPoints() != 60 {
		t.Errorf("cap and budget are not free again: %v", third)
	}
	x := r.why(t, ida, first.GetEntry().GetNumber())
	if !strings.Contains(x.GetSummary(), "event 1 was cancelled") || x.GetPoints() != -60 || len(x.GetTakes()) != 1 || x.GetTakes()[0].GetDue() != 60 {
		t.Errorf("explained as %v", x)
	}
	// One that earned nothing is cancelled, too; the id stays taken.
	nothing, err := r.cancelEvent(t, "nothing", "2", "")
	if err != nil || nothing.GetEntry().GetKind() != loyaltyv1.EntryKind_ENTRY_KIND_NOTE || r.told(t, "loyalty.event.cancelled") != 1 {
		t.Errorf("one that earned nothing: %v, %v", nothing, err)
	}
	_, err = r.orders.AccruePoints(r.shop(t, "taken"), &loyaltyv1.AccruePointsRequest{Program: "customers", Member: ida, Event: &loyaltyv1.EventInput{EventId: "1", Type: "review"}})
	refused(t, "the same event again", err, fault.AlreadyExists)
	_, err = r.cancelEvent(t, "none", "99", "")
	refused(t, "no event", err, fault.NotFound)
	r.tiersFollow(t)
	// It is less from the day on which it happened, not from the day on which it was cancelled: when that day is out of the period, the cancellation is so too.
	r.clock.Step(340 * 24 * time.Hour)
	if a := r.account(t, ida); a.GetTier().GetTier() != "silver" {
		t.Errorf("a year after the event: %v", a)
	}
}

// Points that wait go without debt; what is spent is let go or owed, as the policy says; after the window nothing is cancelled.
func TestHowFarTheCancellationOfAnEventGoes(t *testing.T) {
	r := newRig(t)
	r.settings(t, &loyaltyv1.PointSettings{CancelWindow: "P14D"})
	r.rule(t, "review", forReviews(nil))
	r.rule(t, "visit", forReviews(func(terms *loyaltyv1.EarningRuleTerms) {
		terms.Trigger, terms.Event, terms.Activation = "visit", "", "P3D"
	}))
	ida := r.enrol(t, "Ida")
	for _, id := range []string{"kept", "owed", "let-go", "late"} {
		r.wrote(t, "customers", ida, id, "review")
	}
	r.wrote(t, "customers", ida, "waiting", "visit")
	if _, err := r.adjust(t, "spent", ida, -240); err != nil {
		t.Fatal(err)
	}
	got, err := r.cancelEvent(t, "w", "waiting", "allow_debt")
	if c := got.GetCancellation(); err != nil || c.GetFromPending() != 60 || c.GetAsDebt() != 0 || r.account(t, ida).GetPending() != 0 {
		t.Errorf("on its way: %v, %v", got, err)
	}
	got, err = r.cancelEvent(t, "l", "let-go", "")
	if c := got.GetCancellation(); err != nil || c.GetForgiven() != 60 || c.GetFromAvailable() != 0 {
		t.Errorf("let go: %v, %v", got, err)
	}
	got, err = r.cancelEvent(t, "o", "owed", "allow_debt")
	if c := got.GetCancellation(); err != nil || c.GetAsDebt() != 60 || r.account(t, ida).GetDebt() != 60 {
		t.Errorf("owed: %v, %v", got, err)
	}
	r.clock.Step(14 * 24 * time.Hour)
	_, err = r.cancelEvent(t, "late", "late", "")
	refused(t, "after the window", err, fault.IllegalState)
}

// Of cancellations that come at once one is done. Points in another wallet go along, and those of a member who was merged are the survivor's to lose.
func TestAnEventIsCancelledOnceWhoeverAsksAndWhereverItsPointsAre(t *testing.T) {
	r := newRig(t)
	_, err := r.programs.CreateProgram(r.manager(t, "club"), &loyaltyv1.CreateProgramRequest{
		ProgramId: "club", DisplayName: "Club", TimeZone: "UTC", Currency: "EUR",
		Wallets: []*loyaltyv1.Wallet{{Id: "stars", Singular: "star", Plural: "stars"}, {Id: "miles", Singular: "mile", Plural: "miles"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, wallet := range []string{"stars", "miles"} {
		terms := forReviews(func(terms *loyaltyv1.EarningRuleTerms) { terms.Wallet = wallet })
		if _, err := r.rules.CreateEarningRule(r.manager(t, wallet), &loyaltyv1.CreateEarningRuleRequest{Program: "club", RuleId: wallet, Terms: terms}); err != nil {
			t.Fatal(err)
		}
	}
	r.clock.Step(time.Minute)
	var ids []string
	for _, name := range []string{"Ida", "Jon"} {
		resp, err := r.members.CreateMember(r.shop(t, name), &loyaltyv1.CreateMemberRequest{Program: "club", DisplayName: name})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, resp.GetMember().GetName()[len("programs/club/members/"):])
	}
	r.wrote(t, "club", ids[1], "1", "review")
	if _, err := r.members.MergeMembers(r.manager(t, "merge"), &loyaltyv1.MergeMembersRequest{Program: "club", Member: ids[0], Merged: ids[1]}); err != nil {
		t.Fatal(err)
	}
	var done atomic.Int32
	var all sync.WaitGroup
	for i := range 10 {
		ctx := r.shop(t, fmt.Sprint("at-once-", i))
		all.Go(func() {
			err := asked(func() error {
				_, err := r.orders.CancelEvent(ctx, &loyaltyv1.CancelEventRequest{Program: "club", Event: "1"})
				return err
			})
			if err == nil {
				done.Add(1)
			} else if !fault.Has(err, fault.IllegalState) {
				t.Errorf("one of ten: %v", err)
			}
		})
	}
	all.Wait()
	got, err := r.members.GetMember(r.shop(t), &loyaltyv1.GetMemberRequest{Program: "club", Member: ids[0]})
	if err != nil || done.Load() != 1 {
		t.Fatalf("%d were done, %v", done.Load(), err)
	}
	for _, a := range got.GetMember().GetAccounts() {
		if a.GetAvailable() != 0 || a.GetDebt() != 0 || a.GetLifetimeEarned() != 0 {
			t.Errorf("in %s: %v", a.GetWallet(), a)
		}
	}
}
