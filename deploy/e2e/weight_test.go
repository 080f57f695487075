package e2e_test

import (
	"testing"
)

// maxWeight is what a story's page may cost somebody who comes for the first time, in bytes over the wire, without its pictures.
const maxWeight = 100_000

func TestWeightOfAStory(t *testing.T) {
	at, p := platform(t), visitor(t)
	must(t, p.Fresh())
	for _, list := range []string{"/stories", "/de/stories"} {
		must(t, p.Go(at.Website+list))
		story := value(p.Property("main h2 a", "href"))(t)
		p.Forget()
		must(t, p.Go(story))
		value(p.Picture(false))(t) // returns when the fonts are there
		parts, total := map[string]int64{}, int64(0)
		for _, q := range p.Requests() {
			switch q.Kind {
			case "Document", "Stylesheet", "Script", "Font":
				parts[q.Kind] += q.Bytes
				total += q.Bytes
			}
			if q.Kind != "Image" && q.Kind != "Font" && q.Bytes > 0 && q.Header["content-encoding"] == "" {
				t.Errorf("%s is sent uncompressed: %d bytes", q.URL, q.Bytes)
			}
		}
		t.Logf("%s: %d bytes, of which %v", story, total, parts)
		for _, kind := range []string{"Document", "Stylesheet", "Script", "Font"} {
			if parts[kind] == 0 {
				t.Errorf("%s came without %s, so this measures something else", story, kind)
			}
		}
		if total >= maxWeight {
			t.Errorf("%s weighs %d bytes, more than %d", story, total, maxWeight)
		}
	}
}
