package studio_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience bounds what a test waits for in Chromium; the machine may be busy.
const patience = time.Minute

// chromium starts a browser for the test, or skips it on a machine without one; where CI is set, a missing browser is an error.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("Chromium is not installed")
		}
		t.Skip("Chromium is not installed")
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.IgnoreCertErrors)...)
	t.Cleanup(cancel)
	return ctx
}

// tab is a page in Chromium. What its console complains about fails the test.
type tab struct {
	t   *testing.T
	in  *installation
	ctx context.Context

	mu       sync.Mutex
	expected []string
}

// open opens a tab: beside the given one in the same browser, or in a browser of its own.
func open(t *testing.T, in *installation, parent context.Context) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent)
	t.Cleanup(cancel)
	b := &tab{t: t, in: in, ctx: ctx}
	must(t, chromedp.Listen(ctx, func(ev any) {
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			b.complain("exception: " + e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError || strings.Contains(e.Entry.Text, "Content Security Policy") {
				b.complain(fmt.Sprintf("%s (%s)", e.Entry.Text, e.Entry.URL))
			}
		}
	}))
	_, err := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	must(t, err)
	return b
}

func (b *tab) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.expected {
		if strings.Contains(text, e) {
			return
		}
	}
	b.t.Errorf("the console says: %s", text)
}

// expect lets complaints of the browser pass that belong to the test, such as refused requests.
func (b *tab) expect(words ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, words...)
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v on: %.600s", err, b.words())
	}
}

// words is what the page says.
func (b *tab) words() string {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + ": " + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// until waits until the expression holds on the page.
func (b *tab) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(patience))); err != nil {
		b.t.Fatalf("never so: %s: %v on: %.600s", expression, err, b.words())
	}
}

func (b *tab) visit(path string) { b.t.Helper(); b.do(chromedp.Navigate(b.in.url + path)) }

// signIn goes through the provider's page by a click on a name.
func (b *tab) signIn(username string) {
	b.t.Helper()
	b.visit("/signin/start")
	b.do(chromedp.Click(chromedp.CSS(`button[value="`+username+`"]`)), chromedp.WaitVisible(chromedp.CSS(".app-user")))
}

// says waits until the state of saving begins so.
func (b *tab) says(words string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector("[data-state]").textContent.includes(%q)`, words))
}

// write puts the cursor at the end of the text and types.
func (b *tab) write(words string) {
	b.t.Helper()
	b.do(chromedp.Focus(chromedp.ID("body")), chromedp.Evaluate[chromedp.Void](`(() => { const a = document.getElementById("body"); a.setSelectionRange(a.value.length, a.value.length); })()`),
		chromedp.KeyEvent(words))
}

func TestEditorInChromium(t *testing.T) {
	in := install(t)
	_, at := begun(t, in)
	first := open(t, in, chromium(t))
	first.signIn("ada")
	first.visit(at + "/edit")

	t.Run("saves and previews by itself", func(t *testing.T) {
		first.write("\n\nTyped in a browser.")
		first.says("Saved at")
		first.until(`document.querySelector("[data-preview]").innerText.includes("Typed in a browser.")`)
		first.write("\n\n::: sonnet\n:::\n")
		first.expect("400", "422")
		first.until(`document.querySelector("[data-problems]").innerText.includes("sonnet")`)
		first.says("Your text is kept in this browser")
		first.do(chromedp.Evaluate[chromedp.Void](`(() => { const a = document.getElementById("body"); a.value = a.value.replace("\n\n::: sonnet\n:::\n", ""); a.dispatchEvent(new Event("input", { bubbles: true })); })()`))
		first.says("Saved at")
	})
	t.Run("blocks are inserted", func(t *testing.T) {
		first.do(chromedp.Click(chromedp.CSS(`[popovertarget="insert"]`)), chromedp.Click(chromedp.CSS(`[data-insert^="::: before-after"]`)), chromedp.KeyEvent("Telephone"))
		first.until(`document.getElementById("body").value.includes("before: Telephone")`)
		first.do(chromedp.Evaluate[chromedp.Void](`(() => { const a = document.getElementById("body"); a.value = a.value.replace("after: \n", "after: Plans\n"); a.dispatchEvent(new Event("input", { bubbles: true })); })()`))
		first.says("Saved at")
	})
	t.Run("two tabs keep both texts", func(t *testing.T) { twoTabs(t, first, at) })
	t.Run("no connection", func(t *testing.T) { offline(t, first, at) })
	t.Run("pictures need words", func(t *testing.T) { pictures(t, first) })
}

func twoTabs(t *testing.T, first *tab, at string) {
	second := open(t, first.in, first.ctx)
	second.visit(at + "/edit")
	first.visit(at + "/edit")
	first.write("\n\nFrom the first tab.")
	first.says("Saved at")
	second.expect("412")
	second.write("\n\nFrom the second tab.")
	second.says("Both are kept")
	second.until(`!document.querySelector("[data-conflict]").hidden && document.querySelector("[data-theirs]").value.includes("From the first tab.") && document.getElementById("body").value.includes("From the second tab.")`)
	second.do(chromedp.Click(chromedp.CSS(`[data-keep="theirs"]`)))
	second.until(`document.querySelector("[data-conflict]").hidden && document.getElementById("body").value.includes("From the first tab.") && !document.getElementById("body").value.includes("From the second tab.")`)
	second.says("Saved at")
	// The text that was given up is a version all the same.
	ada := first.in.as(t, "ada")
	found := false
	for n := 2; !found; n++ {
		p := ada.get(fmt.Sprintf("%s/versions/%d", at, n))
		if p.status == 404 {
			t.Fatal("the text of the second tab is in no version")
		}
		found = strings.Contains(p.text(), "From the second tab.")
	}
}

func offline(t *testing.T, b *tab, at string) {
	b.visit(at + "/edit")
	b.expect("ERR_INTERNET_DISCONNECTED")
	connected := func(yes bool) {
		_, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{{Offline: !yes, DownloadThroughput: -1, UploadThroughput: -1}}})
		must(t, err)
	}
	connected(false)
	b.write("\n\nWritten in a tunnel.")
	b.says("there is no connection")
	b.until(`Object.keys(localStorage).some((key) => localStorage.getItem(key).includes("Written in a tunnel."))`)
	connected(true)
	b.says("Saved at")
	b.until(`!Object.keys(localStorage).some((key) => key.startsWith("renown-draft:"))`)
}

func pictures(t *testing.T, b *tab) {
	file := filepath.Join(t.TempDir(), "harbour.png")
	must(t, os.WriteFile(file, dot(t), 0o600))
	b.do(chromedp.Click(chromedp.CSS("[data-picture-open]")), chromedp.SetUploadFiles(chromedp.ID("dialog-file"), []string{file}), chromedp.Click(chromedp.CSS("[data-picture-send]")))
	b.until(`document.querySelector("[data-picture-error]").innerText.includes("Say what the picture shows")`)
	b.do(chromedp.Click(chromedp.CSS("[data-picture-thumb]")))
	b.until(`document.getElementById("dialog-focus-x").value !== "" && !document.querySelector("[data-picture-frame] .focus-mark").hidden`)
	b.do(chromedp.Evaluate[chromedp.Void](`(() => { document.getElementById("dialog-focus-x").value = 20; document.getElementById("dialog-focus-y").value = 70; })()`), chromedp.SendKeys(chromedp.ID("dialog-alt"), "Cranes at dawn"), chromedp.Click(chromedp.CSS("[data-picture-send]")))
	b.until(`!document.querySelector("dialog").open && document.getElementById("body").value.includes('alt: "Cranes at dawn"')`)
	b.until(`document.querySelector('[data-preview] img[alt="Cranes at dawn"]')?.naturalWidth === 4`)
	b.until(`document.getElementById("body").value.includes("focus: 20 70\n:::")`)
	b.says("Saved at")
	// The list of pictures is as the text is, whichever of the two is changed.
	b.do(chromedp.Click(chromedp.CSS("[data-focus] > summary")))
	b.until(`document.querySelector("[data-focus-list] input[name^=focus-x-]").value === "20" && document.querySelector("[data-focus-list] legend").innerText === "Cranes at dawn"`)
	b.do(chromedp.Click(chromedp.CSS("[data-focus-list] img")))
	b.until(`/focus: (?!20 70)\d+ \d+\n:::/.test(document.getElementById("body").value)`)
	b.do(chromedp.Focus(chromedp.CSS("[data-focus-list] input[name^=focus-y-]")), chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`), chromedp.KeyEvent("9\t"))
	b.until(`/focus: \d+ 9\n:::/.test(document.getElementById("body").value)`)
	b.do(chromedp.Evaluate[chromedp.Void](`(() => { const a = document.getElementById("body"); a.value = a.value.replace(/^focus:.*\n/m, ""); a.dispatchEvent(new Event("input", { bubbles: true })); })()`))
	b.until(`document.querySelector("[data-focus-list] input[name^=focus-x-]").value === "" && document.querySelector("[data-focus-list] .focus-mark").hidden`)
	b.says("Saved at")
}

// TestTextSurvivesACrash closes a tab whose text could not be sent, and opens the editor again.
func TestTextSurvivesACrash(t *testing.T) {
	in := install(t)
	_, at := begun(t, in)
	keeper := open(t, in, chromium(t))
	keeper.signIn("ada")
	b := open(t, in, keeper.ctx)
	b.visit(at + "/edit")
	b.do(chromedp.Evaluate[chromedp.Void](`(() => { window.fetch = () => Promise.reject(new TypeError("gone")); })()`))
	b.write("\n\nNever sent.")
	b.says("there is no connection")
	again := open(t, in, keeper.ctx)
	must(t, chromedp.Cancel(b.ctx))
	again.visit(at + "/edit")
	again.do(chromedp.WaitVisible(chromedp.CSS("[data-draft]")), chromedp.Click(chromedp.CSS("[data-draft-use]")))
	again.until(`document.getElementById("body").value.includes("Never sent.")`)
	again.says("Saved at")
}
