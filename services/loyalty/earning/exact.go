package earning

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"github.com/govalues/decimal"
)

// decimalType is the type of exact decimals in expressions. Comparing and +, -, * are CEL's own operators: they work with a decimal on the left and a decimal or an
// int on the right. CEL has no place for an int on the left; the functions add, sub and mul take either on both sides.
var decimalType = types.NewObjectType("decimal", traits.AdderType, traits.SubtractorType, traits.MultiplierType, traits.ComparerType)

// exact is a decimal as CEL's interpreter handles it. No operation rounds in silence: what has no room in 19 digits is an error.
type exact struct{ d decimal.Decimal }

var errDigits = errors.New("the result has more than 19 digits")

func (x exact) ConvertToNative(t reflect.Type) (any, error) {
	if reflect.TypeFor[decimal.Decimal]() == t {
		return x.d, nil
	}
	return nil, fmt.Errorf("a decimal is no %s", t)
}

func (x exact) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case decimalType:
		return x
	case types.StringType:
		return types.String(x.d.String())
	}
	return types.NewErr("a decimal is no %s", t.TypeName())
}

func (x exact) Equal(o ref.Val) ref.Val {
	y, ok := o.(exact)
	return types.Bool(ok && x.d.Cmp(y.d) == 0)
}

func (x exact) Type() ref.Type { return decimalType }
func (x exact) Value() any     { return x.d }

func (x exact) Add(o ref.Val) ref.Val      { return arithmetic(plus, x, o) }
func (x exact) Subtract(o ref.Val) ref.Val { return arithmetic(minus, x, o) }
func (x exact) Multiply(o ref.Val) ref.Val { return arithmetic(times, x, o) }

func (x exact) Compare(o ref.Val) ref.Val {
	y, err := number(o)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Int(x.d.Cmp(y))
}

// number takes a decimal or an int.
func number(v ref.Val) (decimal.Decimal, error) {
	switch v := v.(type) {
	case exact:
		return v.d, nil
	case types.Int:
		return decimal.New(int64(v), 0)
	}
	return decimal.Decimal{}, fmt.Errorf("%v is neither a decimal nor an int", v)
}

func arithmetic(op func(a, b decimal.Decimal) (decimal.Decimal, error), a, b ref.Val) ref.Val {
	x, err := number(a)
	if err != nil {
		return types.WrapErr(err)
	}
	y, err := number(b)
	if err != nil {
		return types.WrapErr(err)
	}
	z, err := op(x, y)
	if err != nil {
		return types.WrapErr(err)
	}
	return exact{z}
}

func plus(a, b decimal.Decimal) (decimal.Decimal, error) {
	return whole(a.AddExact(b, max(a.Scale(), b.Scale())))
}

func minus(a, b decimal.Decimal) (decimal.Decimal, error) {
	return whole(a.SubExact(b, max(a.Scale(), b.Scale())))
}

func times(a, b decimal.Decimal) (decimal.Decimal, error) {
	a, b = a.Trim(0), b.Trim(0)
	if a.Scale()+b.Scale() > decimal.MaxScale {
		return decimal.Decimal{}, errDigits
	}
	return whole(a.MulExact(b, a.Scale()+b.Scale()))
}

func whole(d decimal.Decimal, err error) (decimal.Decimal, error) {
	if err != nil {
		return d, errDigits
	}
	return d, nil
}

// quotient is a/b to so many decimal places.
func quotient(a, b decimal.Decimal, scale int64, mode Rounding) (decimal.Decimal, error) {
	if b.IsZero() {
		return a, errors.New("division by zero")
	}
	if scale < 0 || scale > 12 {
		return a, errors.New("a scale is 0 to 12")
	}
	if q, ok := quotientWords(a, b, int(scale), mode); ok {
		return q, nil
	}
	num, ns := coefficient(a)
	den, ds := coefficient(b)
	if den.Sign() < 0 {
		num.Neg(num)
		den.Neg(den)
	}
	num.Mul(num, tens[int(scale)+ds])
	den.Mul(den, tens[ns])
	q := divide(num, den, mode)
	if !q.IsInt64() {
		return a, errDigits
	}
	return whole(decimal.New(q.Int64(), int(scale)))
}

// quotientWords is quotient for what is not less than zero and has room in machine words.
func quotientWords(a, b decimal.Decimal, scale int, mode Rounding) (decimal.Decimal, bool) {
	if a.IsNeg() || b.IsNeg() || scale+b.Scale() >= len(powers) || a.Scale() >= len(powers) {
		return a, false
	}
	over, num := bits.Mul64(a.Coef(), powers[scale+b.Scale()])
	most, den := bits.Mul64(b.Coef(), powers[a.Scale()])
	if over != 0 || most != 0 {
		return a, false
	}
	q := divideWords(num, den, mode)
	if q > math.MaxInt64 {
		return a, false
	}
	d, err := decimal.New(int64(q), scale)
	return d, err == nil
}

// parse reads a decimal as people write it, without exponents.
func parse(s string) (decimal.Decimal, error) {
	digits := 0
	for i, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' || i == 0 && (c == '-' || c == '+'):
		default:
			return decimal.Decimal{}, fmt.Errorf("%q is no decimal number such as \"1.5\"", s)
		}
	}
	d, err := decimal.Parse(s)
	if err != nil || digits > decimal.MaxPrec {
		return d, fmt.Errorf("%q is no decimal number of at most %d digits such as \"1.5\"", s, decimal.MaxPrec)
	}
	return d, nil
}

func parsed(v ref.Val) ref.Val {
	switch v := v.(type) {
	case types.String:
		d, err := parse(string(v))
		if err != nil {
			return types.WrapErr(err)
		}
		return exact{d}
	case types.Int:
		return arithmetic(plus, v, types.Int(0))
	}
	return v
}

// toInt rounds to a whole number that is an int again.
func toInt(v ref.Val, mode Rounding) ref.Val {
	d, err := number(v)
	if err != nil {
		return types.WrapErr(err)
	}
	num, scale := coefficient(d)
	q := divide(num, tens[scale], mode)
	if !q.IsInt64() {
		return types.WrapErr(errDigits)
	}
	return types.Int(q.Int64())
}

func divided(args ...ref.Val) ref.Val {
	a, err := number(args[0])
	if err != nil {
		return types.WrapErr(err)
	}
	b, err := number(args[1])
	if err != nil {
		return types.WrapErr(err)
	}
	mode := HalfUp
	if len(args) == 4 {
		if mode = Rounding(args[3].(types.String)); !mode.known() {
			return types.NewErr("%q is no rounding: floor, half_up, half_even or ceil", string(mode))
		}
	}
	q, err := quotient(a, b, int64(args[2].(types.Int)), mode)
	if err != nil {
		return types.WrapErr(err)
	}
	return exact{q}
}

func (r Rounding) known() bool { return r == Floor || r == HalfUp || r == HalfEven || r == Ceil }

// rounded is round(x, scale[, rounding]): a division by one.
func rounded(args ...ref.Val) ref.Val {
	return divided(append([]ref.Val{args[0], exact{decimal.One}}, args[1:]...)...)
}

func least(a, b ref.Val) ref.Val    { return pick(a, b, -1) }
func greatest(a, b ref.Val) ref.Val { return pick(a, b, 1) }

func pick(a, b ref.Val, sign int) ref.Val {
	x, err := number(a)
	if err != nil {
		return types.WrapErr(err)
	}
	y, err := number(b)
	if err != nil {
		return types.WrapErr(err)
	}
	return exact{chooseOf(x, y, sign)}
}

// chooseOf is the lesser of two for -1, the larger for 1.
func chooseOf(a, b decimal.Decimal, sign int) decimal.Decimal {
	if b.Cmp(a) == sign {
		return b
	}
	return a
}

// decimals declares what expressions can do with decimals.
func decimals() []cel.EnvOption {
	d, i, s := decimalType, cel.IntType, cel.StringType
	unary := func(name string, f func(ref.Val) ref.Val, result *cel.Type, of ...*cel.Type) cel.EnvOption {
		var overloads []cel.FunctionOpt
		for _, t := range of {
			overloads = append(overloads, cel.Overload(name+"_"+t.TypeName(), []*cel.Type{t}, result, cel.UnaryBinding(f)))
		}
		return cel.Function(name, overloads...)
	}
	binary := func(name string, f func(a, b ref.Val) ref.Val) cel.EnvOption {
		return cel.Function(name, pairs(nil, func(a, b *cel.Type) cel.FunctionOpt {
			return cel.Overload(name+"_"+a.TypeName()+"_"+b.TypeName(), []*cel.Type{a, b}, d, cel.BinaryBinding(f))
		})...)
	}
	operator := func(name string, result *cel.Type) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"decimal_decimal", []*cel.Type{d, d}, result), cel.Overload(name+"decimal_int", []*cel.Type{d, i}, result))
	}
	div := pairs(nil, func(a, b *cel.Type) cel.FunctionOpt {
		return cel.Overload("div_"+a.TypeName()+"_"+b.TypeName(), []*cel.Type{a, b, i}, d, cel.FunctionBinding(divided))
	})
	div = pairs(div, func(a, b *cel.Type) cel.FunctionOpt {
		return cel.Overload("div_"+a.TypeName()+"_"+b.TypeName()+"_rounding", []*cel.Type{a, b, i, s}, d, cel.FunctionBinding(divided))
	})
	return []cel.EnvOption{
		unary("dec", parsed, d, s, i),
		unary("floor", func(v ref.Val) ref.Val { return toInt(v, Floor) }, i, d),
		unary("ceil", func(v ref.Val) ref.Val { return toInt(v, Ceil) }, i, d),
		cel.Function("string", cel.Overload("decimal_to_string", []*cel.Type{d}, s, cel.UnaryBinding(func(v ref.Val) ref.Val { return v.ConvertToType(types.StringType) }))),
		binary("add", func(a, b ref.Val) ref.Val { return arithmetic(plus, a, b) }),
		binary("sub", func(a, b ref.Val) ref.Val { return arithmetic(minus, a, b) }),
		binary("mul", func(a, b ref.Val) ref.Val { return arithmetic(times, a, b) }),
		binary("min", least), binary("max", greatest),
		cel.Function("div", div...),
		cel.Function("round",
			cel.Overload("round_decimal", []*cel.Type{d, i}, d, cel.FunctionBinding(rounded)),
			cel.Overload("round_decimal_rounding", []*cel.Type{d, i, s}, d, cel.FunctionBinding(rounded))),
		operator("_+_", d), operator("_-_", d), operator("_*_", d),
		operator("_<_", cel.BoolType), operator("_<=_", cel.BoolType), operator("_>_", cel.BoolType), operator("_>=_", cel.BoolType),
	}
}

// pairs makes an overload for each combination of decimal and int.
func pairs(to []cel.FunctionOpt, f func(a, b *cel.Type) cel.FunctionOpt) []cel.FunctionOpt {
	for _, a := range []*cel.Type{decimalType, cel.IntType} {
		for _, b := range []*cel.Type{decimalType, cel.IntType} {
			to = append(to, f(a, b))
		}
	}
	return to
}
