package browser_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"renown.example/deploy/browser"
)

const faulty = `<!doctype html><html lang="en"><title>Faulty</title><main><h1>Faulty</h1>
<p id="colour">ink</p><p style="color: #ccc">hardly to be read</p><a href="#first" id="first">first</a> <button id="second">second</button> <input id="third"><input id="file" type="file" multiple>
<img src="%s/elsewhere.png"><script>document.title = "inline ran"</script><script src="/own.js"></script></main></html>`

const own = `console.error("what the reader does not see", 7);
document.querySelector("#colour").textContent = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.querySelector("#third").addEventListener("keydown", (e) => { if (e.key === "Enter") document.querySelector("h1").textContent = e.target.value; });
setTimeout(() => { throw new Error("late"); }, 0);`

// site serves a page with everything wrong that the record is for.
func site(t *testing.T) string {
	t.Helper()
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /own.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, own)
	})
	mux.HandleFunc("GET /gone", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusGone)
		fmt.Fprint(w, "<!doctype html><title>Gone</title>")
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "script-src 'self'; require-trusted-types-for 'script'")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, faulty, elsewhere.URL)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func visitor(t *testing.T) *browser.Page {
	t.Helper()
	c, err := browser.Launch()
	if errors.Is(err, browser.ErrNoChromium) && os.Getenv("CI") != "true" {
		t.Skip("not run, it drives a browser: ", err)
	}
	must(t, err)
	t.Cleanup(c.Close)
	p, err := c.Visitor()
	must(t, err)
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRecord(t *testing.T) {
	at, p := site(t), visitor(t)
	must(t, p.Go(at+"/"))
	must(t, p.Until("document.querySelector('#colour').textContent === 'light'"))
	said := fmt.Sprint(p.Problems(at, "http://favicon.example"))
	for _, want := range []string{"console: what the reader does not see 7", "exception: Error: late", "policy: violates script-src", "origin: asked another origin"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in %s", want, said)
		}
	}
	if first := p.Requests()[0]; first.URL != at+"/" || first.Kind != "Document" || first.Status != http.StatusOK || first.Bytes < 200 || first.Header["content-type"] != "text/html" {
		t.Errorf("the document was recorded as %+v", first)
	}
	p.Forget()
	must(t, p.Go(at+"/gone"))
	// What the page before asked for late, such as its icon, may come first.
	asked := p.Requests()
	i := slices.IndexFunc(asked, func(q browser.Request) bool { return q.URL == at+"/gone" })
	if i < 0 || asked[i].Status != http.StatusGone {
		t.Errorf("the record is %+v", asked)
	}
	if found := p.Problems(at); len(found) > 1 || len(found) == 1 && !strings.Contains(found[0].URL, "favicon") {
		t.Errorf("a page of a problem is no problem: %v", found)
	}
}

func TestLookAndHands(t *testing.T) {
	at, p := site(t), visitor(t)
	must(t, p.Look(360, 640, true))
	must(t, p.Go(at+"/"))
	must(t, p.Until("document.querySelector('#colour').textContent === 'dark' && innerWidth === 360"))
	must(t, p.TabTo("#third"))
	must(t, p.Type("written without a mouse"))
	must(t, p.Press(browser.Enter))
	if got, err := p.Text("h1"); err != nil || got != "written without a mouse" {
		t.Errorf("heading %q, %v", got, err)
	}
	if err := p.TabTo("#colour"); err == nil || !strings.Contains(err.Error(), "BUTTON second") {
		t.Errorf("Tab to what takes no focus: %v", err)
	}
	must(t, p.Fill("#third", "anew"))
	if got, err := p.Property("#third", "value"); err != nil || got != "anew" {
		t.Errorf("field %q, %v", got, err)
	}
	must(t, p.Upload("#file", "page.go", "axe.go"))
	must(t, p.Until("document.querySelector('#file').files.length === 2"))
	if raw, err := p.Picture(browser.Whole); err != nil || !strings.HasPrefix(string(raw), "\x89PNG") {
		t.Errorf("picture of %d bytes, %v", len(raw), err)
	}
	must(t, p.Scripts(false))
	must(t, p.Go(at+"/"))
	if got, err := p.Text("#colour"); err != nil || got != "ink" {
		t.Errorf("without scripts the page says %q, %v", got, err)
	}
}

func TestViolations(t *testing.T) {
	at, p := site(t), visitor(t)
	if err := browser.HasAxe(); errors.Is(err, browser.ErrNoAxe) && os.Getenv("CI") != "true" {
		t.Skip("not run, it holds a page against rules: ", err)
	}
	must(t, p.Go(at+"/"))
	found, err := p.Violations()
	must(t, err)
	if said := fmt.Sprint(found); !strings.Contains(said, "image-alt") || !strings.Contains(said, "label (") || !strings.Contains(said, "color-contrast") {
		t.Errorf("found %s", said)
	}
}
