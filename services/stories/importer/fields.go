package importer

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"renown.example/stories/domain"
)

type guess struct {
	target string
	keys   []string
}

// guesses say which fields become what, the likeliest name first. Keys are plain.
var guesses = []guess{
	{"story", []string{"translationkey", "translationid", "storyid"}},
	{"locale", []string{"locale", "lang", "language"}},
	{"title", []string{"title", "headline", "heading", "name", "pagetitle", "h1", "metatitle", "seotitle"}},
	{"summary", []string{"summary", "excerpt", "description", "synopsis", "subtitle", "subheading", "tagline", "teaser", "abstract", "lede", "lead", "intro", "shortdescription", "metadescription",
		"seodescription", "ogsummary", "ogdescription"}},
	{"customer", []string{"customer", "client", "company", "customername", "clientname", "companyname", "organization", "organisation", "org", "account", "name"}},
	{"industry", []string{"industry", "industries", "sector", "sectors", "vertical", "verticals", "category", "categories"}},
	{"region", []string{"region", "regions", "country", "countries", "location", "locations", "headquarters"}},
	{"product", []string{"product", "products", "service", "services", "solutionsused", "productsused", "technologies", "technology", "features"}},
	{"use_case", []string{"usecase", "usecases", "tags", "tag", "topics", "keywords"}},
	{"size", []string{"size", "companysize", "employees", "teamsize", "companysizes"}},
	{"slug", []string{"slug", "permalink", "url", "path"}},
	{"picture", []string{"heroimage", "hero", "cover", "coverimage", "image", "featuredimage", "featureimage", "featured_image", "banner", "bannerimage", "headerimage", "picture", "photo",
		"thumbnail", "thumb", "img", "teaserimage", "backgroundimage", "background", "ogimage", "socialimage", "metaimage", "images"}},
	{"logo", []string{"logo", "customerlogo", "clientlogo", "companylogo", "logoimage", "logourl"}},
	{"quote", quoteKeys},
	{"quote_by", []string{"quoteauthor", "quoteby", "quotename", "testimonialauthor", "testimonialname", "quoteattribution", "quotesource", "quoteperson", "quotedperson"}},
	{"quote_role", []string{"quoterole", "quotetitle", "testimonialrole", "testimonialtitle", "quoteposition", "quotejobtitle"}},
	{"quote_company", []string{"quotecompany", "quoteorganization", "testimonialcompany"}},
	{"metrics", []string{"metrics", "stats", "results", "statistics", "kpis", "figures", "outcomes", "numbers", "highlights", "keyresults", "impact", "keymetrics"}},
	{"video", []string{"video", "videourl", "youtube", "vimeo", "youtubeid", "vimeoid"}},
	{"cta", []string{"cta", "calltoaction", "button"}},
}

var quoteKeys = []string{"quote", "customerquote", "testimonial", "pullquote", "blockquote", "quotes", "testimonials"}

// why says of usual fields why a story has no place for them.
var why = map[string]string{
	"date": "a story is dated by its publication", "published": "a story is dated by its publication", "publishedat": "a story is dated by its publication",
	"publisheddate": "a story is dated by its publication", "publishdate": "a story is dated by its publication", "pubdate": "a story is dated by its publication",
	"lastmod": "versions say when a text changed", "updated": "versions say when a text changed", "updatedat": "versions say when a text changed", "modified": "versions say when a text changed",
	"author": "versions say who wrote a text", "authors": "versions say who wrote a text", "aliases": "old addresses: set up redirects to the new ones where your site is served",
	"redirectfrom": "old addresses: set up redirects to the new ones where your site is served",
	"layout":       "how the other site built its page", "template": "how the other site built its page", "type": "how the other site built its page", "weight": "the order on the other site",
	"order": "the order on the other site", "featured": "what the other site made of it",
}

// front maps the fields of the front matter.
func (p *page) front() {
	p.hoist()
	p.targets = p.guessed()
	for i, f := range p.fields {
		target, key := p.targets[i], plainKey(f.key)
		switch {
		case target == "" && f.value.kind == nothing:
			continue
		case target == "" && (key == "draft" || key == "published") && slices.Contains([]string{"true", "false", "yes", "no"}, strings.ToLower(f.value.words())):
			p.account(f.value.text)
			p.note(Mapped, f.line, f.key, f.value.String(), "everything is imported as a draft")
		case (target == "" || target == "metrics") && p.sectioned(f):
		case target == "":
			p.keep(f.line, f.key, f.value.String(), p.whyNot(key))
		default:
			places[target](p, f)
		}
	}
	c := &p.Document.Content
	if c.Customer == "" {
		if c.Customer = p.site.mapping.customerOf(p.Path); c.Customer != "" {
			p.note(Mapped, 0, "customer", c.Customer, "the mapping names it")
		}
	}
}

// whyNot says why a field has no place.
func (p *page) whyNot(key string) string {
	if why[key] != "" {
		return why[key]
	}
	for _, g := range guesses {
		if f, there := p.meant(g.target); there && slices.Contains(g.keys, key) {
			return "the " + strings.ReplaceAll(g.target, "_", " ") + " is what “" + f.key + "” says"
		}
	}
	return "a story has no such field"
}

// meant returns the first field that becomes target.
func (p *page) meant(target string) (field, bool) {
	for i, f := range p.fields {
		if p.targets[i] == target {
			return f, true
		}
	}
	return field{}, false
}

// facts are what is said of a customer rather than of a story, so that it may be said inside of something.
var facts = []string{"customer", "industry", "region", "product", "size"}

// hoist brings facts to the top that stand in a list of pairs, such as "details: [{Company: Northwind}, {Industry: Trade}]".
func (p *page) hoist() {
	for i, f := range p.fields {
		if !pairs(f.value) || p.site.mapping.Fields[dotted(f.key)] != "" {
			continue
		}
		var rest []value
		for _, item := range f.value.list {
			if in := item.fields[0]; isFact(in.key) {
				in.key = f.key + "." + in.key
				p.fields = append(p.fields, in)
				continue
			}
			rest = append(rest, item)
		}
		if p.fields[i].value.list = rest; len(rest) == 0 && len(f.value.list) > 0 {
			p.fields[i].value.kind = nothing
		}
	}
}

// pairs reports whether a value is a list of fields, each by itself and with a name of its own.
func pairs(v value) bool {
	seen := map[string]bool{}
	for _, item := range v.list {
		if item.kind != table || len(item.fields) != 1 || item.fields[0].value.kind != single || seen[item.fields[0].key] {
			return false
		}
		seen[item.fields[0].key] = true
	}
	return v.kind == listed
}

func isFact(key string) bool {
	return slices.ContainsFunc(guesses, func(g guess) bool { return slices.Contains(facts, g.target) && slices.Contains(g.keys, plainKey(key)) })
}

// guessed finds what each field becomes. Of several fields with the same meaning the likeliest is taken.
func (p *page) guessed() map[int]string {
	out := map[int]string{}
	for i, f := range p.fields {
		if f.value.kind == table {
			p.inner(i, f)
		}
	}
	byKey := map[string][]int{}
	for i, f := range p.fields {
		byKey[lastKey(f.key)] = append(byKey[lastKey(f.key)], i)
	}
	for i, f := range p.fields {
		if t := p.site.mapping.Fields[dotted(f.key)]; t != "" {
			out[i] = t
		}
	}
	for _, g := range guesses {
		taken := false
		for _, t := range out {
			taken = taken || t == g.target && g.target != "picture"
		}
		for _, key := range g.keys {
			for _, i := range byKey[key] {
				f := p.fields[i]
				if _, set := out[i]; set || f.value.kind == nothing || taken && !many(g.target) || !p.fits(g.target, f) {
					continue
				}
				out[i], taken = g.target, true
			}
		}
	}
	return out
}

// lastKey is the plain key of a field; what was brought to the top from inside of another goes by its own name.
func lastKey(key string) string { return plainKey(key[strings.LastIndexByte(key, '.')+1:]) }

// inner moves what the mapping wants of a table's fields to the top: "client.sector" in it stands for a field inside of another.
func (p *page) inner(i int, f field) {
	rest := f.value.fields[:0:0]
	for _, in := range f.value.fields {
		if p.site.mapping.Fields[dotted(f.key+"."+in.key)] != "" {
			p.fields = append(p.fields, field{key: f.key + "." + in.key, line: in.line, value: in.value})
			continue
		}
		rest = append(rest, in)
	}
	if p.fields[i].value.fields = rest; len(rest) == 0 {
		p.fields[i].value.kind = nothing
	}
}

// many are the targets that take more than one field.
func many(target string) bool {
	return target == "picture" || target == "video" || target == "quote" || target == "metrics"
}

// fits reports whether a field's value can be what its name promises; a field with the right name and another kind of value is kept.
func (p *page) fits(target string, f field) bool {
	switch target {
	case "title", "summary", "size", "slug", "story", "locale":
		return f.value.kind == single
	case "customer":
		return f.value.kind == single || f.value.kind == table
	case "industry", "region", "product", "use_case":
		return len(words(f.value)) > 0
	}
	return true
}

// words returns the plain values of a list, also where they are the names of tables, or several in one string.
func words(v value) []string {
	var out []string
	switch v.kind {
	case single:
		for part := range strings.SplitSeq(v.text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	case listed:
		for _, item := range v.list {
			if item.kind == single {
				out = append(out, item.words())
			} else if n, ok := get(item.fields, "name", "title", "label", "value"); ok && n.value.kind == single {
				out = append(out, n.value.words())
			} else {
				return nil
			}
		}
	}
	return out
}

// places give a field its place, by what it becomes.
var places = map[string]func(*page, field){
	"title":         func(p *page, f field) { p.line(&p.Document.Content.Title, f, domain.MaxTitle, "title") },
	"summary":       func(p *page, f field) { p.line(&p.Document.Content.Summary, f, domain.MaxSummary, "summary") },
	"size":          func(p *page, f field) { p.line(&p.Document.Content.Size, f, domain.MaxSize, "size") },
	"industry":      func(p *page, f field) { p.terms(&p.Document.Content.Industry, f, "industry") },
	"region":        func(p *page, f field) { p.terms(&p.Document.Content.Region, f, "region") },
	"product":       func(p *page, f field) { p.terms(&p.Document.Content.Product, f, "product") },
	"use_case":      func(p *page, f field) { p.terms(&p.Document.Content.UseCase, f, "use case") },
	"metrics":       func(p *page, f field) { p.metrics(f.key, f.line, f.value, true) },
	"customer":      (*page).customer,
	"story":         (*page).sameStory,
	"locale":        (*page).language,
	"slug":          (*page).address,
	"picture":       (*page).pictures,
	"logo":          (*page).theLogo,
	"quote":         (*page).quotes,
	"quote_by":      (*page).ofQuote,
	"quote_role":    (*page).ofQuote,
	"quote_company": (*page).ofQuote,
	"video":         (*page).frontVideo,
	"cta":           (*page).frontButton,
	"text":          (*page).frontText,
	"keep":          func(p *page, f field) { p.keep(f.line, f.key, f.value.String(), "the mapping keeps it") },
	"skip":          func(p *page, f field) { p.note(Skipped, f.line, f.key, f.value.String(), "the mapping leaves it out") },
}

func (p *page) sameStory(f field) {
	id := identifier(f.value.words())
	if id == "" {
		p.keep(f.line, f.key, f.value.String(), "no id of a story can be made of it")
		return
	}
	p.group, p.wish = "key:"+id, id
	p.account(f.value.text)
	p.note(Mapped, f.line, f.key, f.value.words(), "the id of the story is "+id)
}

func (p *page) language(f field) {
	l := domain.CanonicalLocale(strings.ReplaceAll(f.value.words(), "_", "-"))
	if !domain.ValidLocale(l) {
		p.keep(f.line, f.key, f.value.String(), "it is not a language tag such as en or pt-BR")
		return
	}
	p.Document.Content.Locale = l
	p.account(f.value.text)
	p.note(Mapped, f.line, f.key, f.value.words(), "the language is "+l)
}

func (p *page) theLogo(f field) {
	pics := imagesOf(f.value)
	if len(pics) != 1 || p.logo != nil {
		p.keep(f.line, f.key, f.value.String(), "it is not one picture")
		return
	}
	pics[0].field, pics[0].logo = f.key, true
	p.logo = &pics[0]
}

func (p *page) frontButton(f field) {
	b, ok := p.button(f.value.fields)
	if !ok {
		p.keep(f.line, f.key, f.value.String(), "it is not a label and an address that begins with https://")
		return
	}
	p.lead = append(p.lead, b)
	p.note(Mapped, f.line, f.key, f.value.String(), "a call to action")
}

func (p *page) frontText(f field) {
	b := domain.NewText(p.plainText(f.value.String()))
	if !sound(b) {
		p.keep(f.line, f.key, f.value.String(), "it cannot be a passage as it is")
		return
	}
	p.lead = append(p.lead, b)
	p.note(Mapped, f.line, f.key, f.value.String(), "a passage of the story")
}

// line takes one line of text, or keeps one that is too long: nothing is cut.
func (p *page) line(to *string, f field, bound int, what string) {
	text := p.plainText(strings.Join(strings.Fields(f.value.text), " "))
	switch {
	case f.value.kind != single:
		p.keep(f.line, f.key, f.value.String(), "the "+what+" is one line of text")
	case utf8.RuneCountInString(text) > bound:
		p.keep(f.line, f.key, f.value.text, "it is longer than the "+itoa(bound)+" characters of a "+what+": shorten it")
	case *to != "":
		p.keep(f.line, f.key, f.value.text, "there is a "+what+" already")
	default:
		*to = text
		p.note(Mapped, f.line, f.key, text, "the "+what)
	}
}

var (
	tags      = regexp.MustCompile(`<[^<>]*>`)
	emphasis  = regexp.MustCompile(`\*\*|__|` + "`")
	plainLink = regexp.MustCompile(`\[([^\[\]]*)\]\([^()\s]*\)`)
)

// plainText frees a line of front matter from markup, which its fields do not have.
func (p *page) plainText(s string) string {
	s = html.UnescapeString(plainLink.ReplaceAllString(tags.ReplaceAllString(s, ""), "$1"))
	return strings.TrimSpace(domain.Keepable(emphasis.ReplaceAllString(s, "")))
}

func (p *page) customer(f field) {
	if f.value.kind == single {
		p.line(&p.Document.Content.Customer, f, domain.MaxCustomer, "customer")
		return
	}
	name, ok := get(f.value.fields, "name", "title", "company", "customer", "client")
	if !ok || name.value.kind != single {
		p.keep(f.line, f.key, f.value.String(), "it names no customer")
		return
	}
	for _, in := range f.value.fields {
		in.key = f.key + "." + in.key
		switch plainKey(strings.TrimPrefix(in.key, f.key+".")) {
		case plainKey(name.key):
			p.line(&p.Document.Content.Customer, in, domain.MaxCustomer, "customer")
		case "industry", "sector", "vertical":
			p.terms(&p.Document.Content.Industry, in, "industry")
		case "region", "country", "location":
			p.terms(&p.Document.Content.Region, in, "region")
		case "size", "employees":
			p.line(&p.Document.Content.Size, in, domain.MaxSize, "size")
		case "logo":
			if pics := imagesOf(in.value); len(pics) == 1 && p.logo == nil {
				pics[0].field, pics[0].logo = in.key, true
				p.logo = &pics[0]
				continue
			}
			p.keep(in.line, in.key, in.value.String(), "it is not one picture")
		default:
			if in.value.kind != nothing {
				p.keep(in.line, in.key, in.value.String(), "a story has no such field of its customer")
			}
		}
	}
}

func (p *page) terms(to *[]string, f field, what string) {
	list := words(f.value)
	if f.value.kind == single && utf8.RuneCountInString(f.value.text) > domain.MaxTerm && len(list) > 3 {
		list = []string{f.value.words()}
	}
	if f.value.kind == single && jekyllPost.MatchString(p.Path) && oneOf(plainKey(f.key), "tags", "categories") && !strings.Contains(f.value.text, ",") {
		list = strings.Fields(f.value.text) // as Jekyll has it
	}
	var taken []string
	for _, t := range list {
		t = p.plainText(t)
		switch {
		case kindOfPage.MatchString(t):
			p.note(Skipped, f.line, f.key, t, "it says what kind of page it is")
		case t == "" || slices.Contains(*to, t):
		case utf8.RuneCountInString(t) > domain.MaxTerm:
			p.keep(f.line, f.key, t, "it is longer than the "+itoa(domain.MaxTerm)+" characters of a term")
		case len(*to) >= domain.MaxTerms:
			p.keep(f.line, f.key, t, "there are at most "+itoa(domain.MaxTerms)+" terms of each kind")
		default:
			*to = append(*to, t)
			taken = append(taken, t)
		}
	}
	if len(list) == 0 {
		p.keep(f.line, f.key, f.value.String(), "it is not a list of words")
	}
	if len(taken) > 0 {
		p.note(Mapped, f.line, f.key, strings.Join(taken, ", "), "the "+what)
	}
}

var jekyllPost = regexp.MustCompile(`(?:^|/)_(?:posts|drafts)/`)

var kindOfPage = regexp.MustCompile(`(?i)^(?:blogs?|posts?|news|(?:case|customer|success|user)[ -_]?(?:stud(?:y|ies)|stor(?:y|ies))|customers?|featured)$`)

// address takes the last part of an address as slug.
func (p *page) address(f field) {
	text := strings.Trim(f.value.words(), "/")
	if u, err := url.Parse(text); err == nil && u.Host != "" && !strings.HasPrefix(text, p.site.mapping.Site+"/") {
		p.keep(f.line, f.key, f.value.String(), "it leads to another site and is no address of this story")
		return
	}
	last := text[strings.LastIndexByte(text, '/')+1:]
	last = strings.TrimSuffix(strings.TrimSuffix(last, ".html"), ".htm")
	if slug := domain.Slugify(last, "en"); domain.ValidSlug(slug) && !strings.ContainsAny(last, ":{}") && len(text) <= 200 {
		p.slug = slug
		p.account(f.value.text)
		p.note(Mapped, f.line, f.key, f.value.text, "the address ends with "+slug)
		return
	}
	p.keep(f.line, f.key, f.value.String(), "no address can be made of it")
}

// image is a picture that front matter or a component names.
type image struct {
	src, alt, caption, field string
	line                     int
	logo                     bool
}

// imagesOf reads a picture in the ways in which sites write one.
func imagesOf(v value) []image {
	switch v.kind {
	case single:
		return []image{{src: v.words(), line: v.line}}
	case listed:
		var out []image
		for _, item := range v.list {
			out = append(out, imagesOf(item)...)
		}
		return out
	case table:
		src, ok := get(v.fields, "src", "url", "image", "path", "file", "filename", "publicurl", "source", "href")
		if !ok {
			return nil
		}
		pics := imagesOf(src.value)
		if len(pics) != 1 {
			return nil
		}
		if alt, ok := get(v.fields, "alt", "alttext", "imagealt", "alternativetext"); ok {
			pics[0].alt = alt.value.words()
		}
		if caption, ok := get(v.fields, "caption", "title", "description", "credit"); ok {
			pics[0].caption = caption.value.words()
		}
		return pics
	}
	return nil
}

func (p *page) pictures(f field) {
	pics := imagesOf(f.value)
	if len(pics) == 0 {
		p.keep(f.line, f.key, f.value.String(), "it is not a picture")
		return
	}
	for i := range pics {
		pics[i].field = f.key
		if pics[i].alt == "" && len(pics) == 1 {
			if alt, ok := get(p.fields, plainKey(f.key)+"alt", "imagealt", "heroalt", "coveralt", "altimage", "alt"); ok {
				pics[i].alt = alt.value.words()
			}
		}
	}
	p.cover = append(p.cover, pics...)
}
