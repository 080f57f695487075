package browser

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"renown.example/kit/fault"
)

// ErrNoChromium says that there is no Chromium on this machine; a test that needs one says so when it skips.
var ErrNoChromium = errors.New("no Chromium was found on this machine: install the package chromium, or put its path into RENOWN_TEST_CHROMIUM")

// Chromium is one running browser without a window. It is safe for use by several goroutines; a Page is not.
type Chromium struct {
	ctx   context.Context
	close func()
}

// names under which Chromium is installed, the ones that are nothing but Chromium first.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless-shell"}

func find() (string, error) {
	if path := os.Getenv("RENOWN_TEST_CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoChromium
}

// unused are parts of Chromium that no test looks at: pages kept for going back, and renderers and services that wait for what never comes. They take a sixth of the
// processor time of opening a page.
const unused = "BackForwardCache,SpareRendererForSitePerProcess,Translate,MediaRouter,OptimizationHints"

// Launch starts a Chromium with an empty profile, which Close removes. The error is ErrNoChromium when there is none to start.
func Launch() (*Chromium, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "renown-chromium-")
	if err != nil {
		return nil, fault.Internal.New("there is no room for a browser's profile").Wrap(err)
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-extensions", true), chromedp.Flag("disable-features", unused), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-background-timer-throttling", true), chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true), chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("password-store", "basic"), chromedp.Flag("enable-automation", true))
	ctx, cancel := chromedp.NewContext(ctx)
	var once sync.Once
	c := &Chromium{ctx: ctx, close: func() {
		once.Do(func() {
			cancel()
			stop()
			os.RemoveAll(profile)
		})
	}}
	if err := chromedp.Do(ctx); err != nil {
		c.Close()
		return nil, fault.Unavailable.New("Chromium (%s) does not start", path).Wrap(err)
	}
	return c, nil
}

// Close ends the browser and removes its profile. It may be called more than once.
func (c *Chromium) Close() { c.close() }

// Visitor opens a page for somebody with a browser of their own: no cookies, nothing stored. Close closes it and forgets both.
func (c *Chromium) Visitor() (*Page, error) { return open(c.ctx, chromedp.WithNewBrowserContext()) }

// Tab opens another page of the same person.
func (p *Page) Tab() (*Page, error) { return open(p.ctx) }

func open(parent context.Context, options ...chromedp.ContextOption) (*Page, error) {
	p := &Page{record: newRecord()}
	ctx, cancel := chromedp.NewContext(parent, append(options, chromedp.WithListener(p.record.hear))...)
	p.ctx, p.Close = ctx, cancel
	err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, audits.Enable, cdp.Empty{}); err != nil {
			return err
		}
		// Pages in the background would keep no focus, and a test of the keyboard would hang on which page was opened last.
		_, err := cdp.Call(ctx, t, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	}))
	if err != nil {
		cancel()
		return nil, fault.Unavailable.New("a page cannot be opened").Wrap(err)
	}
	return p, nil
}
