package importer

import (
	"regexp"
	"slices"
	"strings"

	"renown.example/kit/fault"
	"renown.example/stories/domain"
)

// stretch is the text between two blocks.
type stretch struct {
	parts []string
	notes []int
	line  int
	size  int
}

// assemble puts the document together: what the front matter shows first, then the text.
func (p *page) assemble(c *converter, pieces []piece) {
	doc := &p.Document
	shown := map[string]bool{}
	for _, pc := range pieces {
		shown[pc.file] = shown[pc.file] || pc.file != ""
	}
	var before []piece
	if p.logo != nil {
		if p.logo.alt == "" && doc.Content.Customer != "" {
			p.logo.alt = doc.Content.Customer
		}
		before = append(before, c.picturePiece(*p.logo)...)
	}
	for i, cover := range p.cover {
		file, problem := p.site.picture(p.Path, cover.src)
		switch {
		case problem == "" && shown[file]:
			p.account(cover.src)
			p.note(Mapped, cover.line, cover.field, cover.src, "the text shows it already")
		case i > 0 && len(before) > 0 && isThumb(cover.field):
			p.keep(cover.line, cover.field, cover.src, "one picture at the top is enough: it is a smaller one for lists")
		default:
			before = append(before, c.picturePiece(cover)...)
			shown[file] = true
		}
	}
	for i := range p.lead {
		before = append(before, piece{block: &p.lead[i], line: 1})
	}
	var run stretch
	flush := func() {
		if md := c.ended(run); md != "" {
			doc.Content.Blocks = append(doc.Content.Blocks, domain.NewText(md))
			doc.Origins = append(doc.Origins, domain.Origin{Line: run.line})
		}
		run = stretch{}
	}
	for _, pc := range append(before, pieces...) {
		if pc.block == nil {
			if run.size += len(pc.md) + 2; run.size > domain.MaxMarkdown { // bytes, of which there are no fewer than characters
				flush()
				run.size = len(pc.md) + 2
			}
			if len(run.parts) == 0 {
				run.line = pc.line
			}
			run.parts, run.notes = append(run.parts, pc.md), append(run.notes, pc.notes...)
			continue
		}
		flush()
		if pc.file != "" {
			p.Pictures[len(doc.Content.Blocks)] = Picture{File: pc.file, Line: pc.line, As: pc.as}
		}
		doc.Content.Blocks = append(doc.Content.Blocks, *pc.block)
		doc.Origins = append(doc.Origins, domain.Origin{Line: pc.line, Source: pc.file})
	}
	flush()
}

var thumb = regexp.MustCompile(`(?i)thumb|teaser|og|social|card|listing`)

func isThumb(field string) bool { return thumb.MatchString(field) }

// ended puts the parts of a stretch together, with the footnotes to which it leads.
func (c *converter) ended(run stretch) string {
	parts := run.parts
	for len(parts) > 0 && parts[0] == "---" { // a rule at an edge parts nothing
		parts = parts[1:]
	}
	for len(parts) > 0 && parts[len(parts)-1] == "---" {
		parts = parts[:len(parts)-1]
	}
	md := strings.Join(separated(parts), "\n\n")
	notes := run.notes
	for i := 0; i < len(notes); i++ { // a note may lead to another
		notes = append(notes, notesIn(c.notes[itoa(notes[i])])...)
		if len(notes) > 500 {
			break
		}
	}
	slices.Sort(notes)
	for _, n := range slices.Compact(notes) {
		if text := c.notes[itoa(n)]; text != "" {
			md += "\n\n[^" + itoa(n) + "]: " + text
		}
	}
	return md
}

// separated keeps lists that follow each other apart: Markdown would make one of them.
func separated(parts []string) []string {
	var out []string
	for i, part := range parts {
		if i > 0 && startsList(part) && startsList(parts[i-1]) {
			if strings.HasPrefix(parts[i-1], "- ") && strings.HasPrefix(part, "- ") {
				part = starred(part)
				parts[i] = part
			}
		}
		out = append(out, part)
	}
	return out
}

func startsList(md string) bool { return strings.HasPrefix(md, "- ") || strings.HasPrefix(md, "1. ") }

// starred writes the outer marks of a list as stars.
func starred(md string) string {
	ls := strings.Split(md, "\n")
	for i, l := range ls {
		if strings.HasPrefix(l, "- ") {
			ls[i] = "* " + l[2:]
		}
	}
	return strings.Join(ls, "\n")
}

// finish checks what the domain would refuse, and says what an author must do.
func (p *page) finish() {
	defer func() {
		slices.SortStableFunc(p.Notes, func(a, b Note) int { return a.Line - b.Line })
		if p.unsaid > 0 {
			p.Notes = append(p.Notes, Note{Field: "report", What: itoa(p.unsaid), Reason: "so many more things are to be said than a report holds: compare the text with its file", Severity: Refused})
		}
	}()
	if p.Skip || p.Refuse || p.Own {
		return
	}
	doc := &p.Document
	if doc.Slug == "" {
		doc.Slug = p.slug
	}
	c := doc.Content
	if c.Locale == "" {
		c.Locale = "en"
	}
	switch {
	case len(c.Blocks) > 0:
	case strings.TrimSpace(plainWords(p.words)) == "":
		p.Skip = true
		p.note(Skipped, 0, "text", "", "there is no text in it")
		return
	default:
		p.refuse(0, "text", "", "nothing of its text can be part of a story")
		return
	}
	probe := c
	probe.Blocks = slices.Clone(c.Blocks)
	for i := range p.Pictures {
		block := *probe.Blocks[i].Image
		block.Asset = strings.Repeat("0", 64)
		probe.Blocks[i] = domain.NewImage(block)
	}
	if _, err := domain.Prepare(probe); err != nil {
		e := fault.Of(err)
		for _, f := range e.Fields {
			p.refuse(0, f.Path, "", f.Message)
		}
		if len(e.Fields) == 0 {
			p.refuse(0, "text", "", e.Message)
		}
		return
	}
	if c.Customer == "" {
		p.note(Open, 0, "customer", "", "nothing names the customer: name it before the story is published, or in a mapping")
	}
}
