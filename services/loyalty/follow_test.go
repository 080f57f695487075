package loyalty_test

import (
	"fmt"
	"testing"
	"time"

	"renown.example/kit/clock"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// comesAbout steps the clock, by so much each time, until wrong has nothing more to say. What it waits for gets the processor in between.
func (r *rig) comesAbout(t testing.TB, step time.Duration, wrong func() string) {
	t.Helper()
	over := clock.System().After(time.Minute)
	for {
		found := wrong()
		if found == "" {
			return
		}
		r.clock.Step(step)
		select {
		case <-over:
			t.Fatal(found)
		case <-clock.System().After(time.Millisecond):
		}
	}
}

// eventually steps the clock until ok.
func (r *rig) eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	r.comesAbout(t, time.Second, func() string {
		if ok() {
			return ""
		}
		return what + " did not come about"
	})
}

// followed asks again and again until what follows the journal has come to where the journal ends now: ask says how far it is.
func (r *rig) followed(t testing.TB, what string, ask func() (through int64, err error)) {
	t.Helper()
	end := r.journalEnd(t)
	r.comesAbout(t, 5*time.Millisecond, func() string {
		through, err := ask()
		if err != nil {
			t.Fatal(err)
		}
		if through >= end {
			return ""
		}
		return fmt.Sprintf("%s stand at %d, the journal at %d", what, through, end)
	})
}

// journalEnd is the number of the last entry of the journal.
func (r *rig) journalEnd(t testing.TB) int64 {
	t.Helper()
	for end := int64(0); ; {
		resp, err := r.events.ListLoyaltyEvents(r.shop(t), &loyaltyv1.ListLoyaltyEventsRequest{After: end, PageSize: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if len(resp.GetEvents()) == 0 {
			return end
		}
		end = resp.GetNextAfter()
	}
}
