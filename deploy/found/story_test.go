package found_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"renown.example/deploy/cases"
)

// The facts of a story lead to the stories that share them, itself among them, and other stories stand beside it with what they have in common.
func TestAStoryLeadsToItsLike(t *testing.T) {
	in := install(t)
	x, like := told{"tale", "de"}, told{"like", "de"}
	in.publish(t, x)
	in.publish(t, like)
	in.publish(t, told{"like", "en"})
	cases.Holds(t, gone, "its like stands beside it", func() string {
		doc := in.page(t, x.path())
		var words, beside []string
		doc.Find(".story-facts a").Each(func(_ int, a *goquery.Selection) {
			words = append(words, a.Text())
			list := in.page(t, a.AttrOr("href", ""))
			if text := list.Find("main").Text(); !strings.Contains(text, x.title()) || !strings.Contains(text, like.title()) {
				t.Errorf("%s leads to %s, which lists %q", a.Text(), a.AttrOr("href", ""), text)
			}
		})
		if want := []string{"Logistics", "R&D", "Northern Europe", "Route planning"}; !slices.Equal(words, want) {
			t.Errorf("%q lead on, want %q", words, want)
		}
		doc.Find(".story-related .row").Each(func(_ int, r *goquery.Selection) {
			beside = append(beside, r.Find("a").AttrOr("href", ""))
			if why := r.Find(".row-why").Text(); !strings.Contains(why, "Logistics") {
				t.Errorf("it stands beside because %q", why)
			}
		})
		if len(beside) != 1 || beside[0] != like.path() {
			return "beside it stand " + strings.Join(beside, ", ")
		}
		return ""
	})
	in.withdraw(t, like)
	cases.Holds(t, gone, "its like is gone", func() string {
		if page := in.get(t, x.path()); strings.Contains(page.body, like.slug()) {
			return "what was withdrawn stands beside it"
		}
		return ""
	})
}
