package loyalty_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// whyIn explains an entry in a language.
func (r *rig) whyIn(t *testing.T, member, entry, language string) *loyaltyv1.Explanation {
	t.Helper()
	resp, err := r.explain.ExplainEntry(r.shop(t), &loyaltyv1.ExplainEntryRequest{Program: "customers", Member: member, Entry: entry, Language: language})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetExplanation()
}

// inputs are what an explanation says was known.
func inputs(x *loyaltyv1.Explanation) map[string]string {
	out := map[string]string{}
	for _, v := range x.GetInputs() {
		out[v.GetName()] = v.GetValue()
	}
	return out
}

// A cancellation is told as one: nothing came back, and it has no id.
func TestACancellationIsNotToldAsAReturn(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 10_000)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.orders.CancelOrder(r.shop(t, "off"), &loyaltyv1.CancelOrderRequest{Program: "customers", Order: "1"}); err != nil {
		t.Fatal(err)
	}
	x := r.whyIn(t, ida, "points-2", "")
	addsUp(t, x)
	if _, named := inputs(x)["return"]; named || inputs(x)["policy"] == "" {
		t.Errorf("it tells of %v", x.GetInputs())
	}
	if leg := x.GetLegs()[1]; leg.GetText() != "100 were taken back" {
		t.Errorf("the side is told as %v", leg)
	}
}

// A formula is told once, and by what it read; in German what was known is written as in German, what the formula read as the formula writes it.
func TestAFormulaIsToldOnce(t *testing.T) {
	r := newRig(t)
	r.rule(t, "part", &loyaltyv1.EarningRuleTerms{Trigger: "spend", Form: "formula", Formula: `floor(mul(order.total, dec("0.05")))`})
	ida := r.enrol(t, "Ida")
	in := orderOf("1", 120_055)
	in.Lines[0].Quantity = "2.5"
	if _, err := r.order(t, ida, in); err != nil {
		t.Fatal(err)
	}
	x := r.whyIn(t, ida, "points-1", "de")
	addsUp(t, x)
	var told []string
	for _, s := range x.GetRules()[0].GetSteps() {
		told = append(told, s.GetText()+" = "+s.GetResult())
	}
	if want := []string{"order.total = 1200.55", `mul(order.total, dec("0.05")) = 60.0275`, `floor(mul(order.total, dec("0.05"))) = 60`}; !slices.Equal(told, want) {
		t.Errorf("the steps are %q, want %q", told, want)
	}
	if got := inputs(x); got["order.total"] != "1.200,55 EUR" || got["line 1"] != "2,5 x sku-1, 1.200,55 EUR" {
		t.Errorf("known was %v", got)
	}
}

// A tier is called by its name: where it changes, and where a rule gives more in it.
func TestATierIsToldByItsName(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.TierValues = map[string]string{"gold": "2"}
	r.rule(t, "euro", terms)
	_, err := r.tiers.CreateTierStructure(r.manager(t, "tiers"), &loyaltyv1.CreateTierStructureRequest{
		Program: "customers", StructureId: "metals", DisplayName: "Metals", Metric: loyaltyv1.TierMetric_TIER_METRIC_BALANCE, Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL,
		Tiers: []*loyaltyv1.Tier{{Id: "gold", DisplayName: "Our golden circle", Threshold: 100}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Step(6 * time.Second) // it is in force, also where other processes have to hear of it
	ida := r.enrol(t, "Ida")
	for _, order := range []string{"1", "2"} {
		if _, err := r.order(t, ida, orderOf(order, 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	for _, x := range r.everyEntry(t, ida) {
		all = append(all, x.GetSummary())
		for _, rule := range x.GetRules() {
			all = append(all, rule.GetDetail())
		}
	}
	for _, want := range []string{"changed from no tier to Our golden circle (reached", "2 points per 1 EUR in tier Our golden circle"} {
		if !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("nothing says %q of %q", want, all)
		}
	}
}

// Two wallets have a tier of the same id: each is told by its own name, and a rule by that of the usual wallet, which it goes by, wherever its points go.
func TestATierIsToldByTheNameOfItsWallet(t *testing.T) {
	r := newRig(t)
	r.wallets(t, "points", "miles")
	terms := perEuro()
	terms.Wallet, terms.TierValues = "miles", map[string]string{"gold": "2"}
	r.rule(t, "euro", terms)
	for _, wallet := range []string{"points", "miles"} {
		_, err := r.tiers.CreateTierStructure(r.manager(t, wallet), &loyaltyv1.CreateTierStructureRequest{
			Program: "customers", StructureId: "of-" + wallet, Wallet: wallet, DisplayName: wallet, Metric: loyaltyv1.TierMetric_TIER_METRIC_BALANCE,
			Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL, Tiers: []*loyaltyv1.Tier{{Id: "gold", DisplayName: "Gold of " + wallet, Threshold: 100}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	r.clock.Step(2 * time.Second)
	ida := r.enrol(t, "Ida")
	r.given(t, "points", ida, "points", 100)
	if _, err := r.order(t, ida, orderOf("1", 10_000)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ wallet, says string }{
		{"points", "changed from no tier to Gold of points (reached"}, {"miles", "changed from no tier to Gold of miles (reached"}, {"miles", "2 points per 1 EUR in tier Gold of points"},
	} {
		var all []string
		for n := range 2 {
			x := r.whyIn(t, ida, fmt.Sprint(want.wallet, "-", n+1), "")
			all = append(all, x.GetSummary())
			for _, rule := range x.GetRules() {
				all = append(all, rule.GetDetail())
			}
		}
		if !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, want.says) }) {
			t.Errorf("nothing in %s says %q of %q", want.wallet, want.says, all)
		}
	}
}

// What was brought along is said to come from an import.
func TestAnImportIsToldInWords(t *testing.T) {
	r := newRig(t)
	_, err := r.members.ImportMembers(r.manager(t, "till"), &loyaltyv1.ImportMembersRequest{
		Program: "customers", Source: "till", Members: []*loyaltyv1.ImportedMember{{
			DisplayName: "Ida", Identifiers: []*loyaltyv1.MemberIdentifier{{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EXTERNAL, Value: "1"}},
			Balances: []*loyaltyv1.ImportedBalance{{Points: 500, IssueTime: timestamppb.New(start.AddDate(0, -1, 0))}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := r.members.ListMembers(r.shop(t), &loyaltyv1.ListMembersRequest{Program: "customers"})
	if err != nil || len(list.GetMembers()) != 1 {
		t.Fatal(list, err)
	}
	ida := strings.TrimPrefix(list.GetMembers()[0].GetName(), "programs/customers/members/")
	for language, want := range map[string][2]string{
		"en": {"500 points were brought along from the import till", "lot 1 from the import till of "},
		"de": {"Aus dem Import „till“ mitgebracht: 500 Punkte", "Posten 1 aus dem Import „till“ vom "},
	} {
		if x := r.whyIn(t, ida, "points-1", language); x.GetSummary() != want[0] || !strings.HasPrefix(x.GetParts()[0].GetText(), want[1]) {
			t.Errorf("%s: %q, %q", language, x.GetSummary(), x.GetParts()[0].GetText())
		}
	}
}
