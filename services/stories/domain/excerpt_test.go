package domain

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"renown.example/kit/fault"
)

const signedWords = "Nordhafen cut late deliveries\n\nPlanning overnight instead of by telephone.\n\nThe harbour never sleeps.\nNow the  dispatchers do; 3.5 hours a day.\n\n港は眠らない。"

func TestExcerptsAreSpans(t *testing.T) {
	for words, is := range map[string]bool{
		"The harbour never sleeps.":             true,
		"never sleeps":                          true,
		"the harbour never sleeps.":             false, // another case
		"The harbour seldom sleeps.":            false, // one word
		"The harbour never sleeps!":             false, // another mark
		"The harbour sleeps.":                   false, // a word left out
		"he harbour never":                      false, // half a word
		"The harbour never sl":                  false,
		"sleeps. Now the dispatchers":           true, // white space is white space
		" never\n\n\tsleeps. ":                  true,
		"3.5 hours":                             true,
		"5 hours":                               true, // after a point
		".5 hours":                              true,
		"眠らない":                                  true, // no spaces between words
		"deliveries Planning overnight instead": true,
		"Planning overnight … by telephone.":    false,
	} {
		err := CheckExcerpts(signedWords, Excerpts{Snippet: words}.Normalized(), fault.ContentRejected)
		if is != (err == nil) {
			t.Errorf("%q: %v", words, err)
		}
		if kept := (Excerpts{Embed: words}).Normalized().Kept(signedWords); is != (kept.Embed != "") {
			t.Errorf("%q was kept: %v", words, kept)
		}
	}
}

func TestARefusedExcerptShowsTheNearest(t *testing.T) {
	for words, want := range map[string]string{
		"The harbour seldom sleeps.":            "The harbour never sleeps.",
		"Planning overnight, not by telephone.": "Planning overnight instead of by telephone.",
		"late delivery":                         "late deliveries",
		"NOW THE DISPATCHERS DO":                "Now the dispatchers do;",
		"Entirely other words without any!":     "",
	} {
		err := CheckExcerpts(signedWords, Excerpts{Card: words}, fault.NotPublishable)
		e, ok := fault.As(err)
		if !ok || e.Reason.Name != fault.NotPublishable.Name || len(e.Fields) != 1 || e.Fields[0].Path != "excerpts.card" {
			t.Fatalf("%q: %v", words, err)
		}
		if got := NearestSpan(Squeezed(signedWords), words); got != want || want != "" && !strings.Contains(e.Fields[0].Message, "“"+want+"”") {
			t.Errorf("%q: nearest is %q, want %q; it says %s", words, got, want, e.Fields[0].Message)
		}
	}
	err := CheckExcerpts(strings.Repeat("word ", 500), Excerpts{Snippet: strings.Repeat("word ", 100)}, fault.ContentRejected)
	if err == nil || !strings.Contains(err.Error(), "at most 300") {
		t.Errorf("too long: %v", err)
	}
}

func TestDefaultExcerptsAreTakenFromTheText(t *testing.T) {
	c := Content{Title: "A  title", Summary: "A summary."}
	if got := (Excerpts{Embed: "chosen"}).Or(c); got != (Excerpts{Snippet: "A summary.", Card: "A title", Embed: "chosen"}) {
		t.Errorf("%+v", got)
	}
}

// TestSpansOfAnyText: what is cut out of a text at words is a span of it, and with one word changed it is not, unless that stands there too.
func TestSpansOfAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"the", "harbour", "Ünder", "e\u0301t", "38", "%", "never", "a-b", "“quoted”", "日本"}), 2, 30).Draw(t, "words")
		text := strings.Join(words, rapid.SampledFrom([]string{" ", "\n\n", "\u00a0 "}).Draw(t, "gap"))
		from := rapid.IntRange(0, len(words)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(words)).Draw(t, "to")
		cut := append([]string{}, words[from:to]...)
		if err := CheckExcerpts(text, Excerpts{Card: strings.Join(cut, " ")}, fault.ContentRejected); err != nil {
			t.Fatalf("%q of %q: %v", cut, text, err)
		}
		if near := NearestSpan(Squeezed(text), strings.Join(cut, " ")); near != strings.Join(cut, " ") {
			t.Fatalf("the nearest to what stands there is %q, not %q", near, cut)
		}
		cut[rapid.IntRange(0, len(cut)-1).Draw(t, "changed")] = "otherwise"
		if err := CheckExcerpts(text, Excerpts{Card: strings.Join(cut, " ")}, fault.ContentRejected); err == nil {
			t.Fatalf("%q was taken for a span of %q", cut, text)
		}
	})
}
