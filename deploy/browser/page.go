package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// How long a page may take for one thing on a machine that is busy, and how often it is looked whether something is so.
const (
	patience = time.Minute
	glance   = 15 * time.Millisecond
)

// Page is one tab. It is used by one goroutine at a time.
type Page struct {
	// Close closes the tab, and with it what was stored for its visitor. It may be called more than once.
	Close context.CancelFunc

	ctx    context.Context
	record *record
}

// do runs steps within patience.
func (p *Page) do(what string, steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		return fault.Unavailable.New("%s failed", what).Wrap(err)
	}
	return nil
}

// command is a step that is one command of the protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// Look sets width and height of the viewport in CSS pixels and the colours that the reader prefers.
func (p *Page) Look(width, height int, dark bool) error {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	return p.do("setting the viewport",
		command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(width), Height: int64(height), DeviceScaleFactor: 1}),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}))
}

// Paper shows the page as it is printed, width CSS pixels wide.
func (p *Page) Paper(width, height int) error {
	return p.do("turning to paper",
		command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(width), Height: int64(height), DeviceScaleFactor: 1}),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}))
}

// Scripts allows scripts or not, from the next document on.
func (p *Page) Scripts(allowed bool) error {
	return p.do("switching scripts", command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !allowed}))
}

// Reader makes the browser say that somebody reads with it: as it is driven here, it names itself a program.
func (p *Page) Reader() error {
	const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	return p.do("becoming a reader", command(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent}),
		command(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `Object.defineProperty(navigator, "webdriver", { get: () => false })`}))
}

// Fresh makes every request go to the server, whatever the browser has kept.
func (p *Page) Fresh() error {
	return p.do("switching the browser's cache off", command(network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}))
}

// Go opens an address and returns when it has loaded, whatever its status.
func (p *Page) Go(address string) error {
	return p.Follow(func() error {
		return p.do("opening "+address, command(page.Navigate, page.NavigateParams{URL: address}))
	})
}

// Follow does something that leads to another document and returns when that one has loaded.
func (p *Page) Follow(act func() error) error {
	before := p.loads()
	if err := act(); err != nil {
		return err
	}
	return p.until("another page to load", func() (bool, error) { return p.loads() > before, nil })
}

func (p *Page) loads() int {
	p.record.mu.Lock()
	defer p.record.mu.Unlock()
	return p.record.loads
}

// Until waits until a JavaScript expression is truthy.
func (p *Page) Until(expression string) error {
	return p.until(expression, func() (bool, error) { return Eval[bool](p, "Boolean("+expression+")") })
}

// until looks again and again until a condition holds. Errors count as "not yet": while a document is replaced by the next, there is none to ask.
func (p *Page) until(what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for {
		ok, err := holds()
		if ok && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fault.DeadlineExceeded.New("waited %s in vain for: %s, at %s, which says: %s", patience, what, p.Address(), p.brief()).Wrap(err)
		case <-clock.System().After(glance):
		}
	}
}

// Eval returns the value of a JavaScript expression; a promise is waited for. It runs outside of the page's content security policy and where the page's own
// scripts are switched off.
func Eval[T any](p *Page, expression string) (T, error) {
	var out T
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	yes := true
	err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		got, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: expression, ReturnByValue: &yes, AwaitPromise: &yes, UserGesture: &yes})
		if err != nil {
			return err
		}
		if got.ExceptionDetails != nil {
			return fmt.Errorf("%s", exception(got.ExceptionDetails))
		}
		if len(got.Result.Value) == 0 {
			return nil
		}
		return json.Unmarshal(got.Result.Value, &out)
	}))
	if err != nil {
		return out, fault.Unavailable.New("the page could not be asked for %.120s", expression).Wrap(err)
	}
	return out, nil
}

// quoted is a Go string as JavaScript writes it.
func quoted(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings can always be written
	}
	return string(raw)
}

// Address is where the page is, or "" if it does not answer.
func (p *Page) Address() string {
	at, _ := Eval[string](p, "location.href")
	return at
}

// Text is what the first element that matches the selector shows, with spaces run together; the error says that there is none.
func (p *Page) Text(selector string) (string, error) {
	got, err := Eval[*string](p, "document.querySelector("+quoted(selector)+")?.innerText ?? null")
	if err == nil && got == nil {
		return "", fault.NotFound.New("%s has no %s; it says: %s", p.Address(), selector, p.brief())
	}
	if err != nil {
		return "", err
	}
	return strings.Join(strings.Fields(*got), " "), nil
}

// Property is a property of the first element that matches, as "value" or "href".
func (p *Page) Property(selector, name string) (string, error) {
	got, err := Eval[*string](p, "(e => e && String(e["+quoted(name)+"]))(document.querySelector("+quoted(selector)+"))")
	if err == nil && got == nil {
		return "", fault.NotFound.New("%s has no %s; it says: %s", p.Address(), selector, p.brief())
	}
	if err != nil {
		return "", err
	}
	return *got, nil
}

// brief is the beginning of what the page shows, for messages.
func (p *Page) brief() string {
	ctx, cancel := context.WithTimeout(p.ctx, time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body?.innerText ?? ''"))
	if err != nil {
		return "(nothing)"
	}
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 500 {
		text = string(r[:500]) + "…"
	}
	return text
}

// Upload puts files into a file input.
func (p *Page) Upload(selector string, files ...string) error {
	var paths []string
	for _, file := range files {
		// Chromium ends a page's process over a path that is not absolute.
		path, err := filepath.Abs(file)
		if err != nil {
			return fault.NotFound.New("there is no file %s", file).Wrap(err)
		}
		paths = append(paths, path)
	}
	return p.do("choosing files for "+selector, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		root, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.querySelector(" + quoted(selector) + ")"})
		if err != nil {
			return err
		}
		if root.Result == nil || root.Result.ObjectID == "" {
			return fmt.Errorf("there is no %s", selector)
		}
		_, err = cdp.Call(ctx, t, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: paths, ObjectID: root.Result.ObjectID})
		return err
	}))
}

// Forms of a picture.
const (
	// Whole is the page from top to end.
	Whole = true
	// Visible is what fits into the viewport.
	Visible = false
)

// Picture is the page as PNG, once its fonts and pictures are there.
func (p *Page) Picture(whole bool) ([]byte, error) {
	// Pictures below the fold load when they come into view; for a picture of the whole, all have to.
	_, err := Eval[bool](p, `(async () => {
		for (const image of document.images) image.loading = "eager";
		await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
		await document.fonts.ready;
		return true;
	})()`)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	raw, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		params := page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng}
		if whole {
			yes := true
			size, err := cdp.Call(ctx, t, page.GetLayoutMetrics, cdp.Empty{})
			if err != nil {
				return nil, err
			}
			params.CaptureBeyondViewport = &yes
			params.Clip = &page.Viewport{Width: size.CSSContentSize.Width, Height: size.CSSContentSize.Height, Scale: 1}
		}
		got, err := cdp.Call(ctx, t, page.CaptureScreenshot, params)
		return got.Data, err
	})
	if err != nil {
		return nil, fault.Unavailable.New("there is no picture of %s", p.Address()).Wrap(err)
	}
	return raw, nil
}

// Print is the page as it comes out of a printer, as PDF: A4, by the page's own style for print.
func (p *Page) Print() ([]byte, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	raw, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		yes := true
		got, err := cdp.Call(ctx, t, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: 8.27, PaperHeight: 11.69, PreferCSSPageSize: &yes})
		return got.Data, err
	})
	if err != nil {
		return nil, fault.Unavailable.New("%s cannot be printed", p.Address()).Wrap(err)
	}
	return raw, nil
}
