package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
)

const (
	namedSlug   = "quillmoor-ferries-waits-for-nobody"
	standInSlug = "a-northern-ferry-line-waits-for-nobody"
)

// logoed publishes the story that names its customer, with a picture of the logo, and returns the customer's link and the logo.
func (r *rig) logoed() (link, logo string) {
	r.t.Helper()
	r.write("quillmoor", fmt.Sprintf(named, r.picture(3, "boat.jpg")))
	logo = r.picture(7, "logo.png")
	r.change("quillmoor", func(c *storiesv1.Content) {
		c.Blocks = append(c.Blocks, &storiesv1.Block{Kind: &storiesv1.Block_Image{Image: &storiesv1.ImageBlock{Asset: logo, Alt: "Quillmoor", Logo: true}}})
	})
	return r.publish("quillmoor", "en"), logo
}

func (r *rig) takeBack(link string, clauses ...storiesv1.ConsentClause) (*storiesv1.SignoffPage, error) {
	r.clock.Step(time.Minute)
	resp, err := r.signoff.WithdrawSignoff(r.customer(link), &storiesv1.WithdrawSignoffRequest{Clauses: clauses, Reason: "We were bought."})
	return resp.GetPage(), err
}

const (
	theLogo = storiesv1.ConsentClause_CONSENT_CLAUSE_LOGO
	theName = storiesv1.ConsentClause_CONSENT_CLAUSE_NAME
	theAds  = storiesv1.ConsentClause_CONSENT_CLAUSE_ADS
)

// everything is what the world can read of a story in a language, in one text: the story, the list, what was up before, addresses, and the names told.
func (r *rig) everything(slug string) string {
	r.t.Helper()
	st, err := r.get(slug, "en")
	if err != nil {
		r.t.Fatal(err)
	}
	list := must(r.published.ListPublishedStories(r.nobody(), &storiesv1.ListPublishedStoriesRequest{}))(r.t)
	found := must(r.published.ListPublishedStories(r.nobody(), &storiesv1.ListPublishedStoriesRequest{Query: "quillmoor ferries"}))(r.t)
	found.Search.Query = "" // what was asked is no news
	addresses := must(r.located.ListAddresses(r.nobody(), &storiesv1.ListAddressesRequest{}))(r.t)
	return protojson.Format(st) + protojson.Format(list) + protojson.Format(found) + protojson.Format(addresses)
}

func TestTakingBackTheLogo(t *testing.T) {
	r := newRig(t)
	link, logo := r.logoed()
	before, err := r.get(namedSlug, "en")
	if err != nil {
		t.Fatal(err)
	}
	get := func() error {
		_, err := r.published.GetPublishedAsset(r.nobody(), &storiesv1.GetPublishedAssetRequest{Asset: logo})
		return err
	}
	if err := get(); err != nil {
		t.Fatalf("before: %v", err)
	}
	up := r.clock.Now()
	page := must(r.takeBack(link, theLogo))(t)
	if page.GetState() != "signed" || len(page.GetReceipt().GetWithdrawals()) != 1 || page.GetStoryUrl() == "" {
		t.Errorf("the customer's page: %v", page)
	}
	after, err := r.get(namedSlug, "en")
	if err != nil {
		t.Fatalf("the text is not up any more: %v", err)
	}
	if strings.Contains(r.everything(namedSlug), logo) {
		t.Error("the logo is still shown")
	}
	refused(t, get(), fault.Withdrawn)
	if after.GetContentHash() != before.GetContentHash() || len(after.GetWithdrawnClauses()) != 1 || after.GetWithdrawnClauses()[0] != theLogo {
		t.Errorf("hash %s, was %s; without %v", after.GetContentHash(), before.GetContentHash(), after.GetWithdrawnClauses())
	}
	if after.GetSummary().GetTitle() != before.GetSummary().GetTitle() || len(after.GetContent().GetBlocks()) != len(before.GetContent().GetBlocks())-1 {
		t.Error("more than the logo is gone")
	}
	// What was up before is not read any more, either.
	_, err = r.published.GetPublishedStory(r.nobody(), &storiesv1.GetPublishedStoryRequest{Slug: namedSlug, Locale: "en", AsOf: timestamppb.New(up)})
	refused(t, err, fault.Withdrawn)
	if r.state("quillmoor", "en") != "PUBLISHED" || !r.audited("quillmoor", "consent.part_withdrawn") || !r.audited("quillmoor", "edition.reformed") ||
		r.events(server.EventConsentPartWithdrawn) != 1 {
		t.Error("state, audit or event of the withdrawal is missing")
	}
	// Again is the same as once.
	must(r.takeBack(link, theLogo))(t)
	if n := r.events(server.EventConsentPartWithdrawn); n != 1 {
		t.Errorf("%d withdrawals", n)
	}
}

func TestTakingBackTheName(t *testing.T) {
	r := newRig(t)
	link, logo := r.logoed()
	up := r.clock.Now()
	r.clock.Step(time.Minute)
	must(r.excerpting.SetExcerpts(r.edda(), &storiesv1.SetExcerptsRequest{Story: "quillmoor", Locale: "en", Excerpts: &storiesv1.Excerpts{Snippet: "Quillmoor runs six car ferries."}}))(t)
	must(r.takeBack(link, theName))(t)
	st, err := r.get(standInSlug, "en")
	if err != nil {
		t.Fatalf("the text is not up any more: %v", err)
	}
	all := r.everything(standInSlug)
	for _, tells := range []string{"uillmoor", "UILLMOOR", "QF", "trandby"} {
		if strings.Contains(all, tells) {
			t.Errorf("%q is still told:\n%s", tells, all)
		}
	}
	if st.GetSummary().GetCustomer() != "A northern ferry line" || st.GetExcerpts().GetSnippet() != "A northern ferry line runs six car ferries." || st.GetWithdrawnClauses()[0] != theName {
		t.Errorf("what is up: %v", st)
	}
	if strings.Contains(all, logo) {
		t.Error("the logo still shows the name")
	}
	// The address that tells the name leads nowhere, now and as of before.
	_, err = r.get(namedSlug, "en")
	refused(t, err, fault.Withdrawn)
	for _, slug := range []string{namedSlug, standInSlug} {
		_, err = r.published.GetPublishedStory(r.nobody(), &storiesv1.GetPublishedStoryRequest{Slug: slug, Locale: "en", AsOf: timestamppb.New(up)})
		refused(t, err, fault.Withdrawn)
	}
	// The editor's text and the customer's page are as they were.
	if got := r.text("quillmoor", "en").GetContent().GetCustomer(); got != "Quillmoor Ferries Ltd" {
		t.Errorf("the working text names %q", got)
	}
	// What changes from now on is told under the name that the world knows.
	must(r.review.UnpublishText(r.edda(), &storiesv1.UnpublishTextRequest{Story: "quillmoor", Locale: "en"}))(t)
	_, err = r.get(standInSlug, "en")
	refused(t, err, fault.Withdrawn)
}

// TestSigningAgainGivesBack: the undo of taking back is a signature, and what was given back shows at once.
func TestSigningAgainGivesBack(t *testing.T) {
	r := newRig(t)
	link, logo := r.logoed()
	must(r.takeBack(link, theName, theLogo))(t)
	if strings.Contains(r.everything(standInSlug), logo) {
		t.Error("the logo is still shown")
	}
	r.clock.Step(time.Minute)
	page := r.sign(link)
	if len(page.GetReceipt().GetWithdrawals()) != 0 || page.GetState() != "signed" {
		t.Errorf("after signing again: %v", page)
	}
	st, err := r.get(namedSlug, "en")
	if err != nil || len(st.GetWithdrawnClauses()) != 0 || !strings.Contains(r.everything(namedSlug), logo) {
		t.Errorf("what is up: %v, %v", st, err)
	}
	_, err = r.get(standInSlug, "en")
	refused(t, err, fault.Moved)
	// Taking all of it back takes both signatures back.
	must(r.signoff.RevokeSignoff(r.customer(link), &storiesv1.RevokeSignoffRequest{}))(t)
	_, err = r.get(namedSlug, "en")
	refused(t, err, fault.Withdrawn)
	if got := r.state("quillmoor", "en"); got != "WITHDRAWN" {
		t.Errorf("state %s", got)
	}
}

// TestWhatCannotStandIsWithdrawn: when the name is taken back in one language and another has no stand-in for it, that one comes down as a whole.
func TestWhatCannotStandIsWithdrawn(t *testing.T) {
	r := newRig(t)
	link, _ := r.logoed()
	german := strings.NewReplacer("locale: en", "locale: de", "stand_in: a northern ferry line\n", "").Replace(fmt.Sprintf(named, r.picture(3, "")))
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "quillmoor", Locale: "de", Text: text(german)}))(t)
	r.publish("quillmoor", "de")
	must(r.takeBack(link, theName))(t)
	st, err := r.get(standInSlug, "en")
	if err != nil || len(st.GetAlternates()) != 0 {
		t.Errorf("English: %v, %v", st.GetAlternates(), err)
	}
	_, err = r.get(namedSlug, "de")
	refused(t, err, fault.Withdrawn)
	if got := r.state("quillmoor", "de"); got != "WITHDRAWN" {
		t.Errorf("state %s", got)
	}
	// Where no stand-in was signed at all, there is no such part.
	_, err = r.takeBack(r.other(), theName)
	refused(t, err, fault.IllegalState)
}

// other publishes a text without stand-in and logo and returns its link.
func (r *rig) other() string {
	r.t.Helper()
	r.write("nordhafen", markdown)
	return r.publish("nordhafen", "en")
}

func TestTakingBackAUse(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.approve("nordhafen", "en")
	link := r.ask("nordhafen", "en")
	page := must(r.signoff.GetSignoff(r.customer(link), &storiesv1.GetSignoffRequest{}))(t).GetPage()
	both := append(web(), storiesv1.ConsentScope_CONSENT_SCOPE_SALES)
	must(r.signoff.SignSignoff(r.customer(link), &storiesv1.SignSignoffRequest{Scopes: both, ContentHash: page.GetContentHash(), SignedBy: "Jonna Fjeld"}))(t)
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}))(t)
	told := r.events(server.EventPublished)
	signed := must(r.signoff.GetSignoff(r.customer(link), &storiesv1.GetSignoffRequest{}))(t).GetPage()
	if len(signed.GetParts()) != 1 || signed.GetParts()[0].GetClause() != storiesv1.ConsentClause_CONSENT_CLAUSE_SALES {
		t.Errorf("what can be taken back: %v", signed.GetParts())
	}
	consent := strings.TrimPrefix(signed.GetReceipt().GetName(), "consents/")
	for clause, reason := range map[storiesv1.ConsentClause]fault.Reason{theAds: fault.IllegalState, theLogo: fault.IllegalState, theName: fault.IllegalState} {
		_, err := r.consents.WithdrawClauses(r.edda(), &storiesv1.WithdrawClausesRequest{Consent: consent, Clauses: []storiesv1.ConsentClause{clause}})
		refused(t, err, reason)
	}
	r.clock.Step(time.Minute)
	got := must(r.consents.WithdrawClauses(r.edda(), &storiesv1.WithdrawClausesRequest{
		Consent: consent, Clauses: []storiesv1.ConsentClause{storiesv1.ConsentClause_CONSENT_CLAUSE_SALES}, Reason: "By telephone.",
	}))(t).GetConsent()
	if !got.GetLive() || len(got.GetWithdrawals()) != 1 || got.GetWithdrawals()[0].GetReason() != "By telephone." {
		t.Errorf("%v", got)
	}
	// Nothing that readers see has changed.
	if n := r.events(server.EventPublished); n != told {
		t.Errorf("%d editions, before %d", n, told)
	}
	_, err := r.consents.WithdrawClauses(r.pavel(), &storiesv1.WithdrawClausesRequest{Consent: consent, Clauses: []storiesv1.ConsentClause{theLogo}})
	refused(t, err, fault.PermissionDenied)
}

// TestTakenBackStaysSoAtTheNextPublication: another text that was signed before shows no more than what is left, and neither does a plan.
func TestTakenBackStaysSoAtTheNextPublication(t *testing.T) {
	r := newRig(t)
	link, logo := r.logoed()
	r.change("quillmoor", func(c *storiesv1.Content) { c.Blocks[0].GetText().Markdown += "\n\nAnd so it went on." })
	r.approve("quillmoor", "en")
	next := r.ask("quillmoor", "en")
	r.sign(next)
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "quillmoor", Locale: "en", PublishTime: timestamppb.New(r.clock.Now().Add(time.Hour))}))(t)
	must(r.takeBack(link, theLogo, theName))(t)
	r.step(2 * time.Hour)
	st, err := r.get(standInSlug, "en")
	if err != nil || !strings.Contains(st.GetHtml(), "And so it went on.") || strings.Contains(r.everything(standInSlug), logo) || strings.Contains(protojson.Format(st), "uillmoor") {
		t.Errorf("the plan put up %v, %v", st, err)
	}
}

// TestARenewalGivesNothingBack: who renews says yes to what is up, and a part that was taken back stays so when the consent on which the rest rested ends.
func TestARenewalGivesNothingBack(t *testing.T) {
	r := newRig(t)
	link, logo := r.logoed()
	must(r.takeBack(link, theLogo))(t)
	r.step(700 * 24 * time.Hour)
	must(r.renewBy(link))(t)
	for _, d := range []time.Duration{0, 60 * 24 * time.Hour} {
		r.step(d)
		if strings.Contains(r.everything(namedSlug), logo) {
			t.Errorf("%s after the renewal the logo is back", d)
		}
	}
	r.clock.Step(time.Minute)
	r.sign(link)
	if !strings.Contains(r.everything(namedSlug), logo) {
		t.Error("a signature does not give it back")
	}
}
