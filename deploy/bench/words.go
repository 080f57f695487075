package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"renown.example/stories/domain"
)

// vocabulary is how many words the generated texts are made of. As in real texts, a few are in every story and most in hardly any.
const vocabulary = 20_000

// storyWords is how many words a story has, roughly.
const storyWords = 530

var syllables = strings.Fields("ba ber bo da del dor fa fen ga gel ha hol ka ken kor la len lor ma mel nor pa per ra ren ro sa sel sto ta ter tor va ven vor wa")

// word is the nth word of the vocabulary, the commonest first. Words differ by more than a letter or two.
func word(n int) string {
	k := len(syllables)
	out := syllables[n%k] + syllables[(n/k+n)%k]
	if n >= k {
		out += syllables[(n/k)%k]
	}
	if n >= k*k {
		out += syllables[(n/k/k+7)%k]
	}
	return out
}

// pick chooses a word as Zipf's law has it: the nth is 1/n as common as the first.
func pick(r *rand.Rand) string { return word(int(math.Pow(vocabulary, r.Float64())) - 1) }

// The terms of the taxonomies, by which lists are filtered.
var (
	industries = []string{"Building services", "Energy and utilities", "Food and farming", "Healthcare", "Logistics", "Passenger transport", "Public sector", "Retail"}
	regions    = []string{"Africa", "Asia Pacific", "Central Europe", "North America", "Northern Europe", "Southern Europe", "Western Europe"}
	products   = []string{"Arrival times", "Field service", "Route planning", "Slot booking"}
	uses       = []string{"Dispatch", "Forecasting", "Compliance", "Reporting", "Training"}
)

func storyID(n int) string { return fmt.Sprintf("story-%06d", n) }

// The marks stand in the pattern of all stories for what differs from one to the next. A term's mark in lower case stands for its id.
const (
	markStory, markTitle, markSummary, markCustomer           = "qqstory", "Qqtitle", "Qqsummary", "Qqcustomer"
	markIndustry, markOther, markRegion, markProduct, markUse = "Qqindustry", "Qqother", "Qqregion", "Qqproduct", "Qquse"
	markLabel, markBefore, markAfter, markQuote, markRole     = "Qqlabel", "Qqbefore", "Qqafter", "Qqquote", "Qqrole"
)

// paragraphs is how many there are in a story.
const paragraphs = 8

func markParagraph(n int) string { return fmt.Sprintf("Qqparagraph%d", n) }

// running is the text of the paragraphs from one to another.
func running(from, to int) string {
	var out []string
	for n := from; n < to; n++ {
		out = append(out, markParagraph(n))
	}
	return strings.Join(out, "\n\n")
}

// pattern is what all stories look like.
func pattern(today time.Time) domain.Document {
	return domain.Document{
		Story: markStory, Slug: markStory,
		Content: domain.Content{
			Locale: "en", Title: markTitle, Summary: markSummary, Customer: markCustomer, Industry: []string{markIndustry, markOther}, Region: []string{markRegion},
			Product: []string{markProduct}, UseCase: []string{markUse}, Size: "250 to 999 employees",
			Blocks: []domain.Block{
				domain.NewText(running(0, paragraphs/2)),
				domain.NewMetric(domain.Metric{Value: "a third", Label: markLabel, Baseline: "in 2024", Period: "2025"}),
				domain.NewBeforeAfter(markBefore, markAfter),
				domain.NewQuote(domain.Quote{Text: markQuote, By: "Runa Holt", Role: markRole}),
				domain.NewText(running(paragraphs/2, paragraphs)),
			},
		},
		Consent: &domain.AttestedConsent{
			Scopes: []domain.Scope{"web", "sales"}, GivenBy: "Runa Holt, Head of Service", GivenOn: today.AddDate(0, 0, -30).Format(time.DateOnly), Evidence: "Contract",
		},
	}
}

// marks are the marks with what stands in their places in the nth story, which is always the same.
func marks(n int) []string {
	r := rand.New(rand.NewPCG(uint64(n), 2026))
	sentence := func(words int) string {
		out := make([]string, words)
		for i := range out {
			out[i] = pick(r)
		}
		return capital(strings.Join(out, " ")) + "."
	}
	customer := capital(word(n%500)) + " " + []string{"Works", "Lines", "Group", "County"}[n%4]
	industry := r.IntN(len(industries))
	out := []string{
		markStory, storyID(n), markTitle, fmt.Sprintf("%s saves %d%% of %s", customer, 10+n%80, pick(r)), markSummary, sentence(18), markCustomer, customer,
		markLabel, "less " + pick(r), markBefore, sentence(14), markAfter, sentence(14), markQuote, sentence(16), markRole, "Head of " + pick(r),
	}
	for i := range paragraphs {
		out = append(out, markParagraph(i), sentence(12)+" "+sentence(15)+" "+sentence(13)+" "+sentence(15))
	}
	for _, t := range [][2]string{
		{markIndustry, industries[industry]}, {markOther, industries[(industry+1+r.IntN(len(industries)-1))%len(industries)]},
		{markRegion, regions[r.IntN(len(regions))]}, {markProduct, products[r.IntN(len(products))]}, {markUse, uses[r.IntN(len(uses))]},
	} {
		out = append(out, t[0], t[1], strings.ToLower(t[0]), termID(t[1]))
	}
	return out
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// invented is the nth story of an installation.
func invented(n int, today time.Time) (domain.Document, error) {
	d := pattern(today)
	text, err := json.Marshal(d)
	if err == nil {
		err = json.Unmarshal([]byte(strings.NewReplacer(marks(n)...).Replace(string(text))), &d)
	}
	return d, err
}

// termID is the id of a term that nobody has given one.
func termID(term string) string { return strings.ReplaceAll(strings.ToLower(term), " ", "-") }
