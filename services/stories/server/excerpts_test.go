package server_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
)

func (r *rig) excerpts(snippet, card, embed string) error {
	_, err := r.excerpting.SetExcerpts(r.edda(), &storiesv1.SetExcerptsRequest{
		Story: "nordhafen", Locale: "en", Excerpts: &storiesv1.Excerpts{Snippet: snippet, Card: card, Embed: embed},
	})
	return err
}

func TestExcerptsAreSpansOfWhatIsSigned(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	// Each kind of excerpt by itself: the passage is taken, the same with one word changed is refused, and what was chosen before stays.
	for _, set := range []func(words string) error{
		func(words string) error { return r.excerpts(words, "", "") },
		func(words string) error { return r.excerpts("", words, "") },
		func(words string) error { return r.excerpts("", "", words) },
	} {
		if err := set("The harbour\nnever  sleeps."); err != nil {
			t.Fatal(err)
		}
		before := r.text("nordhafen", "en").GetExcerpts()
		e := refused(t, set("The harbour seldom sleeps."), fault.ContentRejected)
		if e.Reason.HTTP != 422 || len(e.Fields) != 1 || !strings.Contains(e.Fields[0].Message, "“The harbour never sleeps.”") {
			t.Errorf("one word: %v, %v", e.Reason.HTTP, e.Fields)
		}
		if got := r.text("nordhafen", "en").GetExcerpts(); got.String() != before.String() {
			t.Errorf("after a refusal: %v, before %v", got, before)
		}
	}
	if err := r.excerpts("The harbour never sleeps.", "Now the dispatchers do.", ""); err != nil {
		t.Fatal(err)
	}
	r.publish("nordhafen", "en")
	st, err := r.get("nordhafen-cut-late-deliveries-by-38", "en")
	if err != nil {
		t.Fatal(err)
	}
	x := st.GetExcerpts()
	if x.GetSnippet() != "The harbour never sleeps." || x.GetCard() != "Now the dispatchers do." || x.GetEmbed() != "Planning overnight instead of by telephone." {
		t.Errorf("published: %v", x)
	}
	if !r.audited("nordhafen", "text.excerpted") {
		t.Error("the audit does not know of the choice")
	}
}

func TestExcerptsThatTheTextLeftBehindKeepItFromPublication(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	if err := r.excerpts("The harbour never sleeps.", "", ""); err != nil {
		t.Fatal(err)
	}
	cur := r.text("nordhafen", "en")
	changed := strings.Replace(markdown, "never sleeps", "seldom sleeps", 1)
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "nordhafen", Locale: "en", Text: text(changed), Etag: cur.GetEtag()}))(t)
	r.approve("nordhafen", "en")
	r.sign(r.ask("nordhafen", "en"))
	for _, at := range []*timestamppb.Timestamp{nil, timestamppb.New(start.Add(time.Hour))} {
		_, err := r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en", PublishTime: at})
		e := refused(t, err, fault.NotPublishable)
		if len(e.Fields) != 1 || e.Fields[0].Path != "excerpts.snippet" || !strings.Contains(e.Fields[0].Message, "“The harbour seldom sleeps.”") {
			t.Errorf("at %v: %v", at, e.Fields)
		}
	}
	if err := r.excerpts("The harbour seldom sleeps.", "", ""); err != nil {
		t.Fatal(err)
	}
	if got := r.state("nordhafen", "en"); got != "APPROVED" {
		t.Errorf("choosing an excerpt moved the text to %s", got)
	}
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
}

func TestExcerptsOfWhatIsUp(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.publish("nordhafen", "en")
	slug := "nordhafen-cut-late-deliveries-by-38"
	before, err := r.get(slug, "en")
	if err != nil {
		t.Fatal(err)
	}
	told := r.events(server.EventPublished)
	if err := r.excerpts("Now the dispatchers do.", "", ""); err != nil {
		t.Fatal(err)
	}
	after, err := r.get(slug, "en")
	if err != nil || after.GetExcerpts().GetSnippet() != "Now the dispatchers do." || after.GetContentHash() != before.GetContentHash() {
		t.Errorf("what is up says %v, %v", after.GetExcerpts(), err)
	}
	if n := r.events(server.EventPublished); n != told+1 {
		t.Errorf("%d editions were told of, before %d", n, told)
	}
	// The same choice again is no news.
	if err := r.excerpts("Now the dispatchers do.", "", ""); err != nil || r.events(server.EventPublished) != told+1 {
		t.Errorf("choosing the same: %v, %d editions", err, r.events(server.EventPublished))
	}
	// An author's choice waits for somebody who may publish.
	must(r.excerpting.SetExcerpts(r.ada(), &storiesv1.SetExcerptsRequest{Story: "nordhafen", Locale: "en"}))(t)
	if again, err := r.get(slug, "en"); err != nil || again.GetExcerpts().GetSnippet() != "Now the dispatchers do." {
		t.Errorf("an author changed what is up: %v, %v", again.GetExcerpts(), err)
	}
	_, err = r.excerpting.SetExcerpts(r.as("berta", "author"), &storiesv1.SetExcerptsRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.PermissionDenied)
	_, err = r.excerpting.SetExcerpts(r.edda(), &storiesv1.SetExcerptsRequest{Story: "nordhafen", Locale: "en", Etag: `"999"`})
	refused(t, err, fault.EtagMismatch)
}
