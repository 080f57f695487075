package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"renown.example/deploy/browser"
	"renown.example/deploy/cases"
)

// gone is how soon a story whose consent has ended must have disappeared.
const gone = 2 * time.Second

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// A story from the file that an editor has to the moment when its customer takes it back, as the four people in it live it.
func TestTheWholeWay(t *testing.T) {
	at := platform(t)
	const id, title = "quillmoor-quay", "Quillmoor leaves no car on the quay"

	editor := employee(t, browser.Editor)
	text := value(editor.Import(manuscript(t, id, title).Files...))(t)
	must(t, editor.Submit(text))
	says(t, editor.Page, "main", "Somebody else has to approve it")

	approver := employee(t, browser.Approver)
	must(t, approver.Approve(text))
	says(t, approver.Page, "main", "the customer’s signature")
	clean(t, approver.Page, at)

	link := value(editor.AskCustomer(text, "Una Strandby"))(t)
	customer := visitor(t)
	hash, lastDay := signByKeyboard(t, customer, link)
	clean(t, customer, at)

	must(t, editor.Go(text))
	says(t, editor.Page, ".text-facts .hash", hash)
	says(t, editor.Page, "#part-1 .remark", "Please say eleven islands")
	says(t, editor.Page, ".consent", "until "+lastDay)
	must(t, editor.Publish(text))
	address := value(editor.Property(`#next a`, "href"))(t)
	clean(t, editor.Page, at)

	reader := visitor(t)
	must(t, reader.Go(address))
	says(t, reader, "h1", title)
	says(t, reader, ".story-foot", hash)
	says(t, reader, ".story-foot", "lasts until "+lastDay)
	held := hold(t, at, reader, title)
	must(t, reader.Go(at.Website+"/stories"))
	says(t, reader, "main", title)
	clean(t, reader, at)

	must(t, customer.Go(link))
	must(t, customer.TabTo(".takeback textarea"))
	must(t, customer.Type("We are being sold."))
	must(t, customer.TabTo(".takeback button"))
	must(t, customer.Follow(func() error { return customer.Press(browser.Enter) }))
	cases.Holds(t, gone, "the story is gone", func() string { return held.left(t) })
	says(t, customer, "h1", "You took")
	clean(t, customer, at)

	must(t, reader.Go(address))
	says(t, reader, "h1", "withdrawn")
	must(t, editor.Go(at.Website+"/studio/audit?story="+id))
	says(t, editor.Page, ".entries li", "Una Strandby")
	says(t, editor.Page, ".entries", "We are being sold.")
	secrets(t, at, link)
}

// signByKeyboard is the customer's part: no cookies, no account and no mouse. It returns the fingerprint and the last day that are on the receipt.
func signByKeyboard(t *testing.T, p *browser.Page, link string) (hash, lastDay string) {
	t.Helper()
	must(t, p.Go(link))
	says(t, p, "h1", "Una Strandby")
	must(t, p.TabTo("#block-0 .remark summary"))
	must(t, p.Press(browser.Enter))
	must(t, p.TabTo("#block-0 textarea"))
	must(t, p.Type("Please say eleven islands in the headline too."))
	must(t, p.TabTo("#block-0 button"))
	must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
	if got := value(p.Property("#block-0 textarea", "value"))(t); !strings.Contains(got, "eleven islands") {
		t.Errorf("the comment reads %q", got)
	}
	must(t, p.TabTo("#decide-sign input[value=CONSENT_SCOPE_SALES]"))
	must(t, p.Press(browser.Space))
	must(t, p.TabTo("#decide-sign select"))
	must(t, p.Press(browser.ArrowDown))
	must(t, p.TabTo("#decide-sign input[name=name]"))
	if got := value(p.Property("#decide-sign input[name=name]", "value"))(t); got != "Una Strandby" {
		t.Errorf("the name is filled in as %q", got)
	}
	must(t, p.TabTo("#decide-sign button"))
	must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
	says(t, p, "h1", "You signed this text")
	receipt := value(p.Text(".receipt"))(t)
	for _, want := range []string{"Una Strandby", "On the website", "In sales conversations", "Until"} {
		if !strings.Contains(receipt, want) {
			t.Errorf("the receipt lacks %q: %s", want, receipt)
		}
	}
	if strings.Contains(receipt, "In advertisements") {
		t.Errorf("the receipt allows what was not chosen: %s", receipt)
	}
	hash = value(p.Property("#hash", "value"))(t)
	if !sha256Hex.MatchString(hash) {
		t.Errorf("the receipt's fingerprint is %q", hash)
	}
	return hash, value(p.Text(".receipt > div:last-child dd"))(t)
}

// copies are all the ways in which a published story is out in the world, each with what a cache would ask again with.
type copies struct {
	title string
	exact map[string]string // address -> ETag, to be gone
	lists []string          // addresses that must not name it
}

// hold reads a story in every way there is and checks that it is there.
func hold(t *testing.T, at *browser.Platform, reader *browser.Page, title string) *copies {
	t.Helper()
	path := strings.TrimPrefix(reader.Address(), at.Website)
	slug := path[strings.LastIndex(path, "/")+1:]
	picture := value(reader.Property(".block-image img", "src"))(t)
	asset := picture[strings.LastIndex(picture, "/")+1:]
	c := &copies{title: title, exact: map[string]string{}, lists: []string{at.Website + "/", at.Website + "/stories", at.Website + "/stories.rss", at.Website + "/stories.atom",
		at.Website + "/stories.json", at.Website + "/llms.txt", at.API + "/v1/stories?pageSize=100"}}
	story := at.Website + "/stories/" + slug
	for _, address := range []string{story, story + ".md", story + "/embed", story + "/embed.json", at.Website + "/oembed?url=" + url.QueryEscape(story), at.API + "/v1/stories/" + slug,
		picture, at.API + "/v1/assets/" + asset} {
		got := fetch(t, http.MethodGet, address, "")
		tag := got.header.Get("ETag")
		if got.status != http.StatusOK || tag == "" || !strings.Contains(got.header.Get("Cache-Control"), "no-cache") {
			t.Errorf("%s answers %d with ETag %q and Cache-Control %q", address, got.status, tag, got.header.Get("Cache-Control"))
		}
		if again := fetch(t, http.MethodGet, address, "", "If-None-Match", tag); again.status != http.StatusNotModified {
			t.Errorf("%s, asked again, answers %d", address, again.status)
		}
		c.exact[address] = tag
	}
	for _, address := range c.lists {
		if got := fetch(t, http.MethodGet, address, ""); !strings.Contains(got.body, title) {
			t.Errorf("%s does not list the story: %d", address, got.status)
		}
	}
	return c
}

// left says where the story can still be had, also by a cache that asks whether its copy is still good, or "".
func (c *copies) left(t *testing.T) string {
	t.Helper()
	for address, tag := range c.exact {
		for _, headers := range [][]string{nil, {"If-None-Match", tag}} {
			got := fetch(t, http.MethodGet, address, "", headers...)
			if strings.Contains(address, "/images/") || strings.Contains(address, "/assets/") {
				if got.status != http.StatusGone && got.status != http.StatusNotFound {
					return fmt.Sprintf("%s %v answers %d", address, headers, got.status)
				}
			} else if got.status != http.StatusGone || strings.Contains(got.body, c.title) {
				return fmt.Sprintf("%s %v answers %d", address, headers, got.status)
			}
		}
	}
	for _, address := range c.lists {
		if got := fetch(t, http.MethodGet, address, ""); got.status != http.StatusOK || strings.Contains(got.body, c.title) {
			return fmt.Sprintf("%s still lists it", address)
		}
	}
	return ""
}

// secrets fails the test if what lets somebody in was written into a log.
func secrets(t *testing.T, at *browser.Platform, link string) {
	t.Helper()
	if token := link[strings.LastIndex(link, "/")+1:]; len(token) < 20 || strings.Contains(at.Log(), token) {
		t.Errorf("the customer's link %s can be guessed, or is in the log", link)
	}
}
