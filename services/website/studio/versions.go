package studio

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// versionRow is a version in the list.
type versionRow struct {
	*storiesv1.Version
	When    time.Time
	Current bool
	URL     string
	// DiffURL compares it with the version before.
	DiffURL string
}

func (v *visit) versions() error {
	story, locale := v.r.PathValue("story"), v.r.PathValue("locale")
	text, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: story, Locale: locale})
	if err != nil {
		return err
	}
	list, err := v.work().ListVersions(v.ctx(), &storiesv1.ListVersionsRequest{Story: story, Locale: locale, PageSize: 100, PageToken: v.r.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	here := textURL(story, locale) + "/versions"
	current := text.GetText().GetSummary().GetVersion()
	var rows []versionRow
	for _, ver := range list.GetVersions() {
		n := ver.GetNumber()
		r := versionRow{Version: ver, When: ver.GetCreateTime().AsTime(), Current: n == current, URL: here + "/" + strconv.Itoa(int(n))}
		if n > 1 {
			r.DiffURL = fmt.Sprintf("%s/diff?from=%d&to=%d", textURL(story, locale), n-1, n)
		}
		rows = append(rows, r)
	}
	v.show(http.StatusOK, "versions", &web.View{Title: "Versions", Section: "stories", Trail: v.textTrail(text.GetText(), "Versions"),
		Data: map[string]any{"Rows": rows, "Current": current, "Diff": textURL(story, locale) + "/diff", "Older": older(v.r.URL, list.GetNextPageToken()), "Title": text.GetText().GetSummary().GetTitle()}})
	return nil
}

func (v *visit) textTrail(text *storiesv1.Text, label string) []web.Link {
	s := text.GetSummary()
	id := storyID(s.GetName())
	return []web.Link{{Label: "Stories", URL: "/studio/stories"}, {Label: s.GetCustomer(), URL: "/studio/stories/" + url.PathEscape(id)},
		{Label: web.NativeName(s.GetLocale()), URL: textURL(id, s.GetLocale())}, {Label: label}}
}

// versionNumber reads a version's number from the address.
func versionNumber(value string) (int32, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 1 {
		return 0, &api.Problem{Status: http.StatusNotFound, Code: "NOT_FOUND", Title: "There is no such version", Detail: "Versions are numbered from 1."}
	}
	return int32(n), nil
}

func (v *visit) version() error {
	n, err := versionNumber(v.r.PathValue("version"))
	if err != nil {
		return err
	}
	return v.showVersion(http.StatusOK, n, nil)
}

func (v *visit) showVersion(status int, n int32, problem *api.Problem) error {
	story, locale := v.r.PathValue("story"), v.r.PathValue("locale")
	text, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: story, Locale: locale})
	if err != nil {
		return err
	}
	got, err := v.work().GetVersion(v.ctx(), &storiesv1.GetVersionRequest{Story: story, Locale: locale, Version: n})
	if err != nil {
		return err
	}
	ver := got.GetVersion()
	preview, err := v.work().PreviewText(v.ctx(), &storiesv1.PreviewTextRequest{Text: &storiesv1.TextInput{Form: &storiesv1.TextInput_Content{Content: ver.GetContent()}}})
	if err != nil {
		return err
	}
	label := fmt.Sprintf("Version %d", n)
	trail := v.textTrail(text.GetText(), label)
	trail = append(trail[:3:3], web.Link{Label: "Versions", URL: textURL(story, locale) + "/versions"}, web.Link{Label: label})
	f := newForm(v.r.PostForm, problem)
	view := &web.View{Title: label, Section: "stories", Trail: trail, Notice: f.Notice(), Data: map[string]any{
		"MayShow": v.is(keepers), "Preview": previewForm(newForm(nil, nil)),
		"Version": ver, "When": ver.GetCreateTime().AsTime(), "Body": v.trusted(preview.GetHtml()), "Etag": text.GetText().GetEtag(), "Form": f,
		"Current": text.GetText().GetSummary().GetVersion(), "MayRestore": v.may(text.GetText())["edit"] && n != text.GetText().GetSummary().GetVersion(), "URL": textURL(story, locale)}}
	v.show(status, "version", view)
	return nil
}

func (v *visit) restore() error {
	n, err := versionNumber(v.r.PathValue("version"))
	if err != nil {
		return err
	}
	story, locale := v.r.PathValue("story"), v.r.PathValue("locale")
	_, err = v.work().RestoreVersion(v.ctx(), &storiesv1.RestoreVersionRequest{Story: story, Locale: locale, Version: n, Etag: v.etag()}, v.once())
	if err == nil {
		return v.done(textURL(story, locale), "restored")
	}
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return err
	}
	return v.showVersion(problem.Status, n, problem)
}

// change is one block of a comparison.
type change struct {
	// Kind is "same", "added", "removed" or "changed".
	Kind, Label string
	Spans       []*storiesv1.DiffSpan
	Block       []blockLine
	// Pairs are the parts of a changed block one by one, where its words do not say what changed.
	Pairs []linePair
}

// blockLine is one part of a block, as the comparison shows it.
type blockLine struct{ Name, Text string }

// linePair is one part of a block in both versions.
type linePair struct{ Name, Before, After string }

func (v *visit) diff() error {
	story, locale, q := v.r.PathValue("story"), v.r.PathValue("locale"), v.r.URL.Query()
	from, err := versionNumber(q.Get("from"))
	if err != nil {
		return err
	}
	to, err := versionNumber(q.Get("to"))
	if err != nil {
		return err
	}
	text, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: story, Locale: locale})
	if err != nil {
		return err
	}
	got, err := v.work().DiffVersions(v.ctx(), &storiesv1.DiffVersionsRequest{Story: story, Locale: locale, From: from, To: to})
	if err != nil {
		return err
	}
	var changes []change
	same := 0
	for _, b := range got.GetBlocks() {
		if b.GetChange() == "same" {
			same++
		}
		changes = append(changes, changeOf(b))
	}
	title := fmt.Sprintf("From version %d to %d", from, to)
	v.show(http.StatusOK, "diff", &web.View{Title: title, Section: "stories", Trail: v.textTrail(text.GetText(), "Comparison"), Data: map[string]any{
		"Fields": got.GetFields(), "Changes": changes, "Same": same == len(changes) && len(got.GetFields()) == 0, "From": from, "To": to, "Versions": textURL(story, locale) + "/versions",
		"Swap": fmt.Sprintf("%s/diff?from=%d&to=%d", textURL(story, locale), to, from), "Newest": text.GetText().GetSummary().GetVersion(), "Here": textURL(story, locale) + "/diff"}})
	return nil
}

var changeLabels = map[string]string{"same": "Unchanged", "added": "Added", "removed": "Removed", "changed": "Changed"}

func changeOf(b *storiesv1.BlockChange) change {
	block := b.GetAfter()
	if block == nil {
		block = b.GetBefore()
	}
	c := change{Kind: b.GetChange(), Label: changeLabels[b.GetChange()], Spans: b.GetSpans(), Block: linesOf(block)}
	if c.Kind != "changed" {
		c.Spans = nil
	}
	if c.Kind == "changed" && block.GetImage() != nil {
		c.Spans, c.Pairs = nil, pairsOf(partsOfBlock(b.GetBefore()), partsOfBlock(b.GetAfter()))
	}
	return c
}

// pairsOf lays the parts of two blocks of one kind side by side.
func pairsOf(before, after []blockLine) []linePair {
	var out []linePair
	for i := range min(len(before), len(after)) {
		if before[i].Text != "" || after[i].Text != "" {
			out = append(out, linePair{after[i].Name, before[i].Text, after[i].Text})
		}
	}
	return out
}

// linesOf lists the parts of a block that say something.
func linesOf(b *storiesv1.Block) []blockLine {
	var out []blockLine
	for _, l := range partsOfBlock(b) {
		if l.Text != "" {
			out = append(out, l)
		}
	}
	return out
}

// partsOfBlock lists all parts of a block, those that say nothing as well.
func partsOfBlock(b *storiesv1.Block) (all []blockLine) {
	switch kind := b.GetKind().(type) {
	case *storiesv1.Block_Text:
		all = []blockLine{{"", kind.Text.GetMarkdown()}}
	case *storiesv1.Block_Quote:
		all = []blockLine{{"Quote", kind.Quote.GetText()}, {"By", kind.Quote.GetBy()}, {"Role", kind.Quote.GetRole()}}
	case *storiesv1.Block_Metric:
		all = []blockLine{{"Result", strings.TrimSpace(kind.Metric.GetValue() + " " + kind.Metric.GetUnit())}, {"Of", kind.Metric.GetLabel()}, {"Baseline", kind.Metric.GetBaseline()}, {"Period", kind.Metric.GetPeriod()},
			{"Sample", kind.Metric.GetSample()}, {"Method", kind.Metric.GetMethod()}, {"Measured on", kind.Metric.GetMeasuredOn()}}
	case *storiesv1.Block_BeforeAfter:
		all = []blockLine{{"Before", kind.BeforeAfter.GetBefore()}, {"After", kind.BeforeAfter.GetAfter()}}
	case *storiesv1.Block_Image:
		alt := kind.Image.GetAlt()
		if kind.Image.GetDecorative() {
			alt = "(decorative)"
		}
		all = []blockLine{{"Picture", alt}, {"Caption", kind.Image.GetCaption()}, {"Shows the customer’s logo or name", yes(kind.Image.GetLogo())},
			{"Stays in sight", pointInWords(kind.Image.GetFocus())}, {"File", shorten(kind.Image.GetAsset(), 13)}}
	case *storiesv1.Block_Video:
		all = []blockLine{{"Film", kind.Video.GetTitle()}, {"Address", kind.Video.GetUrl()}}
	case *storiesv1.Block_Cta:
		all = []blockLine{{"Call to action", kind.Cta.GetLabel()}, {"Address", kind.Cta.GetUrl()}}
	}
	return all
}

// pointInWords says where a picture's focus is; nothing is its middle.
func pointInWords(focus string) string {
	x, y, ok := strings.Cut(focus, " ")
	if !ok {
		return ""
	}
	return "the point " + x + " % from the left and " + y + " % from the top"
}

// yes is "yes" where something is so, and nothing else.
func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

// Paragraphs parts running text where its author did.
func (l blockLine) Paragraphs() []string { return strings.Split(l.Text, "\n\n") }
