package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store/enginetest"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
	"renown.example/stories/tables"
)

const day = 24 * time.Hour

// publishUntil publishes a story whose customer signs until an instant, and returns the address of the customer's page.
func (r *rig) publishUntil(story string, ends time.Time) string {
	r.t.Helper()
	r.approve(story, "en")
	url := r.ask(story, "en")
	page := must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(r.t).GetPage()
	must(r.signoff.SignSignoff(r.customer(url), &storiesv1.SignSignoffRequest{
		Scopes: web(), ContentHash: page.GetContentHash(), SignedBy: "Jonna Fjeld", EndTime: timestamppb.New(ends),
	}))(r.t)
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: story, Locale: "en"}))(r.t)
	return url
}

// reminders are the messages that a consent ends, oldest first, as "subject: state".
func (r *rig) reminders() []*storiesv1.Message {
	r.t.Helper()
	var out []*storiesv1.Message
	for _, m := range must(r.activity.ListMessages(r.edda(), &storiesv1.ListMessagesRequest{}))(r.t).GetMessages() {
		if strings.Contains(m.GetSubject(), "ends on") || strings.Contains(m.GetSubject(), "endet am") {
			out = append([]*storiesv1.Message{m}, out...)
		}
	}
	return out
}

// ending lists the consents that end soon.
func (r *rig) ending() []*storiesv1.Consent {
	r.t.Helper()
	return must(r.consents.ListConsents(r.edda(), &storiesv1.ListConsentsRequest{Ending: true}))(r.t).GetConsents()
}

// renewBy presses the button on the customer's page.
func (r *rig) renewBy(url string) (*storiesv1.SignoffPage, error) {
	r.t.Helper()
	page := must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(r.t).GetPage()
	resp, err := r.signoff.RenewSignoff(r.customer(url), &storiesv1.RenewSignoffRequest{ContentHash: page.GetContentHash()})
	return resp.GetPage(), err
}

func TestTheCustomerIsRemindedThreeTimes(t *testing.T) {
	r := newRig(t)
	mail := &post{}
	r.server.Mail = mail
	r.write("nordhafen", markdown)
	ends := start.AddDate(1, 0, 0)
	url := r.publishUntil("nordhafen", ends)
	r.step(time.Second) // the request itself goes out
	asked := len(mail.letters)
	for _, days := range []int{90, 30, 7} {
		due := ends.AddDate(0, 0, -days)
		r.step(due.Sub(r.clock.Now()) - time.Second)
		if n := len(mail.letters) - asked; n != 0 {
			t.Fatalf("%d letters before the day %d", n, days)
		}
		r.step(time.Second)
		r.step(time.Minute) // whatever else is due, and nothing twice
		if n := len(mail.letters) - asked; n != 1 {
			t.Fatalf("%d letters on the day %d", n, days)
		}
		letter := mail.letters[len(mail.letters)-1]
		if letter.ToEmail != "jonna@nordhafen.example" || !strings.Contains(letter.Body, url) || !strings.Contains(letter.Subject, "3 May 2027") && !strings.Contains(letter.Subject, "4 May 2027") {
			t.Errorf("the letter is %+v", letter)
		}
		asked = len(mail.letters)
	}
	if n := r.events(server.EventConsentEnding); n != 3 {
		t.Errorf("%d events", n)
	}
	if got := r.ending(); len(got) != 1 || !got[0].GetEnding() {
		t.Errorf("ending soon are %v", got)
	}
	r.step(8 * day)
	if n := len(mail.letters) - asked; n != 0 || len(r.ending()) != 0 || r.state("nordhafen", "en") != "WITHDRAWN" {
		t.Errorf("after the end: %d more letters, %v, %s", n, r.ending(), r.state("nordhafen", "en"))
	}
}

func TestARestartSendsNoReminderTwice(t *testing.T) {
	db, c := enginetest.Open(t, tables.Specs()...), clock.NewFake(start)
	r := rigOn(t, db, c)
	r.write("nordhafen", markdown)
	r.publishUntil("nordhafen", start.AddDate(1, 0, 0))
	r.step(start.AddDate(1, 0, -90).Sub(start))
	for range 3 {
		again := rigOn(t, db, c)
		again.step(time.Second)
	}
	if got := r.reminders(); len(got) != 1 {
		t.Fatalf("reminders: %v", got)
	}
	// Two replicas that look at the same moment.
	c.Step(60 * day)
	one, two := rigOn(t, db, c), rigOn(t, db, c)
	for _, err := range together(func() error { _, err := one.worker.RunDue(context.Background()); return err }, func() error { _, err := two.worker.RunDue(context.Background()); return err }) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := r.reminders(); len(got) != 2 || got[0].GetState() != "cancelled" || got[1].GetState() != "to copy" {
		t.Fatalf("reminders: %v", got)
	}
}

func TestAfterALongNightOnlyTheLatestReminderIsSent(t *testing.T) {
	for before, want := range map[int]string{25: "30", 5: "7", 89: "90", -1: ""} {
		r := newRig(t)
		r.write("nordhafen", markdown)
		ends := start.AddDate(1, 0, 0)
		r.publishUntil("nordhafen", ends)
		r.step(ends.AddDate(0, 0, -before).Sub(start))
		var days []string
		for _, e := range must(r.activity.ListAuditEntries(r.edda(), &storiesv1.ListAuditEntriesRequest{Story: "nordhafen"}))(t).GetEntries() {
			if e.GetAction() == "consent.reminded" {
				days = append(days, e.GetDetails()["days"])
			}
		}
		if got := r.reminders(); strings.Join(days, " ") != want || len(got) != len(days) {
			t.Errorf("back %d days before the end: reminded of %q by %d letters, want %q", before, days, len(got), want)
		}
	}
}

func TestAClockThatIsSetBackRemindsOnce(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	ends := start.AddDate(1, 0, 0)
	r.publishUntil("nordhafen", ends)
	r.step(ends.AddDate(0, 0, -90).Sub(start))
	r.step(-10 * day)
	r.step(10 * day)
	if got := r.reminders(); len(got) != 1 {
		t.Errorf("reminders: %v", got)
	}
	r.step(60 * day)
	if got := r.reminders(); len(got) != 2 {
		t.Errorf("reminders: %v", got)
	}
}

func TestRenewingIsOnePressAndLosesNoInstant(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	ends := start.AddDate(1, 0, 0)
	url := r.publishUntil("nordhafen", ends)
	if page := must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(t).GetPage(); page.GetRenewable() {
		t.Error("it can be renewed the day it was signed")
	}
	_, err := r.renewBy(url)
	refused(t, err, fault.IllegalState)
	r.step(ends.AddDate(0, 0, -30).Sub(start))
	before := must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(t).GetPage()
	if !before.GetRenewable() || !before.GetRenewEndTime().AsTime().Equal(ends.AddDate(1, 0, 0)) {
		t.Fatalf("offered until %v", before.GetRenewEndTime().AsTime())
	}
	after := must(r.renewBy(url))(t)
	must(r.renewBy(url))(t) // twice is the same as once
	now := after.GetReceipt()
	if after.GetRenewable() || now.GetName() == before.GetReceipt().GetName() || now.GetRenews() != before.GetReceipt().GetName() || now.GetContentHash() != before.GetContentHash() ||
		fmt.Sprint(now.GetScopes()) != fmt.Sprint(before.GetReceipt().GetScopes()) || now.GetGivenBy() != "Jonna Fjeld" || !now.GetEndTime().AsTime().Equal(ends.AddDate(1, 0, 0)) {
		t.Fatalf("the receipt is %v", after)
	}
	// The edition rests on the longer consent at once: at the old one's end nothing has to happen.
	if st := must(r.get(slug, "en"))(t); !st.GetConsentEndTime().AsTime().Equal(ends.AddDate(1, 0, 0)) {
		t.Errorf("up until %v", st.GetConsentEndTime().AsTime())
	}
	if got := r.ending(); len(got) != 0 {
		t.Errorf("still ending: %v", got)
	}
	if got := r.reminders(); len(got) != 1 || got[0].GetState() != "cancelled" {
		t.Errorf("reminders: %v", got)
	}
	for _, at := range []time.Duration{30*day - time.Millisecond, time.Millisecond, time.Millisecond, time.Second} {
		r.clock.Step(at)
		must(r.get(slug, "en"))(t) // with no job run
	}
	r.step(time.Second)
	must(r.get(slug, "en"))(t)
	if got := r.reminders(); len(got) != 1 || r.state("nordhafen", "en") != "PUBLISHED" {
		t.Errorf("the renewed consent was reminded of: %v", got)
	}
	// A year on it is the renewal that is reminded of, and taken back by the same link.
	r.step(ends.AddDate(1, 0, -90).Sub(r.clock.Now()))
	if got := r.reminders(); len(got) != 2 || !strings.Contains(got[1].GetBody(), url) {
		t.Errorf("reminders: %v", got)
	}
	must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{}))(t)
	_, err = r.get(slug, "en")
	refused(t, err, fault.Withdrawn)
	r.step(90 * day)
	if got := r.reminders(); len(got) != 2 || got[1].GetState() != "cancelled" {
		t.Errorf("a revoked consent was reminded of: %v", got)
	}
}

func TestARevokedOrEndedConsentIsNotRenewed(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	ends := start.AddDate(1, 0, 0)
	url := r.publishUntil("nordhafen", ends)
	r.write("other", strings.Replace(markdown, "Nordhafen cut", "Other cut", 1))
	other := r.publishUntil("other", ends)
	r.step(ends.AddDate(0, 0, -20).Sub(start))
	_, err := r.signoff.RenewSignoff(r.customer(url), &storiesv1.RenewSignoffRequest{ContentHash: strings.Repeat("0", 64)})
	if e := refused(t, err, fault.InvalidArgument); e.Fields[0].Path != "contentHash" {
		t.Errorf("named %v", e.Fields)
	}
	must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{}))(t)
	_, err = r.renewBy(url)
	refused(t, err, fault.IllegalState)
	_, err = r.get(slug, "en")
	refused(t, err, fault.Withdrawn)
	r.step(20 * day)
	_, err = r.renewBy(other)
	refused(t, err, fault.IllegalState)
	if got := r.reminders(); len(got) != 2 || got[0].GetState() != "cancelled" || got[1].GetState() != "cancelled" {
		t.Errorf("reminders: %v", got)
	}
}

func TestAnAgreementFromElsewhereIsRemindedOfToTheEditors(t *testing.T) {
	r := newRig(t)
	r.server.Mail = &post{}
	r.write("nordhafen", markdown)
	ends := start.AddDate(0, 6, 0)
	r.attest("nordhafen", "en", "Clause 7 of the framework agreement", ends)
	r.approve("nordhafen", "en")
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	r.step(ends.AddDate(0, 0, -90).Sub(start))
	got := r.reminders()
	if len(got) != 1 || got[0].GetState() != "to copy" || got[0].GetToName() != "Jonna Fjeld" || got[0].GetToEmail() != "" || strings.Contains(got[0].GetBody(), "http") {
		t.Fatalf("reminders: %v", got)
	}
	if list := r.ending(); len(list) != 1 || list[0].GetKind() != storiesv1.ConsentKind_CONSENT_KIND_ATTESTED {
		t.Fatalf("ending: %v", list)
	}
	// The answer is recorded; it counts once a second person has confirmed it, and then at once.
	c := must(r.consents.AttestConsent(r.edda(), &storiesv1.AttestConsentRequest{
		Story: "nordhafen", Locale: "en", Scopes: web(), GivenBy: "Jonna Fjeld", GiveTime: timestamppb.New(r.clock.Now()), EndTime: timestamppb.New(ends.AddDate(1, 0, 0)),
		Evidence: "Her mail of today", ContentHash: r.text("nordhafen", "en").GetContentHash(),
	}))(t).GetConsent()
	if len(r.ending()) != 1 {
		t.Error("an unconfirmed consent ends the reminder")
	}
	must(r.consents.ConfirmConsents(r.pavel(), &storiesv1.ConfirmConsentsRequest{Consents: []string{c.GetName()}}))(t)
	if got := r.reminders(); len(r.ending()) != 0 || got[0].GetState() != "cancelled" {
		t.Errorf("after the renewal: %v, %v", r.ending(), got)
	}
	r.clock.Step(90 * day)
	must(r.get(slug, "en"))(t)
	r.step(time.Second)
	must(r.get(slug, "en"))(t)
	if got := r.reminders(); len(got) != 1 {
		t.Errorf("reminders: %v", got)
	}
}

func TestAnAgreementIsRenewedWhileTheNextTextIsWritten(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	ends := start.AddDate(0, 6, 0)
	r.attest("nordhafen", "en", "Clause 7 of the framework agreement", ends)
	r.approve("nordhafen", "en")
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	online := r.text("nordhafen", "en").GetContentHash()
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "nordhafen", Locale: "en", Text: text(markdown + "\nEvery night.\n"), Etag: r.text("nordhafen", "en").GetEtag()}))(t)
	r.step(ends.AddDate(0, 0, -30).Sub(start))
	if len(r.reminders()) != 1 {
		t.Fatal("what is online is not reminded of while another text is written")
	}
	req := &storiesv1.AttestConsentRequest{
		Story: "nordhafen", Locale: "en", Scopes: web(), GivenBy: "Jonna Fjeld", GiveTime: timestamppb.New(r.clock.Now()), EndTime: timestamppb.New(ends.AddDate(1, 0, 0)),
		Evidence: "Her mail of today", ContentHash: strings.Repeat("0", 64),
	}
	_, err := r.consents.AttestConsent(r.edda(), req)
	refused(t, err, fault.InvalidArgument)
	req.ContentHash = online
	c := must(r.consents.AttestConsent(r.edda(), req))(t).GetConsent()
	must(r.consents.ConfirmConsents(r.pavel(), &storiesv1.ConfirmConsentsRequest{Consents: []string{c.GetName()}}))(t)
	if st := must(r.get(slug, "en"))(t); !st.GetConsentEndTime().AsTime().Equal(ends.AddDate(1, 0, 0)) || r.state("nordhafen", "en") != "DRAFT" {
		t.Errorf("up until %v, text %s", st.GetConsentEndTime().AsTime(), r.state("nordhafen", "en"))
	}
}

func TestNobodyIsRemindedOfAConsentOnWhichNothingRests(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	ends := start.AddDate(1, 0, 0)
	r.publishUntil("nordhafen", ends)
	must(r.review.UnpublishText(r.edda(), &storiesv1.UnpublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	// Nor of one that was just given for a few days.
	r.write("short", strings.Replace(markdown, "Nordhafen cut", "Short cut", 1))
	r.publishUntil("short", start.Add(5*day))
	r.step(time.Hour)
	r.step(ends.AddDate(0, 0, -90).Sub(start))
	if got := r.reminders(); len(got) != 0 {
		t.Errorf("reminders: %v", got)
	}
}

func TestTheLinkOfAReminderOutlivesTheConsent(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	url := r.ask("nordhafen", "en")
	r.clock.Step(25 * day)
	page := must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(t).GetPage()
	ends := r.clock.Now().AddDate(10, 0, -1)
	must(r.signoff.SignSignoff(r.customer(url), &storiesv1.SignSignoffRequest{
		Scopes: web(), ContentHash: page.GetContentHash(), SignedBy: "Jonna Fjeld", EndTime: timestamppb.New(ends),
	}))(t)
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	for range 2 {
		r.step(ends.AddDate(0, 0, -7).Sub(r.clock.Now()))
		got := r.reminders()
		link := strings.Fields(got[len(got)-1].GetBody()[strings.Index(got[len(got)-1].GetBody(), "https://"):])[0]
		ends = must(r.renewBy(link))(t).GetReceipt().GetEndTime().AsTime()
		if r.clock.Now().AddDate(10, 0, 0).Before(ends) {
			t.Errorf("renewed until %v", ends)
		}
	}
	r.clock.Step(ends.Sub(r.clock.Now()) - time.Hour)
	must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{}))(t)
}
