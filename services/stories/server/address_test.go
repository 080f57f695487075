package server_test

import (
	"strings"
	"testing"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
)

// republish publishes a live story again under another slug; one word changes with it, so that the whole way is gone.
func (r *rig) republish(story, slug string) {
	r.t.Helper()
	cur := r.text(story, "en")
	in := text(strings.Replace(markdown, "never sleeps", "never sleeps under "+slug, 1))
	in.Slug = slug
	must(r.workspace.SaveText(r.edda(), &storiesv1.SaveTextRequest{Story: story, Locale: "en", Text: in, Etag: cur.GetEtag()}))(r.t)
	r.publish(story, "en")
}

func (r *rig) movedTo(slug string) string {
	r.t.Helper()
	_, err := r.get(slug, "en")
	return refused(r.t, err, fault.Moved).Meta["slug"]
}

func (r *rig) writeAt(story, slug string) {
	r.t.Helper()
	in := text(markdown)
	in.Slug = slug
	must(r.workspace.CreateStory(r.ada(), &storiesv1.CreateStoryRequest{StoryId: story, Text: in}))(r.t)
}

func TestFormerAddressesLeadToThePresentOne(t *testing.T) {
	r := newRig(t)
	r.writeAt("one", "a")
	r.publish("one", "en")
	r.republish("one", "b")
	r.republish("one", "c")
	for _, former := range []string{"a", "b"} {
		if got := r.movedTo(former); got != "c" {
			t.Errorf("%s leads to %s", former, got)
		}
	}
	// Back to a: no loop, a is an address again.
	r.republish("one", "a")
	must(r.get("a", "en"))(t)
	for _, former := range []string{"b", "c"} {
		if got := r.movedTo(former); got != "a" {
			t.Errorf("%s leads to %s", former, got)
		}
	}
	// A withdrawn story's former addresses are gone too.
	must(r.review.UnpublishText(r.edda(), &storiesv1.UnpublishTextRequest{Story: "one", Locale: "en"}))(t)
	for _, slug := range []string{"a", "b", "c"} {
		_, err := r.get(slug, "en")
		refused(t, err, fault.Withdrawn)
	}
}

func TestAnAddressBelongsToOneStory(t *testing.T) {
	r := newRig(t)
	r.writeAt("one", "a")
	r.publish("one", "en")
	r.republish("one", "b")
	for _, taken := range []string{"a", "b"} {
		story := "thief-of-" + taken
		r.writeAt(story, taken)
		r.approve(story, "en")
		r.sign(r.ask(story, "en"))
		_, err := r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: story, Locale: "en"})
		if e := refused(t, err, fault.AlreadyExists); e.Fields[0].Path != "slug" {
			t.Errorf("got %v", e.Fields)
		}
		if r.state(story, "en") != "APPROVED" {
			t.Errorf("refused, and yet %s", r.state(story, "en"))
		}
	}
}

func TestTwoStoriesSwapAddresses(t *testing.T) {
	r := newRig(t)
	r.writeAt("one", "a")
	r.publish("one", "en")
	r.writeAt("two", "b")
	r.publish("two", "en")
	got := must(r.review.SwapSlugs(r.edda(), &storiesv1.SwapSlugsRequest{Story: "one", OtherStory: "two", Locale: "en"}))(t)
	if got.GetSlug() != "b" || got.GetOtherSlug() != "a" {
		t.Errorf("got %v", got)
	}
	for slug, story := range map[string]string{"a": "stories/two", "b": "stories/one"} {
		if st := must(r.get(slug, "en"))(t); st.GetSummary().GetName() != story {
			t.Errorf("%s is %s", slug, st.GetSummary().GetName())
		}
	}
	if r.text("one", "en").GetSummary().GetSlug() != "b" {
		t.Error("the working text keeps the slug that is another story's now")
	}
	if n := r.events(server.EventMoved); n != 2 {
		t.Errorf("%d events of the exchange", n)
	}
	_, err := r.review.SwapSlugs(r.edda(), &storiesv1.SwapSlugsRequest{Story: "one", OtherStory: "three", Locale: "en"})
	if e := refused(t, err, fault.NotFound); e.Fields[0].Path != "otherStory" {
		t.Errorf("got %v", e.Fields)
	}
}

const german = `---
locale: de
title: Nordhafen senkt verspätete Lieferungen um 38 %
summary: Planung über Nacht statt am Telefon.
customer: Nordhafen Logistics
---

Der Hafen schläft nie.
`

func TestLocales(t *testing.T) {
	r := newRig(t)
	r.writeAt("one", "a")
	r.publish("one", "en")
	french := strings.NewReplacer("locale: en", "locale: fr", "The harbour never sleeps.", "Le port ne dort jamais.").Replace(markdown)
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "one", Locale: "fr", Text: text(french)}))(t)
	before := r.text("one", "fr")
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "one", Locale: "de", Text: text(german)}))(t)

	// Not published in German yet: the answer is English and says so.
	st := must(r.get("a", "de"))(t)
	if st.GetSummary().GetLocale() != "en" || st.GetFallbackFor() != "de" {
		t.Errorf("asked for de: %s, fallback for %q", st.GetSummary().GetLocale(), st.GetFallbackFor())
	}
	url := r.publish("one", "de")
	slug := r.text("one", "de").GetSummary().GetSlug()
	st = must(r.get(slug, "de"))(t)
	if st.GetSummary().GetLocale() != "de" || len(st.GetAlternates()) != 1 || st.GetAlternates()[0].GetLocale() != "en" {
		t.Errorf("got %v", st)
	}
	if after := r.text("one", "fr"); after.GetMarkdown() != before.GetMarkdown() || after.GetEtag() != before.GetEtag() {
		t.Error("publishing German changed the French draft")
	}
	// By its English address the German text is found at its own.
	_, err := r.get("a", "de")
	if e := refused(t, err, fault.Moved); e.Meta["slug"] != slug || e.Meta["locale"] != "de" {
		t.Errorf("got %v", e.Meta)
	}
	// Withdrawn in German: gone, never English instead.
	must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{}))(t)
	for _, s := range []string{slug, "a"} {
		_, err := r.get(s, "de")
		refused(t, err, fault.Withdrawn)
	}
	must(r.get("a", "en"))(t)
}

func TestRevokingAllLocales(t *testing.T) {
	r := newRig(t)
	r.writeAt("one", "a")
	r.publish("one", "en")
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "one", Locale: "de", Text: text(german)}))(t)
	r.publish("one", "de")
	consent := r.text("one", "de").GetConsents()[0].GetName()
	must(r.consents.RevokeConsent(r.edda(), &storiesv1.RevokeConsentRequest{Consent: strings.TrimPrefix(consent, "consents/"), AllLocales: true}))(t)
	for locale, slug := range map[string]string{"en": "a", "de": r.text("one", "de").GetSummary().GetSlug()} {
		_, err := r.get(slug, locale)
		refused(t, err, fault.Withdrawn)
	}
}
