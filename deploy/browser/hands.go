package browser

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"renown.example/kit/fault"
)

// Keys that are pressed by name.
const (
	Tab       = kb.Tab
	Enter     = kb.Enter
	Space     = " "
	Escape    = kb.Escape
	ArrowDown = kb.ArrowDown
)

// Press presses keys one after the other: characters, or the names above.
func (p *Page) Press(keys string) error { return p.do("pressing keys", chromedp.KeyEvent(keys)) }

// PressWith presses a key while control is held.
func (p *Page) PressWith(modifier chromedp.Modifier, key string) error {
	return p.do("pressing keys", chromedp.KeyEvent(key, chromedp.KeyModifiers(modifier)))
}

// Type writes text into whatever has the focus, in place of what is selected there.
func (p *Page) Type(text string) error {
	return p.do("typing", command(input.InsertText, input.InsertTextParams{Text: text}))
}

// maxTabs is how often Tab is pressed in search of an element: more than any page of ours has places to stop.
const maxTabs = 150

// TabTo presses Tab until the element that has the focus matches the selector, as somebody without a mouse does. The error lists what had the focus on the way.
func (p *Page) TabTo(selector string) error {
	var passed []string
	for range maxTabs {
		if err := p.Press(Tab); err != nil {
			return err
		}
		at, err := Eval[struct {
			Found bool
			Name  string
		}](p, `(e => ({Found: e.matches(`+quoted(selector)+`), Name: e.tagName + " " + (e.name || e.id || e.innerText || "").slice(0, 30)}))(document.activeElement ?? document.body)`)
		if err != nil {
			return err
		}
		if at.Found {
			return nil
		}
		passed = append(passed, at.Name)
	}
	return fault.NotFound.New("Tab does not lead to %s at %s; it led to %s", selector, p.Address(), strings.Join(passed, ", "))
}

// Click presses the mouse in the middle of the first visible element that matches the selector, which is scrolled into view.
func (p *Page) Click(selector string) error {
	const script = `(e => { if (!e) return null; e.scrollIntoView({block: "center", behavior: "instant"}); const r = e.getClientRects()[0];
		return {X: r.x + r.width / 2, Y: r.y + r.height / 2, Free: e.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2))}; })
		([...document.querySelectorAll(%s)].find((e) => e.getClientRects().length > 0 && e.checkVisibility({visibilityProperty: true})))`
	type place struct {
		X, Y float64
		Free bool
	}
	var at *place
	err := p.until("an uncovered "+selector, func() (ok bool, err error) {
		at, err = Eval[*place](p, fmt.Sprintf(script, quoted(selector)))
		return at != nil && at.Free, err
	})
	if err != nil {
		return err
	}
	mouse := func(kind input.DispatchMouseEventType) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			count := int64(1)
			_, err := cdp.Call(ctx, t, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: at.X, Y: at.Y, Button: input.MouseButtonLeft, ClickCount: count})
			return err
		})
	}
	return p.do("clicking "+selector, mouse(input.DispatchMouseEventTypeMousePressed), mouse(input.DispatchMouseEventTypeMouseReleased))
}

// Fill replaces the content of a field by text.
func (p *Page) Fill(selector, text string) error {
	if err := p.Click(selector); err != nil {
		return err
	}
	if _, err := Eval[bool](p, "(e => { e.focus(); e.select(); return true; })(document.querySelector("+quoted(selector)+"))"); err != nil {
		return err
	}
	return p.Type(text)
}

// Drop lets go of files or folders over the first element that matches the selector, as if they were dragged from the desktop.
func (p *Page) Drop(selector string, paths ...string) error {
	type place struct{ X, Y float64 }
	at, err := Eval[*place](p, "(e => { if (!e) return null; e.scrollIntoView({block: 'center', behavior: 'instant'}); const r = e.getClientRects()[0]; return {X: r.x + r.width / 2, Y: r.y + r.height / 2}; })(document.querySelector("+quoted(selector)+"))")
	if err != nil {
		return err
	}
	if at == nil {
		return fault.NotFound.New("%s has no %s", p.Address(), selector)
	}
	drag := func(kind input.DispatchDragEventType) chromedp.Action[chromedp.Void] {
		data := &input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1}
		return command(input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: at.X, Y: at.Y, Data: data})
	}
	return p.do("dropping files on "+selector, drag(input.DispatchDragEventTypeDragEnter), drag(input.DispatchDragEventTypeDragOver), drag(input.DispatchDragEventTypeDrop))
}
