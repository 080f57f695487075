package roster

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"renown.example/loyalty/member"
)

// Reader reads the members of a file one by one.
type Reader struct {
	mapping Mapping
	lines   *lines
	table   *table
	number  int64
	// targets are what the columns of a table become.
	targets []string
	// passed are names of a JSON file that were passed over.
	passed map[string]bool
	// ahead is a row that was read to see whether it belongs to the one before.
	ahead *Row
	ended error
}

// NewReader begins to read a file. Whether it is CSV or JSON lines is seen from its first byte. Without a mapping, every column must be one of Renown's own form.
func NewReader(in io.Reader, mapping *Mapping) (*Reader, error) {
	r := &Reader{mapping: Own(), passed: map[string]bool{}}
	if mapping != nil {
		r.mapping = *mapping
	}
	text, err := decoded(in, r.mapping.Encoding)
	if err != nil {
		return nil, err
	}
	r.lines = &lines{in: text}
	first, err := text.Peek(1)
	for err == nil && strings.ContainsAny(string(first), " \t\r\n") {
		if first[0] == '\n' {
			r.lines.number++
		}
		if _, err = text.Discard(1); err == nil {
			first, err = text.Peek(1)
		}
	}
	switch {
	case err == nil && first[0] == '{':
		return r, nil
	case err == nil && first[0] == '[':
		return nil, errors.New("the file is one JSON array: write one object a line instead (jq -c '.[]' does it)")
	}
	if r.table, err = newTable(r.lines, r.mapping.Delimiter); err != nil {
		return nil, err
	}
	return r, r.head(mapping == nil)
}

// head finds out what the columns become.
func (r *Reader) head(own bool) error {
	found := false
	var unknown []string
	for _, name := range r.table.header {
		target := r.mapping.target(name)
		if target == "" && name != "" {
			unknown = append(unknown, fmt.Sprintf("%q", name))
		}
		_, identifies := kinds[target]
		found = found || identifies
		r.targets = append(r.targets, target)
	}
	columns := strings.Join(r.table.header, ", ")
	if len([]rune(columns)) > 200 {
		columns = string([]rune(columns)[:199]) + "…"
	}
	switch {
	case !found:
		return fmt.Errorf("no column says by what a member is found (external, email, phone or card); the columns are %s: say in a mapping what they become", columns)
	case own && len(unknown) > 0:
		return fmt.Errorf("the columns %s are unknown: say in a mapping what they become, or \"skip\"", strings.Join(unknown, ", "))
	}
	return nil
}

// Passed lists the columns that nobody has named and that are passed over; of JSON, those that were met so far.
func (r *Reader) Passed() []string {
	out := slices.Sorted(maps.Keys(r.passed))
	for i, target := range r.targets {
		if target == "" && r.table.header[i] != "" {
			out = append(out, r.table.header[i])
		}
	}
	return out
}

var kinds = map[string]member.Kind{"external": member.External, "email": member.Email, "phone": member.Phone, "card": member.Card}

// Next returns the next member. io.EOF at the end of the file; any other error is one of reading it. What is wrong with a member is among its problems.
func (r *Reader) Next() (*Row, error) {
	row := r.ahead
	r.ahead = nil
	if row == nil && r.ended == nil {
		row, r.ended = r.row()
	}
	if row == nil {
		return nil, r.ended
	}
	for r.table != nil && r.ended == nil && len(row.Balances)+len(row.Problems) > 0 && len(row.Balances)+len(row.Problems) < maxBalances {
		next, err := r.row()
		if err != nil {
			r.ended = err
			break
		}
		if !row.same(next) {
			r.ahead = next
			break
		}
		join(row, next)
	}
	r.number++
	row.Number = r.number
	return row, nil
}

// join adds the balance of a line to the member of the lines before.
func join(row, next *Row) {
	for path, column := range next.Columns {
		if rest, ok := strings.CutPrefix(path, "balances[0]"); ok {
			row.Columns[fmt.Sprintf("balances[%d]%s", len(row.Balances), rest)] = column
		}
	}
	if row.Lines == nil {
		row.Lines = slices.Repeat([]int{row.Line}, len(row.Balances))
	}
	row.Balances, row.Lines = append(row.Balances, next.Balances...), append(row.Lines, slices.Repeat([]int{next.Line}, len(next.Balances))...)
	row.Problems, row.Notes = append(row.Problems, next.Problems...), append(row.Notes, next.Notes...)
}

// row reads one line, or object.
func (r *Reader) row() (*Row, error) {
	if r.table == nil {
		return r.object()
	}
	rec, err := r.table.read()
	if err != nil {
		return nil, err
	}
	b := newBuilder(&r.mapping, rec.line)
	switch {
	case rec.problem != "":
		b.row.problem(rec.line, "", rec.problem)
		return b.row, nil
	case r.table.excess(&rec):
		b.row.problem(rec.line, "", fmt.Sprintf("the line has %d columns and the head has %d: is there a %q in a value without quotation marks?", len(rec.cells), len(r.table.header),
			r.table.delimiter))
		return b.row, nil
	}
	for i, cell := range rec.cells {
		if cell = unguarded(cell); r.several(r.targets[i]) {
			for _, one := range r.mapping.list(cell) {
				b.set(r.targets[i], r.table.header[i], one)
			}
			continue
		}
		b.set(r.targets[i], r.table.header[i], cell)
	}
	b.balance()
	return b.done(), nil
}

// several reports whether a column can hold several values.
func (r *Reader) several(target string) bool {
	_, identifies := kinds[target]
	return identifies || target == "tags"
}

// object reads one JSON object.
func (r *Reader) object() (*Row, error) {
	text, err := r.lines.next()
	for err == nil && strings.TrimSpace(text) == "" {
		text, err = r.lines.next()
	}
	b := newBuilder(&r.mapping, r.lines.number)
	b.passed = r.passed
	if errors.Is(err, errLong) {
		b.row.problem(b.row.Line, "", err.Error())
		return b.row, nil
	}
	if err != nil {
		return nil, err
	}
	if err := legible(text); err != nil {
		b.row.problem(b.row.Line, "", err.Error())
		return b.row, nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var doc map[string]any
	err = d.Decode(&doc)
	if err == nil && (doc == nil || d.More()) {
		err = errors.New("more than one value")
	}
	if err != nil {
		b.row.problem(b.row.Line, "", fmt.Sprintf("the line is no JSON object: %v", err))
		return b.row, nil
	}
	b.document("", doc)
	b.balance()
	return b.done(), nil
}

// document takes the members of an object, by the paths that lead to them.
func (b *builder) document(path string, doc map[string]any) {
	if path != "" {
		path += "."
	}
	rank := func(key string) int { return slices.Index(Targets, b.mapping.target(path+key)) }
	keys := slices.SortedFunc(maps.Keys(doc), func(x, y string) int { return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x, y)) })
	for _, key := range keys {
		b.member(path+key, doc[key])
	}
}

func (b *builder) member(name string, value any) {
	target := b.mapping.target(name)
	list, isList := value.([]any)
	inner, isObject := value.(map[string]any)
	switch {
	case value == nil || target == "skip":
	case target == "" && name == "attributes" && isObject:
		for _, key := range slices.Sorted(maps.Keys(inner)) {
			b.scalar(attributePrefix+key, name+"."+key, inner[key])
		}
	case target == "" && name == "balances" && isList:
		b.balances(list)
	case target == "" && isObject:
		b.document(name, inner)
	case target == "" && b.mapping.Columns == nil:
		b.row.problem(b.row.Line, name, "it is unknown: say in a mapping what it becomes, or \"skip\"")
	case target == "":
		b.pass(name)
	case isList:
		for _, one := range list {
			b.scalar(target, name, one)
		}
	default:
		b.scalar(target, name, value)
	}
}

// balances takes the balances of an object in Renown's own form.
func (b *builder) balances(list []any) {
	for _, one := range list {
		doc, ok := one.(map[string]any)
		if !ok {
			b.row.problem(b.row.Line, "balances", "a balance is an object")
			return
		}
		for _, key := range slices.Sorted(maps.Keys(doc)) {
			if !slices.Contains(Targets[7:15], key) {
				b.row.problem(b.row.Line, "balances."+key, "it is unknown")
				continue
			}
			b.scalar(key, "balances."+key, doc[key])
		}
		b.balance()
	}
}

// pass notes a name that is passed over. A file that names ever more has no end of them.
func (b *builder) pass(name string) {
	if len(b.passed) < maxColumns {
		b.passed[name] = true
	}
}

func (b *builder) scalar(target, name string, value any) {
	switch v := value.(type) {
	case nil:
	case string:
		b.set(target, name, v)
	case bool:
		b.set(target, name, fmt.Sprint(v))
	case json.Number:
		b.set(target, name, v.String())
	default:
		if target != "" {
			b.row.problem(b.row.Line, name, "it is neither a text nor a number")
		}
	}
}
