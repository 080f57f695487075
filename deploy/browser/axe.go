package browser

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// ErrNoAxe says that the accessibility rules are not on this machine; a test that needs them says so when it skips.
var ErrNoAxe = errors.New("RENOWN_TEST_AXE is not set: it is the path of axe.min.js from the npm package axe-core")

// axeSource reads the rules once.
var axeSource = sync.OnceValues(func() (string, error) {
	path := os.Getenv("RENOWN_TEST_AXE")
	if path == "" {
		return "", ErrNoAxe
	}
	raw, err := os.ReadFile(path)
	return string(raw), err
})

// HasAxe returns nil when Violations can be asked for.
func HasAxe() error {
	_, err := axeSource()
	return err
}

// Violation is a rule of accessibility that a page breaks.
type Violation struct {
	Rule, Help string
	// Where are the elements, each with what is wrong with it.
	Where []string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s", v.Rule, v.Help, strings.Join(v.Where, " | "))
}

// Violations holds the page as it is shown against axe's rules for WCAG 2.2 A and AA and its best practices.
func (p *Page) Violations() ([]Violation, error) {
	source, err := axeSource()
	if err != nil {
		return nil, err
	}
	loaded, err := Eval[bool](p, "Boolean(window.axe)")
	if err == nil && !loaded {
		_, err = Eval[bool](p, source+"\n;true")
	}
	if err != nil {
		return nil, err
	}
	return Eval[[]Violation](p, `axe.run(document, {resultTypes: ["violations"], elementRef: false,
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) => r.violations.map((v) => (
		{Rule: v.id, Help: v.help, Where: v.nodes.map((n) => n.target.join(" ") + ": " + [...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ")).slice(0, 5)})))`)
}
