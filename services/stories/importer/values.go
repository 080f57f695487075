package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is what a field of front matter or a component says, whichever way it is written.
type value struct {
	line   int
	text   string // when it is neither a list nor a table
	list   []value
	fields []field
	kind   kind
}

type kind int

const (
	nothing kind = iota
	single
	listed
	table
)

type field struct {
	key   string
	line  int
	value value
}

// Bounds of front matter: aliases of YAML can make much of little.
const (
	maxValues = 20_000
	maxInside = 32
)

var errTooMuch = errors.New("there is too much in it")

// get finds a field by its plain key.
func get(fields []field, keys ...string) (field, bool) {
	for _, k := range keys {
		for _, f := range fields {
			if plainKey(f.key) == k && f.value.kind != nothing {
				return f, true
			}
		}
	}
	return field{}, false
}

// plainKey is a key without the ways in which sites differ: "heroImage", "hero-image" and "hero_image" are one.
func plainKey(k string) string { return strings.ToLower(joints.Replace(k)) }

var joints = strings.NewReplacer("_", "", "-", "", " ", "", ".", "")

// words returns what the value says on one line, when it is a single one.
func (v value) words() string {
	if v.kind != single {
		return ""
	}
	return strings.TrimSpace(v.text)
}

// String writes the value as YAML does, for people.
func (v value) String() string {
	if v.kind == single || v.kind == nothing {
		return v.text
	}
	b, err := yaml.Marshal(v.node())
	if err != nil {
		return v.text
	}
	return strings.TrimRight(string(b), "\n")
}

func (v value) node() *yaml.Node {
	switch v.kind {
	case listed:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v.list {
			n.Content = append(n.Content, item.node())
		}
		return n
	case table:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, f := range v.fields {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: f.key}, f.value.node())
		}
		return n
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: v.text}
}

// fromYAML reads a mapping; first is the line of the file on which the text begins.
func fromYAML(text string, first int) (value, int, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		at := first
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil && m[1] != "" {
			if n, err := strconv.Atoi(m[1]); err == nil {
				at = first + n - 1
			}
		}
		return value{}, at, err
	}
	if len(doc.Content) == 0 {
		return value{kind: nothing, line: first}, first, nil
	}
	left := maxValues
	v, err := ofNode(doc.Content[0], first, maxInside, &left)
	return v, first, err
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func ofNode(n *yaml.Node, first, deep int, left *int) (value, error) {
	if *left--; *left < 0 || deep == 0 {
		return value{}, errTooMuch
	}
	v := value{line: first + n.Line - 1}
	switch n.Kind {
	case yaml.AliasNode:
		return ofNode(n.Alias, first, deep-1, left)
	case yaml.SequenceNode:
		v.kind = listed
		for _, c := range n.Content {
			item, err := ofNode(c, first, deep-1, left)
			if err != nil {
				return v, err
			}
			v.list = append(v.list, item)
		}
	case yaml.MappingNode:
		v.kind = table
		for i := 0; i+1 < len(n.Content); i += 2 {
			item, err := ofNode(n.Content[i+1], first, deep-1, left)
			if err != nil {
				return v, err
			}
			v.fields = append(v.fields, field{key: n.Content[i].Value, line: first + n.Content[i].Line - 1, value: item})
		}
	default:
		if v.kind, v.text = single, n.Value; n.Tag == "!!null" || strings.TrimSpace(n.Value) == "" {
			v.kind = nothing
		}
	}
	return v, nil
}

// fromJSON reads one JSON object at the beginning of text and returns what follows it.
func fromJSON(text string, first int) (v value, rest string, at int, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	lineAt := func() int { return first + strings.Count(text[:d.InputOffset()], "\n") }
	left := maxValues
	v, err = readJSON(d, lineAt, maxInside, &left)
	return v, text[d.InputOffset():], lineAt(), err
}

func readJSON(d *json.Decoder, lineAt func() int, deep int, left *int) (value, error) {
	if *left--; *left < 0 || deep == 0 {
		return value{}, errTooMuch
	}
	t, err := d.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return value{}, err
	}
	v := value{line: lineAt(), kind: single}
	switch t := t.(type) {
	case json.Delim:
		v.kind = listed
		if t == '{' {
			v.kind = table
		}
		for d.More() {
			f := field{line: lineAt()}
			if t == '{' {
				key, err := d.Token()
				if err != nil {
					return v, err
				}
				f.key, f.line = fmt.Sprint(key), lineAt()
			}
			if f.value, err = readJSON(d, lineAt, deep-1, left); err != nil {
				return v, err
			}
			if t == '{' {
				v.fields = append(v.fields, f)
			} else {
				v.list = append(v.list, f.value)
			}
		}
		_, err = d.Token()
		return v, err
	case nil:
		v.kind = nothing
	default:
		if v.text = fmt.Sprint(t); strings.TrimSpace(v.text) == "" {
			v.kind = nothing
		}
	}
	return v, nil
}

// frontMatter splits a page into its front matter and what follows. The body keeps its place: lines before it are blank in it.
func frontMatter(text string) (fields []field, body string, line int, err error) {
	first, rest, more := strings.Cut(text, "\n")
	mark := strings.TrimRight(first, " \t")
	var v value
	switch {
	case mark == "---" || mark == "---yaml" || mark == "+++" || mark == "---toml" || mark == ";;;" || mark == "---json":
		end := mark[:3]
		inner, after, found := cutLine(rest, end)
		if !more || !found {
			if mark == "---" { // a rule, not front matter
				return nil, text, 1, nil
			}
			return nil, text, 1, fmt.Errorf("the front matter is not ended by a line %q", end)
		}
		switch {
		case mark == "+++" || mark == "---toml":
			v, line, err = fromTOML(inner, 2)
		case mark == ";;;" || mark == "---json":
			v, _, line, err = fromJSON(inner, 2)
		default:
			v, line, err = fromYAML(inner, 2)
			if err == nil && v.kind != table && v.kind != nothing { // a passage between two rules
				return nil, text, 1, nil
			}
		}
		body = strings.Repeat("\n", strings.Count(text, "\n")-strings.Count(after, "\n")) + after
	case strings.HasPrefix(strings.TrimLeft(text, " \t\n"), "{\n") || strings.HasPrefix(mark, `{"`) || mark == "{":
		if !json.Valid(leading(text)) {
			return nil, text, 1, nil
		}
		var after string
		v, after, line, err = fromJSON(text, 1)
		body = strings.Repeat("\n", strings.Count(text, "\n")-strings.Count(after, "\n")) + after
	default:
		return nil, text, 1, nil
	}
	return v.fields, body, line, err
}

// leading returns the JSON value with which a text begins, or what is none.
func leading(text string) []byte {
	var raw json.RawMessage
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&raw); err != nil {
		return nil
	}
	return bytes.TrimSpace(raw)
}

// cutLine splits at the first line that is end.
func cutLine(s, end string) (before, after string, found bool) {
	at := 0
	for l := range strings.SplitAfterSeq(s, "\n") {
		if strings.TrimRight(l, " \t\n") == end {
			return s[:at], s[at+len(l):], true
		}
		at += len(l)
	}
	return s, "", false
}
