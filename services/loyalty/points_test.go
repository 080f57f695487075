package loyalty_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// adjust gives or takes points.
func (r *rig) adjust(t testing.TB, key, member string, points int64) (*loyaltyv1.Entry, error) {
	resp, err := r.points.AdjustPoints(r.manager(t, key), &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: member, Points: points, Reason: "By hand"})
	return resp.GetEntry(), err
}

func TestPointsGivenAndTakenByHandAddUp(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida")
	if _, err := r.adjust(t, "a", ida, 500); err != nil {
		t.Fatal(err)
	}
	e, err := r.adjust(t, "b", ida, -120)
	if err != nil {
		t.Fatal(err)
	}
	if e.GetAccount().GetAvailable() != 380 || e.GetNumber() != 2 || e.GetHash() == "" || e.GetPreviousHash() == "" {
		t.Errorf("the second entry is %v", e)
	}
	var sum int64
	for _, l := range e.GetLegs() {
		sum += l.GetPoints()
	}
	if sum != 0 || len(e.GetLegs()) != 2 {
		t.Errorf("the legs are %v", e.GetLegs())
	}
	_, err = r.adjust(t, "c", ida, -381)
	refused(t, "more than there is", err, fault.InsufficientPoints)
	r.restart(t)
	if a := r.account(t, ida); a.GetAvailable() != 380 || a.GetEntries() != 2 || a.GetHead() != e.GetHash() {
		t.Errorf("after a restart: %v", a)
	}
	list, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: ida})
	if err != nil || len(list.GetEntries()) != 2 || !proto.Equal(list.GetEntries()[0], e) {
		t.Errorf("listed %v, %v; want first %v", list, err, e)
	}
}

func TestARepetitionGetsTheSameAnswerAndNoSecondEffect(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida")
	first, err := r.adjust(t, "once", ida, 100)
	if err != nil {
		t.Fatal(err)
	}
	var header metadata.MD
	again, err := r.points.AdjustPoints(r.manager(t, "once"), &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: ida, Points: 100, Reason: "By hand"}, grpc.Header(&header))
	if err != nil || !proto.Equal(first, again.GetEntry()) || len(header["idempotency-replayed"]) != 1 {
		t.Errorf("again: %v, %v, %v; want %v", again, err, header, first)
	}
	_, err = r.adjust(t, "once", ida, 101)
	refused(t, "the same key for something else", err, fault.IdempotencyKeyReused)
	_, err = r.adjust(t, "too-much", ida, -1000)
	refused(t, "more than there is", err, fault.InsufficientPoints)
	if _, err := r.adjust(t, "more", ida, 2000); err != nil {
		t.Fatal(err)
	}
	_, err = r.adjust(t, "too-much", ida, -1000)
	refused(t, "what was refused once, though there is enough now", err, fault.InsufficientPoints)
	if a := r.account(t, ida); a.GetAvailable() != 2100 {
		t.Errorf("available: %v", a)
	}
}

func TestPointsExpireByThemselvesOrWhenAskedFor(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida")
	_, err := r.points.AdjustPoints(r.manager(t, "a"), &loyaltyv1.AdjustPointsRequest{
		Program: "customers", Member: ida, Points: 50, Reason: "A gift", ExpireTime: timestamppb.New(start.Add(48 * time.Hour)),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Step(49 * time.Hour)
	if a := r.account(t, ida); a.GetAvailable() != 0 || a.GetLifetimeExpired() != 50 {
		t.Errorf("read before it was settled: %v", a)
	}
	var entries []*loyaltyv1.Entry
	r.eventually(t, "the account's settling", func() bool {
		list, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: ida})
		if err != nil {
			t.Fatal(err)
		}
		entries = list.GetEntries()
		return len(entries) == 2
	})
	if e := entries[0]; e.GetKind() != loyaltyv1.EntryKind_ENTRY_KIND_EXPIRE || !e.GetEffectiveTime().AsTime().Equal(start.Add(48*time.Hour)) || e.GetActor() != "renown" {
		t.Errorf("the expiry is %v", e)
	}
}

func TestNobodySpendsWhatAnotherHasSpent(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida")
	if _, err := r.adjust(t, "give", ida, 500); err != nil {
		t.Fatal(err)
	}
	var done, refusals atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			_, err := r.adjust(t, fmt.Sprintf("take-%d", i), ida, -1)
			switch {
			case err == nil:
				done.Add(1)
			case fault.Has(err, fault.InsufficientPoints):
				refusals.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if a := r.account(t, ida); done.Load() != 500 || refusals.Load() != 500 || a.GetAvailable() != 0 || a.GetEntries() != 501 {
		t.Errorf("%d done, %d refused, %v", done.Load(), refusals.Load(), a)
	}
}

func TestAHundredAtOnceWithOneKeyAreOne(t *testing.T) {
	r := newRig(t)
	members := []string{r.enrol(t, "Ida"), r.enrol(t, "Jon"), r.enrol(t, "Mai")}
	replies := make([][100]*loyaltyv1.Entry, len(members))
	var all sync.WaitGroup
	for m, member := range members {
		for i := range 100 {
			all.Go(func() {
				e, err := r.adjust(t, "same-"+member, member, 7)
				if err != nil {
					t.Error(err)
				}
				replies[m][i] = e
			})
		}
	}
	all.Wait()
	for m, member := range members {
		if a := r.account(t, member); a.GetAvailable() != 7 || a.GetEntries() != 1 {
			t.Errorf("member %d has %v", m, a)
		}
		for _, e := range replies[m] {
			if !proto.Equal(e, replies[m][0]) {
				t.Errorf("one got %v, another %v", replies[m][0], e)
			}
		}
	}
}
