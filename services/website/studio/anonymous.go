package studio

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

func (v *visit) anonymous() storiesv1.AnonymousServiceClient {
	return storiesv1.NewAnonymousServiceClient(v.conn)
}

// kindWords says what a protected term is.
var kindWords = map[string]string{
	"name": "Name", "initials": "Initials", "domain": "Domain", "file": "File name", "person": "Person", "term": "Listed", "picture": "Picture",
}

// leakRow is a protected term with everything that tells it.
type leakRow struct {
	Term, Kind string
	// Where lists the outputs, Excerpt is the first of them.
	Where, Excerpt string
}

// leakRows groups findings by what they tell: one word stands in many outputs.
func leakRows(found []*storiesv1.LeakFinding) []leakRow {
	var out []leakRow
	at := map[string]int{}
	for _, f := range found {
		i, known := at[f.GetTerm()]
		if !known {
			i = len(out)
			at[f.GetTerm()] = i
			out = append(out, leakRow{Term: f.GetTerm(), Kind: kindWords[f.GetKind()], Excerpt: f.GetExcerpt()})
			if f.GetKind() == "picture" {
				out[i].Term, out[i].Excerpt = "A picture of the story that names the customer", "Choose another picture."
			}
		}
		where := f.GetOutput()
		if !strings.Contains(", "+out[i].Where+",", ", "+where+",") {
			out[i].Where = strings.TrimPrefix(out[i].Where+", "+where, ", ")
		}
	}
	return out
}

// discretion is what the page of a text says about names that are not told.
type discretion struct {
	// Source is the address of the story that an anonymous text was made of; empty for a text that names its customer.
	Source, Protection string
	Leaks              []leakRow
	// Make is where an anonymous version is made of this text; empty for those who may not.
	Make string
	// Excerpts is where the excerpts are chosen; empty for those who may not.
	Excerpts string
}

func (v *visit) discretion(text *storiesv1.Text) (discretion, error) {
	id, locale := storyID(text.GetSummary().GetName()), text.GetSummary().GetLocale()
	d := discretion{}
	if v.is(writers) {
		d.Excerpts = textURL(id, locale) + "/excerpts"
	}
	if text.GetAnonymousOf() == "" {
		d.Protection = "/studio/stories/" + url.PathEscape(id) + "/protection"
		if v.is(writers) {
			d.Make = textURL(id, locale) + "/anonymous"
		}
		return d, nil
	}
	source := storyID(text.GetAnonymousOf())
	d.Source, d.Protection = "/studio/stories/"+url.PathEscape(source), "/studio/stories/"+url.PathEscape(source)+"/protection"
	got, err := v.anonymous().ScanText(v.ctx(), &storiesv1.ScanTextRequest{Story: id, Locale: locale})
	d.Leaks = leakRows(got.GetFindings())
	return d, err
}

// askAnonymous shows what stands for which term before an anonymous version is made.
func (v *visit) askAnonymous() error { return v.showAnonymous(http.StatusOK, nil) }

// termRow is a term of the form with what stands for it.
type termRow struct {
	N                      int
	Text, Kind, From, With string
	// Own is a row for a term of the author's own.
	Own bool
}

// ownTerms is how many rows the form has for further terms.
const ownTerms = 3

func (v *visit) showAnonymous(status int, problem *api.Problem) error {
	story, locale := v.r.PathValue("story"), v.r.PathValue("locale")
	got, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: story, Locale: locale})
	if err != nil {
		return err
	}
	p, err := v.anonymous().GetProtection(v.ctx(), &storiesv1.GetProtectionRequest{Story: story})
	if err != nil {
		return err
	}
	protection := p.GetProtection()
	f := newForm(v.r.PostForm, problem).
		add(web.Field{Name: "stand_in", Label: "What is the customer called?", Required: true, Max: 200, Value: protection.GetStandIn(), Help: "Such as “a European bank”, in the language of the text. It takes the name’s place everywhere."}, "/standIn").
		add(web.Field{Name: "variant", Label: "Id of the anonymous story", Max: 64, Help: "Lower-case letters, digits and hyphens. It stands in addresses of the interface. Made from the headline if empty."}, "/variant")
	var rows []termRow
	for _, t := range protection.GetTerms() {
		if t.GetExempt() || t.GetKind() == "file" {
			continue
		}
		rows = append(rows, termRow{Text: t.GetText(), Kind: kindWords[t.GetKind()], From: t.GetFrom(), With: t.GetStandIn()})
	}
	for range ownTerms {
		rows = append(rows, termRow{Own: true})
	}
	for i := range rows {
		rows[i].N = i
		if typed, ok := v.r.PostForm["with-"+strconv.Itoa(i)]; ok && len(typed) > 0 {
			rows[i].With = typed[0]
			if rows[i].Own {
				rows[i].Text = v.value("term-" + strconv.Itoa(i))
			}
		}
	}
	v.show(status, "anonymous", &web.View{Title: "An anonymous version", Section: "stories", Notice: f.Notice(), Trail: v.textTrail(got.GetText(), "Anonymous version"), Data: map[string]any{
		"Form": f, "Rows": rows, "URL": textURL(story, locale), "Protection": "/studio/stories/" + url.PathEscape(story) + "/protection"}})
	return nil
}

func (v *visit) makeAnonymous() error {
	in := &storiesv1.AnonymizeTextRequest{Story: v.r.PathValue("story"), Locale: v.r.PathValue("locale"), Variant: v.value("variant"), StandIn: v.value("stand_in")}
	for i := range 100 {
		term, with := v.value("term-"+strconv.Itoa(i)), v.value("with-"+strconv.Itoa(i))
		if term != "" && with != "" {
			in.StandIns = append(in.StandIns, &storiesv1.StandIn{Term: term, With: with})
		}
	}
	got, err := v.anonymous().AnonymizeText(v.ctx(), in, v.once())
	if err == nil {
		s := got.GetText().GetSummary()
		return v.done(textURL(storyID(s.GetName()), s.GetLocale()), "anonymized")
	}
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return err
	}
	return v.showAnonymous(problem.Status, problem)
}

// protection shows what anonymous versions of a story must not tell.
func (v *visit) protection() error { return v.showProtection(http.StatusOK, nil) }

// leakingRow is a published text that tells something.
type leakingRow struct {
	Title, URL string
	Leaks      []leakRow
}

func leakingRows(list []*storiesv1.LeakingText) []leakingRow {
	var out []leakingRow
	for _, l := range list {
		_, locale, _ := strings.Cut(l.GetName(), "/texts/")
		out = append(out, leakingRow{Title: l.GetTitle(), URL: textURL(storyID(l.GetName()), locale), Leaks: leakRows(l.GetFindings())})
	}
	return out
}

func (v *visit) showProtection(status int, problem *api.Problem) error {
	story := v.r.PathValue("story")
	got, err := v.anonymous().GetProtection(v.ctx(), &storiesv1.GetProtectionRequest{Story: story})
	if err != nil {
		return err
	}
	p := got.GetProtection()
	var listed []string
	found := web.Field{Name: "exempt", Label: "What may be told all the same?", Type: "checks", Help: "Found in the story’s texts, contacts and pictures. Tick what tells nobody who the customer is. The whole name always counts."}
	for i, t := range p.GetTerms() {
		if t.GetKind() == "term" {
			listed = append(listed, t.GetText())
			continue
		}
		if i == 0 {
			continue // the whole name
		}
		found.Options = append(found.Options, web.Option{Value: t.GetText(), Label: t.GetText(), Consequence: kindWords[t.GetKind()] + ", from: " + t.GetFrom(), Chosen: t.GetExempt()})
	}
	f := newForm(v.r.PostForm, problem).
		add(web.Field{Name: "terms", Label: "What else would tell who it is?", Type: "textarea", Rows: 5, Value: strings.Join(listed, "\n"), Help: "One a line: names of projects, ships, sites, streets, products of their own."}, "/terms").
		add(found, "/exempt")
	var variants []web.Link
	for _, name := range p.GetVariants() {
		variants = append(variants, web.Link{Label: storyID(name), URL: "/studio/stories/" + url.PathEscape(storyID(name))})
	}
	whole := ""
	if len(p.GetTerms()) > 0 {
		whole = p.GetTerms()[0].GetText()
	}
	v.show(status, "protection", &web.View{Title: "What must not be told", Section: "stories", Notice: f.Notice(),
		Trail: []web.Link{{Label: "Stories", URL: "/studio/stories"}, {Label: story, URL: "/studio/stories/" + url.PathEscape(story)}, {Label: "What must not be told"}},
		Data:  map[string]any{"Form": f, "Etag": p.GetEtag(), "Story": story, "Whole": whole, "Variants": variants, "Leaks": leakingRows(p.GetLeaks()), "MayChange": v.is(keepers)}})
	return nil
}

func (v *visit) setProtection() error {
	story := v.r.PathValue("story")
	in := &storiesv1.SetProtectedTermsRequest{Story: story, Exempt: v.r.PostForm["exempt"], Etag: v.etag()}
	for _, line := range strings.Split(v.value("terms"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			in.Terms = append(in.Terms, line)
		}
	}
	_, err := v.anonymous().SetProtectedTerms(v.ctx(), in, v.once())
	if err == nil {
		return v.done("/studio/stories/"+url.PathEscape(story)+"/protection", "protected")
	}
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return err
	}
	return v.showProtection(problem.Status, problem)
}
