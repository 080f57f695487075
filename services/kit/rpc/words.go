package rpc

import (
	"fmt"
	"strconv"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	missing    = "It is missing and has to be given."
	hollow     = "It must not be empty."
	noneOfThem = "It is none of the values that there are."
)

// emptied are the rules that a field breaks which is not there: what is said then is that it is missing, not which form it would have had.
var emptied = map[string]bool{
	"required": true, "string.min_len": true, "string.pattern": true, "string.len": true, "string.in": true, "bytes.min_len": true, "enum.not_in": true,
}

// forms says for people what the patterns of the protos want. A pattern that is not here is told as it is.
var forms = map[string]string{
	`^[0-9a-f]{64}$`:                             "It has to be a digest of SHA-256: 64 digits and letters from a to f.",
	`^[a-z][a-z0-9-]{0,39}$`:                     "It has to be lower-case letters, digits and hyphens, beginning with a letter, at most 40 characters.",
	`^[a-z][a-z0-9-]{1,39}$`:                     "It has to be 2 to 40 lower-case letters, digits and hyphens, beginning with a letter.",
	`^[a-z][a-z0-9-]{0,30}$`:                     "It has to be lower-case letters, digits and hyphens, beginning with a letter, at most 31 characters.",
	`^([a-z][a-z0-9-]{2,38}[a-z0-9])?$`:          "It has to be 4 to 40 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen.",
	`^([a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?)?$`:    "It has to be lower-case letters, digits and hyphens, without a hyphen at either end, at most 64 characters.",
	`^([a-z0-9]+(-[a-z0-9]+)*)?$`:                "It has to be lower-case letters and digits, in words joined by single hyphens.",
	`^[a-z0-9-]*$`:                               "It has to be lower-case letters, digits and hyphens.",
	`^[a-z0-9._-]{1,64}$`:                        "It has to be lower-case letters, digits, dots, hyphens and underscores, at most 64 characters.",
	`^[A-Za-z][A-Za-z0-9_.-]{0,39}$`:             "It has to be letters, digits, underscores, dots and hyphens, beginning with a letter, at most 40 characters.",
	`^[A-Za-z0-9._~-]{1,100}$`:                   "It has to be letters, digits, dots, underscores, tildes and hyphens, at most 100 characters.",
	`^[a-z][a-z0-9-]{0,39}-[1-9][0-9]{0,15}$`:    `It has to be the id of a rule and the number of its version, such as "welcome-2".`,
	`^(stories/[a-z0-9-]{1,64})?$`:               `It has to be the name of a story, "stories/" and its id, such as "stories/aarlift".`,
	`^(stories/[^/]+)?$`:                         `It has to be the name of a story, "stories/" and its id, such as "stories/aarlift".`,
	`^([0-9]{4}-[0-9]{2}-[0-9]{2})?$`:            `It has to be a day, such as "2026-03-31".`,
	`^([0-9]{4}-(0[1-9]|1[0-2]))?$`:              `It has to be a month, such as "2026-03".`,
	`^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4})?$`: `It has to be a language, such as "de" or "de-CH".`,
	`^[A-Z]{3}$`:                                 `It has to be a currency by its three capital letters, such as "EUR".`,
	`^([A-Z]{3})?$`:                              `It has to be a currency by its three capital letters, such as "EUR".`,
}

// bounds says for people what rules with a value want, by the last part of a rule's id. %s is the value.
var bounds = map[string]string{
	"gte": "It has to be at least %s.", "gt": "It has to be more than %s.", "lte": "It has to be at most %s.", "lt": "It has to be less than %s.",
	"const": "It has to be %s.", "min_items": "Give at least %s of them.", "max_items": "Give at most %s of them.", "min_pairs": "Give at least %s of them.",
	"max_pairs": "Give at most %s of them.", "max_len": "It has to be at most %s characters long.", "min_len": "It has to be at least %s characters long.",
	"len": "It has to be %s characters long.", "bytes": "It has to be %s bytes long.", "max_bytes": "It has to be at most %s bytes long.", "min_bytes": "It has to be at least %s bytes long.",
}

// words says in plain words what a violation is about. Rules that nobody has found words for keep those of protovalidate.
func words(v *protovalidate.Violation) string {
	id := v.Proto.GetRuleId()
	if emptied[id] && empty(v) {
		if e := v.Proto.GetField().GetElements(); len(e) > 0 && e[len(e)-1].HasSubscript() {
			return hollow // an item of a list, or an entry of a map
		}
		return missing
	}
	kind, rule, _ := strings.Cut(id, ".")
	switch {
	case id == "string.pattern" && v.RuleValue.IsValid() && forms[v.RuleValue.String()] != "":
		return forms[v.RuleValue.String()]
	case id == "repeated.unique":
		return "It names the same twice."
	case id == "enum.defined_only":
		return noneOfThem
	case (id == "repeated.min_items" || id == "map.min_pairs") && v.RuleValue.IsValid() && v.RuleValue.Uint() == 1:
		return "Give at least one."
	case strings.HasPrefix(rule, "gt") && strings.Contains(rule, "_lt"):
		return between(v.Proto.GetMessage())
	case kind == "bytes" && strings.HasSuffix(rule, "len"): // len, min_len and max_len count bytes here
		rule = strings.TrimSuffix(rule, "len") + "bytes"
	case rule == "not_in":
		return fmt.Sprintf("It must not be %s.", v.FieldValue)
	case rule == "in":
		return oneOf(v)
	}
	if text := bounds[rule]; text != "" && v.RuleValue.IsValid() {
		return fmt.Sprintf(text, v.RuleValue)
	}
	if text := v.Proto.GetMessage(); text != "" {
		return text
	}
	return "It breaks the rule " + id + "."
}

// empty reports whether a violation is about a value that is not there.
func empty(v *protovalidate.Violation) bool {
	if !v.FieldValue.IsValid() {
		return true
	}
	switch value := v.FieldValue.Interface().(type) {
	case string:
		return value == ""
	case []byte:
		return len(value) == 0
	case protoreflect.EnumNumber:
		return value == 0
	}
	return v.Proto.GetRuleId() == "required"
}

// between makes a sentence of protovalidate's "must be greater than or equal to 1 and less than or equal to 9".
func between(text string) string {
	text = strings.TrimPrefix(text, "value ")
	return strings.NewReplacer("must be", "It has to be", "greater than or equal to", "at least", "less than or equal to", "at most", "greater than", "more than").
		Replace(text) + "."
}

// oneOf names the values of a rule that says which there are; the empty one is said by leaving the field out.
func oneOf(v *protovalidate.Violation) string {
	list, ok := v.RuleValue.Interface().(protoreflect.List)
	if !ok {
		return noneOfThem
	}
	var all []string
	for i := range list.Len() {
		switch value := list.Get(i).Interface().(type) {
		case string:
			if value != "" {
				all = append(all, strconv.Quote(value))
			}
		case int32:
			if d := v.FieldDescriptor; d == nil || d.Enum() == nil {
				all = append(all, strconv.Itoa(int(value)))
			} else if name := d.Enum().Values().ByNumber(protoreflect.EnumNumber(value)); name != nil {
				all = append(all, string(name.Name()))
			}
		}
	}
	if len(all) == 0 {
		return noneOfThem
	}
	return "It has to be one of " + strings.Join(all, ", ") + "."
}

// either says which fields of a oneof can be given.
func either(o protoreflect.OneofDescriptor) string {
	var names []string
	for i := range o.Fields().Len() {
		names = append(names, o.Fields().Get(i).JSONName())
	}
	last := len(names) - 1
	if last == 0 {
		return missing
	}
	return "Give either " + strings.Join(names[:last], ", ") + " or " + names[last] + "."
}
