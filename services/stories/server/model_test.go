package server_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// modelled is what the model knows of a story that is up.
type modelled struct {
	words    []string
	industry []string
	since    time.Time
	until    time.Time
	link     string
}

// model is what is published, in plain maps, beside the service that it is compared with.
type model struct {
	*rig
	random *rand.Rand
	up     map[string]*modelled
	texts  map[string]bool
	made   int
}

const modelStories = 12

var modelIndustries = []string{"Logistics", "Retail", "Farming", "Energy"}

// Drafts and what was withdrawn, revoked or is over are in no list, no search and no count, whatever happens in whatever order; what is up is in all of them.
func TestRandomOperationsAgainstAModel(t *testing.T) {
	operations := 500
	if os.Getenv("RENOWN_TEST_FULL") == "1" {
		operations = 10_000
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	m := &model{rig: newRig(t), random: rand.New(rand.NewPCG(seed, 0)), up: map[string]*modelled{}, texts: map[string]bool{}}
	for i := range operations {
		switch k := m.random.IntN(20); {
		case k < 4:
			m.publishSome()
		case k < 6:
			m.draftSome()
		case k < 7:
			m.withdrawSome()
		case k < 8:
			m.revokeSome()
		case k < 9:
			m.step(time.Duration(m.random.IntN(40)) * time.Second)
		case k < 10:
			m.clock.Step(time.Duration(m.random.IntN(20)) * time.Second) // no job has run yet
		case k < 14:
			m.checkSearch()
		case k < 17:
			m.checkFacets()
		default:
			m.checkPages()
		}
		if t.Failed() {
			t.Fatalf("after %d operations", i+1)
		}
	}
}

func (m *model) story() string { return fmt.Sprintf("story-%02d", m.random.IntN(modelStories)) }

// word is one that few stories have; no two words of the model are one letter apart.
func (m *model) word() string {
	n := m.random.IntN(40)
	return strings.Repeat(string(rune('a'+n%20)), 5) + strings.Repeat(string(rune('k'+n/20)), 5)
}

func (m *model) draft(story string) (words, industry []string) {
	m.made++
	words = []string{m.word(), m.word(), fmt.Sprintf("unique%dx%d", m.made, m.made)}
	for range 1 + m.random.IntN(2) {
		if one := modelIndustries[m.random.IntN(len(modelIndustries))]; !slices.Contains(industry, one) {
			industry = append(industry, one)
		}
	}
	md := fmt.Sprintf("---\nlocale: en\nslug: %s\ntitle: The %s of it\nsummary: What came of %s.\ncustomer: Invented Works\nindustry: [%s]\n---\n\nIt was %s in the end.\n", story, words[0], words[1], strings.Join(industry, ", "), words[2])
	if m.texts[story] {
		etag := m.text(story, "en").GetEtag()
		must(m.workspace.SaveText(m.ada(), &storiesv1.SaveTextRequest{Story: story, Locale: "en", Text: text(md), Etag: etag}))(m.t)
	} else {
		m.write(story, md)
		m.texts[story] = true
	}
	return words, industry
}

// draftSome writes something that nobody may find.
func (m *model) draftSome() {
	if story := m.story(); m.editable(story) {
		m.draft(story)
	}
}

func (m *model) editable(story string) bool {
	if !m.texts[story] {
		return true
	}
	switch m.state(story, "en") {
	case "DRAFT", "PUBLISHED", "WITHDRAWN":
		return true
	}
	return false
}

func (m *model) publishSome() {
	story := m.story()
	if !m.editable(story) {
		return
	}
	words, industry := m.draft(story)
	m.approve(story, "en")
	link := m.ask(story, "en")
	m.sign(link)
	req := &storiesv1.PublishTextRequest{Story: story, Locale: "en"}
	made := &modelled{words: words, industry: industry, since: m.clock.Now(), link: link}
	if m.random.IntN(3) == 0 {
		made.until = m.clock.Now().Add(time.Duration(1+m.random.IntN(90)) * time.Second)
		req.UnpublishTime = timestamppb.New(made.until)
	}
	must(m.review.PublishText(m.edda(), req))(m.t)
	m.up[story] = made
}

// live are the stories that may be shown now.
func (m *model) live() []string {
	var out []string
	for _, story := range slices.Sorted(maps.Keys(m.up)) {
		if u := m.up[story]; u.until.IsZero() || m.clock.Now().Before(u.until) {
			out = append(out, story)
		}
	}
	return out
}

func (m *model) withdrawSome() {
	live := m.live()
	if len(live) == 0 {
		return
	}
	story := live[m.random.IntN(len(live))]
	must(m.review.UnpublishText(m.edda(), &storiesv1.UnpublishTextRequest{Story: story, Locale: "en"}))(m.t)
	delete(m.up, story)
}

func (m *model) revokeSome() {
	live := m.live()
	if len(live) == 0 {
		return
	}
	story := live[m.random.IntN(len(live))]
	must(m.signoff.RevokeSignoff(m.customer(m.up[story].link), &storiesv1.RevokeSignoffRequest{}))(m.t)
	delete(m.up, story)
}

// that are the live stories for which something holds, as the list orders them.
func (m *model) that(holds func(u *modelled) bool) string {
	live := slices.DeleteFunc(m.live(), func(story string) bool { return !holds(m.up[story]) })
	slices.SortFunc(live, func(a, b string) int {
		if c := m.up[b].since.Compare(m.up[a].since); c != 0 {
			return c
		}
		return strings.Compare(b, a)
	})
	return strings.Join(live, " ")
}

// checkSearch asks for a word of any text that was ever written.
func (m *model) checkSearch() {
	word := m.word()
	if m.made > 0 && m.random.IntN(2) == 0 {
		n := 1 + m.random.IntN(m.made)
		word = fmt.Sprintf("unique%dx%d", n, n)
	}
	resp := m.list(&storiesv1.ListPublishedStoriesRequest{Query: word, PageSize: 100})
	if resp.GetSearch().GetCorrectedFrom() != "" {
		// It has a typo now that nothing has it any more: what is shown for it must be up all the same.
		word = resp.GetSearch().GetQuery()
	}
	want := strings.Fields(m.that(func(u *modelled) bool { return slices.Contains(u.words, word) }))
	got := strings.Fields(ids(resp))
	slices.Sort(want)
	slices.Sort(got)
	if resp.GetSearch().GetCorrectedFrom() != "" {
		got = slices.DeleteFunc(got, func(story string) bool { return slices.Contains(m.live(), story) })
		want = nil
	}
	if !slices.Equal(got, want) || resp.GetSearch().GetPartial() {
		m.t.Errorf("%q finds %v, want %v (%v)", word, got, want, resp.GetSearch())
	}
}

func (m *model) checkFacets() {
	chosen := modelIndustries[m.random.IntN(len(modelIndustries))]
	resp := m.list(&storiesv1.ListPublishedStoriesRequest{Industry: []string{strings.ToLower(chosen)}, PageSize: 100})
	has := func(industry string) func(u *modelled) bool {
		return func(u *modelled) bool { return slices.Contains(u.industry, industry) }
	}
	if got, want := ids(resp), m.that(has(chosen)); got != want {
		m.t.Errorf("%s lists %q, want %q", chosen, got, want)
	}
	counted := map[string]int{}
	for _, term := range resp.GetFacets()[0].GetTerms() {
		counted[term.GetLabel()] = int(term.GetCount())
	}
	for _, industry := range modelIndustries {
		if want := len(strings.Fields(m.that(has(industry)))); counted[industry] != want && !(want == 0 && industry == chosen) {
			m.t.Errorf("%s counts %d, want %d", industry, counted[industry], want)
		}
	}
}

func (m *model) checkPages() {
	req := &storiesv1.ListPublishedStoriesRequest{PageSize: int32(1 + m.random.IntN(4))}
	var got []string
	for {
		resp := m.list(req)
		got = append(got, strings.Fields(ids(resp))...)
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if want := m.that(func(*modelled) bool { return true }); strings.Join(got, " ") != want {
		m.t.Errorf("the pages list %v, want %q", got, want)
	}
}
