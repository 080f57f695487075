package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"renown.example/deploy/browser"
	"renown.example/deploy/cases"
)

// signFor signs by REST, which can say any end: the customer's page offers years.
func signFor(t *testing.T, at *browser.Platform, link, name string, length time.Duration) {
	t.Helper()
	credential := "Link " + link[strings.LastIndex(link, "/")+1:]
	var page struct{ ContentHash string }
	if err := json.Unmarshal([]byte(fetch(t, http.MethodGet, at.API+"/v1/signoff", "", "Authorization", credential).body), &page); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"scopes": []string{"CONSENT_SCOPE_WEB"}, "contentHash": page.ContentHash, "signedBy": name,
		"endTime": time.Now().Add(length).UTC().Format(time.RFC3339Nano)})
	must(t, err)
	if got := fetch(t, http.MethodPost, at.API+"/v1/signoff:sign", string(body), "Authorization", credential, "Content-Type", "application/json"); got.status != http.StatusOK {
		t.Fatalf("signing answers %d: %s", got.status, got.body)
	}
}

// A consent whose last reminder comes at once: the editor finds the message, and the customer renews by its link, with the keyboard alone.
func TestRenewingByKeyboard(t *testing.T) {
	at, editor := platform(t), employee(t, browser.Editor)
	const id, title, name = "tarnbeck-tides", "Tarnbeck reads the tides", "Una Strandby"
	text, link := signedOff(t, editor, id, title)
	// The last reminder is due seven days before the end.
	signFor(t, at, link, name, 7*24*time.Hour+2*time.Second)
	must(t, editor.Publish(text))
	address := value(editor.Property(`#next a`, "href"))(t)

	outbox := ""
	cases.Holds(t, 20*time.Second, "the reminder is in the outbox", func() string {
		must(t, editor.Go(at.Website+"/studio/outbox"))
		if outbox = value(editor.Text("main"))(t); !strings.Contains(outbox, "your consent to “"+title+"” ends on") {
			return "it is not there"
		}
		return ""
	})
	reminder := value(editor.Property(".letters > li:first-child .copybox input", "value"))(t)
	if reminder != link {
		t.Errorf("the reminder leads to %s, not to the customer's own page", reminder)
	}
	clean(t, editor.Page, at)
	must(t, editor.Go(at.Website+"/studio"))
	says(t, editor.Page, "main", "Consents that end soon")
	says(t, editor.Page, "main", id)
	clean(t, editor.Page, at)

	p := visitor(t)
	inspect(t, p, at.Website, []sheet{{"to be renewed", reminder}})
	must(t, p.Go(reminder))
	says(t, p, "h1", "Your consent ends on")
	before := value(p.Text(".receipt > div:last-child dd"))(t)
	must(t, p.TabTo("#renew button"))
	must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
	says(t, p, "h1", "You renewed your consent")
	if after := value(p.Text(".receipt > div:last-child dd"))(t); after == before {
		t.Errorf("the receipt still says %s", after)
	}
	clean(t, p, at)

	reader := visitor(t)
	must(t, reader.Go(address))
	says(t, reader, "h1", title)
	must(t, editor.Go(at.Website+"/studio"))
	if main := value(editor.Text("main"))(t); strings.Contains(main, id+",") {
		t.Errorf("the studio still says that it ends: %s", main)
	}
	must(t, p.Go(link))
	must(t, p.TabTo(".takeback button"))
	must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
	says(t, p, "h1", "You took")
	cases.Holds(t, gone, "the story is gone", func() string {
		if got := fetch(t, http.MethodGet, reader.Address(), ""); got.status != http.StatusGone {
			return fmt.Sprintf("it answers %d", got.status)
		}
		return ""
	})
	secrets(t, at, link)
}

// A figure that somebody records and somebody else verifies, and a version that is shown to somebody without an account: the pages in every look.
func TestPagesOfWhatIsProvenAndShown(t *testing.T) {
	at, editor, approver := platform(t), employee(t, browser.Editor), employee(t, browser.Approver)
	text := value(editor.Import(manuscript(t, "tarnbeck-proof", "Tarnbeck proves what it says").Files...))(t)
	must(t, editor.Go(text))
	figure := value(editor.Property("#figures a", "href"))(t)
	inspect(t, editor.Page, at.Website, []sheet{{"a figure without evidence", figure}})
	must(t, editor.Go(figure))
	for field, words := range map[string]string{"source": "The export of March, cell B17", "evidence_line": "Counted by the ferries, six months"} {
		must(t, editor.Fill("#record [name="+field+"]", words))
	}
	must(t, editor.Follow(func() error { return editor.Click("#record .button.primary") }))
	inspect(t, approver.Page, at.Website, []sheet{{"a figure to be verified", figure}})
	must(t, approver.Go(figure))
	must(t, approver.TabTo("#verify .button"))
	must(t, approver.Follow(func() error { return approver.Press(browser.Enter) }))
	says(t, approver.Page, "main", "Verified")

	must(t, editor.Go(text))
	must(t, editor.TabTo("#preview > summary"))
	must(t, editor.Press(browser.Enter))
	must(t, editor.TabTo("#preview [name=note]"))
	must(t, editor.Type("Mira at the agency"))
	must(t, editor.TabTo("#preview .button"))
	must(t, editor.Follow(func() error { return editor.Press(browser.Enter) }))
	link := value(editor.Property("#previews .copybox input", "value"))(t)
	inspect(t, editor.Page, at.Website, []sheet{{"a text with a proven figure and a preview link", text}})
	guest := visitor(t)
	inspect(t, guest, at.Website, []sheet{{"preview", link}})
	must(t, guest.Go(link))
	says(t, guest, ".page-banner", "This page is not public")
	if size := value(browser.Eval[int](guest, "document.querySelector('.block-image img').naturalWidth"))(t); size == 0 {
		t.Error("the picture of the unpublished text is not shown by its link")
	}
	clean(t, guest, at)
	secrets(t, at, link)
}
