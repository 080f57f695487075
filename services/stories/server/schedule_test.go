package server_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
)

// plan schedules a text that the customer has signed.
func (r *rig) plan(story string, at time.Time) error {
	_, err := r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: story, Locale: "en", PublishTime: timestamppb.New(at)})
	return err
}

func TestAScheduleIsRefusedWhereTheSlugIsTaken(t *testing.T) {
	r := newRig(t)
	r.writeAt("one", "a")
	r.publish("one", "en")
	r.writeAt("two", "a")
	r.approve("two", "en")
	r.sign(r.ask("two", "en"))
	if e := refused(t, r.plan("two", start.Add(time.Hour)), fault.AlreadyExists); e.Fields[0].Path != "slug" {
		t.Errorf("got %v", e.Fields)
	}
	if got := r.state("two", "en"); got != "APPROVED" {
		t.Errorf("state %s", got)
	}
}

func TestAPlannedPublicationThatHasBecomeImpossibleComesBack(t *testing.T) {
	r := newRig(t)
	r.writeAt("one", "a")
	r.approve("one", "en")
	r.sign(r.ask("one", "en"))
	if err := r.plan("one", start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	r.writeAt("two", "a")
	r.publish("two", "en")
	r.step(2 * time.Hour)
	if got := r.state("one", "en"); got != "APPROVED" || !r.audited("one", "text.unscheduled") {
		t.Errorf("state %s: it is not said that it could not be published", got)
	}
	if n := r.events(server.EventPublished); n != 1 {
		t.Errorf("%d publications", n)
	}
	if st, err := r.get("a", "en"); err != nil || st.GetSummary().GetName() != "stories/two" {
		t.Errorf("got %v, %v", st.GetSummary().GetName(), err)
	}
}

func TestAClockThatIsSetBackLosesNothingThatIsDue(t *testing.T) {
	r := newRig(t)
	r.writeAt("one", "a")
	r.approve("one", "en")
	url := r.ask("one", "en")
	page := must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(t).GetPage()
	must(r.signoff.SignSignoff(r.customer(url), &storiesv1.SignSignoffRequest{
		Scopes: web(), ContentHash: page.GetContentHash(), SignedBy: "Jonna Fjeld", EndTime: timestamppb.New(start.Add(3 * time.Hour)),
	}))(t)
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{
		Story: "one", Locale: "en", PublishTime: timestamppb.New(start.Add(time.Hour)), UnpublishTime: timestamppb.New(start.Add(2 * time.Hour)),
	}))(t)
	// The jobs are taken by a clock that is ahead, and done by one that is behind.
	ahead := clock.NewFake(start)
	early := &outbox.Worker{DB: r.db, Clock: ahead, Handlers: r.server.Jobs(), Failed: func(outbox.Job, error) {}}
	for hour, want := range []string{"SCHEDULED", "PUBLISHED", "WITHDRAWN"} {
		ahead.Step(time.Hour)
		if _, err := early.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.state("one", "en"); got != want {
			t.Fatalf("hour %d: state %s too early", hour, got)
		}
		r.step(time.Hour)
		r.step(time.Second)
		r.clock.Step(-time.Second)
	}
	if !r.audited("one", "edition.published") || !r.audited("one", "edition.withdrawn") || !r.audited("one", "consent.ended") {
		t.Error("something that was due has not been done")
	}
}
