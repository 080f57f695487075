package importer

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"renown.example/stories/domain"
)

// site is the folder as a whole: what one page cannot know by itself.
type site struct {
	mapping Mapping
	// only and skipped are the patterns of the mapping.
	only, skipped patterns
	paths         map[string]bool
	// ends finds files by the last part of their path.
	ends map[string][]string
	// locales are the folders whose name is a language, with that language.
	locales map[string]string
	// below tells how many pages a folder holds, in itself and below, indexes how many languages of its index it holds, and texts how many pages there are.
	below, indexes map[string]int
	texts          int
}

func newSite(files []File, m Mapping) *site {
	s := &site{mapping: m, only: compiled(m.Only), skipped: compiled(m.Skip), paths: map[string]bool{}, ends: map[string][]string{}, locales: map[string]string{}, below: map[string]int{}, indexes: map[string]int{}}
	siblings := map[string]map[string]bool{}
	for _, f := range files {
		s.paths[f.Path] = true
		base := strings.ToLower(path.Base(f.Path))
		s.ends[base] = append(s.ends[base], f.Path)
		if !isText(f.Path) {
			continue
		}
		s.texts++
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			s.below[dir]++
			if siblings[path.Dir(dir)] == nil {
				siblings[path.Dir(dir)] = map[string]bool{}
			}
			siblings[path.Dir(dir)][path.Base(dir)] = true
		}
		s.below["."]++
	}
	for parent, names := range siblings {
		var found []string
		sure := false
		for name := range names {
			if l := localeName(name); l != "" {
				found = append(found, name)
				sure = sure || common[strings.ToLower(l)] || strings.Contains(l, "-")
			}
		}
		if !sure && len(found) < 2 {
			continue
		}
		for _, name := range found {
			s.locales[path.Join(parent, name)] = localeName(name)
		}
	}
	for _, f := range files {
		if isText(f.Path) && strings.EqualFold(s.place(f.Path).name, "index") {
			s.indexes[path.Dir(f.Path)]++
		}
	}
	return s
}

// common are the languages whose code is enough for a folder's name: others, such as "io", are only with company.
var common = map[string]bool{"en": true, "de": true, "fr": true, "es": true, "it": true, "pt": true, "nl": true, "sv": true, "da": true, "fi": true, "nb": true, "pl": true,
	"cs": true, "ru": true, "uk": true, "tr": true, "ja": true, "zh": true, "ko": true, "ar": true, "he": true, "el": true, "hu": true, "ro": true, "vi": true}

var localeShape = regexp.MustCompile(`^[A-Za-z]{2}(?:[-_][A-Za-z]{2,4}){0,2}$`)

// localeName returns the language of which name is the tag, or nothing.
func localeName(name string) string {
	if !localeShape.MatchString(name) {
		return ""
	}
	l := domain.CanonicalLocale(strings.ReplaceAll(name, "_", "-"))
	if !domain.ValidLocale(l) {
		return ""
	}
	return l
}

// place is what a path says: the folders without languages, the name without its extension, date and language, and the language.
type place struct {
	dirs   []string
	name   string
	date   string
	locale string
}

var dated = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}-)(.+)$`)

func (s *site) place(name string) place {
	var p place
	if dir := path.Dir(name); dir != "." {
		at := ""
		for part := range strings.SplitSeq(dir, "/") {
			at = path.Join(at, part)
			if l := s.locales[at]; l != "" {
				p.locale = l
				continue
			}
			p.dirs = append(p.dirs, part)
		}
	}
	base := path.Base(name)
	base = strings.TrimSuffix(base, path.Ext(base))
	if i := strings.LastIndexByte(base, '.'); i > 0 {
		if l := localeName(base[i+1:]); l != "" {
			base, p.locale = base[:i], l
		}
	} else if i := strings.LastIndexAny(base, "_"); i > 0 && common[strings.ToLower(base[i+1:])] {
		base, p.locale = base[:i], localeName(base[i+1:])
	}
	if m := dated.FindStringSubmatch(base); m != nil {
		p.date, base = m[1], m[2]
	}
	p.name = base
	return p
}

// general are names of files that say what the file is and not whom it is about: the folder says that.
var general = []string{"index", "page", "content", "post", "story", "case-study", "casestudy", "case_study", "readme", "default", "text"}

// folders are names of folders that hold stories and never are one.
var folders = []string{"case-studies", "case-study", "casestudies", "case_studies", "_case_studies", "_case-studies", "customers", "customer-stories", "success-stories", "stories",
	"content", "src", "pages", "docs", "posts", "_posts", "blog", "public", "static", "_site", "site", "www", "html", "out", "dist", "build"}

// skip says why a page is no story, or nothing.
func (s *site) skip(name string) string {
	if len(s.mapping.Only) > 0 && !s.only.match(name) || s.skipped.match(name) {
		return "the mapping leaves it out"
	}
	base := path.Base(name)
	stem := strings.ToLower(strings.TrimSuffix(base, path.Ext(base)))
	at := s.place(name)
	dir := path.Dir(name)
	switch {
	case at.name == "_index" || strings.HasPrefix(stem, "_index"):
		return "it lists other pages"
	case slices.Contains([]string{"readme", "changelog", "contributing", "license", "licence", "code_of_conduct", "code-of-conduct", "security", "404", "search", "pull_request_template", "issue_template"}, stem):
		return "by its name it is about the site, not about a customer"
	case strings.HasPrefix(base, "_") && !strings.HasPrefix(stem, "_index"):
		return "its name begins with an underscore: a template or a part of pages"
	}
	if strings.EqualFold(at.name, "index") {
		last := ""
		if len(at.dirs) > 0 {
			last = at.dirs[len(at.dirs)-1]
		}
		others := s.below[dir] - s.indexes[dir]
		if s.texts > 1 && (last == "" || slices.Contains(folders, strings.ToLower(last))) || others > 1 {
			return "it lists other pages"
		}
	}
	return ""
}

// called sets what a page's path says of its story.
func (p *page) called() {
	at := p.site.place(p.Path)
	name := at.name
	dirs := at.dirs
	if slices.Contains(general, strings.ToLower(name)) && len(dirs) > 0 && !slices.Contains(folders, strings.ToLower(dirs[len(dirs)-1])) {
		name, dirs = dirs[len(dirs)-1], dirs[:len(dirs)-1]
		if m := dated.FindStringSubmatch(name); m != nil {
			at.date, name = m[1], m[2]
		}
	}
	p.group = path.Join(append(slices.Clone(dirs), at.date+name)...)
	p.wish = identifier(name)
	if p.wish == "" {
		p.wish = identifier(p.group)
	}
	p.title = strings.TrimSpace(strings.NewReplacer("-", " ", "_", " ").Replace(name))
	p.Document.Content.Locale = at.locale
}

// identifier makes an id of a name, nothing if nothing of it can be one.
func identifier(name string) string {
	id := domain.Slugify(name, "en")
	if len(id) > domain.MaxID {
		id = strings.Trim(id[:domain.MaxID], "-")
	}
	if !domain.ValidID(id) {
		return ""
	}
	return id
}

// name gives each page its story: pages of one group share it, groups that would like the same one do not.
func (s *site) name(pages []*page) {
	taken := map[string]string{} // id -> group
	for _, p := range pages {
		if p.Own && p.Document.Story != "" {
			taken[p.Document.Story] = ""
		}
	}
	ids := map[string]string{} // group -> id
	seen := map[string]string{}
	for _, p := range pages {
		if p.Skip || p.Refuse || p.Own {
			continue
		}
		id, known := ids[p.group]
		if !known {
			id = s.free(p, taken)
			ids[p.group], taken[id] = id, p.group
		}
		if p.Document.Story = id; id != p.wish {
			p.note(Mapped, 0, "id", id, "another story has the id "+cmp.Or(p.wish, "that its name gives"))
		}
		key := id + "/" + p.Document.Content.Locale
		if other, twice := seen[key]; twice {
			p.Refuse = true
			p.note(Refused, 0, "language", p.Document.Content.Locale, "the same story in the same language is in "+other+" too")
			continue
		}
		seen[key] = p.Path
	}
}

func (s *site) free(p *page, taken map[string]string) string {
	wish := cmp.Or(p.wish, "story")
	if _, there := taken[wish]; !there {
		return wish
	}
	long := identifier(p.group)
	for id, n := long, 2; ; n++ {
		if _, there := taken[id]; !there && id != "" {
			return id
		}
		suffix := "-" + itoa(n)
		id = strings.Trim(wish[:min(len(wish), domain.MaxID-len(suffix))], "-") + suffix
	}
}
