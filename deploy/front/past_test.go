package front_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"renown.example/deploy/cases"
	"renown.example/kit/clock"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// told is a text in two languages whose words, and whose picture, a test changes.
const told = `---
story: north
locale: %[1]s
title: North climbs
slug: %[2]s
summary: What came of it for North.
customer: Customer North
consent:
  scope: [web]
  given_by: Una Strandby
  given_on: 2020-01-01
  ends: 2099-12-31
  evidence: Clause 7
---

The words are %[3]s.
`

// now is an instant between what was published before and what will be after.
func now(t *testing.T) string {
	t.Helper()
	at := clock.System().Now()
	cases.Eventually(t, time.Minute, "the clock goes on", func() bool { return clock.System().Now().Sub(at) > 2*time.Millisecond })
	return url.QueryEscape(at.UTC().Format(time.RFC3339Nano))
}

// page reads a page from the website, past the cache before it.
func (r *rig) page(path string, status int) *goquery.Document {
	r.t.Helper()
	got := r.origin(r.pages, path)
	if got.status != status {
		r.t.Fatalf("%s answers %d, want %d", path, got.status, status)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(got.body))
	must(r.t, err)
	return doc
}

func (r *rig) says(doc *goquery.Document, selector, want string) {
	r.t.Helper()
	if got := strings.Join(strings.Fields(doc.Find(selector).Text()), " "); !strings.Contains(got, want) {
		r.t.Errorf("%s says %q, want %q", selector, got, want)
	}
}

// A story's page leads to what it said before; an address with an instant shows what it said then, as long as that may be read.
func TestThePastOfAStory(t *testing.T) {
	r := newRig(t)
	before := now(t)
	slug, picture := r.publishPictured("north", 10)
	first := now(t)
	const slugNow = "north-is-up"
	r.publishFiles("north", "en", map[string]string{"north.en.md": fmt.Sprintf(told, "en", slugNow, "second")})
	page := "/stories/" + slugNow
	cases.Eventually(t, gone, "the second edition is up", func() bool { return r.origin(r.pages, page).status == http.StatusOK })

	today := r.page(page, http.StatusOK)
	r.says(today, ".story-earlier", "1 earlier edition")
	link := today.Find(".story-earlier a").AttrOr("href", "")
	for _, at := range []string{link, page + asOfPage + first} {
		then := r.page(at, http.StatusOK)
		r.says(then, ".page-banner", "This is how the story read on")
		r.says(then, ".page-banner", "replaced or taken down on")
		r.says(then, ".page-banner", "Pictures that are no longer shown are left out.")
		r.says(then, ".story-body", "The story of north.")
		if n := then.Find("meta[name=robots][content=noindex]").Length(); n != 1 || then.Find(".page-banner a").AttrOr("href", "") != page || then.Find(".story-body img").Length() != 0 {
			t.Errorf("%s has %d marks for search engines, a link to %q, and the pictures %v", at, n, then.Find(".page-banner a").AttrOr("href", ""), then.Find(".story-body img").Nodes)
		}
	}
	if got := r.origin(r.pages, "/images/"+picture); got.status != http.StatusGone {
		t.Errorf("the picture of the first edition answers %d", got.status)
	}
	still := r.page(page+asOfPage+now(t), http.StatusOK)
	r.says(still, ".page-banner", "It still reads like this today.")
	r.says(still, ".story-body", "The words are second.")
	r.isKept(link)
	r.answersOtherwise(page, slug, before, first)

	r.revokeWords("north", "en", 1)
	cases.Eventually(t, gone, "the first edition is withdrawn", func() bool {
		got, err := r.pages.get(link)
		must(t, err)
		return got.status == http.StatusGone && r.page(page, http.StatusOK).Find(".story-earlier").Length() == 0
	})
	r.says(r.page(link, http.StatusGone), "main h1", "What stood here then was withdrawn")
	r.says(r.page(page, http.StatusOK), ".story-body", "The words are second.")
	r.withdraw("north", "en")
	// What the first edition said is gone already, so that the page of today tells when the story is.
	cases.Eventually(t, gone, "the story is withdrawn with its past", func() bool { return r.origin(r.pages, page).status == http.StatusGone })
	r.says(r.page(page+asOfPage+first, http.StatusGone), "main h1", "This story was withdrawn")
}

// isKept checks that a page is held like everything else of a story.
func (r *rig) isKept(path string) {
	r.t.Helper()
	got := r.origin(r.pages, path)
	tag := got.header.Get("ETag")
	if keys := got.header.Get("Surrogate-Key"); tag == "" || strings.HasPrefix(tag, "W/") || keys != "stories/north renown" || directive(got.header, "max-age") != 0 {
		r.t.Errorf("%s has the header %v", path, got.header)
	}
	req, err := http.NewRequest(http.MethodGet, r.pages.origin.String()+path, nil)
	must(r.t, err)
	req.Header = http.Header{"If-None-Match": {tag}, "Accept-Encoding": {"identity"}}
	res, err := http.DefaultTransport.RoundTrip(req)
	must(r.t, err)
	must(r.t, res.Body.Close())
	if res.StatusCode != http.StatusNotModified {
		r.t.Errorf("%s, asked again, answers %d", path, res.StatusCode)
	}
}

// answersOtherwise asks for what is no instant, for instants at which nothing was up, and at a former address.
func (r *rig) answersOtherwise(page, slug, before, first string) {
	r.t.Helper()
	later := url.QueryEscape(clock.System().Now().Add(time.Hour).Format(time.RFC3339))
	for _, words := range []string{"", "yesterday", "2026-13-01T00:00:00Z", later} {
		doc := r.page(page+asOfPage+words, http.StatusBadRequest)
		r.says(doc, "main h1", "This address names no instant of the past")
		if doc.Find(`main a.primary`).AttrOr("href", "") != page {
			r.t.Error("it does not lead to what the story says today")
		}
	}
	r.says(r.page(page+asOfPage+before, http.StatusNotFound), "main h1", "There was nothing here at that time")
	r.says(r.page("/stories/never"+asOfPage+first, http.StatusNotFound), "main h1", "There is no page at this address")
	moved := r.origin(r.pages, "/stories/"+slug+asOfPage+first)
	if to := moved.header.Get("Location"); moved.status != http.StatusMovedPermanently || !strings.HasPrefix(to, page+asOfPage) {
		r.t.Errorf("the former address answers %d and leads to %q", moved.status, to)
	}
}

// In another language the page speaks that language.
func TestThePastInAnotherLanguage(t *testing.T) {
	r := newRig(t)
	for _, words := range []string{"erste", "zweite", "dritte"} {
		r.publishFiles("north", "de", map[string]string{"north.de.md": fmt.Sprintf(told, "de", "norden", words)})
	}
	const page = "/de/stories/norden"
	cases.Eventually(t, gone, "all editions are there", func() bool {
		return strings.Contains(r.origin(r.pages, page).body, "2 frühere Ausgaben")
	})
	link := r.page(page, http.StatusOK).Find(".story-earlier li:last-child a").AttrOr("href", "")
	then := r.page(link, http.StatusOK)
	r.says(then, ".page-banner", "So lautete die Geschichte am")
	r.says(then, ".story-body", "The words are erste.")
	r.says(then, ".story-earlier [aria-current]", "Fassung 1")
	if lang := then.Find("html").AttrOr("lang", ""); lang != "de" || !strings.HasPrefix(link, page+asOfPage) {
		t.Errorf("%s is in %q", link, lang)
	}
	r.says(r.page(page+asOfPage+"gestern", http.StatusBadRequest), "main", "„gestern“ ist keiner")
}

// revokeWords takes back the consent to a version's words.
func (r *rig) revokeWords(story, locale string, version int32) {
	r.t.Helper()
	v, err := r.workspace.GetVersion(r.edda(), &storiesv1.GetVersionRequest{Story: story, Locale: locale, Version: version})
	must(r.t, err)
	list, err := r.consents.ListConsents(r.edda(), &storiesv1.ListConsentsRequest{Story: story, PageSize: 50})
	must(r.t, err)
	for _, c := range list.GetConsents() {
		if c.GetContentHash() == v.GetVersion().GetContentHash() {
			_, err := r.consents.RevokeConsent(r.edda(), &storiesv1.RevokeConsentRequest{Consent: strings.TrimPrefix(c.GetName(), "consents/"), Reason: "No longer those words."})
			must(r.t, err)
		}
	}
}
