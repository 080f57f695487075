package browser

// Sign is what a customer does who agrees at once: opens the link, leaves the choices as they are and signs.
func (p *Page) Sign(link string) error { return p.decide(link, "#decide-sign .button") }

// AskForChanges sends the text back with words about what should change.
func (p *Page) AskForChanges(link, words string) error {
	if err := p.Go(link); err != nil {
		return err
	}
	if err := p.Fill("#decide-change textarea", words); err != nil {
		return err
	}
	return p.Follow(func() error { return p.Click("#decide-change .button") })
}

// TakeBack ends the consent from the receipt.
func (p *Page) TakeBack(link string) error { return p.decide(link, ".takeback .button") }

func (p *Page) decide(link, button string) error {
	if err := p.Go(link); err != nil {
		return err
	}
	return p.Follow(func() error { return p.Click(button) })
}
