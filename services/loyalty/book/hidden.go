package book

import (
	"context"
	"encoding/json"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/telemetry"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/vault"
)

// useEntry is what an entry's hidden part is hidden for.
const useEntry = "entry"

// hidden is what is personal of an entry: what somebody wrote about the member, and a reply that holds personal data.
type hidden struct {
	Reason string `json:"reason,omitempty"`
	Reply  string `json:"reply,omitempty"`
}

// hide returns the entry as it is stored: with what is personal of it under the member's key, since it can never be changed. The digest of its request is one
// under that key too: with little to try, a plain one gives a telephone number away.
func (s *session) hide(e tables.Entry) (tables.Entry, error) {
	if e.Member == "" || e.Reason == "" && !e.Personal {
		if e.Personal {
			return e, fault.Internal.New("The reply of %s holds personal data and its entry names no member.", e.Type)
		}
		return e, nil
	}
	key, err := vault.Ensure(s.ctx, s.tx, e.Member)
	if err != nil {
		return e, err
	}
	h := hidden{Reason: e.Reason}
	e.Reason = ""
	if e.Personal {
		h.Reply, e.Reply = e.Reply, ""
	}
	if key.Destroyed() { // nothing personal is kept of who was erased
		e.Request = ""
		return e, nil
	}
	text, err := json.Marshal(h)
	if err != nil {
		return e, err
	}
	if e.Request != "" {
		e.Request = key.Digest(e.Request)
	}
	e.Hidden, err = key.Hide(useEntry, text)
	return e, err
}

// Show puts back what is hidden of entries. What was hidden of a member who was erased stays away.
func Show(ctx context.Context, tx store.Reader, entries ...*tables.Entry) error {
	keys := map[string]vault.Key{}
	for _, e := range entries {
		if e.Hidden == "" {
			continue
		}
		key, known := keys[e.Member]
		if !known {
			var err error
			if key, err = vault.Of(ctx, tx, e.Member); err != nil {
				return err
			}
			keys[e.Member] = key
		}
		if err := show(key, e); err != nil {
			return err
		}
	}
	return nil
}

func show(key vault.Key, e *tables.Entry) error {
	if key.Destroyed() {
		return nil
	}
	text, err := key.Show(useEntry, e.Hidden)
	if err != nil {
		return err
	}
	var h hidden
	if err := json.Unmarshal(text, &h); err != nil {
		return err
	}
	e.Reason = h.Reason
	if h.Reply != "" {
		e.Reply = h.Reply
	}
	return nil
}

// shown makes an entry that answers for a request ready for replaying it.
func (c command) shown(ctx context.Context, tx store.Reader, e *tables.Entry) error {
	if e.Hidden == "" {
		return nil
	}
	key, err := vault.Of(ctx, tx, e.Member)
	if err != nil {
		return err
	}
	if key.Destroyed() {
		return fault.IllegalState.New("The member that this request was about was erased, and with it the answer. Use a new Idempotency-Key for a new request.")
	}
	if e.Request == key.Digest(c.request) {
		e.Request = c.request
	}
	return show(key, e)
}

// personal are the fields of a message type that are personal, and those whose messages may hold some.
type personal struct {
	fields, inner []protoreflect.FieldDescriptor
}

var personals sync.Map // by full name of the message

func personalOf(d protoreflect.MessageDescriptor) *personal {
	if p, ok := personals.Load(d.FullName()); ok {
		return p.(*personal)
	}
	p := &personal{}
	fields := d.Fields()
	for i := range fields.Len() {
		switch f := fields.Get(i); {
		case telemetry.Personal(f):
			p.fields = append(p.fields, f)
		case f.IsMap():
			if f.MapValue().Message() != nil && reaches(f.MapValue().Message(), nil) {
				p.inner = append(p.inner, f)
			}
		case f.Message() != nil && reaches(f.Message(), nil):
			p.inner = append(p.inner, f)
		}
	}
	personals.Store(d.FullName(), p)
	return p
}

// reaches reports whether a message of the type can hold personal data.
func reaches(d protoreflect.MessageDescriptor, seen []protoreflect.FullName) bool {
	for _, name := range seen {
		if name == d.FullName() {
			return false
		}
	}
	seen = append(seen, d.FullName())
	fields := d.Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		inner := f.Message()
		if f.IsMap() {
			inner = f.MapValue().Message()
		}
		if telemetry.Personal(f) || inner != nil && reaches(inner, seen) {
			return true
		}
	}
	return false
}

// holdsPersonal reports whether something personal stands in a message.
func holdsPersonal(m proto.Message) bool { return holds(m.ProtoReflect()) }

func holds(m protoreflect.Message) bool {
	p := personalOf(m.Descriptor())
	for _, f := range p.fields {
		if m.Has(f) {
			return true
		}
	}
	for _, f := range p.inner {
		if !m.Has(f) {
			continue
		}
		found := false
		switch v := m.Get(f); {
		case f.IsMap():
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				found = holds(v.Message())
				return !found
			})
		case f.IsList():
			for i := 0; i < v.List().Len() && !found; i++ {
				found = holds(v.List().Get(i).Message())
			}
		default:
			found = holds(v.Message())
		}
		if found {
			return true
		}
	}
	return false
}
