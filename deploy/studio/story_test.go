package studio_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"renown.example/deploy/cases"
)

const body = `Nordhafen moves goods between **eleven harbours**.

::: metric
value: "38"
unit: "%"
label: fewer late deliveries
:::

::: quote
text: We stopped apologising and started planning.
by: Jonna Fjeld
:::
`

// begun is a story that Ada has written down.
func begun(t *testing.T, in *installation) (ada *browser, at string) {
	t.Helper()
	ada = in.as(t, "ada")
	page := ada.submit(ada.get("/studio/new"), "/studio/new", "customer", "Nordhafen Logistics", "title", "Nordhafen cut late deliveries by 38 %", "story_id", "nordhafen", "locale", "en")
	page.says(http.StatusOK, "The story is begun")
	at = "/studio/stories/nordhafen/en"
	if page.base.Path != at+"/edit" {
		t.Fatalf("beginning a story led to %s", page.base)
	}
	ada.submit(page, "/edit", "body", body, "summary", "On time at last.", "industry", "Logistics, Shipping").says(http.StatusOK, "Saved", "eleven harbours", "Logistics, Shipping")
	return ada, at
}

// link is the address of the customer's page, as the editor copies it.
func link(t *testing.T, p page) string {
	t.Helper()
	box := find(p.doc, byID("signoff-link"))
	if box == nil {
		t.Fatalf("there is no link to copy: %s", p.text())
	}
	where := attr(box, "value")
	if !strings.Contains(where, "/signoff/") {
		t.Fatalf("there is no link to copy but %q", where)
	}
	return where
}

// TestWholeWay takes a story from the first word to its withdrawal, each step by the person whose step it is.
func TestWholeWay(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	edda, pavel := in.as(t, "edda"), in.as(t, "pavel")

	ada.submit(ada.get(at), "/submit").says(http.StatusOK, "Sent to review", "Somebody else has to approve it")
	pavel.get("/studio").says(http.StatusOK, "Waits for a second pair of eyes", "Read and decide")
	pavel.submit(pavel.get(at), "/changes", "comment", "Which harbours?").says(http.StatusOK, "Sent back", "Which harbours?")
	ada.get("/studio").says(http.StatusOK, "Changes were asked for: “Which harbours?”")
	ada.submit(ada.get(at+"/edit"), "/edit", "body", strings.Replace(body, "eleven", "twelve", 1)).says(http.StatusOK, "Saved", "twelve harbours")
	ada.submit(ada.get(at), "/submit")
	pavel.submit(pavel.get(at), "/approve").says(http.StatusOK, "Approved")

	edda.submit(edda.get(at), "/signoff", "valid_days", "many").says(http.StatusBadRequest, "between 1 and 180")
	page := edda.submit(edda.get(at), "/signoff", "contact_name", "Jonna Fjeld", "contact_email", "jonna@nordhafen.example", "scopes", "web")
	page.says(http.StatusOK, "The sign-off page is ready", "Send this to Jonna Fjeld")
	edda.get("/studio/outbox").says(http.StatusOK, "Jonna Fjeld", "jonna@nordhafen.example")

	customer := in.browser(t)
	customer.get(link(t, page)).says(http.StatusOK, "twelve harbours", "38")
	customerSigns(t, customer, link(t, page))

	page = edda.get(at).says(http.StatusOK, "The customer has agreed", "Holds", "Jonna Fjeld")
	edda.submit(page, "/publish").says(http.StatusOK, "Published", "Online")
	in.browser(t).get("/stories/nordhafen-cut-late-deliveries-by-38").says(http.StatusOK, "twelve harbours")

	consent := find(edda.get("/studio/consents").says(http.StatusOK, "Signed here").doc, func(n *html.Node) bool { return strings.HasSuffix(attr(n, "href"), "/revoke?story=nordhafen") })
	page = edda.get(attr(consent, "href")).says(http.StatusOK, "cannot be undone")
	edda.submit(page, "/revoke", "reason", "The customer asked").says(http.StatusOK, "The consent has ended", "Withdrawn", "Taken back")
	cases.Eventually(t, 2*time.Second, "the story is gone", func() bool {
		return in.browser(t).get("/stories/nordhafen-cut-late-deliveries-by-38").status == http.StatusGone
	})
	edda.get("/studio/audit?story=nordhafen").says(http.StatusOK, "Pavel Hradil", "Ada Lindqvist", "Edda Marquardt")
}

// customerSigns finds the form that signs and sends it.
func customerSigns(t *testing.T, customer *browser, where string) {
	t.Helper()
	page := customer.get(where)
	form := find(page.doc, func(n *html.Node) bool { return n.Data == "form" && strings.HasSuffix(attr(n, "action"), "/sign") })
	if form == nil {
		t.Fatalf("the customer cannot sign: %s", page.body)
	}
	customer.submit(page, attr(form, "action")).says(http.StatusOK)
}

func byID(id string) func(*html.Node) bool {
	return func(n *html.Node) bool { return attr(n, "id") == id }
}

// TestNothingTypedIsLost sends forms that are refused and looks whether what was typed comes back.
func TestNothingTypedIsLost(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	typed := "A text\n\n::: sonnet\nline: one\n:::\n"

	t.Run("text refused", func(t *testing.T) {
		page := ada.submit(ada.get(at+"/edit"), "/edit", "body", typed, "title", "Another headline")
		if page.status < 400 || page.status >= 500 {
			t.Fatalf("an unknown block was answered with %d", page.status)
		}
		_, values := page.fill("/edit")
		if values.Get("body") != typed || values.Get("title") != "Another headline" {
			t.Errorf("what was typed came back as %q, %q", values.Get("title"), values.Get("body"))
		}
		if !strings.Contains(page.text(), "Line 3: ") {
			t.Errorf("the line is not named as its author sees it: %s", page.text())
		}
	})
	t.Run("saved by another tab", func(t *testing.T) {
		first, second := ada.get(at+"/edit"), ada.get(at+"/edit")
		ada.submit(first, "/edit", "body", "Mine from the first tab.").says(http.StatusOK, "Saved")
		page := ada.submit(second, "/edit", "body", "Mine from the second tab.")
		page.says(http.StatusPreconditionFailed, "Two texts, both kept", "Mine from the first tab.", "Mine from the second tab.")
		ada.submit(page, "/edit").says(http.StatusOK, "Saved", "Mine from the second tab.")
		versions := ada.get(at+"/versions").says(http.StatusOK, "Version 4")
		ada.get(attr(find(versions.doc, func(n *html.Node) bool { return strings.HasSuffix(attr(n, "href"), "/versions/3") }), "href")).says(http.StatusOK, "Mine from the first tab.")
	})
	t.Run("session ended", func(t *testing.T) {
		page := ada.get(at + "/edit")
		where, values := page.fill("/edit", "body", "Typed before the session ended.")
		gone := in.browser(t)
		gone.send(where, values).says(http.StatusUnauthorized, "Your session has ended", "Send it again")
		back := gone.send(where, values)
		_, kept := back.fill("/edit")
		if kept.Get("body") != "Typed before the session ended." || kept.Get("etag") != values.Get("etag") || kept.Get("key") != values.Get("key") {
			t.Errorf("the form came back as %v", kept)
		}
		ada.send(where, kept).says(http.StatusOK, "Saved", "Typed before the session ended.")
	})
	t.Run("sent twice", func(t *testing.T) {
		where, values := ada.get(at+"/edit").fill("/edit", "body", "Sent twice.")
		ada.send(where, values).says(http.StatusOK, "Saved")
		ada.send(where, values).says(http.StatusOK, "Sent twice.")
		if strings.Contains(ada.get(at+"/versions").text(), "Version 7") {
			t.Error("sending a form twice made two versions")
		}
	})
}

// saveJSON is what the editor's module sends.
func saveJSON(b *browser, at string, fields map[string]string) page {
	raw, _ := json.Marshal(fields)
	return b.post(at+"/autosave", "application/json", bytes.NewReader(raw), "Accept", "application/json", "Sec-Fetch-Site", "same-origin")
}

func TestAutosave(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	_, values := ada.get(at + "/edit").fill("/edit")
	fields := map[string]string{}
	for name := range values {
		fields[name] = values.Get(name)
	}
	fields["body"], fields["key"] = "Saved while writing.", "first-autosave"
	var saved struct {
		Etag    string
		Version int
	}
	first := saveJSON(ada, at, fields).says(http.StatusOK)
	must(t, json.Unmarshal([]byte(first.body), &saved))
	if saved.Version != 3 || saved.Etag == "" || saved.Etag == fields["etag"] {
		t.Fatalf("saved as %+v", saved)
	}
	late := map[string]string{"title": "T", "customer": "C", "body": "Too late.", "etag": fields["etag"], "key": "second-autosave"}
	var conflict struct {
		Etag   string
		Fields map[string]string
	}
	other := saveJSON(ada, at, late)
	must(t, json.Unmarshal([]byte(other.body), &conflict))
	if other.status != http.StatusPreconditionFailed || conflict.Etag != saved.Etag || !strings.HasPrefix(conflict.Fields["body"], "Saved while writing.") {
		t.Errorf("a late save was answered with %d, %+v", other.status, conflict)
	}
	if got := saveJSON(in.browser(t), at, fields); got.status != http.StatusUnauthorized {
		t.Errorf("a stranger's save was answered with %d", got.status)
	}
	raw, _ := json.Marshal(map[string]string{"story": "nordhafen", "locale": "en", "title": "T", "body": "Fine.\n\n::: metric\nworth: 3\n:::\n"})
	preview := ada.post("/studio/preview", "application/json", bytes.NewReader(raw), "Accept", "application/json", "Sec-Fetch-Site", "same-origin")
	if preview.status != http.StatusOK || !strings.Contains(preview.body, `"line":4`) {
		t.Errorf("the preview answers %d: %s", preview.status, preview.body)
	}
}

// multi builds a form with files.
func multi(t *testing.T, values url.Values, files map[string][]byte, field string) (string, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for name, list := range values {
		for _, value := range list {
			must(t, w.WriteField(name, value))
		}
	}
	for name, raw := range files {
		part, err := w.CreateFormFile(field, name)
		must(t, err)
		_, err = part.Write(raw)
		must(t, err)
	}
	must(t, w.Close())
	return w.FormDataContentType(), &out
}

func dot(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 4, 3))
	img.Set(1, 1, color.RGBA{R: 200, A: 255})
	var out bytes.Buffer
	must(t, png.Encode(&out, img))
	return out.Bytes()
}

func TestPicturesNeedWords(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	send := func(answers ...string) page {
		where, values := ada.get(at+"/edit").fill("/edit", append([]string{"do", "picture"}, answers...)...)
		kind, raw := multi(t, values, map[string][]byte{"harbour.png": dot(t)}, "picture")
		return ada.post(where, kind, raw, "Sec-Fetch-Site", "same-origin")
	}
	send().says(http.StatusBadRequest, "Say what the picture shows")
	page := send("alt", `Cranes "at" dawn: all of them`).says(http.StatusOK)
	_, values := page.fill("/edit")
	if !strings.Contains(values.Get("body"), `alt: "Cranes \"at\" dawn: all of them"`) || !strings.Contains(values.Get("body"), "eleven harbours") {
		t.Fatalf("the text is now %q", values.Get("body"))
	}
	saved := ada.submit(page, "/edit").says(http.StatusOK, "Saved")
	shown := find(saved.doc, func(n *html.Node) bool { return n.Data == "img" })
	if shown == nil || attr(shown, "alt") != `Cranes "at" dawn: all of them` {
		t.Fatal("the picture is not shown")
	}
	if got := ada.get(attr(shown, "src")); got.status != http.StatusOK || got.header.Get("Content-Type") != "image/png" {
		t.Errorf("the picture answers %d, %s", got.status, got.header.Get("Content-Type"))
	}
	in.browser(t).get(attr(shown, "src")).says(http.StatusOK, "Sign in")
}

// The point of a picture that stays in sight is set with the picture, changed in the text's list of pictures, and shown where versions are compared, as is the flag that
// the picture shows a logo.
func TestFocusOfAPicture(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	send := func(answers ...string) page {
		where, values := ada.get(at+"/edit").fill("/edit", append([]string{"do", "picture", "alt", "Cranes"}, answers...)...)
		kind, raw := multi(t, values, map[string][]byte{"harbour.png": dot(t)}, "picture")
		return ada.post(where, kind, raw, "Sec-Fetch-Site", "same-origin")
	}
	send("focus_x", "30").says(http.StatusBadRequest, "whole numbers from 0 to 100")
	page := send("focus_x", "30", "focus_y", "80").says(http.StatusOK, "What stays in sight of the pictures")
	ada.submit(page, "/edit").says(http.StatusOK, "Saved")

	page = ada.get(at + "/edit")
	x := find(page.doc, func(n *html.Node) bool { return strings.HasPrefix(attr(n, "name"), "focus-x-") })
	if x == nil || attr(x, "value") != "30" {
		t.Fatalf("the list of pictures does not show the point: %s", page.text())
	}
	asset := strings.TrimPrefix(attr(x, "name"), "focus-x-")
	ada.submit(page, "/edit", "do", "save", "focus-y-"+asset, "200").says(http.StatusBadRequest, "whole numbers from 0 to 100")
	shown := ada.submit(page, "/edit", "do", "focus", "focus-y-"+asset, "15").says(http.StatusOK)
	if _, values := shown.fill("/edit"); !strings.Contains(values.Get("body"), "focus: 30 15\n") {
		t.Fatalf("the text is now %q", values.Get("body"))
	}
	// Whoever presses Enter in a field saves: the point is taken as well.
	ada.submit(page, "/edit", "do", "save", "focus-y-"+asset, "15").says(http.StatusOK, "Saved")
	_, values := ada.get(at + "/edit").fill("/edit")
	ada.submit(ada.get(at+"/edit"), "/edit", "do", "save", "body", strings.Replace(values.Get("body"), "alt: Cranes\n", "alt: Cranes\nlogo: true\n", 1)).says(http.StatusOK, "Saved")

	changed := func(from, to string) string {
		diff := ada.get(at+"/diff?from="+from+"&to="+to).says(http.StatusOK, "Changed")
		block := find(diff.doc, func(n *html.Node) bool { return attr(n, "class") == "diff-changed" })
		return space.ReplaceAllString(content(block), " ")
	}
	if got := changed("3", "4"); !strings.Contains(got, "Stays in sight: the point 30 % from the left and 80 % from the top the point 30 % from the left and 15 % from the top") {
		t.Errorf("the comparison says %s", got)
	}
	if got := changed("4", "5"); !strings.Contains(got, "Shows the customer’s logo or name: yes") || !strings.Contains(got, "Picture: CranesShows") {
		t.Errorf("the comparison says %s", got)
	}
}

// What the card of a shared link cannot write is said where the text's editors look.
func TestACardThatLeavesSomethingOut(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	edda, pavel := in.as(t, "edda"), in.as(t, "pavel")
	ada.submit(ada.get(at+"/edit"), "/edit", "title", "Nordhafen says 港")
	ada.submit(ada.get(at), "/submit")
	if words := pavel.submit(pavel.get(at), "/approve").text(); strings.Contains(words, "What is shared") {
		t.Errorf("before there is a card, the page says %s", words)
	}
	asked := edda.submit(edda.get(at), "/signoff", "contact_name", "Jonna Fjeld", "contact_email", "jonna@nordhafen.example", "scopes", "web")
	customerSigns(t, in.browser(t), link(t, asked))
	edda.submit(edda.get(at), "/publish").says(http.StatusOK, "Published", "What is shared looks less than it could", "港 (U+6E2F)", "--fonts")
}

func TestImportAndConfirm(t *testing.T) {
	in := install(t)
	edda, pavel := in.as(t, "edda"), in.as(t, "pavel")
	files := map[string][]byte{
		"tessel.en.md": []byte("---\ntitle: Half the paper\nsummary: Twice the speed.\ncustomer: Tessel Bank\nconsent:\n  scope: [web]\n  given_by: Piet Tessel, CEO\n  given_on: 2026-03-02\n  ends: 2031-03-01\n  evidence: Letter of 2 March 2026\n---\n\nPaper is gone.\n"),
		"broken.en.md": []byte("---\ntitle: Broken\n---\n\n::: sonnet\n:::\n"),
	}
	send := func(do string) page {
		where, values := edda.get("/studio/import").fill("/studio/import", "do", do)
		kind, raw := multi(t, values, files, "files")
		return edda.post(where, kind, raw, "Sec-Fetch-Site", "same-origin")
	}
	send("try").says(http.StatusOK, "What would happen", "1 refused", "Line 5")
	edda.get("/studio/stories").says(http.StatusOK, "No story yet")
	send("import").says(http.StatusOK, "What happened", "1 new", "1 refused", "tessel.en.md")
	send("import").says(http.StatusOK, "1 there already")
	edda.send("/studio/import", url.Values{}).says(http.StatusBadRequest, "Choose a zip file, a folder")

	page := edda.get("/studio/consents?open").says(http.StatusOK, "Piet Tessel", "Letter of 2 March 2026", "You recorded it")
	if find(page.doc, func(n *html.Node) bool { return attr(n, "name") == "consent" }) != nil {
		t.Error("a recorder may tick their own record")
	}
	page = pavel.get("/studio/consents?open")
	box := find(page.doc, func(n *html.Node) bool { return attr(n, "name") == "consent" })
	if box == nil {
		t.Fatalf("there is nothing to tick: %s", page.text())
	}
	pavel.submit(page, "/confirm").says(http.StatusBadRequest, "Nothing was chosen")
	pavel.submit(page, "/confirm", "consent", attr(box, "value")).says(http.StatusOK, "Confirmed", "Holds")
	export := edda.get("/studio/export")
	if export.status != http.StatusOK || export.header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(export.body, "PK") {
		t.Errorf("the export answers %d, %s", export.status, export.header.Get("Content-Type"))
	}
}

func TestVersionsAndComparison(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	for _, words := range []string{"Third words stand here.", "Fourth words stand there."} {
		ada.submit(ada.get(at+"/edit"), "/edit", "body", words).says(http.StatusOK, "Saved")
	}
	ada.get(at+"/diff?from=3&to=4").says(http.StatusOK, "Changed", "Third", "Fourth")
	ada.get(at+"/diff?from=4&to=4").says(http.StatusOK, "The two say the same")
	ada.get(at + "/diff?from=4&to=x").says(http.StatusNotFound)
	ada.submit(ada.get(at+"/versions/2"), "/restore").says(http.StatusOK, "Restored as a new version", "eleven harbours")
	ada.get(at+"/versions").says(http.StatusOK, "Version 5", "Restored from version 2")
}

func TestAdministration(t *testing.T) {
	in := install(t)
	ada, agnes := in.as(t, "ada"), in.as(t, "agnes")
	for _, path := range []string{"/studio/people", "/studio/apps", "/studio/import", "/studio/outbox"} {
		ada.get(path).says(http.StatusForbidden, "not yours to do")
	}
	page := agnes.get("/studio/people").says(http.StatusOK, "Ada Lindqvist", "Agnes Obi-Farkas (you)")
	form := find(page.doc, func(n *html.Node) bool {
		return n.Data == "li" && strings.Contains(content(n), "ada@northwind.example")
	})
	action := attr(find(form, func(n *html.Node) bool { return n.Data == "form" }), "action")
	agnes.submit(page, action, "roles", "editor", "do", "save").says(http.StatusOK, "Changed", "author, editor")
	cases.Eventually(t, 3*time.Second, "an editor may import", func() bool { return ada.get("/studio/import").status == http.StatusOK })

	page = agnes.submit(agnes.get("/studio/apps"), "/studio/apps", "display_name", "Company website", "app_id", "site")
	page.says(http.StatusOK, "The app is registered", "Company website")
	page = agnes.submit(page, "/keys", "display_name", "Nightly", "scopes", "stories.read").says(http.StatusOK, "shown this once")
	secret := attr(find(page.doc, byID("secret")), "value")
	call := func() int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, in.gateway.URL+"/v1/workspace/texts", nil)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+secret)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		res.Body.Close()
		return res.StatusCode
	}
	if got := call(); got != http.StatusOK {
		t.Errorf("the key that was shown is answered with %d", got)
	}
	page = agnes.get("/studio/apps/site").says(http.StatusOK, "Nightly")
	if strings.Contains(page.body, secret) {
		t.Error("the secret is shown twice")
	}
	agnes.submit(page, "/revoke").says(http.StatusOK, "The key has ended", "Ended by hand")
	cases.Eventually(t, 3*time.Second, "the key is refused", func() bool { return call() == http.StatusUnauthorized })
}
