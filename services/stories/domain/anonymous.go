package domain

import (
	"fmt"

	"renown.example/stories/leak"
)

// Anonymous is a text that does not name its customer, made of one that does.
type Anonymous struct {
	Content Content
	// LeftOut says what of the source could not be taken over: pictures, films, links to the customer.
	LeftOut []string
}

// Anonymize makes a first draft of a text that does not tell its customer: the customer is called standIn, further terms what standIns says, persons are known
// by what they do. Pictures and films stay behind, since nobody but a person can tell what they show. Whether anything is left is for a scan to say.
func Anonymize(c Content, list []Protected, standIn string, standIns map[string]string) Anonymous {
	roles := map[string]string{}
	for _, p := range list {
		if p.Role != "" {
			roles[p.Text] = p.Role
		}
	}
	m := mask{scanner: leak.New(Terms(list)), standIn: func(t leak.Term) string {
		if with, given := standIns[t.Text]; given {
			return with
		}
		if role, quoted := roles[t.Text]; quoted {
			return role
		}
		if t.Kind == leak.Domain || t.Kind == leak.File {
			return ""
		}
		return standIn
	}}
	out := Anonymous{}
	a := m.facts(c, standIn)
	a.StandIn, a.Blocks = "", nil
	for i, b := range c.Blocks {
		switch {
		case b.Image != nil, b.Video != nil:
			out.LeftOut = append(out.LeftOut, fmt.Sprintf("content.blocks[%d].%s", i, b.Kind.field()))
			continue
		case b.Quote != nil:
			b = b.clone()
			b.Quote.By = ""
		}
		masked, kept := m.block(b)
		if !kept {
			out.LeftOut = append(out.LeftOut, fmt.Sprintf("content.blocks[%d].%s", i, b.Kind.field()))
			continue
		}
		a.Blocks = append(a.Blocks, masked)
	}
	out.Content = Normalize(a)
	return out
}

// Rendered are the forms in which a text is served, besides its fields.
type Rendered struct {
	// Name is the story's public name, Slug the last part of its address.
	Name, Slug string
	Excerpts   Excerpts
	// HTML, Markdown and Plain are those of the edition.
	HTML, Markdown, Plain string
}

// Outputs returns everything that the world would see of a published text, apart from its pictures' files: each field, and each form in which the fields leave.
func Outputs(c Content, r Rendered) []leak.Output {
	out := []leak.Output{}
	text := func(place, value string) {
		if value != "" {
			out = append(out, leak.Output{Name: "text", Place: "content." + place, Text: value})
		}
	}
	list := func(place string, values []string) {
		for i, v := range values {
			text(fmt.Sprintf("%s[%d]", place, i), v)
		}
	}
	text("title", c.Title)
	text("summary", c.Summary)
	text("customer", c.Customer)
	text("standIn", c.StandIn)
	text("size", c.Size)
	list("industry", c.Industry)
	list("region", c.Region)
	list("product", c.Product)
	list("useCase", c.UseCase)
	for i := range c.Blocks {
		b := c.Blocks[i]
		for _, a := range b.attributes() {
			if a.name == "asset" || *a.value == "" {
				continue
			}
			out = append(out, leak.Output{Name: "text", Place: fmt.Sprintf("content.blocks[%d].%s.%s", i, b.Kind.field(), a.name), Text: *a.value, Address: a.url})
		}
	}
	for _, x := range r.Excerpts.all() {
		out = append(out, leak.Output{Name: "excerpt", Place: "excerpts." + x.name, Text: *x.value})
	}
	return append(out,
		leak.Output{Name: "address", Place: "slug", Text: r.Slug, Address: true},
		leak.Output{Name: "story id", Place: "story", Text: r.Name, Address: true},
		leak.Output{Name: "JSON-LD", Text: linkedWords(c, r.Excerpts)},
		leak.Output{Name: "card", Text: cardWords(c, r.Excerpts)},
		leak.Output{Name: "lists and feeds", Text: stacked(c.Customer, c.Title, c.Summary)},
		leak.Output{Name: "page", Text: r.HTML},
		leak.Output{Name: "Markdown", Text: r.Markdown},
		leak.Output{Name: "plain text", Text: r.Plain},
	)
}

// linkedWords are the words that a story's JSON-LD holds.
func linkedWords(c Content, e Excerpts) string {
	words := []string{c.Title, c.Summary, e.Snippet, c.Customer}
	for _, b := range c.Blocks {
		if b.Quote != nil {
			words = append(words, b.Quote.Text, b.Quote.By, b.Quote.Role)
		}
		if b.Image != nil {
			words = append(words, b.Image.Alt, b.Image.Caption)
		}
	}
	return stacked(words...)
}

// cardWords are the words that the picture of a shared link may show.
func cardWords(c Content, e Excerpts) string {
	words := []string{c.Title, c.Summary, e.Card, c.Customer}
	for _, b := range c.Blocks {
		if b.Metric != nil {
			words = append(words, b.Metric.Value, b.Metric.Unit, b.Metric.Label)
			break
		}
	}
	return stacked(words...)
}

// stacked puts texts one below the other, so far apart that no word goes from one into the next.
func stacked(texts ...string) string {
	var out string
	for _, t := range texts {
		if t != "" {
			out += t + "\n¶\n"
		}
	}
	return out
}
