package public

import "strings"

// route is a pattern of addresses, in the default language and in the others.
type route struct{ plain, inLanguage string }

func (r route) in(language bool) string {
	if language {
		return r.inLanguage
	}
	return r.plain
}

// routesOf makes the routes of some paths.
func routesOf(paths ...string) map[string]route {
	out := map[string]route{}
	for _, p := range paths {
		out[p] = route{p, "/{locale}" + p}
	}
	return out
}

var (
	listRoutes  = routesOf("/", "/stories", "/stories.rss", "/stories.atom", "/stories.json", "/llms.txt")
	storyRoutes = routesOf("/stories/{slug}", "/stories/{slug}.md", "/stories/{slug}/embed", "/stories/{slug}/embed.json")
	// siteRoutes are addresses that there are once.
	siteRoutes = map[string]bool{"/robots.txt": true, "/embed.js": true, "/sitemap.xml": true, "/sitemap-pages.xml": true, "/oembed": true, "/readings": true}
	// keyRoutes are those whose rest must be told to nobody, or is one of very many.
	keyRoutes = []struct{ prefix, pattern string }{
		{"/images/", "/images/{asset}"}, {"/signoff/", "/signoff/{token}"}, {"/preview/", "/preview/{token}"}, {"/sitemaps/", "/sitemaps/{part}.xml"},
	}
)

// nothingThere is the pattern of the addresses that lead nowhere.
const nothingThere = ""

// patternOf is the pattern of an address, for logs and metrics: it holds nothing of the address that is not in this file.
func patternOf(path string) string {
	if siteRoutes[path] {
		return path
	}
	for _, k := range keyRoutes {
		if strings.HasPrefix(path, k.prefix) {
			return k.pattern
		}
	}
	rest, language := path, false
	if _, plain := listRoutes[path]; !plain && !strings.HasPrefix(path, "/stories/") {
		end := strings.IndexByte(path[min(1, len(path)):], '/') + 1
		if end == 0 || !localeShape.MatchString(path[1:end]) {
			return nothingThere
		}
		rest, language = path[end:], true
	}
	if r, ok := listRoutes[rest]; ok {
		return r.in(language)
	}
	slug, ok := strings.CutPrefix(rest, "/stories/")
	if !ok || slug == "" {
		return nothingThere
	}
	pattern := "/stories/{slug}"
	switch cut := strings.IndexByte(slug, '/'); {
	case cut < 0 && strings.HasSuffix(slug, ".md"):
		pattern = "/stories/{slug}.md"
	case cut >= 0 && slug[cut:] == "/embed":
		pattern = "/stories/{slug}/embed"
	case cut >= 0 && slug[cut:] == "/embed.json":
		pattern = "/stories/{slug}/embed.json"
	case cut >= 0:
		return nothingThere
	}
	return storyRoutes[pattern].in(language)
}
