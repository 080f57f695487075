package e2e_test

import (
	"strings"
	"testing"

	"renown.example/deploy/browser"
)

// append writes at the end of the editor's text.
func appendText(t *testing.T, p *browser.Page, words string) {
	t.Helper()
	value(browser.Eval[bool](p, "(e => { e.focus(); e.setSelectionRange(e.value.length, e.value.length); return true; })(document.querySelector('#body'))"))(t)
	must(t, p.Type(words))
}

// The same text in two tabs: one saves by itself, the other finds out and keeps what was typed there; in the end both are versions.
func TestTwoTabsLoseNothing(t *testing.T) {
	at := platform(t)
	first := employee(t, browser.Editor)
	text := value(first.Import(manuscript(t, "quillmoor-tabs", "Quillmoor writes in two tabs").Files...))(t)
	second := value(first.Tab())(t)
	defer second.Close()
	must(t, first.Go(text+"/edit"))
	must(t, second.Go(text+"/edit"))

	appendText(t, first.Page, "\nThis was written in the first tab.\n")
	must(t, first.Until("document.querySelector('[data-state]').textContent.includes('as version 2')"))
	must(t, first.Until("document.querySelector('[data-preview]').textContent.includes('in the first tab')"))

	appendText(t, second.Page, "\nThis was written in the second tab.\n")
	must(t, second.Until("document.querySelector('[data-conflict]').checkVisibility()"))
	says(t, second.Page, "[data-conflict]", "Two texts, both kept")
	if theirs := value(second.Property("[data-theirs]", "value"))(t); !strings.Contains(theirs, "in the first tab") {
		t.Errorf("the other text is shown as %q", theirs)
	}
	if mine := value(second.Property("#body", "value"))(t); !strings.Contains(mine, "in the second tab") || strings.Contains(mine, "in the first tab") {
		t.Errorf("the text that was typed has become %q", mine)
	}
	must(t, second.Click("[data-keep=mine]"))
	must(t, second.Until("document.querySelector('[data-state]').textContent.includes('as version 3')"))
	must(t, second.Until("!document.querySelector('[data-conflict]').checkVisibility()"))

	for version, words := range map[string]string{"2": "in the first tab", "3": "in the second tab"} {
		must(t, first.Go(text+"/versions/"+version))
		says(t, first.Page, "main", words)
	}
	for _, p := range []*browser.Page{first.Page, second.Page} {
		for _, problem := range p.Problems(at.Website) {
			// That the server said "precondition failed" is what the page acts upon; Chromium notes it as an error all the same.
			if !strings.Contains(problem.Text, "412") {
				t.Errorf("%s: %s", p.Address(), problem)
			}
		}
	}
}

// Everything that matters works where scripts do not run.
func TestWithoutScripts(t *testing.T) {
	at, reader := platform(t), visitor(t)
	must(t, reader.Scripts(false))
	must(t, reader.Go(at.Website+"/stories"))
	title := value(reader.Text("main h2"))(t)
	must(t, reader.Follow(func() error { return reader.Click("main h2 a") }))
	says(t, reader, "h1", title)

	editor := employee(t, browser.Editor)
	must(t, editor.Scripts(false))
	text := value(editor.Import(manuscript(t, "quillmoor-plain", "Quillmoor needs no scripts").Files...))(t)
	must(t, editor.Go(text+"/edit"))
	appendText(t, editor.Page, "\nWritten without scripts.\n")
	must(t, editor.Follow(func() error { return editor.Click("button[name=do][value=save]") }))
	says(t, editor.Page, ".notice", "Saved")
	says(t, editor.Page, "article", "Written without scripts.")
	must(t, editor.Submit(text))
	must(t, employee(t, browser.Approver).Approve(text))
	link := value(editor.AskCustomer(text, "Una Strandby"))(t)

	must(t, reader.Go(link))
	must(t, reader.Click("#block-0 .remark summary"))
	must(t, reader.Fill("#remark-0", "A comment without scripts."))
	must(t, reader.Follow(func() error { return reader.Click("#block-0 .remark .button") }))
	if got := value(reader.Property("#remark-0", "value"))(t); got != "A comment without scripts." {
		t.Errorf("the comment reads %q", got)
	}
	must(t, reader.Sign(link))
	says(t, reader, "h1", "You signed this text")
	if ran := value(browser.Eval[bool](reader, "[...document.querySelectorAll('[data-copy]')].some((e) => !e.hidden)"))(t); ran {
		t.Error("scripts ran")
	}
}
