package loyalty_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// bought is an order as the test has placed it.
type bought struct {
	id, member, month, tier string
	returned                int
}

// shopping places random orders over some months, brings some back, and merges two of the members. It returns the orders that stand.
func shopping(t *testing.T, r *rig) []*bought {
	rnd := rand.New(rand.NewPCG(8, 3))
	if _, err := r.tiers.CreateTierStructure(r.manager(t, "tiers"), &loyaltyv1.CreateTierStructureRequest{
		Program: "customers", StructureId: "status", DisplayName: "Status", Metric: loyaltyv1.TierMetric_TIER_METRIC_SPEND, Period: loyaltyv1.TierPeriod_TIER_PERIOD_ROLLING,
		PeriodLength: "P60D", Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL,
		Tiers: []*loyaltyv1.Tier{{Id: "silver", DisplayName: "Silver", Threshold: 3000}, {Id: "gold", DisplayName: "Gold", Threshold: 9000}},
	}); err != nil {
		t.Fatal(err)
	}
	var members []string
	for i := range 12 {
		members = append(members, r.enrol(t, fmt.Sprint("m", i)))
	}
	var orders []*bought
	for n := range 160 {
		r.clock.Step(time.Duration(rnd.IntN(56)) * time.Hour)
		m := members[rnd.IntN(len(members))]
		if n == 110 {
			if _, err := r.members.MergeMembers(r.manager(t, "merge"), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: members[0], Merged: members[1]}); err != nil {
				t.Fatal(err)
			}
			for _, o := range orders {
				if o.member == members[1] {
					o.member = members[0]
				}
			}
			members = slices.Delete(members, 1, 2)
			continue
		}
		if len(orders) > 0 && rnd.IntN(4) == 0 {
			back(t, r, n, orders[rnd.IntN(len(orders))])
			continue
		}
		at := r.clock.Now().Add(-time.Duration(rnd.IntN(40*24)) * time.Hour) // the shop was a while about it
		o := &bought{id: fmt.Sprint("o", n), member: m, month: at.UTC().Format("2006-01"), tier: r.account(t, m).GetTier().GetTier()}
		if _, err := r.orders.RecordOrder(r.shop(t, o.id), &loyaltyv1.RecordOrderRequest{Program: "customers", Member: m, Order: &loyaltyv1.OrderInput{
			OrderId: o.id, OrderTime: timestamppb.New(at), Lines: []*loyaltyv1.OrderLine{{Id: "1", Sku: "A", Quantity: "2", Amount: proto.Int64(2000)}, {Id: "2", Sku: "B", Amount: proto.Int64(500)}},
		}}); err != nil {
			t.Fatal(err)
		}
		orders = append(orders, o)
	}
	return slices.DeleteFunc(orders, func(o *bought) bool { return o.returned == 3 })
}

// back brings some of an order back, in the end all of it.
func back(t *testing.T, r *rig, n int, o *bought) {
	t.Helper()
	req := &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: o.id, ReturnId: fmt.Sprint("r", n)}
	switch o.returned {
	case 0:
		req.Lines, o.returned = []*loyaltyv1.ReturnedLine{{Line: "1", Quantity: "1"}}, 1
	case 1:
		o.returned = 3
	case 3:
		_, err := r.orders.ReturnOrder(r.shop(t, req.GetReturnId()), req)
		refused(t, "more than all", err, fault.IllegalState)
		return
	}
	if _, err := r.orders.ReturnOrder(r.shop(t, req.GetReturnId()), req); err != nil {
		t.Fatal(err)
	}
}

// retention waits until the report has counted everything, and returns it.
func (r *rig) retention(t testing.TB, from string) *loyaltyv1.Retention {
	t.Helper()
	var got *loyaltyv1.Retention
	r.followed(t, "the reports", func() (int64, error) {
		resp, err := r.reports.GetRetention(r.manager(t), &loyaltyv1.GetRetentionRequest{Program: "customers", FromMonth: from})
		got = resp.GetRetention()
		return got.GetThroughSequence(), err
	})
	return got
}

// shopped answers each question anew from the list of orders that stand.
type shopped struct {
	orders []*bought
	// first is the month of each member's first order, ever how many orders there are of each.
	first map[string]string
	ever  map[string]int64
}

func shoppedOf(orders []*bought) shopped {
	s := shopped{orders: orders, first: map[string]string{}}
	s.ever = s.by(func(*bought) bool { return true })
	for _, o := range orders {
		if s.first[o.member] == "" || o.month < s.first[o.member] {
			s.first[o.member] = o.month
		}
	}
	return s
}

// by counts some of the orders by member.
func (s shopped) by(which func(o *bought) bool) map[string]int64 {
	of := map[string]int64{}
	for _, o := range s.orders {
		if which(o) {
			of[o.member]++
		}
	}
	return of
}

// tally returns how many of the members, and of their orders, meet a condition.
func tally(of map[string]int64, which func(member string) bool) (members, orders int64) {
	for m, n := range of {
		if which(m) {
			members++
			orders += n
		}
	}
	return members, orders
}

func everybody(string) bool { return true }

// month checks what is told of a month.
func (s shopped) month(t *testing.T, month string, got *loyaltyv1.RetentionMonth) {
	t.Helper()
	after := s.by(func(o *bought) bool { return o.month == nextMonth(month) })
	check := func(what string, in map[string]int64, members, returning, retained, orders int64) {
		t.Helper()
		all, placed := tally(in, everybody)
		had, _ := tally(in, func(m string) bool { return s.first[m] < month })
		again, _ := tally(in, func(m string) bool { return after[m] > 0 })
		if members != all || orders != placed || returning != had || retained != again {
			t.Errorf("%s: %d members, %d returning, %d retained, %d orders; want %d, %d, %d, %d", what, members, returning, retained, orders, all, had, again, placed)
		}
	}
	if got.GetMonth() != month {
		t.Errorf("%s is told as %v", month, got)
	}
	check(month, s.by(func(o *bought) bool { return o.month == month }), got.GetMembers(), got.GetReturningMembers(), got.GetRetainedMembers(), got.GetOrders())
	for _, tier := range got.GetTiers() {
		in := s.by(func(o *bought) bool { return o.month == month && o.tier == tier.GetTier() })
		check(month+" in "+tier.GetTier(), in, tier.GetMembers(), tier.GetReturningMembers(), tier.GetRetainedMembers(), tier.GetOrders())
		fresh, _ := tally(in, func(m string) bool { return s.first[m] == month })
		repeat, _ := tally(in, func(m string) bool { return s.first[m] == month && s.ever[m] > 1 })
		if tier.GetNewMembers() != fresh || tier.GetRepeatMembers() != repeat {
			t.Errorf("%s: %v, want %d new and %d of them again", month, tier, fresh, repeat)
		}
	}
}

// cohort checks what is told of a cohort.
func (s shopped) cohort(t *testing.T, got *loyaltyv1.RetentionCohort) {
	t.Helper()
	of := func(m string) bool { return s.first[m] == got.GetMonth() }
	members, _ := tally(s.ever, of)
	again, _ := tally(s.ever, func(m string) bool { return of(m) && s.ever[m] > 1 })
	if members == 0 || got.GetMembers() != members || got.GetRepeatMembers() != again {
		t.Errorf("%v, want %d members and %d of them again", got, members, again)
	}
	for _, later := range got.GetMonths() {
		in, orders := tally(s.by(func(o *bought) bool { return o.month == later.GetMonth() }), of)
		if later.GetMembers() != in || later.GetOrders() != orders || later.GetRate() != fmt.Sprintf("%.4f", float64(in)/float64(members)) {
			t.Errorf("cohort %s: %v, want %d members and %d orders", got.GetMonth(), later, in, orders)
		}
	}
}

func TestWhoCameBackIsCountedFromTheOrdersThatStand(t *testing.T) {
	r := newRig(t)
	s := shoppedOf(shopping(t, r))
	r.restart(t)
	var months, cohorts []string
	for _, o := range s.orders {
		months = append(months, o.month)
	}
	for _, month := range s.first {
		cohorts = append(cohorts, month)
	}
	slices.Sort(months)
	slices.Sort(cohorts)
	months, cohorts = slices.Compact(months), slices.Compact(cohorts)
	got := r.retention(t, "")
	if len(got.GetMonths()) != len(months) || len(months) < 5 || len(got.GetCohorts()) != len(cohorts) || len(cohorts) < 2 {
		t.Fatalf("months %v and cohorts %v, told %v", months, cohorts, got)
	}
	tiers := map[string]bool{}
	for i, month := range months {
		s.month(t, month, got.GetMonths()[i])
		for _, tier := range got.GetMonths()[i].GetTiers() {
			tiers[tier.GetTier()] = true
		}
	}
	for _, c := range got.GetCohorts() {
		s.cohort(t, c)
	}
	if len(tiers) != 3 {
		t.Errorf("orders were placed in the tiers %v", tiers)
	}
	since := r.retention(t, months[2])
	if len(since.GetMonths()) != len(months)-2 || since.GetMonths()[0].GetReturningMembers() != got.GetMonths()[2].GetReturningMembers() {
		t.Errorf("since %s: %v", months[2], since)
	}
	file, err := r.reports.ExportRetention(r.manager(t), &loyaltyv1.ExportRetentionRequest{Program: "customers"})
	lines, c := strings.Split(strings.TrimSpace(string(file.GetBody().GetData())), "\n"), got.GetCohorts()[0]
	want := fmt.Sprintf("%s,%s,0,*,%d,%d,", c.GetMonth(), c.GetMonth(), c.GetMembers(), c.GetMonths()[0].GetOrders())
	if err != nil || !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, want) }) {
		t.Errorf("%s is not in %q, %v", want, lines, err)
	}
	r.sumsUp(t, months[2], since)
	_, err = r.reports.GetRetention(r.manager(t), &loyaltyv1.GetRetentionRequest{Program: "customers", FromMonth: "2026-09", ToMonth: "2026-08"})
	refused(t, "backwards", err, fault.InvalidArgument)
}

// sumsUp checks that the lines of the file from a month on add up to what is told of the months, cohorts from before them included.
func (r *rig) sumsUp(t *testing.T, from string, told *loyaltyv1.Retention) {
	t.Helper()
	file, err := r.reports.ExportRetention(r.manager(t), &loyaltyv1.ExportRetentionRequest{Program: "customers", FromMonth: from})
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(file.GetBody().GetData())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got, older := map[string][4]int64{}, false
	for _, line := range lines[1:] {
		cohort, month, tier := line[0], line[1], line[3]
		if tier != "*" {
			continue
		}
		var n [3]int64
		for i := range n {
			if n[i], err = strconv.ParseInt(line[4+i], 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		sum := got[month]
		sum[0], sum[1], sum[2] = sum[0]+n[0], sum[1]+n[1], sum[2]+n[2]
		if cohort != month {
			sum[3] += n[0]
		}
		got[month], older = sum, older || cohort < from
	}
	want := map[string][4]int64{}
	for _, m := range told.GetMonths() {
		want[m.GetMonth()] = [4]int64{m.GetMembers(), m.GetOrders(), m.GetRetainedMembers(), m.GetReturningMembers()}
	}
	if !maps.Equal(got, want) || !older {
		t.Errorf("the file adds up to %v, want %v, with cohorts from before %s", got, want, from)
	}
}

func nextMonth(month string) string {
	at, _ := time.Parse("2006-01", month)
	return at.AddDate(0, 1, 0).Format("2006-01")
}
