package importer

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"renown.example/stories/domain"
)

// Mapping overrides what the importer would guess. Its zero value guesses everything.
type Mapping struct {
	// Fields says what a field of front matter becomes: one of Targets. Keys are compared without their capitals, hyphens and underscores; a dot leads inside.
	Fields map[string]string
	// Site is the address of the other site: links that are relative there are made whole.
	Site string
	// Locale is the language of pages that do not say theirs.
	Locale string
	// Customer names the customer of pages that do not, by the path of the page or of a folder.
	Customer map[string]string
	// Only and Skip are patterns of paths, as path.Match has them; "**" stands for any folders.
	Only, Skip []string
	// Pictures are folders in which pictures with absolute paths lie, before those that are usual.
	Pictures []string
}

// Targets are what a field can become.
var Targets = []string{"title", "summary", "customer", "industry", "region", "product", "use_case", "size", "slug", "story", "locale", "logo", "picture", "quote", "quote_by",
	"quote_role", "quote_company", "metrics", "video", "cta", "text", "keep", "skip"}

// ReadMapping reads a mapping file.
func ReadMapping(file []byte) (Mapping, error) {
	var raw struct {
		Fields   map[string]string `yaml:"fields"`
		Site     string            `yaml:"site"`
		Locale   string            `yaml:"locale"`
		Customer map[string]string `yaml:"customer"`
		Only     []string          `yaml:"only"`
		Skip     []string          `yaml:"skip"`
		Pictures []string          `yaml:"pictures"`
	}
	d := yaml.NewDecoder(strings.NewReader(string(file)))
	d.KnownFields(true)
	if err := d.Decode(&raw); err != nil && len(strings.TrimSpace(string(file))) > 0 {
		return Mapping{}, fmt.Errorf("the mapping cannot be read: %w", err)
	}
	m := Mapping{Fields: map[string]string{}, Site: strings.TrimRight(raw.Site, "/"), Locale: domain.CanonicalLocale(raw.Locale), Customer: raw.Customer,
		Only: raw.Only, Skip: raw.Skip, Pictures: raw.Pictures}
	for k, target := range raw.Fields {
		if !slices.Contains(Targets, target) {
			return m, fmt.Errorf("fields: %s cannot become %q; there are %s", k, target, strings.Join(Targets, ", "))
		}
		m.Fields[dotted(k)] = target
	}
	if m.Locale != "" && !domain.ValidLocale(m.Locale) {
		return m, fmt.Errorf("locale: %q is not a language tag such as en or pt-BR", raw.Locale)
	}
	if u, err := url.Parse(m.Site); m.Site != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return m, fmt.Errorf("site: %q is not an address such as https://www.northwind.example", raw.Site)
	}
	for _, p := range append(slices.Clone(m.Only), m.Skip...) {
		if _, err := path.Match(strings.ReplaceAll(p, "**", "*"), "a"); err != nil {
			return m, fmt.Errorf("%q is not a pattern such as case-studies/**", p)
		}
	}
	return m, nil
}

func dotted(key string) string {
	parts := strings.Split(key, ".")
	for i := range parts {
		parts[i] = plainKey(parts[i])
	}
	return strings.Join(parts, ".")
}

// patterns are patterns of paths, ready to be compared.
type patterns []*regexp.Regexp

func (ps patterns) match(name string) bool {
	return slices.ContainsFunc(ps, func(p *regexp.Regexp) bool { return p.MatchString(name) })
}

func compiled(list []string) patterns {
	var out patterns
	for _, p := range list {
		if re, err := regexp.Compile(expression(p)); err == nil {
			out = append(out, re)
		}
	}
	return out
}

// expression writes a pattern of paths as a regular expression.
func expression(pattern string) string {
	var b strings.Builder
	b.WriteString("^")
	for rest := strings.TrimSuffix(pattern, "/"); rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**/"):
			b.WriteString("(?:.*/)?")
			rest = rest[3:]
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			rest = rest[2:]
		case rest[0] == '*':
			b.WriteString("[^/]*")
			rest = rest[1:]
		case rest[0] == '?':
			b.WriteString("[^/]")
			rest = rest[1:]
		default:
			b.WriteString(regexp.QuoteMeta(rest[:1]))
			rest = rest[1:]
		}
	}
	return b.String() + "(?:/.*)?$"
}

// customerOf returns whom the mapping names for a page.
func (m Mapping) customerOf(name string) string {
	for at := name; at != "." && at != "/"; at = path.Dir(at) {
		if c := m.Customer[at]; c != "" {
			return c
		}
	}
	return ""
}
