package earning

import (
	"reflect"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"github.com/govalues/decimal"

	"renown.example/loyalty/currency"
)

// What expressions see of the input. Fields are got by closures that know their Go type: no reflection, no maps.
type (
	orderView struct {
		*Order
		lines ref.Val
		local *local
	}
	lineView struct {
		*Line
		currency   string
		categories ref.Val
	}
	eventView struct {
		*Event
		local *local
	}
)

// Types of the variables.
var (
	orderType   = types.NewObjectType("Order")
	lineType    = types.NewObjectType("Line")
	eventType   = types.NewObjectType("Event")
	memberType  = types.NewObjectType("Member")
	programType = types.NewObjectType("Program")
	localType   = types.NewObjectType("Local")
)

// object makes one of them a value of CEL.
type object struct {
	of *types.Type
	v  any
}

func (o object) ConvertToNative(reflect.Type) (any, error) { return o.v, nil }
func (o object) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("%s is no %s", o.of.TypeName(), t.TypeName())
}
func (o object) Equal(x ref.Val) ref.Val {
	y, ok := x.(object)
	return types.Bool(ok && o.v == y.v)
}
func (o object) Type() ref.Type { return o.of }
func (o object) Value() any     { return o.v }

// objects provides the types beside CEL's own.
type objects struct{ *types.Registry }

func (o objects) FindStructType(name string) (*types.Type, bool) {
	if _, ok := fields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return nil, false
}

func (o objects) FindStructFieldNames(name string) ([]string, bool) {
	of, ok := fields[name]
	names := make([]string, 0, len(of))
	for n := range of {
		names = append(names, n)
	}
	return names, ok
}

func (o objects) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	f, ok := fields[name][field]
	return f.FieldType, ok
}

func (o objects) NativeToValue(v any) ref.Val {
	switch v := v.(type) {
	case ref.Val:
		return v
	case *orderView:
		return object{orderType, v}
	case *lineView:
		return object{lineType, v}
	case *eventView:
		return object{eventType, v}
	case *Member:
		return object{memberType, v}
	case *Program:
		return object{programType, v}
	case *local:
		return object{localType, v}
	}
	return o.Registry.NativeToValue(v)
}

// property is a field of an object: as CEL's interpreter gets it, and what makes a reader of the field of a reader of the object.
type property struct {
	*types.FieldType
	of func(object any) any
}

func field[T, V any](t *types.Type, get func(T) V) property {
	return property{
		FieldType: &types.FieldType{
			Type:    t,
			IsSet:   func(any) bool { return true },
			GetFrom: func(v any) (any, error) { return boxed(get(v.(T))), nil },
		},
		of: func(object any) any {
			x, ok := object.(reader[T])
			if !ok {
				return nil
			}
			return apply(x, func(o T) (V, bool) { return get(o), true })
		},
	}
}

// kept is a field of which the interpreter has a value that was made before.
func (p property) kept(get func(object any) ref.Val) property {
	p.GetFrom = func(v any) (any, error) { return get(v), nil }
	return p
}

// boxed makes a value of CEL.
func boxed(v any) ref.Val {
	switch v := v.(type) {
	case ref.Val:
		return v
	case string:
		return types.String(v)
	case int64:
		return types.Int(v)
	case bool:
		return types.Bool(v)
	case decimal.Decimal:
		return exact{v}
	case time.Time:
		return types.Timestamp{Time: v}
	case []string:
		return types.NewStringList(registry, v)
	case map[string]string:
		return types.NewStringStringMap(registry, v)
	}
	return registry.NativeToValue(v)
}

var registry = func() objects {
	r, err := types.NewRegistry()
	if err != nil {
		panic(err) // of CEL's own types only: it cannot fail
	}
	return objects{r}
}()

// all returns the lines as a list, made once an evaluation.
func (o *orderView) all() ref.Val {
	if o.lines == nil {
		views, values := make([]lineView, len(o.Lines)), make([]ref.Val, len(o.Lines))
		for i := range o.Lines {
			views[i] = lineView{Line: &o.Lines[i], currency: o.Currency}
			values[i] = object{lineType, &views[i]}
		}
		o.lines = types.NewRefValList(registry, values)
	}
	return o.lines
}

// kinds returns the line's categories, made once an evaluation.
func (l *lineView) kinds() ref.Val {
	if l.categories == nil {
		l.categories = boxed(l.Categories)
	}
	return l.categories
}

var (
	stringList = types.NewListType(types.StringType)
	stringMap  = types.NewMapType(types.StringType, types.StringType)
)

// fields are the fields of each type, by their names in expressions. Amounts are exact decimals in major units, with the minor units beside them as int.
var fields map[string]map[string]property

func init() { // not in the declaration: the fields are found through the registry that they use
	fields = map[string]map[string]property{
		"Order": {
			"id":          field(types.StringType, func(o *orderView) string { return o.ID }),
			"currency":    field(types.StringType, func(o *orderView) string { return o.Currency }),
			"total":       field(decimalType, func(o *orderView) decimal.Decimal { return currency.Major(o.Total(), o.Currency) }),
			"total_minor": field(types.IntType, func(o *orderView) int64 { return o.Total() }),
			"discount":    field(decimalType, func(o *orderView) decimal.Decimal { return currency.Major(o.Discount, o.Currency) }),
			"tax":         field(decimalType, func(o *orderView) decimal.Decimal { return currency.Major(o.Tax, o.Currency) }),
			"shipping":    field(decimalType, func(o *orderView) decimal.Decimal { return currency.Major(o.Shipping, o.Currency) }),
			"lines":       field(types.NewListType(lineType), (*orderView).all),
			"first":       field(types.BoolType, func(o *orderView) bool { return o.First }),
			"attributes":  field(stringMap, func(o *orderView) map[string]string { return o.Attributes }),
			"time":        field(types.TimestampType, func(o *orderView) time.Time { return o.At.Time() }),
			"local":       field(localType, func(o *orderView) *local { return o.local }),
		},
		"Line": {
			"id":           field(types.StringType, func(l *lineView) string { return l.ID }),
			"sku":          field(types.StringType, func(l *lineView) string { return l.SKU }),
			"categories":   field(stringList, func(l *lineView) []string { return l.Categories }).kept(func(l any) ref.Val { return l.(*lineView).kinds() }),
			"quantity":     field(decimalType, func(l *lineView) decimal.Decimal { return l.Quantity }),
			"amount":       field(decimalType, func(l *lineView) decimal.Decimal { return currency.Major(l.Amount, l.currency) }),
			"amount_minor": field(types.IntType, func(l *lineView) int64 { return l.Amount }),
			"attributes":   field(stringMap, func(l *lineView) map[string]string { return l.Attributes }),
		},
		"Event": {
			"id":           field(types.StringType, func(e *eventView) string { return e.ID }),
			"type":         field(types.StringType, func(e *eventView) string { return e.Event.Type }),
			"amount":       field(decimalType, func(e *eventView) decimal.Decimal { return currency.Major(e.Amount, e.Currency) }),
			"amount_minor": field(types.IntType, func(e *eventView) int64 { return e.Amount }),
			"currency":     field(types.StringType, func(e *eventView) string { return e.Currency }),
			"attributes":   field(stringMap, func(e *eventView) map[string]string { return e.Attributes }),
			"time":         field(types.TimestampType, func(e *eventView) time.Time { return e.At.Time() }),
			"local":        field(localType, func(e *eventView) *local { return e.local }),
		},
		"Member": {
			"id":              field(types.StringType, func(m *Member) string { return m.ID }),
			"tier":            field(types.StringType, func(m *Member) string { return m.Tier }),
			"tags":            field(stringList, func(m *Member) []string { return m.Tags }),
			"attributes":      field(stringMap, func(m *Member) map[string]string { return m.Attributes }),
			"enrolled_at":     field(types.TimestampType, func(m *Member) time.Time { return m.EnrolledAt.Time() }),
			"lifetime_earned": field(types.IntType, func(m *Member) int64 { return m.LifetimeEarned }),
			"orders":          field(types.IntType, func(m *Member) int64 { return m.Orders }),
		},
		"Program": {
			"id":       field(types.StringType, func(p *Program) string { return p.ID }),
			"zone":     field(types.StringType, func(p *Program) string { return p.Zone }),
			"currency": field(types.StringType, func(p *Program) string { return p.Currency }),
		},
		"Local": { // the time of the order or event as the programme's zone has it
			"year":    field(types.IntType, func(l *local) int64 { return int64(l.date.Year) }),
			"month":   field(types.IntType, func(l *local) int64 { return int64(l.date.Month) }),
			"day":     field(types.IntType, func(l *local) int64 { return int64(l.date.Day) }),
			"weekday": field(types.IntType, func(l *local) int64 { return int64(weekday(l.date.Weekday())) }),
			"hour":    field(types.IntType, func(l *local) int64 { return int64(l.minute / 60) }),
			"minute":  field(types.IntType, func(l *local) int64 { return int64(l.minute % 60) }),
			"date":    field(types.StringType, func(l *local) string { return l.date.String() }),
		},
	}
}
