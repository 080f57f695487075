package domain

import (
	"slices"
	"strings"

	"renown.example/kit/fault"
	"renown.example/stories/leak"
)

// Reforming says how a signed text is shown without clauses.
type Reforming struct {
	Clauses []Clause
	// Logos are the pictures that show the logo in any language of the story, besides those that the text marks itself.
	Logos map[string]bool
	// Names are the customer's names in any language of the story, besides the one that the text says; Exempt are words of them that tell nothing.
	Names, Exempt []string
}

// Reform returns a signed text without clauses that were taken back. It takes away, or puts the stand-in that was signed with the text, and writes nothing of its
// own, so that what is shown is still nothing but what was signed. The same text and clauses give the same outcome. What cannot be shown without a clause is
// refused with fault.NotPublishable: the caller takes it down. Whether a name is left is for a scan to say.
func Reform(c Content, r Reforming) (Content, error) {
	if len(r.Clauses) == 0 {
		return c, nil
	}
	name := slices.Contains(r.Clauses, ClauseName)
	if name && c.StandIn == "" {
		return c, notWithout(c.Locale, "the customer has taken back its name, and no stand-in for it was signed")
	}
	out := c
	if name {
		out = nameless(c, r)
	}
	logos := map[string]bool{}
	for _, b := range c.Blocks {
		if b.Image != nil && (b.Image.Logo || r.Logos[b.Image.Asset]) {
			logos[b.Image.Asset] = true
		}
	}
	kept := make([]Block, 0, len(out.Blocks))
	for _, b := range out.Blocks {
		if b.Image == nil || !logos[b.Image.Asset] {
			kept = append(kept, b)
		}
	}
	out.Blocks = kept
	out = Normalize(out)
	if Validate(out) != nil || ValidatePublishable(out) != nil {
		return c, notWithout(c.Locale, "the text cannot stand without what the customer has taken back")
	}
	return out, nil
}

func notWithout(locale, why string) error {
	return fault.NotPublishable.New("The text has to be signed again: %s.", why).With(fault.Field{Path: "consent", Message: why + " (locale " + locale + ")"})
}

// nameless puts the stand-in in the place of the customer's name, and takes the names of its people away.
func nameless(c Content, r Reforming) Content {
	m := mask{scanner: leak.New(Terms(r.NameTerms(c))), standIn: func(leak.Term) string { return c.StandIn }}
	out := m.facts(c, c.StandIn)
	out.Blocks = nil
	for _, b := range c.Blocks {
		if b.Quote != nil {
			b = b.clone()
			b.Quote.By = ""
		}
		if masked, kept := m.block(b); kept {
			out.Blocks = append(out.Blocks, masked)
		}
	}
	return out
}

// NameTerms are the terms that a text must not tell once its customer has taken its name back.
func (r Reforming) NameTerms(c Content) []Protected {
	texts := []Content{{Locale: c.Locale, Customer: c.Customer}}
	for _, n := range r.Names {
		texts = append(texts, Content{Locale: c.Locale, Customer: n})
	}
	return Protect(Source{Texts: texts, Exempt: r.Exempt})
}

// Reexcerpt returns the excerpts of a signed text as they are once its customer has taken its name back. The caller drops those that are no spans any more.
func (r Reforming) Reexcerpt(c Content, e Excerpts) Excerpts {
	if !slices.Contains(r.Clauses, ClauseName) {
		return e
	}
	m := mask{scanner: leak.New(Terms(r.NameTerms(c))), standIn: func(leak.Term) string { return c.StandIn }}
	for _, x := range e.all() {
		if strings.TrimSpace(*x.value) != "" {
			*x.value = Squeezed(m.line(*x.value))
		}
	}
	return e
}
