package importer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// fromTOML reads a TOML document.
func fromTOML(text string, first int) (value, int, error) {
	var m map[string]any
	if err := toml.Unmarshal([]byte(text), &m); err != nil {
		at := first
		if e := (*toml.DecodeError)(nil); errors.As(err, &e) {
			row, _ := e.Position()
			at = first + row - 1
		}
		return value{}, at, err
	}
	left := maxValues
	v, err := ofAny(m, "", tomlLines(text, first), maxInside, &left)
	return v, first, err
}

// tomlLines tells on which line each value stands, by its path, such as "results[1].label". What has no line of its own stands where the value around it does.
func tomlLines(text string, first int) func(path string) int {
	lines, counts := map[string]int{}, map[string]int{}
	var p unstable.Parser
	p.Reset([]byte(text))
	walk := func(at string, it unstable.Iterator) string {
		for it.Next() {
			// A table inside of a list of tables belongs to the last of them.
			if n := counts[at]; n > 0 {
				at += "[" + itoa(n-1) + "]"
			}
			at = strings.TrimPrefix(at+"."+string(it.Node().Data), ".")
			if lines[at] == 0 {
				lines[at] = first + p.Shape(it.Node().Raw).Start.Line - 1
			}
		}
		return at
	}
	table := ""
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = walk("", e.Key())
		case unstable.ArrayTable:
			table = walk("", e.Key())
			key := e.Key()
			key.Next()
			lines[table+"["+itoa(counts[table])+"]"] = first + p.Shape(key.Node().Raw).Start.Line - 1
			counts[table]++
		case unstable.KeyValue:
			walk(table, e.Key())
		}
	}
	return func(path string) int {
		for path != "" {
			if at := lines[path]; at > 0 {
				return at
			}
			path = path[:max(strings.LastIndexAny(path, ".["), 0)]
		}
		return first
	}
}

func ofAny(x any, path string, lineOf func(string) int, deep int, left *int) (value, error) {
	if *left--; *left < 0 || deep == 0 {
		return value{}, errTooMuch
	}
	v := value{line: lineOf(path), kind: single}
	switch x := x.(type) {
	case nil:
		v.kind = nothing
	case string:
		if v.text = x; strings.TrimSpace(x) == "" {
			v.kind = nothing
		}
	case time.Time:
		v.text = x.Format(time.RFC3339)
	case []any:
		v.kind = listed
		for i, c := range x {
			item, err := ofAny(c, path+"["+itoa(i)+"]", lineOf, deep-1, left)
			if err != nil {
				return v, err
			}
			v.list = append(v.list, item)
		}
	case map[string]any:
		v.kind = table
		for _, k := range slices.Sorted(maps.Keys(x)) {
			item, err := ofAny(x[k], strings.TrimPrefix(path+"."+k, "."), lineOf, deep-1, left)
			if err != nil {
				return v, err
			}
			v.fields = append(v.fields, field{key: k, line: item.line, value: item})
		}
		slices.SortStableFunc(v.fields, func(a, b field) int { return a.line - b.line })
	default:
		v.text = fmt.Sprint(x)
	}
	return v, nil
}
