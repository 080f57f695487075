package docs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// object is a JSON object of the OpenAPI document.
type object = map[string]any

// Group is a set of operations that belong together.
type Group struct {
	Name, Slug, Description string
	Operations              []*Operation
}

// Operation is one method of the interface as a page shows it.
type Operation struct {
	ID, Method, Path, Summary, Description, Group string
	// Ways are the credentials of which any one is enough, in words; empty means that none is needed.
	Ways []string
	// Scheme is the first credential's scheme in Authorization; "" if none is needed.
	Scheme      string
	Parameters  []Parameter
	Body        *Content
	Answers     []Answer
	Curl        string
	IsStream    bool
	BodyExample string
	// order is the place in the group, as the protos have it.
	order float64
}

// Parameter is one of path, query or header.
type Parameter struct {
	Name, In, Description, Type, Example string
	Bounds                               []string
	Required                             bool
}

// Content is a body in one media type.
type Content struct {
	Media   string
	Schema  *Node
	Example string
}

// Answer is one way in which an operation answers.
type Answer struct {
	Status, Description string
	Contents            []Content
}

// Node is a part of a schema.
type Node struct {
	Name, Type, Description string
	Required                bool
	Bounds                  []string
	Children                []*Node
}

// demandNothing takes "required" out of the tree of an answer: it is said of what callers send.
func (n *Node) demandNothing() {
	n.Required = false
	for _, c := range n.Children {
		c.demandNothing()
	}
}

type reader struct{ doc object }

// read makes the groups of operations from an OpenAPI document.
func read(raw []byte) (description string, groups []*Group, err error) {
	var doc object
	if err := json.Unmarshal(raw, &doc); err != nil {
		return "", nil, fmt.Errorf("docs: %w", err)
	}
	r := reader{doc}
	byName := map[string]*Group{}
	for _, t := range list(doc["tags"]) {
		tag, _ := t.(object)
		g := &Group{Name: text(tag["name"]), Description: text(tag["description"])}
		g.Slug = strings.ReplaceAll(strings.ToLower(g.Name), " ", "-")
		byName[g.Name] = g
		groups = append(groups, g)
	}
	paths := sub(doc, "paths")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := sub(paths, path)
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if item[method] == nil {
				continue
			}
			op := r.operation(strings.ToUpper(method), path, sub(item, method))
			g := byName[op.Group]
			if g == nil {
				return "", nil, fmt.Errorf("docs: %s belongs to no group", op.ID)
			}
			g.Operations = append(g.Operations, op)
		}
	}
	for _, g := range groups {
		slices.SortStableFunc(g.Operations, func(a, b *Operation) int { return cmp.Compare(a.order, b.order) })
	}
	return text(sub(doc, "info")["description"]), groups, nil
}

func (r reader) operation(method, path string, o object) *Operation {
	op := &Operation{ID: text(o["operationId"]), Method: method, Path: path, Summary: text(o["summary"]), Description: text(o["description"])}
	op.order, _ = o["x-order"].(float64)
	if tags := list(o["tags"]); len(tags) > 0 {
		op.Group = text(tags[0])
	}
	op.Ways, op.Scheme = ways(list(o["security"]))
	for _, p := range list(o["parameters"]) {
		op.Parameters = append(op.Parameters, r.parameter(r.resolve(p)))
	}
	if body := sub(o, "requestBody"); len(body) > 0 {
		if all := r.contents(sub(body, "content"), true); len(all) > 0 {
			op.Body, op.BodyExample = &all[0], all[0].Example
		}
	}
	answers := sub(o, "responses")
	for _, status := range slices.Sorted(maps.Keys(answers)) {
		a := r.resolve(answers[status])
		op.Answers = append(op.Answers, Answer{status, text(a["description"]), r.contents(sub(a, "content"), false)})
		op.IsStream = op.IsStream || sub(a, "content")["text/event-stream"] != nil
	}
	op.Curl = curl(op)
	return op
}

// ways says in words which credentials are enough.
func ways(security []any) (all []string, scheme string) {
	names := map[string][]string{}
	for _, s := range security {
		way, _ := s.(object)
		if len(way) == 0 {
			return nil, ""
		}
		for kind, what := range way {
			for _, one := range list(what) {
				names[kind] = append(names[kind], text(one))
			}
		}
	}
	add := func(kind, as, words string) {
		if got := names[kind]; len(got) > 0 {
			all = append(all, fmt.Sprintf(words, strings.Join(got, " or ")))
			if scheme == "" {
				scheme = as
			}
		}
	}
	add("apiKey", "Bearer", "an API key or access token with the scope %s")
	if slices.Equal(names["session"], []string{"any"}) {
		all, names["session"] = append(all, "the session of any employee"), nil
		scheme = "Session"
	}
	add("session", "Session", "the session of an employee with the role %s")
	add("link", "Link", "a signed link for %s")
	return all, scheme
}

func (r reader) parameter(o object) Parameter {
	schema := r.resolve(o["schema"])
	return Parameter{
		Name: text(o["name"]), In: text(o["in"]), Description: text(o["description"]), Type: r.typeOf(schema), Bounds: bounds(schema),
		Required: o["required"] == true,
	}
}

func (r reader) contents(content object, request bool) []Content {
	var all []Content
	for _, media := range slices.Sorted(maps.Keys(content)) {
		m := sub(content, media)
		c := Content{Media: media, Schema: r.node("", sub(m, "schema"), nil)}
		if !request {
			c.Schema.demandNothing()
		}
		for _, name := range slices.Sorted(maps.Keys(sub(m, "examples"))) {
			c.Example = pretty(sub(sub(m, "examples"), name)["value"])
			break
		}
		if c.Example == "" && request {
			c.Example = r.begin(media, sub(m, "schema"))
		}
		all = append(all, c)
	}
	return all
}

// node makes the tree of a schema. Schemas that contain themselves end where they begin again.
func (r reader) node(name string, o object, above []string) *Node {
	ref := text(o["$ref"])
	description := text(o["description"])
	full := r.resolve(o)
	if description == "" {
		description = text(full["description"])
	}
	n := &Node{Name: name, Type: r.typeOf(o), Description: description, Bounds: bounds(full)}
	if ref != "" {
		if slices.Contains(above, ref) {
			return n
		}
		above = append(slices.Clone(above), ref)
	}
	if full["type"] == "array" {
		inner := r.node("", sub(full, "items"), above)
		n.Children = inner.Children
		return n
	}
	required := list(full["required"])
	properties := sub(full, "properties")
	for _, p := range slices.Sorted(maps.Keys(properties)) {
		child := r.node(p, sub(properties, p), above)
		child.Required = slices.Contains(required, any(p))
		n.Children = append(n.Children, child)
	}
	return n
}

func (r reader) typeOf(o object) string {
	full := r.resolve(o)
	switch full["type"] {
	case "array":
		return "list of " + r.typeOf(sub(full, "items"))
	case "object":
		if ref := text(o["$ref"]); ref != "" {
			return ref[strings.LastIndex(ref, "/")+1:]
		}
		if values := sub(full, "additionalProperties"); len(values) > 0 {
			return "map of " + r.typeOf(values)
		}
		return "object"
	}
	switch text(full["format"]) {
	case "date-time":
		return "time"
	case "byte":
		return "base64"
	case "binary":
		return "bytes"
	case "int64":
		if full["type"] == "string" {
			return "integer in a string"
		}
	}
	if full["enum"] != nil {
		return "name"
	}
	return text(full["type"])
}

func (r reader) resolve(v any) object {
	o, _ := v.(object)
	ref := text(o["$ref"])
	if ref == "" {
		return o
	}
	found := r.doc
	for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		found = sub(found, part)
	}
	return found
}

// bounds says in words what a schema demands.
func bounds(o object) []string {
	var all []string
	add := func(key, words string) {
		if v, ok := o[key]; ok {
			all = append(all, fmt.Sprintf(words, v))
		}
	}
	if values := list(o["enum"]); len(values) > 0 {
		var names []string
		for _, v := range values {
			if s := text(v); !strings.HasSuffix(s, "_UNSPECIFIED") {
				names = append(names, s)
			}
		}
		all = append(all, "one of "+strings.Join(names, ", "))
	}
	if s, ok := o["minLength"].(float64); ok && s > 1 {
		all = append(all, fmt.Sprintf("at least %v characters", s))
	}
	add("maxLength", "at most %v characters")
	add("minimum", "at least %v")
	add("maximum", "at most %v")
	add("exclusiveMaximum", "less than %v")
	add("minItems", "at least %v items")
	add("maxItems", "at most %v items")
	add("pattern", "matches %v")
	return all
}

func sub(o object, name string) object {
	s, _ := o[name].(object)
	return s
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
