// Package e2e_test tells what people do with Renown, in a real browser, on the whole platform with its demo company as `go run ./deploy/local` starts it. All
// tests share one platform, and each brings the stories that it changes.
//
// The default run looks at every page at 360 px in dark and at 1280 px in light, and holds it against the rules of accessibility in one of the two;
// RENOWN_TEST_FULL=1 does everything in all four combinations.
package e2e_test

import (
	"errors"

	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"renown.example/deploy/browser"
)

// Both start when the first test asks for them, so that a test that is skipped costs nothing.
var (
	startPlatform = sync.OnceValues(browser.Start)
	startChromium = sync.OnceValues(browser.Launch)
	running       []func()
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, stop := range slices.Backward(running) {
		stop()
	}
	os.Exit(code)
}

var starting sync.Mutex

// start starts something once for all tests. What must be installed for it and is not, skips the test, or fails it where everything has to be there.
func start[T any](t *testing.T, what string, begin func() (T, error), stop func(T)) T {
	t.Helper()
	starting.Lock()
	defer starting.Unlock()
	got, err := begin()
	if errors.Is(err, browser.ErrNoChromium) && os.Getenv("CI") != "true" {
		t.Skipf("%s was not run: %v", t.Name(), err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !begun[what] {
		begun[what] = true
		running = append(running, func() { stop(got) })
	}
	return got
}

var begun = map[string]bool{}

func platform(t *testing.T) *browser.Platform {
	t.Helper()
	return start(t, "platform", startPlatform, (*browser.Platform).Stop)
}

func chromium(t *testing.T) *browser.Chromium {
	t.Helper()
	return start(t, "chromium", startChromium, (*browser.Chromium).Close)
}

// visitor is somebody who comes for the first time.
func visitor(t *testing.T) *browser.Page {
	t.Helper()
	p := value(chromium(t).Visitor())(t)
	t.Cleanup(func() { p.Close() })
	return p
}

// employee is a new tab of one of the demo's people. Each has one browser for all tests, in which they have signed in once.
func employee(t *testing.T, username string) *browser.Employee {
	t.Helper()
	c, at := chromium(t), platform(t)
	signedIn := start(t, username, func() (*browser.Employee, error) {
		if e := people[username]; e != nil {
			return e, nil
		}
		return c.Employee(at, username)
	}, func(e *browser.Employee) { e.Close() })
	people[username] = signedIn
	e := value(signedIn.Tab())(t)
	t.Cleanup(func() { e.Close() })
	return e
}

var people = map[string]*browser.Employee{}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// value fails the test unless there is one: value(f())(t).
func value[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// says fails the test unless what the selector finds shows the words.
func says(t *testing.T, p *browser.Page, selector, words string) {
	t.Helper()
	if got := value(p.Text(selector))(t); !strings.Contains(got, words) {
		t.Errorf("%s of %s says %q, which lacks %q", selector, p.Address(), got, words)
	}
}

// clean fails the test if the page did anything that its reader does not see.
func clean(t *testing.T, p *browser.Page, at *browser.Platform) {
	t.Helper()
	for _, problem := range p.Problems(at.Website) {
		t.Errorf("%s: %s", p.Address(), problem)
	}
}

// answer is what a program gets that speaks no more than HTTP. Redirects are not followed.
type answer struct {
	status int
	header http.Header
	body   string
}

var plain = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// fetch asks for an address; headers alternate names and values.
func fetch(t testing.TB, method, address, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	must(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := plain.Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	return answer{res.StatusCode, res.Header, string(raw)}
}

// manuscript writes a story of the test's own.
func manuscript(t *testing.T, id, title string) *browser.Manuscript {
	t.Helper()
	return value(browser.Write(t.TempDir(), id, title))(t)
}

// signedOff takes a story of the test's own to the sign-off page and returns the address of its text and the customer's link.
func signedOff(t *testing.T, editor *browser.Employee, id, title string) (text, link string) {
	t.Helper()
	text = value(editor.Import(manuscript(t, id, title).Files...))(t)
	must(t, editor.Submit(text))
	must(t, employee(t, browser.Approver).Approve(text))
	return text, value(editor.AskCustomer(text, "Una Strandby"))(t)
}
