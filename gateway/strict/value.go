package strict

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// value walks one value that is neither list nor map and begins with tok.
func (w *walker) value(fd protoreflect.FieldDescriptor, at string, tok json.Token) error {
	if md := fd.Message(); md != nil && !isText(md) {
		if tok != json.Delim('{') {
			return w.wrong(at, tok, "an object")
		}
		if wellKnown(md) {
			return w.rest()
		}
		return w.object(md, at)
	}
	var text string
	switch t := tok.(type) {
	case string:
		text = t
	case json.Number:
		text = t.String()
	case bool:
		text = strconv.FormatBool(t)
	default:
		return w.wrong(at, tok, wanted(fd))
	}
	if !kindFits(fd, tok) {
		return w.wrong(at, tok, wanted(fd))
	}
	if problem := scalar(fd, text); problem != "" {
		return w.fault(at, "%s", problem)
	}
	return nil
}

// isText reports whether the message is written as a JSON string.
func isText(md protoreflect.MessageDescriptor) bool {
	switch md.FullName() {
	case "google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask":
		return true
	}
	return false
}

// wellKnown reports whether the message is an object whose members its descriptor does not name.
func wellKnown(md protoreflect.MessageDescriptor) bool {
	switch md.FullName() {
	case "google.protobuf.Struct", "google.protobuf.Any", "google.protobuf.Value":
		return true
	}
	return false
}

func kindFits(fd protoreflect.FieldDescriptor, tok json.Token) bool {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		_, ok := tok.(bool)
		return ok
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.EnumKind, protoreflect.MessageKind:
		_, ok := tok.(string)
		return ok
	}
	// 64-bit numbers are strings in proto3's JSON, and every number may be one.
	_, isBool := tok.(bool)
	return !isBool
}

func wanted(fd protoreflect.FieldDescriptor) string {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.StringKind:
		return "a string"
	case protoreflect.BytesKind:
		return "a string of base64"
	case protoreflect.EnumKind:
		return "one of " + enumNames(fd.Enum())
	case protoreflect.MessageKind:
		return "a string such as " + exampleOf(fd.Message())
	}
	return "a number"
}

func exampleOf(md protoreflect.MessageDescriptor) string {
	switch md.Name() {
	case "Timestamp":
		return `"2026-03-02T15:04:05Z"`
	case "Duration":
		return `"1.5s"`
	}
	return `"title,summary"`
}

// scalar says what is wrong with text as a value of fd, or nothing.
func scalar(fd protoreflect.FieldDescriptor, text string) string {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		if text != "true" && text != "false" {
			return "must be true or false"
		}
	case protoreflect.StringKind:
		if strings.ContainsRune(text, 0) {
			return "has a NUL character in it"
		}
	case protoreflect.BytesKind:
		if !isBase64(text) {
			return "is not base64"
		}
	case protoreflect.EnumKind:
		if fd.Enum().Values().ByName(protoreflect.Name(text)) == nil {
			return "is not known; it must be one of " + enumNames(fd.Enum())
		}
	case protoreflect.MessageKind:
		if fd.Message().Name() == "Timestamp" && !isTimestamp(text) {
			return "is not a time such as " + exampleOf(fd.Message())
		}
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "is not a number"
		}
	default:
		return integer(fd, text)
	}
	return ""
}

// integer says what is wrong with text as a whole number: it names the bounds that the field has by its own rules, not those of the kind of number that carries it.
func integer(fd protoreflect.FieldDescriptor, text string) string {
	lo, hi := big.NewInt(math.MinInt64), big.NewInt(math.MaxInt64)
	switch fd.Kind() {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		lo, hi = big.NewInt(math.MinInt32), big.NewInt(math.MaxInt32)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		lo, hi = big.NewInt(0), big.NewInt(math.MaxUint32)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		lo, hi = big.NewInt(0), new(big.Int).SetUint64(math.MaxUint64)
	}
	// A long number is out of bounds whatever its digits are, and is not worth the arithmetic.
	n, ok := new(big.Int), false
	if len(text) <= 20 {
		n, ok = n.SetString(text, 10)
	}
	if !ok || strings.HasPrefix(text, "+") || n.Cmp(lo) < 0 || n.Cmp(hi) > 0 {
		return "must be " + wholeNumber(fd)
	}
	return ""
}

// wholeNumber describes the whole numbers that a field takes, for people.
func wholeNumber(fd protoreflect.FieldDescriptor) string {
	text := "a whole number"
	if name := fd.JSONName(); name == "amount" || strings.HasSuffix(name, "Amount") {
		text += ` in minor units of the currency, such as "1050" for 10.50`
	}
	rules, _ := proto.GetExtension(fd.Options(), validate.E_Field).(*validate.FieldRules)
	if fd.IsList() {
		rules = rules.GetRepeated().GetItems()
	}
	least, most := "", ""
	if n := rules.GetInt32(); n.HasGte() {
		least = strconv.Itoa(int(n.GetGte()))
	} else if n := rules.GetInt64(); n.HasGte() {
		least = strconv.FormatInt(n.GetGte(), 10)
	}
	if n := rules.GetInt32(); n.HasLte() {
		most = strconv.Itoa(int(n.GetLte()))
	} else if n := rules.GetInt64(); n.HasLte() {
		most = strconv.FormatInt(n.GetLte(), 10)
	}
	switch {
	case least != "" && most != "":
		return text + ", from " + least + " to " + most
	case least != "":
		return text + ", at least " + least
	case most != "":
		return text + ", at most " + most
	}
	return text
}

func isTimestamp(text string) bool {
	t, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999
}

// isBase64 looks at the alphabet and length only: what it lets pass can be decoded in either alphabet.
func isBase64(text string) bool {
	body := strings.TrimRight(text, "=")
	if len(text)-len(body) > 2 || len(body)%4 == 1 || (len(body) != len(text) && len(text)%4 != 0) {
		return false
	}
	std, url := false, false
	for i := range len(body) {
		switch c := body[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '+', c == '/':
			std = true
		case c == '-', c == '_':
			url = true
		default:
			return false
		}
	}
	return !std || !url
}

func enumNames(ed protoreflect.EnumDescriptor) string {
	var names []string
	// The zero value means "not set", which is said by leaving the field out.
	for i := 1; i < ed.Values().Len(); i++ {
		names = append(names, string(ed.Values().Get(i).Name()))
	}
	return strings.Join(names, ", ")
}
