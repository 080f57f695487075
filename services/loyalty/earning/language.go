package earning

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"
	"github.com/govalues/decimal"
)

const (
	// MaxExpression is the most characters of an expression.
	MaxExpression = 2000
	// MaxCost is the most that one evaluation of an expression may cost, in CEL's units, at the bounds of the input; MaxLineCost the same for an expression that is
	// evaluated for every line. A unit is about one step, some tens of nanoseconds.
	MaxCost     = 50_000
	MaxLineCost = 500
)

// scope is which variables an expression may use.
type scope struct{ order, line bool }

// languages are the environments in which expressions are checked, one for each scope, made when first asked for.
var languages = map[scope]func() *cel.Env{
	{true, false}:  sync.OnceValue(func() *cel.Env { return language(scope{true, false}) }),
	{true, true}:   sync.OnceValue(func() *cel.Env { return language(scope{true, true}) }),
	{false, false}: sync.OnceValue(func() *cel.Env { return language(scope{false, false}) }),
}

// without names what of CEL's own functions there is not: floating-point numbers, what hides types, and parts of a time as UTC has them (order.local has them as the
// programme's zone does).
func without() *env.LibrarySubset {
	s := &env.LibrarySubset{}
	for _, name := range []string{"double", "uint", "bytes", "dyn", "type", "getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek"} {
		s.ExcludeFunctions = append(s.ExcludeFunctions, &env.Function{Name: name})
	}
	for name, overloads := range map[string][]string{
		"getHours":        {"timestamp_to_hours", "timestamp_to_hours_with_tz"},
		"getMinutes":      {"timestamp_to_minutes", "timestamp_to_minutes_with_tz"},
		"getSeconds":      {"timestamp_to_seconds", "timestamp_to_seconds_tz"},
		"getMilliseconds": {"timestamp_to_milliseconds", "timestamp_to_milliseconds_with_tz"},
	} {
		f := &env.Function{Name: name}
		for _, id := range overloads {
			f.Overloads = append(f.Overloads, &env.Overload{ID: id})
		}
		s.ExcludeFunctions = append(s.ExcludeFunctions, f)
	}
	return s
}

func language(s scope) *cel.Env {
	opts := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(without())),
		cel.CustomTypeProvider(registry), cel.CustomTypeAdapter(registry),
		cel.HomogeneousAggregateLiterals(),
		cel.ParserExpressionSizeLimit(MaxExpression), cel.ParserRecursionLimit(50), cel.ExpressionNodeLimit(2000), cel.RegexProgramSizeLimit(500),
		cel.Variable("member", memberType), cel.Variable("program", programType), cel.Variable("now", cel.TimestampType),
	}
	if s.order {
		opts = append(opts, cel.Variable("order", orderType))
	} else {
		opts = append(opts, cel.Variable("event", eventType))
	}
	if s.line {
		opts = append(opts, cel.Variable("line", lineType))
	}
	e, err := cel.NewCustomEnv(append(opts, decimals()...)...)
	if err != nil {
		panic("earning: the language of rules does not stand: " + err.Error()) // nothing in it depends on input
	}
	return e
}

// expression is a checked expression, ready to be evaluated by many at once.
type expression struct {
	source string
	// Counting steps doubles what an evaluation takes. It is needed only for an input that is larger than the bounds by which the worst case was reckoned: within
	// them, no evaluation costs more than the worst one that was let in.
	program, counted cel.Program
	// decides or amounts does the same faster, where it can: see direct.
	decides reader[bool]
	amounts reader[decimal.Decimal]

	scope   scope
	checked *cel.Ast
}

// express checks an expression of a rule. An empty one is nil: it holds always.
func express(path, source string, s scope, limit uint64, results ...*cel.Type) (*expression, Problems) {
	if source == "" {
		return nil, nil
	}
	if n := utf8.RuneCountInString(source); n > MaxExpression {
		return nil, Problems{{Path: path, Message: fmt.Sprintf("an expression has at most %d characters, this one has %d", MaxExpression, n)}}
	}
	e := languages[s]()
	checked, issues := e.Compile(source)
	if issues.Err() != nil {
		return nil, plain(path, source, s, issues.Errors())
	}
	if p := inexact(path, source, checked); p != nil {
		return nil, p
	}
	if t := checked.OutputType(); !slices.ContainsFunc(results, func(r *cel.Type) bool { return r.IsExactType(t) }) {
		return nil, Problems{wrongResult(path, source, checked, results)}
	}
	if p := costly(path, e, checked, limit); p != nil {
		return nil, p
	}
	program, err := e.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CustomDecorator(constants))
	var counted cel.Program
	if err == nil {
		counted, err = e.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(limit), cel.CustomDecorator(constants))
	}
	if err != nil {
		return nil, Problems{{Path: path, Message: "this cannot be evaluated: " + err.Error()}}
	}
	x := &expression{source: source, program: program, counted: counted, scope: s, checked: checked}
	quick := direct(checked)
	x.decides, _ = quick.(reader[bool])
	x.amounts = decimalOf(quick)
	return x, nil
}

// inexact finds floating-point numbers, and decimals that are none.
func inexact(path, source string, checked *cel.Ast) Problems {
	var p Problems
	rep := checked.NativeRep()
	ast.PostOrderVisit(rep.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		at := rep.SourceInfo().GetStartLocation(e.ID())
		if t := rep.GetType(e.ID()); t.Kind() == types.DoubleKind && e.Kind() == ast.LiteralKind {
			p = append(p, place(path, source, at.Line(), at.Column(), fmt.Sprintf("%v is a floating-point number, and those are not exact: write dec(\"%v\")", e.AsLiteral().Value(), e.AsLiteral().Value())))
		}
		if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "dec" {
			return
		}
		if arg := e.AsCall().Args()[0]; arg.Kind() == ast.LiteralKind {
			if s, ok := arg.AsLiteral().(types.String); ok {
				if _, err := parse(string(s)); err != nil {
					at := rep.SourceInfo().GetStartLocation(arg.ID())
					p = append(p, place(path, source, at.Line(), at.Column(), err.Error()))
				}
			}
		}
	}))
	return p.sorted()
}

func wrongResult(path, source string, checked *cel.Ast, results []*cel.Type) Problem {
	names := make([]string, len(results))
	for i, r := range results {
		names[i] = article(r.String())
	}
	at := checked.NativeRep().SourceInfo().GetStartLocation(checked.NativeRep().Expr().ID())
	return place(path, source, at.Line(), at.Column(), fmt.Sprintf("this gives %s, and %s is needed", article(checked.OutputType().String()), strings.Join(names, " or ")))
}

func article(t string) string {
	if strings.HasPrefix(t, "int") || t == "Order" || t == "Event" {
		return "an " + t
	}
	return "a " + t
}

func costly(path string, e *cel.Env, checked *cel.Ast, limit uint64) Problems {
	cost, err := e.EstimateCost(checked, bounds{})
	if err != nil {
		return Problems{{Path: path, Message: "what this costs cannot be reckoned: " + err.Error()}}
	}
	if cost.Max <= limit {
		return nil
	}
	much := fmt.Sprint(cost.Max)
	if cost.Max == math.MaxUint64 {
		much = "without bound"
	}
	return Problems{{Path: path, Message: fmt.Sprintf("at worst, on an order of %d lines, this costs %s steps, and at most %d are allowed: go through the lines less often", MaxLines, much, limit)}}
}

// bounds tells CEL's estimate of costs how large the input is at most.
type bounds struct{}

func (bounds) EstimateSize(n checker.AstNode) *checker.SizeEstimate {
	most := func(n uint64) *checker.SizeEstimate { return &checker.SizeEstimate{Min: 0, Max: n} }
	path := n.Path()
	if len(path) == 0 {
		return nil
	}
	switch path[len(path)-1] {
	case "lines":
		return most(MaxLines)
	case "categories":
		return most(MaxCategories)
	case "tags":
		return most(MaxTags)
	case "attributes":
		return most(MaxAttributes)
	}
	if n.Type().Kind() == types.StringKind {
		return most(MaxText)
	}
	return nil
}

// EstimateCallCost says what comparing decimals costs: CEL takes them for objects of any size.
func (bounds) EstimateCallCost(function, _ string, _ *checker.AstNode, args []checker.AstNode) *checker.CallEstimate {
	if (function == operators.Equals || function == operators.NotEquals) && len(args) == 2 && args[0].Type().IsExactType(decimalType) {
		return &checker.CallEstimate{CostEstimate: checker.CostEstimate{Min: 1, Max: 1}}
	}
	return nil
}

// constants turns dec("1.5") into the decimal once, when the rule is compiled.
func constants(i interpreter.Interpretable) (interpreter.Interpretable, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok || call.Function() != "dec" || len(call.Args()) != 1 {
		return i, nil
	}
	arg, ok := call.Args()[0].(interpreter.InterpretableConst)
	if !ok {
		return i, nil
	}
	v := parsed(arg.Value())
	if types.IsError(v) {
		return i, nil
	}
	return interpreter.NewConstValue(i.ID(), v), nil
}
