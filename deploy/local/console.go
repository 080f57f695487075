package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"renown.example/deploy/idp"
	"renown.example/website/signin"
)

// console is the terminal of whoever started the program.
type console struct {
	out io.Writer
	// live says that a line can be written over.
	live bool
	mu   sync.Mutex
}

func newConsole(out *os.File) *console {
	info, err := out.Stat()
	return &console{out: out, live: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (c *console) print(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A terminal that is gone is no reason to stop.
	_, _ = fmt.Fprintf(c.out, format, args...)
}

// progress shows how far something is, such as "the demo company" in texts: a bar on a terminal, a line now and then elsewhere.
func (c *console) progress(what, unit string, done, total int, now string) {
	const width = 26
	bar := strings.Repeat("#", width*done/total) + strings.Repeat(".", width-width*done/total)
	switch {
	case c.live && done == total:
		c.print("\r\033[KLoading %s [%s] %d of %d %s\n", what, bar, done, total, unit)
	case c.live:
		c.print("\r\033[KLoading %s [%s] %d of %d  %s", what, bar, done, total, now)
	case done == 0 || done == total || done == total/2:
		c.print("Loading %s: %d of %d %s\n", what, done, total, unit)
	}
}

func (c *console) addresses(p *platform) {
	c.print(`
Renown is running. Its data is in %s; Ctrl-C stops it.

  Website      %s
  Studio       %s/studio
  REST         %s/v1/stories
  Reference    %s/docs
  Metrics      http://%s/metrics
`, p.folder.path, p.publicURL, p.publicURL, p.apiURL, p.apiURL, p.adminListener.Addr())
}

func (c *console) demo(p *platform, users []idp.User, secret string) {
	c.print("\nSign in to the studio as one of these, by a click or with the password %q:\n\n", idp.Password)
	for _, u := range users {
		c.print("  %-8s %s\n", u.Username, u.May)
	}
	if secret != "" {
		c.print("\nA partner's key, shown this once:\n\n  %s\n", secret)
	}
	key := "$KEY"
	c.print(`
Try next:

  1. Read a story:            %s/stories
  2. Fetch them as JSON:      curl %s/v1/stories
  3. With the partner's key:  curl -H "Authorization: Bearer %s" %s/v1/workspace/texts
  4. Sign in as edda, import a Markdown file of yours in the studio and submit it; sign in
     as pavel and approve it; as edda, copy the sign-off link, open it and sign as the
     customer; publish; take the consent back, and see the story gone.

`, p.publicURL, p.apiURL, key, p.apiURL)
}

// shop tells what there is to see of the demo's shop.
func (c *console) shop(p *platform, member string) {
	c.print(`
The shop's points:

  A member's page     %s
  The manager's page  %s/studio/loyalty   (sign in as marta)

`, member, p.publicURL)
}

func (c *console) missing(findings []signin.Finding) {
	c.print("\nNobody can sign in yet. Set the following, as variables, flags or keys of a file, and start again:\n\n")
	c.findings(findings)
}

func (c *console) setup(publicURL, token string, findings []signin.Finding) {
	if len(findings) > 0 {
		c.print("\nThe identity provider's settings need a look:\n\n")
		c.findings(findings)
	}
	if token != "" {
		c.print("\nWhoever signs in through this link first becomes the administrator. It works once, for a day:\n\n  %s/signin?setup=%s\n", publicURL, token)
	}
}

func (c *console) findings(findings []signin.Finding) {
	for _, f := range findings {
		c.print("  %s\n", f)
	}
}
