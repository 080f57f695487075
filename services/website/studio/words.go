package studio

import (
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// stateWords is how a state looks in lists.
type stateWords struct {
	Label string
	Tone  web.Tone
	Icon  string
	// Waits says for whom or what a text in this state waits.
	Waits string
}

// AccentTone marks what is under way.
const accentTone web.Tone = "accent"

var states = map[storiesv1.TextState]stateWords{
	storiesv1.TextState_TEXT_STATE_DRAFT:             {"Draft", web.PlainTone, "pen-line", "its author"},
	storiesv1.TextState_TEXT_STATE_IN_REVIEW:         {"In review", accentTone, "eye", "an approver"},
	storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER: {"With the customer", accentTone, "signature", "the customer’s signature"},
	storiesv1.TextState_TEXT_STATE_APPROVED:          {"Ready to publish", web.GoodTone, "circle-check", "an editor to publish it"},
	storiesv1.TextState_TEXT_STATE_SCHEDULED:         {"Scheduled", web.GoodTone, "calendar-clock", "its time"},
	storiesv1.TextState_TEXT_STATE_PUBLISHED:         {"Published", web.GoodTone, "globe", ""},
	storiesv1.TextState_TEXT_STATE_WITHDRAWN:         {"Withdrawn", web.WarnTone, "ban", ""},
}

// stateSlugs name the states in addresses, in the order of a text's way.
var stateSlugs = []struct {
	Slug  string
	State storiesv1.TextState
}{
	{"draft", storiesv1.TextState_TEXT_STATE_DRAFT},
	{"review", storiesv1.TextState_TEXT_STATE_IN_REVIEW},
	{"customer", storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER},
	{"approved", storiesv1.TextState_TEXT_STATE_APPROVED},
	{"scheduled", storiesv1.TextState_TEXT_STATE_SCHEDULED},
	{"published", storiesv1.TextState_TEXT_STATE_PUBLISHED},
	{"withdrawn", storiesv1.TextState_TEXT_STATE_WITHDRAWN},
}

// scopeWords says what allowing a use means.
var scopeWords = []struct {
	Scope              storiesv1.ConsentScope
	Value, Label, Says string
}{
	{storiesv1.ConsentScope_CONSENT_SCOPE_WEB, "web", "Website", "Anybody can read it on the website, in feeds and through the interface."},
	{storiesv1.ConsentScope_CONSENT_SCOPE_SALES, "sales", "Sales", "Salespeople may show it and put it into their documents."},
	{storiesv1.ConsentScope_CONSENT_SCOPE_ADS, "ads", "Advertising", "It may appear in paid advertisements."},
	{storiesv1.ConsentScope_CONSENT_SCOPE_PRESS, "press", "Press", "It may be handed to journalists."},
}

func scopeNames(scopes []storiesv1.ConsentScope) string {
	var names []string
	for _, w := range scopeWords {
		for _, s := range scopes {
			if s == w.Scope {
				names = append(names, w.Label)
			}
		}
	}
	return strings.Join(names, ", ")
}

func scopesOf(values []string) []storiesv1.ConsentScope {
	var out []storiesv1.ConsentScope
	for _, w := range scopeWords {
		for _, value := range values {
			if value == w.Value {
				out = append(out, w.Scope)
			}
		}
	}
	return out
}

// scopeField asks for uses. The website is always among them: without it nothing can be published.
func scopeField(label, help string) web.Field {
	f := web.Field{Name: "scopes", Label: label, Help: help, Type: "checks", Required: true}
	for _, w := range scopeWords {
		f.Options = append(f.Options, web.Option{Value: w.Value, Label: w.Label, Consequence: w.Says, Chosen: w.Value == "web"})
	}
	return f
}

// notices are what a page says after the form before it was taken.
var notices = map[string]*web.Notice{
	"term":                {Tone: web.GoodTone, Text: "The term is saved.", Detail: "Lists and pages call it so from now on."},
	"term-merged":         {Tone: web.GoodTone, Text: "The terms are one.", Detail: "Stories of both are found under it."},
	"term-deleted":        {Tone: web.GoodTone, Text: "The term is removed."},
	"created":             {Tone: web.GoodTone, Text: "The story is begun.", Detail: "Write; everything is saved while you do."},
	"saved":               {Tone: web.GoodTone, Text: "Saved."},
	"same":                {Tone: web.PlainTone, Text: "Nothing had changed, so there is no new version."},
	"submitted":           {Tone: web.GoodTone, Text: "Sent to review.", Detail: "Whoever approves it must be somebody who wrote none of it."},
	"changes":             {Tone: web.GoodTone, Text: "Sent back with your comment.", Detail: "It is a draft again."},
	"approved":            {Tone: web.GoodTone, Text: "Approved.", Detail: "Now the customer has to agree to these words."},
	"asked":               {Tone: web.GoodTone, Text: "The sign-off page is ready.", Detail: "Copy the link below and send it. The message is in the outbox too."},
	"cancelled":           {Tone: web.GoodTone, Text: "The request is withdrawn.", Detail: "Its link does not work any more."},
	"published":           {Tone: web.GoodTone, Text: "Published.", Detail: "Everybody can read it now."},
	"scheduled":           {Tone: web.GoodTone, Text: "Scheduled."},
	"unscheduled":         {Tone: web.GoodTone, Text: "The plan is taken back."},
	"unpublished":         {Tone: web.GoodTone, Text: "Taken down.", Detail: "Within two seconds it is gone from every page, list and feed."},
	"attested":            {Tone: web.GoodTone, Text: "Recorded.", Detail: "It counts once a second person has confirmed it."},
	"confirmed":           {Tone: web.GoodTone, Text: "Confirmed."},
	"revoked":             {Tone: web.GoodTone, Text: "The consent has ended.", Detail: "What rested on it is gone within two seconds."},
	"anonymized":          {Tone: web.GoodTone, Text: "The anonymous draft is made.", Detail: "Read it: a machine put the stand-ins in. It is reviewed, signed and published like any other."},
	"protected":           {Tone: web.GoodTone, Text: "Saved.", Detail: "Published anonymous versions were scanned again."},
	"excerpted":           {Tone: web.GoodTone, Text: "The excerpts are chosen."},
	"parted":              {Tone: web.GoodTone, Text: "The part is taken back.", Detail: "Within two seconds the story is shown without it. What could not stand without it is gone."},
	"restored":            {Tone: web.GoodTone, Text: "Restored as a new version.", Detail: "What was there before is still among the versions."},
	"proven":              {Tone: web.GoodTone, Text: "Recorded.", Detail: "Readers see the mark once somebody who wrote none of the text has verified it."},
	"verified":            {Tone: web.GoodTone, Text: "Verified.", Detail: "Where the figure is online, readers see the mark now."},
	"unverified":          {Tone: web.GoodTone, Text: "Taken back.", Detail: "Within two seconds the mark is gone everywhere."},
	"preview":             {Tone: web.GoodTone, Text: "The preview link is ready.", Detail: "Copy it below. It shows this version, whatever becomes of the text."},
	"preview-over":        {Tone: web.GoodTone, Text: "The link has ended.", Detail: "Nobody can open it any more."},
	"person":              {Tone: web.GoodTone, Text: "Changed.", Detail: "It holds from the person’s next click."},
	"app":                 {Tone: web.GoodTone, Text: "The app is registered.", Detail: "It needs a key before it can call anything."},
	"session":             {Tone: web.GoodTone, Text: "The session has ended.", Detail: "Within two seconds it is refused everywhere."},
	"adjusted":            {Tone: web.GoodTone, Text: "Recorded.", Detail: "It is an entry of its own below; the member reads your reason too."},
	"merged":              {Tone: web.GoodTone, Text: "They are one member now.", Detail: "Points with their days, identifiers and orders are here; the former name leads here, too."},
	"merge-moved":         {Tone: web.WarnTone, Text: "Nothing was merged: somebody merged one of the two meanwhile.", Detail: "See below what would become of them now."},
	"merge-changed":       {Tone: web.WarnTone, Text: "Nothing was merged: something of the two has changed since you looked.", Detail: "See below what would become of them now."},
	"erased":              {Tone: web.GoodTone, Text: "The member is erased.", Detail: "What is left are entries about nobody."},
	"rule":                {Tone: web.GoodTone, Text: "It is in force.", Detail: "It decides about what is recorded from now on."},
	"rule-draft":          {Tone: web.GoodTone, Text: "The draft is saved.", Detail: "It decides about nothing until it is put into force."},
	"rule-discarded":      {Tone: web.GoodTone, Text: "The draft is discarded."},
	"rule-new":            {Tone: web.GoodTone, Text: "The rule is in force.", Detail: "It decides about what is recorded from now on."},
	"tiers":               {Tone: web.GoodTone, Text: "The tiers are saved."},
	"reward":              {Tone: web.GoodTone, Text: "The reward is saved.", Detail: "Members see it so from their next click."},
	"reward-stock":        {Tone: web.GoodTone, Text: "The stock is counted anew."},
	"reward-codes":        {Tone: web.GoodTone, Text: "The codes are in the pool.", Detail: "Each is handed out once."},
	"reward-archive":      {Tone: web.GoodTone, Text: "The reward has ended."},
	"released":            {Tone: web.GoodTone, Text: "The points are free.", Detail: "The member can spend them now."},
	"rejected":            {Tone: web.GoodTone, Text: "The points are taken back."},
	"given-back":          {Tone: web.GoodTone, Text: "The points are back with the member."},
	"kept":                {Tone: web.GoodTone, Text: "The points stay spent."},
	"programme-new":       {Tone: web.GoodTone, Text: "The programme is there.", Detail: "Its members earn nothing until it has a rule."},
	"achievement":         {Tone: web.GoodTone, Text: "The achievement is saved."},
	"achievement-archive": {Tone: web.GoodTone, Text: "The achievement has ended."},
	"referrals":           {Tone: web.GoodTone, Text: "The terms are saved.", Detail: "They decide about friends who qualify from now on."},
	"programme":           {Tone: web.GoodTone, Text: "The settings are saved."},
	"key-revoked":         {Tone: web.GoodTone, Text: "The key has ended.", Detail: "Within two seconds it is refused everywhere."},
}

// plainAction puts what the audit trail records into words: "text.changes_requested" becomes "Text changes requested".
func plainAction(action string) string {
	kind, verb, ok := strings.Cut(action, ".")
	if !ok || kind == "" {
		return action
	}
	return strings.ToUpper(kind[:1]) + kind[1:] + " " + strings.ReplaceAll(verb, "_", " ")
}

// plainDetail puts a fact of the audit trail into words. Hashes are shown by their beginning, which is enough to compare them by eye.
func plainDetail(name, value string) blockLine {
	if i, known := storiesv1.TextState_value["TEXT_STATE_"+value]; known && (name == "from" || name == "state") {
		value = states[storiesv1.TextState(i)].Label
	}
	if value = strings.TrimPrefix(value, "consents/"); (name == "hash" || name == "edition" || name == "consent") && len(value) > 12 {
		value = value[:12] + "…"
	}
	words := map[string]string{"from": "before", "state": "now", "publishTime": "publish at", "given_by": "given by"}
	if w := words[name]; w != "" {
		name = w
	}
	return blockLine{strings.ReplaceAll(name, "_", " "), value}
}
