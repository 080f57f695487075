package server_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
)

// attest records an agreement that was given a month ago, and has it confirmed by a second person. It returns the consent's name.
func (r *rig) attest(story, locale, evidence string, ends time.Time) string {
	r.t.Helper()
	req := &storiesv1.AttestConsentRequest{
		Story: story, Locale: locale, Scopes: web(), GivenBy: "Jonna Fjeld", GiveTime: timestamppb.New(start.AddDate(0, -1, 0)), Evidence: evidence,
		ContentHash: r.text(story, locale).GetContentHash(),
	}
	if !ends.IsZero() {
		req.EndTime = timestamppb.New(ends)
	}
	name := must(r.consents.AttestConsent(r.edda(), req))(r.t).GetConsent().GetName()
	must(r.consents.ConfirmConsents(r.pavel(), &storiesv1.ConfirmConsentsRequest{Consents: []string{name}}))(r.t)
	return name
}

func TestWhatWasGivenBeforeARevocationAllowsNothingAfterIt(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	url := r.publish("nordhafen", "en")
	r.attest("nordhafen", "en", "Clause 7 of the framework agreement", time.Time{})
	r.clock.Step(time.Hour)
	must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{}))(t)
	if got := r.state("nordhafen", "en"); got != "WITHDRAWN" {
		t.Fatalf("state %s", got)
	}
	// The same words once more: the agreement from before does not bring them back, a new signature does.
	must(r.workspace.RestoreVersion(r.edda(), &storiesv1.RestoreVersionRequest{Story: "nordhafen", Locale: "en", Version: 1}))(t)
	r.approve("nordhafen", "en")
	if got := r.state("nordhafen", "en"); got != "AWAITING_CUSTOMER" {
		t.Fatalf("the customer's no is passed over: %s", got)
	}
	r.clock.Step(time.Minute)
	r.sign(r.ask("nordhafen", "en"))
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
}

func TestAConsentToOtherWordsCanBeRevokedWhileTheEditionsOwnHasJustEnded(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	old := r.attest("nordhafen", "en", "Letter of April", time.Time{})
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{
		Story: "nordhafen", Locale: "en", Text: text(markdown + "\nEvery night.\n"), Etag: r.text("nordhafen", "en").GetEtag(),
	}))(t)
	r.attest("nordhafen", "en", "Letter of May", start.Add(time.Hour))
	r.approve("nordhafen", "en")
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	// The end is there, and nothing has carried it out yet.
	r.clock.Step(time.Hour)
	must(r.consents.RevokeConsent(r.edda(), &storiesv1.RevokeConsentRequest{Consent: old[len("consents/"):]}))(t)
	r.step(time.Second)
	if got := r.state("nordhafen", "en"); got != "WITHDRAWN" {
		t.Errorf("state %s", got)
	}
}

func TestAnAgreementFromElsewhereClosesTheCustomersRequest(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	url := r.ask("nordhafen", "en")
	r.attest("nordhafen", "en", "Clause 7 of the framework agreement", time.Time{})
	if got := r.state("nordhafen", "en"); got != "APPROVED" {
		t.Fatalf("state %s", got)
	}
	// A no that nobody would act on must not be taken as if somebody did; nor may it reach a later text.
	_, err := r.signoff.DeclineSignoff(r.customer(url), &storiesv1.DeclineSignoffRequest{Comment: "Please do not publish this."})
	refused(t, err, fault.LinkInvalid)
}

func TestRevokingReachesEveryConsentOfAStoryWithMany(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	hash := r.text("nordhafen", "en").GetContentHash()
	for i := range 1001 {
		must(r.consents.AttestConsent(r.edda(), &storiesv1.AttestConsentRequest{
			Story: "nordhafen", Locale: "en", Scopes: web(), GivenBy: "Jonna Fjeld", GiveTime: timestamppb.New(start.AddDate(0, -1, 0)),
			Evidence: fmt.Sprintf("Letter %d", i), ContentHash: hash,
		}))(t)
	}
	r.clock.Step(time.Second)
	url := r.publish("nordhafen", "en")
	must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{}))(t)
	if got := r.state("nordhafen", "en"); got != "WITHDRAWN" {
		t.Errorf("state %s", got)
	}
	if n := r.events(server.EventConsentRevoked); n != 1 {
		t.Errorf("%d consents were revoked", n)
	}
}
