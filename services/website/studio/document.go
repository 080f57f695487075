package studio

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// document is a text as the editor shows it: its facts as fields, its body as Markdown.
type document struct {
	Story, Locale                                       string
	Slug, Title, Summary, Customer, Size, StandIn, Body string
	Industry, Region, Product, UseCase                  []string
}

// documentOf takes a stored text apart.
func documentOf(text *storiesv1.Text) document {
	c, s := text.GetContent(), text.GetSummary()
	return document{Story: storyID(s.GetName()), Locale: s.GetLocale(), Slug: s.GetSlug(), Title: c.GetTitle(), Summary: c.GetSummary(), Customer: c.GetCustomer(),
		Size: c.GetSize(), StandIn: c.GetStandIn(), Industry: c.GetIndustry(), Region: c.GetRegion(), Product: c.GetProduct(), UseCase: c.GetUseCase(), Body: bodyOf(text.GetMarkdown())}
}

// typedDocument is what was typed into the editor.
func typedDocument(story, locale string, values url.Values) document {
	get := func(name string) string { return strings.TrimSpace(values.Get(name)) }
	return document{Story: story, Locale: locale, Slug: get("slug"), Title: get("title"), Summary: get("summary"), Customer: get("customer"), Size: get("size"), StandIn: get("stand_in"),
		Industry: listOf(get("industry")), Region: listOf(get("region")), Product: listOf(get("product")), UseCase: listOf(get("use_case")), Body: strings.ReplaceAll(values.Get("body"), "\r\n", "\n")}
}

func listOf(value string) []string {
	var out []string
	for _, part := range strings.Split(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// bodyOf is a document without its front matter.
func bodyOf(markdown string) string {
	rest, ok := strings.CutPrefix(markdown, "---\n")
	if !ok {
		return markdown
	}
	_, body, ok := strings.Cut("\n"+rest, "\n---\n")
	if !ok {
		return markdown
	}
	return strings.TrimLeft(body, "\n")
}

// fieldLine is a fact in front matter: the editor's field and its value, as a string or a list.
type fieldLine struct {
	name  string
	value any
}

func (d document) facts() []fieldLine {
	var out []fieldLine
	text := func(name, value string) {
		if value != "" {
			out = append(out, fieldLine{name, value})
		}
	}
	list := func(name string, values []string) {
		if len(values) > 0 {
			out = append(out, fieldLine{name, values})
		}
	}
	text("story", d.Story)
	text("locale", d.Locale)
	text("slug", d.Slug)
	text("title", d.Title)
	text("summary", d.Summary)
	text("customer", d.Customer)
	list("industry", d.Industry)
	list("region", d.Region)
	list("product", d.Product)
	list("use_case", d.UseCase)
	text("size", d.Size)
	text("stand_in", d.StandIn)
	return out
}

// pasted reports that the body is a whole document with front matter of its own, which then says everything.
func (d document) pasted() bool { return strings.HasPrefix(d.Body, "---\n") }

// markdown puts the document together. Each fact is one line of front matter in JSON, which YAML reads as it is whatever was typed.
func (d document) markdown() string {
	if d.pasted() {
		return d.Body
	}
	var b strings.Builder
	b.WriteString("---\n")
	for _, f := range d.facts() {
		raw, err := json.Marshal(f.value)
		if err != nil {
			continue // strings and lists of strings always can be written
		}
		b.WriteString(f.name + ": " + string(raw) + "\n")
	}
	b.WriteString("---\n\n" + d.Body)
	if !strings.HasSuffix(d.Body, "\n") {
		b.WriteByte('\n')
	}
	return b.String()
}

// place tells to which field of the editor a line of the document belongs, and which line of the field it is, from 1.
func (d document) place(line int) (field string, at int) {
	if d.pasted() || line < 1 {
		return "body", max(line, 0)
	}
	facts := d.facts()
	switch {
	case line == 1:
		return "body", 0
	case line-2 < len(facts):
		return facts[line-2].name, 1
	}
	return "body", max(line-len(facts)-3, 0)
}

var lineInWords = regexp.MustCompile(`\bline (\d+)\b`)

// inBody turns "line 14" of the document into the line of the body that the author sees.
func (d document) inBody(message string) string {
	return lineInWords.ReplaceAllStringFunc(message, func(found string) string {
		n, err := strconv.Atoi(found[len("line "):])
		if err != nil {
			return found
		}
		if field, at := d.place(n); field == "body" && at > 0 {
			return "line " + strconv.Itoa(at)
		}
		return found
	})
}

// input is the document as REST takes it.
func (d document) input() *storiesv1.TextInput {
	return &storiesv1.TextInput{Form: &storiesv1.TextInput_Markdown{Markdown: d.markdown()}, Slug: d.Slug}
}

// skeletons are what "insert" puts into the body.
var skeletons = []struct{ Kind, Label, Icon, Text string }{
	{"metric", "Result in numbers", "badge-check", "::: metric\nvalue: \"\"\nunit: \"%\"\nlabel: \nbaseline: \nperiod: \nsample: \nmethod: \nmeasured_on: \n:::\n"},
	{"quote", "Quote", "quote", "::: quote\ntext: \nby: \nrole: \n:::\n"},
	{"before-after", "Before and after", "git-compare", "::: before-after\nbefore: \nafter: \n:::\n"},
	{"video", "Link to a film", "play", "::: video\nurl: https://\ntitle: \n:::\n"},
	{"cta", "Call to action", "arrow-right", "::: cta\nlabel: \nurl: https://\n:::\n"},
}

// append puts a block at the end of the body, for those who insert without JavaScript.
func (d *document) append(block string) {
	d.Body = strings.TrimRight(d.Body, "\n")
	if d.Body != "" {
		d.Body += "\n\n"
	}
	d.Body += block
}

// pictureBlock is the block for an uploaded picture.
func pictureBlock(asset string, p picture) string {
	quoted := func(s string) string {
		raw, err := json.Marshal(s)
		if err != nil {
			return `""`
		}
		return string(raw)
	}
	b := "::: image\nsrc: images/" + asset + "\n"
	if p.decorative {
		b += "decorative: true\n"
	} else {
		b += "alt: " + quoted(p.alt) + "\n"
	}
	if p.caption != "" {
		b += "caption: " + quoted(p.caption) + "\n"
	}
	if p.logo {
		b += "logo: true\n"
	}
	if p.focus != "" {
		b += "focus: " + p.focus + "\n"
	}
	return b + ":::\n"
}
