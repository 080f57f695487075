package sqlite

import (
	"database/sql/driver"
	"encoding/json"

	"renown.example/kit/store"
)

// doc is a stored document: its columns, with the fields still as JSON text.
type doc struct {
	id      string
	version int64
	seq     int64
	text    string
}

// scanDoc reads a row of columns, and seq where it follows them.
func scanDoc(row []driver.Value) *doc {
	d := &doc{id: row[0].(string), version: row[1].(int64), text: row[2].(string)}
	if len(row) > 3 {
		d.seq = row[3].(int64)
	}
	return d
}

func (d *doc) ID() string     { return d.id }
func (d *doc) Version() int64 { return d.version }
func (d *doc) Seq() int64     { return d.seq }

// Decode fills v. An Unmarshaler is asked at once: json.Unmarshal would go through the text twice before it does so, and what is stored is JSON. A RawMessage, which would
// copy what it is given, is given the copy itself.
func (d *doc) Decode(v any) error {
	switch v := v.(type) {
	case *json.RawMessage:
		*v = []byte(d.text)
		return nil
	case json.Unmarshaler:
		return v.UnmarshalJSON([]byte(d.text))
	}
	return json.Unmarshal([]byte(d.text), v)
}

func (d *doc) Field(name string) (any, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(d.text), &fields); err != nil {
		return nil, err
	}
	raw, ok := fields[name]
	if !ok || string(raw) == "null" {
		return nil, nil
	}
	return store.JSONScalar(raw)
}
