package loyalty_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// why explains an entry of a member's usual account.
func (r *rig) why(t testing.TB, member string, number int64) *loyaltyv1.Explanation {
	t.Helper()
	resp, err := r.explain.ExplainEntry(r.shop(t), &loyaltyv1.ExplainEntryRequest{Program: "customers", Member: member, Entry: fmt.Sprintf("points-%d", number)})
	if err != nil {
		t.Fatalf("entry %d: %v", number, err)
	}
	return resp.GetExplanation()
}

// addsUp fails the test unless everything that an explanation says adds up by hand.
func addsUp(t testing.TB, x *loyaltyv1.Explanation) {
	t.Helper()
	var parts, legs, given, taken int64
	for _, p := range x.GetParts() {
		parts += p.GetPoints()
	}
	for i, l := range x.GetLegs() {
		legs += l.GetPoints()
		if e := x.GetEntry().GetLegs()[i]; e.GetAccount() != l.GetAccount() || e.GetPoints() != l.GetPoints() || l.GetText() == "" {
			t.Errorf("the side %v is told as %v", e, l)
		}
	}
	for _, r := range x.GetRules() {
		given += r.GetPoints()
		if !r.GetGiven() {
			continue
		}
		var shares int64
		for _, s := range r.GetShares() {
			shares += s.GetPoints()
		}
		steps := r.GetSteps()
		if len(steps) == 0 || steps[len(steps)-1].GetResult() != fmt.Sprint(r.GetPoints()) || len(r.GetShares()) > 0 && shares != r.GetPoints() {
			t.Errorf("the rule's points do not follow from its steps: %v", r)
		}
	}
	for _, k := range x.GetTakes() {
		taken += k.GetPoints()
		if k.GetPoints() != k.GetDue()-k.GetBefore() {
			t.Errorf("%v does not add up", k)
		}
	}
	kind := x.GetEntry().GetKind()
	switch {
	case parts != x.GetPoints() || legs != 0 || x.GetSummary() == "":
		t.Errorf("%s: the parts come to %d of %d, the sides to %d: %v", kind, parts, x.GetPoints(), legs, x)
	case kind == loyaltyv1.EntryKind_ENTRY_KIND_ACCRUE && (given != x.GetPoints() || !x.GetRecomputed()):
		t.Errorf("%s: the rules gave %d of %d: %v", kind, given, x.GetPoints(), x)
	case kind == loyaltyv1.EntryKind_ENTRY_KIND_REVERSE && x.GetLetGo().GetPoints()-taken != x.GetPoints():
		t.Errorf("%s: %d were to be taken, %d were: %v", kind, taken, -x.GetPoints(), x)
	}
}

// everyEntry explains all entries of a member's account, oldest first, and looks whether each adds up.
func (r *rig) everyEntry(t testing.TB, member string) []*loyaltyv1.Explanation {
	t.Helper()
	list, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: member, PageSize: 200})
	if err != nil {
		t.Fatal(err)
	}
	var out []*loyaltyv1.Explanation
	for _, e := range slices.Backward(list.GetEntries()) {
		x := r.why(t, member, e.GetNumber())
		if !proto.Equal(x.GetEntry(), e) {
			t.Errorf("explained %v, want %v", x.GetEntry(), e)
		}
		addsUp(t, x)
		out = append(out, x)
	}
	return out
}

// accountKinds are the kinds of entries that TestEveryKindOfEntryIsExplained has.
var accountKinds = []loyaltyv1.EntryKind{
	loyaltyv1.EntryKind_ENTRY_KIND_ACCRUE, loyaltyv1.EntryKind_ENTRY_KIND_ACTIVATE, loyaltyv1.EntryKind_ENTRY_KIND_EXPIRE, loyaltyv1.EntryKind_ENTRY_KIND_RESERVE,
	loyaltyv1.EntryKind_ENTRY_KIND_COMMIT, loyaltyv1.EntryKind_ENTRY_KIND_CANCEL, loyaltyv1.EntryKind_ENTRY_KIND_LAPSE, loyaltyv1.EntryKind_ENTRY_KIND_RESTORE,
	loyaltyv1.EntryKind_ENTRY_KIND_REVERSE, loyaltyv1.EntryKind_ENTRY_KIND_ADJUST, loyaltyv1.EntryKind_ENTRY_KIND_TRANSFER,
}

// Whatever happened to an account, each entry is explained by numbers that add up.
func TestEveryKindOfEntryIsExplained(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.Activation, terms.PerLine = "P7D", true
	terms.Life = "rolling P1M"
	r.rule(t, "euro", terms)
	r.rule(t, "large", &loyaltyv1.EarningRuleTerms{
		Trigger: "spend", Form: "fixed", Value: "50", Condition: "order.total >= dec(\"100\") && member.tier == \"\"", Stacking: "all", Life: "never",
		Caps: []*loyaltyv1.EarningRuleCap{{Per: "member", Period: "month", Most: 70}},
	})
	r.reward(t, "five-off", func(req *loyaltyv1.CreateRewardRequest) { req.Prices[0].Points = 40 })
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	r.earns(t, ida, "1", 12_050, 4_000) // 160 pending, 50 at once
	r.earns(t, ida, "2", 11_000)        // the cap leaves 20 of 50
	r.backBy(t, "1", "a", "", &loyaltyv1.ReturnedLine{Line: "1", Quantity: "1"})
	r.clock.Step(8 * 24 * time.Hour) // two lots become available at once
	first, second := r.reserved(t, "hold-1", ida, "five-off"), r.reserved(t, "hold-2", ida, "five-off")
	r.reserved(t, "hold-3", ida, "five-off")
	if _, err := r.commit(t, "commit", first); err != nil {
		t.Fatal(err)
	}
	if _, err := r.cancel(t, "cancel", second); err != nil {
		t.Fatal(err)
	}
	r.clock.Step(24 * time.Hour) // the third lapses
	if _, err := r.adjust(t, "less", ida, -150); err != nil {
		t.Fatal(err)
	}
	r.backBy(t, "1", "b", "allow_debt")
	if _, err := r.reverse(t, "reverse", first); err != nil {
		t.Fatal(err)
	}
	r.earns(t, jon, "3", 30_000)
	r.clock.Step(9 * 24 * time.Hour)
	if _, err := r.adjust(t, "more", jon, 1); err != nil {
		t.Fatal(err)
	}
	r.backBy(t, "3", "a", "within_balance", &loyaltyv1.ReturnedLine{Line: "1", Amount: proto.Int64(1_001)})
	all := r.everyEntry(t, ida)
	if _, err := r.members.MergeMembers(r.shop(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: jon, Merged: ida}); err != nil {
		t.Fatal(err)
	}
	r.clock.Step(90 * 24 * time.Hour) // everything that ends has ended
	if _, err := r.adjust(t, "late", jon, 2); err != nil {
		t.Fatal(err)
	}
	all = append(all, r.everyEntry(t, jon)...)
	seen := map[loyaltyv1.EntryKind]bool{}
	for _, x := range all {
		seen[x.GetEntry().GetKind()] = true
		t.Log(x.GetEntry().GetKind(), x.GetSummary(), x.GetParts())
	}
	for _, k := range accountKinds {
		if !seen[k] {
			t.Errorf("nothing was %s", k)
		}
	}
}

// A rule's later version changes nothing of why an order earned what it did.
func TestAnExplanationFollowsTheRulesOfThen(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.Condition, terms.Value = "order.total >= dec(\"100\")", "1.5"
	r.rule(t, "euro", terms)
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 12_050, 4_035)); err != nil {
		t.Fatal(err)
	}
	before := r.why(t, ida, 1)
	terms = perEuro()
	terms.DisplayName, terms.Value = "Three for a euro", "3"
	if _, err := r.rules.UpdateEarningRule(r.manager(t, "up"), &loyaltyv1.UpdateEarningRuleRequest{Program: "customers", RuleId: "euro", Terms: terms}); err != nil {
		t.Fatal(err)
	}
	after := r.why(t, ida, 1)
	if !proto.Equal(before, after) {
		t.Errorf("it was %v\nand is %v", before, after)
	}
	rule := after.GetRules()[0]
	if rule.GetRule() != "rules/euro@1" || rule.GetTerms().GetValue() != "1.5" {
		t.Errorf("the rule is %v", rule)
	}
	c := rule.GetConditions()
	if len(c) != 1 || !c[0].GetHolds() || len(c[0].GetValues()) != 1 || c[0].GetValues()[0].GetName() != "order.total" || c[0].GetValues()[0].GetValue() != "160.85" {
		t.Errorf("the conditions are %v", c)
	}
	var steps []string
	for _, s := range rule.GetSteps() {
		steps = append(steps, s.GetText()+" = "+s.GetResult())
	}
	want := []string{"120.50 + 40.35 = 160.85 EUR", "160.85 EUR x 1.5 points per 1 EUR = 241.275", "rounded down = 241"}
	if !slices.Equal(steps, want) {
		t.Errorf("the steps are %q, want %q", steps, want)
	}
	if got := after.GetSummary(); got != "The order 1 earned 241 points: euro 241" {
		t.Errorf("it says %q", got)
	}
}

// A return's explanation has the arithmetic of its parts.
func TestAReturnIsExplainedByItsParts(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 3_350, 1_650)); err != nil {
		t.Fatal(err)
	}
	for id, lines := range map[string][]*loyaltyv1.ReturnedLine{"a": {{Line: "1", Quantity: "1"}}} {
		if _, err := r.orders.ReturnOrder(r.shop(t, id), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: id, Lines: lines}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.orders.ReturnOrder(r.shop(t, "b"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: "b"}); err != nil {
		t.Fatal(err)
	}
	take := func(line, part string, earned, due, before, points int64, detail string) *loyaltyv1.ExplainedTake {
		return &loyaltyv1.ExplainedTake{Rule: "rules/euro@1", DisplayName: "euro", Detail: detail, Wallet: "points", Line: line, Part: part, Earned: earned, Due: due, Before: before, Points: points}
	}
	for number, want := range map[int64][]*loyaltyv1.ExplainedTake{
		2: {take("1", "1/2", 33, 16, 0, 16, "33 x 1/2, rounded down to 16")},
		3: {take("1", "1", 33, 33, 16, 17, "33 x 1, less 16 taken before"), take("2", "1", 17, 17, 0, 17, "17 x 1")},
	} {
		x := r.why(t, ida, number)
		addsUp(t, x)
		if !slices.EqualFunc(x.GetTakes(), want, func(a, b *loyaltyv1.ExplainedTake) bool { return proto.Equal(a, b) }) {
			t.Errorf("entry %d takes %v, want %v", number, x.GetTakes(), want)
		}
	}
}

// A member reads why by link, and nothing of what is the programme's own.
func TestAMemberReadsWhy(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.Condition = "order.total > dec(\"1\")"
	r.rule(t, "euro", terms)
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 10_000)); err != nil {
		t.Fatal(err)
	}
	ctx := r.link(t, &loyaltyv1.CreateStatementLinkRequest{Program: "customers", Member: ida})()
	resp, err := r.statements.ExplainStatementEntry(ctx, &loyaltyv1.ExplainStatementEntryRequest{Entry: "points-1"})
	if err != nil {
		t.Fatal(err)
	}
	x := resp.GetExplanation()
	addsUp(t, x)
	if x.GetSummary() != "The order 1 earned 100 points: euro 100" || len(x.GetInputs()) > 0 || len(x.GetRules()) != 1 || len(x.GetRules()[0].GetConditions()) > 0 || x.GetRules()[0].GetTerms() != nil {
		t.Errorf("the member reads %v", x)
	}
	_, err = r.statements.ExplainStatementEntry(ctx, &loyaltyv1.ExplainStatementEntryRequest{Entry: "points-2"})
	refused(t, "an entry that is not there", err, fault.NotFound)
}

// A page of a member's history comes with the explanations that each entry has by itself, in the language that was asked for, which another page need not have.
func TestAPageOfHistoryExplainsItselfInTheReadersLanguage(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 123_450)); err != nil {
		t.Fatal(err)
	}
	for key, points := range map[string]int64{"gift": 5, "fee": -3} {
		if _, err := r.adjust(t, key, ida, points); err != nil {
			t.Fatal(err)
		}
	}
	member := r.link(t, &loyaltyv1.CreateStatementLinkRequest{Program: "customers", Member: ida})
	req := &loyaltyv1.ListStatementEntriesRequest{PageSize: 2}
	plain, err := r.statements.ListStatementEntries(member(), req)
	if err != nil || len(plain.GetExplanations()) != 0 {
		t.Fatalf("unasked: %v, %v", plain, err)
	}
	var said []string
	for req.Explained, req.Language = true, "de-AT"; ; {
		list, err := r.statements.ListStatementEntries(member(), req)
		if err != nil || len(list.GetExplanations()) != len(list.GetEntries()) {
			t.Fatalf("%v, %v", list, err)
		}
		for i, e := range list.GetEntries() {
			x := list.GetExplanations()[i]
			_, id, _ := strings.Cut(e.GetName(), "/entries/")
			alone, err := r.statements.ExplainStatementEntry(member(), &loyaltyv1.ExplainStatementEntryRequest{Entry: id, Language: req.Language})
			if err != nil {
				t.Fatal(err)
			}
			if alone.GetExplanation().Entry = nil; !proto.Equal(alone.GetExplanation(), x) {
				t.Errorf("with the page %v, alone %v", x, alone.GetExplanation())
			}
			said = append(said, x.GetLanguage()+": "+x.GetSummary())
			for _, rule := range x.GetRules() {
				said = append(said, rule.GetDetail())
			}
		}
		if req.PageToken = list.GetNextPageToken(); req.PageToken == "" {
			break
		}
		req.Language = "en" // with a token of the page in German
	}
	slices.Sort(said[:2])
	want := []string{
		"de: Von Hand abgezogen: 3 Punkte. Grund: By hand", "de: Von Hand gutgeschrieben: 5 Punkte. Grund: By hand", "en: The order 1 earned 1,234 points: euro 1,234",
		"1234.50 EUR x 1 point per 1 EUR = 1234.5, rounded down to 1234",
	}
	if !slices.Equal(said, want) {
		t.Errorf("it says %q, want %q", said, want)
	}
	_, err = r.statements.ListStatementEntries(member(), &loyaltyv1.ListStatementEntriesRequest{Language: "German, please"})
	refused(t, "a language that is none", err, fault.InvalidArgument)
}

// importedWords are what is said of each entry of TestImportsReviewsAndOtherWalletsAreExplained, in English and German.
var importedWords = []string{
	"TRANSFER -9: A debt of 9 points came along from the import till", "TRANSFER -9: Aus dem Import „till“ mitgekommen: Schulden (9 Punkte)",
	"OPEN 107: 107 points were brought along from the import till", "OPEN 107: Aus dem Import „till“ mitgebracht: 107 Punkte",
	"ACCRUE 100: The order 1 earned 100 points: euro 100", "ACCRUE 100: Die Bestellung 1 brachte 100 Punkte: euro 100",
	"FREEZE 191: 191 points were set aside to be looked at: Many orders from one address",
	"FREEZE 191: Zur Prüfung zurückgestellt: 191 Punkte. Grund: Many orders from one address",
	"UNFREEZE 191: 191 points that had been set aside are free: A family", "UNFREEZE 191: Nach der Prüfung wieder frei: 191 Punkte. Grund: A family",
	"REVERSE -100: Of the order 1 100.00 EUR came back, for which 100 points are to be taken back",
	"REVERSE -100: Von der Bestellung 1 kam Ware für 100,00 EUR zurück. Dafür abzuziehen: 100 Punkte",
	"ACCRUE 10: The order 1 earned 10 miles: mile 10", "ACCRUE 10: Die Bestellung 1 brachte 10 miles: mile 10",
	"REVERSE -10: Of the order 1 100.00 EUR came back, for which 10 miles are to be taken back",
	"REVERSE -10: Von der Bestellung 1 kam Ware für 100,00 EUR zurück. Dafür abzuziehen: 10 miles",
}

// What an import brings, what is set aside and released, and what a second wallet got are explained by numbers that add up, too, in each language.
func TestImportsReviewsAndOtherWalletsAreExplained(t *testing.T) {
	r := newRig(t)
	r.wallets(t, "points", "miles")
	r.rule(t, "euro", perEuro())
	miles := perEuro()
	miles.Wallet, miles.Value, miles.Stacking = "miles", "0.1", "all"
	r.rule(t, "mile", miles)
	list := people(0, 1)
	list[0].Balances = append(list[0].Balances, &loyaltyv1.ImportedBalance{Debt: 9})
	r.take(t, &loyaltyv1.ImportMembersRequest{Members: list, Source: "till"})
	m, err := r.lookup(t, external("K-0"))
	if err != nil {
		t.Fatal(err)
	}
	ida := idOf(m)
	if _, err := r.order(t, ida, orderOf("1", 10_000)); err != nil {
		t.Fatal(err)
	}
	held, err := r.freeze(t, "freeze", ida, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.reviews.ReleaseReview(r.manager(t, "release"), &loyaltyv1.ReleaseReviewRequest{Program: "customers", Review: reviewID(held), Decision: "A family"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.orders.ReturnOrder(r.shop(t, "back"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: "a"}); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, wallet := range []string{"points", "miles"} {
		entries, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: ida, Wallet: wallet})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range slices.Backward(entries.GetEntries()) {
			for _, language := range []string{"en", "de"} {
				_, id, _ := strings.Cut(e.GetName(), "/entries/")
				x, err := r.explain.ExplainEntry(r.shop(t), &loyaltyv1.ExplainEntryRequest{Program: "customers", Member: ida, Entry: id, Language: language})
				if err != nil {
					t.Fatal(err)
				}
				addsUp(t, x.GetExplanation())
				said = append(said, fmt.Sprint(e.GetKind(), " ", x.GetExplanation().GetPoints(), ": ", x.GetExplanation().GetSummary()))
			}
		}
	}
	for i, s := range said {
		said[i] = strings.TrimPrefix(s, "ENTRY_KIND_")
	}
	if want := importedWords; !slices.Equal(said, want) {
		t.Errorf("it says\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
}
