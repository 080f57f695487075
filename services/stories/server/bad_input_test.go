package server_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

func TestBadTextsNameTheirFieldAndChangeNothing(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	cur := r.text("nordhafen", "en")
	content := func(change func(*storiesv1.Content)) *storiesv1.TextInput {
		c := r.text("nordhafen", "en").GetContent()
		change(c)
		return &storiesv1.TextInput{Form: &storiesv1.TextInput_Content{Content: c}}
	}
	block := func(b *storiesv1.Block) *storiesv1.TextInput {
		return content(func(c *storiesv1.Content) { c.Blocks = append(c.Blocks, b) })
	}
	for name, c := range map[string]struct {
		req    *storiesv1.SaveTextRequest
		reason fault.Reason
		field  string
	}{
		"oversize": {&storiesv1.SaveTextRequest{Text: content(func(c *storiesv1.Content) { c.Title = strings.Repeat("a", 300) })},
			fault.InvalidArgument, "text.content.title"},
		"unknown block":   {&storiesv1.SaveTextRequest{Text: block(&storiesv1.Block{})}, fault.ContentRejected, "text.content.blocks[3]"},
		"unknown picture": {&storiesv1.SaveTextRequest{Text: block(&storiesv1.Block{Kind: &storiesv1.Block_Image{Image: &storiesv1.ImageBlock{Asset: strings.Repeat("a", 64), Alt: "x"}}})}, fault.ContentRejected, "text.content.blocks[3].image.asset"},
		"unsafe address":  {&storiesv1.SaveTextRequest{Text: block(&storiesv1.Block{Kind: &storiesv1.Block_Cta{Cta: &storiesv1.CtaBlock{Label: "x", Url: "javascript:alert(1)"}}})}, fault.ContentRejected, "text.content.blocks[3].cta.url"},
		"wrong locale":    {&storiesv1.SaveTextRequest{Locale: "de", Text: text(markdown)}, fault.InvalidArgument, "text.content.locale"},
		"no locale":       {&storiesv1.SaveTextRequest{Locale: "klingonisch", Text: text(markdown)}, fault.InvalidArgument, "locale"},
		"unknown kind":    {&storiesv1.SaveTextRequest{Text: text(markdown + "\n::: carousel\nsrc: x\n:::\n")}, fault.ContentRejected, "text.markdown"},
		"stale etag":      {&storiesv1.SaveTextRequest{Text: text(markdown), Etag: `"99"`}, fault.EtagMismatch, ""},
		"no etag":         {&storiesv1.SaveTextRequest{Text: text(markdown), Etag: "-"}, fault.InvalidArgument, "etag"},
		"control":         {&storiesv1.SaveTextRequest{Text: content(func(c *storiesv1.Content) { c.Summary = "a\x00b" })}, fault.ContentRejected, "text.content.summary"},
		"bad slug":        {&storiesv1.SaveTextRequest{Text: &storiesv1.TextInput{Form: text(markdown).GetForm(), Slug: "Not A Slug"}}, fault.InvalidArgument, "text.slug"},
	} {
		t.Run(name, func(t *testing.T) {
			c.req.Story = "nordhafen"
			if c.req.GetLocale() == "" {
				c.req.Locale = "en"
			}
			switch c.req.GetEtag() {
			case "":
				c.req.Etag = cur.GetEtag()
			case "-":
				c.req.Etag = ""
			}
			_, err := r.workspace.SaveText(r.ada(), c.req)
			e := refused(t, err, c.reason)
			if c.field != "" && (len(e.Fields) == 0 || e.Fields[0].Path != c.field) {
				t.Errorf("fields %v, want %s", e.Fields, c.field)
			}
		})
	}
	if after := r.text("nordhafen", "en"); after.GetEtag() != cur.GetEtag() || after.GetSummary().GetVersion() != 1 {
		t.Errorf("a refused text changed something: %v", after.GetSummary())
	}
}

func TestAPictureWithoutAltTextIsNotPublished(t *testing.T) {
	r := newRig(t)
	files := importable(t)
	files["case-studies/nordhafen.en.md"] = strings.Replace(files["case-studies/nordhafen.en.md"], "alt: Cranes at dawn\n", "", 1)
	r.importZip(files, false)
	r.approve("nordhafen", "en")
	r.sign(r.ask("nordhafen", "en"))
	_, err := r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"})
	e := refused(t, err, fault.NotPublishable)
	if e.Fields[0].Path != "content.blocks[0].image.alt" || !strings.Contains(e.Fields[0].Message, "locale en") {
		t.Errorf("got %v", e.Fields)
	}
}

func TestRefusedConsentsNameTheFieldsOfTheirRequest(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	for name, c := range map[string]struct {
		field  string
		change func(*storiesv1.AttestConsentRequest)
	}{
		"no instant":       {"giveTime", func(req *storiesv1.AttestConsentRequest) { req.GiveTime = nil }},
		"in the future":    {"giveTime", func(req *storiesv1.AttestConsentRequest) { req.GiveTime = timestamppb.New(start.Add(time.Hour)) }},
		"over":             {"endTime", func(req *storiesv1.AttestConsentRequest) { req.EndTime = timestamppb.New(start) }},
		"two lines of one": {"givenBy", func(req *storiesv1.AttestConsentRequest) { req.GivenBy = "Jonna\nFjeld" }},
	} {
		req := &storiesv1.AttestConsentRequest{
			Story: "nordhafen", Locale: "en", Scopes: web(), GivenBy: "Jonna Fjeld", GiveTime: timestamppb.New(start.AddDate(0, -1, 0)), Evidence: "Clause 7",
			ContentHash: r.text("nordhafen", "en").GetContentHash(),
		}
		c.change(req)
		_, err := r.consents.AttestConsent(r.edda(), req)
		if e := refused(t, err, fault.InvalidArgument); len(e.Fields) != 1 || e.Fields[0].Path != c.field || !strings.Contains(e.Message, c.field) {
			t.Errorf("%s: %v", name, e)
		}
	}
	_, err := r.consents.AttestConsent(r.edda(), &storiesv1.AttestConsentRequest{
		Story: "nowhere", Locale: "en", Scopes: web(), GivenBy: "Jonna Fjeld", GiveTime: timestamppb.New(start.AddDate(0, -1, 0)), Evidence: "Clause 7", ContentHash: strings.Repeat("0", 64),
	})
	if e := refused(t, err, fault.NotFound); len(e.Fields) != 1 || e.Fields[0].Path != "story" {
		t.Errorf("a story that is not there: %v", e)
	}
	// What would keep the customer from signing is refused when it is asked for, not when they sign.
	for field, req := range map[string]*storiesv1.RequestSignoffRequest{
		"contactEmail": {ContactName: "Jonna Fjeld", ContactEmail: "jonna@nordhafen.example\n"},
		"contactName":  {ContactName: "Jonna\nFjeld"},
	} {
		req.Story, req.Locale, req.Scopes = "nordhafen", "en", web()
		_, err := r.review.RequestSignoff(r.edda(), req)
		if e := refused(t, err, fault.InvalidArgument); len(e.Fields) != 1 || e.Fields[0].Path != field {
			t.Errorf("%s: %v", field, e)
		}
	}
	url := r.ask("nordhafen", "en")
	page := must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(t).GetPage()
	_, err = r.signoff.SignSignoff(r.customer(url), &storiesv1.SignSignoffRequest{
		Scopes: web(), ContentHash: page.GetContentHash(), SignedBy: "Jonna Fjeld", EndTime: timestamppb.New(start),
	})
	if e := refused(t, err, fault.InvalidArgument); e.Fields[0].Path != "endTime" {
		t.Errorf("got %v", e)
	}
}

func TestWhatPeopleSayStaysOutOfEvents(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	must(r.signoff.DeclineSignoff(r.customer(r.ask("nordhafen", "en")), &storiesv1.DeclineSignoffRequest{Comment: "Said when declining"}))(t)
	must(r.review.SubmitText(r.edda(), &storiesv1.SubmitTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	must(r.review.RequestChanges(r.edda(), &storiesv1.RequestChangesRequest{Story: "nordhafen", Locale: "en", Comment: "Said in review"}))(t)
	url := r.publish("nordhafen", "en")
	must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{Reason: "Said when revoking"}))(t)
	words := []string{"Said when declining", "Said in review", "Said when revoking", "Jonna Fjeld"}
	link := url[strings.LastIndex(url, "/")+1:]
	for _, e := range must(r.activity.ListEvents(r.agnes(), &storiesv1.ListEventsRequest{PageSize: 1000}))(t).GetEvents() {
		for _, w := range append(words, link) {
			if strings.Contains(e.String(), w) {
				t.Errorf("%s says %q", e.GetType(), w)
			}
		}
	}
	audit := must(r.activity.ListAuditEntries(r.agnes(), &storiesv1.ListAuditEntriesRequest{PageSize: 200}))(t).String()
	for _, w := range words {
		if !strings.Contains(audit, w) {
			t.Errorf("the audit does not say %q", w)
		}
	}
	if strings.Contains(audit, link) {
		t.Error("the audit holds the customer's link")
	}
}

func TestLinks(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	first := r.ask("nordhafen", "en")
	second := r.ask("nordhafen", "en")
	open := func(url string) (*storiesv1.SignoffPage, error) {
		resp, err := r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{})
		return resp.GetPage(), err
	}
	page := must(open(second))(t)
	sign := func(url string, change func(*storiesv1.SignSignoffRequest)) error {
		req := &storiesv1.SignSignoffRequest{Scopes: web(), ContentHash: page.GetContentHash(), SignedBy: "Jonna Fjeld"}
		if change != nil {
			change(req)
		}
		_, err := r.signoff.SignSignoff(r.customer(url), req)
		return err
	}
	// A replaced link shows nothing and signs nothing.
	if old := must(open(first))(t); old.GetState() != "replaced" || old.GetContent() != nil {
		t.Errorf("the replaced link shows %v", old)
	}
	refused(t, sign(first, nil), fault.LinkInvalid)
	// An altered one is none.
	altered := second[:len(second)-3] + "AAA"
	_, err := open(altered)
	refused(t, err, fault.LinkInvalid)
	refused(t, sign(altered, nil), fault.LinkInvalid)
	// What was not asked for cannot be given, nor can words be signed that are not there.
	refused(t, sign(second, func(req *storiesv1.SignSignoffRequest) {
		req.Scopes = append(web(), storiesv1.ConsentScope_CONSENT_SCOPE_ADS)
	}), fault.InvalidArgument)
	refused(t, sign(second, func(req *storiesv1.SignSignoffRequest) { req.ContentHash = strings.Repeat("0", 64) }), fault.InvalidArgument)
	// An employee without a link is no customer, and a customer is no employee.
	_, err = r.signoff.SignSignoff(r.agnes(), &storiesv1.SignSignoffRequest{Scopes: web(), ContentHash: page.GetContentHash(), SignedBy: "x"})
	refused(t, err, fault.PermissionDenied)
	_, err = r.workspace.GetText(r.customer(second), &storiesv1.GetTextRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.PermissionDenied)
	// Late, it is over; nothing was signed in all this.
	r.clock.Step(31 * 24 * time.Hour)
	refused(t, sign(second, nil), fault.LinkInvalid)
	if r.state("nordhafen", "en") != "AWAITING_CUSTOMER" {
		t.Errorf("state %s", r.state("nordhafen", "en"))
	}
}

func TestTheCustomerAsksForChanges(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	url := r.ask("nordhafen", "en")
	_, err := r.signoff.DeclineSignoff(r.customer(url), &storiesv1.DeclineSignoffRequest{})
	refused(t, err, fault.InvalidArgument)
	_, err = r.signoff.CommentSignoff(r.customer(url), &storiesv1.CommentSignoffRequest{Block: 3, Text: "x"})
	refused(t, err, fault.InvalidArgument)
	must(r.signoff.CommentSignoff(r.customer(url), &storiesv1.CommentSignoffRequest{Block: 1, Text: "It was 37 %."}))(t)
	must(r.signoff.DeclineSignoff(r.customer(url), &storiesv1.DeclineSignoffRequest{Comment: "Please correct the figure."}))(t)
	got := r.text("nordhafen", "en")
	if r.state("nordhafen", "en") != "DRAFT" || got.GetSummary().GetChangesAsked() != "Please correct the figure." {
		t.Errorf("got %v", got.GetSummary())
	}
	comments := got.GetSignoffs()[0].GetComments()
	if len(comments) != 2 || comments[1].GetBlock() != 1 || comments[1].GetText() != "It was 37 %." {
		t.Errorf("got %v", comments)
	}
	_, err = r.signoff.SignSignoff(r.customer(url), &storiesv1.SignSignoffRequest{Scopes: web(), ContentHash: got.GetContentHash(), SignedBy: "x"})
	refused(t, err, fault.IllegalState)
}

func TestNobodyApprovesTheirOwnStory(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	cur := r.text("nordhafen", "en")
	must(r.workspace.SaveText(r.agnes(), &storiesv1.SaveTextRequest{Story: "nordhafen", Locale: "en", Text: text(markdown + "\nMore.\n"), Etag: cur.GetEtag()}))(t)
	must(r.review.SubmitText(r.ada(), &storiesv1.SubmitTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	_, err := r.review.ApproveText(r.agnes(), &storiesv1.ApproveTextRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.PermissionDenied)
	_, err = r.review.ApproveText(r.as("ada", "author", "approver"), &storiesv1.ApproveTextRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.PermissionDenied)
	must(r.review.ApproveText(r.pavel(), &storiesv1.ApproveTextRequest{Story: "nordhafen", Locale: "en"}))(t)
}

func TestAuthorsChangeTheirOwnTexts(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	cur := r.text("nordhafen", "en")
	req := &storiesv1.SaveTextRequest{Story: "nordhafen", Locale: "en", Text: text(markdown + "\nMore.\n"), Etag: cur.GetEtag()}
	_, err := r.workspace.SaveText(r.as("otto", "author"), req)
	refused(t, err, fault.PermissionDenied)
	must(r.workspace.SaveText(r.edda(), req))(t)
}

func TestTheSameKeyIsTheSameRequest(t *testing.T) {
	r := newRig(t)
	ctx, err := rpc.As(context.Background(), r.mint, auth.Identity{Kind: auth.KindUser, Subject: "ada", Roles: []string{"author"}})
	if err != nil {
		t.Fatal(err)
	}
	req := &storiesv1.CreateStoryRequest{StoryId: "nordhafen", Text: text(markdown)}
	_, err = r.workspace.CreateStory(ctx, req)
	refused(t, err, fault.IdempotencyKeyMissing)
	ctx = rpc.WithIdempotencyKey(ctx, "once")
	first := must(r.workspace.CreateStory(ctx, req))(t)
	again := must(r.workspace.CreateStory(ctx, req))(t)
	if first.GetStory().GetName() != again.GetStory().GetName() || r.events("stories.text.changed") != 1 {
		t.Errorf("the repetition had an effect: %v, %v", first, again)
	}
	req.StoryId = "another"
	_, err = r.workspace.CreateStory(ctx, req)
	refused(t, err, fault.IdempotencyKeyReused)
}

func TestForgedPageTokens(t *testing.T) {
	r := newRig(t)
	for _, story := range []string{"one", "two", "three"} {
		r.write(story, markdown)
		r.clock.Step(time.Second)
	}
	first := must(r.workspace.ListTexts(r.edda(), &storiesv1.ListTextsRequest{PageSize: 2}))(t)
	rest := must(r.workspace.ListTexts(r.edda(), &storiesv1.ListTextsRequest{PageSize: 2, PageToken: first.GetNextPageToken()}))(t)
	if len(first.GetTexts()) != 2 || len(rest.GetTexts()) != 1 || rest.GetTexts()[0].GetName() != "stories/one/texts/en" {
		t.Errorf("pages: %v, %v", first, rest)
	}
	for name, req := range map[string]*storiesv1.ListTextsRequest{
		"altered":       {PageToken: "x" + first.GetNextPageToken()},
		"other filters": {PageToken: first.GetNextPageToken(), State: storiesv1.TextState_TEXT_STATE_DRAFT},
	} {
		_, err := r.workspace.ListTexts(r.edda(), req)
		if e := refused(t, err, fault.PageTokenInvalid); len(e.Fields) == 0 || e.Fields[0].Path != "pageToken" {
			t.Errorf("%s: %v", name, e.Fields)
		}
	}
}

func TestWatchersHearOfEveryChangeAndThatNothingWasMissed(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(r.nobody())
	defer cancel()
	stream, err := r.published.WatchRevisions(ctx, &storiesv1.WatchRevisionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next := func(want func(*storiesv1.WatchRevisionsResponse) bool) *storiesv1.WatchRevisionsResponse {
		t.Helper()
		for deadline := clock.System().After(time.Minute); ; {
			select {
			case <-deadline:
				t.Fatal("it did not come within a minute")
			default:
			}
			m, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			if want(m) {
				return m
			}
		}
	}
	beat := next(func(m *storiesv1.WatchRevisionsResponse) bool { return m.GetName() == "" })
	r.write("nordhafen", markdown)
	url := r.publish("nordhafen", "en")
	up := next(func(m *storiesv1.WatchRevisionsResponse) bool { return m.GetName() == "stories/nordhafen" })
	must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{}))(t)
	down := next(func(m *storiesv1.WatchRevisionsResponse) bool { return m.GetName() == "stories/nordhafen" })
	after := next(func(m *storiesv1.WatchRevisionsResponse) bool { return m.GetName() == "" })
	if !(beat.GetRevision() < up.GetRevision() && up.GetRevision() < down.GetRevision() && down.GetRevision() <= after.GetRevision()) {
		t.Errorf("revisions %d, %d, %d, %d", beat.GetRevision(), up.GetRevision(), down.GetRevision(), after.GetRevision())
	}
}
