package loyalty_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// metals gives the customers' points tiers by the balance: silver from 100, gold from 500.
func (r *rig) metals(t testing.TB, change func(*loyaltyv1.CreateTierStructureRequest)) *loyaltyv1.TierStructure {
	t.Helper()
	req := &loyaltyv1.CreateTierStructureRequest{
		Program: "customers", StructureId: "metals", DisplayName: "Metals", Metric: loyaltyv1.TierMetric_TIER_METRIC_BALANCE,
		Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL, Grace: "P10D",
		Tiers: []*loyaltyv1.Tier{
			{Id: "silver", DisplayName: "Silver", Threshold: 100, Benefits: []string{"Free delivery"}}, {Id: "gold", DisplayName: "Gold", Threshold: 500, Rule: "rules/double"},
		},
	}
	if change != nil {
		change(req)
	}
	resp, err := r.tiers.CreateTierStructure(r.manager(t, "metals"), req)
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Step(6 * time.Second) // it is in force, also where other processes have to hear of it
	return resp.GetStructure()
}

func (r *rig) changes(t testing.TB, member string) string {
	t.Helper()
	resp, err := r.tiers.ListTierChanges(r.manager(t), &loyaltyv1.ListTierChangesRequest{Program: "customers", Member: member})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range resp.GetChanges() {
		out = append(out, fmt.Sprintf("%s %s>%s %s", c.GetTime().AsTime().Format(time.DateOnly), c.GetFrom(), c.GetTo(), strings.TrimPrefix(c.GetCause().String(), "TIER_CAUSE_")))
	}
	return strings.Join(out, ", ")
}

// sound has the tier histories worked out anew, and fails the test unless they are what is kept.
func (r *rig) sound(t testing.TB, accounts int32) {
	t.Helper()
	resp, err := r.tiers.VerifyTiers(r.manager(t), &loyaltyv1.VerifyTiersRequest{Program: "customers", PageSize: 200})
	if err != nil || len(resp.GetDifferences()) != 0 || resp.GetAccounts() != accounts {
		t.Errorf("worked out anew: %v, %v; want %d accounts and no difference", resp, err, accounts)
	}
}

func TestATierFollowsTheLedgerAtOnceAndEndsByItself(t *testing.T) {
	r := newRig(t)
	if s := r.metals(t, nil); s.GetVersion() != 1 || s.GetName() != "programs/customers/tiers/metals" || s.GetWallet() != "points" || s.GetGrace() != "P10D" {
		t.Errorf("saved as %v", s)
	}
	ida := r.enrol(t, "Ida")
	if _, err := r.adjust(t, "a", ida, 600); err != nil {
		t.Fatal(err)
	}
	p := r.account(t, ida).GetTier()
	if p.GetTier() != "gold" || p.GetDisplayName() != "Gold" || p.GetValue() != 600 || p.GetUp() != nil || p.GetKeep() != nil {
		t.Errorf("with 600 points: %v", p)
	}
	if _, err := r.adjust(t, "b", ida, -450); err != nil {
		t.Fatal(err)
	}
	p = r.account(t, ida).GetTier()
	if p.GetTier() != "gold" || p.GetKeep().GetMissing() != 350 || !p.GetKeep().GetGrace() || p.GetKeep().GetBy() != "2026-05-13" || p.GetProjected().GetTier() != "silver" {
		t.Errorf("with 150 points: %v", p)
	}
	// Read before anything settled it, and then by itself.
	r.clock.Step(10 * 24 * time.Hour)
	if p = r.account(t, ida).GetTier(); p.GetTier() != "silver" || p.GetBenefits()[0] != "Free delivery" || p.GetUp().GetMissing() != 350 || p.GetUp().GetTier() != "gold" {
		t.Errorf("after grace: %v", p)
	}
	want := "2026-05-14 gold>silver LAPSED, 2026-05-04 >gold REACHED"
	r.eventually(t, "the end of gold", func() bool { return r.changes(t, ida) == want })
	list, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: ida})
	if err != nil || len(list.GetEntries()) != 4 {
		t.Fatalf("%v, %v", list, err)
	}
	if e := list.GetEntries()[0]; e.GetKind() != loyaltyv1.EntryKind_ENTRY_KIND_NOTE || e.GetActor() != "renown" || len(e.GetLegs()) != 0 ||
		!e.GetEffectiveTime().AsTime().Equal(time.Date(2026, 5, 14, 0, 0, 0, 0, time.UTC)) || e.GetSource() != "tiers/metals@1" {
		t.Errorf("the end of gold is recorded as %v", e)
	}
	events, err := r.events.ListLoyaltyEvents(r.shop(t), &loyaltyv1.ListLoyaltyEventsRequest{PageSize: 100})
	told := 0
	for _, e := range events.GetEvents() {
		if e.GetType() == "loyalty.tier.changed" && strings.Contains(e.GetDataJson(), `"to":"`) {
			told++
		}
	}
	if err != nil || told != 2 {
		t.Errorf("%d changes are told (%v)", told, err)
	}
	r.restart(t)
	r.sound(t, 1)
}

func TestATierEndsWhenItsPointsDidHoweverLateThatIsWrittenDown(t *testing.T) {
	r := newRig(t)
	r.metals(t, func(req *loyaltyv1.CreateTierStructureRequest) { req.Grace = "" })
	ida := r.enrol(t, "Ida")
	for key, points := range map[string]int64{"a": 60, "b": 50} {
		if _, err := r.points.AdjustPoints(r.manager(t, key), &loyaltyv1.AdjustPointsRequest{
			Program: "customers", Member: ida, Points: points, Reason: "A gift", ExpireTime: timestamppb.New(start.Add(time.Duration(points) * time.Hour)),
		}); err != nil {
			t.Fatal(err)
		}
	}
	r.stop()
	r.clock.Step(240 * time.Hour)
	if p := r.account(t, ida).GetTier(); p.GetTier() != "" || !p.GetSince().AsTime().Equal(start.Add(50*time.Hour)) {
		t.Errorf("read as %v", p)
	}
	r.restart(t)
	r.eventually(t, "the end of silver", func() bool { return r.changes(t, ida) == "2026-05-06 silver> LAPSED, 2026-05-04 >silver REACHED" })
	r.sound(t, 1)
}

func TestANewVersionOfTiersReachesMembersWhoDoNothing(t *testing.T) {
	r := newRig(t)
	s := r.metals(t, nil)
	members := make([]string, 3)
	for i := range members {
		members[i] = r.enrol(t, fmt.Sprint("m", i))
		if _, err := r.adjust(t, fmt.Sprint("give", i), members[i], 50); err != nil {
			t.Fatal(err)
		}
	}
	req := &loyaltyv1.UpdateTierStructureRequest{
		Program: "customers", Structure: "metals", DisplayName: "Metals", Metric: loyaltyv1.TierMetric_TIER_METRIC_BALANCE, Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_NONE,
		Tiers: []*loyaltyv1.Tier{{Id: "bronze", DisplayName: "Bronze", Threshold: 10}}, EffectiveTime: timestamppb.New(r.clock.Now().Add(time.Hour)), Etag: s.GetEtag(),
	}
	next, err := r.tiers.UpdateTierStructure(r.manager(t, "next"), req)
	if err != nil || next.GetStructure().GetVersion() != 2 {
		t.Fatalf("%v, %v", next, err)
	}
	r.clock.Step(30 * time.Minute)
	if p := r.account(t, members[0]).GetTier(); p.GetTier() != "" || p.GetVersion() != 1 {
		t.Errorf("before it is in force: %v", p)
	}
	r.clock.Step(31 * time.Minute)
	for _, m := range members {
		r.eventually(t, "bronze", func() bool { return r.changes(t, m) == "2026-05-04 >bronze REFORMED" })
	}
	r.sound(t, 3)
	first, err := r.tiers.GetTierStructure(r.shop(t), &loyaltyv1.GetTierStructureRequest{Program: "customers", Structure: "metals", Version: 1})
	if err != nil || len(first.GetStructure().GetTiers()) != 2 {
		t.Errorf("the first version is %v, %v", first, err)
	}
	list, err := r.tiers.ListTierStructures(r.shop(t), &loyaltyv1.ListTierStructuresRequest{Program: "customers"})
	if err != nil || len(list.GetStructures()) != 1 || list.GetStructures()[0].GetVersion() != 2 {
		t.Errorf("listed: %v, %v", list, err)
	}
	req.EffectiveTime = nil
	_, err = r.tiers.UpdateTierStructure(r.manager(t, "stale"), req)
	refused(t, "an old etag", err, fault.EtagMismatch)
}

func TestKeptTiersAreThoseOfTheLedgerAfterAnything(t *testing.T) {
	r := newRig(t)
	r.metals(t, func(req *loyaltyv1.CreateTierStructureRequest) {
		req.Downgrade = loyaltyv1.TierDowngrade_TIER_DOWNGRADE_ONE
		req.Tiers = append([]*loyaltyv1.Tier{{Id: "member", DisplayName: "Member"}}, req.GetTiers()...)
	})
	dice := rand.New(rand.NewPCG(7, 11))
	members := []string{r.enrol(t, "Ida"), r.enrol(t, "Jon"), r.enrol(t, "Mai"), r.enrol(t, "Ole")}
	for i := range 120 {
		m := members[dice.IntN(len(members))]
		req := &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: m, Points: dice.Int64N(900) - 400, Reason: "By hand"}
		if req.Points == 0 {
			req.Points = 1
		}
		if req.Points > 0 && dice.IntN(2) == 0 {
			req.ExpireTime = timestamppb.New(r.clock.Now().Add(time.Duration(1+dice.IntN(1000)) * time.Hour))
		}
		if _, err := r.points.AdjustPoints(r.manager(t, fmt.Sprint("step", i)), req); err != nil && !fault.Has(err, fault.InsufficientPoints) {
			t.Fatal(err)
		}
		r.clock.Step(time.Duration(dice.IntN(72)) * time.Hour)
	}
	for _, m := range members {
		if r.changes(t, m) == "" {
			t.Errorf("the tier of %s never changed", m)
		}
	}
	r.sound(t, int32(len(members)))
}

func TestTiersThatAreNotRightAreRefusedByField(t *testing.T) {
	r := newRig(t)
	for field, change := range map[string]func(*loyaltyv1.CreateTierStructureRequest){
		"period":             func(q *loyaltyv1.CreateTierStructureRequest) { q.Period = loyaltyv1.TierPeriod_TIER_PERIOD_YEAR },
		"periodLength":       func(q *loyaltyv1.CreateTierStructureRequest) { q.PeriodLength = "a year" },
		"grace":              func(q *loyaltyv1.CreateTierStructureRequest) { q.Grace = "PT1H" },
		"effectiveTime":      func(q *loyaltyv1.CreateTierStructureRequest) { q.EffectiveTime = timestamppb.New(start) },
		"tiers[1].threshold": func(q *loyaltyv1.CreateTierStructureRequest) { q.Tiers[1].Threshold = 100 },
		"tiers[1].id":        func(q *loyaltyv1.CreateTierStructureRequest) { q.Tiers[1].Id = "silver" },
		"wallet":             func(q *loyaltyv1.CreateTierStructureRequest) { q.Wallet = "miles" },
	} {
		req := &loyaltyv1.CreateTierStructureRequest{
			Program: "customers", StructureId: "metals", DisplayName: "Metals", Metric: loyaltyv1.TierMetric_TIER_METRIC_BALANCE, Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL,
			Tiers: []*loyaltyv1.Tier{{Id: "silver", DisplayName: "Silver", Threshold: 100}, {Id: "gold", DisplayName: "Gold", Threshold: 500}},
		}
		change(req)
		_, err := r.tiers.CreateTierStructure(r.manager(t, "x"+field), req)
		e, ok := fault.As(err)
		if !ok || len(e.Fields) != 1 || e.Fields[0].Path != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	r.metals(t, nil)
	_, err := r.tiers.CreateTierStructure(r.manager(t, "second"), &loyaltyv1.CreateTierStructureRequest{
		Program: "customers", StructureId: "stones", DisplayName: "Stones", Metric: loyaltyv1.TierMetric_TIER_METRIC_BALANCE, Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL,
		Tiers: []*loyaltyv1.Tier{{Id: "ruby", DisplayName: "Ruby", Threshold: 1}},
	})
	refused(t, "a second structure for a wallet", err, fault.AlreadyExists)
	_, err = r.programs.UpdateProgram(r.manager(t, "move"), &loyaltyv1.UpdateProgramRequest{
		Program: "customers", DisplayName: "Customers", Wallets: []*loyaltyv1.Wallet{{Id: "points", Singular: "point", Plural: "points"}}, TimeZone: "Europe/Berlin",
	})
	refused(t, "another time zone", err, fault.IllegalState)
}
