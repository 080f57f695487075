package store

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"renown.example/kit/fault"
)

// Position is the place of a row in an index: the values of the index's fields, then the id. Engines compare rows with it.
type Position struct {
	Values []any
	ID     string
}

// position encodes the place of d in the index.
func position(s *Spec, index string, d Doc) (string, error) {
	ix, err := s.Index(index)
	if err != nil {
		return "", err
	}
	all := make([]any, 0, len(ix.Fields)+1)
	for _, f := range ix.Fields {
		v, err := d.Field(f)
		if err != nil {
			return "", err
		}
		all = append(all, v)
	}
	b, err := json.Marshal(append(all, d.ID()))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// Index returns the declared index, or for "" one without fields.
func (s *Spec) Index(name string) (Index, error) {
	if name == "" {
		return Index{}, nil
	}
	for _, ix := range s.Indexes {
		if ix.Name == name {
			return ix, nil
		}
	}
	return Index{}, fmt.Errorf("store: table %s declares no index %q", s.Name, name)
}

// ParsePosition decodes Query.After for an engine. A position of another index, or one that was tampered with, is a fault.
func ParsePosition(ix Index, after string) (Position, error) {
	bad := fault.PageTokenInvalid.New("the position does not belong to this query")
	b, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return Position{}, bad.Wrap(err)
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil || len(raw) != len(ix.Fields)+1 {
		return Position{}, bad.Wrap(err)
	}
	all := make([]any, len(raw))
	for i, r := range raw {
		if all[i], err = JSONScalar(r); err != nil {
			return Position{}, bad.Wrap(err)
		}
	}
	id, ok := all[len(all)-1].(string)
	if !ok {
		return Position{}, bad
	}
	return Position{Values: all[:len(all)-1], ID: id}, nil
}

// JSONScalar decodes a JSON string, integer or boolean.
func JSONScalar(r json.RawMessage) (v any, err error) {
	switch {
	case len(r) > 0 && r[0] == '"':
		var s string
		err = json.Unmarshal(r, &s)
		v = s
	case string(r) == "true" || string(r) == "false":
		v = string(r) == "true"
	default:
		v, err = strconv.ParseInt(string(r), 10, 64)
	}
	return v, err
}
