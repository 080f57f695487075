package studio

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// textPage is what the page of a working text shows.
type textPage struct {
	Text   *storiesv1.Text
	Row    row
	URL    string
	Parts  []part
	Stages []stage
	// Whole is what the customer said about the whole; Older are commented parts of the version that was sent to the customer, if it is not the newest.
	Whole []remark
	Older []part
	// Signoff is the newest request to the customer, if any.
	Signoff  *signoffView
	Consents []consentRow
	Live     *liveView
	May      map[string]bool
	// Forms by step. Open names the step whose form was refused and is shown open.
	Forms map[string]*form
	Open  string
	// Own says that this person wrote a version under review and so cannot approve it.
	Own  bool
	Asks string
	// Next is the step that the page puts first.
	Next string
	// Proofs are the text's figures with their evidence, Previews the links to versions of it.
	Proofs   []proof
	Previews []previewRow
	// AttestHash is that of the words to which a new agreement is recorded: those that are online where their consent ends soon, else the newest.
	AttestHash string
	Discretion discretion
	// Kept is what an imported file said that has no place in the text; nil if nothing.
	Kept *keptView
}

// stage is one station of a text's way.
type stage struct {
	Label         string
	Done, Current bool
}

type signoffView struct {
	*storiesv1.Signoff
	Scopes  string
	Asked   time.Time
	Expires time.Time
	Open    bool
	Mail    string
	Outcome string
}

type liveView struct {
	Version           int32
	Since             time.Time
	Until             *time.Time
	URL               string
	BehindNewestTexts bool
}

func (v *visit) text() error {
	got, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: v.r.PathValue("story"), Locale: v.r.PathValue("locale")})
	if err != nil {
		return err
	}
	return v.showText(http.StatusOK, got.GetText(), "", nil)
}

// showText shows a text, with the form of a step that was refused still filled in.
func (v *visit) showText(status int, text *storiesv1.Text, refused string, problem *api.Problem) error {
	s := text.GetSummary()
	id := storyID(s.GetName())
	p := &textPage{Text: text, Row: v.row(s), URL: textURL(id, s.GetLocale()), Parts: v.partsOf(text.GetHtml()), Stages: stages(s.GetState()),
		Consents: v.consentRows(text.GetConsents()), May: v.may(text), Open: refused, Asks: s.GetChangesAsked(), Kept: keptOf(text)}
	p.Own = s.GetState() == storiesv1.TextState_TEXT_STATE_IN_REVIEW && p.Row.Mine
	p.Forms = v.stepForms(text, refused, problem)
	if list := text.GetSignoffs(); len(list) > 0 {
		p.Signoff = v.signoffView(text, list[0])
		if err := v.addRemarks(p, list[0]); err != nil {
			return err
		}
	}
	if live := text.GetLive(); live != nil {
		p.Live = &liveView{Version: live.GetVersion(), Since: live.GetPublishTime().AsTime(), URL: publicURL(live), BehindNewestTexts: live.GetVersion() != s.GetVersion()}
		if t := text.GetUnpublishTime(); t != nil {
			until := t.AsTime()
			p.Live.Until = &until
		}
	}
	p.Next, p.AttestHash = nextStep(p), text.GetContentHash()
	if i := slices.IndexFunc(text.GetConsents(), (*storiesv1.Consent).GetEnding); i >= 0 {
		p.AttestHash = text.GetConsents()[i].GetContentHash()
	}
	var err error
	if p.Discretion, err = v.discretion(text); err != nil {
		return err
	}
	if p.Proofs, err = v.proofs(id, s.GetLocale()); err != nil {
		return err
	}
	if p.Previews, err = v.previews(id, s.GetLocale()); err != nil {
		return err
	}
	title := s.GetTitle()
	if title == "" {
		title = "Untitled"
	}
	view := &web.View{Title: title, Section: "stories", Modules: []string{"js/studio/text.js"}, Data: p,
		Trail: []web.Link{{Label: "Stories", URL: "/studio/stories"}, {Label: s.GetCustomer(), URL: "/studio/stories/" + url.PathEscape(id)}, {Label: web.NativeName(s.GetLocale())}}}
	if f := p.Forms[refused]; f != nil {
		view.Notice = f.Notice()
	}
	v.show(status, "text", view)
	return nil
}

func (v *visit) addRemarks(p *textPage, s *storiesv1.Signoff) (err error) {
	switch {
	case len(s.GetComments()) == 0:
	case s.GetVersion() == p.Text.GetSummary().GetVersion():
		p.Whole = remarked(p.Parts, s.GetComments())
	default:
		p.Older, p.Whole, err = v.olderParts(p.Text, s)
	}
	return err
}

// publicURL is where the world reads it. The default locale has no prefix, but answers under it as well.
func publicURL(live *storiesv1.PublishedSummary) string {
	return "/" + url.PathEscape(live.GetLocale()) + "/stories/" + url.PathEscape(live.GetSlug())
}

// may tells which steps the page offers: those that the service names, and those that follow from the state and the role.
func (v *visit) may(text *storiesv1.Text) map[string]bool {
	s := text.GetSummary()
	may := map[string]bool{}
	for _, action := range s.GetActions() {
		may[action] = true
	}
	open := len(text.GetSignoffs()) > 0 && text.GetSignoffs()[0].GetState() == "open"
	waits := s.GetState() == storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER
	return map[string]bool{
		"edit":           (may["save"] || may["revise"]) && v.is(writers),
		"submit":         may["submit"],
		"approve":        may["approve"] && s.GetAuthor() != v.user.GetName(),
		"changes":        may["requestChanges"],
		"signoff":        waits && v.is(keepers),
		"cancel-signoff": waits && open && v.is(keepers),
		"attest":         v.is(keepers) && (s.GetState() != storiesv1.TextState_TEXT_STATE_PUBLISHED && s.GetState() != storiesv1.TextState_TEXT_STATE_SCHEDULED || anyEnding(text)),
		"preview":        v.is(keepers),
		"publish":        may["publish"] && s.GetState() == storiesv1.TextState_TEXT_STATE_APPROVED,
		"unschedule":     may["unschedule"],
		"unpublish":      may["unpublish"],
	}
}

// anyEnding reports that a consent of the text ends soon: the new agreement can be recorded beside it.
func anyEnding(text *storiesv1.Text) bool {
	return slices.ContainsFunc(text.GetConsents(), (*storiesv1.Consent).GetEnding)
}

func nextStep(p *textPage) string {
	switch p.Text.GetSummary().GetState() {
	case storiesv1.TextState_TEXT_STATE_DRAFT:
		if p.May["submit"] {
			return "submit"
		}
	case storiesv1.TextState_TEXT_STATE_IN_REVIEW:
		if p.May["approve"] {
			return "approve"
		}
	case storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER:
		if p.May["cancel-signoff"] {
			return "link"
		}
		if p.May["signoff"] {
			return "signoff"
		}
	case storiesv1.TextState_TEXT_STATE_APPROVED:
		if p.May["publish"] {
			return "publish"
		}
	case storiesv1.TextState_TEXT_STATE_SCHEDULED:
		if p.May["unschedule"] {
			return "unschedule"
		}
	}
	return ""
}

// stages is the way of a text with the place where it stands.
func stages(now storiesv1.TextState) []stage {
	labels := []string{"Draft", "Review", "Customer", "Ready", "Published"}
	at := map[storiesv1.TextState]int{
		storiesv1.TextState_TEXT_STATE_DRAFT: 0, storiesv1.TextState_TEXT_STATE_IN_REVIEW: 1, storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER: 2,
		storiesv1.TextState_TEXT_STATE_APPROVED: 3, storiesv1.TextState_TEXT_STATE_SCHEDULED: 3, storiesv1.TextState_TEXT_STATE_PUBLISHED: 4,
	}
	place, known := at[now]
	out := make([]stage, len(labels))
	for i, label := range labels {
		out[i] = stage{Label: label, Done: known && i < place, Current: known && i == place}
	}
	return out
}

func (v *visit) signoffView(text *storiesv1.Text, s *storiesv1.Signoff) *signoffView {
	out := &signoffView{Signoff: s, Scopes: scopeNames(s.GetScopes()), Asked: s.GetCreateTime().AsTime(), Expires: s.GetExpireTime().AsTime(), Open: s.GetState() == "open"}
	out.Outcome = map[string]string{
		"signed": "Signed", "changes_asked": "Asked for changes", "cancelled": "Withdrawn by us", "expired": "Expired unanswered", "replaced": "Replaced by a newer request",
	}[s.GetState()]
	if out.Open {
		out.Mail = mailText(text, s, v.user.GetDisplayName())
	}
	return out
}

// mailText is what to write to the customer when no mail goes out by itself.
func mailText(text *storiesv1.Text, s *storiesv1.Signoff, from string) string {
	return "Dear " + s.GetContactName() + ",\n\nwe have written about what you achieved: “" + text.GetContent().GetTitle() + "”. Nothing of it appears anywhere before you agree to the exact words.\n\n" +
		"Please read it here. You can comment on every part, ask for changes, or sign:\n" + s.GetUrl() + "\n\nThe link is meant for you and works until " + web.FormatDate("en", s.GetExpireTime().AsTime()) +
		". You can take your consent back at any time on the same page.\n\nKind regards\n" + from + "\n"
}

// stepForms are the forms of all steps; the refused one is filled in as it was sent.
func (v *visit) stepForms(text *storiesv1.Text, refused string, problem *api.Problem) map[string]*form {
	forms := map[string]*form{}
	begin := func(step string) *form {
		f := newForm(nil, nil)
		if step == refused {
			f = newForm(v.r.PostForm, problem)
		}
		forms[step] = f
		return f
	}
	previewForm(begin("preview"))
	for _, step := range []string{"submit", "approve", "cancel-signoff", "unschedule", "revoke-preview"} {
		begin(step)
	}
	begin("changes").add(web.Field{Name: "comment", Label: "What should change?", Type: "textarea", Required: true, Max: 2000, Help: "The author reads this above the text."}, "/comment")
	begin("unpublish").add(web.Field{Name: "reason", Label: "Why?", Max: 1000, Wide: true, Help: "For the audit trail; readers do not see it."}, "/reason")
	begin("publish").
		add(web.Field{Name: "publish_time", Label: "Publish at", Type: "datetime-local", Help: "In UTC. Leave empty to publish at once."}, "/publishTime").
		add(web.Field{Name: "unpublish_time", Label: "Take down at", Type: "datetime-local", Help: "In UTC. Leave empty to keep it up as long as the consent holds."}, "/unpublishTime")
	begin("signoff").
		add(web.Field{Name: "contact_name", Label: "Who signs for " + customerOr(text, "the customer") + "?", Required: true, Max: 200, Help: "First and last name of the person.", Value: lastContact(text)}, "/contactName").
		add(web.Field{Name: "contact_email", Label: "E-mail address", Type: "email", Inputmode: "email", Max: 254, Help: "Where the link is sent if mail is set up. You can copy the link in any case."}, "/contactEmail").
		add(scopeField("What do you ask for?", "The customer can agree to less than you ask for, but not to less than the website."), "/scopes").
		add(web.Field{Name: "valid_days", Label: "Days that the link works", Type: "number", Inputmode: "numeric", Value: "30", Required: true, Help: "At most 180."}, "/validDays")
	begin("attest").
		add(web.Field{Name: "given_by", Label: "Who agreed?", Required: true, Max: 200, Help: "Name and position, as in “Jonna Fjeld, Head of Operations”."}, "/givenBy").
		add(attestedScopes(), "/scopes").
		add(web.Field{Name: "given_on", Label: "When?", Type: "date", Required: true}, "/giveTime").
		add(web.Field{Name: "ends", Label: "Until when does it hold?", Type: "date", Required: true, Help: "The last day on which it holds. On the day after, the story comes down by itself."}, "/endTime").
		add(web.Field{Name: "evidence", Label: "Where can the agreement be found?", Type: "textarea", Rows: 2, Required: true, Max: 500, Help: "Such as “Clause 7 of the framework agreement of 2 March 2026”. No attachments."}, "/evidence")
	return forms
}

// attestedScopes is the field under a name of its own: the form of the sign-off page may be on the same page.
func attestedScopes() web.Field {
	f := scopeField("What was agreed to?", "Only what the agreement says.")
	f.Name = "attested"
	return f
}

func customerOr(text *storiesv1.Text, other string) string {
	if name := text.GetContent().GetCustomer(); name != "" {
		return name
	}
	return other
}

// lastContact is who was asked the last time.
func lastContact(text *storiesv1.Text) string {
	i := slices.IndexFunc(text.GetSignoffs(), func(s *storiesv1.Signoff) bool { return s.GetContactName() != "" })
	if i < 0 {
		return ""
	}
	return text.GetSignoffs()[i].GetContactName()
}
