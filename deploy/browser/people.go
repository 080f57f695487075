package browser

import (
	"strings"

	"renown.example/kit/fault"
)

// Usernames of the demo's people, one for each role.
const (
	Author   = "ada"
	Editor   = "edda"
	Approver = "pavel"
	Admin    = "agnes"
	Manager  = "marta"
)

// Employee is one of the demo's people at the studio, signed in.
type Employee struct {
	*Page
	at *Platform
}

// Employee opens a browser of its own, in which the person signs in on the provider's page as people do, and is led to the studio.
func (c *Chromium) Employee(at *Platform, username string) (*Employee, error) {
	page, err := c.Visitor()
	if err != nil {
		return nil, err
	}
	e := &Employee{Page: page, at: at}
	if err := e.signIn(username); err != nil {
		page.Close()
		return nil, err
	}
	return e, nil
}

// Tab opens another page of the same person, who is signed in there as well.
func (e *Employee) Tab() (*Employee, error) {
	page, err := e.Page.Tab()
	if err != nil {
		return nil, err
	}
	return &Employee{Page: page, at: e.at}, nil
}

func (e *Employee) signIn(username string) error {
	if err := e.Go(e.at.Website + "/studio"); err != nil {
		return err
	}
	// The page that explains, then the provider's own, then the studio: each one press.
	if err := e.Follow(func() error { return e.Click("main a.button.primary") }); err != nil {
		return err
	}
	if err := e.Follow(func() error { return e.Click("button[name=user][value=" + username + "]") }); err != nil {
		return err
	}
	if at := e.Address(); at != e.at.Website+"/studio" && !strings.HasPrefix(at, e.at.Website+"/studio/") {
		return fault.Unavailable.New("signing in as %s led to %s, which says: %s", username, at, e.brief())
	}
	e.Forget()
	return nil
}

// send sends the form of a step, as "submit", by its button, and returns when the next page is there. The error says what it says if it is one of a refusal.
func (e *Employee) send(step string) error {
	if err := e.Follow(func() error { return e.Click(`form[action$="/` + step + `"] .actions .button`) }); err != nil {
		return err
	}
	if trouble, err := e.Text(".notice.bad, .error-summary"); err == nil {
		return fault.IllegalState.New("%s was refused: %s", step, trouble)
	}
	return nil
}

// Import chooses files on the import page, imports them and returns the address of the first text that came of them.
func (e *Employee) Import(files ...string) (string, error) {
	if err := e.Go(e.at.Website + "/studio/import"); err != nil {
		return "", err
	}
	if err := e.Upload("#files", files...); err != nil {
		return "", err
	}
	if err := e.SendImport("import"); err != nil {
		return "", err
	}
	text, err := e.Property(`.report-files a[href*="/studio/stories/"]`, "href")
	if err != nil {
		return "", fault.IllegalState.New("nothing was imported: %s", e.brief()).Wrap(err)
	}
	return text, nil
}

// SendImport presses a button of the import page, "import" or "try", and returns when the page says what became of it: in the same document where scripts run, in
// the next where they do not.
func (e *Employee) SendImport(do string) error {
	const waiting = "data-waiting"
	if _, err := Eval[bool](e.Page, "(m => { m.setAttribute("+quoted(waiting)+", ''); return true; })(document.querySelector('main'))"); err != nil {
		return err
	}
	if err := e.Click("button[name=do][value=" + do + "]"); err != nil {
		return err
	}
	return e.Until("document.querySelector('main:not([" + waiting + "]) [data-report], main:not([" + waiting + "]) .error-summary, main:not([" + waiting + "]) .notice, .import-state.bad')")
}

// Submit sends a draft to review.
func (e *Employee) Submit(text string) error { return e.step(text, "submit") }

// Approve approves what others wrote.
func (e *Employee) Approve(text string) error { return e.step(text, "approve") }

// Publish publishes what the customer has signed.
func (e *Employee) Publish(text string) error { return e.step(text, "publish") }

func (e *Employee) step(text, step string) error {
	if err := e.Go(text); err != nil {
		return err
	}
	return e.send(step)
}

// AskCustomer makes the sign-off page for a contact, asking for every use, and returns its address as the studio shows it to be copied.
func (e *Employee) AskCustomer(text, contact string) (string, error) {
	if err := e.Go(text); err != nil {
		return "", err
	}
	if err := e.Fill(`form[action$="/signoff"] [name=contact_name]`, contact); err != nil {
		return "", err
	}
	for _, scope := range []string{"web", "sales", "ads", "press"} {
		box := `form[action$="/signoff"] input[name=scopes][value=` + scope + `]`
		if chosen, err := e.Property(box, "checked"); err != nil {
			return "", err
		} else if chosen == "true" {
			continue
		}
		if err := e.Click(box); err != nil {
			return "", err
		}
	}
	if err := e.send("signoff"); err != nil {
		return "", err
	}
	link, err := e.Property("#signoff-link", "value")
	if err == nil && !strings.HasPrefix(link, e.at.Website+"/signoff/") {
		err = fault.Internal.New("the link to the sign-off page is %q", link)
	}
	return link, err
}
