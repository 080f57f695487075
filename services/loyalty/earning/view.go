package earning

import (
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"renown.example/kit/clock"
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
	return f, ok
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

func field[T any](t *types.Type, get func(T) ref.Val) *types.FieldType {
	return &types.FieldType{
		Type:    t,
		IsSet:   func(any) bool { return true },
		GetFrom: func(v any) (any, error) { return get(v.(T)), nil },
	}
}

func text(s string) ref.Val                  { return types.String(s) }
func instant(m clock.Millis) ref.Val         { return types.Timestamp{Time: m.Time()} }
func list(s []string) ref.Val                { return types.NewStringList(registry, s) }
func dictionary(m map[string]string) ref.Val { return types.NewStringStringMap(registry, m) }

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
		l.categories = list(l.Categories)
	}
	return l.categories
}

func money(minor int64, code string) ref.Val { return exact{currency.Major(minor, code)} }

var (
	stringList = types.NewListType(types.StringType)
	stringMap  = types.NewMapType(types.StringType, types.StringType)
)

// fields are the fields of each type, by their names in expressions. Amounts are exact decimals in major units, with the minor units beside them as int.
var fields map[string]map[string]*types.FieldType

func init() { // not in the declaration: the fields are found through the registry that they use
	fields = map[string]map[string]*types.FieldType{
		"Order": {
			"id":          field(types.StringType, func(o *orderView) ref.Val { return text(o.ID) }),
			"currency":    field(types.StringType, func(o *orderView) ref.Val { return text(o.Currency) }),
			"total":       field(decimalType, func(o *orderView) ref.Val { return money(o.Total(), o.Currency) }),
			"total_minor": field(types.IntType, func(o *orderView) ref.Val { return types.Int(o.Total()) }),
			"discount":    field(decimalType, func(o *orderView) ref.Val { return money(o.Discount, o.Currency) }),
			"tax":         field(decimalType, func(o *orderView) ref.Val { return money(o.Tax, o.Currency) }),
			"shipping":    field(decimalType, func(o *orderView) ref.Val { return money(o.Shipping, o.Currency) }),
			"lines":       field(types.NewListType(lineType), (*orderView).all),
			"first":       field(types.BoolType, func(o *orderView) ref.Val { return types.Bool(o.First) }),
			"attributes":  field(stringMap, func(o *orderView) ref.Val { return dictionary(o.Attributes) }),
			"time":        field(types.TimestampType, func(o *orderView) ref.Val { return instant(o.At) }),
			"local":       field(localType, func(o *orderView) ref.Val { return object{localType, o.local} }),
		},
		"Line": {
			"id":           field(types.StringType, func(l *lineView) ref.Val { return text(l.ID) }),
			"sku":          field(types.StringType, func(l *lineView) ref.Val { return text(l.SKU) }),
			"categories":   field(stringList, (*lineView).kinds),
			"quantity":     field(decimalType, func(l *lineView) ref.Val { return exact{l.Quantity} }),
			"amount":       field(decimalType, func(l *lineView) ref.Val { return money(l.Amount, l.currency) }),
			"amount_minor": field(types.IntType, func(l *lineView) ref.Val { return types.Int(l.Amount) }),
			"attributes":   field(stringMap, func(l *lineView) ref.Val { return dictionary(l.Attributes) }),
		},
		"Event": {
			"id":           field(types.StringType, func(e *eventView) ref.Val { return text(e.ID) }),
			"type":         field(types.StringType, func(e *eventView) ref.Val { return text(e.Event.Type) }),
			"amount":       field(decimalType, func(e *eventView) ref.Val { return money(e.Amount, e.Currency) }),
			"amount_minor": field(types.IntType, func(e *eventView) ref.Val { return types.Int(e.Amount) }),
			"currency":     field(types.StringType, func(e *eventView) ref.Val { return text(e.Currency) }),
			"attributes":   field(stringMap, func(e *eventView) ref.Val { return dictionary(e.Attributes) }),
			"time":         field(types.TimestampType, func(e *eventView) ref.Val { return instant(e.At) }),
			"local":        field(localType, func(e *eventView) ref.Val { return object{localType, e.local} }),
		},
		"Member": {
			"id":              field(types.StringType, func(m *Member) ref.Val { return text(m.ID) }),
			"tier":            field(types.StringType, func(m *Member) ref.Val { return text(m.Tier) }),
			"tags":            field(stringList, func(m *Member) ref.Val { return list(m.Tags) }),
			"attributes":      field(stringMap, func(m *Member) ref.Val { return dictionary(m.Attributes) }),
			"enrolled_at":     field(types.TimestampType, func(m *Member) ref.Val { return instant(m.EnrolledAt) }),
			"lifetime_earned": field(types.IntType, func(m *Member) ref.Val { return types.Int(m.LifetimeEarned) }),
			"orders":          field(types.IntType, func(m *Member) ref.Val { return types.Int(m.Orders) }),
		},
		"Program": {
			"id":       field(types.StringType, func(p *Program) ref.Val { return text(p.ID) }),
			"zone":     field(types.StringType, func(p *Program) ref.Val { return text(p.Zone) }),
			"currency": field(types.StringType, func(p *Program) ref.Val { return text(p.Currency) }),
		},
		"Local": { // the time of the order or event as the programme's zone has it
			"year":    field(types.IntType, func(l *local) ref.Val { return types.Int(l.date.Year) }),
			"month":   field(types.IntType, func(l *local) ref.Val { return types.Int(l.date.Month) }),
			"day":     field(types.IntType, func(l *local) ref.Val { return types.Int(l.date.Day) }),
			"weekday": field(types.IntType, func(l *local) ref.Val { return types.Int(weekday(l.date.Weekday())) }),
			"hour":    field(types.IntType, func(l *local) ref.Val { return types.Int(l.minute / 60) }),
			"minute":  field(types.IntType, func(l *local) ref.Val { return types.Int(l.minute % 60) }),
			"date":    field(types.StringType, func(l *local) ref.Val { return text(l.date.String()) }),
		},
	}
}
