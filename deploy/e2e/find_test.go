package e2e_test

import (
	"strings"
	"testing"

	"renown.example/deploy/browser"
)

// Somebody looks for a story: while they type and choose, with the keyboard, and the address says what they look for.
func TestStoriesAreFoundWhileTyping(t *testing.T) {
	at := platform(t)
	reader := visitor(t)
	must(t, reader.Go(at.Website+"/stories"))
	must(t, reader.TabTo("#q"))
	must(t, reader.Type("ferry"))
	must(t, reader.Until(`location.search === "?q=ferry"`))
	says(t, reader, "#found", "Ytterholm Line")
	says(t, reader, ".found-count", "with “ferry”")
	if n := value(browser.Eval[int](reader, `document.querySelectorAll("#found .row").length`))(t); n == 0 || n > 3 {
		t.Errorf("%d stories are about a ferry", n)
	}
	must(t, reader.TabTo(".find-more summary"))
	must(t, reader.Press(browser.Enter))
	must(t, reader.TabTo(`input[name="industry"]`))
	chosen := value(browser.Eval[string](reader, `document.activeElement.value`))(t)
	must(t, reader.Press(" "))
	must(t, reader.Until(`location.search.includes("industry=" + `+"`"+chosen+"`"+`)`))
	if focus := value(browser.Eval[string](reader, `document.activeElement.name + "=" + document.activeElement.value`))(t); focus != "industry="+chosen {
		t.Errorf("after choosing, the keyboard is at %q", focus)
	}
	clean(t, reader, at)
	// The address alone shows the same, and what is left out is one press away.
	must(t, reader.Go(reader.Address()))
	says(t, reader, "#found", "Ytterholm Line")
	must(t, reader.Follow(func() error { return reader.Click(".chips .chip") }))
	if strings.Contains(reader.Address(), "industry=") {
		t.Errorf("the choice is still in %s", reader.Address())
	}
}

// Without scripts the same form does the same, and an empty answer helps.
func TestStoriesAreFoundWithoutScripts(t *testing.T) {
	at := platform(t)
	reader := visitor(t)
	must(t, reader.Scripts(false))
	must(t, reader.Go(at.Website+"/stories"))
	must(t, reader.TabTo("#q"))
	must(t, reader.Type("nosuchword"))
	must(t, reader.Follow(func() error { return reader.Press(browser.Enter) }))
	says(t, reader, "h2", "No story fits")
	must(t, reader.Go(at.Website+"/stories?q=tomatoes&industry=healthcare"))
	says(t, reader, ".found-none", "In any industry")
	must(t, reader.Follow(func() error { return reader.Click(".found-none li a") }))
	if !strings.HasPrefix(reader.Address(), at.Website+"/stories?") {
		t.Errorf("the way out leads to %s", reader.Address())
	}
	clean(t, reader, at)
}
