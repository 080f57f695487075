package found_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"renown.example/deploy/cases"
	"renown.example/kit/clock"
)

// gone is how soon a story that was withdrawn must have disappeared.
const gone = 2 * time.Second

// outputs are all the ways in which a story is out in the world: those that are about it, and those that list it.
func (x told) outputs(in *installation) (own, lists []string) {
	prefix := ""
	if x.locale != locales[0] {
		prefix = "/" + x.locale
	}
	for _, suffix := range []string{"", ".md", "/embed", "/embed.json"} {
		own = append(own, x.path()+suffix)
	}
	for _, format := range []string{"json", "xml"} {
		own = append(own, "/oembed?format="+format+"&url="+in.url+x.path())
	}
	own = append(own, x.path()+"?as_of="+url.QueryEscape(clock.System().Now().UTC().Format(time.RFC3339Nano)))
	own = append(own, in.gateway+"/v1/stories/"+x.slug()+"?locale="+x.locale)
	for _, list := range []string{"/", "/stories", "/stories.rss", "/stories.atom", "/stories.json", "/llms.txt"} {
		lists = append(lists, prefix+list)
	}
	return own, append(lists, "/sitemap.xml", in.gateway+"/v1/stories?locale="+x.locale, in.gateway+"/v1/addresses")
}

// What was withdrawn is gone from every output within two seconds, whether it is asked for anew or by a cache that has a copy; its other languages stay.
func TestWithdrawnFromEveryOutput(t *testing.T) {
	in := install(t)
	x, other, beside := told{"tale", "en"}, told{"tale", "fr"}, told{"beside", "en"}
	in.publish(t, x)
	in.publish(t, other)
	in.publish(t, beside)
	own, lists := x.outputs(in)
	tags := map[string]string{}
	for _, at := range append(append([]string{}, own...), lists...) {
		cases.Holds(t, gone, "it is everywhere", func() string {
			got := in.get(t, at)
			tags[at] = got.header.Get("ETag")
			if got.status != http.StatusOK || !strings.Contains(got.body, x.slug()) && !strings.Contains(got.body, "The words of tale") {
				return fmt.Sprintf("%s answers %d", at, got.status)
			}
			if tags[at] == "" || !strings.Contains(got.header.Get("Cache-Control"), "no-cache") || got.header.Get("Surrogate-Key") == "" || got.header.Get("Set-Cookie") != "" {
				return fmt.Sprintf("%s has the header %v", at, got.header)
			}
			return ""
		})
	}
	in.withdraw(t, x)
	cases.Holds(t, gone, "it is gone everywhere", func() string {
		for _, at := range own {
			if got := in.get(t, at, "If-None-Match", tags[at]); got.status != http.StatusGone || strings.Contains(got.body, x.story+" ships") {
				return fmt.Sprintf("%s answers %d", at, got.status)
			}
		}
		for _, at := range lists {
			if got := in.get(t, at, "If-None-Match", tags[at]); got.status != http.StatusOK || strings.Contains(got.body, x.slug()) || !strings.Contains(got.body, beside.slug()) {
				return fmt.Sprintf("%s answers %d with the story, or without the other", at, got.status)
			}
		}
		return ""
	})
	if got := in.get(t, other.path()); got.status != http.StatusOK || strings.Contains(got.body, x.slug()) {
		t.Errorf("the other language answers %d and names what was withdrawn", got.status)
	}
}
