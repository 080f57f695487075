package front_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// Through many publications and withdrawals, what is purged covers every answer that changed, and is at most a fifth more.
func TestPurgesAreCompleteAndPrecise(t *testing.T) {
	r := newRig(t)
	dice := rand.New(rand.NewPCG(11, 1))
	industries := []string{"Logistics", "Retail", "Healthcare", "Energy"}
	up := map[string]bool{}
	for i := range 24 {
		story, locale := fmt.Sprintf("story-%02d", i), []string{"en", "en", "de"}[i%3]
		r.publish(story, locale, fmt.Sprintf("Story %02d is told", i), industries[i%4], i, never)
		up[story+"."+locale] = true
	}
	r.settled()
	changed, purged, spared := 0, 0, map[string]int{}
	changes := 5
	if os.Getenv("RENOWN_TEST_FULL") != "" {
		changes = 24
	}
	for i := range changes {
		before := r.everything()
		r.warm(before)
		r.pages.purges = nil
		story, locale := fmt.Sprintf("story-%02d", dice.IntN(26)), "en"
		switch {
		case up[story+"."+locale] && dice.IntN(2) == 0:
			r.withdraw(story, locale)
			delete(up, story+"."+locale)
		default:
			r.publish(story, locale, fmt.Sprintf("Story %s is told anew %d", strings.TrimPrefix(story, "story-"), i), industries[dice.IntN(4)], 100+i, never)
			up[story+"."+locale] = true
		}
		r.settled()
		keys := slices.Concat(r.pages.purges...)
		for path, now := range r.again(before) {
			was := before[path]
			if directive(was.header, "s-maxage") == 0 {
				continue // nothing in front may keep it
			}
			isOther, isPurged := now.status != was.status || now.body != was.body, concerned(was, keys)
			if isOther && !isPurged {
				t.Errorf("change %d: %s changed and was not purged: it has %v, purged was %v", i, path, was.keys, keys)
			}
			if isOther {
				changed++
			}
			if isPurged {
				purged++
			}
			if isPurged && !isOther {
				spared[path]++
			}
		}
	}
	t.Logf("%d answers changed, %d were purged", changed, purged)
	if 10*purged > 12*changed {
		t.Errorf("%d answers changed and %d were purged: more than 1.2 times as many; in vain %v", changed, purged, spared)
	}
}
