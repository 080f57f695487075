package domain

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/stories/leak"
)

func TestWithdraw(t *testing.T) {
	c := Consent{ID: "c", Story: "s", Locale: "en", Hash: strings.Repeat("a", 64), Kind: Signed, Scopes: []Scope{ScopeWeb, ScopeAds}, SignedAt: 100, Ends: 1000}
	for _, clause := range []Clause{ClauseLogo, ClauseName, ClauseAds} {
		w, err := c.Withdraw(clause, "customer", "why", 200)
		if err != nil || !w.Without(clause) || c.Without(clause) {
			t.Errorf("%s: %v, %v", clause, w, err)
		}
		again, err := w.Withdraw(clause, "somebody", "", 300)
		if err != nil || cmp.Diff(w, again) != "" {
			t.Errorf("%s again: %v, %v", clause, again, err)
		}
		if !w.Live("en", c.Hash, ScopeWeb, 250) {
			t.Errorf("without %s the text may not be up", clause)
		}
		if got := w.Live("en", c.Hash, ScopeAds, 250); got != (clause != ClauseAds) {
			t.Errorf("without %s advertisements: %v", clause, got)
		}
	}
	for what, refusal := range map[string]struct {
		c      Consent
		clause Clause
		reason fault.Reason
	}{
		"revoked":       {c.Revoke("customer", "", 150), ClauseLogo, fault.IllegalState},
		"ended":         {Consent{Scopes: c.Scopes, Ends: 150}, ClauseLogo, fault.IllegalState},
		"never allowed": {c, ClausePress, fault.IllegalState},
		"the web":       {c, Clause(ScopeWeb), fault.InvalidArgument},
		"no clause":     {c, "colour", fault.InvalidArgument},
	} {
		if _, err := refusal.c.Withdraw(refusal.clause, "customer", "", 200); !fault.Has(err, refusal.reason) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestTakenBack(t *testing.T) {
	at := func(signed clock.Millis, clauses ...Withdrawal) Consent {
		return Consent{Story: "s", SignedAt: signed, Withdrawals: clauses}
	}
	logo := func(when clock.Millis) Withdrawal { return Withdrawal{Clause: ClauseLogo, At: when} }
	for what, row := range map[string]struct {
		rests Consent
		of    []Consent
		want  []Clause
	}{
		"nothing":                       {at(100), []Consent{at(100)}, nil},
		"its own":                       {at(100, logo(200)), nil, []Clause{ClauseLogo}},
		"another's, given before":       {at(100), []Consent{at(50, logo(200))}, []Clause{ClauseLogo}},
		"another's, and given after":    {at(300), []Consent{at(50, logo(200))}, nil},
		"at the same instant":           {at(200), []Consent{at(50, logo(200))}, []Clause{ClauseLogo}},
		"a use is nothing that is seen": {at(100, Withdrawal{Clause: ClauseAds, At: 200}), nil, nil},
	} {
		if got := TakenBack(row.rests, row.of); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", what, got, row.want)
		}
		if e := EffectOfPart(row.rests, row.of, row.want); e.Reform {
			t.Errorf("%s: what is shown right is shown anew", what)
		}
		if e := EffectOfPart(row.rests, row.of, []Clause{ClauseName}); !e.Reform || !slices.Equal(e.Clauses, row.want) {
			t.Errorf("%s: %v", what, e)
		}
	}
	// A publication rather rests on what leaves more of the text than on what holds longer.
	hash := strings.Repeat("a", 64)
	give := func(id string, signed, ends clock.Millis, w ...Withdrawal) Consent {
		c := at(signed, w...)
		c.ID, c.Locale, c.Hash, c.Kind, c.Scopes, c.Ends = id, "en", hash, Signed, []Scope{ScopeWeb}, ends
		return c
	}
	if c, err := Require([]Consent{give("old", 100, 9000, logo(200)), give("new", 300, 5000)}, "en", hash, 400); err != nil || c.ID != "new" {
		t.Errorf("rests on %s, %v", c.ID, err)
	}
}

func TestCoveredByWithdrawal(t *testing.T) {
	web, ads := []Scope{ScopeWeb}, []Scope{ScopeWeb, ScopeAds}
	c := Consent{ID: "en", Story: "s", Locale: "en", Scopes: ads}
	of := []Consent{c, {ID: "de", Story: "s", Locale: "de", Scopes: web}, {ID: "revoked", Story: "s", Scopes: ads, RevokedAt: 5}, {ID: "over", Story: "s", Scopes: ads, Ends: 7},
		{ID: "other", Story: "t", Scopes: ads}, {ID: "done", Story: "s", Scopes: ads, Withdrawals: []Withdrawal{{Clause: ClauseLogo}, {Clause: ClauseAds}}}}
	for clause, want := range map[Clause]string{ClauseLogo: "en de", ClauseName: "en de done", ClauseAds: "en"} {
		var got []string
		for _, o := range CoveredByWithdrawal(c, clause, of, 10) {
			got = append(got, o.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s falls from %v, want %s", clause, got, want)
		}
	}
}

// signed is a text that names its customer in every way.
func signed() Content {
	return Normalize(Content{
		Locale: "en", Title: "Quillmoor waits for nobody", Summary: "Quillmoor Ferries cut the queue by 61 %.", Customer: "Quillmoor Ferries Ltd", StandIn: "a northern ferry line",
		Industry: []string{"Transport"}, Product: []string{"Quillmoor edition"},
		Blocks: []Block{
			NewText("Before, **Quillmoor** waited. [Its timetable](https://www.quillmoor.example/t?a=1) was made by hand; write to office@quillmoor.example. QF, as they say.\n\nSee <https://quillmoor.example> and [this][1].\n\n[1]: https://quillmoor.example/1"),
			NewQuote(Quote{Text: "At Quillmoor we wave.", By: "Una Strandby", Role: "Harbour master, Quillmoor Ferries"}),
			NewMetric(Metric{Value: "61", Unit: "%", Label: "fewer cars left behind at Quillmoor"}),
			NewBeforeAfter("Quillmoor by hand.", "By night."),
			NewImage(Image{Asset: strings.Repeat("1f", 32), Alt: "The quay of Quillmoor", Caption: "Quillmoor's quay"}),
			NewImage(Image{Asset: strings.Repeat("2f", 32), Alt: "Logo", Logo: true}),
			NewImage(Image{Asset: strings.Repeat("2f", 32), Decorative: true}),
			NewVideo(Video{URL: "https://films.example/quillmoor", Title: "A day at sea"}),
			NewCTA(CTA{Label: "Plan like Quillmoor", URL: "https://holmway.example/start"}),
		},
	})
}

func TestReformWithoutLogo(t *testing.T) {
	c := signed()
	got, err := Reform(c, Reforming{Clauses: []Clause{ClauseLogo}})
	if err != nil {
		t.Fatal(err)
	}
	want := c
	want.Blocks = slices.Concat(c.Blocks[:5], c.Blocks[7:])
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("more or less than the logo is gone (-want +got):\n%s", d)
	}
	// A picture that is the logo in another language of the story is it here too.
	got, err = Reform(c, Reforming{Clauses: []Clause{ClauseLogo}, Logos: map[string]bool{strings.Repeat("1f", 32): true}})
	if err != nil || len(got.Blocks) != len(want.Blocks)-1 {
		t.Errorf("%d blocks, %v", len(got.Blocks), err)
	}
}

func TestReformWithoutName(t *testing.T) {
	c := signed()
	got, err := Reform(c, Reforming{Clauses: []Clause{ClauseName}})
	if err != nil {
		t.Fatal(err)
	}
	text := `Before, **a northern ferry line** waited. Its timetable was made by hand; write to . A northern ferry line, as they say.

See  and this.`
	want := Normalize(Content{
		Locale: "en", Title: "A northern ferry line waits for nobody", Summary: "A northern ferry line cut the queue by 61 %.", Customer: "A northern ferry line",
		StandIn: "a northern ferry line", Industry: []string{"Transport"}, Product: []string{"A northern ferry line edition"},
		Blocks: []Block{
			NewText(text), NewQuote(Quote{Text: "At a northern ferry line we wave.", Role: "Harbour master, a northern ferry line"}),
			NewMetric(Metric{Value: "61", Unit: "%", Label: "fewer cars left behind at a northern ferry line"}),
			NewBeforeAfter("A northern ferry line by hand.", "By night."),
			NewImage(Image{Asset: strings.Repeat("1f", 32), Alt: "The quay of a northern ferry line", Caption: "A northern ferry line's quay"}),
			NewCTA(CTA{Label: "Plan like a northern ferry line", URL: "https://holmway.example/start"}),
		},
	})
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	c.StandIn = ""
	if _, err := Reform(c, Reforming{Clauses: []Clause{ClauseName}}); !fault.Has(err, fault.NotPublishable) {
		t.Errorf("without a stand-in: %v", err)
	}
	c = signed()
	c.StandIn, c.Title = strings.Repeat("a ferry line ", 15)+"of some size", strings.Repeat("Quillmoor ", 19)
	if _, err := Reform(c, Reforming{Clauses: []Clause{ClauseName}}); !fault.Has(err, fault.NotPublishable) {
		t.Errorf("a headline that becomes too long: %v", err)
	}
}

// TestReformTellsNothing writes the name anywhere into any text: it is in no output afterwards, what is left is the same each time, and is a sound text.
func TestReformTellsNothing(t *testing.T) {
	names := []string{"Quillmoor", "Quillmoor Ferries", "QUILLMOOR", "quillmoor-ferries", "QF", "Quill\u00admoor", "[Quillmoor](https://quillmoor.example/a_b)", "info@quillmoor.example"}
	rapid.Check(t, func(t *rapid.T) {
		c := genContent().Draw(t, "content")
		c.Customer, c.StandIn = "Quillmoor Ferries Ltd", "a northern line"
		put := func(s *string, bound int) {
			if name := rapid.SampledFrom(append(names, "", "", "")).Draw(t, "name"); name != "" && len([]rune(*s+name))+3 < bound {
				*s = strings.TrimSpace(*s + " " + name + ".")
			}
		}
		put(&c.Title, MaxTitle)
		put(&c.Summary, MaxSummary)
		for i := range c.Blocks {
			for _, a := range c.Blocks[i].attributes() {
				if !a.url && a.name != "asset" {
					put(a.value, a.max)
				}
			}
		}
		c = Normalize(c)
		if Validate(c) != nil {
			t.Skip("no text that could be signed")
		}
		r := Reforming{Clauses: []Clause{ClauseLogo, ClauseName}}
		got, err := Reform(c, r)
		again, _ := Reform(c, r)
		if err != nil {
			t.Skip("a text that is taken down")
		}
		if cmp.Diff(got, again) != "" {
			t.Fatal("the outcome is another each time")
		}
		if err := Validate(got); err != nil {
			t.Fatalf("what is left cannot stand: %v", err)
		}
		for _, f := range leak.New(Terms(r.NameTerms(c))).Scan(Outputs(got, Rendered{Name: "x", Slug: "y"})) {
			t.Fatalf("%q is left in %s: %s", f.Term.Text, f.Place, f.Excerpt)
		}
	})
}
