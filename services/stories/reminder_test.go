package stories_test

import (
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/auth"
	"renown.example/kit/rpc"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories"
	"renown.example/stories/mail"
	"renown.example/stories/mail/mailtest"
)

// askedByMail is a service that sends letters to the post, and has asked a customer to sign a story.
func askedByMail(t *testing.T) (*rig, *mailtest.Post, *storiesv1.RequestSignoffResponse) {
	t.Helper()
	post := mailtest.Start(t, false, "")
	r := newRig(t, func(c *stories.Config) {
		c.SMTP = mail.Config{Address: post.Address, From: "Stories <stories@northwind.example>", TLS: mail.None}
	})
	asked, err := r.approved(t, unsigned).RequestSignoff(r.as(t, "edda", "editor"), &storiesv1.RequestSignoffRequest{
		Story: "harbour", Locale: "en", ContactName: "Runa Holt", ContactEmail: "runa@strandby.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, post, asked
}

// A reminder goes out by mail with the link of the customer's page, without anybody's doing; neither it nor its receiver is in the log.
func TestAReminderGoesOut(t *testing.T) {
	r, post, asked := askedByMail(t)
	where, err := url.Parse(asked.GetText().GetSignoffs()[0].GetUrl())
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimPrefix(where.Path, "/signoff/")
	customer, err := rpc.As(t.Context(), r.minter, auth.Identity{Kind: auth.KindLink, Link: token})
	if err != nil {
		t.Fatal(err)
	}
	ends := start.AddDate(0, 0, 100)
	if _, err := storiesv1.NewSignoffServiceClient(r.service.Conn()).SignSignoff(customer, &storiesv1.SignSignoffRequest{
		Scopes:      []storiesv1.ConsentScope{storiesv1.ConsentScope_CONSENT_SCOPE_WEB},
		ContentHash: asked.GetText().GetContentHash(), SignedBy: "Runa Holt", EndTime: timestamppb.New(ends),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := storiesv1.NewReviewServiceClient(r.service.Conn()).PublishText(r.as(t, "edda", "editor"), &storiesv1.PublishTextRequest{Story: "harbour", Locale: "en"}); err != nil {
		t.Fatal(err)
	}
	r.clock.Step(ends.AddDate(0, 0, -90).Sub(r.clock.Now()))
	reminder := func() string {
		for _, letter := range post.Taken().Letters {
			if plain := strings.ReplaceAll(strings.ReplaceAll(letter, "=\r\n", ""), "=3D", "="); strings.Contains(plain, "renew your consent") {
				return plain
			}
		}
		return ""
	}
	r.eventually(t, "the reminder is sent", func() bool { return reminder() != "" })
	if !strings.Contains(reminder(), where.String()) || !strings.Contains(reminder(), "runa@strandby.example") {
		t.Errorf("the letter is\n%s", reminder())
	}
	for _, secret := range []string{token, "runa@strandby.example", "Runa Holt"} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
