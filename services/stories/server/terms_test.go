package server_test

import (
	"testing"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

func (r *rig) createTerm(taxonomy, id, label string, aliases ...string) *storiesv1.Term {
	r.t.Helper()
	return must(r.taxonomy.CreateTerm(r.edda(), &storiesv1.CreateTermRequest{Taxonomy: taxonomy, TermId: id, Labels: map[string]string{"en": label, "de": label + " (de)"}, Aliases: aliases}))(r.t).GetTerm()
}

func (r *rig) term(taxonomy, id string) *storiesv1.Term {
	r.t.Helper()
	for _, term := range must(r.taxonomy.ListTerms(r.ada(), &storiesv1.ListTermsRequest{Taxonomy: taxonomy}))(r.t).GetTerms() {
		if term.GetId() == id {
			return term
		}
	}
	return nil
}

// Labels change and terms become one without a signed word changing; lists and stories show it at once.
func TestTermsAreManaged(t *testing.T) {
	r := newRig(t)
	r.library()
	if loose := r.term("industry", "logistics"); loose.GetManaged() || loose.GetUses() != 2 {
		t.Errorf("words that nobody manages: %v", loose)
	}
	made := r.createTerm("industry", "logistics", "Transport and storage")
	if got := r.term("industry", "logistics"); !got.GetManaged() || got.GetUses() != 2 || got.GetEtag() != made.GetEtag() {
		t.Errorf("the managed term is %v", got)
	}
	list := r.list(&storiesv1.ListPublishedStoriesRequest{Industry: []string{"logistics"}})
	if got := list.GetFacets()[0].GetTerms()[0]; got.GetLabel() != "Transport and storage" || list.GetTotalSize() != 2 || list.GetStories()[0].GetIndustry()[0] != "Logistics" {
		t.Errorf("the list says %v of %v", got, list.GetStories()[0])
	}
	_, err := r.taxonomy.DeleteTerm(r.edda(), &storiesv1.DeleteTermRequest{Taxonomy: "industry", Term: "logistics"})
	refused(t, err, fault.IllegalState)

	must(r.taxonomy.MergeTerm(r.edda(), &storiesv1.MergeTermRequest{Taxonomy: "industry", Term: "passenger-transport", Into: "logistics"}))(t)
	r.createTerm("industry", "moving", "Moving things")
	merged := must(r.taxonomy.MergeTerm(r.edda(), &storiesv1.MergeTermRequest{Taxonomy: "industry", Term: "logistics", Into: "moving"}))(t).GetTerm()
	if merged.GetUses() != 2 || r.term("industry", "logistics") != nil || r.term("industry", "passenger-transport") != nil {
		t.Errorf("after the merges: %v", merged)
	}
	// Links with the former id go on working.
	if got := r.list(&storiesv1.ListPublishedStoriesRequest{Industry: []string{"logistics"}}); ids(got) != "ferry harbour" || facet(got, "industry") != "moving 2*, building-services 1, food-and-farming 1" {
		t.Errorf("by its former id: %q, %s", ids(got), facet(got, "industry"))
	}
	r.createTerm("region", "nowhere", "Nowhere")
	must(r.taxonomy.DeleteTerm(r.edda(), &storiesv1.DeleteTermRequest{Taxonomy: "region", Term: "nowhere"}))(t)
	if r.term("region", "nowhere") != nil {
		t.Error("a deleted term is listed")
	}
	if r.events("stories.terms.changed") != 6 || !r.audited("", "term.merged") {
		t.Errorf("%d events, audit of the merge: %t", r.events("stories.terms.changed"), r.audited("", "term.merged"))
	}
}

func TestTermsAreRefused(t *testing.T) {
	r := newRig(t)
	made := r.createTerm("product", "routes", "Route planning", "Tours")
	create := func(req *storiesv1.CreateTermRequest) error {
		_, err := r.taxonomy.CreateTerm(r.edda(), req)
		return err
	}
	en := func(label string) map[string]string { return map[string]string{"en": label} }
	for name, tt := range map[string]struct {
		err  error
		want fault.Reason
	}{
		"the id is taken":       {create(&storiesv1.CreateTermRequest{Taxonomy: "product", TermId: "routes", Labels: en("x")}), fault.AlreadyExists},
		"a word is another's":   {create(&storiesv1.CreateTermRequest{Taxonomy: "product", TermId: "tours-and-more", Labels: en("TOURS")}), fault.AlreadyExists},
		"no such taxonomy":      {create(&storiesv1.CreateTermRequest{Taxonomy: "size", TermId: "a", Labels: en("x")}), fault.InvalidArgument},
		"a bad id":              {create(&storiesv1.CreateTermRequest{Taxonomy: "product", TermId: "A b", Labels: en("x")}), fault.InvalidArgument},
		"no label":              {create(&storiesv1.CreateTermRequest{Taxonomy: "product", TermId: "a"}), fault.InvalidArgument},
		"a label in no tongue":  {create(&storiesv1.CreateTermRequest{Taxonomy: "product", TermId: "a", Labels: map[string]string{"english!": "x"}}), fault.InvalidArgument},
		"the same word again":   {create(&storiesv1.CreateTermRequest{Taxonomy: "region", TermId: "routes", Labels: en("x")}), fault.Reason{}},
		"merged into itself":    {second(r.taxonomy.MergeTerm(r.edda(), &storiesv1.MergeTermRequest{Taxonomy: "product", Term: "routes", Into: "routes"})), fault.InvalidArgument},
		"merged into nothing":   {second(r.taxonomy.MergeTerm(r.edda(), &storiesv1.MergeTermRequest{Taxonomy: "product", Term: "routes", Into: "none"})), fault.NotFound},
		"nothing is merged":     {second(r.taxonomy.MergeTerm(r.edda(), &storiesv1.MergeTermRequest{Taxonomy: "product", Term: "none", Into: "routes"})), fault.NotFound},
		"changed meanwhile":     {second(r.taxonomy.UpdateTerm(r.edda(), &storiesv1.UpdateTermRequest{Taxonomy: "product", Term: "routes", Labels: en("x"), Etag: `"7"`})), fault.EtagMismatch},
		"deleted in a hurry":    {second(r.taxonomy.DeleteTerm(r.edda(), &storiesv1.DeleteTermRequest{Taxonomy: "product", Term: "routes", Etag: `"7"`})), fault.EtagMismatch},
		"an author changes it":  {second(r.taxonomy.UpdateTerm(r.ada(), &storiesv1.UpdateTermRequest{Taxonomy: "product", Term: "routes", Labels: en("x")})), fault.PermissionDenied},
		"somebody reads them":   {second(r.taxonomy.ListTerms(r.nobody(), &storiesv1.ListTermsRequest{})), fault.Unauthenticated},
		"there is no such term": {second(r.taxonomy.UpdateTerm(r.edda(), &storiesv1.UpdateTermRequest{Taxonomy: "product", Term: "none", Labels: en("x")})), fault.NotFound},
	} {
		switch {
		case tt.want.Name == "" && tt.err != nil:
			t.Errorf("%s: %v", name, tt.err)
		case tt.want.Name != "" && !fault.Has(tt.err, tt.want):
			t.Errorf("%s: %v, want %s", name, tt.err, tt.want.Name)
		}
	}
	if got := r.term("product", "routes"); got.GetEtag() != made.GetEtag() || got.GetLabels()["en"] != "Route planning" {
		t.Errorf("after the refusals the term is %v", got)
	}
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }
