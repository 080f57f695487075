package public

import (
	"regexp"
	"strings"
)

// place is what an address of the public site leads to.
type place struct {
	kind   kind
	locale string
	slug   string
}

type kind int

const (
	nowhere kind = iota
	home
	index
	story
)

var localeShape = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// maxSlug is the longest slug that the stories service takes, in bytes.
const maxSlug = 120

// find reads an address: /, /stories, /stories/{slug} in the default locale, the same behind /{locale} in the others. The
// default locale has no address of its own behind its name.
func find(path, defaultLocale string) place {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	p := place{locale: defaultLocale}
	if localeShape.MatchString(parts[0]) && parts[0] != "stories" && len(parts) > 1 {
		if parts[0] == defaultLocale {
			return place{}
		}
		p.locale, parts = parts[0], parts[1:]
	}
	switch {
	case len(parts) == 1 && parts[0] == "":
		p.kind = home
	case len(parts) == 1 && parts[0] == "stories":
		p.kind = index
	case len(parts) == 2 && parts[0] == "stories" && parts[1] != "" && len(parts[1]) <= maxSlug:
		p.kind, p.slug = story, parts[1]
	}
	return p
}

// paths writes addresses below the site's root.
type paths struct{ defaultLocale string }

func (p paths) prefix(locale string) string {
	if locale == "" || locale == p.defaultLocale {
		return ""
	}
	return "/" + locale
}

func (p paths) home(locale string) string        { return p.prefix(locale) + "/" }
func (p paths) index(locale string) string       { return p.prefix(locale) + "/stories" }
func (p paths) story(locale, slug string) string { return p.prefix(locale) + "/stories/" + slug }
