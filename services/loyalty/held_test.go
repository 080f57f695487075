package loyalty_test

import (
	"strings"
	"testing"
	"time"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// An order comes back whose points are held. They are owed and not let go: whatever ends the hold, the member keeps nothing of it.
func TestAReturnDoesNotForgiveWhatIsHeld(t *testing.T) {
	for end, want := range map[string]struct {
		debt, entries int64
		says          string
	}{
		"cancel": {0, 4, "went back; of them 700 points repaid what was owed"},
		"lapse":  {0, 4, "since it was not taken in time; of them 700 points repaid what was owed"},
		"commit": {700, 4, "700 points were spent on"},
	} {
		r := newRig(t)
		r.rule(t, "euro", perEuro())
		r.reward(t, "mug", func(req *loyaltyv1.CreateRewardRequest) { req.Prices[0].Points = 700 })
		ida := r.enrol(t, "Ida")
		if _, err := r.order(t, ida, orderOf("1", 74_000)); err != nil {
			t.Fatal(err)
		}
		red := r.reserved(t, "take", ida, "mug")
		back, err := r.returnOrder(t, "back", "1", "")
		if err != nil || back.GetFromAvailable() != 40 || back.GetAsDebt() != 700 || back.GetForgiven() != 0 {
			t.Fatalf("%s: %v, %v", end, back, err)
		}
		x := r.why(t, ida, 3)
		addsUp(t, x)
		if strings.Contains(x.GetSummary(), "let go") || !strings.Contains(x.GetParts()[len(x.GetParts())-1].GetText(), "held for rewards and are owed") {
			t.Errorf("%s: the return is told as %v", end, x)
		}
		r.endHold(t, end, ida, red)
		x = r.why(t, ida, want.entries)
		addsUp(t, x)
		if !strings.Contains(x.GetSummary(), want.says) {
			t.Errorf("%s: told as %q", end, x.GetSummary())
		}
		if end == "lapse" { // the point that settled it
			if _, err := r.adjust(t, "off", ida, -1); err != nil {
				t.Fatal(err)
			}
		}
		if a := r.account(t, ida); a.GetAvailable() != 0 || a.GetReserved() != 0 || a.GetDebt() != want.debt {
			t.Errorf("%s: the account is %v", end, a)
		}
		if end == "commit" { // what the member earns next repays it
			if _, err := r.order(t, ida, orderOf("2", 80_000)); err != nil {
				t.Fatal(err)
			}
			r.holds(t, end, ida, 100, 0)
		}
		if v := r.verified(t, 1000); !v.GetWhole() {
			t.Errorf("%s: %v", end, v.GetFindings())
		}
	}
}

// endHold ends a hold in one of the three ways. One that lapses is settled by the next who touches the account.
func (r *rig) endHold(t *testing.T, how, member string, redemption *loyaltyv1.Redemption) {
	t.Helper()
	var err error
	switch how {
	case "cancel":
		_, err = r.cancel(t, "end", redemption)
	case "commit":
		_, err = r.commit(t, "end", redemption)
	default:
		r.clock.Step(48 * time.Hour)
		_, err = r.adjust(t, "settle", member, 1)
	}
	if err != nil {
		t.Fatal(err)
	}
}
