package earning

import (
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// reader reads a value of the input, or works one out. False means that something is wrong, such as an attribute that is missing.
type reader[T any] func(v *variables) (T, bool)

// direct turns a checked expression into a reader[T], T being the Go type of its result. Readers know the types of what they handle: nothing is put into a box or
// looked up by its name, and little is allocated. An expression with a part that is not known here is nil and left to CEL's interpreter. So is one whose reader says
// false, for the interpreter knows what becomes of an error, and what to say about it; a reader only ever has to be right.
func direct(checked *cel.Ast) any {
	rep := checked.NativeRep()
	return translator{rep}.part(rep.Expr())
}

// translator makes readers of the parts of an expression.
type translator struct{ rep *ast.AST }

func (t translator) part(e ast.Expr) any {
	switch e.Kind() {
	case ast.LiteralKind:
		return literal(e.AsLiteral())
	case ast.IdentKind:
		return roots[e.AsIdent()]
	case ast.SelectKind:
		return t.chosen(e.AsSelect())
	case ast.ListKind:
		return listOf(e.AsList().Elements())
	case ast.CallKind:
		return t.call(e.AsCall())
	}
	return nil
}

// roots are the variables.
var roots = map[string]any{
	"order":   reader[*orderView](func(v *variables) (*orderView, bool) { return &v.order, v.in.Order != nil }),
	"event":   reader[*eventView](func(v *variables) (*eventView, bool) { return &v.event, v.in.Event != nil }),
	"line":    reader[*lineView](func(v *variables) (*lineView, bool) { return v.line, v.line != nil }),
	"member":  reader[*Member](func(v *variables) (*Member, bool) { return &v.in.Member, true }),
	"program": reader[*Program](func(v *variables) (*Program, bool) { return &v.in.Program, true }),
	"now":     reader[time.Time](func(v *variables) (time.Time, bool) { return v.in.Now.Time(), true }),
}

func constant[T any](c T) any { return reader[T](func(*variables) (T, bool) { return c, true }) }

func literal(v ref.Val) any {
	switch v := v.(type) {
	case types.Bool:
		return constant(bool(v))
	case types.Int:
		return constant(int64(v))
	case types.String:
		return constant(string(v))
	case types.Timestamp:
		return constant(v.Time)
	case types.Duration:
		return constant(v.Duration)
	case exact:
		return constant(v.d)
	}
	return nil
}

// listOf takes lists of which every element is a text, or every one an int, as it is written.
func listOf(elements []ast.Expr) any {
	var words []string
	var numbers []int64
	for _, e := range elements {
		if e.Kind() != ast.LiteralKind {
			return nil
		}
		switch v := e.AsLiteral().(type) {
		case types.String:
			words = append(words, string(v))
		case types.Int:
			numbers = append(numbers, int64(v))
		}
	}
	switch len(elements) {
	case 0:
	case len(words):
		return constant(words)
	case len(numbers):
		return constant(numbers)
	}
	return nil
}

// chosen is a field of an object or an entry of a map, or whether there is one.
func (t translator) chosen(s ast.SelectExpr) any {
	of, name := t.part(s.Operand()), s.FieldName()
	if entries, ok := of.(reader[map[string]string]); ok {
		if s.IsTestOnly() {
			return apply(entries, func(m map[string]string) (bool, bool) { _, ok := m[name]; return ok, true })
		}
		return apply(entries, func(m map[string]string) (string, bool) { v, ok := m[name]; return v, ok })
	}
	f, ok := fields[t.rep.GetType(s.Operand().ID()).TypeName()][name]
	switch {
	case of == nil || !ok:
		return nil
	case s.IsTestOnly(): // every field of an object is there
		return constant(true)
	}
	return f.of(of)
}

func (t translator) call(c ast.CallExpr) any {
	name, args := c.FunctionName(), c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	if len(args) == 1 && args[0].Kind() == ast.LiteralKind {
		if v := made(name, args[0].AsLiteral()); v != nil {
			return literal(v)
		}
	}
	f, ok := calls[name]
	if !ok {
		return nil
	}
	of := make([]any, len(args))
	for i, a := range args {
		if of[i] = t.part(a); of[i] == nil {
			return nil
		}
	}
	return f(of)
}

// made is what is made of a text that is written down: a decimal, an instant or a span of time.
func made(function string, text ref.Val) ref.Val {
	switch function {
	case "dec":
		return parsed(text)
	case "timestamp":
		return text.ConvertToType(types.TimestampType)
	case "duration":
		return text.ConvertToType(types.DurationType)
	}
	return nil
}
