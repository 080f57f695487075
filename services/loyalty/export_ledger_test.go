package loyalty_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	"renown.example/loyalty/courier"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// busy leaves members with orders, returns, redemptions and adjustments, one of them merged and one erased.
func busy(t *testing.T, r *rig) {
	t.Helper()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(r.rules.CreateEarningRule(r.manager(t, "rule"), &loyaltyv1.CreateEarningRuleRequest{Program: "customers", RuleId: "spend", Terms: &loyaltyv1.EarningRuleTerms{
		DisplayName: "1 point per euro", Trigger: "spend", Form: "per_unit", Value: "1", Per: 100, Life: "rolling P90D",
	}}))
	must(r.rewards.CreateReward(r.manager(t, "reward"), &loyaltyv1.CreateRewardRequest{
		Program: "customers", RewardId: "mug", Kind: loyaltyv1.RewardKind_REWARD_KIND_GIFT, DisplayName: "A mug", Prices: []*loyaltyv1.RewardPrice{{Points: 30}},
	}))
	var members []string
	for i := range 9 {
		members = append(members, r.enrol(t, fmt.Sprint("m", i), external(fmt.Sprint("B-", i))))
	}
	for n := range 60 {
		r.clock.Step(20 * time.Hour)
		m, key := members[n%len(members)], fmt.Sprint("n", n)
		must(r.orders.RecordOrder(r.shop(t, key), &loyaltyv1.RecordOrderRequest{Program: "customers", Member: m, Order: &loyaltyv1.OrderInput{
			OrderId: key, Lines: []*loyaltyv1.OrderLine{{Id: "1", Sku: "A", Amount: proto.Int64(int64(1000 + 100*n))}, {Id: "2", Sku: "B", Amount: proto.Int64(700)}},
		}}))
		switch n % 4 {
		case 1:
			must(r.orders.ReturnOrder(r.shop(t, key+"-back"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: key, ReturnId: key, Lines: []*loyaltyv1.ReturnedLine{{Line: "2"}}}))
		case 2:
			_, err := r.redemptions.RedeemReward(r.shop(t, key+"-mug"), &loyaltyv1.RedeemRewardRequest{Program: "customers", Member: m, Reward: "mug"})
			if err != nil && !fault.Has(err, fault.InsufficientPoints) {
				t.Fatal(err)
			}
		case 3:
			must(r.adjust(t, key+"-by-hand", m, 5))
		}
	}
	must(r.members.MergeMembers(r.manager(t, "merge"), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: members[0], Merged: members[1]}))
	must(r.members.EraseMember(r.manager(t, "erase"), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: members[2]}))
}

func (r *rig) ledgerPage(t *testing.T, token string, size int32) (*loyaltyv1.ExportLedgerResponse, error) {
	return r.ledger.ExportLedger(r.shop(t), &loyaltyv1.ExportLedgerRequest{Program: "customers", PageSize: size, PageToken: token})
}

// exported is everything, fetched by pages of a size, none of which has many more records.
func (r *rig) exported(t *testing.T, size int32) []*loyaltyv1.LedgerRecord {
	t.Helper()
	var out []*loyaltyv1.LedgerRecord
	for token := ""; ; {
		resp, err := r.ledgerPage(t, token, size)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(resp.GetRecords()); n > 2*int(size)+34 {
			t.Errorf("a page of %d has %d records", size, n)
		}
		if out = append(out, resp.GetRecords()...); len(out) > 10_000 {
			t.Fatal("the export has no end")
		}
		if token = resp.GetNextPageToken(); token == "" {
			return out
		}
	}
}

func TestTheExportedLedgerAddsUpToTheAccounts(t *testing.T) {
	r := newRig(t)
	busy(t, r)
	held, stored, open := map[string]int64{}, map[string]*loyaltyv1.Account{}, map[string]int64{}
	entries, kinds := map[string]int64{}, map[string]int{}
	for _, rec := range r.exported(t, 16) {
		switch {
		case rec.GetMember() != nil:
			kinds["member"]++
			if rec.GetMember().GetMergedInto() != "" {
				kinds["merged"]++
			}
			if len(rec.GetMember().GetAccounts()) != 0 {
				t.Errorf("accounts stand with their member: %v", rec)
			}
		case rec.GetAccount() != nil:
			kinds["account"]++
			stored[rec.GetAccount().GetMember()] = rec.GetAccount().GetAccount()
		case rec.GetLot() != nil:
			kinds["lot"]++
			open[rec.GetLot().GetMember()] += rec.GetLot().GetLot().GetOpen()
		case rec.GetEntry() != nil:
			kinds["entry"]++
			name, _, _ := strings.Cut(rec.GetEntry().GetName(), "/entries/")
			if entries[name]++; entries[name] != rec.GetEntry().GetNumber() {
				t.Errorf("%s has entry %d after %d", name, rec.GetEntry().GetNumber(), entries[name]-1)
			}
			for _, leg := range rec.GetEntry().GetLegs() {
				if strings.HasPrefix(leg.GetAccount(), "members/") {
					held["programs/customers/"+leg.GetAccount()] += leg.GetPoints()
				}
			}
		case rec.GetOrder() != nil:
			kinds["order"]++
		case rec.GetOrderReturn() != nil:
			kinds["return"]++
		case rec.GetRedemption() != nil:
			kinds["redemption"]++
		default:
			t.Errorf("an empty record")
		}
	}
	if kinds["member"] != 9 || kinds["merged"] != 1 || kinds["account"] != 9 || kinds["order"] != 60 || kinds["return"] != 15 || kinds["redemption"] == 0 || kinds["lot"] < 60 {
		t.Errorf("exported %v", kinds)
	}
	for name, a := range stored {
		for bucket, points := range map[string]int64{"available": a.GetAvailable(), "pending": a.GetPending(), "reserved": a.GetReserved(), "frozen": a.GetFrozen(), "debt": -a.GetDebt()} {
			if got := held[name+"/"+bucket]; got != points {
				t.Errorf("%s holds %d %s, its entries lead to %d", name, points, bucket, got)
			}
		}
		if a.GetEntries() != entries[name] || open[name] != a.GetAvailable()+a.GetReserved()+a.GetFrozen()+a.GetPending() {
			t.Errorf("%s has %d entries and lots of %d: %v", name, entries[name], open[name], a)
		}
	}
}

// A member of more lots than a page has room for is exported in parts, which come to what one large page has.
func TestAMemberOfManyLotsIsExportedInParts(t *testing.T) {
	r := newRig(t)
	r.wallets(t, "points", "miles")
	busy(t, r)
	ida := r.enrol(t, "Ida")
	for n := range 150 {
		req := &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: ida, Points: int64(1 + n), Reason: "A gift"}
		if n%3 > 0 {
			req.ExpireTime = timestamppb.New(r.clock.Now().AddDate(0, 1+n%7, 0))
		}
		if n%5 == 0 {
			req.Wallet = "miles"
		}
		if _, err := r.points.AdjustPoints(r.manager(t, fmt.Sprint("gift-", n)), req); err != nil {
			t.Fatal(err)
		}
	}
	whole := r.exported(t, 1000)
	for _, size := range []int32{1, 16} {
		parts := r.exported(t, size)
		if !slices.EqualFunc(parts, whole, func(a, b *loyaltyv1.LedgerRecord) bool { return proto.Equal(a, b) }) {
			t.Errorf("by pages of %d there are %d records, on one there are %d, or they differ", size, len(parts), len(whole))
		}
	}
}

func TestABrokenExportOfTheLedgerGoesOnWhereItWas(t *testing.T) {
	r := newRig(t)
	busy(t, r)
	dir, cut := t.TempDir(), errors.New("the wire was cut")
	export := func(name string, breakAt int) (int64, error) {
		calls := 0
		job := &courier.Ledger{File: filepath.Join(dir, name), Program: "customers", Fetch: func(_ context.Context, _, token string) (*loyaltyv1.ExportLedgerResponse, error) {
			if calls++; calls == breakAt {
				return nil, cut
			}
			return r.ledgerPage(t, token, 16)
		}}
		return job.Run(t.Context())
	}
	lines, err := export("whole", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{5, 1, 9} {
		if _, err := export("broken", at); !errors.Is(err, cut) {
			t.Fatalf("broken off at %d: %v", at, err)
		}
		// A line that was being written when the process died is cut off.
		f, err := os.OpenFile(filepath.Join(dir, "broken"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(`{"entry":{"na`)
		f.Close()
	}
	r.restart(t)
	if n, err := export("broken", 0); err != nil || n != lines {
		t.Errorf("%d lines, want %d: %v", n, lines, err)
	}
	whole, err1 := os.ReadFile(filepath.Join(dir, "whole"))
	broken, err2 := os.ReadFile(filepath.Join(dir, "broken"))
	if err1 != nil || err2 != nil || !bytes.Equal(whole, broken) || int64(bytes.Count(whole, []byte("\n"))) != lines {
		t.Errorf("the files have %d and %d bytes; %v, %v", len(whole), len(broken), err1, err2)
	}
	for line := range bytes.Lines(whole) {
		if err := protojson.Unmarshal(line, &loyaltyv1.LedgerRecord{}); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.position")); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
