//go:build unix

package crash_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"path"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// The states, shortly.
const (
	draft     = storiesv1.TextState_TEXT_STATE_DRAFT
	inReview  = storiesv1.TextState_TEXT_STATE_IN_REVIEW
	awaiting  = storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER
	approved  = storiesv1.TextState_TEXT_STATE_APPROVED
	scheduled = storiesv1.TextState_TEXT_STATE_SCHEDULED
	published = storiesv1.TextState_TEXT_STATE_PUBLISHED
	withdrawn = storiesv1.TextState_TEXT_STATE_WITHDRAWN
)

const contact, customerOfTales = "Runa Holt", "Strandby Ferries"

// cast are the people of the tales, signed in.
type cast struct{ editor, approver, admin, nobody *api.Conn }

// step is one request of a tale and all that follows from it: what it leaves behind is there as a whole, or not at all.
type step struct {
	name string
	// send sends the request. Repeated it is the same, with the same key.
	send func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error)
	// learn takes from the reply what the steps behind need.
	learn func(t *tale, reply proto.Message)
	// byItself says that the step happens by itself once its time has come: nobody sends it.
	byItself      bool
	state         storiesv1.TextState
	audit, events []string
	// change does to the facts what the step does to the world, besides state, audit and events.
	change func(f *facts)
}

// tale is a story on its way through its steps, one after the other.
type tale struct {
	id    string
	plot  string
	steps []step
	asset string

	// acked is how many steps were acknowledged, replies what the acknowledgements said.
	acked   int
	replies []proto.Message
	// sent says that the step behind those was asked for and not acknowledged; happened, once that was looked up, that it was carried out all the same.
	sent, happened bool
	// goneAt is when the end of the last edition was acknowledged.
	goneAt time.Time

	// link, hash and consent are what the last acknowledgements said.
	link, hash, consent string
	publishAt           time.Time
	// late says that the instant to publish at had passed when the request was carried out: a machine may be that busy, and the text is published at once.
	late bool
}

// facts are what the world must look like when a tale has come to a step.
type facts struct {
	state             storiesv1.TextState
	version           int32
	audit, events     []string
	signoffs          int
	signed            bool
	consents, revoked int
	live, wasLive     bool
}

// after returns the facts after so many steps.
func (t *tale) after(steps int) facts {
	var f facts
	for _, s := range t.steps[:steps] {
		switch {
		case t.late && s.name == schedule.name:
			s.state, s.audit, s.events, s.change = publish.state, publish.audit, publish.events, publish.change
		case t.late && s.name == due.name:
			s.audit, s.events, s.change = nil, nil, nil
		}
		f.state = s.state
		f.audit, f.events = append(f.audit, s.audit...), append(f.events, s.events...)
		if s.change != nil {
			s.change(&f)
		}
	}
	return f
}

func (t *tale) finished() bool { return t.acked == len(t.steps) }

// keyOf is the Idempotency-Key of a step.
func (t *tale) keyOf(step int) string { return fmt.Sprintf("%s-%d", t.id, step) }

func (t *tale) title(version int) string {
	return fmt.Sprintf("Strandby halves its waiting, %s v%d", t.id, version)
}

// content is a version of the story, with its picture if it has one.
func (t *tale) content(version int) *storiesv1.TextInput {
	c := &storiesv1.Content{
		Locale: "en", Title: t.title(version), Summary: "A ferry line of invented people halved the time that its ships wait.", Customer: customerOfTales, Industry: []string{tradeOfTales},
		Blocks: []*storiesv1.Block{{Kind: &storiesv1.Block_Text{Text: &storiesv1.TextBlock{Markdown: "Strandby Ferries sails between two towns that do not exist."}}}},
	}
	if t.asset != "" {
		c.Blocks = append(c.Blocks, &storiesv1.Block{Kind: &storiesv1.Block_Image{Image: &storiesv1.ImageBlock{Asset: t.asset, Alt: "A ferry"}}})
	}
	return &storiesv1.TextInput{Slug: t.id, Form: &storiesv1.TextInput_Content{Content: c}}
}

// picture is one that no other tale shows.
func picture(id string) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, len(id), 2))
	for x, c := range []byte(id) {
		img.Set(x, 0, color.NRGBA{c, 100, 200, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// plots are the ways that a tale may take from its publication on.
var plots = map[string][]step{
	"stays":                {publish},
	"taken back":           {publish, takeBack},
	"revoked":              {publish, revoke},
	"planned":              {schedule, due, takeBack},
	"published once again": {publish, unpublish, rewrite, submit, approve, ask, sign, publish, takeBack},
}

var plotNames = []string{"stays", "taken back", "taken back", "revoked", "planned", "published once again"}

// beginning is the way of every tale up to its publication.
func beginning() []step { return []step{create, submit, approve, ask, sign} }

// newTale makes up a tale.
func newTale(id string, r *rand.Rand) *tale {
	plot := plotNames[r.IntN(len(plotNames))]
	t := &tale{id: id, plot: plot, steps: append(beginning(), plots[plot]...)}
	t.publishAt = clk.Now().Add(time.Duration(500+r.IntN(1500)) * time.Millisecond)
	return t
}

// textChanged is the event of every move of a text.
var textChanged = []string{"stories.text.changed"}

// upload stores the tale's picture. The same one again is the same asset, so it needs no key.
func (t *tale) upload(ctx context.Context, c cast) (asset string, err error) {
	reply, err := storiesv1.NewWorkspaceServiceClient(c.editor).UploadAsset(ctx, &storiesv1.UploadAssetRequest{Data: picture(t.id)})
	return reply.GetAsset(), err
}

var create = step{
	name: "create", state: draft, audit: []string{"text.begun"}, events: textChanged,
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewWorkspaceServiceClient(c.editor).CreateStory(ctx, &storiesv1.CreateStoryRequest{StoryId: t.id, Text: t.content(1)}, opts...)
	},
	change: func(f *facts) { f.version = 1 },
}

var rewrite = step{
	name: "rewrite", state: draft, audit: []string{"text.saved"}, events: textChanged,
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewWorkspaceServiceClient(c.editor).SaveText(ctx, &storiesv1.SaveTextRequest{Story: t.id, Locale: "en", Text: t.content(2), Etag: "*"}, opts...)
	},
	change: func(f *facts) { f.version, f.signed = 2, false },
}

var submit = step{
	name: "submit", state: inReview, audit: []string{"text.submitted"}, events: textChanged,
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewReviewServiceClient(c.editor).SubmitText(ctx, &storiesv1.SubmitTextRequest{Story: t.id, Locale: "en"}, opts...)
	},
}

var approve = step{
	name: "approve", state: awaiting, audit: []string{"text.approved"}, events: textChanged,
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewReviewServiceClient(c.approver).ApproveText(ctx, &storiesv1.ApproveTextRequest{Story: t.id, Locale: "en"}, opts...)
	},
}

var ask = step{
	name: "ask", state: awaiting, audit: []string{"signoff.requested"}, events: textChanged,
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewReviewServiceClient(c.editor).RequestSignoff(ctx, &storiesv1.RequestSignoffRequest{Story: t.id, Locale: "en", ContactName: contact}, opts...)
	},
	learn: func(t *tale, m proto.Message) {
		text := m.(*storiesv1.RequestSignoffResponse).GetText()
		t.hash, t.link = text.GetContentHash(), path.Base(text.GetSignoffs()[0].GetUrl())
	},
	change: func(f *facts) { f.signoffs++ },
}

var sign = step{
	name: "sign", state: approved, audit: []string{"consent.signed", "text.consented"}, events: []string{"stories.consent.given", "stories.text.changed"},
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewSignoffServiceClient(c.nobody.As(api.Link(t.link))).SignSignoff(ctx, &storiesv1.SignSignoffRequest{
			Scopes: []storiesv1.ConsentScope{storiesv1.ConsentScope_CONSENT_SCOPE_WEB}, ContentHash: t.hash, SignedBy: contact,
		}, opts...)
	},
	learn: func(t *tale, m proto.Message) {
		t.consent = path.Base(m.(*storiesv1.SignSignoffResponse).GetPage().GetReceipt().GetName())
	},
	change: func(f *facts) { f.consents, f.signed = f.consents+1, true },
}

var (
	wentUp    = func(f *facts) { f.live, f.wasLive = true, true }
	cameDown  = func(f *facts) { f.live, f.revoked = false, f.revoked+1 }
	upEvents  = []string{"stories.text.changed", "stories.edition.published"}
	endAudit  = []string{"consent.revoked", "text.withdrawn", "edition.withdrawn"}
	endEvents = []string{"stories.consent.revoked", "stories.text.changed", "stories.edition.withdrawn"}
)

var publish = step{
	name: "publish", state: published, audit: []string{"text.published", "edition.published"}, events: upEvents, change: wentUp,
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewReviewServiceClient(c.editor).PublishText(ctx, &storiesv1.PublishTextRequest{Story: t.id, Locale: "en"}, opts...)
	},
}

var schedule = step{
	name: "schedule", state: scheduled, audit: []string{"text.scheduled"}, events: textChanged,
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewReviewServiceClient(c.editor).PublishText(ctx, &storiesv1.PublishTextRequest{Story: t.id, Locale: "en", PublishTime: timestamppb.New(t.publishAt)}, opts...)
	},
	learn: func(t *tale, reply proto.Message) {
		t.late = reply.(*storiesv1.PublishTextResponse).GetText().GetSummary().GetState() == published
	},
}

var due = step{name: "due", byItself: true, state: published, audit: []string{"text.published", "edition.published"}, events: upEvents, change: wentUp}

var unpublish = step{
	name: "unpublish", state: withdrawn, audit: []string{"text.unpublished", "edition.withdrawn"},
	events: []string{"stories.text.changed", "stories.edition.withdrawn"}, change: func(f *facts) { f.live = false },
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewReviewServiceClient(c.editor).UnpublishText(ctx, &storiesv1.UnpublishTextRequest{Story: t.id, Locale: "en", Reason: "to be rewritten"}, opts...)
	},
}

var takeBack = step{
	name: "take back", state: withdrawn, audit: endAudit, events: endEvents, change: cameDown,
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewSignoffServiceClient(c.nobody.As(api.Link(t.link))).RevokeSignoff(ctx, &storiesv1.RevokeSignoffRequest{Reason: "we are being sold"}, opts...)
	},
}

var revoke = step{
	name: "revoke", state: withdrawn, audit: endAudit, events: endEvents, change: cameDown,
	send: func(ctx context.Context, c cast, t *tale, opts ...grpc.CallOption) (proto.Message, error) {
		return storiesv1.NewConsentsServiceClient(c.editor).RevokeConsent(ctx, &storiesv1.RevokeConsentRequest{Consent: t.consent, Reason: "they called"}, opts...)
	},
}
