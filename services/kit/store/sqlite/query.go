package sqlite

import (
	"fmt"
	"strings"

	"renown.example/kit/store"
)

// bounds are the limits of the first field after the equal ones, nil where there is none.
type bounds struct {
	from, to any
	// through says that to itself is inside.
	through bool
}

// limits returns the narrower of the query's bounds and those that follow from its position. SQLite compares rows of values as a whole only over plain columns;
// over expressions it would read the index from its beginning up to the position.
func limits(k kind, p *store.Plan) bounds {
	b := bounds{from: p.From, to: p.Before}
	if k != kindFind || p.After == nil || len(p.Rest) == 0 {
		return b
	}
	at := p.After.Values[0]
	switch {
	case p.Descending && (b.to == nil || store.Less(at, b.to)):
		b.to, b.through = at, true
	case !p.Descending && (b.from == nil || store.Less(b.from, at)):
		b.from = at
	}
	return b
}

// selection returns the prepared statement and its arguments for a plan: of rows, or of their number.
func (c *conn) selection(t *table, k kind, p *store.Plan) (*stmt, []any, error) {
	b := limits(k, p)
	key := stmtKey{table: t, kind: k, index: p.Index.Name, equal: len(p.Equal), from: b.from != nil, to: b.to != nil, through: b.through}
	args := append(make([]any, 0, 8), p.Equal...)
	if b.from != nil {
		args = append(args, b.from)
	}
	if b.to != nil {
		args = append(args, b.to)
	}
	if k == kindFind {
		key.descending, key.after = p.Descending, p.After != nil
		if p.After != nil {
			args = append(args, p.After.Values...)
			if endsWithID(p) {
				args = append(args, p.After.ID)
			}
		}
		args = append(args, int64(p.Limit))
	}
	s, err := c.prepared(key, func() string { return t.selection(k, p) })
	return s, args, err
}

func (t *table) selection(k kind, p *store.Plan) string {
	var b strings.Builder
	what := columns
	if k == kindCount {
		what = "count(*)"
	}
	fmt.Fprintf(&b, `SELECT %s FROM "%s"`, what, t.spec.Name)
	if p.Index.Name != "" {
		fmt.Fprintf(&b, ` INDEXED BY "%s"`, t.indexName(p.Index))
	}
	if where := conditions(k, p); len(where) > 0 {
		b.WriteString(" WHERE " + strings.Join(where, " AND "))
	}
	if k == kindCount {
		return b.String()
	}
	direction := ""
	if p.Descending {
		direction = " DESC"
	}
	b.WriteString(" ORDER BY " + strings.Join(ordering(p), direction+", ") + direction + " LIMIT ?")
	return b.String()
}

// conditions are in the order in which selection gives their values. Those of presence repeat the index's own, without which SQLite would not use it.
func conditions(k kind, p *store.Plan) []string {
	var where []string
	for _, f := range p.Index.Fields {
		where = append(where, expr(f)+" IS NOT NULL")
	}
	fields := p.Index.Fields
	if p.Index.Name == "" {
		fields = []string{""}
	}
	for i := range p.Equal {
		where = append(where, column(fields[i])+" = ?")
	}
	b := limits(k, p)
	if b.from != nil {
		where = append(where, column(p.Field())+" >= ?")
	}
	switch {
	case b.through:
		where = append(where, column(p.Field())+" <= ?")
	case b.to != nil:
		where = append(where, column(p.Field())+" < ?")
	}
	if k == kindFind && p.After != nil {
		compare := " > "
		if p.Descending {
			compare = " < "
		}
		terms := ordering(p)
		where = append(where, "("+strings.Join(terms, ", ")+")"+compare+"("+strings.TrimSuffix(strings.Repeat("?, ", len(terms)), ", ")+")")
	}
	return where
}

func column(field string) string {
	if field == "" {
		return "id"
	}
	return expr(field)
}

// ordering lists what the answer is ordered by.
func ordering(p *store.Plan) []string {
	var terms []string
	for _, f := range p.Rest {
		terms = append(terms, expr(f))
	}
	if endsWithID(p) {
		terms = append(terms, "id")
	}
	return terms
}

// endsWithID reports whether the id is needed to order rows: the fields of a unique index tell them apart without it, and it is not in that index.
func endsWithID(p *store.Plan) bool { return !p.Index.Unique || len(p.Rest) == 0 }
