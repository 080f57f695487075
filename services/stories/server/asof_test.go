package server_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// asOf reads a story as it was at an instant, as bytes.
func (r *rig) asOf(at time.Time) (string, error) {
	resp, err := r.published.GetPublishedStory(r.nobody(), &storiesv1.GetPublishedStoryRequest{Slug: nordhafenSlug, Locale: "en", AsOf: timestamppb.New(at)})
	if err != nil {
		return "", err
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(resp.GetStory())
	return string(b), err
}

// saved is what was read at an instant: an answer, or that there was none.
type saved struct {
	at     time.Time
	answer string
}

// Through a thousand random edits, withdrawals and publications, what was read at an instant is read again byte for byte, as long as the story is up; while it is
// withdrawn, nothing of its past is.
func TestThePastIsReadByteForByte(t *testing.T) {
	edits := 60
	if os.Getenv("RENOWN_TEST_FULL") != "" {
		edits = 1000
	}
	r := newRig(t)
	dice := rand.New(rand.NewPCG(6, 1))
	r.write("nordhafen", markdown)
	link := r.publish("nordhafen", "en")
	var history []saved
	up := true
	note := func() {
		at := r.clock.Now()
		answer, err := r.asOf(at)
		switch {
		case !up:
			refused(t, err, fault.Withdrawn)
		case err != nil:
			t.Fatal(err)
		}
		history = append(history, saved{at, answer})
	}
	note()
	for i := range edits {
		r.step(time.Duration(1+dice.IntN(72)) * time.Hour)
		if dice.IntN(12) == 0 && up {
			must(r.signoff.RevokeSignoff(r.customer(link), &storiesv1.RevokeSignoffRequest{Reason: "Not now."}))(t)
			up = false
		} else {
			words := fmt.Sprintf("The harbour never sleeps, says edit %d.%s", i, strings.Repeat(" It does not.", dice.IntN(4)))
			must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{
				Story: "nordhafen", Locale: "en", Etag: r.text("nordhafen", "en").GetEtag(), Text: text(strings.Replace(markdown, "The harbour never sleeps.", words, 1)),
			}))(t)
			link, up = r.publish("nordhafen", "en"), true
		}
		note()
		// Some of the past, and at the end all of it.
		checks := history
		if i < edits-1 && len(history) > 4 {
			checks = []saved{history[dice.IntN(len(history))], history[dice.IntN(len(history))]}
		}
		for _, then := range checks {
			r.isStill(then, up)
		}
	}
	_, err := r.asOf(start.Add(-time.Hour))
	refused(t, err, map[bool]fault.Reason{true: fault.NotFound, false: fault.Withdrawn}[up])
	_, err = r.asOf(r.clock.Now().Add(time.Hour))
	refused(t, err, fault.InvalidArgument)
}

// isStill checks an answer of the past. What rested on a consent that was revoked since is as gone as what was withdrawn.
func (r *rig) isStill(then saved, up bool) {
	r.t.Helper()
	got, err := r.asOf(then.at)
	switch {
	case !up:
		refused(r.t, err, fault.Withdrawn)
	case then.answer == "":
		refused(r.t, err, fault.NotFound)
	case fault.Has(err, fault.Withdrawn):
		var e storiesv1.PublishedStory
		if err := proto.Unmarshal([]byte(then.answer), &e); err != nil {
			r.t.Fatal(err)
		}
		for _, c := range r.text("nordhafen", "en").GetConsents() {
			if c.GetContentHash() == e.GetContentHash() && c.GetRevokeTime() == nil {
				r.t.Errorf("what was read at %s is withdrawn, and nobody has taken its consent back", then.at)
			}
		}
	case err != nil:
		r.t.Error(err)
	case got != then.answer:
		r.t.Errorf("what was read at %s is another now", then.at)
	}
}

func TestTheEditionsOfAStory(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.publish("nordhafen", "en")
	first := r.clock.Now()
	r.step(48 * time.Hour)
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{
		Story: "nordhafen", Locale: "en", Etag: r.text("nordhafen", "en").GetEtag(), Text: text(strings.Replace(markdown, "never sleeps", "rests", 1)),
	}))(t)
	link := r.publish("nordhafen", "en")
	list := func() []*storiesv1.PublishedEdition {
		return must(r.published.ListPublishedEditions(r.nobody(), &storiesv1.ListPublishedEditionsRequest{Slug: nordhafenSlug}))(t).GetEditions()
	}
	got := list()
	if len(got) != 2 || !got[1].GetPublishTime().AsTime().Equal(first) || !got[1].GetDownTime().AsTime().Equal(r.clock.Now()) || got[0].GetDownTime() != nil {
		t.Fatalf("the editions are %v", got)
	}
	// The customer takes the first words back, not the second.
	for _, c := range r.text("nordhafen", "en").GetConsents() {
		if c.GetContentHash() == got[1].GetContentHash() {
			must(r.consents.RevokeConsent(r.edda(), &storiesv1.RevokeConsentRequest{Consent: last(c.GetName()), Reason: "No longer those words."}))(t)
		}
	}
	if got := list(); len(got) != 1 || got[0].GetVersion() != 2 {
		t.Errorf("after the first was taken back: %v", got)
	}
	_, err := r.asOf(first)
	refused(t, err, fault.Withdrawn)
	must(r.signoff.RevokeSignoff(r.customer(link), &storiesv1.RevokeSignoffRequest{Reason: "We were bought."}))(t)
	_, err = r.published.ListPublishedEditions(r.nobody(), &storiesv1.ListPublishedEditionsRequest{Slug: nordhafenSlug})
	refused(t, err, fault.Withdrawn)
}

func last(name string) string { return name[strings.LastIndex(name, "/")+1:] }
