package server_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
)

// app returns a context of an app whose key agnes has made.
func (r *rig) app() context.Context {
	return r.identity(auth.Identity{Kind: auth.KindApp, Subject: "shop", Name: "Shop", Owner: "agnes", Scopes: []string{"stories.read", "stories.write"}})
}

func TestAnAppAndItsOwnerAreOnePerson(t *testing.T) {
	r := newRig(t)
	must(r.workspace.CreateStory(r.app(), &storiesv1.CreateStoryRequest{StoryId: "nordhafen", Text: text(markdown)}))(t)
	must(r.review.SubmitText(r.app(), &storiesv1.SubmitTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	_, err := r.review.ApproveText(r.agnes(), &storiesv1.ApproveTextRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.PermissionDenied)
	must(r.review.ApproveText(r.pavel(), &storiesv1.ApproveTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	c := must(r.consents.AttestConsent(r.app(), &storiesv1.AttestConsentRequest{
		Story: "nordhafen", Locale: "en", Scopes: web(), GivenBy: "Jonna Fjeld", GiveTime: timestamppb.New(start.AddDate(0, -1, 0)),
		Evidence: "Clause 7 of the framework agreement", ContentHash: r.text("nordhafen", "en").GetContentHash(),
	}))(t).GetConsent()
	confirm := &storiesv1.ConfirmConsentsRequest{Consents: []string{c.GetName()}}
	_, err = r.consents.ConfirmConsents(r.agnes(), confirm)
	refused(t, err, fault.PermissionDenied)
	must(r.consents.ConfirmConsents(r.pavel(), confirm))(t)
}

func TestWhoWroteRestoredWordsDoesNotApproveThem(t *testing.T) {
	r := newRig(t)
	must(r.workspace.CreateStory(r.agnes(), &storiesv1.CreateStoryRequest{StoryId: "nordhafen", Text: text(markdown)}))(t)
	must(r.review.SubmitText(r.edda(), &storiesv1.SubmitTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	must(r.review.ApproveText(r.pavel(), &storiesv1.ApproveTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	r.sign(r.ask("nordhafen", "en"))
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	cur := r.text("nordhafen", "en")
	must(r.workspace.RestoreVersion(r.edda(), &storiesv1.RestoreVersionRequest{Story: "nordhafen", Locale: "en", Version: 1, Etag: cur.GetEtag()}))(t)
	must(r.review.SubmitText(r.edda(), &storiesv1.SubmitTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	_, err := r.review.ApproveText(r.agnes(), &storiesv1.ApproveTextRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.PermissionDenied)
}

func TestNoConsentOutlivesItsLink(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	url := r.ask("nordhafen", "en")
	page := must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(t).GetPage()
	_, err := r.signoff.SignSignoff(r.customer(url), &storiesv1.SignSignoffRequest{
		Scopes: web(), ContentHash: page.GetContentHash(), SignedBy: "Jonna Fjeld", EndTime: timestamppb.New(start.AddDate(11, 0, 0)),
	})
	if e := refused(t, err, fault.InvalidArgument); e.Fields[0].Path != "endTime" {
		t.Errorf("got %v", e.Fields)
	}
}

// post is a mail server that keeps what it is given.
type post struct {
	mu      sync.Mutex
	letters []server.Letter
}

func (p *post) Send(_ context.Context, l server.Letter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, l)
	return nil
}

func TestLettersGoOutOnlyWhileTheirRequestIsOpen(t *testing.T) {
	r := newRig(t)
	mail := &post{}
	r.server.Mail = mail
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	r.ask("nordhafen", "en")
	must(r.review.CancelSignoff(r.edda(), &storiesv1.CancelSignoffRequest{Story: "nordhafen", Locale: "en"}))(t)
	r.step(time.Second)
	if len(mail.letters) != 0 {
		t.Fatalf("a letter went out for a request that was taken back: %v", mail.letters[0].Subject)
	}
	url := r.ask("nordhafen", "en")
	r.step(time.Second)
	if len(mail.letters) != 1 || mail.letters[0].ToEmail != "jonna@nordhafen.example" {
		t.Fatalf("letters: %v", mail.letters)
	}
	states := map[string]int{}
	for _, m := range must(r.activity.ListMessages(r.edda(), &storiesv1.ListMessagesRequest{}))(t).GetMessages() {
		states[m.GetState()]++
	}
	if states["cancelled"] != 1 || states["sent"] != 1 {
		t.Errorf("messages are %v", states)
	}
	r.sign(url)
}
