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

// liability waits until the reports have counted everything, and returns what they say.
func (r *rig) liability(t testing.TB) *loyaltyv1.Liability {
	t.Helper()
	var got *loyaltyv1.Liability
	r.followed(t, "the reports", func() (int64, error) {
		resp, err := r.reports.GetLiability(r.manager(t), &loyaltyv1.GetLiabilityRequest{Program: "customers"})
		got = resp.GetLiability()
		return got.GetThroughSequence(), err
	})
	return got
}

func TestTheLiabilityTiesToTheLedger(t *testing.T) {
	r := newRig(t)
	rnd := rand.New(rand.NewPCG(6, 1))
	var members []string
	for day := range 40 {
		if day%8 == 0 {
			members = append(members, r.enrol(t, fmt.Sprint("m", day)), r.enrol(t, fmt.Sprint("n", day)))
		}
		for i := range 10 {
			req := &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: members[rnd.IntN(len(members))], Points: rnd.Int64N(200) - 60, Reason: "By hand"}
			if req.Points == 0 {
				req.Points = 1
			}
			if req.GetPoints() > 0 && rnd.IntN(2) == 0 {
				req.ExpireTime = timestamppb.New(r.clock.Now().Add(time.Duration(1+rnd.IntN(20)) * 24 * time.Hour))
			}
			if _, err := r.points.AdjustPoints(r.manager(t, fmt.Sprintf("k-%d-%d", day, i)), req); err != nil && !fault.Has(err, fault.InsufficientPoints) {
				t.Fatal(err)
			}
		}
		r.clock.Step(24 * time.Hour)
	}
	// Whatever has expired is written down when the account is next touched: then nothing is left that the journal does not know.
	for i, m := range members {
		if _, err := r.adjust(t, fmt.Sprint("last-", i), m, 1); err != nil {
			t.Fatal(err)
		}
	}
	var held, expired int64
	for _, m := range members {
		a := r.account(t, m)
		held += a.GetAvailable() + a.GetPending() + a.GetReserved() + a.GetFrozen() - a.GetDebt()
		expired += a.GetLifetimeExpired()
	}
	l := r.liability(t)
	if got := l.GetHoldings().GetOutstanding(); got != held || l.GetMovements().GetExpired() != expired || expired == 0 {
		t.Errorf("outstanding %d, expired %d; the members' accounts hold %d and %d have expired", got, l.GetMovements().GetExpired(), held, expired)
	}
	var cohorts int64
	for _, c := range l.GetCohorts() {
		cohorts += c.GetHoldings().GetOutstanding()
	}
	if len(l.GetCohorts()) != 2 || cohorts != held {
		t.Errorf("the cohorts are %v", l.GetCohorts())
	}
	r.daysTie(t, 41, held)
	file, err := r.reports.ExportLiabilityDays(r.manager(t), &loyaltyv1.ExportLiabilityDaysRequest{Program: "customers", FromDay: "2026-06-01", ToDay: "2026-06-03"})
	if lines := strings.Split(strings.TrimSpace(string(file.GetBody().GetData())), "\n"); err != nil || len(lines) != 4 || !strings.HasPrefix(lines[1], "2026-06-01,") {
		t.Errorf("the file is %q, %v", file.GetBody().GetData(), err)
	}
}

// TestNoReportIsMadeOfADayToCome asks about days that nobody knows anything of; each refusal names its field and says up to when there are reports.
func TestNoReportIsMadeOfADayToCome(t *testing.T) {
	r := newRig(t)
	if _, err := r.adjust(t, "k", r.enrol(t, "Ida"), 40); err != nil {
		t.Fatal(err)
	}
	today := r.clock.Now().UTC().Format(time.DateOnly)
	tomorrow := r.clock.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	ask := map[string]func(day string) error{
		"day": func(day string) error {
			_, err := r.reports.GetLiability(r.manager(t), &loyaltyv1.GetLiabilityRequest{Program: "customers", Day: day})
			return err
		},
		"fromDay": func(day string) error {
			_, err := r.reports.ListLiabilityDays(r.manager(t), &loyaltyv1.ListLiabilityDaysRequest{Program: "customers", FromDay: day})
			return err
		},
		"toDay": func(day string) error {
			_, err := r.reports.ExportLiabilityDays(r.manager(t), &loyaltyv1.ExportLiabilityDaysRequest{Program: "customers", ToDay: day})
			return err
		},
	}
	for field, of := range ask {
		if err := of(today); err != nil {
			t.Errorf("%s of today: %v", field, err)
		}
		for day, words := range map[string]string{tomorrow: "up to today, " + today, "2026-02-30": "no day of the calendar", "yesterday": "such as"} {
			got, ok := fault.As(of(day))
			if !ok || got.Reason != fault.InvalidArgument || len(got.Fields) != 1 || got.Fields[0].Path != field || !strings.Contains(got.Fields[0].Message, words) {
				t.Errorf("%s of %s: %v", field, day, got)
			}
		}
	}
}

// daysTie fails the test unless there are so many days, each opens with what the one before it closed with, and the last closes with what is held.
func (r *rig) daysTie(t *testing.T, n int, held int64) {
	t.Helper()
	days, err := r.reports.ListLiabilityDays(r.manager(t), &loyaltyv1.ListLiabilityDaysRequest{Program: "customers"})
	if err != nil {
		t.Fatal(err)
	}
	closing := int64(0)
	for _, d := range days.GetDays() {
		m := d.GetMovements()
		if d.GetOpening() != closing {
			t.Errorf("%s opens with %d after a closing of %d", d.GetDay(), d.GetOpening(), closing)
		}
		closing = d.GetOpening() + m.GetIssued() + m.GetOpened() + m.GetAdjusted() + m.GetTransferred() - m.GetReversed() - m.GetRedeemed() - m.GetExpired() - m.GetDonated()
		if closing != d.GetClosing() {
			t.Errorf("%s closes with %d, its movements with %d", d.GetDay(), d.GetClosing(), closing)
		}
	}
	if closing != held || len(days.GetDays()) != n {
		t.Errorf("%d days, the last closes with %d", len(days.GetDays()), closing)
	}
}

// TestTheRollForwardTiesOfEachDayAndCohort has points of all kinds: earned, brought along, adjusted, reversed, redeemed, expired, merged and erased.
func TestTheRollForwardTiesOfEachDayAndCohort(t *testing.T) {
	r := newRig(t)
	list := people(0, 4)
	list[0].Balances = append(list[0].Balances, &loyaltyv1.ImportedBalance{Debt: 12})
	list[1].Balances = []*loyaltyv1.ImportedBalance{{Debt: 30}}
	brought := r.take(t, &loyaltyv1.ImportMembersRequest{Members: list})
	busy(t, r)
	r.clock.Step(80 * 24 * time.Hour)
	for i := range 3 { // what has expired is written down when the account is next touched
		m, err := r.lookup(t, external(fmt.Sprint("B-", 3+i)))
		if err == nil {
			_, err = r.adjust(t, fmt.Sprint("touch-", i), idOf(m), 1)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	l := r.liability(t)
	net := func(m *loyaltyv1.Movements) int64 {
		return m.GetIssued() + m.GetOpened() + m.GetAdjusted() + m.GetTransferred() - m.GetReversed() - m.GetRedeemed() - m.GetExpired() - m.GetDonated()
	}
	m := l.GetMovements()
	if m.GetOpened() != brought.GetPoints()-42 || m.GetTransferred() != 0 {
		t.Errorf("%d points and debts of 42 were brought along: %v", brought.GetPoints(), m)
	}
	for what, n := range map[string]int64{"issued": m.GetIssued(), "adjusted": m.GetAdjusted(), "reversed": m.GetReversed(), "redeemed": m.GetRedeemed(), "expired": m.GetExpired()} {
		if n == 0 {
			t.Errorf("nothing was %s", what)
		}
	}
	for _, c := range l.GetCohorts() {
		if net(c.GetMovements()) != c.GetHoldings().GetOutstanding() {
			t.Errorf("cohort %s holds %d, its movements come to %d", c.GetMonth(), c.GetHoldings().GetOutstanding(), net(c.GetMovements()))
		}
	}
	file, err := r.reports.ExportLiabilityDays(r.manager(t), &loyaltyv1.ExportLiabilityDaysRequest{Program: "customers"})
	if err != nil {
		t.Fatal(err)
	}
	closing := int64(0)
	for _, line := range strings.Split(strings.TrimSpace(string(file.GetBody().GetData())), "\n")[1:] {
		var n [10]int64
		for i, cell := range strings.Split(line, ",")[1:] {
			if _, err := fmt.Sscan(cell, &n[i]); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		// opening, issued, opened, adjusted, transferred, reversed, redeemed, expired, donated, closing
		if n[0] != closing || n[9] != n[0]+n[1]+n[2]+n[3]+n[4]-n[5]-n[6]-n[7]-n[8] {
			t.Errorf("after a closing of %d: %s", closing, line)
		}
		closing = n[9]
	}
	if closing != l.GetHoldings().GetOutstanding() {
		t.Errorf("the last day closes with %d, outstanding are %d", closing, l.GetHoldings().GetOutstanding())
	}
}
