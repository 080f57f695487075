package earning

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What is reckoned in machine words is what is reckoned without bounds.
func TestMachineWordsAreAsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SliceOfN(rapid.Int64Range(0, 1<<rapid.IntRange(1, 58).Draw(t, "bits")), 1, 20).Draw(t, "parts")
		parts, total := make([]big.Int, len(n)), new(big.Int)
		for i := range n {
			parts[i].SetInt64(n[i])
			total.Add(total, &parts[i])
		}
		den := big.NewInt(rapid.SampledFrom([]int64{1, 3, 40, 100, 1500, 1_000_000_000, 7_680_000}).Draw(t, "den"))
		got, want := make([]int64, len(n)), make([]int64, len(n))
		for _, mode := range []Rounding{Floor, HalfUp, HalfEven, Ceil} {
			attribute(got, parts, total, den, mode)
			cumulate(want, parts, func(sum *big.Int) int64 { return divide(sum, den, mode).Int64() })
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", mode, got, want)
			}
		}
		if points := rapid.Int64Range(1, maxPoints).Draw(t, "points"); total.Sign() > 0 {
			cumulate(want, parts, func(sum *big.Int) int64 {
				p := new(big.Int).Mul(sum, big.NewInt(points))
				return p.Quo(p, total).Int64()
			})
			if spread(got, points, parts, total); !slices.Equal(got, want) {
				t.Fatalf("spread: %v, want %v", got, want)
			}
		}
		r := new(big.Rat).SetFrac(&parts[0], den)
		text := r.String()
		if places, ok := r.FloatPrec(); ok {
			text = r.FloatString(places)
		}
		if got := exactly(&parts[0], den); got != text || strings.HasSuffix(got, "/1") {
			t.Fatalf("%s/%s is written %s, want %s", &parts[0], den, got, text)
		}
	})
}
