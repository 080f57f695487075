package domain

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// frontMatter reads the YAML between the first line "---" and the next one, and returns the index of the line after it.
func (p *parser) frontMatter() (body int, ok bool) {
	if strings.TrimRight(p.lines[0], " \t") != "---" {
		p.refuse(1, "the file must begin with front matter between two lines \"---\"")
		return 0, false
	}
	end := 1
	for end < len(p.lines) && strings.TrimRight(p.lines[end], " \t") != "---" {
		end++
	}
	if end == len(p.lines) {
		p.refuse(1, "the front matter is not ended by a line \"---\"")
		return 0, false
	}
	c := &p.doc.Content
	texts := map[string]*string{"story": &p.doc.Story, "slug": &p.doc.Slug, "locale": &c.Locale, "title": &c.Title, "summary": &c.Summary,
		"customer": &c.Customer, "size": &c.Size, "stand_in": &c.StandIn, "source": &p.doc.Source}
	lists := map[string]*[]string{"industry": &c.Industry, "region": &c.Region, "product": &c.Product, "use_case": &c.UseCase}
	for _, e := range p.mapping(p.lines[1:end], 2) {
		switch {
		case texts[e.key] != nil:
			*texts[e.key] = line(p.text(e))
			p.checkKey(e)
		case lists[e.key] != nil:
			*lists[e.key] = p.list(e)
		case e.key == "consent":
			p.consent(e)
		case e.key == "kept" && e.node.Kind == yaml.SequenceNode:
			p.kept(e)
		default:
			p.refuse(e.line, "the front matter has no field %s; there are %s", shown(e.key), strings.Join(frontMatterKeys, ", "))
		}
	}
	return end + 1, true
}

// frontMatterKeys in the order in which Format writes them.
var frontMatterKeys = []string{"story", "locale", "slug", "title", "summary", "customer", "industry", "region", "product", "use_case", "size", "stand_in", "consent",
	"source", "kept"}

func (p *parser) checkKey(e entry) {
	switch value := line(e.node.Value); {
	case value == "":
	case e.key == "locale":
		p.doc.Content.Locale = CanonicalLocale(value)
		if !ValidLocale(p.doc.Content.Locale) {
			p.refuse(e.line, "%s is not a language tag such as \"en\" or \"pt-BR\"", shown(value))
		}
	case e.key == "story" && !ValidID(value):
		p.refuse(e.line, "story must consist of lower-case letters a to z, digits and hyphens between them, at most %d characters", MaxID)
	case e.key == "source" && textProblem("source", value, MaxSource, "") != "":
		p.refuse(e.line, "source must be the path of a file, at most %d characters", MaxSource)
	case e.key == "slug" && !ValidSlug(value):
		p.refuse(e.line, "slug must consist of lower-case letters a to z, digits and single hyphens, at most %d characters", MaxSlug)
	}
}

// consent reads the agreement that the front matter attests.
func (p *parser) consent(e entry) {
	a := &AttestedConsent{}
	texts := map[string]*string{"given_by": &a.GivenBy, "given_on": &a.GivenOn, "ends": &a.Ends, "evidence": &a.Evidence}
	at := map[string]int{}
	before := len(p.problems)
	// Lines of inner nodes count from the first line of the front matter, which is the second of the file.
	for _, inner := range p.entries(e.node, 2) {
		at[inner.key] = inner.line
		switch {
		case inner.key == "scope":
			for _, s := range p.list(inner) {
				a.Scopes = append(a.Scopes, Scope(s))
			}
		case texts[inner.key] != nil:
			*texts[inner.key] = line(p.text(inner))
		default:
			p.refuse(inner.line, "a consent has no field %s; there are scope, given_by, given_on, ends, evidence", shown(inner.key))
		}
	}
	if len(p.problems) > before {
		return
	}
	for _, key := range []string{"scope", "given_by", "given_on", "ends", "evidence"} {
		l, present := at[key]
		if !present {
			l = e.line
		}
		if problem := a.problem(key); problem != "" {
			p.refuse(l, "%s", problem)
		}
	}
	a.Scopes = SortScopes(a.Scopes)
	p.doc.Consent = a
}

// problem says what is wrong with one field of an attested consent, by its name in front matter, or nothing.
func (a AttestedConsent) problem(key string) string {
	day := func(s string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil }
	switch key {
	case "scope":
		for _, s := range a.Scopes {
			if !slices.Contains(Scopes(), s) {
				return "there is no scope " + shown(string(s)) + "; there are web, sales, ads, press"
			}
		}
		if len(a.Scopes) == 0 {
			return "a consent needs a scope: web, sales, ads, press"
		}
	case "given_by":
		return textProblem("given_by", a.GivenBy, MaxSigner, "the person who agreed, with role")
	case "evidence":
		return textProblem("evidence", a.Evidence, MaxEvidence, "where the agreement can be looked up")
	case "given_on":
		if !day(a.GivenOn) {
			return "given_on must be a day such as 2026-03-02"
		}
	case "ends":
		if a.Ends != "" && !day(a.Ends) {
			return "ends must be a day such as 2028-03-01, or be left out when only a revocation ends the consent"
		}
		if a.Ends != "" && day(a.GivenOn) && a.Ends < a.GivenOn {
			return "the consent ends before it was given"
		}
	}
	return ""
}

func textProblem(name, value string, bound int, what string) string {
	switch {
	case value == "":
		return name + " is missing: " + what
	case utf8.RuneCountInString(value) > bound:
		return name + " is too long"
	case strings.ContainsFunc(value, func(r rune) bool { return unwanted(r, false) }):
		return name + " contains control characters"
	}
	return ""
}

// Check returns what is wrong with an attested consent, in the order of its fields; nothing when it is sound.
func (a AttestedConsent) Check() []string {
	var out []string
	for _, key := range []string{"scope", "given_by", "given_on", "ends", "evidence"} {
		if problem := a.problem(key); problem != "" {
			out = append(out, problem)
		}
	}
	return out
}

// FrontMatterKeys are the fields of the front matter of a story file.
func FrontMatterKeys() []string { return slices.Clone(frontMatterKeys) }
