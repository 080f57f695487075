package earning

import (
	"math"
	"math/big"
	"math/bits"
	"slices"
	"strconv"

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
	// powers are those of ten that have room in a machine word.
	powers = func() (p [20]uint64) {
		for i := range p {
			p[i] = tens[i].Uint64()
		}
		return p
	}()
)

// coefficient returns d as a whole number over 10^scale.
func coefficient(d decimal.Decimal) (*big.Int, int) { return coefficientIn(new(big.Int), d) }

// coefficientIn is coefficient, in c.
func coefficientIn(c *big.Int, d decimal.Decimal) (*big.Int, int) {
	c.SetUint64(d.Coef())
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

// wholePoints is divide, in machine words and in z where they have room.
func wholePoints(z, num, den *big.Int, mode Rounding) *big.Int {
	if num.Sign() >= 0 && num.IsInt64() && den.IsInt64() {
		return z.SetInt64(divideWords(num.Int64(), den.Int64(), mode))
	}
	return divide(num, den, mode)
}

// divideWords is divide for machine words; num is zero or more.
func divideWords[T int64 | uint64](num, den T, mode Rounding) T {
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
	if num.IsInt64() && den.IsInt64() {
		if s, ok := shortly(nil, num.Int64(), den.Int64()); ok {
			return string(s)
		}
	}
	return fraction(num, den)
}

// fraction is exactly for what shortly has no room for.
func fraction(num, den *big.Int) string {
	r := new(big.Rat).SetFrac(num, den)
	if n, ok := r.FloatPrec(); ok {
		return r.FloatString(n)
	}
	return r.String()
}

// shortly appends what exactly writes, if num is not less than zero and everything has room in machine words.
func shortly(to []byte, num, den int64) ([]byte, bool) {
	if num < 0 {
		return nil, false
	}
	if places := slices.Index(powers[:], uint64(den)); places >= 0 {
		for ; places > 0 && num%10 == 0; places-- {
			num /= 10
		}
		return appendPlaces(to, num, places), true
	}
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
		to = append(strconv.AppendInt(to, num, 10), '/')
		return strconv.AppendInt(to, den, 10), true
	}
	places := max(twos, fives)
	for ; twos < places; twos++ {
		if num > math.MaxInt64/2 {
			return nil, false
		}
		num *= 2
	}
	for ; fives < places; fives++ {
		if num > math.MaxInt64/5 {
			return nil, false
		}
		num *= 5
	}
	return appendPlaces(to, num, places), true
}

// appendPlaces writes num/10^places with all its places; num is zero or more.
func appendPlaces(to []byte, num int64, places int) []byte {
	var b [20]byte
	s := strconv.AppendInt(b[:0], num, 10)
	if places == 0 {
		return append(to, s...)
	}
	for n := len(s); n <= places; n++ {
		to = append(to, '0')
		if n == len(s) {
			to = append(to, '.')
		}
	}
	if n := len(s) - places; n > 0 {
		to = append(append(to, s[:n]...), '.')
		s = s[n:]
	}
	return append(to, s...)
}

// attribute rounds the parts into shares, so that the first k shares add up to what the first k parts come to together, rounded. All shares are the rounded total.
func attribute(shares []int64, parts []big.Int, total, den *big.Int, mode Rounding) {
	if small(parts, total, den) {
		shareOut{den: den.Int64(), mode: mode}.all(shares, parts)
		return
	}
	cumulate(shares, parts, func(sum *big.Int) int64 { return divide(sum, den, mode).Int64() })
}

// spread divides points over the parts: the first k shares are what of the points falls to the first k parts, rounded down. Together they are all of it.
func spread(shares []int64, points int64, parts []big.Int, total *big.Int) {
	if small(parts, total, one) {
		shareOut{den: total.Int64(), points: points}.all(shares, parts)
		return
	}
	p := big.NewInt(points)
	cumulate(shares, parts, func(sum *big.Int) int64 {
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

func cumulate(shares []int64, parts []big.Int, upTo func(sum *big.Int) int64) {
	var sum big.Int
	before := int64(0)
	for i := range parts {
		sum.Add(&sum, &parts[i])
		cum := upTo(&sum)
		shares[i], before = cum-before, cum
	}
}

// shareOut has parts that have room in machine words share what they come to together: their sum over den, rounded, or what of points falls to them of a total.
type shareOut struct {
	// den is what the sum is over, or the total.
	den    int64
	mode   Rounding
	points int64 // 0 for none

	sum, before int64
}

// next is the share of the next part.
func (s *shareOut) next(part int64) int64 {
	s.sum += part
	cum := s.before
	if s.points == 0 {
		s.before = divideWords(s.sum, s.den, s.mode)
	} else {
		hi, lo := bits.Mul64(uint64(s.sum), uint64(s.points))
		q, _ := bits.Div64(hi, lo, uint64(s.den)) // the sum is at most the total: there is room
		s.before = int64(q)
	}
	return s.before - cum
}

func (s shareOut) all(shares []int64, parts []big.Int) {
	for i := range parts {
		shares[i] = s.next(parts[i].Int64())
	}
}
