package store

import (
	"fmt"
	"math"
	"reflect"

	"renown.example/kit/fault"
)

// Plan is a Query checked against its table's declaration, with every value a string, int64 or bool. Engines execute it.
type Plan struct {
	// Index is the declared index; without a name it is the order of ids.
	Index Index
	// Equal holds the values of the index's leading fields.
	Equal []any
	// From and Before bound the next field, nil where there is no bound.
	From, Before any
	// Rest are the index's fields after those of Equal: the answer is ordered by them, then by id.
	Rest []string
	// After holds the values of Rest and the id behind which the answer continues; nil from the start.
	After      *Position
	Descending bool
	Limit      int
}

// Field returns the name of the field that From and Before are about, "" for the id.
func (p *Plan) Field() string {
	if len(p.Rest) == 0 {
		return ""
	}
	return p.Rest[0]
}

// Plan checks q. A position that does not belong to the query is fault.PageTokenInvalid; any other error is a mistake of the program.
func (s *Spec) Plan(q Query) (Plan, error) {
	ix, err := s.Index(q.Index)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Index: ix, Descending: q.Descending, Limit: q.Limit}
	// One more than MaxLimit is allowed, so that Table.Find learns whether there is a next page.
	if p.Limit <= 0 || p.Limit > MaxLimit+1 {
		p.Limit = MaxLimit
	}
	fields := max(len(ix.Fields), 1)
	bounded := q.From != nil || q.Before != nil
	if len(q.Equal) > fields || (bounded && len(q.Equal) == fields) {
		return Plan{}, fmt.Errorf("store: table %s: a query gives more values than index %q has fields", s.Name, q.Index)
	}
	if p.Equal, err = scalars(q.Equal); err != nil {
		return Plan{}, fmt.Errorf("store: table %s: index %q: %w", s.Name, q.Index, err)
	}
	if p.From, p.Before, err = bounds(q); err != nil {
		return Plan{}, fmt.Errorf("store: table %s: index %q: %w", s.Name, q.Index, err)
	}
	if len(ix.Fields) > 0 {
		p.Rest = ix.Fields[len(q.Equal):]
	}
	if q.After != "" {
		err = p.continueAfter(q.After)
	}
	return p, err
}

func bounds(q Query) (from, before any, err error) {
	if q.From != nil {
		if from, err = Scalar(q.From); err != nil {
			return nil, nil, err
		}
	}
	if q.Before != nil {
		before, err = Scalar(q.Before)
	}
	return from, before, err
}

func (p *Plan) continueAfter(after string) error {
	pos, err := ParsePosition(p.Index, after)
	if err != nil {
		return err
	}
	for i, v := range p.Equal {
		at := any(pos.ID)
		if len(p.Index.Fields) > 0 {
			at = pos.Values[i]
		}
		if at != v {
			return fault.PageTokenInvalid.New("the position does not belong to this query")
		}
	}
	if len(p.Index.Fields) > 0 {
		pos.Values = pos.Values[len(p.Equal):]
	}
	p.After = &pos
	return nil
}

func scalars(vs []any) ([]any, error) {
	if len(vs) == 0 {
		return nil, nil
	}
	out := make([]any, len(vs))
	for i, v := range vs {
		var err error
		if out[i], err = Scalar(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Scalar converts a value of a string, integer or boolean type to string, int64 or bool, the only types that indexes hold.
func Scalar(v any) (any, error) {
	switch v := v.(type) {
	case string, int64, bool:
		return v, nil
	}
	r := reflect.ValueOf(v)
	switch {
	case r.Kind() == reflect.String:
		return r.String(), nil
	case r.Kind() == reflect.Bool:
		return r.Bool(), nil
	case r.CanInt():
		return r.Int(), nil
	case r.CanUint() && r.Uint() <= math.MaxInt64:
		return int64(r.Uint()), nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be looked up in an index", v)
}

// Less compares two values of one type that Scalar returns; of different types none is less.
func Less(a, b any) bool {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return ok && a < b
	case int64:
		b, ok := b.(int64)
		return ok && a < b
	case bool:
		b, ok := b.(bool)
		return ok && !a && b
	}
	return false
}
