package earning

import (
	"math/big"
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

// exactly writes num/den so that nothing is lost: as a decimal where there is one, else as a fraction in lowest terms.
func exactly(num, den *big.Int) string {
	if num.IsInt64() && den.IsInt64() {
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

// shortly is exactly for a denominator that is a power of ten, without ever leaving machine words.
func shortly(num, den int64) (string, bool) {
	places := 0
	for den > 1 {
		if den%10 != 0 {
			return "", false
		}
		den /= 10
		places++
	}
	for places > 0 && num%10 == 0 {
		num /= 10
		places--
	}
	if places == 0 {
		return strconv.FormatInt(num, 10), true
	}
	if num < 0 {
		return "", false
	}
	s := strconv.FormatInt(num, 10)
	if len(s) <= places {
		s = strings.Repeat("0", places-len(s)+1) + s
	}
	return s[:len(s)-places] + "." + s[len(s)-places:], true
}

// spread divides points over the parts so that the first k parts together have the part of points that falls to them, rounded down. Together they have all of it.
func spread(points int64, parts []big.Int, total *big.Int) []int64 {
	shares := make([]int64, len(parts))
	if points == 0 || total.Sign() == 0 {
		return shares
	}
	var sum, cum big.Int
	p, before := big.NewInt(points), int64(0)
	for i := range parts {
		sum.Add(&sum, &parts[i])
		cum.Quo(cum.Mul(&sum, p), total)
		upto := cum.Int64()
		shares[i], before = upto-before, upto
	}
	return shares
}
