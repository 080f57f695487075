package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// object is a JSON object as it is read here: strings, int64, bool, nil, lists and objects. A number that is none of 64 bits, and a key that stands twice, is refused.
type object = map[string]any

// parse reads a document.
func parse(text []byte) (object, error) {
	if err := legible(text); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := parseValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something stands behind the document")
	}
	o, ok := v.(object)
	if !ok {
		return nil, errors.New("it is no object")
	}
	return o, nil
}

// legible refuses a text for which the decoder would put U+FFFD: one that is not UTF-8, or escapes half a surrogate pair. It would read as another that has a U+FFFD there.
func legible(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8")
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		r := escaped(text[i:])
		if i++; !utf16.IsSurrogate(r) {
			continue
		}
		if i += 5; utf16.DecodeRune(r, escaped(text[min(i, len(text)):])) == utf8.RuneError {
			return errors.New("it escapes half a character")
		}
		i += 5
	}
	return nil
}

// escaped returns the unit of UTF-16 that a text begins with as an escape, 0 if it does not.
func escaped(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}

func parseValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Number:
		n, err := strconv.ParseInt(t.String(), 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != t.String() {
			return nil, fmt.Errorf("%s is no integer", t)
		}
		return n, nil
	case json.Delim:
		if t == '[' {
			return parseList(d)
		}
		return parseObject(d)
	}
	return token, nil
}

func parseList(d *json.Decoder) (any, error) {
	list := []any{}
	for d.More() {
		v, err := parseValue(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

func parseObject(d *json.Decoder) (any, error) {
	o := object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := key.(string)
		if _, twice := o[name]; twice {
			return nil, fmt.Errorf("%q stands twice", name)
		}
		if o[name], err = parseValue(d); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return o, err
}

// hashOf returns the SHA-256 of values in the form that the ledger's documentation gives: each with its kind and length before it.
func hashOf(values ...any) string {
	var b bytes.Buffer
	for _, v := range values {
		write(&b, v)
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

func write(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case string:
		fmt.Fprintf(b, "s%d:%s", len(v), v)
	case int64:
		digits := strconv.FormatInt(v, 10)
		fmt.Fprintf(b, "n%d:%s", len(digits), digits)
	case bool:
		b.WriteByte(map[bool]byte{true: 't', false: 'f'}[v])
	case nil:
		b.WriteByte('z')
	case []any:
		fmt.Fprintf(b, "a%d:", len(v))
		for _, e := range v {
			write(b, e)
		}
	case object:
		fmt.Fprintf(b, "o%d:", len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			write(b, key)
			write(b, v[key])
		}
	}
}

// without returns an object without one of its members.
func without(o object, key string) object {
	c := maps.Clone(o)
	delete(c, key)
	return c
}

// set gives an object a member, or removes it where the value is one that is not written down.
func set(o object, key string, v any) {
	if v == int64(0) || v == false || v == "" {
		delete(o, key)
		return
	}
	o[key] = v
}

// number, text, list and member read a member of an object; one of another kind reads as if it were missing, which the replay then finds.
func number(o object, key string) int64 {
	n, _ := o[key].(int64)
	return n
}

func text(o object, key string) string {
	s, _ := o[key].(string)
	return s
}

func flag(o object, key string) bool {
	b, _ := o[key].(bool)
	return b
}

func list(o object, key string) []any {
	l, _ := o[key].([]any)
	return l
}

func member(o object, key string) object {
	m, _ := o[key].(object)
	return m
}

// differs names the first place, by name, in which two values differ: "" if there is none.
func differs(at string, want, got any) string {
	switch w := want.(type) {
	case object:
		g, ok := got.(object)
		if !ok {
			return at
		}
		keys := slices.Sorted(maps.Keys(w))
		for key := range g {
			if _, known := w[key]; !known {
				keys = append(keys, key)
			}
		}
		for _, key := range keys {
			wanted, is := w[key]
			found, there := g[key]
			if is != there {
				return at + "." + key
			}
			if place := differs(at+"."+key, wanted, found); place != "" {
				return place
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			return at
		}
		for i := range w {
			if place := differs(fmt.Sprintf("%s[%d]", at, i), w[i], g[i]); place != "" {
				return place
			}
		}
		return ""
	}
	if want != got {
		return at
	}
	return ""
}

// unfold makes of columns, in which many lots stand side by side, a list of objects. Under each name there is a list with a value for each of them, or one value for
// all; "n" is a list, or the first and the last of numbers that follow upon each other. What is not in columns is returned as it is.
func unfold(columns object) []any {
	numbers, folded := numbersOf(columns["n"])
	if !folded {
		return []any{columns}
	}
	rows := make([]any, len(numbers))
	for i := range rows {
		rows[i] = object{"n": numbers[i]}
	}
	for name, column := range columns {
		if name == "n" {
			continue
		}
		values, each := column.([]any)
		if each && len(values) != len(rows) {
			return []any{columns} // which is nothing that anybody expects
		}
		for i := range rows {
			value := column
			if each {
				value = values[i]
			}
			if each && name != "points" && name != "open" && name != "issuedAt" && name != "tx" && (value == nil || value == int64(0) || value == "" || value == false) {
				continue // which some have and others have not
			}
			rows[i].(object)[name] = value
		}
	}
	return rows
}

// numbersOf reads the numbers of lots that stand in columns.
func numbersOf(n any) ([]any, bool) {
	row, is := n.(object)
	if !is {
		numbers, is := n.([]any)
		return numbers, is
	}
	first, last := number(row, "first"), number(row, "last")
	if len(row) != 2 || first < 1 || last < first || last-first >= mostLots {
		return nil, false
	}
	var numbers []any
	for i := first; i <= last; i++ {
		numbers = append(numbers, i)
	}
	return numbers, true
}

// unfoldAll makes of a list, in which columns may stand for several objects, a list of objects.
func unfoldAll(in []any) []any {
	var out []any
	for _, v := range in {
		if o, ok := v.(object); ok {
			out = append(out, unfold(o)...)
		} else {
			out = append(out, v)
		}
	}
	return out
}
