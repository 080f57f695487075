package domain

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"renown.example/stories/prose"
)

// MaxFileBytes bounds a story file.
const MaxFileBytes = 512 << 10

// maxProblems bounds what is reported of one file.
const maxProblems = 100

// parser reads one file. Line numbers count from 1 in problems and from 0 in indices.
type parser struct {
	lines    []string
	problems []Problem
	doc      Document
	// unclosed remembers, per fence character, the shortest fence known to have no end in the rest of the file, so that no line is searched twice.
	unclosed map[byte]int
}

func (p *parser) report(line int, warning bool, format string, args ...any) {
	if len(p.problems) < maxProblems {
		p.problems = append(p.problems, Problem{Line: line, Message: fmt.Sprintf(format, args...), Warning: warning})
	}
}

func (p *parser) refuse(line int, format string, args ...any) { p.report(line, false, format, args...) }

// Parse reads a story file. Its name supplies story and locale where the front matter leaves them out; without a name, as for a text that an author types,
// both may be missing. Problems come in the order of
// their lines; when Refused(problems), the document is only as good as could be read. The content is normalized but not yet validated, because images are
// still to be stored: see Origin.
func Parse(name string, file []byte) (Document, []Problem) {
	p := &parser{unclosed: map[byte]int{}}
	switch {
	case len(file) > MaxFileBytes:
		p.refuse(1, "the file is too large: %d bytes, at most %d are allowed", len(file), MaxFileBytes)
		return p.doc, p.problems
	case !utf8.Valid(file):
		p.refuse(1+bytes.Count(validPrefix(file), []byte("\n")), "this line is not valid UTF-8")
		return p.doc, p.problems
	}
	p.lines = strings.Split(unixLines(strings.TrimPrefix(string(file), "\uFEFF")), "\n")
	body, ok := p.frontMatter()
	if !ok {
		return p.doc, p.problems
	}
	p.named(name)
	p.body(body)
	p.finish()
	slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.Line - b.Line })
	return p.doc, p.problems
}

func validPrefix(b []byte) []byte {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return b[:i]
		}
		i += n
	}
	return b
}

// named fills in what the file's name says, and compares the two where both speak.
func (p *parser) named(name string) {
	story, locale := ParseName(name)
	if p.doc.Story == "" {
		p.doc.Story = story
	}
	switch c := &p.doc.Content; {
	case c.Locale == "":
		c.Locale = locale
	case locale != "" && locale != c.Locale:
		p.refuse(1, "the front matter says locale %q, but the file's name says %q", c.Locale, locale)
	}
	if Refused(p.problems) || name == "" {
		return // what is missing may stand in what could not be read, or is known to a caller who has no file
	}
	if p.doc.Story == "" {
		p.refuse(1, "the front matter does not say to which story the file belongs: add \"story: some-id\"")
	}
	if p.doc.Content.Locale == "" {
		p.refuse(1, "the front matter does not say the language: add \"locale: en\"")
	}
}

// body reads what follows the front matter: directives, and the texts between them.
func (p *parser) body(from int) {
	start := from
	for i := from; i < len(p.lines); {
		if end := p.fenced(i); end > i {
			i = end
			continue
		}
		if !strings.HasPrefix(p.lines[i], ":::") {
			i++
			continue
		}
		p.passage(start, i)
		i = p.directive(i)
		start = i
	}
	p.passage(start, len(p.lines))
}

// fenced returns the index after the fenced code that begins at line i, or i when none begins there. A fence without an end is ordinary text.
func (p *parser) fenced(i int) int {
	mark, width := fence(p.lines[i])
	if width == 0 {
		return i
	}
	if shortest, known := p.unclosed[mark]; known && width >= shortest {
		return i
	}
	for j := i + 1; j < len(p.lines); j++ {
		if closes(p.lines[j], mark, width) {
			return j + 1
		}
	}
	p.unclosed[mark] = width
	return i
}

// fence recognizes the opening of fenced code at the very beginning of a line. Code that is indented, as in a list, needs no care: what looks like a
// directive stands at the beginning of a line, where it would have ended such code.
func fence(l string) (mark byte, width int) {
	if l == "" || l[0] != '`' && l[0] != '~' {
		return 0, 0
	}
	rest := strings.TrimLeft(l, l[:1])
	width = len(l) - len(rest)
	if width < 3 || l[0] == '`' && strings.Contains(rest, "`") {
		return 0, 0
	}
	return l[0], width
}

func closes(l string, mark byte, width int) bool {
	l = strings.TrimRight(l, " \t")
	indent := len(l) - len(strings.TrimLeft(l, " "))
	l = l[indent:]
	return indent <= 3 && len(l) >= width && strings.Trim(l, string(mark)) == ""
}

// directive reads the directive whose opening is line i and returns the index after it.
func (p *parser) directive(i int) int {
	word := strings.TrimSpace(strings.TrimPrefix(p.lines[i], ":::"))
	if word == "" {
		p.refuse(i+1, "\":::\" ends a block, but none is open")
		return i + 1
	}
	end := i + 1
	for end < len(p.lines) && !strings.HasPrefix(p.lines[end], ":::") {
		end++
	}
	closed := end < len(p.lines) && strings.TrimRight(p.lines[end], " \t") == ":::"
	b, known := blank(Kind(word))
	switch {
	case !known:
		p.refuse(i+1, "%s is not a kind of block; there are %s", shown(word), kindList())
	case !closed:
		p.refuse(i+1, "the block %q is not ended by a line \":::\"", word)
	default:
		p.block(b, i)
	}
	if closed {
		end++
	}
	return end
}

// block reads the fields of a directive whose opening is line i.
func (p *parser) block(b Block, i int) {
	end := i + 1
	for !strings.HasPrefix(p.lines[end], ":::") {
		end++
	}
	origin := Origin{Line: i + 1}
	fields := map[string]attribute{}
	attributes := b.attributes()
	for _, a := range attributes {
		fields[a.directive()] = a
	}
	before := len(p.problems)
	for _, e := range p.mapping(p.lines[i+1:end], i+2) {
		a, known := fields[e.key]
		switch {
		case b.Image != nil && e.key == "src":
			origin.Source = p.text(e)
			b.Image.Asset = exportedAsset(origin.Source)
		case b.Image != nil && e.key == "decorative":
			b.Image.Decorative = p.truth(e)
		case b.Image != nil && e.key == "logo":
			b.Image.Logo = p.truth(e)
		case !known || b.Image != nil && e.key == "asset":
			p.refuse(e.line, "a block %q has no field %s", b.Kind, shown(e.key))
		default:
			*a.value = p.text(e)
		}
	}
	if len(p.problems) > before {
		return
	}
	for _, a := range attributes {
		if a.required && a.name != "asset" && strings.TrimSpace(*a.value) == "" {
			p.refuse(i+1, "the block %q lacks %q", b.Kind, a.directive())
		}
	}
	if b.Image != nil && origin.Source == "" {
		p.refuse(i+1, "the block \"image\" lacks \"src\"")
	}
	if b.Text != nil {
		p.running(b.Text.Markdown, func(int) int { return i + 1 })
		return
	}
	p.add(b, origin)
}

// exportedAsset returns the asset that a path of an export names, or nothing.
func exportedAsset(source string) string {
	dir, file := path.Split(source)
	stem := strings.TrimSuffix(file, path.Ext(file))
	if dir == "images/" && isHash(stem) {
		return stem
	}
	return ""
}

// passage reads the text between two directives, lines [from, to).
func (p *parser) passage(from, to int) {
	p.running(strings.Join(p.lines[from:to], "\n"), func(line int) int { return from + line })
}

// running takes over running text: paragraphs that are only an image become image blocks, other images are refused. at turns a line of the text, counted from
// 1, into one of the file.
func (p *parser) running(markdown string, at func(int) int) {
	found := prose.Inspect(markdown)
	for _, l := range found.HTML {
		p.report(at(l), true, "HTML is not understood here: readers will see the tags as they stand")
	}
	lines := strings.Split(markdown, "\n")
	start := 0
	for _, i := range found.Images {
		if !i.Alone {
			p.refuse(at(i.Line), "an image stands in a paragraph of its own, or in a block \"::: image\"")
			continue
		}
		p.prose(lines[start:i.FirstLine-1], at(start+1))
		p.add(NewImage(Image{Asset: exportedAsset(i.Source), Alt: i.Alt, Caption: i.Title}), Origin{Line: at(i.FirstLine), Source: i.Source})
		start = i.FirstLine - 1 + i.Lines
	}
	p.prose(lines[start:], at(start+1))
}

// prose adds a text block, whose first line is line number first of the file, unless it is blank.
func (p *parser) prose(lines []string, first int) {
	for len(lines) > 0 && strings.Trim(lines[0], " \t") == "" {
		lines, first = lines[1:], first+1
	}
	if len(lines) > 0 {
		p.add(NewText(strings.Join(lines, "\n")), Origin{Line: first})
	}
}

// add appends a block; a text after a text continues it.
func (p *parser) add(b Block, o Origin) {
	c := &p.doc.Content
	b = b.normalized()
	if b.Text != nil {
		if b.Text.Markdown == "" {
			return
		}
		if last := len(c.Blocks) - 1; last >= 0 && c.Blocks[last].Text != nil {
			c.Blocks[last] = NewText(c.Blocks[last].Text.Markdown + "\n\n" + b.Text.Markdown)
			return
		}
	}
	c.Blocks = append(c.Blocks, b)
	p.doc.Origins = append(p.doc.Origins, o)
}

// finish normalizes the content, and warns where a definition was cut off from its use.
func (p *parser) finish() {
	p.doc.Content = Normalize(p.doc.Content)
	var texts []string
	references := 0
	for _, b := range p.doc.Content.Blocks {
		if b.Text != nil {
			texts = append(texts, b.Text.Markdown)
			references += prose.Inspect(b.Text.Markdown).References
		}
	}
	if len(texts) > 1 && prose.Inspect(strings.Join(texts, "\n\n")).References > references {
		p.report(1, true, "a link or footnote has its definition on the other side of a block: put both into the same stretch of text")
	}
}
