package earning

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"github.com/govalues/decimal"
)

var (
	one  = big.NewInt(1)
	tens = func() []*big.Int {
		t := make([]*big.Int, 40)
		for i := range t {
			t[i] = new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(i)), nil)
		}
		return t
	}()
)

// coefficient returns d as a whole number over 10^scale.
func coefficient(d decimal.Decimal) (*big.Int, int) {
	c := new(big.Int).SetUint64(d.Coef())
	if d.IsNeg() {
		c.Neg(c)
	}
	return c, d.Scale()
}

// divide returns num/den as a whole number; den is more than zero. Floor goes down and Ceil up on both sides of zero, HalfUp away from zero.
func divide(num, den *big.Int, mode Rounding) *big.Int {
	q, r := new(big.Int).DivMod(num, den, new(big.Int)) // r >= 0: q is the floor
	if r.Sign() == 0 {
		return q
	}
	up := false
	switch half := r.Lsh(r, 1).Cmp(den); mode {
	case Ceil:
		up = true
	case HalfUp:
		up = half > 0 || half == 0 && num.Sign() > 0
	case HalfEven:
		up = half > 0 || half == 0 && q.Bit(0) == 1
	}
	if up {
		q.Add(q, one)
	}
	return q
}

// wholePoints is divide, in machine words where they have room.
func wholePoints(num, den *big.Int, mode Rounding) *big.Int {
	if num.Sign() >= 0 && num.IsInt64() && den.IsInt64() {
		return big.NewInt(divideWords(num.Int64(), den.Int64(), mode))
	}
	return divide(num, den, mode)
}

// divideWords is divide for machine words; num is zero or more.
func divideWords(num, den int64, mode Rounding) int64 {
	q, r := num/den, num%den
	more := r > den-r
	half := r == den-r
	if r > 0 && (mode == Ceil || mode == HalfUp && (more || half) || mode == HalfEven && (more || half && q%2 == 1)) {
		q++
	}
	return q
}

// exactly writes num/den so that nothing is lost: as a decimal where there is one, else as a fraction in lowest terms.
func exactly(num, den *big.Int) string {
	if num.IsInt64() && den.IsInt64() && num.Sign() >= 0 {
		if s, ok := shortly(num.Int64(), den.Int64()); ok {
			return s
		}
	}
	r := new(big.Rat).SetFrac(num, den)
	if n, ok := r.FloatPrec(); ok {
		return r.FloatString(n)
	}
	return r.String()
}

// shortly is exactly for what has room in machine words; num is zero or more.
func shortly(num, den int64) (string, bool) {
	a, b := num, den
	for b != 0 {
		a, b = b, a%b
	}
	num, den = num/a, den/a
	// den is 2^twos * 5^fives, or there is no decimal.
	twos, fives, rest := 0, 0, den
	for ; rest%2 == 0; rest /= 2 {
		twos++
	}
	for ; rest%5 == 0; rest /= 5 {
		fives++
	}
	if rest != 1 {
		return strconv.FormatInt(num, 10) + "/" + strconv.FormatInt(den, 10), true
	}
	places := max(twos, fives)
	for ; twos < places; twos++ {
		if num > math.MaxInt64/2 {
			return "", false
		}
		num *= 2
	}
	for ; fives < places; fives++ {
		if num > math.MaxInt64/5 {
			return "", false
		}
		num *= 5
	}
	s := strconv.FormatInt(num, 10)
	if places == 0 {
		return s, true
	}
	if len(s) <= places {
		s = strings.Repeat("0", places-len(s)+1) + s
	}
	return s[:len(s)-places] + "." + s[len(s)-places:], true
}

// attribute rounds the parts so that the first k shares add up to what the first k parts come to together, rounded. All shares are the rounded total.
func attribute(parts []big.Int, total, den *big.Int, mode Rounding) []int64 {
	if small(parts, total, den) {
		d := den.Int64()
		return cumulateWords(parts, func(sum int64) int64 { return divideWords(sum, d, mode) })
	}
	return cumulate(parts, func(sum *big.Int) int64 { return divide(sum, den, mode).Int64() })
}

// spread divides points over the parts: the first k shares are what of the points falls to the first k parts, rounded down. Together they are all of it.
func spread(points int64, parts []big.Int, total *big.Int) []int64 {
	if small(parts, total, one) {
		t := uint64(total.Int64())
		return cumulateWords(parts, func(sum int64) int64 {
			hi, lo := bits.Mul64(uint64(sum), uint64(points))
			q, _ := bits.Div64(hi, lo, t) // sum <= total: there is room
			return int64(q)
		})
	}
	p := big.NewInt(points)
	return cumulate(parts, func(sum *big.Int) int64 {
		cum := new(big.Int).Mul(sum, p)
		return cum.Quo(cum, total).Int64()
	})
}

// small reports whether the parts, of which none is less than zero, have room in machine words.
func small(parts []big.Int, total, den *big.Int) bool {
	for i := range parts {
		if parts[i].Sign() < 0 {
			return false
		}
	}
	return total.IsInt64() && total.Sign() > 0 && den.IsInt64()
}

func cumulate(parts []big.Int, upTo func(sum *big.Int) int64) []int64 {
	shares := make([]int64, len(parts))
	var sum big.Int
	before := int64(0)
	for i := range parts {
		sum.Add(&sum, &parts[i])
		cum := upTo(&sum)
		shares[i], before = cum-before, cum
	}
	return shares
}

func cumulateWords(parts []big.Int, upTo func(sum int64) int64) []int64 {
	shares := make([]int64, len(parts))
	var sum, before int64
	for i := range parts {
		sum += parts[i].Int64()
		cum := upTo(sum)
		shares[i], before = cum-before, cum
	}
	return shares
}

// figures returns numbers that have room for a few words, all of them in one piece of memory.
func figures(n int) []big.Int {
	const room = 4
	all, words := make([]big.Int, n), make([]big.Word, n*room)
	for i := range all {
		all[i].SetBits(words[i*room : i*room : (i+1)*room])
	}
	return all
}
