package earning

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/parser"
)

const (
	// mostRead bounds how many parts of one expression are told, longestRead how many characters each has at most.
	mostRead    = 50
	longestRead = 200
)

// trace evaluates the expression and says what its parts came to, innermost first; what was not looked at is left out.
func (x *expression) trace(vars *variables) (ref.Val, []Reading) {
	program, err := languages[x.scope]().Program(x.checked, cel.EvalOptions(cel.OptTrackState))
	if err != nil {
		return nil, nil // it was made in the same way when the rule was saved
	}
	v, details, err := program.Eval(vars)
	if details == nil {
		return nil, nil
	}
	rep := x.checked.NativeRep()
	t := &tracing{info: rep.SourceInfo(), value: details.State().Value, seen: map[string]bool{}}
	t.visit(rep.Expr(), true)
	if err != nil {
		return nil, t.out
	}
	return v, t.out
}

// tracing collects what the parts of an expression came to.
type tracing struct {
	info  *ast.SourceInfo
	value func(id int64) (ref.Val, bool)
	seen  map[string]bool
	out   []Reading
}

// visit goes through the parts. The whole is the caller's to tell.
func (t *tracing) visit(e ast.Expr, whole bool) {
	switch e.Kind() {
	case ast.CallKind:
		c := e.AsCall()
		if c.IsMemberFunction() {
			t.visit(c.Target(), false)
		}
		if c.FunctionName() == operators.Index { // the map or list is told by the element
			t.tell(e, whole)
			return
		}
		if c.FunctionName() == "dec" && c.Args()[0].Kind() == ast.LiteralKind {
			return
		}
		for _, a := range c.Args() {
			t.visit(a, false)
		}
		if !slices.Contains([]string{operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot}, c.FunctionName()) {
			t.tell(e, whole)
		}
	case ast.SelectKind, ast.IdentKind, ast.ComprehensionKind:
		t.tell(e, whole)
	case ast.ListKind:
		for _, a := range e.AsList().Elements() {
			t.visit(a, false)
		}
	}
}

// tell notes what a part came to, if that can be said in a word.
func (t *tracing) tell(e ast.Expr, whole bool) {
	v, known := t.value(e.ID())
	if !known || whole && e.Kind() == ast.CallKind && v.Type() == types.BoolType || len(t.out) >= mostRead {
		return
	}
	text, ok := said(v)
	name, err := parser.Unparse(e, t.info)
	if name = oneLine(name); !ok || err != nil || t.seen[name] {
		return
	}
	t.seen[name] = true
	t.out = append(t.out, Reading{cut(name), cut(text)})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func cut(s string) string {
	if r := []rune(s); len(r) > longestRead {
		return string(r[:longestRead-1]) + "…"
	}
	return s
}

// said writes a value as a rule would.
func said(v ref.Val) (string, bool) {
	switch v := v.(type) {
	case exact:
		return v.d.String(), true
	case types.Int, types.Bool:
		return fmt.Sprint(v.Value()), true
	case types.String:
		return fmt.Sprintf("%q", string(v)), true
	case types.Timestamp:
		return v.UTC().Format(time.RFC3339), true
	case types.Duration:
		return v.Duration.String(), true
	case *types.Err:
		return "error: " + v.Error(), true
	case traits.Lister:
		return listed(v)
	}
	return "", false
}

func listed(v traits.Lister) (string, bool) {
	var parts []string
	for i := v.Iterator(); i.HasNext() == types.True; {
		s, ok := said(i.Next())
		if !ok {
			return "", false
		}
		parts = append(parts, s)
	}
	return "[" + strings.Join(parts, ", ") + "]", true
}
