package openapi

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// example is one worked call: what is sent and what comes back.
type example struct {
	Operation string
	Title     string
	Body      any
	Status    int
	Answer    any
	// Keep names parts of the answer, by JSON pointer, that later bodies use as ${name}.
	Keep map[string]string
}

// examples shows each worked call at its operation.
func (w *writer) examples() error {
	var all []example
	if err := yaml.Unmarshal(examples, &all); err != nil {
		return err
	}
	ids := w.operationIDs()
	kept := map[string]string{}
	for i, e := range all {
		op, ok := ids[e.Operation]
		if !ok {
			return fmt.Errorf("example %d is of %q, which is no operation", i+1, e.Operation)
		}
		name := fmt.Sprintf("example%02d", i+1)
		e.Body = filled(e.Body, kept)
		for as, pointer := range e.Keep {
			kept[as] = lookup(e.Answer, pointer)
		}
		if content, ok := at(op, "requestBody")["content"].(object); ok && e.Body != nil {
			for _, media := range content {
				at(media.(object), "examples")[name] = object{"summary": e.Title, "value": e.Body}
			}
		}
		if len(at(op, "requestBody")) == 0 {
			delete(op, "requestBody")
		}
		if e.Answer == nil {
			continue
		}
		status := fmt.Sprint(e.Status)
		if e.Status >= 400 {
			// A problem of this operation, beside the general one.
			response := at(op, "responses", status)
			response["description"] = e.Title
			at(response, "content", "application/problem+json")["schema"] = ref("schemas", "Problem")
			at(response, "content", "application/problem+json", "examples")[name] = object{"summary": e.Title, "value": e.Answer}
			continue
		}
		at(op, "responses", status, "content", "application/json", "examples")[name] = object{"summary": e.Title, "value": e.Answer}
	}
	return nil
}

// filled replaces ${name} in the texts of v by what was kept.
func filled(v any, kept map[string]string) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for name, e := range v {
			out[name] = filled(e, kept)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = filled(e, kept)
		}
		return out
	case string:
		return os.Expand(v, func(name string) string {
			if value, ok := kept[name]; ok {
				return value
			}
			return "$" + name
		})
	}
	return v
}

// lookup returns the text at a JSON pointer; "" if the example does not show it.
func lookup(v any, pointer string) string {
	for _, part := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		switch o := v.(type) {
		case object:
			v = o[part]
		case []any:
			v = o[0]
		}
	}
	s, _ := v.(string)
	return s
}

func (w *writer) operationIDs() map[string]object {
	ids := map[string]object{}
	for _, item := range at(w.doc, "paths") {
		for _, v := range item.(object) {
			op := v.(object)
			id, _ := op["operationId"].(string)
			ids[id] = op
		}
	}
	return ids
}
