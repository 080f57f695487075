package verify

import "testing"

// A part ends as soon as it has taken long enough, having done something, and the next one goes on there: together they look at everything.
func TestAPartEndsWhenItHasTakenLongEnough(t *testing.T) {
	f := spent(t, 30)
	want, err := All(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	var whole Report
	parts := 0
	for c := (Cursor{}); !c.Done(); parts++ {
		part, next, err := Part(t.Context(), f, c, 100_000, func() bool { return true })
		if err != nil || parts > 100 {
			t.Fatalf("%v after %d parts", err, parts)
		}
		whole.Merge(&part)
		c = next
	}
	if whole.Entries != want.Entries || whole.Others != want.Others || whole.Budgets != want.Budgets || whole.Found != want.Found || !whole.Whole() {
		t.Errorf("in parts %+v, at once %+v", whole, want)
	}
	if parts < 5 {
		t.Errorf("only %d parts, though each was to end at once", parts)
	}
}
