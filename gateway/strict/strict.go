// Package strict checks what callers send against the message it is meant to become, before protojson reads it.
//
// protojson names the leaf that it stumbles over, not the way there, and stops at the first. This walk names every fault by a path of JSON names
// ("text.content.blocks[2].image.alt"), and refuses what protojson lets pass: fields spelled as in the proto, numbers for enums, NULs, a member given twice under
// two spellings, and nesting without end.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"renown.example/kit/fault"
)

// MaxDepth is how deep objects and lists may nest.
const MaxDepth = 32

// maxFaults bounds how many faults one answer names.
const maxFaults = 20

// Body checks a JSON document that is to become a message of type md. The members in taken are given by the request's address and may not be repeated. It
// returns nil, or an error of reason MalformedBody that names the places.
func Body(body []byte, md protoreflect.MessageDescriptor, taken map[string]bool) *fault.Error {
	if at := invalidUTF8(body); at >= 0 {
		return malformed(fault.Field{Message: fmt.Sprintf("is not UTF-8 at byte %d", at)})
	}
	if at := halfPair(body); at >= 0 {
		return malformed(fault.Field{Message: fmt.Sprintf("has half of a surrogate pair at byte %d", at)})
	}
	w := &walker{dec: json.NewDecoder(bytes.NewReader(body)), taken: taken}
	w.dec.UseNumber()
	err := w.document(md)
	switch {
	case errors.Is(err, errEnough):
	case err != nil:
		w.faults = append(w.faults, w.syntax(err))
	}
	if len(w.faults) > 0 {
		return malformed(w.faults...)
	}
	return nil
}

// halfPair returns where an escape is half of a surrogate pair, which is no character, or -1. encoding/json would put another character in its place.
func halfPair(body []byte) int {
	unit := func(at int) rune {
		if at+6 > len(body) || body[at] != '\\' || body[at+1] != 'u' {
			return 0
		}
		n, err := strconv.ParseUint(string(body[at+2:at+6]), 16, 16)
		if err != nil {
			return 0 // the walk will say so
		}
		return rune(n)
	}
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		if first := unit(i); utf16.IsSurrogate(first) {
			if utf16.DecodeRune(first, unit(i+6)) == utf8.RuneError {
				return i
			}
			i += 6
		}
		i++ // what is escaped, even another backslash
	}
	return -1
}

func malformed(fields ...fault.Field) *fault.Error {
	text := "The body cannot be read as documented"
	if f := fields[0]; f.Path != "" {
		text += ": " + f.Path + " " + f.Message
	} else {
		text += ": it " + f.Message
	}
	if n := len(fields) - 1; n > 0 {
		text += fmt.Sprintf(", and %d more", n)
	}
	return fault.MalformedBody.New("%s.", text).With(fields...)
}

func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return -1
}

// errEnough ends a walk that has found as many faults as one answer names.
var errEnough = errors.New("strict: enough faults")

type walker struct {
	dec    *json.Decoder
	taken  map[string]bool
	faults []fault.Field
	depth  int
	// at is where the walk stands, for errors of syntax.
	at string
}

func (w *walker) syntax(err error) fault.Field {
	var deep depthError
	switch {
	case errors.As(err, &deep):
		return fault.Field{Path: w.at, Message: fmt.Sprintf("nests deeper than %d levels", MaxDepth)}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Field{Path: w.at, Message: "ends in the middle"}
	}
	return fault.Field{Path: w.at, Message: fmt.Sprintf("is not JSON at byte %d", w.dec.InputOffset())}
}

func (w *walker) fault(path, format string, args ...any) error {
	w.faults = append(w.faults, fault.Field{Path: path, Message: fmt.Sprintf(format, args...)})
	if len(w.faults) >= maxFaults {
		return errEnough
	}
	return nil
}

func (w *walker) document(md protoreflect.MessageDescriptor) error {
	tok, err := w.dec.Token()
	if err != nil {
		return err
	}
	if tok != json.Delim('{') {
		return w.wrong("", tok, "an object")
	}
	if err := w.object(md, ""); err != nil {
		return err
	}
	w.at = ""
	if _, err := w.dec.Token(); !errors.Is(err, io.EOF) {
		return w.fault("", "goes on after its end")
	}
	return nil
}

type depthError struct{}

func (depthError) Error() string { return "too deep" }

func (w *walker) enter() error {
	w.depth++
	if w.depth > MaxDepth {
		return depthError{}
	}
	return nil
}

// object walks the members of an object whose opening brace was read.
func (w *walker) object(md protoreflect.MessageDescriptor, path string) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer func() { w.depth-- }()
	seen := map[string]bool{}
	oneofs := map[protoreflect.Name]string{}
	for w.dec.More() {
		name, err := w.key()
		if err != nil {
			return err
		}
		at := join(path, name)
		w.at = at
		dup := seen[name]
		seen[name] = true
		fd := md.Fields().ByJSONName(name)
		switch {
		case dup:
			err = w.refuse(at, "is given twice")
		case fd == nil:
			err = w.refuse(at, "is not known%s", hint(md, name))
		case path == "" && w.taken[name]:
			err = w.refuse(at, "is given by the address already")
		default:
			err = w.member(fd, at, oneofs)
		}
		if err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

// member walks the value of a known field.
func (w *walker) member(fd protoreflect.FieldDescriptor, at string, oneofs map[protoreflect.Name]string) error {
	tok, err := w.dec.Token()
	if err != nil || tok == nil { // null is the same as absent
		return err
	}
	if o := fd.ContainingOneof(); o != nil && !o.IsSynthetic() {
		if other, ok := oneofs[o.Name()]; ok {
			if err := w.fault(at, "cannot be given together with %s", other); err != nil {
				return err
			}
		}
		oneofs[o.Name()] = fd.JSONName()
	}
	switch {
	case fd.IsMap():
		return w.mapping(fd, at, tok)
	case fd.IsList():
		return w.list(fd, at, tok)
	}
	return w.value(fd, at, tok)
}

func (w *walker) list(fd protoreflect.FieldDescriptor, at string, tok json.Token) error {
	if tok != json.Delim('[') {
		return w.wrong(at, tok, "a list")
	}
	if err := w.enter(); err != nil {
		return err
	}
	defer func() { w.depth-- }()
	for i := 0; w.dec.More(); i++ {
		w.at = fmt.Sprintf("%s[%d]", at, i)
		tok, err := w.dec.Token()
		if err != nil {
			return err
		}
		if tok == nil {
			err = w.fault(w.at, "is null")
		} else {
			err = w.value(fd, w.at, tok)
		}
		if err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

func (w *walker) mapping(fd protoreflect.FieldDescriptor, at string, tok json.Token) error {
	if tok != json.Delim('{') {
		return w.wrong(at, tok, "an object")
	}
	if err := w.enter(); err != nil {
		return err
	}
	defer func() { w.depth-- }()
	seen := map[string]bool{}
	for w.dec.More() {
		key, err := w.key()
		if err != nil {
			return err
		}
		w.at = fmt.Sprintf("%s[%q]", at, key)
		tok, err := w.dec.Token()
		if err != nil {
			return err
		}
		switch {
		case seen[key]:
			err = w.skipAfter(tok, w.fault(w.at, "is given twice"))
		case tok == nil:
			err = w.fault(w.at, "is null")
		default:
			err = w.value(fd.MapValue(), w.at, tok)
		}
		if err != nil {
			return err
		}
		seen[key] = true
	}
	_, err := w.dec.Token()
	return err
}

func (w *walker) key() (string, error) {
	tok, err := w.dec.Token()
	if err != nil {
		return "", err
	}
	name, ok := tok.(string)
	if !ok {
		return "", errors.New("strict: a member without a name")
	}
	return name, nil
}

// refuse reports a member by its name and passes over its value.
func (w *walker) refuse(at, format string, args ...any) error {
	if err := w.fault(at, format, args...); err != nil {
		return err
	}
	return w.skip()
}

// wrong reports that tok, which begins the value at path, is not what was wanted, and passes over the rest of the value.
func (w *walker) wrong(path string, tok json.Token, want string) error {
	return w.skipAfter(tok, w.fault(path, "is %s and must be %s", kindOf(tok), want))
}

func (w *walker) skipAfter(tok json.Token, err error) error {
	if err != nil {
		return err
	}
	if d, ok := tok.(json.Delim); ok && (d == '{' || d == '[') {
		return w.rest()
	}
	return nil
}

func (w *walker) skip() error {
	tok, err := w.dec.Token()
	return w.skipAfter(tok, err)
}

// rest passes over what remains of an object or list whose opening was read. Depth counts here too: the nesting of what nobody wants is bounded like the rest.
func (w *walker) rest() error {
	if err := w.enter(); err != nil {
		return err
	}
	defer func() { w.depth-- }()
	for w.dec.More() {
		if err := w.skip(); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

func kindOf(tok json.Token) string {
	switch t := tok.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case json.Delim:
		if t == '[' {
			return "a list"
		}
	}
	return "an object"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// hint names the field that was probably meant.
func hint(md protoreflect.MessageDescriptor, name string) string {
	fold := func(s string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s)) }
	for i := range md.Fields().Len() {
		if f := md.Fields().Get(i); fold(f.JSONName()) == fold(name) {
			return fmt.Sprintf("; %q is", f.JSONName())
		}
	}
	return ""
}
