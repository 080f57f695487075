package earning

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"renown.example/kit/clock"
)

// expressions draws expressions by the type that they have.
type expressions struct{ t *rapid.T }

func (x expressions) pick(label string, of ...func() string) string {
	return of[rapid.IntRange(0, len(of)-1).Draw(x.t, label)]()
}

func (x expressions) one(of ...string) string { return rapid.SampledFrom(of).Draw(x.t, "leaf") }

func (x expressions) boolean(depth int) string {
	leaf := func() string { return x.one("true", "false", "order.first") }
	if depth == 0 {
		return leaf()
	}
	d := depth - 1
	two := func(of func(int) string, operators ...string) func() string {
		return func() string { return "(" + of(d) + " " + x.one(operators...) + " " + of(d) + ")" }
	}
	compare := []string{"==", "!=", "<", "<=", ">", ">="}
	return x.pick("bool", leaf, two(x.boolean, "&&", "||", "==", "!="), two(x.integer, compare...), two(x.decimal, compare...), two(x.text, compare...), two(x.instant, compare...),
		two(x.span, compare...),
		func() string { return "(" + x.decimal(d) + x.one(" > ", " <= ") + x.integer(d) + ")" },
		func() string { return "!(" + x.boolean(d) + ")" },
		func() string {
			return "(" + x.text(d) + " in " + x.one("member.tags", "line.categories", "order.attributes", `["shop", "hot", "gold"]`) + ")"
		},
		func() string { return "(" + x.integer(d) + " in [0, 1, 5, 12, -3])" },
		func() string { return x.text(d) + x.one(".contains(", ".startsWith(", ".endsWith(") + x.text(d) + ")" },
		func() string {
			return x.one("has(order.attributes.channel)", "has(order.attributes.none)", "has(order.total)")
		},
		func() string { return "(" + x.boolean(d) + " ? " + x.boolean(d) + " : " + x.boolean(d) + ")" },
		func() string {
			return x.one("order.lines.exists(l, l.amount > 5)", `member.tags.exists(t, t == "vip")`)
		})
}

func (x expressions) integer(depth int) string {
	leaf := func() string {
		return x.one("0", "1", "-3", "12", "9223372036854775807", "order.total_minor", "member.orders", "member.lifetime_earned", "line.amount_minor", "order.local.hour", "order.local.weekday",
			"order.local.minute", "order.local.year", "order.local.month", "order.local.day")
	}
	if depth == 0 {
		return leaf()
	}
	d := depth - 1
	return x.pick("int", leaf,
		func() string { return "(" + x.integer(d) + x.one(" + ", " - ", " * ") + x.integer(d) + ")" },
		func() string { return x.one("floor(", "ceil(") + x.decimal(d) + ")" },
		func() string {
			return "size(" + x.one("member.tags", "order.attributes", "order.lines", `"ünï"`) + ")"
		},
		func() string { return "(" + x.boolean(d) + " ? " + x.integer(d) + " : " + x.integer(d) + ")" })
}

func (x expressions) decimal(depth int) string {
	leaf := func() string {
		return x.one(`dec("0")`, `dec("1.25")`, `dec("-0.5")`, `dec("99999999999999.99999")`, "order.total", "order.tax", "line.amount", "line.quantity", "order.discount", "order.shipping")
	}
	if depth == 0 {
		return leaf()
	}
	d := depth - 1
	either := func() string {
		return x.pick("number", func() string { return x.decimal(d) }, func() string { return x.integer(d) })
	}
	return x.pick("decimal", leaf,
		func() string { return "(" + x.decimal(d) + x.one(" + ", " - ", " * ") + either() + ")" },
		func() string { return x.one("add(", "sub(", "mul(", "min(", "max(") + either() + ", " + either() + ")" },
		func() string {
			return "div(" + either() + ", " + either() + x.one(", 0", ", 3", ", 12", ", 13") + x.one("", `, "floor"`, `, "half_even"`, `, "ceil"`) + ")"
		},
		func() string {
			return "round(" + x.decimal(d) + x.one(", 0", ", 1", ", -1") + x.one("", `, "floor"`, `, "ceil"`) + ")"
		},
		func() string { return "dec(" + x.integer(d) + ")" })
}

func (x expressions) text(depth int) string {
	leaf := func() string {
		return x.one(`""`, `"shop"`, `"gold"`, "order.id", "order.currency", "member.tier", "member.id", "program.id", "program.zone", "program.currency", "line.sku", "line.id", "order.local.date",
			`order.attributes["channel"]`, "order.attributes.channel", `order.attributes["none"]`, "member.attributes.none", "line.attributes.size")
	}
	if depth == 0 {
		return leaf()
	}
	return x.pick("text", leaf, func() string { return "(" + x.text(depth-1) + " + " + x.text(depth-1) + ")" })
}

func (x expressions) instant(int) string {
	return x.one("order.time", "now", "member.enrolled_at", `timestamp("2026-11-27T17:30:00Z")`)
}

func (x expressions) span(int) string {
	return x.one(`duration("720h")`, `duration("1500ms")`, "(order.time - member.enrolled_at)", "(now - order.time)")
}

func someInput(t *rapid.T) *Input {
	friday := clock.At(time.Date(2026, 11, 27, 17, 30, 0, 0, time.UTC))
	amount := rapid.Int64Range(0, 30_000)
	return &Input{
		Order: &Order{
			ID: "1001", At: friday + clock.Millis(rapid.Int64Range(0, 40*86_400_000).Draw(t, "later")), Currency: "EUR", Tax: amount.Draw(t, "tax"), First: rapid.Bool().Draw(t, "first"),
			Attributes: rapid.SampledFrom([]map[string]string{nil, {"channel": "shop"}}).Draw(t, "attributes"),
			Lines: []Line{
				{ID: "1", SKU: "tea", Quantity: decimal.MustNew(rapid.Int64Range(1, 20_000).Draw(t, "quantity"), rapid.IntRange(0, 3).Draw(t, "places")), Amount: amount.Draw(t, "amount"), Categories: []string{"hot"}},
				{ID: "2", SKU: "cup", Quantity: decimal.One, Amount: amount.Draw(t, "amount")},
			},
		},
		Member: Member{ID: "m1", Tier: rapid.SampledFrom([]string{"", "gold"}).Draw(t, "tier"), Tags: []string{"vip"}, Orders: rapid.Int64Range(0, 5).Draw(t, "orders"),
			EnrolledAt: rapid.SampledFrom([]clock.Millis{0, friday}).Draw(t, "enrolled")},
		Program: Program{ID: "customers", Zone: "Europe/Berlin", Currency: "EUR"},
		Now:     friday,
	}
}

// read takes what a reader says, as the interpreter would.
func read(of any, vars *variables) (ref.Val, bool) {
	var v any
	ok := false
	switch r := of.(type) {
	case reader[bool]:
		v, ok = r(vars)
	case reader[int64]:
		v, ok = r(vars)
	case reader[decimal.Decimal]:
		v, ok = r(vars)
	case reader[string]:
		v, ok = r(vars)
	case reader[time.Time]:
		v, ok = r(vars)
	case reader[time.Duration]:
		d, ok := r(vars)
		return types.Duration{Duration: d}, ok
	case reader[[]string]:
		v, ok = r(vars)
	case reader[map[string]string]:
		v, ok = r(vars)
	}
	if !ok {
		return nil, false
	}
	return boxed(v), true
}

// interpreted evaluates an expression in CEL's interpreter.
func interpreted(t interface{ Fatalf(string, ...any) }, e *cel.Env, checked *cel.Ast, vars *variables) (ref.Val, error) {
	program, err := e.Program(checked, cel.CustomDecorator(constants))
	if err != nil {
		t.Fatalf("%v", err)
	}
	v, _, err := program.Eval(vars)
	return v, err
}

// What is read directly is what the interpreter makes of the same expression; and where the interpreter finds an error nothing is read.
func TestReadersAgreeWithTheInterpreter(t *testing.T) {
	e := languages[scope{true, true}]()
	known, whole := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		x := expressions{t}
		source := x.pick("of", func() string { return x.boolean(3) }, func() string { return x.integer(3) }, func() string { return x.decimal(3) })
		checked, issues := e.Compile(source)
		if issues.Err() != nil {
			t.Fatalf("%s: %v", source, issues.Err())
		}
		run, err := begin(someInput(t))
		if err != nil {
			t.Fatal(err)
		}
		vars := &variables{run: run, line: run.view(0)}
		v, ok := read(direct(checked), vars)
		whole++
		if !ok {
			return
		}
		known++
		want, err := interpreted(t, e, checked, vars)
		if err != nil || v.Equal(want) != types.True || v.Type() != want.Type() {
			t.Fatalf("%s: read %v, the interpreter says %v, %v", source, v, want, err)
		}
		if a, ok := v.(exact); ok && a.d != want.(exact).d {
			t.Fatalf("%s: read %v, the interpreter says %v: their scales differ", source, v, want)
		}
	})
	if known < whole/4 {
		t.Fatalf("only %d of %d expressions were read directly", known, whole)
	}
}

// Each field of each variable can be read directly, but lists of lines; it is what the interpreter says.
func TestEachFieldCanBeRead(t *testing.T) {
	friday := clock.At(time.Date(2026, 11, 27, 17, 30, 0, 0, time.UTC))
	order := &Input{
		Order:  &Order{ID: "1001", At: friday, Currency: "EUR", Lines: []Line{{ID: "1", SKU: "tea", Quantity: decimal.One, Amount: 1250, Categories: []string{"hot"}}}},
		Member: Member{ID: "m1", Tags: []string{"vip"}}, Program: Program{ID: "customers", Zone: "Europe/Berlin", Currency: "EUR"}, Now: friday,
	}
	event := &Input{Event: &Event{ID: "e1", Type: "review", At: friday, Amount: 3, Currency: "EUR"}, Member: order.Member, Program: order.Program, Now: friday}
	for object, path := range map[string]string{"Order": "order", "Line": "line", "Event": "event", "Member": "member", "Program": "program", "Local": "order.local"} {
		in, s := order, scope{true, true}
		if object == "Event" {
			in, s = event, scope{}
		}
		run, err := begin(in)
		if err != nil {
			t.Fatal(err)
		}
		vars := &variables{run: run}
		if in == order {
			vars.line = run.view(0)
		}
		for _, name := range slices.Sorted(maps.Keys(fields[object])) {
			source := path + "." + name
			if source == "order.lines" || name == "local" {
				continue
			}
			e := languages[s]()
			checked, issues := e.Compile(source)
			if issues.Err() != nil {
				t.Fatal(issues.Err())
			}
			v, ok := read(direct(checked), vars)
			want, err := interpreted(t, e, checked, vars)
			if err != nil || !ok || fmt.Sprint(v.Value()) != fmt.Sprint(want.Value()) {
				t.Errorf("%s: read %v (%t), the interpreter says %v, %v", source, v, ok, want, err)
			}
		}
	}
}
