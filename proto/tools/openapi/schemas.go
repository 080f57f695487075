package openapi

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

const schemaPrefix = "#/components/schemas/"

// schemas bounds the fields of all messages, marks those that answers always have, and gives the schemas names that people would give them.
func (w *writer) schemas() error {
	schemas := at(w.doc, "components", "schemas")
	sent := w.sent()
	for name, v := range schemas {
		d, err := w.protos.files.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			continue // a schema of the generator's own
		}
		schema := v.(object)
		if text := spoken(d); text != "" {
			schema["description"] = text
		}
		if md, ok := d.(protoreflect.MessageDescriptor); ok {
			if !sent[name] {
				bound(schema, md, nil)
				answered(schema, md)
				continue
			}
			needed, err := w.protos.required(md)
			if err != nil {
				return err
			}
			bound(schema, md, needed)
		}
	}
	w.rename(schemas)
	return nil
}

// sent names the schemas that are part of requests.
func (w *writer) sent() map[string]bool {
	found := map[string]bool{}
	var add func(md protoreflect.MessageDescriptor)
	add = func(md protoreflect.MessageDescriptor) {
		if found[string(md.FullName())] {
			return
		}
		found[string(md.FullName())] = true
		for i := range md.Fields().Len() {
			if m := md.Fields().Get(i).Message(); m != nil {
				add(m)
			}
		}
	}
	for _, m := range w.protos.methods {
		add(m.Input())
	}
	return found
}

// bound adds the rules of validation to an object's schema, and which of the fields must be there. It returns whether any must.
func bound(schema object, md protoreflect.MessageDescriptor, required map[string]bool) bool {
	var needed []any
	properties, _ := schema["properties"].(object)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		fd := md.Fields().ByJSONName(name)
		if fd == nil {
			continue
		}
		overlay(properties[name].(object), bounds(fd))
		if required[name] {
			needed = append(needed, name)
		}
	}
	if len(needed) > 0 {
		schema["required"] = needed
	}
	return len(needed) > 0
}

// answered marks what answers always have: everything but messages, which may be absent, and the alternatives of a oneof.
func answered(schema object, md protoreflect.MessageDescriptor) {
	var always []any
	properties, _ := schema["properties"].(object)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		fd := md.Fields().ByJSONName(name)
		if fd != nil && fd.ContainingOneof() == nil && (fd.Message() == nil || fd.IsList() || fd.IsMap()) {
			always = append(always, name)
		}
	}
	if len(always) > 0 {
		schema["required"] = always
	}
}

// rename drops the package from the schemas' names where that leaves them different.
func (w *writer) rename(schemas object) {
	short := map[string]string{}
	taken := map[string]int{}
	for name := range schemas {
		short[name] = name[strings.LastIndex(name, ".")+1:]
		taken[short[name]]++
	}
	for name, s := range short {
		// Problem is the name of what every refusal is.
		if s == "Problem" {
			s, short[name] = "TextProblem", "TextProblem"
		}
		if taken[s] > 1 {
			parts := strings.Split(name, ".")
			short[name] = strings.ToUpper(parts[1][:1]) + parts[1][1:] + s
		}
	}
	for name, s := range short {
		schemas[s] = schemas[name]
		if s != name {
			delete(schemas, name)
		}
	}
	repoint(w.doc, short)
}

func repoint(v any, names map[string]string) {
	switch v := v.(type) {
	case object:
		if ref, ok := v["$ref"].(string); ok {
			if s, ok := names[strings.TrimPrefix(ref, schemaPrefix)]; ok {
				v["$ref"] = schemaPrefix + s
			}
		}
		for _, e := range v {
			repoint(e, names)
		}
	case []any:
		for _, e := range v {
			repoint(e, names)
		}
	}
}
