package front_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"renown.example/deploy/cases"
	"renown.example/kit/clock"
	optionsv1 "renown.example/proto/gen/renown/options/v1"
)

// gone is how soon what was withdrawn must have disappeared.
const gone = 2 * time.Second

// output is one of the ways in which a story is out in the world.
type output struct {
	path string
	// lists says that it is about more than the story: then it goes on without it.
	lists bool
	// rest is the pattern of its method, "" for a page of the website.
	rest string
}

// asOfPage stands in the address of a story's page between its path and an instant of its past.
const asOfPage = "?as_of="

// outputs are all of them for a story in the default language.
func (r *rig) outputs(slug, picture string) []output {
	page := "/stories/" + slug
	past := url.QueryEscape(clock.System().Now().UTC().Format(time.RFC3339Nano))
	out := []output{
		{path: "/v1/stories/" + slug, rest: "/v1/stories/{slug}"},
		{path: "/v1/stories/" + slug + "?locale=en", rest: "/v1/stories/{slug}"},
		{path: "/v1/stories/" + slug + "?asOf=" + past, rest: "/v1/stories/{slug}"},
		{path: "/v1/stories/" + slug + "/editions", rest: "/v1/stories/{slug}/editions"},
		{path: "/v1/assets/" + picture, rest: "/v1/assets/{asset}"},
		{path: "/v1/stories?query=zugspitze", rest: "/v1/stories", lists: true},
		{path: "/v1/stories?industry=logistics", rest: "/v1/stories", lists: true},
		{path: "/v1/stories", rest: "/v1/stories", lists: true},
		{path: "/v1/addresses", rest: "/v1/addresses", lists: true},
		{path: "/images/" + picture},
		{path: page + asOfPage + past},
	}
	for _, own := range []string{page, page + ".md", page + "/embed", page + "/embed.json", "/oembed?format=json&url=" + r.pages.URL + page, "/oembed?format=xml&url=" + r.pages.URL + page} {
		out = append(out, output{path: own})
	}
	for _, list := range []string{"/", "/stories", "/stories.rss", "/stories.atom", "/stories.json", "/llms.txt", "/sitemap.xml"} {
		out = append(out, output{path: list, lists: true})
	}
	return out
}

const pictured = `---
story: %[1]s
locale: en
title: %[1]s zugspitze climbs
summary: What came of it for zugspitze %[1]s.
customer: Customer %[1]s
industry: [Logistics]
consent:
  scope: [web]
  given_by: Una Strandby
  given_on: 2020-01-01
  ends: 2099-12-31
  evidence: Clause 7
---

The story of %[1]s.

::: image
src: %[1]s.png
alt: A hill that %[1]s climbs
:::
`

// publishPictured publishes a story with a picture of its own, and returns its slug and the picture.
func (r *rig) publishPictured(story string, shade uint8) (slug, picture string) {
	r.t.Helper()
	hill := image.NewGray(image.Rect(0, 0, 640, 360))
	hill.Set(1, 1, color.Gray{Y: shade})
	var file bytes.Buffer
	must(r.t, png.Encode(&file, hill))
	r.publishFiles(story, "en", map[string]string{story + ".en.md": fmt.Sprintf(pictured, story), story + ".png": file.String()})
	slug = story + "-zugspitze-climbs"
	cases.Eventually(r.t, time.Minute, "the page shows its picture", func() bool {
		page := r.origin(r.pages, "/stories/"+slug)
		found := regexp.MustCompile(`/images/([0-9a-f]{64})`).FindStringSubmatch(page.body)
		if found != nil {
			picture = found[1]
		}
		return page.status == http.StatusOK && found != nil
	})
	return slug, picture
}

// The table above has every address under which REST tells anybody of a story.
func TestNoOutputIsForgotten(t *testing.T) {
	r := &rig{pages: &cdn{Server: nil}}
	r.pages.Server = newCDN(t, clock.System()).Server
	known := r.outputs("x", "y")
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			for methods, k := f.Services().Get(i).Methods(), 0; k < methods.Len(); k++ {
				rule, _ := proto.GetExtension(methods.Get(k).Options(), optionsv1.E_Rule).(*optionsv1.Rule)
				address, _ := proto.GetExtension(methods.Get(k).Options(), annotations.E_Http).(*annotations.HttpRule)
				if path := address.GetGet(); rule.GetPublic() && path != "" && !slices.ContainsFunc(known, func(o output) bool { return o.rest == path }) {
					t.Errorf("anybody may read %s (%s), and nothing here looks whether what was withdrawn is gone from it", path, methods.Get(k).FullName())
				}
			}
		}
		return true
	})
}

// shows reports whether an answer lets anything of the story be seen.
func shows(got *copy, story, picture string) bool {
	if got.status != http.StatusOK {
		return strings.Contains(got.body, "Customer "+story)
	}
	return strings.Contains(got.body, story) || strings.Contains(got.body, picture) || strings.Contains(got.header.Get("Content-Type"), "image/")
}

// What was withdrawn is gone from every output within two seconds, through caches that keep all that they may.
func TestWithdrawnFromEveryOutputThroughCaches(t *testing.T) {
	r := newRig(t)
	slug, picture := r.publishPictured("north", 10)
	beside, _ := r.publishPictured("south", 20)
	r.settled()
	all := r.outputs(slug, picture)
	for _, o := range all {
		cases.Eventually(t, gone, o.path+" shows the story and is kept", func() bool {
			got, err := r.front(o.path).get(o.path)
			must(t, err)
			return got.status == http.StatusOK && shows(got, "north", picture) && r.front(o.path).held()[o.path] != nil
		})
	}
	r.withdraw("north", "en")
	end := clock.System().Now().Add(gone)
	for _, o := range all {
		cases.Holds(t, end.Sub(clock.System().Now()), o.path+" shows it no more", func() string {
			got, err := r.front(o.path).get(o.path)
			must(t, err)
			if shows(got, "north", picture) || o.lists && got.status != http.StatusOK || !o.lists && got.status != http.StatusGone {
				return fmt.Sprintf("status %d, shown %v", got.status, shows(got, "north", picture))
			}
			if o.lists && !strings.Contains(got.body, beside) {
				t.Errorf("%s has lost the other story too", o.path)
			}
			return ""
		})
	}
}

// A gateway that is cut off from the service does not know what was withdrawn: two seconds after a withdrawal nobody is shown anything by any output, and everybody who asks is
// told so within two seconds. What never changes goes on.
func TestCutOffFromTheServiceNothingIsShown(t *testing.T) {
	r := newRig(t)
	slug, picture := r.publishPictured("north", 10)
	r.settled()
	all := r.outputs(slug, picture)
	for _, o := range all {
		if got := r.origin(r.front(o.path), o.path); got.status != http.StatusOK {
			t.Fatalf("%s answers %d", o.path, got.status)
		}
	}
	r.line.cut.Store(true)
	r.withdraw("north", "en")
	withdrawn := clock.System().Now()
	for slow := true; slow; {
		begun := clock.System().Now()
		shown, slowest := r.refused(all)
		if len(shown) > 0 && begun.After(withdrawn.Add(gone)) {
			t.Fatalf("%s after the withdrawal: %s", begun.Sub(withdrawn), strings.Join(shown, "; "))
		}
		// A machine that is busy with other things is given another try.
		if slow = len(shown) > 0 || slowest > gone; slow && begun.After(withdrawn.Add(10*gone)) {
			t.Fatalf("it takes %s to be told", slowest)
		}
	}
	for _, path := range []string{"/embed.js", "/robots.txt"} {
		if got := r.origin(r.pages, path); got.status != http.StatusOK {
			t.Errorf("%s, which tells of no story, answers %d", path, got.status)
		}
	}
	r.line.cut.Store(false)
	for _, o := range all {
		cases.Eventually(t, time.Minute, o.path+" tells the truth when the line is back", func() bool {
			got := r.origin(r.front(o.path), o.path)
			return !shows(got, "north", picture) && (o.lists && got.status == http.StatusOK || !o.lists && got.status == http.StatusGone)
		})
	}
}

// refused asks for everything at once, past the caches. It returns what is not refused, and how long the slowest answer took.
func (r *rig) refused(all []output) ([]string, time.Duration) {
	var mu sync.Mutex
	var given []string
	var slowest time.Duration
	var asking sync.WaitGroup
	for _, o := range all {
		asking.Go(func() {
			begun := clock.System().Now()
			got := r.origin(r.front(o.path), o.path)
			took := clock.System().Now().Sub(begun)
			mu.Lock()
			defer mu.Unlock()
			slowest = max(slowest, took)
			if got.status != http.StatusServiceUnavailable {
				given = append(given, fmt.Sprintf("%s answers %d", o.path, got.status))
			}
		})
	}
	asking.Wait()
	return given, slowest
}
