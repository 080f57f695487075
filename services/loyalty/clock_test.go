package loyalty_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// A machine's clock that is set back by a day, and later right again, leaves the order of what is recorded, and what activates and ends when, as they are.
func TestAClockThatStepsBackADayChangesNothing(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.Activation = "P14D"
	r.rule(t, "euro", terms)
	r.reward(t, "mug", stocked(5))
	ida := r.rich(t, "Ida", 300)
	r.clock.Step(10 * 24 * time.Hour)
	now := r.clock.Now()
	ends := now.Add(30 * 24 * time.Hour)
	if _, err := r.points.AdjustPoints(r.manager(t, "gift"), &loyaltyv1.AdjustPointsRequest{
		Program: "customers", Member: ida, Points: 140, Reason: "A gift", ExpireTime: timestamppb.New(ends),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.order(t, ida, orderOf("1", 10_000)); err != nil {
		t.Fatal(err)
	}
	lots := r.numbered(t, ida)
	r.clock.Step(-24 * time.Hour)
	if a := r.account(t, ida); a.GetPending() != 100 || a.GetAvailable() != 440 {
		t.Errorf("a day earlier there is %v", a)
	}
	if _, err := r.adjust(t, "more", ida, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := r.order(t, ida, orderOf("2", 1_000)); err != nil {
		t.Fatal(err)
	}
	held := r.reserved(t, "held", ida, "mug")
	after := r.numbered(t, ida)
	for number, l := range lots {
		if now := after[number]; !now.GetExpireTime().AsTime().Equal(l.GetExpireTime().AsTime()) || !now.GetActivateTime().AsTime().Equal(l.GetActivateTime().AsTime()) {
			t.Errorf("the lot was %v and is %v", l, now)
		}
	}
	r.restart(t) // what a process has remembered is not what keeps the order
	if _, err := r.adjust(t, "again", ida, 1); err != nil {
		t.Fatal(err)
	}
	r.recordedInOrder(t, ida)
	r.clock.Step(24 * time.Hour)
	if _, err := r.commit(t, "commit", held); err != nil {
		t.Errorf("what was reserved meanwhile: %v", err)
	}
	r.clock.Step(14*24*time.Hour - time.Second)
	if a := r.account(t, ida); a.GetPending() != 100 { // the second order was placed when the clock was wrong, and counts from then
		t.Errorf("a second before they are due, pending are %v", a)
	}
	r.clock.Step(time.Second)
	if _, err := r.adjust(t, "settles", ida, 1); err != nil {
		t.Fatal(err)
	}
	if a := r.account(t, ida); a.GetPending() != 0 {
		t.Errorf("when they are due, pending are %v", a)
	}
	r.staysActive(t, ida)
	r.endsAt(t, ida, ends, 40)
	r.recordedInOrder(t, ida)
}

// endsAt fails the test unless the first points to end do so at their instant, and not a millisecond before.
func (r *rig) endsAt(t *testing.T, ida string, ends time.Time, points int64) {
	t.Helper()
	r.clock.Step(ends.Add(-time.Millisecond).Sub(r.clock.Now()))
	if a := r.account(t, ida); a.GetLifetimeExpired() != 0 {
		t.Errorf("ended before its end: %v", a)
	}
	r.clock.Step(time.Millisecond)
	if a := r.account(t, ida); a.GetLifetimeExpired() != points {
		t.Errorf("not ended at its end: %v", a)
	}
}

// staysActive sets the clock back before what is active was due, twice.
func (r *rig) staysActive(t *testing.T, ida string) {
	t.Helper()
	for range 2 {
		r.clock.Step(-24 * time.Hour)
		if _, err := r.adjust(t, "late-"+r.clock.Now().Format("02"), ida, 1); err != nil {
			t.Fatal(err)
		}
	}
	if a := r.account(t, ida); a.GetPending() != 0 {
		t.Errorf("what is active goes back: %v", a)
	}
}

// numbered are a member's lots by number.
func (r *rig) numbered(t *testing.T, member string) map[int64]*loyaltyv1.Lot {
	t.Helper()
	resp, err := r.points.ListLots(r.shop(t), &loyaltyv1.ListLotsRequest{Program: "customers", Member: member})
	if err != nil {
		t.Fatal(err)
	}
	all := map[int64]*loyaltyv1.Lot{}
	for _, l := range resp.GetLots() {
		all[l.GetNumber()] = l
	}
	return all
}

// recordedInOrder fails the test if an entry was recorded before the one before it, or counts later than it was recorded.
func (r *rig) recordedInOrder(t *testing.T, member string) {
	t.Helper()
	resp, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: member, PageSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	var before *loyaltyv1.Entry
	for i := len(resp.GetEntries()) - 1; i >= 0; i-- {
		e := resp.GetEntries()[i]
		if e.GetEffectiveTime().AsTime().After(e.GetRecordTime().AsTime()) {
			t.Errorf("it counts later than it was recorded: %v", e)
		}
		if before != nil && (e.GetRecordTime().AsTime().Before(before.GetRecordTime().AsTime()) || e.GetNumber() != before.GetNumber()+1) {
			t.Errorf("%v comes behind %v", e, before)
		}
		before = e
	}
}
