package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"renown.example/deploy/browser"
	"renown.example/deploy/cases"
)

// look is a way of looking at a page.
type look struct {
	width int
	dark  bool
}

func (l look) String() string {
	if l.dark {
		return fmt.Sprintf("%d px, dark", l.width)
	}
	return fmt.Sprintf("%d px, light", l.width)
}

// full says that every page is held against everything in every look.
func full() bool { return os.Getenv("RENOWN_TEST_FULL") != "" }

// looks are two of the four combinations, in which each width and each scheme is in one; in full, all four.
func looks() []look {
	if full() {
		return []look{{360, false}, {360, true}, {1280, false}, {1280, true}}
	}
	return []look{{360, true}, {1280, false}}
}

// sheet is a page to look at: what it is called and where it is.
type sheet struct{ name, address string }

// inspect looks at pages in every look and holds each against what is true of all pages: nothing goes wrong unseen, nothing comes from elsewhere, nothing has to
// be pushed sideways, and axe finds no violation. Opening a page and axe take most of the time: unless in full a page is opened in its first look and turned to the
// second as it stands, and axe looks at each once, at every other one in the first look and at those between in the second.
func inspect(t *testing.T, p *browser.Page, origin string, sheets []sheet) {
	t.Helper()
	axe := browser.HasAxe()
	for j, s := range sheets {
		for i, l := range looks() {
			must(t, p.Look(l.width, 800, l.dark))
			if i == 0 || full() {
				p.Forget()
				must(t, p.Go(s.address))
			}
			at := fmt.Sprintf("%s, %s", s.name, l)
			for _, problem := range p.Problems(origin) {
				t.Errorf("%s: %s", at, problem)
			}
			if wide := value(browser.Eval[[]string](p, wider))(t); len(wide) > 0 {
				t.Errorf("%s is wider than the window: %s", at, strings.Join(wide, ", "))
			}
			if axe != nil || !full() && (i+j)%2 != 0 {
				continue
			}
			for _, v := range value(p.Violations())(t) {
				t.Errorf("%s: %s", at, v)
			}
		}
	}
}

// inspectHere holds the page as it stands against what inspect does, in every look and without loading it again.
func inspectHere(t *testing.T, p *browser.Page, origin, name string) {
	t.Helper()
	axe := browser.HasAxe()
	for i, l := range looks() {
		must(t, p.Look(l.width, 800, l.dark))
		at := fmt.Sprintf("%s, %s", name, l)
		for _, problem := range p.Problems(origin) {
			t.Errorf("%s: %s", at, problem)
		}
		if wide := value(browser.Eval[[]string](p, wider))(t); len(wide) > 0 {
			t.Errorf("%s is wider than the window: %s", at, strings.Join(wide, ", "))
		}
		if axe != nil || !full() && i > 0 {
			continue
		}
		for _, v := range value(p.Violations())(t) {
			t.Errorf("%s: %s", at, v)
		}
	}
}

// wider lists the innermost elements that stick out of a window that can be pushed sideways.
const wider = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")].filter((e) => {
	const r = e.getBoundingClientRect();
	return r.width > 0 && r.right > innerWidth + 1 && ![...e.children].some((c) => c.getBoundingClientRect().right > innerWidth + 1);
}).slice(0, 5).map((e) => e.tagName.toLowerCase() + "." + e.className + " ends at " + Math.round(e.getBoundingClientRect().right))`

// The tests of pages go on without the rules of accessibility; this one says so.
func TestAxeIsHere(t *testing.T) {
	err := browser.HasAxe()
	if errors.Is(err, browser.ErrNoAxe) && os.Getenv("CI") != "true" {
		t.Skipf("no page was held against the rules of accessibility: %v", err)
	}
	must(t, err)
}

func TestPublicPages(t *testing.T) {
	at, p := platform(t), visitor(t)
	must(t, p.Go(at.Website+"/de/stories"))
	german := value(p.Property("main h2 a", "href"))(t)
	must(t, p.Go(at.Website+"/stories"))
	newest, second := value(p.Property("main h2 a", "href"))(t), value(p.Property("main .row a", "href"))(t)
	inspect(t, p, at.Website, []sheet{
		{"home", at.Website + "/"}, {"index", at.Website + "/stories"}, {"story", newest}, {"another story", second},
		{"home in German", at.Website + "/de/"}, {"story in German", german}, {"nothing here", at.Website + "/stories/no-such-story"},
		{"broken link", at.Website + "/signoff/no-such-link"}, {"sign-in", at.Website + "/signin"}, {"signed out", at.Website + "/signin?out"},
	})
	inspect(t, p, at.API, []sheet{{"reference", at.API + "/docs"}})
}

// What the customer sees, one page after the other, and what visitors see in the end.
func TestCustomersPages(t *testing.T) {
	at, customer := platform(t), visitor(t)
	editor := employee(t, browser.Editor)
	text, link := signedOff(t, editor, "quillmoor-islands", "Quillmoor asks its islands first")
	inspect(t, customer, at.Website, []sheet{{"sign-off", link}})
	must(t, customer.AskForChanges(link, "There are twelve islands now."))
	says(t, customer, "h1", "You asked for changes")
	inspect(t, customer, at.Website, []sheet{{"changes asked for", link}})

	must(t, editor.Go(text))
	says(t, editor.Page, "main", "There are twelve islands now.")
	must(t, editor.Submit(text))
	must(t, employee(t, browser.Approver).Approve(text))
	link = value(editor.AskCustomer(text, "Una Strandby"))(t)
	must(t, customer.Sign(link))
	inspect(t, customer, at.Website, []sheet{{"receipt", link}})
	must(t, editor.Publish(text))
	address := value(editor.Property("#next a", "href"))(t)
	must(t, customer.TakeBack(link))
	cases.Holds(t, gone, "the page says that the story is withdrawn", func() string {
		if got := fetch(t, http.MethodGet, address, ""); got.status == http.StatusOK {
			return fmt.Sprint(got.status)
		}
		return ""
	})
	inspect(t, customer, at.Website, []sheet{{"taken back", link}, {"withdrawn story", address}})
}

func TestStudiosPages(t *testing.T) {
	at, admin := platform(t), employee(t, browser.Admin)
	studio := at.Website + "/studio"
	must(t, admin.Go(studio+"/consents"))
	revoke := value(admin.Property("a[href$='/revoke'], a[href*='/revoke?']", "href"))(t)
	must(t, admin.Go(studio+"/apps"))
	app := value(admin.Property("main table a", "href"))(t)
	inspect(t, admin.Page, at.Website, []sheet{
		{"what waits", studio}, {"stories", studio + "/stories"}, {"no story in this state", studio + "/stories?state=scheduled"},
		{"a story", studio + "/stories/nordhafen-logistics"}, {"a published text", studio + "/stories/nordhafen-logistics/de"},
		{"editor", studio + "/stories/nordhafen-logistics/en/edit"}, {"begin a story", studio + "/new"}, {"another language", studio + "/stories/nordhafen-logistics/fr/edit?begin"},
		{"versions", studio + "/stories/nordhafen-logistics/en/versions"}, {"a version", studio + "/stories/nordhafen-logistics/en/versions/1"},
		{"consents", studio + "/consents"}, {"consents to confirm", studio + "/consents?open"}, {"end a consent", revoke},
		{"import", studio + "/import"}, {"outbox", studio + "/outbox"}, {"audit trail", studio + "/audit"}, {"figures", studio + "/figures"},
		{"people", studio + "/people"}, {"apps", studio + "/apps"}, {"an app", app}, {"nothing here", studio + "/no-such-page"},
	})
}

// The page of a text, in each state that it comes through.
func TestPagesOfATextOnItsWay(t *testing.T) {
	at := platform(t)
	editor, approver, customer := employee(t, browser.Editor), employee(t, browser.Approver), visitor(t)
	text := value(editor.Import(manuscript(t, "quillmoor-winter", "Quillmoor plans its winter in an afternoon").Files...))(t)
	inspect(t, editor.Page, at.Website, []sheet{{"draft", text}})
	must(t, editor.Submit(text))
	inspect(t, approver.Page, at.Website, []sheet{{"to be approved", text}, {"what waits for the approver", at.Website + "/studio"}})
	must(t, approver.Approve(text))
	inspect(t, editor.Page, at.Website, []sheet{{"to ask the customer", text}})
	link := value(editor.AskCustomer(text, "Una Strandby"))(t)
	inspect(t, editor.Page, at.Website, []sheet{{"with the customer", text}, {"outbox with a letter", at.Website + "/studio/outbox"}})
	must(t, customer.Sign(link))
	inspect(t, editor.Page, at.Website, []sheet{{"to be published", text}, {"what waits for the editor", at.Website + "/studio"}})
}

// Signing in leads everybody to a page of theirs, and every entry of their menu opens.
func TestEveryMenuOpens(t *testing.T) {
	at := platform(t)
	for _, username := range []string{browser.Author, browser.Editor, browser.Approver, browser.Manager, browser.Admin} {
		p := employee(t, username)
		must(t, p.Go(at.Website+"/studio"))
		says(t, p.Page, ".app-nav [aria-current=page]", "")
		menu := value(browser.Eval[[]string](p.Page, `[...document.querySelectorAll(".app-nav a")].map(a => a.href)`))(t)
		if len(menu) < 2 {
			t.Errorf("the menu of %s is %q", username, menu)
		}
		for _, page := range menu {
			must(t, p.Go(page))
			says(t, p.Page, ".app-nav [aria-current=page]", "")
		}
		clean(t, p.Page, at)
	}
}
