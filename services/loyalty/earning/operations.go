package earning

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/common/operators"
	"github.com/govalues/decimal"
)

// calls make the reader of a call from those of its arguments, or nil where they are of types that are not known here.
var calls = map[string]func(of []any) any{
	operators.LogicalAnd:    func(of []any) any { return either(of, false) },
	operators.LogicalOr:     func(of []any) any { return either(of, true) },
	operators.LogicalNot:    func(of []any) any { return unary(of, func(x bool) (bool, bool) { return !x, true }) },
	operators.Conditional:   conditional,
	operators.Equals:        func(of []any) any { return equal(of, true) },
	operators.NotEquals:     func(of []any) any { return equal(of, false) },
	operators.Less:          func(of []any) any { return compared(of, func(c int) bool { return c < 0 }) },
	operators.LessEquals:    func(of []any) any { return compared(of, func(c int) bool { return c <= 0 }) },
	operators.Greater:       func(of []any) any { return compared(of, func(c int) bool { return c > 0 }) },
	operators.GreaterEquals: func(of []any) any { return compared(of, func(c int) bool { return c >= 0 }) },
	operators.In:            within,
	operators.Index: func(of []any) any {
		return binary(of, func(m map[string]string, k string) (string, bool) { v, ok := m[k]; return v, ok })
	},
	operators.Add: func(of []any) any {
		return first(binary(of, addWords), binary(of, func(a, b string) (string, bool) { return a + b, true }), onDecimals(of, plus))
	},
	operators.Subtract: func(of []any) any { return first(binary(of, subWords), binary(of, between), onDecimals(of, minus)) },
	operators.Multiply: func(of []any) any { return first(binary(of, mulWords), onDecimals(of, times)) },
	"add":              func(of []any) any { return onDecimals(of, plus) },
	"sub":              func(of []any) any { return onDecimals(of, minus) },
	"mul":              func(of []any) any { return onDecimals(of, times) },
	"min":              func(of []any) any { return onDecimals(of, lesser) },
	"max":              func(of []any) any { return onDecimals(of, larger) },
	"div": func(of []any) any {
		if len(of) < 3 {
			return nil
		}
		return scaled(of[0], of[1], of[2:])
	},
	"round": func(of []any) any { return scaled(of[0], constant(decimal.One), of[1:]) },
	"dec":   func(of []any) any { return asAny(decimalOf(of[0])) },
	"floor": func(of []any) any { return wholly(of[0], Floor) },
	"ceil":  func(of []any) any { return wholly(of[0], Ceil) },
	"size": func(of []any) any {
		return first(
			unary(of, func(l []string) (int64, bool) { return int64(len(l)), true }),
			unary(of, func(m map[string]string) (int64, bool) { return int64(len(m)), true }),
			unary(of, func(s string) (int64, bool) { return int64(utf8.RuneCountInString(s)), true }))
	},
	"contains":   func(of []any) any { return onTexts(of, strings.Contains) },
	"startsWith": func(of []any) any { return onTexts(of, strings.HasPrefix) },
	"endsWith":   func(of []any) any { return onTexts(of, strings.HasSuffix) },
}

// first returns the reader that could be made.
func first(readers ...any) any {
	for _, r := range readers {
		if r != nil {
			return r
		}
	}
	return nil
}

func apply[A, T any](x reader[A], f func(A) (T, bool)) any {
	return reader[T](func(v *variables) (T, bool) {
		a, ok := x(v)
		if !ok {
			var none T
			return none, false
		}
		return f(a)
	})
}

func unary[A, T any](of []any, f func(A) (T, bool)) any {
	if x, ok := of[0].(reader[A]); ok && len(of) == 1 {
		return apply(x, f)
	}
	return nil
}

func binary[A, B, T any](of []any, f func(A, B) (T, bool)) any {
	if len(of) != 2 {
		return nil
	}
	x, isA := of[0].(reader[A])
	y, isB := of[1].(reader[B])
	if !isA || !isB {
		return nil
	}
	return reader[T](func(v *variables) (T, bool) {
		a, ok := x(v)
		if ok {
			if b, ok := y(v); ok {
				return f(a, b)
			}
		}
		var none T
		return none, false
	})
}

// either is a chain of && or ||, which ends where one is what decides it.
func either(of []any, decides bool) any {
	all := make([]reader[bool], len(of))
	for i := range of {
		r, ok := of[i].(reader[bool])
		if !ok {
			return nil
		}
		all[i] = r
	}
	return reader[bool](func(v *variables) (bool, bool) {
		for _, r := range all {
			if x, ok := r(v); !ok || x == decides {
				return decides, ok
			}
		}
		return !decides, true
	})
}

func conditional(of []any) any {
	return first(chosenOf[bool](of), chosenOf[int64](of), chosenOf[decimal.Decimal](of), chosenOf[string](of))
}

func chosenOf[T any](of []any) any {
	holds, isBool := of[0].(reader[bool])
	yes, isT := of[1].(reader[T])
	no, both := of[2].(reader[T])
	if !isBool || !isT || !both {
		return nil
	}
	return reader[T](func(v *variables) (T, bool) {
		x, ok := holds(v)
		switch {
		case !ok:
			var none T
			return none, false
		case x:
			return yes(v)
		}
		return no(v)
	})
}

func equal(of []any, wanted bool) any {
	return first(binary(of, func(a, b bool) (bool, bool) { return (a == b) == wanted, true }), compared(of, func(c int) bool { return (c == 0) == wanted }))
}

func compared(of []any, holds func(int) bool) any {
	return first(
		binary(of, func(a, b int64) (bool, bool) { return holds(cmp.Compare(a, b)), true }),
		binary(of, func(a, b string) (bool, bool) { return holds(strings.Compare(a, b)), true }),
		binary(of, func(a, b time.Time) (bool, bool) { return holds(a.Compare(b)), true }),
		binary(of, func(a, b time.Duration) (bool, bool) { return holds(cmp.Compare(a, b)), true }),
		twoDecimals(of, func(a, b decimal.Decimal) (bool, bool) { return holds(a.Cmp(b)), true }))
}

func within(of []any) any {
	return first(
		binary(of, func(x string, l []string) (bool, bool) { return slices.Contains(l, x), true }),
		binary(of, func(x int64, l []int64) (bool, bool) { return slices.Contains(l, x), true }),
		binary(of, func(x string, m map[string]string) (bool, bool) { _, ok := m[x]; return ok, true }))
}

func onTexts(of []any, f func(a, b string) bool) any {
	return binary(of, func(a, b string) (bool, bool) { return f(a, b), true })
}

// decimalOf reads a decimal, or an int as one.
func decimalOf(of any) reader[decimal.Decimal] {
	switch x := of.(type) {
	case reader[decimal.Decimal]:
		return x
	case reader[int64]:
		return func(v *variables) (decimal.Decimal, bool) {
			n, ok := x(v)
			if !ok {
				return decimal.Decimal{}, false
			}
			d, err := decimal.New(n, 0)
			return d, err == nil
		}
	}
	return nil
}

// asAny keeps a nil one nil.
func asAny[T any](r reader[T]) any {
	if r == nil {
		return nil
	}
	return r
}

func twoDecimals[T any](of []any, f func(a, b decimal.Decimal) (T, bool)) any {
	if len(of) != 2 {
		return nil
	}
	return binary([]any{asAny(decimalOf(of[0])), asAny(decimalOf(of[1]))}, f)
}

func onDecimals(of []any, f func(a, b decimal.Decimal) (decimal.Decimal, error)) any {
	return twoDecimals(of, func(a, b decimal.Decimal) (decimal.Decimal, bool) {
		d, err := f(a, b)
		return d, err == nil
	})
}

func lesser(a, b decimal.Decimal) (decimal.Decimal, error) { return chooseOf(a, b, -1), nil }
func larger(a, b decimal.Decimal) (decimal.Decimal, error) { return chooseOf(a, b, 1), nil }

// scaled is a/b to a number of decimal places, in the default or in a stated rounding.
func scaled(a, b any, how []any) any {
	num, den := decimalOf(a), decimalOf(b)
	places, isInt := how[0].(reader[int64])
	mode, isText := constant(string(HalfUp)).(reader[string]), true
	if len(how) == 2 {
		mode, isText = how[1].(reader[string])
	}
	if num == nil || den == nil || !isInt || !isText {
		return nil
	}
	return reader[decimal.Decimal](func(v *variables) (decimal.Decimal, bool) {
		x, ok1 := num(v)
		y, ok2 := den(v)
		scale, ok3 := places(v)
		m, ok4 := mode(v)
		if !ok1 || !ok2 || !ok3 || !ok4 || !Rounding(m).known() {
			return x, false
		}
		q, err := quotient(x, y, scale, Rounding(m))
		return q, err == nil
	})
}

// wholly rounds to an int.
func wholly(of any, mode Rounding) any {
	x := decimalOf(of)
	if x == nil {
		return nil
	}
	return apply(x, func(d decimal.Decimal) (int64, bool) {
		q, err := quotient(d, decimal.One, 0, mode)
		if err != nil {
			return 0, false
		}
		n, _, ok := q.Int64(0)
		return n, ok
	})
}

// between is the time from b to a. What is too long for it says the longest or shortest there is.
func between(a, b time.Time) (time.Duration, bool) {
	d := a.Sub(b)
	return d, d != math.MinInt64 && d != math.MaxInt64
}

func addWords(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

func subWords(a, b int64) (int64, bool) {
	c := a - b
	return c, (c < a) == (b > 0)
}

func mulWords(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	c := a * b
	return c, c/b == a && (a != -1 || b != math.MinInt64) && (b != -1 || a != math.MinInt64)
}
