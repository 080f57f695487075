package importer

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"renown.example/stories/domain"
)

// quotes takes the quotations of a field.
func (p *page) quotes(f field) {
	items := []value{f.value}
	if f.value.kind == listed {
		items = f.value.list
	}
	for _, item := range items {
		q, rest, ok := p.quotation(item)
		if !ok {
			p.keep(f.line, f.key, item.String(), "no quotation can be made of it")
			continue
		}
		p.lead = append(p.lead, domain.NewQuote(q))
		p.note(Mapped, f.line, f.key, q.Text, "a quotation")
		for _, left := range rest {
			p.keep(left.line, f.key+"."+left.key, left.value.String(), "a quotation has no such field")
		}
	}
}

// quotation reads a quotation and returns which fields of it are left.
func (p *page) quotation(v value) (domain.Quote, []field, bool) {
	q := domain.Quote{}
	var rest []field
	switch v.kind {
	case single:
		q.Text = p.quoted(v.text)
		for target, to := range map[string]*string{"quote_by": &q.By, "quote_role": &q.Role} {
			if f, ok := p.meant(target); ok {
				*to = p.plainText(f.value.words())
			}
		}
		if f, ok := p.meant("quote_company"); ok {
			q.Role = withCompany(q.Role, p.plainText(f.value.words()))
		}
		if q.By == "" {
			q.Text, q.By, q.Role = attributed(q.Text)
		}
	case table:
		company := ""
		for _, f := range v.fields {
			text := p.plainText(strings.Join(strings.Fields(f.value.text), " "))
			if n, ok := get(f.value.fields, "name"); ok {
				text = n.value.words()
				if r, ok := get(f.value.fields, "title", "role", "position", "jobtitle"); ok {
					q.Role = r.value.words()
				}
			}
			switch key := plainKey(f.key); {
			case text == "":
				if f.value.kind != nothing {
					rest = append(rest, f)
				}
			case oneOf(key, "text", "quote", "content", "body", "message", "testimonial", "words") && q.Text == "":
				q.Text = p.quoted(f.value.text)
			case oneOf(key, "author", "name", "by", "person", "source", "cite", "attribution", "speaker", "authorname", "customer") && q.By == "":
				q.By = text
			case oneOf(key, "role", "title", "position", "jobtitle", "job", "authortitle", "authorrole") && q.Role == "":
				q.Role = text
			case oneOf(key, "caption") && q.By == "" && looksLikeName(text):
				q.By, q.Role = person(text)
			case oneOf(key, "company", "organization", "organisation"):
				company = text
			default:
				rest = append(rest, f)
			}
		}
		q.Role = withCompany(q.Role, company)
	}
	return q, rest, sound(domain.NewQuote(q))
}

// ofQuote leaves to quotes what belongs to a quotation, and keeps what belongs to none.
func (p *page) ofQuote(f field) {
	if q, ok := p.meant("quote"); !ok || q.value.kind != single || f.value.kind != single {
		p.keep(f.line, f.key, f.value.String(), "there is no quotation to which it belongs")
	}
}

// withCompany adds whom a person works for to what they are.
func withCompany(role, company string) string {
	if company == "" || strings.Contains(role, company) {
		return role
	}
	return strings.TrimPrefix(role+", "+company, ", ")
}

// quoted frees a quotation from the marks around it: the page has its own.
func (p *page) quoted(s string) string {
	s = p.plainText(s)
	for _, pair := range []struct{ open, end string }{{`"`, `"`}, {"“", "”"}, {"„", "“"}, {"«", "»"}, {"'", "'"}, {"‘", "’"}} {
		if inner, ok := strings.CutPrefix(s, pair.open); ok {
			if inner, ok = strings.CutSuffix(inner, pair.end); ok && !strings.Contains(inner, pair.open) && !(pair.open == pair.end && strings.Contains(inner, pair.end)) {
				return strings.TrimSpace(inner)
			}
		}
	}
	return s
}

var dash = regexp.MustCompile(`^(?s)(.{20,}?)["”»]?\s*\n?\s*(?:—|–|--|―|\n-)\s*([^\n—–]{3,150})$`)

// attributed parts a quotation from who said it, where a dash tells.
func attributed(text string) (words, by, role string) {
	m := dash.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || !looksLikeName(m[2]) {
		return text, "", ""
	}
	by, role = person(m[2])
	return strings.Trim(strings.TrimSpace(m[1]), "\"“”„«» "), by, role
}

// person parts a name from a role at the first comma.
func person(s string) (by, role string) {
	by, role, _ = strings.Cut(strings.Trim(s, " \t—–-,*_"), ",")
	return strings.TrimSpace(by), strings.TrimSpace(role)
}

func looksLikeName(s string) bool {
	by, _ := person(s)
	n := len(strings.Fields(by))
	r, _ := utf8.DecodeRuneInString(by)
	return n >= 1 && n <= 6 && strings.ToUpper(string(r)) == string(r) && !strings.ContainsAny(by, ".!?;")
}

func oneOf(s string, list ...string) bool {
	for _, l := range list {
		if s == l {
			return true
		}
	}
	return false
}

// figure splits "38 % fewer late deliveries" into value, unit and label.
var figure = regexp.MustCompile(`^\s*([~≈<>+\-−±$€£¥]{0,2}\s?\d[\d.,' ]*\d|[~≈<>+\-−±$€£¥]{0,2}\s?\d)\s*(%|\+|x|×|K|k|M|B|bn|million|billion|ms|s|h|hours?|minutes?|min|days?|weeks?|months?|years?|TB|GB|PB)?(\+)?(?:\s+(.*))?$`)

// metrics takes results in numbers. In front matter they stand before the text, so that whole is true.
func (p *page) metrics(key string, line int, v value, whole bool) []domain.Block {
	var out []domain.Block
	add := func(at int, what string, m domain.Metric) bool {
		b := domain.NewMetric(m)
		if !sound(b) {
			return false
		}
		out = append(out, b)
		p.note(Mapped, at, key, what, "a figure")
		return true
	}
	items := v.list
	switch v.kind {
	case single:
		items = []value{v}
	case table:
		if _, ok := get(v.fields, "value", "number", "stat", "figure", "metric"); ok {
			items = []value{v}
			break
		}
		for _, f := range v.fields {
			m := p.figure(f.value.words())
			if m.Label = strings.TrimSpace(strings.TrimSpace(spaced(f.key)) + " " + m.Label); m.Value == "" || f.value.kind != single || !add(f.line, f.key+": "+f.value.text, m) {
				p.keep(f.line, key+"."+f.key, f.value.String(), "it is not a figure with what it counts")
			}
		}
	}
	for _, item := range items {
		m, rest := p.metric(item)
		if m.Value == "" || m.Label == "" || !add(item.line, item.String(), m) {
			p.keep(item.line, key, item.String(), "it is not a figure with what it counts")
			continue
		}
		for _, left := range rest {
			p.keep(left.line, key+"."+left.key, left.value.String(), "a figure has no such field")
		}
	}
	if whole {
		p.lead = append(p.lead, out...)
	}
	return out
}

func (p *page) metric(v value) (domain.Metric, []field) {
	if v.kind == single {
		return p.figure(v.text), nil
	}
	m := domain.Metric{}
	var rest []field
	for _, f := range v.fields {
		text := p.plainText(f.value.words())
		switch key := plainKey(f.key); {
		case text == "":
			if f.value.kind != nothing {
				rest = append(rest, f)
			}
		case oneOf(key, "value", "number", "stat", "figure", "percentage", "percent", "amount", "improvement", "change") && m.Value == "":
			m.Value = text
			if oneOf(key, "percentage", "percent") && !strings.Contains(text, "%") {
				m.Unit = "%"
			}
		case oneOf(key, "unit", "suffix") && m.Unit == "":
			m.Unit = text
		case oneOf(key, "label", "title", "name", "description", "text", "metric", "caption", "heading") && m.Label == "":
			m.Label = text
		case oneOf(key, "baseline", "before", "from", "previous") && m.Baseline == "":
			m.Baseline = text
		case oneOf(key, "period", "timeframe") && m.Period == "":
			m.Period = text
		default:
			rest = append(rest, f)
		}
	}
	if got := p.figure(m.Value); got.Value != "" && got.Label == "" && m.Unit == "" {
		m.Value, m.Unit = got.Value, got.Unit
	} else if got.Value == "" && p.figure(m.Label).Value != "" && p.figure(m.Label).Label == "" {
		m.Value, m.Label = m.Label, m.Value // "metric" is the number on some sites and the words on others
	}
	return m, rest
}

func (p *page) figure(text string) domain.Metric {
	g := figure.FindStringSubmatch(p.plainText(text))
	if g == nil {
		return domain.Metric{}
	}
	return domain.Metric{Value: strings.TrimSpace(g[1]), Unit: g[2] + g[3], Label: strings.TrimSpace(g[4])}
}

var hump = regexp.MustCompile(`([a-z])([A-Z])`)

// spaced turns a key into words.
func spaced(key string) string {
	return strings.ToLower(strings.NewReplacer("_", " ", "-", " ").Replace(hump.ReplaceAllString(key, "$1 $2")))
}

// sound reports whether a block is one that the domain takes.
func sound(b domain.Block) bool {
	c, err := domain.Prepare(domain.Content{Locale: "en", Blocks: []domain.Block{b}})
	return err == nil && len(c.Blocks) == 1
}

var youtubeID = regexp.MustCompile(`^[A-Za-z0-9_-]{11}$`)

// watchable turns the address of a player into that of the film's page, if it is that of a film.
func watchable(address string) (string, bool) {
	address = strings.TrimSpace(address)
	if strings.HasPrefix(address, "//") {
		address = "https:" + address
	}
	address = strings.Replace(address, "http://", "https://", 1)
	u, err := url.Parse(address)
	if err != nil || !domain.AllowedAddress(address) {
		return "", false
	}
	host := strings.TrimPrefix(strings.TrimPrefix(u.Hostname(), "www."), "m.")
	last := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	switch {
	case (host == "youtube.com" || host == "youtube-nocookie.com") && strings.HasPrefix(u.Path, "/embed/") && youtubeID.MatchString(last):
		return "https://www.youtube.com/watch?v=" + last, true
	case host == "youtube.com" && u.Query().Get("v") != "", host == "youtu.be", host == "vimeo.com":
		return address, true
	case host == "player.vimeo.com" && last != "":
		return "https://vimeo.com/" + last, true
	case strings.Contains(host, "wistia."), strings.Contains(host, "loom.com"), strings.Contains(host, "dailymotion.com"), strings.HasSuffix(u.Path, ".mp4"), strings.HasSuffix(u.Path, ".webm"):
		return address, true
	}
	return "", false
}

func (p *page) frontVideo(f field) {
	address, title := f.value.words(), "Video"
	if f.value.kind == table {
		if a, ok := get(f.value.fields, "url", "src", "href", "id", "youtube", "link"); ok {
			address = a.value.words()
		}
		if t, ok := get(f.value.fields, "title", "caption", "label"); ok {
			title = t.value.words()
		}
	}
	if at, ok := p.film(f.key, address); ok && sound(domain.NewVideo(domain.Video{URL: at, Title: title})) {
		p.lead = append(p.lead, domain.NewVideo(domain.Video{URL: at, Title: title}))
		p.note(Mapped, f.line, f.key, f.value.String(), "a link to a film")
		return
	}
	p.keep(f.line, f.key, f.value.String(), "it is not the https address of a film")
}

// film finds the page of a film by its address, or by its id where the name of a field or component tells whose.
func (p *page) film(name, address string) (string, bool) {
	name = strings.ToLower(name)
	p.account(address)
	id, _, _ := strings.Cut(address, "?") // some say behind it where to begin
	switch {
	case strings.Contains(name, "youtube") && youtubeID.MatchString(id):
		return "https://www.youtube.com/watch?v=" + id, true
	case strings.Contains(name, "vimeo") && address != "" && strings.Trim(address, "0123456789") == "":
		return "https://vimeo.com/" + address, true
	}
	return watchable(address)
}

// buttonFields finds what a button says and where it leads.
func buttonFields(fields []field) (label, to field, ok bool) {
	label, ok = get(fields, "label", "text", "title", "buttontext", "linktext", "children", "name")
	to, there := get(fields, "url", "href", "link", "to", "buttonlink", "buttonurl", "target")
	return label, to, ok && there && label.value.kind == single && to.value.kind == single
}

// button makes a call to action of fields.
func (p *page) button(fields []field) (domain.Block, bool) {
	label, to, ok := buttonFields(fields)
	if !ok {
		return domain.Block{}, false
	}
	address, _ := p.link(to.value.words())
	b := domain.NewCTA(domain.CTA{Label: p.plainText(label.value.words()), URL: address})
	return b, sound(b)
}

// link returns where a link may lead, or why it cannot be kept.
func (p *page) link(href string) (to, problem string) {
	to = strings.TrimSpace(href)
	site := p.site.mapping.Site
	switch {
	case to == "":
		return "", "it leads nowhere"
	case strings.HasPrefix(to, "#"):
		return "", "places on a page have other names here"
	case strings.HasPrefix(to, "//"):
		to = "https:" + to
	case strings.HasPrefix(to, "http://"):
		to = "https://" + to[len("http://"):]
	case strings.HasPrefix(to, "mailto:"), strings.HasPrefix(to, "https://"):
	case strings.Contains(to, ":") && !strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "."):
		return "", "only links to https addresses and mailboxes are shown"
	case site == "":
		return "", "it leads to a page of the other site: name its address in a mapping (site: https://…), then links are made whole"
	default:
		base, err := url.Parse(site + "/" + strings.TrimPrefix(p.Path, "content/"))
		if err != nil {
			return "", "it is not a well-formed address"
		}
		ref, err := url.Parse(to)
		if err != nil {
			return "", "it is not a well-formed address"
		}
		to = base.ResolveReference(ref).String()
	}
	to = strings.ReplaceAll(strings.ReplaceAll(to, " ", "%20"), `"`, "%22")
	if !domain.AllowedLink(to) {
		return "", "it is not an address that a story can lead to"
	}
	p.account(href)
	return to, ""
}
