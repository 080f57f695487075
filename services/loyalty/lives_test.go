package loyalty_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// until steps the clock to an instant.
func (r *rig) until(t testing.TB, text string) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Before(r.clock.Now()) {
		t.Fatalf("%s: %v, and it is %v", text, err, r.clock.Now())
	}
	r.clock.Step(at.Sub(r.clock.Now()))
}

// ofItem gives ten points for an article.
func ofItem(sku, life, activation string) *loyaltyv1.EarningRuleTerms {
	return &loyaltyv1.EarningRuleTerms{Trigger: "item", Skus: []string{sku}, Form: "fixed", Value: "10", Stacking: "all", Life: life, Activation: activation}
}

func (r *rig) buys(t testing.TB, member, order, sku string) *loyaltyv1.Order {
	t.Helper()
	o, err := r.order(t, member, &loyaltyv1.OrderInput{OrderId: order, Lines: []*loyaltyv1.OrderLine{{Id: "1", Sku: sku, Amount: proto.Int64(1_000)}}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func ended(l *loyaltyv1.Lot) string {
	if l.GetExpireTime() == nil {
		return ""
	}
	return l.GetExpireTime().AsTime().Format(time.RFC3339)
}

// Ends of lots as the service sets them: over changes of clocks, a leap day, months of other lengths. No later change of rule or programme touches one.
func TestLivesEndWhereTheCalendarSays(t *testing.T) {
	r := newRig(t)
	if _, err := r.change(t, "Europe/Berlin", nil); err != nil {
		t.Fatal(err)
	}
	ida := r.enrol(t, "Ida")
	cases := []struct{ at, life, activation, ends string }{
		{"2026-05-17T08:30:00Z", "rolling P12M to month", "", "2027-05-31T22:00:00Z"},
		{"2026-05-18T08:30:00Z", "never", "", ""},
		{"2026-10-20T10:00:00Z", "rolling P1M", "P14D", "2026-12-03T11:00:00Z"}, // two weeks over the end of summer time, at the same local time
		{"2026-10-20T10:00:01Z", "rolling P1M from issue", "P14D", "2026-11-20T11:00:01Z"},
		{"2026-11-10T10:00:00Z", "calendar 12-31", "", "2026-12-31T23:00:00Z"},
		{"2026-11-10T10:00:01Z", "calendar 12-31 least P6M", "", "2027-12-31T23:00:00Z"},
		{"2027-01-31T09:00:00Z", "rolling P1M", "", "2027-02-28T09:00:00Z"},
		{"2027-03-27T11:00:00Z", "rolling P1D", "", "2027-03-28T10:00:00Z"}, // the day of 23 hours
		{"2027-03-27T11:00:01Z", "rolling PT24H", "", "2027-03-28T11:00:01Z"},
		{"2028-01-31T09:00:00Z", "rolling P1M", "", "2028-02-29T09:00:00Z"},
		{"2028-02-29T09:00:00Z", "rolling P1Y", "", "2029-02-28T09:00:00Z"},
	}
	for i, c := range cases {
		r.rule(t, fmt.Sprint("rule-", i), ofItem(fmt.Sprint("sku-", i), c.life, c.activation))
	}
	for i, c := range cases {
		r.until(t, c.at)
		r.buys(t, ida, fmt.Sprint(i), fmt.Sprint("sku-", i))
		if l := r.lots(t, ida)[fmt.Sprint("orders/", i)]; ended(l) != c.ends || l.GetLife() != c.life || l.GetPolicy() != fmt.Sprintf("rules/rule-%d@1", i) {
			t.Errorf("%s %s %s: %v, want %s", c.at, c.life, c.activation, l, c.ends)
		}
	}
	before := r.lots(t, ida)
	for i := range cases {
		terms := ofItem(fmt.Sprint("sku-", i), "rolling P2M", "")
		terms.DisplayName = "Another"
		if _, err := r.rules.UpdateEarningRule(r.manager(t), &loyaltyv1.UpdateEarningRuleRequest{Program: "customers", RuleId: fmt.Sprint("rule-", i), Terms: terms}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.change(t, "Europe/Berlin", &loyaltyv1.PointSettings{Life: "rolling P1D"}); err != nil {
		t.Fatal(err)
	}
	r.buys(t, ida, "later", "sku-0")
	for source, l := range r.lots(t, ida) {
		want := before[source]
		if source == "orders/later" {
			want = &loyaltyv1.Lot{ExpireTime: l.GetExpireTime(), Life: "rolling P2M", Policy: "rules/rule-0@2"}
		}
		if ended(l) != ended(want) || l.GetLife() != want.GetLife() || l.GetPolicy() != want.GetPolicy() {
			t.Errorf("%s was %v and is %v", source, want, l)
		}
	}
	// At the very end, and not before.
	r.until(t, "2029-02-28T08:59:59Z")
	if a := r.account(t, ida); a.GetAvailable() != 20 {
		t.Errorf("a second before the end: %v", a)
	}
	r.until(t, "2029-02-28T09:00:00Z")
	if a := r.account(t, ida); a.GetAvailable() != 10 { // what never ends
		t.Errorf("at the end: %v", a)
	}
}

func TestAProgrammeSaysHowLongPointsLiveWhereRulesDoNot(t *testing.T) {
	r := newRig(t)
	r.settings(t, &loyaltyv1.PointSettings{Life: "rolling P2M"})
	r.rule(t, "own", ofItem("own", "rolling P1M", ""))
	r.rule(t, "none", ofItem("none", "", ""))
	ida := r.enrol(t, "Ida")
	r.buys(t, ida, "1", "own")
	r.buys(t, ida, "2", "none")
	if _, err := r.adjust(t, "hand", ida, 5); err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string][2]string{
		"orders/1": {"2026-06-04T09:00:00Z", "rules/own@1"}, "orders/2": {"2026-07-04T09:00:00Z", "programs/customers@2"}, "": {"2026-07-04T09:00:00Z", "programs/customers@2"},
	} {
		if l := r.lots(t, ida)[source]; ended(l) != want[0] || l.GetPolicy() != want[1] {
			t.Errorf("%q: %v, want %v", source, l, want)
		}
	}
}

func TestALifeMayBeLongerInATier(t *testing.T) {
	r := newRig(t)
	r.metals(t, nil)
	terms := ofItem("sku", "rolling P1M", "")
	terms.TierLives = map[string]string{"gold": "rolling P1Y"}
	r.rule(t, "tiered", terms)
	got, err := r.rules.GetEarningRule(r.manager(t), &loyaltyv1.GetEarningRuleRequest{Program: "customers", RuleId: "tiered"})
	if err != nil || got.GetRule().GetTerms().GetTierLives()["gold"] != "rolling P1Y" {
		t.Errorf("saved as %v, %v", got, err)
	}
	ida := r.enrol(t, "Ida")
	r.buys(t, ida, "1", "sku")
	if _, err := r.adjust(t, "gold", ida, 600); err != nil {
		t.Fatal(err)
	}
	r.buys(t, ida, "2", "sku")
	for source, want := range map[string]string{"orders/1": "2026-06-04T09:00:06Z", "orders/2": "2027-05-04T09:00:06Z"} {
		if l := r.lots(t, ida)[source]; ended(l) != want {
			t.Errorf("%s: %v, want %s", source, l, want)
		}
	}
	terms = ofItem("sku", "", "")
	terms.DisplayName, terms.TierLives = "Bad", map[string]string{"gold": "a year"}
	_, err = r.rules.CreateEarningRule(r.manager(t, "bad"), &loyaltyv1.CreateEarningRuleRequest{Program: "customers", RuleId: "bad", Terms: terms})
	fieldOf(t, err, `terms.tierLives["gold"]`)
}

// expires waits for the member's points to expire, and returns the entry.
func (r *rig) expires(t *testing.T, member string) (e *loyaltyv1.Entry) {
	t.Helper()
	r.eventually(t, "the expiry", func() bool {
		list, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: member, PageSize: 1})
		if err != nil {
			t.Fatal(err)
		}
		e = list.GetEntries()[0]
		return e.GetKind() == loyaltyv1.EntryKind_ENTRY_KIND_EXPIRE
	})
	return e
}

// What lives by activity ends when nothing is heard of the member for the time, all of it at once, and each activity moves that on.
func TestPointsThatLiveByActivity(t *testing.T) {
	r := newRig(t)
	r.rule(t, "idle", ofItem("idle", "inactivity P30D to day", ""))
	r.rule(t, "dated", ofItem("dated", "rolling P1Y", ""))
	r.reward(t, "mug", func(req *loyaltyv1.CreateRewardRequest) { req.Prices[0].Points = 5 })
	ida := r.enrol(t, "Ida")
	ends := func(when, want string) {
		t.Helper()
		for source, l := range r.lots(t, ida) {
			if l.GetLife() == "inactivity P30D to day" && ended(l) != want {
				t.Errorf("%s: %s ends %s, want %s", when, source, ended(l), want)
			}
		}
	}
	r.buys(t, ida, "1", "idle")
	ends("after the first order", "2026-06-04T00:00:00Z")
	r.until(t, "2026-05-14T09:00:00Z")
	r.buys(t, ida, "2", "idle")
	ends("after the second", "2026-06-14T00:00:00Z")
	r.until(t, "2026-05-24T09:00:00Z")
	r.buys(t, ida, "3", "nothing") // earns nothing, and is heard of all the same
	ends("after one that earned nothing", "2026-06-24T00:00:00Z")
	if _, err := r.returnOrder(t, "back", "2", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := r.adjust(t, "taken", ida, -1); err != nil {
		t.Fatal(err)
	}
	r.until(t, "2026-06-03T09:00:00Z")
	ends("returns and what is taken are no activity", "2026-06-24T00:00:00Z")
	held, err := r.redemptions.ReserveReward(r.shop(t, "hold"), &loyaltyv1.ReserveRewardRequest{Program: "customers", Reward: "mug", Member: ida})
	if err != nil {
		t.Fatal(err)
	}
	ends("a reward is reserved", "2026-07-04T00:00:00Z")
	r.buys(t, ida, "4", "dated")
	if _, err := r.redemptions.CancelRedemption(r.shop(t, "cancel"), &loyaltyv1.CancelRedemptionRequest{Program: "customers", Redemption: held.GetRedemption().GetName()[len("programs/customers/redemptions/"):]}); err != nil {
		t.Fatal(err)
	}
	r.restart(t)
	r.until(t, "2026-07-03T23:59:59Z")
	if a := r.account(t, ida); a.GetAvailable() != 19 {
		t.Errorf("a second before: %v", a)
	}
	r.until(t, "2026-07-04T00:00:00Z")
	if a := r.account(t, ida); a.GetAvailable() != 10 || a.GetLifetimeExpired() != 9 {
		t.Errorf("at the end: %v", a)
	}
	// By itself, and counting as of the deadline.
	if e := r.expires(t, ida); e.GetEffectiveTime().AsTime().Format(time.RFC3339) != "2026-07-04T00:00:00Z" {
		t.Errorf("it counts as of %v", e)
	}
	r.buys(t, ida, "5", "idle")
	if l := r.lots(t, ida)["orders/5"]; ended(l) != "2026-08-04T00:00:00Z" {
		t.Errorf("it begins again: %v", l)
	}
}
