package report

import (
	"maps"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatAMemberAddsIsTakenAwayAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		months := []string{"2026-11", "2026-12", "2027-01", "2027-02"}
		b, sum := Buying{}, map[Place]Visit{}
		shift := func(from, to Buying) {
			for place, v := range from.Visits() {
				s := sum[place]
				s.Add(v, -1)
				sum[place] = s
			}
			for place, v := range to.Visits() {
				s := sum[place]
				s.Add(v, 1)
				sum[place] = s
			}
		}
		var standing [][2]string
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			before := b.Clone()
			if len(standing) > 0 && rapid.Bool().Draw(t, "back") {
				n := rapid.IntRange(0, len(standing)-1).Draw(t, "which")
				b.Add(standing[n][0], standing[n][1], -1)
				standing = append(standing[:n], standing[n+1:]...)
			} else {
				o := [2]string{rapid.SampledFrom(months).Draw(t, "month"), rapid.SampledFrom([]string{"", "gold"}).Draw(t, "tier")}
				b.Add(o[0], o[1], 1)
				standing = append(standing, o)
			}
			shift(before, b)
			maps.DeleteFunc(sum, func(_ Place, v Visit) bool { return v == Visit{} })
			if !maps.Equal(sum, b.Visits()) {
				t.Fatalf("the sum of the changes is %v, the member's visits are %v", sum, b.Visits())
			}
		}
	})
}

func TestRatesAreExact(t *testing.T) {
	for want, of := range map[string][2]int64{"0.0000": {0, 0}, "0.3333": {1, 3}, "0.6667": {2, 3}, "1.0000": {7, 7}, "0.0001": {1, 20000}} {
		if got := Rate(of[0], of[1]); got != want {
			t.Errorf("%d of %d is %s, want %s", of[0], of[1], got, want)
		}
	}
	if MonthsBetween("2026-11", "2027-02") != 3 || NextMonth("2026-12") != "2027-01" {
		t.Errorf("months are counted as %d, %s", MonthsBetween("2026-11", "2027-02"), NextMonth("2026-12"))
	}
}
