package tables

import (
	"encoding/json"

	"renown.example/loyalty/document"
)

var taughtMember = document.HasFields[Member](8)

// UnmarshalJSON reads a member, as each request does that is about one. The text that encoding/json makes of it is read in one go, any other by encoding/json.
func (m *Member) UnmarshalJSON(in []byte) error {
	if taughtMember {
		r := &document.Reader{Rest: in}
		if got := readMember(r); r.Done() {
			*m = got
			return nil
		}
	}
	type plain Member
	var got plain
	if err := json.Unmarshal(in, &got); err != nil {
		return err
	}
	*m = Member(got)
	return nil
}

func readMember(r *document.Reader) (m Member) {
	r.Object(func(key []byte) {
		switch string(key) {
		case "program":
			m.Program = r.Text()
		case "state":
			m.State = r.Text()
		case "profile":
			m.Profile = r.Text()
		case "tags":
			r.List(func() { m.Tags = append(m.Tags, r.Text()) })
		case "into":
			m.Into = r.Text()
		case "enrolledAt":
			m.EnrolledAt = r.Instant()
		case "erasedAt":
			m.ErasedAt = r.Instant()
		case "linkSeries":
			m.LinkSeries = int(r.Int())
		default:
			r.Strange = true
		}
	})
	return m
}
