package domain

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// entry is one "key: value" of a YAML mapping, with the line of the file on which it stands.
type entry struct {
	key  string
	line int
	node *yaml.Node
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// mapping reads lines, which begin on line first of the file, as one flat YAML mapping. Only plain values and lists are wanted in a story: anchors, aliases,
// tags and repeated keys are reported, values are taken as the text that stands there and never as numbers, dates or truth values.
func (p *parser) mapping(lines []string, first int) []entry {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(strings.Join(lines, "\n")), &doc); err != nil {
		at, message := first, err.Error()
		if m := yamlLine.FindStringSubmatch(message); m != nil {
			message = m[2]
			if n, err := strconv.Atoi(m[1]); err == nil {
				at = first + n - 1
			}
		}
		if strings.Contains(message, "mapping values are not allowed") {
			message += `; put quotes around a value that contains ": "`
		}
		p.refuse(min(at, first+max(len(lines)-1, 0)), "this is not valid YAML: %s", message)
		return nil
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return p.entries(doc.Content[0], first)
}

func (p *parser) entries(node *yaml.Node, first int) []entry {
	at := first + node.Line - 1
	if node.Kind != yaml.MappingNode {
		p.refuse(at, "expected lines of the form \"key: value\"")
		return nil
	}
	var out []entry
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		k, v := node.Content[i], node.Content[i+1]
		e := entry{key: k.Value, line: first + k.Line - 1, node: v}
		switch {
		case k.Kind != yaml.ScalarNode || k.Tag == "!!merge":
			p.refuse(e.line, "a key must be a plain word")
		case seen[e.key]:
			p.refuse(e.line, "%q stands twice", e.key)
		case !tame(k) || !tame(v):
			p.refuse(e.line, "%q uses an anchor, an alias or a tag of YAML, which stories do not", e.key)
		default:
			out = append(out, e)
		}
		seen[e.key] = true
	}
	return out
}

func tame(n *yaml.Node) bool {
	return n.Kind != yaml.AliasNode && n.Anchor == "" && n.Style&yaml.TaggedStyle == 0
}

// text returns a single value; an absent one ("key:") is the empty text.
func (p *parser) text(e entry) string {
	if e.node.Kind != yaml.ScalarNode {
		p.refuse(e.line, "%q takes a single value", e.key)
		return ""
	}
	if e.node.Tag == "!!null" {
		return ""
	}
	return e.node.Value
}

// list returns the values of a list; a single value is a list of one.
func (p *parser) list(e entry) []string {
	if e.node.Kind == yaml.ScalarNode {
		if s := p.text(e); s != "" {
			return []string{s}
		}
		return nil
	}
	var out []string
	if e.node.Kind != yaml.SequenceNode {
		p.refuse(e.line, "%q takes a list", e.key)
		return nil
	}
	for _, item := range e.node.Content {
		if item.Kind != yaml.ScalarNode || !tame(item) {
			p.refuse(e.line, "%q takes a list of plain values", e.key)
			return nil
		}
		out = append(out, item.Value)
	}
	return out
}

// truth returns a value that must be true or false.
func (p *parser) truth(e entry) bool {
	switch s := p.text(e); s {
	case "true":
		return true
	case "false":
		return false
	default:
		p.refuse(e.line, "%q must be true or false", e.key)
		return false
	}
}

// pair writes one "key: value" line, or several for a value of several lines, each indented by indent.
func pair(out *strings.Builder, indent, key, value string) {
	out.WriteString(indent + key + ": ")
	if strings.Contains(value, "\n") && literal(value) {
		out.WriteString("|-\n")
		for l := range strings.SplitSeq(value, "\n") {
			if l != "" {
				out.WriteString(indent + "  " + l)
			}
			out.WriteByte('\n')
		}
		return
	}
	out.WriteString(scalar(value) + "\n")
}

// sequence writes "key: [a, b]".
func sequence(out *strings.Builder, indent, key string, values []string) {
	items := make([]string, 0, len(values))
	for _, v := range values {
		s := scalar(v)
		if !flowScalar.MatchString(s) {
			s = quoted(v)
		}
		items = append(items, s)
	}
	out.WriteString(indent + key + ": [" + strings.Join(items, ", ") + "]\n")
}

// literal reports whether value reads back unchanged from a block scalar.
func literal(value string) bool {
	if strings.HasPrefix(value, " ") || strings.HasPrefix(value, "\n") || strings.HasSuffix(value, "\n") {
		return false
	}
	for l := range strings.SplitSeq(value, "\n") {
		if strings.HasSuffix(l, " ") || l != "" && !printable(l) {
			return false
		}
	}
	return true
}

// plainScalar holds for texts that begin with a letter and contain nothing that YAML could take for syntax, and for those that begin with a number and go on
// with a word. Whatever it does not cover is put in quotes.
var (
	plainScalar = regexp.MustCompile(`^(?:\p{L}|[0-9]+ \p{L})`)
	flowScalar  = regexp.MustCompile(`^[\p{L}\p{M}\p{N} &'()./+-]+$`) // within [ and ]
	yamlWords   = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|true|false|null)$`)
)

func scalar(value string) string {
	if plainScalar.MatchString(value) && !yamlWords.MatchString(value) && printable(value) && !strings.HasSuffix(value, " ") &&
		!strings.HasSuffix(value, ":") && !strings.Contains(value, ": ") && !strings.Contains(value, " #") {
		return value
	}
	return quoted(value)
}

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return false
		}
	}
	return true
}

// quoted writes a double-quoted YAML scalar on one line; what cannot be seen is escaped.
func quoted(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			b.WriteString(`\U` + hexadecimal(r, 8))
		default:
			b.WriteString(`\u` + hexadecimal(r, 4))
		}
	}
	b.WriteByte('"')
	return b.String()
}

func hexadecimal(r rune, digits int) string {
	s := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", digits-len(s)) + s
}
