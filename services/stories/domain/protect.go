package domain

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"renown.example/stories/leak"
	"renown.example/stories/prose"
)

// Protected is a term that an anonymous version of a story must not tell, with where it comes from.
type Protected struct {
	leak.Term
	From string
	// Role is what a person is: it may stand for the name.
	Role string
	// Exempt terms were found, and somebody decided that they tell nothing.
	Exempt bool
}

// Source is what is known of a story whose customer is not to be named.
type Source struct {
	// Texts are the story's texts in all languages.
	Texts []Content
	// Persons belong to the customer besides those who are quoted: contacts and signers. Mailboxes are their addresses.
	Persons, Mailboxes []string
	// Files are the names of the pictures' files.
	Files []string
	// Listed are what the authors list; Exempt is what they let pass.
	Listed, Exempt []string
	// Own are hosts that belong to the company itself.
	Own []string
}

// Protect returns what an anonymous version of the story must not tell, each term once: the customer's name and its parts, its initials and domains, quoted and
// asked persons, names of files, and what is listed. A customer's whole name cannot be exempt.
func Protect(s Source) []Protected {
	p := protecting{source: s}
	for _, c := range s.Texts {
		for i, t := range leak.NamesOf(c.Customer) {
			if slug := Slugify(t.Text, c.Locale); slug != "" && t.Kind != leak.Initials {
				t.Spellings = append(t.Spellings, strings.ReplaceAll(slug, "-", " "))
			}
			p.add(t, "customer", i > 0)
		}
	}
	for _, c := range s.Texts {
		for _, b := range c.Blocks {
			if b.Quote != nil {
				p.persons(b.Quote.By, b.Quote.Role, "quote")
			}
		}
		for _, host := range hostsOf(c) {
			p.host(host, "link")
		}
	}
	for _, name := range s.Persons {
		p.persons(name, "", "contact")
	}
	for _, box := range s.Mailboxes {
		if _, host, ok := strings.Cut(box, "@"); ok {
			p.host(host, "contact")
		}
	}
	for _, f := range s.Files {
		p.file(f)
	}
	for _, t := range s.Listed {
		p.add(leak.Term{Kind: leak.Listed, Text: t}, "listed", false)
	}
	p.mute()
	return p.out
}

// mute takes out of people's roles what tells a term: "Harbour master, Quillmoor Ferries" is a harbour master.
func (p *protecting) mute() {
	m := mask{scanner: leak.New(Terms(p.out))}
	for i := range p.out {
		if role := p.out[i].Role; m.tells(role, false) {
			p.out[i].Role, _, _ = strings.Cut(role, ",")
		}
		if m.tells(p.out[i].Role, false) {
			p.out[i].Role = ""
		}
	}
}

// Terms returns the terms that are not exempt.
func Terms(list []Protected) []leak.Term {
	var out []leak.Term
	for _, p := range list {
		if !p.Exempt {
			out = append(out, p.Term)
		}
	}
	return out
}

type protecting struct {
	source Source
	out    []Protected
}

func (p *protecting) add(t leak.Term, from string, exemptible bool) {
	same := func(s string) bool { return strings.EqualFold(Squeezed(s), Squeezed(t.Text)) }
	if strings.TrimSpace(t.Text) == "" || slices.ContainsFunc(p.out, func(o Protected) bool { return same(o.Text) }) {
		return
	}
	p.out = append(p.out, Protected{Term: t, From: from, Exempt: exemptible && slices.ContainsFunc(p.source.Exempt, same)})
}

func (p *protecting) persons(name, role, from string) {
	// Who attests a consent writes "Jonna Fjeld, Head of Operations".
	name, _, _ = strings.Cut(name, ",")
	for _, t := range leak.PersonsOf(name) {
		before := len(p.out)
		if p.add(t, from, true); len(p.out) > before {
			p.out[before].Role = role
		}
	}
}

// host adds a domain of the customer's with the name that it is made of.
func (p *protecting) host(host, from string) {
	domain := registered(host)
	if domain == "" || platforms[domain] || slices.ContainsFunc(p.source.Own, func(o string) bool { return registered(o) == domain }) {
		return
	}
	p.add(leak.Term{Kind: leak.Domain, Text: domain}, from, true)
	if label, _, _ := strings.Cut(domain, "."); len(label) >= 4 && !leak.Ordinary(label) {
		p.add(leak.Term{Kind: leak.Domain, Text: label}, from, true)
	}
}

// file adds the name of a picture's file, and what it is without its ending where that is more than an ordinary word.
func (p *protecting) file(name string) {
	p.add(leak.Term{Kind: leak.File, Text: name}, "picture", true)
	stem, _, _ := cutLast(name, ".")
	if words := strings.FieldsFunc(stem, func(r rune) bool { return strings.ContainsRune("-_. ", r) }); len(words) > 1 && len(stem) >= 6 {
		p.add(leak.Term{Kind: leak.File, Text: stem}, "picture", true)
	}
}

// registered is the part of a host's name that somebody registered, "" for what is no name.
func registered(host string) string {
	host = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(host)), ".")
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return domain
}

// platforms are hosts that everybody uses: a link there tells nobody's name by itself.
var platforms = map[string]bool{
	"youtube.com": true, "youtu.be": true, "vimeo.com": true, "linkedin.com": true, "x.com": true, "twitter.com": true, "facebook.com": true, "instagram.com": true,
	"github.com": true, "wikipedia.org": true, "google.com": true, "goo.gl": true, "bit.ly": true, "gmail.com": true, "googlemail.com": true, "outlook.com": true,
	"hotmail.com": true, "gmx.de": true, "gmx.net": true, "web.de": true, "icloud.com": true, "proton.me": true, "yahoo.com": true, "t-online.de": true,
}

var hostInWords = regexp.MustCompile(`(?i)(?:https?://|www\.|@)[^\s<>()"'|]+`)

// hostsOf returns the hosts to which a text leads, and of mailboxes in it. A call to action leads to the company itself.
func hostsOf(c Content) []string {
	var out []string
	link := func(address string) {
		if u, err := url.Parse(address); err == nil && u.Scheme == "mailto" {
			_, host, _ := strings.Cut(u.Opaque, "@")
			host, _, _ = strings.Cut(host, "?")
			out = append(out, host)
		} else if err == nil {
			out = append(out, u.Hostname())
		}
	}
	for _, b := range c.Blocks {
		if b.Video != nil {
			link(b.Video.URL)
		}
		if b.Text != nil {
			for _, l := range prose.Inspect(b.Text.Markdown).Links {
				link(l.URL)
			}
		}
		for _, a := range b.attributes() {
			if a.url {
				continue
			}
			for _, found := range hostInWords.FindAllString(*a.value, -1) {
				found = strings.TrimRight(strings.TrimLeft(found, "@"), ".,;:!?")
				if !strings.Contains(found, "://") {
					found = "https://" + found
				}
				link(found)
			}
		}
	}
	return out
}
