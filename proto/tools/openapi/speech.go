package openapi

import (
	"regexp"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// speech says in REST's words what the comments of the protos say in theirs: a field is called as JSON has it, and a method as the document calls the operation. Comments
// are written once and read from two sides.
func (w *writer) speech() error {
	names := map[string]string{}
	for _, m := range w.protos.methods {
		names[string(m.Name())] = operationID(m)
	}
	w.protos.files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(f.Package()), "renown.") {
			fieldNames(f.Messages(), names)
		}
		return true
	})
	respeak(w.doc, names)
	return nil
}

// operationID is what the document calls a method: GetMember is getMember.
func operationID(m protoreflect.MethodDescriptor) string {
	return strings.ToLower(string(m.Name()[:1])) + string(m.Name()[1:])
}

// fieldNames adds the fields of messages whose names in JSON are others. A word alone is the same on both sides.
func fieldNames(messages protoreflect.MessageDescriptors, names map[string]string) {
	for i := range messages.Len() {
		m := messages.Get(i)
		for j := range m.Fields().Len() {
			if fd := m.Fields().Get(j); string(fd.Name()) != fd.JSONName() {
				names[string(fd.Name())] = fd.JSONName()
			}
		}
		fieldNames(m.Messages(), names)
	}
}

// word finds quoted texts, which are values and stay as they are, texts marked as code, and words.
var word = regexp.MustCompile("\"[^\"]*\"|`[^`]*`|[A-Za-z][A-Za-z0-9_]*")

// inWords returns a text with the names of REST, marked as code.
func inWords(text string, names map[string]string) string {
	return word.ReplaceAllStringFunc(text, func(found string) string {
		if name, ok := names[strings.Trim(found, "`")]; ok {
			return "`" + name + "`"
		}
		return found
	})
}

// respeak changes the descriptions of everything in the document. Summaries are titles and have no such names in them.
func respeak(v any, names map[string]string) {
	switch v := v.(type) {
	case object:
		for key, e := range v {
			if text, ok := e.(string); ok && key == "description" {
				v[key] = inWords(text, names)
			} else {
				respeak(e, names)
			}
		}
	case []any:
		for _, e := range v {
			respeak(e, names)
		}
	}
}
