package public

import (
	"strings"
	"testing"
)

// The pattern of an address tells what kind of page it is and nothing else; there is one for whatever find knows.
func TestPatternsHoldNothingOfTheAddress(t *testing.T) {
	for path, want := range map[string]string{
		"/": "/", "/de/": "/{locale}/", "/stories": "/stories", "/pt-BR/stories": "/{locale}/stories", "/stories/a-b": "/stories/{slug}", "/de/stories/a": "/{locale}/stories/{slug}",
		"/stories/a.md": "/stories/{slug}.md", "/de/stories/a/embed": "/{locale}/stories/{slug}/embed", "/stories/a/embed.json": "/stories/{slug}/embed.json",
		"/stories.rss": "/stories.rss", "/fr/stories.atom": "/{locale}/stories.atom", "/fr/llms.txt": "/{locale}/llms.txt", "/llms.txt": "/llms.txt", "/oembed": "/oembed", "/sitemap.xml": "/sitemap.xml",
		"/sitemaps/abc.xml": "/sitemaps/{part}.xml", "/images/0a": "/images/{asset}", "/signoff/tok/sign": "/signoff/{token}", "/preview/tok": "/preview/{token}", "/robots.txt": "/robots.txt",
		"/readings": "/readings", "/stories/": "", "/stories/a/b": "", "/stories/a/embed/x": "", "/wp-login.php": "", "/secret": "", "/de": "", "/de/secret": "", "/stories/x/y/z": "", "//": "", "/storiesx": "", "/stories.xml": "",
	} {
		if got := patternOf(path); got != want {
			t.Errorf("%s has the pattern %q, want %q", path, got, want)
		}
		if known := find(path, "en").kind != nowhere; known && want == "" {
			t.Errorf("%s leads somewhere and has no pattern", path)
		}
	}
	if n := testing.AllocsPerRun(100, func() { patternOf("/stories/nordhafen-late-deliveries") }); n > 0 {
		t.Errorf("a story's pattern costs %v allocations", n)
	}
	if got := patternOf("/" + strings.Repeat("x", 4000)); got != "" {
		t.Errorf("a long address has the pattern %q", got)
	}
}
