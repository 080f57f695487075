package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"renown.example/deploy/browser"
)

// focused tells what has the focus and whether one can see that: by a line around it, or around what it stands for.
const focused = `(e => { const lined = (s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
	let seen = false;
	for (let at = e; at && at !== document.body; at = at.parentElement) seen ||= lined(getComputedStyle(at));
	return {Name: e.tagName + " " + (e.innerText || e.name || e.id).slice(0, 40), Seen: seen, Body: e === document.body}; })(document.activeElement)`

type focus struct {
	Name       string
	Seen, Body bool
}

// From the index to a story and on to its other language, with the keyboard alone, seeing at each stop where one is.
func TestReadingByKeyboard(t *testing.T) {
	at, p := platform(t), visitor(t)
	must(t, p.Go(at.Website+"/stories"))
	must(t, p.Press(browser.Tab))
	says(t, p, ":focus", "Skip to content")
	must(t, p.Press(browser.Enter))
	must(t, p.Until("location.hash === '#main'"))
	must(t, p.Press(browser.Tab))
	if got := value(p.Property(":focus", "name"))(t); got != "q" {
		t.Errorf("after skipping, Tab leads to %q, not to the search", got)
	}
	must(t, p.TabTo(".newest-title a"))
	title := value(p.Text(":focus"))(t)
	must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
	says(t, p, "h1", title)

	stops := 0
	for range 60 {
		must(t, p.Press(browser.Tab))
		f := value(browser.Eval[focus](p, focused))(t)
		if f.Body {
			break
		}
		stops++
		if !f.Seen {
			t.Errorf("nobody can see that %s has the focus", f.Name)
		}
	}
	if stops < 5 {
		t.Errorf("only %d places take the focus", stops)
	}
	must(t, p.TabTo(".lang-switch a[hreflang=de]"))
	must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
	if lang := value(p.Property("html", "lang"))(t); lang != "de" || !strings.HasPrefix(p.Address(), at.Website+"/de/stories/") {
		t.Errorf("the switch led to %s in %q", p.Address(), lang)
	}
	clean(t, p, at)
}

// A story begun, written with a block from the menu and sent to review, with the keyboard alone.
func TestWritingByKeyboard(t *testing.T) {
	at, author := platform(t), employee(t, browser.Author)
	p := author.Page
	enter := func(selector string) {
		t.Helper()
		must(t, p.TabTo(selector))
		must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
	}
	must(t, p.Go(at.Website+"/studio"))
	enter("main a[href='/studio/new']")
	must(t, p.TabTo("[name=customer]"))
	must(t, p.Type("Tarnbeck Wool"))
	must(t, p.TabTo("[name=title]"))
	must(t, p.Type("Tarnbeck spins on sunny days"))
	enter("main form .button")
	must(t, p.TabTo("#body"))
	must(t, p.Type("The mill runs when the sun does."))
	must(t, p.TabTo("[popovertarget=insert]"))
	must(t, p.Press(browser.Enter))
	must(t, p.Until("document.querySelector('#insert').matches(':popover-open')"))
	must(t, p.TabTo("#insert [value='insert:quote']"))
	must(t, p.Press(browser.Enter))
	must(t, p.Until("document.activeElement.id === 'body' && !document.querySelector('#insert').matches(':popover-open')"))
	must(t, p.Type("We look at the sky first."))
	must(t, p.Until("document.querySelector('#body').value.includes('text: We look at the sky first.')"))
	must(t, p.Until("document.querySelector('[data-preview] blockquote')?.innerText.includes('We look at the sky first.')"))
	must(t, p.PressWith(chromedp.ModifierCtrl, "s"))
	must(t, p.Until("document.querySelector('[data-state]').textContent.includes('Saved at')"))
	enter("main button[value=save]")
	enter("form[action$='/submit'] .button")
	says(t, p, "main", "In review")
	clean(t, p, at)
}
