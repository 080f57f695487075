package server_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
)

func TestAStorysWholeWay(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	if got := r.state("nordhafen", "en"); got != "DRAFT" {
		t.Fatal(got)
	}
	url := r.publish("nordhafen", "en")
	if !strings.HasPrefix(url, "https://holmway.example/signoff/") {
		t.Errorf("the customer's page is at %s", url)
	}
	st, err := r.get("nordhafen-cut-late-deliveries-by-38", "en")
	if err != nil {
		t.Fatal(err)
	}
	if st.GetSummary().GetTitle() != "Nordhafen cut late deliveries by 38 %" || !strings.Contains(st.GetHtml(), "The harbour never sleeps.") {
		t.Errorf("got %v", st)
	}
	if st.GetSummary().GetLocale() != "en" || st.GetFallbackFor() != "" {
		t.Errorf("the answer says language %q", st.GetSummary().GetLocale())
	}

	page := must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{Reason: "We were bought."}))(t).GetPage()
	if page.GetState() != "revoked" {
		t.Errorf("the customer's page says %q", page.GetState())
	}
	_, err = r.get("nordhafen-cut-late-deliveries-by-38", "en")
	refused(t, err, fault.Withdrawn)
	list := must(r.published.ListPublishedStories(r.nobody(), &storiesv1.ListPublishedStoriesRequest{}))(t)
	if len(list.GetStories()) != 0 || list.GetTotalSize() != 0 {
		t.Errorf("the list still has %v", list)
	}
	if r.state("nordhafen", "en") != "WITHDRAWN" || r.events(server.EventWithdrawn) != 1 || !r.audited("nordhafen", "edition.withdrawn") {
		t.Error("state, event or audit of the withdrawal is missing")
	}
}

func TestVersions(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	for _, line := range []string{"One.", "Two.", "Three.", "Four."} {
		cur := r.text("nordhafen", "en")
		md := strings.Replace(markdown, "Now the dispatchers do.", "Now the dispatchers do. "+line, 1)
		must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "nordhafen", Locale: "en", Text: text(md), Etag: cur.GetEtag()}))(t)
	}
	diff := must(r.workspace.DiffVersions(r.ada(), &storiesv1.DiffVersionsRequest{Story: "nordhafen", Locale: "en", From: 2, To: 4}))(t)
	var changes []string
	for _, b := range diff.GetBlocks() {
		changes = append(changes, b.GetChange())
	}
	if strings.Join(changes, " ") != "same same changed" || len(diff.GetFields()) != 0 {
		t.Errorf("2 and 4 differ in %v, %v", changes, diff.GetFields())
	}
	var words string
	for _, s := range diff.GetBlocks()[2].GetSpans() {
		words += "[" + s.GetChange() + " " + s.GetText() + "]"
	}
	if !strings.Contains(words, "removed One") || !strings.Contains(words, "added Three") {
		t.Errorf("the words that changed: %s", words)
	}
	cur := r.text("nordhafen", "en")
	after := must(r.workspace.RestoreVersion(r.ada(), &storiesv1.RestoreVersionRequest{Story: "nordhafen", Locale: "en", Version: 2, Etag: cur.GetEtag()}))(t).GetText()
	get := func(n int32) *storiesv1.Version {
		return must(r.workspace.GetVersion(r.ada(), &storiesv1.GetVersionRequest{Story: "nordhafen", Locale: "en", Version: n}))(t).GetVersion()
	}
	if after.GetSummary().GetVersion() != 6 || !proto.Equal(get(6).GetContent(), get(2).GetContent()) || get(6).GetContentHash() != get(2).GetContentHash() {
		t.Error("version 6 is not version 2 again")
	}
	if get(6).GetRestoredFrom() != 2 {
		t.Error("version 6 does not say where it comes from")
	}
}

func TestConsentIsBoundToTheWords(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	_, err := r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.IllegalState)
	r.approve("nordhafen", "en")
	_, err = r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.IllegalState)
	r.sign(r.ask("nordhafen", "en"))
	if r.state("nordhafen", "en") != "APPROVED" {
		t.Fatal("a signature does not approve")
	}

	// One word changes after the signature.
	must(r.review.RequestChanges(r.pavel(), &storiesv1.RequestChangesRequest{Story: "nordhafen", Locale: "en", Comment: "A word."}))(t)
	cur := r.text("nordhafen", "en")
	changed := strings.Replace(markdown, "never sleeps", "seldom sleeps", 1)
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "nordhafen", Locale: "en", Text: text(changed), Etag: cur.GetEtag()}))(t)
	r.approve("nordhafen", "en")
	if got := r.state("nordhafen", "en"); got != "AWAITING_CUSTOMER" {
		t.Fatalf("one word changed after the signature: %s", got)
	}
	_, err = r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.IllegalState)
	r.sign(r.ask("nordhafen", "en"))
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)

	// The first words again need no new signature.
	cur = r.text("nordhafen", "en")
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "nordhafen", Locale: "en", Text: text(markdown), Etag: cur.GetEtag()}))(t)
	r.approve("nordhafen", "en")
	if got := r.state("nordhafen", "en"); got != "APPROVED" {
		t.Errorf("words that were signed: %s", got)
	}
	// What is up stays as it is while the next text is worked on.
	st, err := r.get("nordhafen-cut-late-deliveries-by-38", "en")
	if err != nil || !strings.Contains(st.GetHtml(), "seldom sleeps") {
		t.Errorf("the edition changed under the work: %v, %v", st.GetHtml(), err)
	}
}

func TestConsentEndsByItself(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	url := r.ask("nordhafen", "en")
	page := must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(t).GetPage()
	ends := start.Add(48 * time.Hour)
	must(r.signoff.SignSignoff(r.customer(url), &storiesv1.SignSignoffRequest{
		Scopes: web(), ContentHash: page.GetContentHash(), SignedBy: "Jonna Fjeld", EndTime: timestamppb.New(ends),
	}))(t)
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	slug := "nordhafen-cut-late-deliveries-by-38"

	// Before any job runs the end counts: nothing is shown a moment longer.
	r.clock.Step(48 * time.Hour)
	_, err := r.get(slug, "en")
	refused(t, err, fault.Withdrawn)
	if n := r.events(server.EventWithdrawn); n != 0 {
		t.Fatalf("%d withdrawals before the job ran", n)
	}
	for range 3 {
		r.step(time.Second)
	}
	if n := r.events(server.EventWithdrawn); n != 1 {
		t.Errorf("%d withdrawals", n)
	}
	if r.state("nordhafen", "en") != "WITHDRAWN" {
		t.Errorf("state %s", r.state("nordhafen", "en"))
	}
}

func TestAttestedConsent(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	cur := r.text("nordhafen", "en")
	attest := &storiesv1.AttestConsentRequest{
		Story: "nordhafen", Locale: "en", Scopes: web(), GivenBy: "Jonna Fjeld", GiveTime: timestamppb.New(start.AddDate(0, -1, 0)),
		Evidence: "Clause 7 of the framework agreement", ContentHash: cur.GetContentHash(),
	}
	c := must(r.consents.AttestConsent(r.edda(), attest))(t).GetConsent()
	r.approve("nordhafen", "en")
	if got := r.state("nordhafen", "en"); got != "AWAITING_CUSTOMER" {
		t.Fatalf("an unconfirmed consent counts: %s", got)
	}
	confirm := &storiesv1.ConfirmConsentsRequest{Consents: []string{c.GetName()}}
	_, err := r.consents.ConfirmConsents(r.edda(), confirm)
	refused(t, err, fault.PermissionDenied)
	got := must(r.consents.ConfirmConsents(r.pavel(), confirm))(t)
	if !got.GetResults()[0].GetConfirmed() || r.state("nordhafen", "en") != "APPROVED" {
		t.Fatalf("confirmed by a second person: %v, %s", got, r.state("nordhafen", "en"))
	}
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	st := must(r.get(cur.GetSummary().GetSlug(), "en"))(t)
	if st.GetConsentKind() != storiesv1.ConsentKind_CONSENT_KIND_ATTESTED {
		t.Errorf("the story says its consent is %s", st.GetConsentKind())
	}

	// It is bound to the words like a signed one.
	attest.ContentHash = strings.Repeat("0", 64)
	_, err = r.consents.AttestConsent(r.edda(), attest)
	if e := refused(t, err, fault.InvalidArgument); e.Fields[0].Path != "contentHash" {
		t.Errorf("got %v", e.Fields)
	}
}

func TestSchedulesFireOnce(t *testing.T) {
	r := newRig(t)
	second := rigOn(t, r.db, r.clock)
	third := rigOn(t, r.db, r.clock)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	r.sign(r.ask("nordhafen", "en"))
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{
		Story: "nordhafen", Locale: "en", PublishTime: timestamppb.New(start.Add(time.Hour)), UnpublishTime: timestamppb.New(start.Add(2 * time.Hour)),
	}))(t)
	slug := r.text("nordhafen", "en").GetSummary().GetSlug()
	run := func(d time.Duration) {
		r.clock.Step(d)
		done := make(chan error, 3)
		for _, replica := range []*rig{r, second, third} {
			go func() { _, err := replica.worker.RunDue(t.Context()); done <- err }()
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
	run(time.Hour - time.Second)
	if _, err := r.get(slug, "en"); !fault.Has(err, fault.NotFound) {
		t.Fatalf("a second early: %v", err)
	}
	run(2 * time.Second)
	must(r.get(slug, "en"))(t)
	run(time.Hour)
	_, err := r.get(slug, "en")
	refused(t, err, fault.Withdrawn)
	run(time.Hour)
	if p, w := r.events(server.EventPublished), r.events(server.EventWithdrawn); p != 1 || w != 1 {
		t.Errorf("published %d times, withdrawn %d times", p, w)
	}
}

func TestRevokedConsentUnschedules(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	url := r.ask("nordhafen", "en")
	r.sign(url)
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en", PublishTime: timestamppb.New(start.Add(time.Hour))}))(t)
	must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{}))(t)
	if got := r.state("nordhafen", "en"); got != "AWAITING_CUSTOMER" {
		t.Errorf("state %s", got)
	}
	r.step(2 * time.Hour)
	if n := r.events(server.EventPublished); n != 0 {
		t.Errorf("published %d times without consent", n)
	}
}
