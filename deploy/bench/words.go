package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"renown.example/stories/domain"
)

// vocabulary is how many words the generated texts are made of. As in real texts, a few are in every story and most in hardly any.
const vocabulary = 20_000

// textWords is how long the running text of a story is.
const textWords = 220

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

// invented is the nth story of an installation: always the same.
func invented(n int, today time.Time) domain.Document {
	r := rand.New(rand.NewPCG(uint64(n), 2026))
	sentence := func(words int) string {
		out := make([]string, words)
		for i := range out {
			out[i] = pick(r)
		}
		s := strings.Join(out, " ") + "."
		return strings.ToUpper(s[:1]) + s[1:]
	}
	paragraphs := func(words int) string {
		var out []string
		for ; words > 0; words -= 55 {
			out = append(out, sentence(12)+" "+sentence(15)+" "+sentence(13)+" "+sentence(15))
		}
		return strings.Join(out, "\n\n")
	}
	customer := strings.ToUpper(word(n % 500)[:1]) + word(n % 500)[1:] + " " + []string{"Works", "Lines", "Group", "County"}[n%4]
	figure := fmt.Sprint(10 + n%80)
	return domain.Document{
		Story: storyID(n), Slug: storyID(n),
		Content: domain.Content{
			Locale: "en", Title: fmt.Sprintf("%s saves %s%% of %s", customer, figure, pick(r)), Summary: sentence(18), Customer: customer,
			Industry: some(r, industries), Region: some(r, regions), Product: some(r, products), UseCase: some(r, uses), Size: "250 to 999 employees",
			Blocks: []domain.Block{
				domain.NewText(paragraphs(textWords / 2)),
				domain.NewMetric(domain.Metric{Value: figure, Unit: "%", Label: "less " + pick(r), Baseline: "in 2024", Period: "2025"}),
				domain.NewBeforeAfter(sentence(14), sentence(14)),
				domain.NewQuote(domain.Quote{Text: sentence(16), By: "Runa Holt", Role: "Head of " + pick(r)}),
				domain.NewText(paragraphs(textWords / 2)),
			},
		},
		Consent: &domain.AttestedConsent{
			Scopes: []domain.Scope{"web", "sales"}, GivenBy: "Runa Holt, Head of Service", GivenOn: today.AddDate(0, 0, -30).Format(time.DateOnly), Evidence: "Contract",
		},
	}
}

// some chooses one or two of the terms.
func some(r *rand.Rand, of []string) []string {
	i := r.IntN(len(of))
	if r.IntN(3) > 0 {
		return []string{of[i]}
	}
	return []string{of[i], of[(i+1+r.IntN(len(of)-1))%len(of)]}
}
