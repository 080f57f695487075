package studio

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/website/api"
	"renown.example/website/web"
)

// form is a form as it is shown: empty, or with what was typed and what is wrong with it.
type form struct {
	// Key is the idempotency key of this rendering.
	Key     string
	values  url.Values
	problem *api.Problem
	fields  []web.Field
	// matched counts the problem's fields that are shown beside one of ours.
	matched int
	// differs are the fields whose stored value somebody else changed, or the sender did, where both did at once.
	differs []difference
}

// difference is a field as it is stored and as it was typed.
type difference struct{ Label, Stored, Typed string }

// newForm begins a form. After a refusal, values are what was typed. The key stays while it is unknown whether the request was carried out, so that sending
// the form again cannot do it twice; a request that was refused for good gets a new one.
func newForm(values url.Values, problem *api.Problem) *form {
	f := &form{Key: rand.Text(), values: values, problem: problem}
	if problem != nil && problem.Status >= 500 && values.Get("key") != "" {
		f.Key = values.Get("key")
	}
	return f
}

// add declares a field. Its value is what was typed, if anything was; its error is that of the problem's fields at or below the pointers.
func (f *form) add(field web.Field, pointers ...string) *form {
	stored := shownValue(field)
	if typed, ok := f.values[field.Name]; ok && len(typed) > 0 {
		field.Value = typed[0]
		for i := range field.Options {
			field.Options[i].Chosen = false
			for _, value := range typed {
				if field.Options[i].Value == value {
					field.Options[i].Chosen = true
				}
			}
		}
	}
	if f.problem != nil {
		for _, e := range f.problem.Errors {
			at := func(pointer string) bool { return e.Pointer == pointer || strings.HasPrefix(e.Pointer, pointer+"/") }
			if slices.ContainsFunc(pointers, at) {
				words, place, _ := strings.Cut(e.Detail, "\n")
				field.Error, field.Place = strings.TrimSpace(field.Error+" "+sentence(words)), place
				f.matched++
			}
		}
	}
	if typed := shownValue(field); f.moved() && typed != stored {
		f.differs = append(f.differs, difference{field.Label, stored, typed})
	}
	f.fields = append(f.fields, field)
	return f
}

// moved reports that somebody else saved in between.
func (f *form) moved() bool {
	return f.problem != nil && f.problem.Status == http.StatusPreconditionFailed
}

// shownValue is what a field holds, as one text.
func shownValue(field web.Field) string {
	if len(field.Options) == 0 {
		return strings.TrimSpace(strings.ReplaceAll(field.Value, "\r\n", "\n"))
	}
	var chosen []string
	for _, o := range field.Options {
		if o.Chosen || !field.Multiple() && o.Value == field.Value {
			chosen = append(chosen, o.Label)
		}
	}
	return strings.Join(chosen, ", ")
}

// Differs lists what is stored otherwise than it was typed, where somebody else saved in between.
func (f *form) Differs() []difference { return f.differs }

// Field returns a declared field for the part "field".
func (f *form) Field(name string) web.Field {
	for _, field := range f.fields {
		if field.Name == name {
			return field
		}
	}
	return web.Field{Name: name, Label: name}
}

// Failed lists the fields with an error, for the part "error-summary".
func (f *form) Failed() []web.Field { return web.Failed(f.fields...) }

// Notice says what no field says.
func (f *form) Notice() *web.Notice {
	if f.problem == nil || len(f.problem.Errors) > 0 && f.matched >= len(f.problem.Errors) {
		return nil
	}
	n := problemNotice(f.problem)
	if len(f.differs) > 0 {
		n.Text, n.Detail = "Somebody else saved this meanwhile.", "What you typed is still here. Saving again replaces theirs."
	}
	for _, e := range f.problem.Errors {
		if !strings.Contains(n.Text+n.Detail, e.Detail) && f.matched == 0 {
			n.Detail = strings.TrimSpace(n.Detail + " " + sentence(e.Detail))
		}
	}
	return n
}

// problemNotice is a problem as a message above a page.
func problemNotice(p *api.Problem) *web.Notice {
	n := &web.Notice{Tone: web.BadTone, Text: sentence(p.Title), Detail: p.Detail}
	switch {
	case p.Status == http.StatusPreconditionFailed:
		n.Text, n.Detail = "Somebody changed this text meanwhile.", "You see it as it is now. Look again before you decide. "+n.Detail
	case p.Status == http.StatusConflict:
		n.Tone = web.WarnTone
	case p.Status >= 500:
		n.Detail = strings.TrimSpace(n.Detail + " What you typed is still here: send it again in a moment.")
		if p.RequestID != "" {
			n.Detail += " Request " + p.RequestID + "."
		}
	}
	return n
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}

// value is what was typed into a field of the posted form, without space around it.
func (v *visit) value(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// once makes a call safe to repeat with the key of the form that was sent.
func (v *visit) once() grpc.CallOption {
	key := v.r.PostFormValue("key")
	if key == "" || len(key) > 128 {
		key = rand.Text()
	}
	return api.IdempotencyKey(key)
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// day reads the value of an input of type date as the beginning of that day in UTC; nil if it is empty or no day.
func day(value string) *timestamppb.Timestamp {
	t, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return nil
	}
	return timestamppb.New(t)
}

// endOfDay is the end of the day in UTC: an agreement that ends on a day holds on that day.
func endOfDay(value string) *timestamppb.Timestamp {
	t := day(value)
	if t == nil {
		return nil
	}
	return timestamppb.New(t.AsTime().AddDate(0, 0, 1))
}

// moment reads the value of an input of type datetime-local with the offset from UTC in minutes that the browser added, 0 without JavaScript.
func moment(value, offset string) *timestamppb.Timestamp {
	t, err := time.Parse("2006-01-02T15:04", value)
	if err != nil {
		return nil
	}
	shift, err := time.ParseDuration(offset + "m")
	if err != nil {
		shift = 0
	}
	return timestamppb.New(t.Add(shift))
}

// Fields lists all declared fields, in the order in which they were declared.
func (f *form) Fields() []web.Field { return f.fields }

// Touched reports that something was typed into the form, or that something about it is wrong.
func (f *form) Touched() bool {
	for _, field := range f.fields {
		if f.values.Get(field.Name) != "" || field.Error != "" {
			return true
		}
	}
	return false
}
