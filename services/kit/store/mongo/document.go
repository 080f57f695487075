package mongo

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// The engine's own fields of a document. A record's fields stand beside them and cannot begin with an underscore.
const (
	fieldID      = "_id"
	fieldVersion = "_version"
	fieldSchema  = "_schema"
	// fieldLock is advanced by updates that decided by a row and did not change it.
	fieldLock = "_lock"
	// fieldSeq is a row's place in the feed; until it has one, fieldPending is there instead, with the instant of its insert.
	fieldSeq     = "_seq"
	fieldPending = "_pending"
)

// encode makes the stored document of a record. It goes through the record's JSON, so that a record means the same on every engine: the same names, the same
// embedded structs, the same marshalling methods. Fields of indexes that are null are left out, because MongoDB's partial indexes would hold them.
func encode(s *store.Spec, id string, v any, own bson.D) (bson.D, error) {
	wrap := func(err error) error {
		return fmt.Errorf("store: table %s: row %q cannot be encoded: %w", s.Name, id, err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, wrap(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, err := toBSON(d)
	if err != nil {
		return nil, wrap(err)
	}
	record, ok := value.(bson.D)
	if !ok {
		return nil, wrap(errors.New("it is no JSON object"))
	}
	doc := append(bson.D{{Key: fieldID, Value: id}}, own...)
	for _, e := range record {
		switch {
		case strings.HasPrefix(e.Key, "_"):
			return nil, wrap(fmt.Errorf("the field %q has the name of one of the engine's own", e.Key))
		case e.Value == nil && indexed(s, e.Key):
		default:
			doc = append(doc, e)
		}
	}
	return doc, nil
}

func indexed(s *store.Spec, field string) bool {
	for _, ix := range s.Indexes {
		for _, f := range ix.Fields {
			if f == field {
				return true
			}
		}
	}
	return false
}

// toBSON reads one JSON value. Integers become int64, other numbers doubles.
func toBSON(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return objectToBSON(d)
		}
		return arrayToBSON(d)
	case json.Number:
		if i, err := t.Int64(); err == nil {
			return i, nil
		}
		if !strings.ContainsAny(t.String(), ".eE") {
			return nil, fmt.Errorf("the number %s is larger than 64 bits", t)
		}
		return t.Float64()
	}
	return token, nil // a string, a boolean or nil
}

func objectToBSON(d *json.Decoder) (any, error) {
	doc := bson.D{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := key.(string)
		if strings.ContainsRune(name, 0) {
			return nil, fmt.Errorf("the key %q holds a zero byte", name)
		}
		value, err := toBSON(d)
		if err != nil {
			return nil, err
		}
		doc = append(doc, bson.E{Key: name, Value: value})
	}
	_, err := d.Token()
	return doc, err
}

func arrayToBSON(d *json.Decoder) (any, error) {
	list := bson.A{}
	for d.More() {
		value, err := toBSON(d)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := d.Token()
	return list, err
}

// doc is a stored document.
type doc struct {
	spec    *store.Spec
	raw     bson.Raw
	id      string
	version int64
	seq     int64
	schema  int
}

// read takes a document as the server sent it. The bytes are the caller's to give away.
func read(s *store.Spec, raw bson.Raw) (*doc, error) {
	d := &doc{spec: s, raw: raw}
	var ok bool
	if d.id, ok = raw.Lookup(fieldID).StringValueOK(); !ok {
		return nil, fault.Internal.New("a document of %s has no text as its id", s.Name)
	}
	if d.version, ok = raw.Lookup(fieldVersion).AsInt64OK(); !ok {
		return nil, fault.Internal.New("document %q of %s has no version", d.id, s.Name)
	}
	schema, _ := raw.Lookup(fieldSchema).AsInt64OK()
	if d.schema = int(schema); d.schema > s.Version() {
		return nil, fault.Unavailable.New("document %q of %s was written by a newer version of this program: update this one", d.id, s.Name)
	}
	return d, nil
}

func (d *doc) ID() string     { return d.id }
func (d *doc) Version() int64 { return d.version }
func (d *doc) Seq() int64     { return d.seq }

// Decode fills v. A document that another replica, of an older program, has written since this one migrated the table is migrated as it is read.
func (d *doc) Decode(v any) error {
	text, err := d.json()
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

func (d *doc) json() ([]byte, error) {
	var b bytes.Buffer
	if err := writeObject(&b, d.raw, true); err != nil || d.schema == d.spec.Version() {
		return b.Bytes(), err
	}
	fields, err := d.migrated(b.Bytes())
	if err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// migrated brings the JSON of a record to the present schema.
func (d *doc) migrated(text []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		return nil, err
	}
	return fields, d.spec.Migrate(fields, d.schema)
}

func (d *doc) Field(name string) (any, error) {
	v := d.raw.Lookup(name)
	switch v.Type {
	case bson.TypeString:
		return v.StringValue(), nil
	case bson.TypeBoolean:
		return v.Boolean(), nil
	case 0, bson.TypeNull:
		return nil, nil
	}
	if i, ok := v.AsInt64OK(); ok {
		return i, nil
	}
	return nil, fmt.Errorf("field %s of document %q is of type %s, which no index holds", name, d.id, v.Type)
}

// writeObject writes a document as JSON; at the top the engine's own fields are left out.
func writeObject(b *bytes.Buffer, raw bson.Raw, top bool) error {
	elements, err := raw.Elements()
	if err != nil {
		return err
	}
	b.WriteByte('{')
	first := true
	for _, e := range elements {
		if top && strings.HasPrefix(e.Key(), "_") {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		if err := writeString(b, e.Key()); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeValue(b, e.Value()); err != nil {
			return fmt.Errorf("%s: %w", e.Key(), err)
		}
	}
	b.WriteByte('}')
	return nil
}

func writeArray(b *bytes.Buffer, raw bson.RawArray) error {
	values, err := raw.Values()
	if err != nil {
		return err
	}
	b.WriteByte('[')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeValue(b, v); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

// writeValue writes a value as JSON. Types that records never hold, but an operator's shell may write, become what encoding/json would expect.
func writeValue(b *bytes.Buffer, v bson.RawValue) error {
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return writeObject(b, v.Document(), false)
	case bson.TypeArray:
		return writeArray(b, v.Array())
	case bson.TypeString:
		return writeString(b, v.StringValue())
	case bson.TypeBoolean:
		b.WriteString(strconv.FormatBool(v.Boolean()))
	case bson.TypeInt32, bson.TypeInt64:
		b.WriteString(strconv.FormatInt(v.AsInt64(), 10))
	case bson.TypeDouble:
		f := v.Double()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("the number %v is not one of JSON's", f)
		}
		b.WriteString(strconv.FormatFloat(f, 'g', -1, 64))
	case bson.TypeNull:
		b.WriteString("null")
	case bson.TypeDateTime:
		b.WriteString(strconv.FormatInt(v.DateTime(), 10))
	case bson.TypeBinary:
		_, data := v.Binary()
		return writeString(b, base64.StdEncoding.EncodeToString(data))
	default:
		return fmt.Errorf("the type %s is not one of JSON's", v.Type)
	}
	return nil
}

func writeString(b *bytes.Buffer, s string) error {
	text, err := json.Marshal(s)
	b.Write(text)
	return err
}
