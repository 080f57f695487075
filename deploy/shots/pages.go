package main

import (
	"os"

	"renown.example/deploy/browser"
)

// everything goes through all areas. What a story looks like on its way is shown by one that is taken along it.
func (s *session) everything() error {
	for _, area := range []func() error{s.public, s.way, s.studio, s.loyalty, s.reference} {
		if err := area(); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) public() error {
	p, err := s.chromium.Visitor()
	if err != nil {
		return err
	}
	defer p.Close()
	site := s.platform.Website
	if err := s.all(p, "home", site+"/", "home, German", site+"/de/", "index", site+"/stories"); err != nil {
		return err
	}
	if err := s.take(p, "story", site+"/stories/nordhafen-late-deliveries", paper); err != nil {
		return err
	}
	if err := s.past(p, site+"/stories/nordhafen-late-deliveries"); err != nil {
		return err
	}
	if err := s.take(p, "story without a name", site+"/stories/storm-claims-seen-sooner"); err != nil {
		return err
	}
	if err := s.take(p, "story, in a frame", site+"/stories/nordhafen-late-deliveries/embed"); err != nil {
		return err
	}
	if err := p.Go(site + "/de/stories"); err != nil {
		return err
	}
	german, err := p.Property("main h2 a", "href")
	if err != nil {
		return err
	}
	if err := s.take(p, "story, German", german, paper); err != nil {
		return err
	}
	return s.all(p, "nothing here", site+"/stories/no-such-story", "broken link", site+"/signoff/no-such-link",
		"sign-in", site+"/signin?return=/studio", "signed out", site+"/signin?out", "provider", site+"/signin/start")
}

// past takes a story as it stood, and what there is where it stood not.
func (s *session) past(p *browser.Page, story string) error {
	if err := p.Go(story); err != nil {
		return err
	}
	before, err := p.Property(".story-earlier a", "href")
	if err != nil {
		return err
	}
	return s.all(p, "story, as it stood", before, "no instant of the past", story+"?as_of=yesterday", "nothing at that time", story+"?as_of=2020-01-01T00:00:00Z")
}

// way takes a story along its whole way, through the page of its text, the customer's pages and its end.
func (s *session) way() error {
	editor, err := s.chromium.Employee(s.platform, browser.Editor)
	if err != nil {
		return err
	}
	defer editor.Close()
	approver, err := s.chromium.Employee(s.platform, browser.Approver)
	if err != nil {
		return err
	}
	defer approver.Close()
	customer, err := s.chromium.Visitor()
	if err != nil {
		return err
	}
	defer customer.Close()
	text, err := s.write(editor)
	if err != nil {
		return err
	}
	if err := s.all(editor.Page, "text, draft", text, "editor, draft", text+"/edit"); err != nil {
		return err
	}
	if err := editor.Submit(text); err != nil {
		return err
	}
	if err := s.all(approver.Page, "waits for the approver", s.platform.Website+"/studio", "text, to be approved", text); err != nil {
		return err
	}
	if err := approver.Approve(text); err != nil {
		return err
	}
	if err := s.take(editor.Page, "text, to ask the customer", text); err != nil {
		return err
	}
	return s.signing(editor, customer, text)
}

// write imports a story of its own.
func (s *session) write(editor *browser.Employee) (string, error) {
	folder, err := os.MkdirTemp("", "renown-shots-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	m, err := browser.Write(folder, "quillmoor-quay", "Quillmoor leaves no car on the quay")
	if err != nil {
		return "", err
	}
	return editor.Import(m.Files...)
}

// signing is the customer's part and what follows from it.
func (s *session) signing(editor *browser.Employee, customer *browser.Page, text string) error {
	link, err := editor.AskCustomer(text, "Una Strandby")
	if err != nil {
		return err
	}
	if err := s.take(customer, "sign-off", link); err != nil {
		return err
	}
	if err := comment(customer, link); err != nil {
		return err
	}
	if err := s.take(customer, "sign-off, commented", link); err != nil {
		return err
	}
	if err := s.take(editor.Page, "text, with the customer", text); err != nil {
		return err
	}
	if err := customer.Sign(link); err != nil {
		return err
	}
	if err := s.take(customer, "receipt", link); err != nil {
		return err
	}
	if err := s.all(editor.Page, "what waits", s.platform.Website+"/studio", "text, to be published", text); err != nil {
		return err
	}
	if err := editor.Publish(text); err != nil {
		return err
	}
	address, err := editor.Property("#next a", "href")
	if err != nil {
		return err
	}
	if err := s.take(editor.Page, "text, published", text); err != nil {
		return err
	}
	if err := customer.TakeBack(link); err != nil {
		return err
	}
	return s.all(customer, "taken back", link, "withdrawn story", address)
}

// comment says something about the second block.
func comment(p *browser.Page, link string) error {
	if err := p.Go(link); err != nil {
		return err
	}
	if err := p.Click("#block-1 .remark summary"); err != nil {
		return err
	}
	if err := p.Fill("#remark-1", "Could the picture show the new boat?"); err != nil {
		return err
	}
	return p.Follow(func() error { return p.Click("#block-1 .remark .button") })
}

func (s *session) studio() error {
	admin, err := s.chromium.Employee(s.platform, browser.Admin)
	if err != nil {
		return err
	}
	defer admin.Close()
	studio := s.platform.Website + "/studio"
	if err := admin.Go(studio + "/consents"); err != nil {
		return err
	}
	revoke, err := admin.Property("a[href*='/revoke']", "href")
	if err != nil {
		return err
	}
	if err := admin.Go(studio + "/apps"); err != nil {
		return err
	}
	app, err := admin.Property("main table a", "href")
	if err != nil {
		return err
	}
	text := studio + "/stories/nordhafen-logistics/en"
	if err := admin.Go(text); err != nil {
		return err
	}
	figure, err := admin.Property("#figures a", "href")
	if err != nil {
		return err
	}
	preview, err := showTo(admin, text, "Mira at the agency")
	if err != nil {
		return err
	}
	if err := s.all(admin.Page, "a figure and its evidence", figure, "preview", preview); err != nil {
		return err
	}
	return s.all(admin.Page,
		"stories", studio+"/stories", "stories, empty", studio+"/stories?state=scheduled", "a story", studio+"/stories/nordhafen-logistics",
		"text, published and attested", studio+"/stories/nordhafen-logistics/en", "editor", studio+"/stories/nordhafen-logistics/en/edit",
		"editor, new language", studio+"/stories/nordhafen-logistics/fr/edit?begin", "begin a story", studio+"/new", "versions", studio+"/stories/quillmoor-quay/en/versions",
		"a version", studio+"/stories/nordhafen-logistics/en/versions/1", "consents", studio+"/consents", "consents to confirm", studio+"/consents?open",
		"end a consent", revoke, "import", studio+"/import", "outbox", studio+"/outbox", "terms", studio+"/terms", "a term", studio+"/terms/industry/logistics", "audit trail", studio+"/audit", "figures", studio+"/figures", "figures, a year", studio+"/figures?period=12-months", "people", studio+"/people",
		"apps", studio+"/apps", "an app", app, "studio, nothing here", studio+"/no-such-page")
}

// showTo makes a preview link to a text and returns it.
func showTo(editor *browser.Employee, text, note string) (string, error) {
	if err := editor.Go(text); err != nil {
		return "", err
	}
	for _, act := range []func() error{
		func() error { return editor.TabTo("#preview > summary") }, func() error { return editor.Press(browser.Enter) },
		func() error { return editor.Fill("#preview [name=note]", note) },
		func() error { return editor.Follow(func() error { return editor.Click("#preview .button.primary") }) },
	} {
		if err := act(); err != nil {
			return "", err
		}
	}
	return editor.Property("#previews .copybox input", "value")
}

func (s *session) reference() error {
	p, err := s.chromium.Visitor()
	if err != nil {
		return err
	}
	defer p.Close()
	docs := s.platform.API + "/docs"
	return s.all(p, "reference", docs, "reference, method", docs+"/methods/listPublishedStories", "reference, problem", docs+"/problems/WITHDRAWN")
}
