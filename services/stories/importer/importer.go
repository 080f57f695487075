// Package importer reads case studies that were written for another site: Markdown, MDX and HTML with front matter in YAML, TOML or JSON, or without any. It
// makes documents of them and says of everything it met what became of it. It is pure: files come in, documents and notes go out.
//
// What Renown has a place for is mapped. What it has none for is kept beside the text, where its author sees it and no reader does. What is neither is named.
// No word of a file is lost in silence: each page is compared with what was made of it.
package importer

import (
	"path"
	"slices"
	"strings"

	"renown.example/stories/domain"
)

// File is one file of a folder. Data is nil for a file whose name alone is known, such as a picture that is sent later.
type File struct {
	Path string
	Data []byte
}

// Severity says what became of something in a file.
type Severity string

// The severities, from good to bad.
const (
	Mapped  Severity = "mapped"  // it has its place in the story
	Open    Severity = "open"    // it has its place, and somebody has to see to it
	Kept    Severity = "kept"    // it stands beside the story, for its author
	Skipped Severity = "skipped" // it belongs to the other site and not to a story
	Refused Severity = "refused" // it is not imported; it is where it was
)

// Note is one line of the report.
type Note struct {
	Line     int // from 1; 0 when the whole file is meant
	Field    string
	What     string
	Reason   string
	Severity Severity
}

// Page is what was made of one file.
type Page struct {
	Path  string
	Notes []Note
	// Own says that the file is written in Renown's own form: problems in it keep it out.
	Own bool
	// Skip says that the file is no story, Refuse that it was to be one and cannot.
	Skip, Refuse bool
	// Document holds the text. Its pictures are named in Pictures, by the index of their block.
	Document domain.Document
	Pictures map[int]Picture
	// accounted are words of the file that have their place in another form than that in which they were written, or are named in the report.
	accounted strings.Builder
	// weight is that of what is kept, unsaid the number of notes for which there was no room.
	weight, unsaid int
}

// Picture is a picture that a block shows.
type Picture struct {
	File string // path in the folder
	Line int
	As   string // as the page wrote it
}

// note adds a line to the report.
func (p *Page) note(severity Severity, line int, field, what, reason string) {
	if severity != Mapped && severity != Open {
		p.account(what)
	}
	if len(p.Notes) >= maxNotes {
		p.unsaid++
		return
	}
	p.Notes = append(p.Notes, Note{Line: line, Field: field, What: clip(what, 300), Reason: reason, Severity: severity})
}

// account takes note of words of which is known what became of them.
func (p *Page) account(what string) { p.accounted.WriteString(plainWords(what) + " ") }

// keep puts something beside the text. What is too much to keep is named and stays in its file.
func (p *Page) keep(line int, field, text, reason string) {
	k := domain.Kept{Line: line, Field: clip(field, domain.MaxName), Text: domain.Keepable(text), Reason: clip(reason, domain.MaxRemark)}
	p.weight += k.Weight()
	if problem := domain.CheckKept([]domain.Kept{k}); problem != "" || len(p.Document.Kept) == domain.MaxKept || p.weight > domain.MaxKeptBytes {
		p.weight -= k.Weight()
		if problem == "" {
			problem = "is more than can be kept beside a text"
		}
		p.note(Refused, line, field, text, reason+"; it "+problem+" and stays in the file only")
		return
	}
	p.Document.Kept = append(p.Document.Kept, k)
	p.note(Kept, line, field, text, reason)
}

// maxNotes bounds the report of one page.
const maxNotes = 1_000

// MaxPage bounds one page of a stranger's.
const MaxPage = 2 << 20

// Read makes pages of all texts among the files, in the order of their paths.
func Read(files []File, m Mapping) []*Page {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	site := newSite(files, m)
	var pages []*page
	for _, f := range files {
		if !isText(f.Path) || f.Data == nil {
			continue
		}
		p := &page{Page: &Page{Path: f.Path, Pictures: map[int]Picture{}}, site: site}
		if p.Document.Source = f.Path; len(f.Path) > domain.MaxSource {
			p.Document.Source = path.Base(f.Path)
		}
		p.read(f.Data)
		pages = append(pages, p)
	}
	site.name(pages)
	out := make([]*Page, 0, len(pages))
	for _, p := range pages {
		p.finish()
		out = append(out, p.Page)
	}
	return out
}

// page is a page that is being read.
type page struct {
	*Page
	site   *site
	fields []field // of the front matter
	// targets say what each of the fields becomes.
	targets map[int]string
	parts   []part // components of the body
	// group is what the pages of one story share, wish the id that its file would like, and title the words that stand for a title that is missing.
	group, wish, slug, title string
	cover                    []image
	logo                     *image
	lead                     []domain.Block
	// sections are passages of the story in the front matter.
	sections []section
	// words are those of the page as its readers saw them.
	words string
}

func isText(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown", ".mdown", ".mdx", ".mdoc", ".html", ".htm":
		return true
	}
	return false
}

// IsText tells the names of texts from those of pictures and everything else.
func IsText(name string) bool { return isText(name) }

// IsPicture tells the names of pictures that stories can show.
func IsPicture(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".avif", ".svg":
		return true
	}
	return false
}

func isMDX(name string) bool { return strings.EqualFold(path.Ext(name), ".mdx") }

func isHTML(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".html" || ext == ".htm"
}

func clip(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// Drop says that the picture of a block cannot be used: the story does without, and its words stay.
func (p *Page) Drop(block int, problem string) {
	i := p.Document.Content.Blocks[block].Image
	what := p.Pictures[block].As
	for _, words := range []string{i.Alt, i.Caption} {
		if words != "" {
			what += " — " + words
		}
	}
	p.Notes = slices.DeleteFunc(p.Notes, func(n Note) bool {
		return n.Line == p.Pictures[block].Line && strings.HasPrefix(n.What, clip(p.Pictures[block].As, 300)) && (n.Severity == Mapped || n.Severity == Open)
	})
	p.keep(p.Pictures[block].Line, "picture", what, "the picture cannot be used: "+problem)
}
