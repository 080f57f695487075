package loyalty_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

func (r *rig) document(t testing.TB, program string) *loyaltyv1.ProgramDocument {
	t.Helper()
	resp, err := r.programs.ExportProgram(r.manager(t), &loyaltyv1.ExportProgramRequest{Program: program})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetDocument()
}

func (r *rig) become(t testing.TB, program string, d *loyaltyv1.ProgramDocument, trial bool) (*loyaltyv1.ImportProgramResponse, error) {
	t.Helper()
	return r.programs.ImportProgram(r.manager(t), &loyaltyv1.ImportProgramRequest{Program: program, Document: d, ValidateOnly: trial})
}

func (r *rig) became(t testing.TB, program string, d *loyaltyv1.ProgramDocument) *loyaltyv1.ImportProgramResponse {
	t.Helper()
	got, err := r.become(t, program, d, false)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// whole is a document with something of everything.
func whole(d *loyaltyv1.ProgramDocument) *loyaltyv1.ProgramDocument {
	d = proto.CloneOf(d)
	d.Wallets = append(d.Wallets, &loyaltyv1.Wallet{Id: "miles", Singular: "mile", Plural: "miles"})
	d.Redemptions = &loyaltyv1.RedemptionSettings{ReservationMinutes: 45, Returned: loyaltyv1.ReturnedRewards_RETURNED_REWARDS_ASK}
	d.Points = &loyaltyv1.PointSettings{Life: "inactivity P18M", ReturnPolicy: "allow_debt", CancelWindow: "P14D", Oldest: "P90D", Ahead: "PT5M"}
	d.Rules = []*loyaltyv1.ProgramRule{
		{Id: "double", Terms: &loyaltyv1.EarningRuleTerms{
			DisplayName: "Twice as much for gold", Trigger: "spend", Form: "multiplier", Value: "2", TierValues: map[string]string{"gold": "3"}, Condition: "order.total_minor > 1000",
			Weekdays: []int32{1, 2}, Hours: []*loyaltyv1.EarningRuleHours{{From: "17:30", Until: "19:00"}}, FromTime: timestamppb.New(start),
			Caps: []*loyaltyv1.EarningRuleCap{{Per: "member", Period: "month", Most: 500}}, Life: "rolling P12M to month", Activation: "event delivered",
			TierLives: map[string]string{"gold": "rolling P24M to month"}, PerLine: true,
		}},
		{Id: "spend", Terms: &loyaltyv1.EarningRuleTerms{DisplayName: "1 point per euro", Trigger: "spend", Form: "per_unit", Value: "1", Per: 100}},
	}
	d.Tiers = []*loyaltyv1.ProgramTiers{{
		Id: "status", DisplayName: "Status", Metric: loyaltyv1.TierMetric_TIER_METRIC_EARNED, Period: loyaltyv1.TierPeriod_TIER_PERIOD_ROLLING, PeriodLength: "P12M",
		Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_ONE, Grace: "P30D",
		Tiers: []*loyaltyv1.Tier{{Id: "silver", DisplayName: "Silver", Threshold: 100}, {Id: "gold", DisplayName: "Gold", Threshold: 1000, Benefits: []string{"More."}}},
	}}
	d.Rewards = []*loyaltyv1.ProgramReward{
		{Id: "film", Kind: loyaltyv1.RewardKind_REWARD_KIND_CODE, DisplayName: "A film", Prices: []*loyaltyv1.RewardPrice{{Points: 200}, {Wallet: "miles", Points: 20}},
			Limit: &loyaltyv1.RewardLimit{Times: 1, Period: loyaltyv1.LimitPeriod_LIMIT_PERIOD_MONTH}, ReuseCodes: true},
		{Id: "mug", Kind: loyaltyv1.RewardKind_REWARD_KIND_GIFT, DisplayName: "A mug", Limited: true, Sku: "MUG", Prices: []*loyaltyv1.RewardPrice{{Points: 90}},
			Tiers: []string{"status/gold"}, EndTime: day(300), Weekdays: []int32{1, 7}, ReservationMinutes: 5},
		{Id: "voucher", Kind: loyaltyv1.RewardKind_REWARD_KIND_DISCOUNT, DisplayName: "5 euros", Paused: true, Prices: []*loyaltyv1.RewardPrice{{Points: 500}},
			Discount: &loyaltyv1.DiscountOff{Amount: 500, Currency: d.GetCurrency()}},
	}
	games(d)
	return d
}

// games are achievements of every kind, and referrals.
func games(d *loyaltyv1.ProgramDocument) {
	d.Achievements = []*loyaltyv1.ProgramAchievement{
		{Id: "month", DisplayName: "A big month", Description: "Spend 100 euros in a month.", Badge: "star", Wallet: "miles", Points: 50, Life: "rolling P12M",
			Goal: &loyaltyv1.AchievementGoal{
				Kind: loyaltyv1.AchievementKind_ACHIEVEMENT_KIND_CHALLENGE, Trigger: "order", Category: "coffee", LeastAmount: 500, Measure: amount, Target: 10_000,
				Window: monthly, Recurrence: aPeriod, FromTime: timestamppb.New(start), UntilTime: day(300),
			}},
		{Id: "regular", DisplayName: "Three days running", Goal: dailyStreak(3)},
		{Id: "visitor", DisplayName: "A visitor", Points: 5, Goal: &loyaltyv1.AchievementGoal{
			Kind: loyaltyv1.AchievementKind_ACHIEVEMENT_KIND_CHALLENGE, Trigger: "visit", Measure: times, Target: 2,
			Window: loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_ROLLING, WindowLength: "P30D", Recurrence: always,
		}},
	}
	d.Referrals = firstOrder()
	d.Referrals.Within, d.Referrals.Most, d.Referrals.Period = "P60D", 5, loyaltyv1.ReferralPeriod_REFERRAL_PERIOD_YEAR
}

func TestAProgrammeGoesOutAsADocumentAndComesInAgain(t *testing.T) {
	r := newRig(t)
	d := r.document(t, "customers")
	if got := r.became(t, "customers", d); got.GetOutcome() != loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UNCHANGED || got.GetProgram().GetVersion() != 1 || got.GetBefore() != got.GetAfter() {
		t.Errorf("the same again: %v", got)
	}
	d = whole(d)
	for _, trial := range []bool{true, false} {
		if got, err := r.become(t, "partners", d, trial); err != nil || got.GetOutcome() != loyaltyv1.ImportOutcome_IMPORT_OUTCOME_CREATED {
			t.Fatalf("another, trial %v: %v, %v", trial, got, err)
		}
	}
	out := r.document(t, "partners")
	if len(out.GetRules()) != 2 || len(out.GetTiers()) != 1 || len(out.GetRewards()) != 3 || len(out.GetAchievements()) != 3 || out.GetRules()[0].GetTerms().GetStacking() != "best" {
		t.Fatalf("came in as %v, went out as %v", d, out)
	}
	for i, a := range out.GetAchievements() {
		if want := d.GetAchievements()[i]; a.GetId() != want.GetId() || !proto.Equal(a.GetGoal(), want.GetGoal()) && a.GetId() != "regular" || a.GetBadge() != want.GetBadge() {
			t.Errorf("the achievement came in as %v, went out as %v", want, a)
		}
	}
	if v := out.GetReferrals(); v.GetWithin() != "P60D" || v.GetMost() != 5 || v.GetFriendPoints() != 40 || v.GetDeviceVelocity() != 4 || v.GetVersion() != 0 || v.GetWallet() != "points" {
		t.Errorf("what is given for friends goes out as %v", v)
	}
	r.restart(t)
	// What goes out comes in as it is, here and elsewhere, and going out again it is the same.
	if got := r.became(t, "partners", out); got.GetOutcome() != loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UNCHANGED || len(got.GetChanges()) != 0 {
		t.Errorf("its own document: %v", got)
	}
	if got := r.became(t, "partners", d); got.GetOutcome() != loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UNCHANGED {
		t.Errorf("what was left unsaid the first time: %v", got)
	}
	got := r.became(t, "others", out)
	if again := r.document(t, "others"); !proto.Equal(again, out) {
		t.Errorf("came in as\n%v\nwent out as\n%v", out, again)
	}
	if trial, err := r.become(t, "partners", out, true); err != nil || trial.GetBefore() != got.GetAfter() {
		t.Errorf("two that are set up alike have the fingerprints %s and %s, %v", trial.GetBefore(), got.GetAfter(), err)
	}
}

// reachable checks an achievement of the partners' programme.
func (r *rig) reachable(t testing.TB, id string, version int32, is bool) {
	t.Helper()
	a, err := r.achievements.GetAchievement(r.manager(t), &loyaltyv1.GetAchievementRequest{Program: "partners", Achievement: id})
	if err != nil || a.GetAchievement().GetVersion() != version || (a.GetAchievement().GetArchiveTime() == nil) != is {
		t.Errorf("the achievement %s is %v, %v", id, a, err)
	}
}

func TestADocumentSaysWhatItChangesAndChangesNothingElse(t *testing.T) {
	r := newRig(t)
	first := whole(r.document(t, "customers"))
	r.became(t, "partners", first)
	r.clock.Step(10 * time.Second)
	d := r.document(t, "partners")
	d.DisplayName = "Partners"
	d.Rules[1].Terms.Value = "2"
	d.Rules = append(d.Rules[1:], &loyaltyv1.ProgramRule{Id: "welcome", Terms: &loyaltyv1.EarningRuleTerms{
		DisplayName: "Welcome", Trigger: "event", Event: "enrolled", Form: "fixed", Value: "50",
	}})
	d.Tiers[0].Tiers[0].Threshold = 50
	d.Rewards[0].Limited, d.Rewards[2].Paused = false, false
	d.Rewards = slices.Delete(d.Rewards, 1, 2)
	d.Achievements[1].Points, d.Achievements = 3, d.Achievements[1:]
	d.Referrals.Most = 6
	want := []string{"displayName", "rules[double]", "rules[spend].terms.value", "rules[welcome]", "tiers[status].tiers[silver].threshold", "rewards[mug]", "rewards[voucher].paused",
		"achievements[month]", "achievements[regular].points", "referrals.most"}
	var plan *loyaltyv1.ImportProgramResponse
	for _, trial := range []bool{true, false} {
		got, err := r.become(t, "partners", d, trial)
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, c := range got.GetChanges() {
			paths = append(paths, c.GetPath())
		}
		if !slices.Equal(paths, want) || got.GetOutcome() != loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UPDATED {
			t.Errorf("trial %v changes %v, want %v", trial, paths, want)
		}
		if c := got.GetChanges()[2]; c.GetBefore() != `"1"` || c.GetAfter() != `"2"` {
			t.Errorf("the value goes from %s to %s", c.GetBefore(), c.GetAfter())
		}
		if trial {
			plan = got
		} else if got.GetAfter() != plan.GetAfter() || got.GetBefore() != plan.GetBefore() {
			t.Errorf("planned %v, did %v", plan, got)
		}
	}
	// Two parts were not named, so they have no further version.
	rule, err := r.rules.GetEarningRule(r.manager(t), &loyaltyv1.GetEarningRuleRequest{Program: "partners", RuleId: "double"})
	if err != nil || !rule.GetRule().GetTerms().GetArchived() || rule.GetRule().GetVersion() != 2 {
		t.Errorf("the rule that is missing: %v, %v", rule, err)
	}
	film, err := r.rewards.GetReward(r.manager(t), &loyaltyv1.GetRewardRequest{Program: "partners", Reward: "film"})
	if err != nil || film.GetReward().GetVersion() != 1 {
		t.Errorf("the reward that did not change: %v, %v", film, err)
	}
	r.reachable(t, "month", 2, false)
	r.reachable(t, "regular", 2, true)
	r.reachable(t, "visitor", 1, true)
	// A plan that was made for another set-up is refused.
	_, err = r.programs.ImportProgram(r.manager(t), &loyaltyv1.ImportProgramRequest{Program: "partners", Document: first, Base: plan.GetBefore()})
	refused(t, "an old plan", err, fault.EtagMismatch)
	if got, err := r.programs.ImportProgram(r.manager(t), &loyaltyv1.ImportProgramRequest{Program: "partners", Document: d, Base: plan.GetAfter()}); err != nil || len(got.GetChanges()) != 0 {
		t.Errorf("the present plan: %v, %v", got, err)
	}
}

// badGames spoil achievements and referrals, by the place that the refusal names.
var badGames = map[string]func(d *loyaltyv1.ProgramDocument){
	"document.achievements[0].goal":        func(d *loyaltyv1.ProgramDocument) { d.Achievements[0].Goal.Target = 20_000 },
	"document.achievements[0].wallet":      func(d *loyaltyv1.ProgramDocument) { d.Achievements[0].Wallet = "metres" },
	"document.achievements[0].life":        func(d *loyaltyv1.ProgramDocument) { d.Achievements[0].Life = "a year" },
	"document.achievements[1].goal.target": func(d *loyaltyv1.ProgramDocument) { d.Achievements[1].Goal.Target = 1 },
	"document.achievements[2].id":          func(d *loyaltyv1.ProgramDocument) { d.Achievements[2].Id = "regular" },
	"document.achievements[2].goal.windowLength": func(d *loyaltyv1.ProgramDocument) {
		d.Achievements[2].Goal.WindowLength = "a month"
	},
	"document.referrals.within": func(d *loyaltyv1.ProgramDocument) { d.Referrals.Within = "soon" },
	"document.referrals.life":   func(d *loyaltyv1.ProgramDocument) { d.Referrals.Life = "for long" },
	"document.referrals.wallet": func(d *loyaltyv1.ProgramDocument) { d.Referrals.Wallet = "metres" },
	"document.referrals.period": func(d *loyaltyv1.ProgramDocument) { d.Referrals.Most = 0 },
	"document.referrals.qualification": func(d *loyaltyv1.ProgramDocument) {
		d.Referrals.Qualification = loyaltyv1.ReferralQualification_REFERRAL_QUALIFICATION_ENROLMENT
	},
}

func TestABadDocumentIsRefusedWholeAndTheRefusalNamesThePlace(t *testing.T) {
	r := newRig(t)
	r.became(t, "partners", whole(r.document(t, "customers")))
	before := r.document(t, "partners")
	bad := map[string]func(d *loyaltyv1.ProgramDocument){
		"document.currency": func(d *loyaltyv1.ProgramDocument) { d.Currency, d.Rewards[2].Discount.Currency = "USD", "USD" },
		"document.wallets": func(d *loyaltyv1.ProgramDocument) {
			d.Wallets[1].Id = "metres"
			d.Rewards[0].Prices, d.Achievements[0].Wallet = d.Rewards[0].Prices[:1], ""
		},
		"document.timeZone":                    func(d *loyaltyv1.ProgramDocument) { d.TimeZone = "Mars/Base" },
		"document.rules[1].terms.condition":    func(d *loyaltyv1.ProgramDocument) { d.Rules[1].Terms.Condition = "order.amuont > 1" },
		"document.rules[0].terms.life":         func(d *loyaltyv1.ProgramDocument) { d.Rules[0].Terms.Life = "for long" },
		"document.rules[1].id":                 func(d *loyaltyv1.ProgramDocument) { d.Rules[1].Id = "double" },
		"document.rules[1].terms.archived":     func(d *loyaltyv1.ProgramDocument) { d.Rules[1].Terms.Archived = true },
		"document.tiers[0].tiers[1].threshold": func(d *loyaltyv1.ProgramDocument) { d.Tiers[0].Tiers[1].Threshold = 100 },
		"document.tiers[0].wallet":             func(d *loyaltyv1.ProgramDocument) { d.Tiers[0].Wallet = "miles" },
		"document.tiers":                       func(d *loyaltyv1.ProgramDocument) { d.Tiers = nil },
		"document.rewards[2].discount":         func(d *loyaltyv1.ProgramDocument) { d.Rewards[2].Discount = nil },
		"document.rewards[1].kind": func(d *loyaltyv1.ProgramDocument) {
			d.Rewards[1].Kind, d.Rewards[1].Sku = loyaltyv1.RewardKind_REWARD_KIND_EXPERIENCE, ""
		},
		"document.rewards[0].limited":          func(d *loyaltyv1.ProgramDocument) { d.Rewards[0].Limited = true },
		"document.rewards[0].prices[1].wallet": func(d *loyaltyv1.ProgramDocument) { d.Rewards[0].Prices[1].Wallet = "metres" },
	}
	maps.Copy(bad, badGames)
	for path, spoil := range bad {
		d := proto.CloneOf(before)
		d.DisplayName = "Not this one"
		spoil(d)
		for _, trial := range []bool{true, false} {
			_, err := r.become(t, "partners", d, trial)
			refused(t, path, err, fault.InvalidArgument)
			if e, ok := fault.As(fault.FromStatus(err)); !ok || len(e.Fields) == 0 || e.Fields[0].Path != path {
				t.Errorf("%s is refused with %v", path, err)
			}
		}
	}
	if after := r.document(t, "partners"); !proto.Equal(after, before) {
		t.Errorf("what was refused has left %v", after)
	}
	two := proto.CloneOf(before)
	two.Rules[0].Terms.Condition, two.Rewards[1].Prices[0].Wallet = "order.", "metres"
	_, err := r.become(t, "partners", two, true)
	if e, ok := fault.As(fault.FromStatus(err)); !ok || len(e.Fields) != 2 {
		t.Errorf("two faults are told as %v", err)
	}
}

func TestAProgrammeGoesBackToWhatItWas(t *testing.T) {
	r := newRig(t)
	r.became(t, "partners", whole(r.document(t, "customers")))
	first := r.document(t, "partners")
	then := timestamppb.New(r.clock.Now())
	r.clock.Step(time.Hour)
	d := proto.CloneOf(first)
	d.Rules, d.Rewards, d.Tiers[0].Tiers[1].Threshold = d.Rules[:1], d.Rewards[:1], 2000
	d.Achievements, d.Referrals = d.Achievements[:1], nil
	d.Achievements[0].DisplayName = "A huge month"
	d.Wallets = append(d.Wallets, &loyaltyv1.Wallet{Id: "stars", Singular: "star", Plural: "stars"})
	r.became(t, "partners", d)
	old, err := r.programs.ExportProgram(r.manager(t), &loyaltyv1.ExportProgramRequest{Program: "partners", Time: then})
	if err != nil || !proto.Equal(old.GetDocument(), first) {
		t.Errorf("it was %v, %v", old, err)
	}
	r.clock.Step(time.Hour)
	for _, trial := range []bool{true, false} {
		got, err := r.programs.RollbackProgram(r.manager(t), &loyaltyv1.RollbackProgramRequest{Program: "partners", Time: then, ValidateOnly: trial})
		if err != nil || len(got.GetChanges()) != 8 {
			t.Errorf("back, trial %v: %v, %v", trial, got, err)
		}
	}
	back := r.document(t, "partners")
	if len(back.GetWallets()) != 3 {
		t.Errorf("the wallet that came since is gone: %v", back)
	}
	back.Wallets = back.Wallets[:2]
	if !proto.Equal(back, first) {
		t.Errorf("it is\n%v\nand was\n%v", back, first)
	}
	_, err = r.programs.RollbackProgram(r.manager(t), &loyaltyv1.RollbackProgramRequest{Program: "partners", Time: timestamppb.New(start.Add(-time.Hour))})
	refused(t, "before the beginning", err, fault.InvalidArgument)
	_, err = r.programs.RollbackProgram(r.manager(t), &loyaltyv1.RollbackProgramRequest{Program: "nowhere", Time: then})
	refused(t, "no programme", err, fault.NotFound)
	if got, want := r.revised(t, "/rules/spend"), []string{"rule.changed", "rule.changed", "rule.created"}; !slices.Equal(got, want) {
		t.Errorf("the rule was %v", got)
	}
	if got, want := r.revised(t, "/achievements/visitor"), []string{"achievement.changed", "achievement.archived", "achievement.created"}; !slices.Equal(got, want) {
		t.Errorf("the achievement was %v", got)
	}
	if got, want := r.revised(t, "/referralTerms"), []string{"referrals.set", "referrals.set", "referrals.set"}; !slices.Equal(got, want) {
		t.Errorf("what is given for friends was %v", got)
	}
}

// revised says how a part of the partners' programme was changed, the last first.
func (r *rig) revised(t testing.TB, part string) []string {
	t.Helper()
	list, err := r.programs.ListProgramRevisions(r.manager(t), &loyaltyv1.ListProgramRevisionsRequest{Program: "partners"})
	if err != nil {
		t.Fatal(err)
	}
	var of []string
	for _, v := range list.GetRevisions() {
		if v.GetSubject() == "programs/partners"+part {
			of = append(of, strings.TrimPrefix(v.GetType(), "loyalty."))
		}
		if v.GetActor() != "users/marta" {
			t.Errorf("%v has another actor", v)
		}
	}
	return of
}

// Referrals that wait are decided by the terms, so these cannot go.
func TestADocumentWithoutReferralsPausesThem(t *testing.T) {
	r := newRig(t)
	before := timestamppb.New(r.clock.Now())
	none := r.document(t, "customers")
	r.clock.Step(time.Minute)
	r.referralTerms(t, firstOrder())
	if got := r.document(t, "customers").GetReferrals(); got.GetFriendPoints() != 40 || got.GetPaused() {
		t.Errorf("what was set goes out as %v", got)
	}
	r.clock.Step(time.Minute)
	for i, change := range []int{1, 0} {
		got := r.became(t, "customers", none)
		if len(got.GetChanges()) != change || change == 1 && got.GetChanges()[0].GetPath() != "referrals.paused" {
			t.Errorf("time %d: %v", i, got)
		}
	}
	terms, err := r.referrals.GetReferralTerms(r.manager(t), &loyaltyv1.GetReferralTermsRequest{Program: "customers"})
	if err != nil || !terms.GetTerms().GetPaused() || terms.GetTerms().GetVersion() != 2 || terms.GetTerms().GetFriendPoints() != 40 {
		t.Errorf("they are %v, %v", terms, err)
	}
	again := firstOrder()
	again.Version = proto.Int32(1)
	_, err = r.referrals.SetReferralTerms(r.manager(t), &loyaltyv1.SetReferralTermsRequest{Program: "customers", Terms: again})
	refused(t, "terms made from those before", err, fault.EtagMismatch)
	again.Version = proto.Int32(2)
	r.referralTerms(t, again)
	r.clock.Step(time.Minute)
	back, err := r.programs.RollbackProgram(r.manager(t), &loyaltyv1.RollbackProgramRequest{Program: "customers", Time: before})
	if err != nil || len(back.GetChanges()) != 1 || back.GetChanges()[0].GetPath() != "referrals.paused" {
		t.Errorf("back to before they were set: %v, %v", back, err)
	}
}

// An achievement that a document archives and another names again has counted nothing in between, and goes on from what it had counted.
func TestAnAchievementThatComesBackHasCountedNothingInBetween(t *testing.T) {
	r := newRig(t)
	r.achievement(t, "third", 20, challenge(times, 3, allTime, once))
	with := r.document(t, "customers")
	without := proto.CloneOf(with)
	without.Achievements = nil
	ada := r.enrol(t, "ada")
	order := func(id string) {
		r.clock.Step(time.Minute)
		r.ordered(t, ada, id, 1, 1000)
	}
	stands := func(when string, value, done int64) {
		t.Helper()
		if got := r.reached(t, ada)["third"]; got.GetValue() != value || got.GetDone() != done {
			t.Errorf("%s: %v, want %d counted and %d reached", when, got, value, done)
		}
	}
	order("o-1")
	stands("before", 1, 0)
	r.clock.Step(time.Minute)
	r.became(t, "customers", without)
	order("o-2")
	r.reached(t, ada)
	order("o-3")
	r.clock.Step(time.Minute)
	// Whoever follows the journal may not have come to the last order yet.
	r.became(t, "customers", with)
	stands("after it came back", 1, 0)
	order("o-4")
	order("o-5")
	stands("after two more", 3, 1)
}
