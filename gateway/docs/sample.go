package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// begin is a body to begin with.
func (r reader) begin(media string, schema object) string {
	switch media {
	case "application/json":
		return pretty(r.sample(schema, true, 0))
	case "application/x-www-form-urlencoded":
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(sub(schema, "properties"))) {
			value := ""
			if values := list(r.resolve(sub(sub(schema, "properties"), name))["enum"]); len(values) > 0 {
				value = text(values[0])
			}
			parts = append(parts, name+"="+value)
		}
		return strings.Join(parts, "&")
	}
	return ""
}

// sample makes a value that fits a schema, to begin with. Of a request only what it must have, unless that is nothing.
func (r reader) sample(o object, request bool, depth int) any {
	full := r.resolve(o)
	if depth > 4 {
		return nil
	}
	switch full["type"] {
	case "object":
		return r.sampleObject(full, request, depth)
	case "array":
		return []any{r.sample(sub(full, "items"), request, depth+1)}
	case "integer", "number":
		return 1
	case "boolean":
		return false
	}
	return sampleText(full)
}

func (r reader) sampleObject(full object, request bool, depth int) any {
	out := object{}
	properties := sub(full, "properties")
	names := list(full["required"])
	if alternatives := list(full["oneOf"]); len(names) == 0 && len(alternatives) > 0 {
		// The first alternative that names a member.
		for _, a := range alternatives {
			alternative, _ := a.(object)
			if needed := list(alternative["required"]); len(needed) > 0 {
				names = needed
				break
			}
		}
	}
	if len(names) == 0 && depth > 0 {
		for _, n := range slices.Sorted(maps.Keys(properties)) {
			names = append(names, n)
		}
	}
	for _, n := range names {
		out[text(n)] = r.sample(sub(properties, text(n)), request, depth+1)
	}
	return out
}

func sampleText(full object) string {
	if values := list(full["enum"]); len(values) > 0 {
		return text(values[min(1, len(values)-1)])
	}
	switch text(full["format"]) {
	case "date-time":
		return "2026-03-02T09:00:00Z"
	case "byte":
		return "UEsDBA=="
	}
	if strings.Contains(text(full["pattern"]), "{64}") {
		return strings.Repeat("0123456789abcdef", 4)
	}
	return "…"
}

// pretty writes JSON for people; a string that is an example of something else stays as it is.
func pretty(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return ""
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil { // it was decoded from JSON
		return ""
	}
	return strings.TrimSpace(out.String())
}

// curl is a command that makes the call. $RENOWN is the address, $KEY the credential.
func curl(op *Operation) string {
	path := op.Path
	var query []string
	for _, p := range op.Parameters {
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", strings.ToUpper(p.Name))
		case p.In == "query" && p.Required:
			query = append(query, p.Name+"=1")
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	parts := []string{"curl"}
	if op.IsStream {
		parts[0] = "curl -N"
	}
	if op.Method != "GET" {
		parts[0] += " -X " + op.Method
	}
	parts[0] += fmt.Sprintf(" \"$RENOWN%s\"", path)
	if op.Scheme != "" {
		parts = append(parts, fmt.Sprintf("-H \"Authorization: %s $KEY\"", op.Scheme))
	}
	for _, p := range op.Parameters {
		if p.In == "header" && p.Required {
			parts = append(parts, fmt.Sprintf("-H '%s: %s'", p.Name, "a-name-of-my-own"))
		}
	}
	if op.Body != nil {
		switch op.Body.Media {
		case "application/json":
			parts = append(parts, "-H 'Content-Type: application/json'", "-d '"+strings.ReplaceAll(compact(op.Body.Example), "'", `'\''`)+"'")
		default:
			parts = append(parts, "-u \"KEY_ID:$KEY\"", "-d grant_type=client_credentials")
		}
	}
	return strings.Join(parts, " \\\n  ")
}

func compact(s string) string {
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(s)); err != nil {
		return s
	}
	return out.String()
}
