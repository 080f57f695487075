package domain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// Canonical returns the one JSON text of c by the rules of RFC 8785: no white space, members in the order of their names' UTF-16 code units, the shortest
// escapes. Members that hold nothing are left out, so that fields which later releases add do not change what was signed. c is normalized and valid.
func Canonical(c Content) []byte {
	loose, err := json.Marshal(c)
	if err != nil {
		panic("domain: a content is made of strings and always has a JSON text: " + err.Error())
	}
	canonical, err := CanonicalJSON(loose)
	if err != nil {
		panic("domain: a content holds nothing but strings, lists and truth values: " + err.Error())
	}
	return canonical
}

// Hash returns the SHA-256 of Canonical(c) in lower-case hex: what a consent is bound to.
func Hash(c Content) string { return hash(Canonical(c)) }

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// CanonicalJSON rewrites any JSON text of strings, lists, objects, truth values and null by the rules of RFC 8785. Numbers are refused, because nothing that
// is signed here holds any, as are texts that are not exactly one JSON value, invalid UTF-8 and repeated names.
func CanonicalJSON(text []byte) ([]byte, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("canonical JSON: the text is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out bytes.Buffer
	if err := canonicalValue(d, &out, 0); err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("canonical JSON: there is something after the value")
	}
	return out.Bytes(), nil
}

// maxJSONDepth is far above what any content needs.
const maxJSONDepth = 100

func canonicalValue(d *json.Decoder, out *bytes.Buffer, depth int) error {
	if depth > maxJSONDepth {
		return fmt.Errorf("the value is nested more than %d levels deep", maxJSONDepth)
	}
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		fmt.Fprintf(out, "%t", v)
	case string:
		canonicalString(v, out)
	case json.Delim:
		if v == '[' {
			return canonicalList(d, out, depth)
		}
		return canonicalObject(d, out, depth)
	default:
		return fmt.Errorf("%v is a number", v)
	}
	return nil
}

func canonicalList(d *json.Decoder, out *bytes.Buffer, depth int) error {
	out.WriteByte('[')
	for i := 0; d.More(); i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := canonicalValue(d, out, depth+1); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	_, err := d.Token()
	return err
}

func canonicalObject(d *json.Decoder, out *bytes.Buffer, depth int) error {
	members := map[string][]byte{}
	var names []string
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // a decoder yields nothing else here
		if _, twice := members[name]; twice {
			return fmt.Errorf("the name %q stands twice in an object", name)
		}
		var value bytes.Buffer
		if err := canonicalValue(d, &value, depth+1); err != nil {
			return err
		}
		members[name] = value.Bytes()
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b))) })
	out.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			out.WriteByte(',')
		}
		canonicalString(name, out)
		out.WriteByte(':')
		out.Write(members[name])
	}
	out.WriteByte('}')
	_, err := d.Token()
	return err
}

func canonicalString(s string, out *bytes.Buffer) {
	out.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case '\b':
			out.WriteString(`\b`)
		case '\t':
			out.WriteString(`\t`)
		case '\n':
			out.WriteString(`\n`)
		case '\f':
			out.WriteString(`\f`)
		case '\r':
			out.WriteString(`\r`)
		default:
			if r < ' ' {
				fmt.Fprintf(out, `\u%04x`, r)
				continue
			}
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}
