package e2e_test

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"renown.example/deploy/browser"
	"renown.example/kit/clock"
)

// counted is how soon a reading must be among the figures: readings are sent on every five seconds.
const counted = 20 * time.Second

// counts are how often a story was shown, read and led on.
type counts struct{ views, reads, clicks int }

func (c counts) plus(views, reads, clicks int) counts {
	return counts{c.views + views, c.reads + reads, c.clicks + clicks}
}

// figures are a story's counts as the studio's file says them.
func figures(t *testing.T, editor *browser.Employee, story string) (out counts) {
	t.Helper()
	file := value(browser.Eval[string](editor.Page, `fetch("/studio/figures.csv").then((r) => r.text())`))(t)
	rows := value(csv.NewReader(strings.NewReader(file)).ReadAll())(t)
	for _, row := range rows {
		if row[0]+"."+row[1] == story {
			if _, err := fmt.Sscan(strings.Join(row[3:], " "), &out.views, &out.reads, &out.clicks); err != nil {
				t.Fatalf("the row %v: %v", row, err)
			}
		}
	}
	return out
}

// becomes waits until the figures of a story are as wanted.
func becomes(t *testing.T, editor *browser.Employee, story string, want counts) {
	t.Helper()
	got, clk := counts{}, clock.System()
	for until := clk.Now().Add(counted); clk.Now().Before(until); <-clk.After(100 * time.Millisecond) {
		if got = figures(t, editor, story); got == want {
			return
		}
	}
	t.Fatalf("the figures of %s are %v, want %v", story, got, want)
}

// What a day's readers and programs reported, line by line, is counted exactly: people by what they did, programs and those who ask not to be tracked not at all.
func TestAReplayedLogIsCountedExactly(t *testing.T) {
	at, editor := platform(t), employee(t, browser.Editor)
	must(t, editor.Go(at.Website+"/studio/figures"))
	ferry, wind := figures(t, editor, "ytterholm-line.en"), figures(t, editor, "brisa-alta.de")
	file := value(os.Open("testdata/readings.log"))(t)
	defer file.Close()
	refused := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.SplitN(line, "\t", 3)
		switch status := report(t, at, parts[0], parts[1], parts[2]); status {
		case http.StatusNoContent:
		case http.StatusBadRequest, http.StatusForbidden:
			refused++
		default:
			t.Fatalf("%q was answered with %d", line, status)
		}
	}
	if refused != 6 {
		t.Errorf("%d reports were refused, want the 6 that are none", refused)
	}
	becomes(t, editor, "ytterholm-line.en", ferry.plus(9, 4, 0))
	becomes(t, editor, "brisa-alta.de", wind.plus(3, 1, 2))
	if got := figures(t, editor, "there-is-none.en"); got != (counts{}) {
		t.Errorf("a story that does not exist has the figures %v", got)
	}
	must(t, editor.Go(at.Website+"/studio/figures"))
	says(t, editor.Page, "h1", "Are our stories read?")
	says(t, editor.Page, "main", "Brisa Alta")
	clean(t, editor.Page, at)
}

// report sends what a browser would: the body, its name for itself, and further headers as "Name: value" parted by ";".
func report(t *testing.T, at *browser.Platform, body, agent, headers string) int {
	t.Helper()
	req := value(http.NewRequest(http.MethodPost, at.Website+"/readings", strings.NewReader(body)))(t)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", agent)
	for header := range strings.SplitSeq(headers, ";") {
		if name, v, ok := strings.Cut(strings.TrimSpace(header), ": "); ok {
			req.Header.Set(name, v)
		}
	}
	res := value(http.DefaultClient.Do(req))(t)
	defer res.Body.Close()
	_ = value(io.ReadAll(res.Body))(t)
	if len(res.Cookies()) > 0 {
		t.Errorf("a report was answered with cookies: %v", res.Cookies())
	}
	return res.StatusCode
}

// A reader's page tells what its reader does, once each; that of a program that drives a browser tells nothing.
func TestAPageTellsHowItIsRead(t *testing.T) {
	at, editor := platform(t), employee(t, browser.Editor)
	must(t, editor.Go(at.Website+"/studio/figures"))
	listing := value(browser.Eval[string](editor.Page, `fetch("/stories").then((r) => r.text()).then((html) => html.match(/href="(\/stories\/[^"]*backhaus[^"]*)"/)[1])`))(t)
	story := at.Website + listing
	before := figures(t, editor, "backhaus-tannwald.en")

	driven := visitor(t)
	must(t, driven.Go(story))
	must(t, driven.Follow(func() error { return driven.Go(story) }))

	reader := visitor(t)
	must(t, reader.Reader())
	must(t, reader.Look(360, 800, false))
	must(t, reader.Go(story))
	value(browser.Eval[bool](reader, `(document.querySelector(".story-foot").scrollIntoView(), true)`))(t)
	must(t, reader.Until(`scrollY > 0`))
	value(browser.Eval[bool](reader, `(addEventListener("click", (e) => e.preventDefault()), document.querySelector(".cta-link").click(), document.querySelector(".cta-link").click(), true)`))(t)
	becomes(t, editor, "backhaus-tannwald.en", before.plus(1, 1, 1))
	if cookies := value(browser.Eval[string](reader, `document.cookie + localStorage.length + sessionStorage.length`))(t); cookies != "00" {
		t.Errorf("reading left %q with the reader", cookies)
	}
	for _, r := range reader.Requests() {
		if u := value(url.Parse(r.URL))(t); u.Scheme+"://"+u.Host != at.Website {
			t.Errorf("reading asked %s", r.URL)
		}
	}
}
