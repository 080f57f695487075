package front_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"renown.example/deploy/cases"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

const never = "2099-12-31"

// What is withdrawn is gone from the cache in front within two seconds, whatever it was allowed to keep; while the cache does not answer it is reported as holding the
// story, and asked until it acknowledges.
func TestAWithdrawnStoryLeavesTheCacheInFront(t *testing.T) {
	r := newRig(t)
	r.publish("north", "en", "North is quick", "Logistics", 1, never)
	r.publish("south", "en", "South is quick", "Retail", 1, never)
	r.settled()
	paths := []string{"/", "/stories", "/stories/north-is-quick", "/stories/south-is-quick"}
	for _, path := range paths {
		if got, err := r.pages.get(path); err != nil || got.status != http.StatusOK {
			t.Fatalf("%s: %v %v", path, got, err)
		}
	}
	if got, err := r.rest.get("/v1/stories/north-is-quick"); err != nil || got.status != http.StatusOK {
		t.Fatal(got, err)
	}
	if held := r.pages.held(); len(held) != len(paths) {
		t.Fatalf("the cache keeps %d of %d pages", len(held), len(paths))
	}
	r.pages.fail(2)
	r.withdraw("north", "en")
	if waiting := r.waiting(); !slices.ContainsFunc(waiting, func(p *storiesv1.Purge) bool { return p.GetWithdrawal() && p.GetStory() == "stories/north" }) {
		t.Errorf("the cache is not reported as holding the story: %v", waiting)
	}
	cases.Eventually(t, time.Minute, "the cache, which fails twice, has forgotten", func() bool {
		page, err1 := r.pages.get("/stories/north-is-quick")
		json, err2 := r.rest.get("/v1/stories/north-is-quick")
		list, err3 := r.pages.get("/stories")
		return err1 == nil && err2 == nil && err3 == nil && page.status == http.StatusGone && json.status == http.StatusGone && !strings.Contains(list.body, "North is quick")
	})
	r.settled()
	for path, e := range r.pages.held() {
		if strings.Contains(e.body, "North is quick") {
			t.Errorf("%s still shows it", path)
		}
	}
	ids := slices.Clone(r.pages.ids)
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); 2*n != len(r.pages.ids) {
		t.Errorf("%d purges were sent %d times, want each acknowledged twice", n, len(r.pages.ids))
	}
}

// With an end in sight, a cache keeps a story no longer than that, and gives nothing stale.
func TestNothingIsKeptPastTheNextChange(t *testing.T) {
	r := newRig(t)
	r.publish("north", "en", "North is quick", "Logistics", 1, never)
	r.plan("north", "en", 20*time.Second)
	for _, from := range []struct {
		*cdn
		path string
	}{{r.pages, "/stories/north-is-quick"}, {r.rest, "/v1/stories/north-is-quick"}, {r.rest, "/v1/stories"}, {r.pages, "/stories"}, {r.pages, "/"}} {
		got, err := from.get(from.path)
		must(t, err)
		policy := got.header.Get("Cache-Control")
		if age := directive(got.header, "s-maxage"); got.status != http.StatusOK || age <= 0 || age > 20*time.Second || strings.Contains(policy, "stale") {
			t.Errorf("%s: %d %q", from.path, got.status, policy)
		}
	}
}
