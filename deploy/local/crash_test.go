package main

import (
	"context"
	"math/rand/v2"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"renown.example/deploy/cases"
	"renown.example/kit/clock"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

func TestKilledWhileRevokingNothingComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	loaded(t, dir)
	i := begin(t, dir)
	editor := i.As(t, "edda")
	consents := storiesv1.NewConsentsServiceClient(editor)
	list, err := consents.ListConsents(t.Context(), &storiesv1.ListConsentsRequest{PageSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	// The demo has texts that were never published, and agreements to earlier words on which nothing rests.
	standing := slices.DeleteFunc(list.GetConsents(), func(c *storiesv1.Consent) bool { return !c.GetCurrent() })
	before := i.liveTexts(t)
	// The log of what was acknowledged lives here, outside of the process that dies.
	gone := make(chan *storiesv1.Consent, 100)
	go func() {
		defer close(gone)
		for _, c := range standing {
			if _, err := consents.RevokeConsent(t.Context(), &storiesv1.RevokeConsentRequest{Consent: strings.TrimPrefix(c.GetName(), "consents/"), Reason: "as agreed"}); err != nil {
				return
			}
			gone <- c
		}
	}()
	var acknowledged []*storiesv1.Consent
	for range 1 + rand.IntN(20) {
		acknowledged = append(acknowledged, <-gone)
	}
	<-clock.System().After(time.Duration(rand.Int64N(int64(5 * time.Millisecond))))
	i.kill()
	for c := range gone {
		acknowledged = append(acknowledged, c)
	}
	t.Logf("killed after %d of %d revocations", len(acknowledged), len(standing))
	again := begin(t, dir)
	up := again.liveTexts(t)
	for _, c := range acknowledged {
		if up[c.GetStory()+"/texts/"+c.GetLocale()] {
			t.Errorf("%s in %s is back", c.GetStory(), c.GetLocale())
		}
	}
	// One more may have been carried out without its acknowledgement having arrived.
	if down := len(before) - len(up); down < len(acknowledged) || down > len(acknowledged)+1 {
		t.Errorf("%d texts are down after %d acknowledged revocations", down, len(acknowledged))
	}
	again.stop(t)
}

// liveTexts are the names of the texts that are up.
func (i *installation) liveTexts(t *testing.T) map[string]bool {
	t.Helper()
	texts, err := storiesv1.NewWorkspaceServiceClient(i.As(t, "edda")).ListTexts(t.Context(), &storiesv1.ListTextsRequest{PageSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	up := map[string]bool{}
	for _, x := range texts.GetTexts() {
		if x.GetLive() {
			up[x.GetName()] = true
		}
	}
	return up
}

// toPublish are the steps of a story that is on its way, in their order.
var toPublish = []storiesv1.TextState{
	storiesv1.TextState_TEXT_STATE_DRAFT, storiesv1.TextState_TEXT_STATE_IN_REVIEW, storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER,
	storiesv1.TextState_TEXT_STATE_APPROVED, storiesv1.TextState_TEXT_STATE_PUBLISHED,
}

// ack says that a story has come this far, as its caller was told.
type ack struct {
	story string
	state int
}

// write brings one story after another to its readers, signed by its customer, until something is not answered.
func write(ctx context.Context, editor, approver, nobody *api.Conn, stories []string, acks chan<- ack) {
	defer close(acks)
	mine, theirs := storiesv1.NewReviewServiceClient(editor), storiesv1.NewReviewServiceClient(approver)
	for _, story := range stories {
		link := ""
		for state, step := range []func() error{
			func() error {
				_, err := mine.SubmitText(ctx, &storiesv1.SubmitTextRequest{Story: story, Locale: "en"})
				return err
			},
			func() error {
				_, err := theirs.ApproveText(ctx, &storiesv1.ApproveTextRequest{Story: story, Locale: "en"})
				return err
			},
			func() error {
				asked, err := mine.RequestSignoff(ctx, &storiesv1.RequestSignoffRequest{Story: story, Locale: "en", ContactName: "Runa Holt"})
				if err != nil {
					return err
				}
				link = path.Base(asked.GetText().GetSignoffs()[0].GetUrl())
				_, err = storiesv1.NewSignoffServiceClient(nobody.As(api.Link(link))).SignSignoff(ctx, &storiesv1.SignSignoffRequest{
					Scopes: asked.GetText().GetSignoffs()[0].GetScopes(), ContentHash: asked.GetText().GetContentHash(), SignedBy: "Runa Holt",
				})
				return err
			},
			func() error {
				_, err := mine.PublishText(ctx, &storiesv1.PublishTextRequest{Story: story, Locale: "en"})
				return err
			},
		} {
			if step() != nil {
				return
			}
			acks <- ack{story, state + 1}
		}
	}
}

func TestKilledWhileSigningAndPublishingNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	loaded(t, dir)
	i := begin(t, dir)
	editor, approver := i.As(t, "edda"), i.As(t, "pavel")
	files := map[string]string{}
	var stories []string
	for n := range 12 {
		story := "kill-" + strconv.Itoa(n)
		stories = append(stories, story)
		files[story+".en.md"] = cases.Markdown(story, "Killed in the middle "+strconv.Itoa(n))
	}
	cases.Import(t, editor, files)
	acks := make(chan ack, 100)
	go write(t.Context(), editor, approver, i.Rest(), stories, acks)
	reached := map[string]int{}
	for range 1 + rand.IntN(40) {
		a := <-acks
		reached[a.story] = a.state
	}
	<-clock.System().After(time.Duration(rand.Int64N(int64(5 * time.Millisecond))))
	i.kill()
	for a := range acks {
		reached[a.story] = a.state
	}
	t.Logf("killed when %d stories were on their way: %v", len(reached), reached)
	again := begin(t, dir)
	workspace := storiesv1.NewWorkspaceServiceClient(again.As(t, "edda"))
	for story, state := range reached {
		text, err := workspace.GetText(t.Context(), &storiesv1.GetTextRequest{Story: story, Locale: "en"})
		if err != nil {
			t.Fatal(err)
		}
		// One step may have been taken without its acknowledgement having arrived.
		if got := text.GetText().GetSummary().GetState(); got != toPublish[state] && (state+1 >= len(toPublish) || got != toPublish[state+1]) {
			t.Errorf("%s had come to %s and is in %s", story, toPublish[state], got)
		}
		if live := text.GetText().GetSummary().GetLive(); state == len(toPublish)-1 && !live {
			t.Errorf("%s was published and is not up", story)
		}
	}
	again.stop(t)
}
