package studio

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

func (v *visit) taxonomy() storiesv1.TaxonomyServiceClient {
	return storiesv1.NewTaxonomyServiceClient(v.conn)
}

// taxonomies are the lists of terms as people call them.
var taxonomies = []struct{ Name, Title string }{
	{"industry", "Industries"}, {"region", "Regions"}, {"product", "Products"}, {"use_case", "Uses"},
}

// taxonRow is a term with what lists show of it.
type taxonRow struct {
	*storiesv1.Term
	URL string
	// Calls are its labels, one a line.
	Calls []labelled
}

type labelled struct{ Locale, Label string }

// Label is what the term is called in the first language that it has a label in.
func (t taxonRow) Label() string { return t.Calls[0].Label }

// Others are its labels in the other languages.
func (t taxonRow) Others() []labelled { return t.Calls[1:] }

// Words are the aliases in a line.
func (t taxonRow) Words() string { return strings.Join(t.GetAliases(), ", ") }

func taxonOf(t *storiesv1.Term) taxonRow {
	r := taxonRow{Term: t, URL: "/studio/terms/" + t.GetTaxonomy() + "/" + url.PathEscape(t.GetId())}
	for _, locale := range labelLocales(t) {
		if label := t.GetLabels()[locale]; label != "" {
			r.Calls = append(r.Calls, labelled{locale, label})
		}
	}
	if len(r.Calls) == 0 {
		r.Calls = []labelled{{"", t.GetId()}}
	}
	return r
}

// labelLocales are the languages to label terms in: those that pages speak, then those that any of the terms has.
func labelLocales(terms ...*storiesv1.Term) []string {
	out := slices.Clone(web.Languages)
	for _, t := range terms {
		for _, locale := range slices.Sorted(maps.Keys(t.GetLabels())) {
			if !slices.Contains(out, locale) {
				out = append(out, locale)
			}
		}
	}
	return out
}

// listTerms returns the terms of a taxonomy.
func (v *visit) listTerms(taxonomy string) ([]*storiesv1.Term, error) {
	if !slices.ContainsFunc(taxonomies, func(t struct{ Name, Title string }) bool { return t.Name == taxonomy }) {
		return nil, v.notFound()
	}
	got, err := v.taxonomy().ListTerms(v.ctx(), &storiesv1.ListTermsRequest{Taxonomy: taxonomy})
	return got.GetTerms(), err
}

func (v *visit) terms() error { return v.showTerms(http.StatusOK, nil) }

func (v *visit) showTerms(status int, problem *api.Problem) error {
	taxonomy := v.r.FormValue("taxonomy")
	if taxonomy == "" {
		taxonomy = taxonomies[0].Name
	}
	terms, err := v.listTerms(taxonomy)
	if err != nil {
		return err
	}
	var tabs []web.Tab
	for _, t := range taxonomies {
		tabs = append(tabs, web.Tab{Label: t.Title, URL: "/studio/terms?taxonomy=" + t.Name, Current: t.Name == taxonomy})
	}
	var managed, loose []taxonRow
	for _, t := range terms {
		if t.GetManaged() {
			managed = append(managed, taxonOf(t))
		} else {
			loose = append(loose, taxonOf(t))
		}
	}
	f := newForm(v.r.PostForm, problem)
	f.add(web.Field{Name: "term_id", Label: "Id", Required: true, Max: 80, Help: "Lower-case letters, digits and hyphens. It is in addresses and never changes."}, "/termId")
	f.labels(&storiesv1.Term{}, labelLocales(terms...))
	v.show(status, "terms", &web.View{Title: "Terms", Section: "terms", Notice: f.Notice(), Data: map[string]any{
		"Tabs": tabs, "Taxonomy": taxonomy, "Managed": managed, "Loose": loose, "Form": f, "May": v.is(keepers), "Open": problem != nil}})
	return nil
}

// labels declares the fields of what a term is called.
func (f *form) labels(t *storiesv1.Term, locales []string) *form {
	for _, locale := range locales {
		f.add(web.Field{Name: "label-" + locale, Label: "Label, " + web.NativeName(locale), Max: 80, Value: t.GetLabels()[locale]}, `/labels["`+locale+`"]`, "/labels/"+locale)
	}
	f.add(web.Field{Name: "locale", Label: "Another language", Max: 35, Help: "Its tag, such as “fr” or “pt-BR”."})
	f.add(web.Field{Name: "label", Label: "Label in that language", Max: 80}, "/labels")
	return f.add(web.Field{Name: "aliases", Label: "Other words that mean it", Type: "textarea", Rows: 3, Value: strings.Join(t.GetAliases(), "\n"),
		Help: "One a line. Texts that use one of them belong to the term."}, "/aliases")
}

// typedLabels reads what labels declared.
func (v *visit) typedLabels() (labels map[string]string, aliases []string) {
	labels = map[string]string{}
	for name := range v.r.PostForm {
		if locale, ok := strings.CutPrefix(name, "label-"); ok && v.value(name) != "" {
			labels[locale] = v.value(name)
		}
	}
	if v.value("label") != "" {
		labels[v.value("locale")] = v.value("label")
	}
	for line := range strings.Lines(v.r.PostFormValue("aliases")) {
		if line = strings.TrimSpace(line); line != "" {
			aliases = append(aliases, line)
		}
	}
	return labels, aliases
}

func (v *visit) createTerm() error {
	labels, aliases := v.typedLabels()
	taxonomy := v.value("taxonomy")
	_, err := v.taxonomy().CreateTerm(v.ctx(), &storiesv1.CreateTermRequest{Taxonomy: taxonomy, TermId: v.value("term_id"), Labels: labels, Aliases: aliases}, v.once())
	if err == nil {
		return v.done("/studio/terms?taxonomy="+url.QueryEscape(taxonomy), "term")
	}
	return v.again(err, v.showTerms)
}

// again shows a page anew with what is wrong with what was sent, where that helps.
func (v *visit) again(err error, show func(status int, problem *api.Problem) error) error {
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return err
	}
	return show(problem.Status, problem)
}

func (v *visit) term() error { return v.showTerm(http.StatusOK, nil) }

func (v *visit) showTerm(status int, problem *api.Problem) error {
	taxonomy, id := v.r.PathValue("taxonomy"), v.r.PathValue("term")
	terms, err := v.listTerms(taxonomy)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(terms, func(t *storiesv1.Term) bool { return t.GetId() == id })
	if i < 0 {
		return v.notFound()
	}
	t := taxonOf(terms[i])
	f := newForm(v.r.PostForm, problem).labels(t.Term, labelLocales(terms...))
	into := web.Field{Name: "into", Label: "Which term do they mean?", Type: "select", Required: true}
	for _, other := range terms {
		if other.GetManaged() && other.GetId() != id {
			into.Options = append(into.Options, web.Option{Value: other.GetId(), Label: taxonOf(other).Label()})
		}
	}
	f.add(into, "/into")
	trail := []web.Link{{Label: "Terms", URL: "/studio/terms?taxonomy=" + taxonomy}, {Label: t.Label()}}
	v.show(status, "term", &web.View{Title: t.Label(), Section: "terms", Notice: f.Notice(), Trail: trail, Data: map[string]any{
		"Term": t, "Form": f, "Fields": f.fields[:len(f.fields)-1], "Into": f.Field("into"), "May": v.is(keepers), "Others": len(into.Options) > 0}})
	return nil
}

// termStep changes, merges or removes a term, or begins to manage words.
func (v *visit) termStep() error {
	taxonomy, id := v.r.PathValue("taxonomy"), v.r.PathValue("term")
	labels, aliases := v.typedLabels()
	var err error
	notice := "term"
	switch v.r.PathValue("step") {
	case "save":
		_, err = v.taxonomy().UpdateTerm(v.ctx(), &storiesv1.UpdateTermRequest{Taxonomy: taxonomy, Term: id, Labels: labels, Aliases: aliases, Etag: v.etag()}, v.once())
	case "manage":
		_, err = v.taxonomy().CreateTerm(v.ctx(), &storiesv1.CreateTermRequest{Taxonomy: taxonomy, TermId: id, Labels: labels, Aliases: aliases}, v.once())
	case "merge":
		notice = "term-merged"
		_, err = v.taxonomy().MergeTerm(v.ctx(), &storiesv1.MergeTermRequest{Taxonomy: taxonomy, Term: id, Into: v.value("into"), Etag: v.etag()}, v.once())
	case "delete":
		notice = "term-deleted"
		_, err = v.taxonomy().DeleteTerm(v.ctx(), &storiesv1.DeleteTermRequest{Taxonomy: taxonomy, Term: id, Etag: v.etag()}, v.once())
	default:
		return v.notFound()
	}
	if err == nil {
		return v.done("/studio/terms?taxonomy="+taxonomy, notice)
	}
	return v.again(err, v.showTerm)
}
