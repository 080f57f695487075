package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"renown.example/deploy/browser"
	"renown.example/deploy/cases"
)

// withParts rewrites a manuscript: it has a stand-in for the customer's name, its picture shows the logo, and its customer is in nothing else.
func withParts(t *testing.T, id, title string) []string {
	t.Helper()
	m := manuscript(t, id, title)
	raw := value(os.ReadFile(m.Files[0]))(t)
	text := strings.Replace(string(raw), "\nindustry:", "\nstand_in: a northern ferry line\nindustry:", 1)
	text = strings.Replace(text, "alt: Three bands of colour, sea, sand and sky.\n", "alt: Three bands of colour, sea, sand and sky.\nlogo: true\n", 1)
	must(t, os.WriteFile(m.Files[0], []byte(text), 0o600))
	return m.Files
}

// The customer takes back the logo, then the name, and gives both again by signing, all with the keyboard: each time the page that everybody reads follows, the text
// stays up, and no address of what was taken back answers.
func TestTakingBackPartsByKeyboard(t *testing.T) {
	at, editor := platform(t), employee(t, browser.Editor)
	const id, title = "quillmoor-parts", "Quillmoor Ferries keeps its word"
	text := value(editor.Import(withParts(t, id, title)...))(t)
	must(t, editor.Submit(text))
	must(t, employee(t, browser.Approver).Approve(text))
	link := value(editor.AskCustomer(text, "Una Strandby"))(t)
	p, reader := visitor(t), visitor(t)
	must(t, p.Sign(link))
	must(t, editor.Publish(text))
	address := value(editor.Property(`#next a`, "href"))(t)
	must(t, reader.Go(address))
	address = reader.Address() // without the language: it is the default one
	logo := value(reader.Property(".block-image img", "src"))(t)

	inspect(t, p, at.Website, []sheet{{"a receipt with parts", link}})
	must(t, p.Go(link))
	takeBack(t, p, "CONSENT_CLAUSE_LOGO")
	says(t, p, "#taken", "Our logo")
	cases.Holds(t, gone, "the logo is gone", func() string {
		if got := fetch(t, http.MethodGet, logo, ""); got.status != http.StatusGone {
			return fmt.Sprintf("it answers %d", got.status)
		}
		if got := fetch(t, http.MethodGet, address, ""); got.status != http.StatusOK || strings.Contains(got.body, logo[strings.LastIndex(logo, "/")+1:]) {
			return "the page still shows it"
		}
		return ""
	})
	takeBack(t, p, "CONSENT_CLAUSE_NAME")
	says(t, p, "#taken", "Our name")
	cases.Holds(t, gone, "the name is gone", func() string {
		if got := fetch(t, http.MethodGet, address, ""); got.status != http.StatusGone {
			return fmt.Sprintf("its address answers %d", got.status)
		}
		return ""
	})
	must(t, p.Go(link))
	unnamed := value(p.Property(".signoff-head .actions a", "href"))(t)
	tellsNothing(t, at, unnamed, []string{"quillmoor", "strandby"})
	must(t, reader.Go(unnamed))
	says(t, reader, "h1", "A northern ferry line keeps its word")
	says(t, reader, ".story-foot", "taken back the use of its name")
	clean(t, reader, at)

	givesBack(t, at, p, link, address, title)
	clean(t, p, at)
	takeBackByTelephone(t, at, editor, text)
	cases.Holds(t, gone, "the logo is gone again", func() string {
		if got := fetch(t, http.MethodGet, logo, ""); got.status != http.StatusGone {
			return fmt.Sprintf("it answers %d", got.status)
		}
		return ""
	})
	must(t, p.TakeBack(link))
	secrets(t, at, link)
}

// givesBack has the customer sign again what was taken back, and waits until everybody reads it.
func givesBack(t *testing.T, at *browser.Platform, p *browser.Page, link, address, title string) {
	t.Helper()
	inspect(t, p, at.Website, []sheet{{"a receipt of what was taken back", link}})
	must(t, p.Go(link))
	must(t, p.TabTo("#again .button"))
	must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
	cases.Holds(t, gone, "name and logo are back", func() string {
		if got := fetch(t, http.MethodGet, address, ""); got.status != http.StatusOK || !strings.Contains(got.body, title) {
			return fmt.Sprintf("it answers %d", got.status)
		}
		return ""
	})
}

// takeBackByTelephone is what support does for a customer who has called.
func takeBackByTelephone(t *testing.T, at *browser.Platform, editor *browser.Employee, text string) {
	t.Helper()
	must(t, editor.Go(text))
	end := value(editor.Property(".consent a[href*='/revoke']", "href"))(t)
	inspect(t, editor.Page, at.Website, []sheet{{"a consent to be ended, or a part of it", end}})
	must(t, editor.Go(end))
	must(t, editor.TabTo("#part input[value=CONSENT_CLAUSE_LOGO]"))
	must(t, editor.Press(browser.Space))
	must(t, editor.TabTo("#part .button"))
	must(t, editor.Follow(func() error { return editor.Press(browser.Enter) }))
	says(t, editor.Page, "main", "Taken back: Logo")
	clean(t, editor.Page, at)
}

// takeBack ticks a part and sends it, without a mouse.
func takeBack(t *testing.T, p *browser.Page, clause string) {
	t.Helper()
	must(t, p.TabTo("#part input[value="+clause+"]"))
	must(t, p.Press(browser.Space))
	must(t, p.TabTo("#part .button"))
	must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
}

var (
	// entries part a list into what it says of each story.
	entries = regexp.MustCompile(`</item>|</entry>|</li>|</url>|</article>|\},\s*\{|\n`)
	// related are other stories, which name their customers.
	related = regexp.MustCompile(`(?s)<section class="[^"]*story-related.*?</section>|"related":\s*\[.*?\]`)
)

// tellsNothing reads a story by every way that the world has and holds it against words that must not be in it: all of its own page, and what lists say of it.
func tellsNothing(t *testing.T, at *browser.Platform, page string, words []string) {
	t.Helper()
	slug := page[strings.LastIndex(page, "/")+1:]
	story := at.API + "/v1/stories/" + slug + "?locale=en"
	read := 0
	for _, address := range []string{page, page + ".md", story, at.API + "/v1/stories?locale=en&pageSize=100", at.Website + "/stories", at.Website + "/feed.xml",
		at.Website + "/atom.xml", at.Website + "/feed.json", at.Website + "/sitemap.xml", at.Website + "/llms.txt"} {
		got := fetch(t, http.MethodGet, address, "")
		if got.status != http.StatusOK {
			continue // one that there is not tells nothing
		}
		said := []string{related.ReplaceAllString(got.body, "")}
		if address != page && address != page+".md" && address != story {
			said = slices.DeleteFunc(entries.Split(got.body, -1), func(entry string) bool { return !strings.Contains(entry, slug) })
		}
		for _, entry := range said {
			read++
			for _, w := range words {
				if i := strings.Index(strings.ToLower(entry), w); i >= 0 {
					t.Errorf("%s tells %q: %.200s", address, w, entry[max(0, i-80):])
				}
			}
		}
	}
	if read < 5 {
		t.Errorf("the story was read in %d places only", read)
	}
}

// publishUnnamed takes an anonymous draft to publication: refused as long as it tells something, and then nothing that anybody can read does.
func publishUnnamed(t *testing.T, at *browser.Platform, editor *browser.Employee, draft string) {
	t.Helper()
	draft, _, _ = strings.Cut(draft, "?")
	must(t, editor.Submit(draft))
	must(t, employee(t, browser.Approver).Approve(draft))
	must(t, visitor(t).Sign(value(editor.AskCustomer(draft, "Una Strandby"))(t)))
	if err := editor.Publish(draft); err == nil || !strings.Contains(err.Error(), "“eleven islands” is left in the text") {
		t.Errorf("publishing what tells something: %v", err)
	}
	must(t, editor.Go(draft))
	must(t, editor.Follow(func() error { return editor.Click("#anonymous a[href$='/protection']") }))
	must(t, editor.Fill("#terms", ""))
	must(t, editor.Follow(func() error { return editor.Click("main form .button.primary") }))
	must(t, editor.Go(draft))
	must(t, editor.Publish(draft))
	reader := visitor(t)
	must(t, reader.Go(value(editor.Property(`#next a`, "href"))(t)))
	says(t, reader, "h1", "A northern ferry line is punctual")
	tellsNothing(t, at, reader.Address(), []string{"quillmoor", "strandby"})

	// A term that is listed after that is looked for in what is up, and stands first among what waits.
	protection := at.Website + "/studio/stories/quillmoor-unnamed/protection"
	must(t, editor.Go(protection))
	must(t, editor.Fill("#terms", "six car ferries"))
	must(t, editor.Follow(func() error { return editor.Click("main form .button.primary") }))
	says(t, editor.Page, ".notice.bad", "A northern ferry line is punctual")
	must(t, editor.Go(at.Website+"/studio"))
	says(t, editor.Page, ".notice.bad", "six car ferries")
	inspect(t, editor.Page, at.Website, []sheet{{"a leak among what waits", at.Website + "/studio"}, {"a leak of what must not be told", protection}})
	must(t, editor.Go(protection))
	must(t, editor.Fill("#terms", ""))
	must(t, editor.Follow(func() error { return editor.Click("main form .button.primary") }))
}

// An editor makes an anonymous version, sees what it tells, mends it, and chooses an excerpt by selecting it.
func TestTellingAStoryWithoutItsName(t *testing.T) {
	at, editor := platform(t), employee(t, browser.Editor)
	text := value(editor.Import(withParts(t, "quillmoor-unnamed", "Quillmoor Ferries is punctual")...))(t)
	inspect(t, editor.Page, at.Website, []sheet{{"an anonymous version to be", text + "/anonymous"}, {"excerpts", text + "/excerpts"},
		{"what must not be told", strings.TrimSuffix(text, "/en") + "/protection"}})
	must(t, editor.Go(text+"/anonymous"))
	says(t, editor.Page, ".stand-ins", "Quillmoor Ferries")
	must(t, editor.TabTo("#variant"))
	must(t, editor.Type("ferries-on-time"))
	must(t, editor.Follow(func() error { return editor.Press(browser.Enter) }))
	draft := editor.Address()
	says(t, editor.Page, "h1", "A northern ferry line is punctual")
	says(t, editor.Page, "#anonymous", "Nothing in it tells who the customer is")

	must(t, editor.Go(text[:strings.Index(text, "/stories/")]+"/stories/quillmoor-unnamed/protection"))
	must(t, editor.Fill("#terms", "eleven islands"))
	must(t, editor.Follow(func() error { return editor.Click("main form .button.primary") }))
	must(t, editor.Go(draft))
	says(t, editor.Page, "#anonymous", "eleven islands")
	inspect(t, editor.Page, at.Website, []sheet{{"an anonymous text that tells something", draft}})
	clean(t, editor.Page, at)
	publishUnnamed(t, at, editor, draft)

	must(t, editor.Go(text+"/excerpts"))
	must(t, editor.Until("!document.querySelector('[data-take=snippet]').hidden"))
	if _, err := browser.Eval[bool](editor.Page, "document.getSelection().selectAllChildren(document.querySelector('.sheet .block-quote blockquote p')), true"); err != nil {
		t.Fatal(err)
	}
	must(t, editor.Until("document.getSelection().toString().length > 0"))
	must(t, editor.Click("[data-take=snippet]"))
	must(t, editor.Until("document.querySelector('#snippet').value === 'We used to apologise on the quay. Now we wave.'"))
	must(t, editor.Fill("#card", "We used to apologise at the quay."))
	must(t, editor.Follow(func() error { return editor.Click(".excerpts-form .button.primary") }))
	says(t, editor.Page, "#card-error", "We used to apologise on the quay.")
	must(t, editor.Fill("#card", "We used to apologise on the quay."))
	must(t, editor.Follow(func() error { return editor.Click(".excerpts-form .button.primary") }))
	says(t, editor.Page, "main", "Choose excerpts")
	clean(t, editor.Page, at)
}
