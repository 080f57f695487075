package server

import (
	"context"
	"net/url"
	"slices"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/leak"
	"renown.example/stories/tables"
)

// protection is what anonymous versions of a story must not tell.
type protection struct {
	story string
	terms []domain.Protected
	// pictures are the story's own: the same bytes elsewhere would tell who is who.
	pictures map[string]bool
	standIn  string
	row      store.Row[tables.Protection]
}

// variantOf returns the story that another is an anonymous version of, "" if it is none.
func variantOf(ctx context.Context, tx store.Reader, story string) (string, error) {
	row, err := tables.Variants.Get(ctx, tx, story)
	return row.Value.Source, ignoreMissing(err)
}

// protect gathers what is to be protected of a story: from its newest texts and what is up of them, its contacts and signers, its pictures, and what people decided.
func (s *Server) protect(ctx context.Context, tx store.Reader, story string) (protection, error) {
	p := protection{story: story, pictures: map[string]bool{}}
	var err error
	if p.row, err = tables.Protections.Get(ctx, tx, story); ignoreMissing(err) != nil {
		return p, err
	}
	src := domain.Source{Listed: p.row.Value.Terms, Exempt: p.row.Value.Exempt, Own: s.ownHosts()}
	texts, err := tables.Texts.Find(ctx, tx, store.Query{Index: "by_story", Equal: []any{story}, Limit: most})
	if err != nil {
		return p, err
	}
	for _, t := range texts.Rows {
		contents, err := s.contentsOf(ctx, tx, t)
		if err != nil {
			return p, err
		}
		src.Texts = append(src.Texts, contents...)
		signoffs, err := tables.Signoffs.Find(ctx, tx, store.Query{Index: "by_text", Equal: []any{t.ID}, Descending: true, Limit: most})
		if err != nil {
			return p, err
		}
		for _, r := range signoffs.Rows {
			src.Persons = append(src.Persons, r.Value.ContactName)
			src.Mailboxes = append(src.Mailboxes, r.Value.ContactEmail)
		}
	}
	consents, err := everyConsent(ctx, tx, store.Query{Index: "by_story", Equal: []any{story}})
	if err != nil {
		return p, err
	}
	for _, c := range consents {
		src.Persons = append(src.Persons, c.Value.Consent.Signer.Name)
	}
	if src.Files, err = p.look(ctx, tx, src.Texts); err != nil {
		return p, err
	}
	p.terms = domain.Protect(src)
	return p, nil
}

// contentsOf returns the newest version of a text, and the one that is up.
func (s *Server) contentsOf(ctx context.Context, tx store.Reader, t store.Row[tables.Text]) ([]domain.Content, error) {
	v, err := version(ctx, tx, t.ID, t.Value.Version)
	if err != nil {
		return nil, err
	}
	out := []domain.Content{v.Value.Content}
	pub, err := published(ctx, tx, t.ID)
	if err != nil || pub.Value.Edition == "" || pub.Value.Version == t.Value.Version {
		return out, err
	}
	up, err := version(ctx, tx, t.ID, pub.Value.Version)
	return append(out, up.Value.Content), err
}

// look notes the story's pictures and what it calls its customer without a name, and returns the names of the pictures' files.
func (p *protection) look(ctx context.Context, tx store.Reader, texts []domain.Content) ([]string, error) {
	var files []string
	for _, c := range texts {
		if p.standIn == "" {
			p.standIn = c.StandIn
		}
		for _, b := range c.Blocks {
			if b.Image == nil || p.pictures[b.Image.Asset] {
				continue
			}
			p.pictures[b.Image.Asset] = true
			a, err := tables.Assets.Get(ctx, tx, b.Image.Asset)
			if ignoreMissing(err) != nil {
				return nil, err
			}
			if a.Value.Filename != "" {
				files = append(files, a.Value.Filename)
			}
		}
	}
	return files, nil
}

// ownHosts are the hosts of the company itself, which tell nothing about a customer.
func (s *Server) ownHosts() []string {
	if u, err := url.Parse(s.WebsiteURL); err == nil {
		return []string{u.Hostname()}
	}
	return nil
}

// shown is a text as the world would see it, to be scanned.
type shown struct {
	// name is the story's public name.
	name     string
	slug     string
	content  domain.Content
	excerpts domain.Excerpts
}

// scan returns what a text would tell of the terms.
func (s *Server) scan(ctx context.Context, tx store.Reader, terms []leak.Term, t shown) ([]leak.Finding, error) {
	scanner := leak.New(terms)
	found := scanner.Scan(domain.Outputs(t.content, domain.Rendered{
		Name: t.name, Slug: t.slug, Excerpts: t.excerpts, HTML: fragment(t.content), Plain: plain(t.content),
		Markdown: string(domain.Format(domain.Document{Story: t.name, Slug: t.slug, Content: t.content}, nil)),
	}))
	for i, b := range t.content.Blocks {
		if b.Image == nil {
			continue
		}
		a, err := tables.Assets.Get(ctx, tx, b.Image.Asset)
		if store.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		outputs := []leak.Output{{Name: "picture file", Text: a.Value.Filename, Address: true}}
		for _, o := range leak.Metadata(a.Value.Data) {
			o.Name = "picture metadata"
			outputs = append(outputs, o)
		}
		for j := range outputs {
			outputs[j].Place = imagePlace(i)
		}
		for _, f := range scanner.Scan(outputs) {
			// A file says the same in several parts.
			if !slices.ContainsFunc(found, func(o leak.Finding) bool {
				return o.Term.Text == f.Term.Text && o.Output == f.Output && o.Place == f.Place
			}) {
				found = append(found, f)
			}
		}
	}
	return found, nil
}

// leaks returns what an anonymous text would tell of its source, nothing for a text that is none.
func (s *Server) leaks(ctx context.Context, tx store.Reader, story string, t shown) ([]leak.Finding, error) {
	source, err := variantOf(ctx, tx, story)
	if err != nil || source == "" {
		return nil, err
	}
	p, err := s.protect(ctx, tx, source)
	if err != nil {
		return nil, err
	}
	found, err := s.scan(ctx, tx, domain.Terms(p.terms), t)
	if err != nil {
		return nil, err
	}
	for i, b := range t.content.Blocks {
		if b.Image != nil && p.pictures[b.Image.Asset] {
			found = append(found, leak.Finding{Term: leak.Term{Kind: leak.Picture, Text: b.Image.Asset}, Output: "picture", Place: imagePlace(i)})
		}
	}
	// A former address answers too.
	former, err := tables.Redirects.Find(ctx, tx, store.Query{Index: "by_story", Equal: []any{story, t.content.Locale}})
	if err != nil {
		return nil, err
	}
	scanner := leak.New(domain.Terms(p.terms))
	for _, r := range former.Rows {
		found = append(found, scanner.Scan([]leak.Output{{Name: "address", Place: "former", Text: r.Value.Slug, Address: true}})...)
	}
	return found, nil
}

// mayHave refuses an address for a story that does not name its customer and would tell it by that.
func (s *Server) mayHave(ctx context.Context, tx store.Reader, story, locale, slug string) error {
	pub, err := published(ctx, tx, tables.TextID(story, locale))
	if err != nil || pub.Value.Edition == "" {
		return err
	}
	row, err := tables.Editions.Get(ctx, tx, pub.Value.Edition)
	if err != nil {
		return err
	}
	terms, err := s.unsaidBy(ctx, tx, row.Value)
	if err != nil {
		return err
	}
	return tellsNothing(leak.New(terms).Scan([]leak.Output{{Name: "address", Place: "slug", Text: slug, Address: true}}))
}

// unsaidBy returns what an edition must not tell: the source of an anonymous story, a name that its customer has taken back.
func (s *Server) unsaidBy(ctx context.Context, tx store.Reader, e tables.Edition) ([]leak.Term, error) {
	var terms []leak.Term
	if slices.Contains(e.Without, domain.ClauseName) {
		r, err := s.reforming(ctx, tx, e.Story, e.Without)
		if err != nil {
			return nil, err
		}
		terms = domain.Terms(r.NameTerms(domain.Content{Locale: e.Locale}))
	}
	source, err := variantOf(ctx, tx, e.Story)
	if err != nil || source == "" {
		return terms, err
	}
	p, err := s.protect(ctx, tx, source)
	return append(terms, domain.Terms(p.terms)...), err
}

// mostFindings bounds what one answer lists.
const mostFindings = 200

// tellsNothing refuses to publish what tells something. Its message has no protected words in it: it is written into events, which partners read.
func tellsNothing(found []leak.Finding) error {
	if len(found) == 0 {
		return nil
	}
	err := fault.NotPublishable.New("The anonymous text still tells who its customer is, in %d places. The errors name each.", len(found))
	for _, f := range found[:min(len(found), 50)] {
		path := f.Place
		if path == "" {
			path = "content"
		}
		err = err.With(fault.Field{Path: path, Message: sayFinding(f)})
	}
	return err
}

// sayFinding puts a finding into words.
func sayFinding(f leak.Finding) string {
	if f.Term.Kind == leak.Picture {
		return "the picture is also shown by the story that names the customer: choose another"
	}
	return kindWords[f.Term.Kind] + " “" + f.Term.Text + "” is left in the " + f.Output + ": " + f.Excerpt
}

var kindWords = map[leak.Kind]string{
	leak.Name: "the customer’s name", leak.Initials: "the initials", leak.Domain: "the domain", leak.File: "the file name", leak.Person: "the person’s name",
	leak.Listed: "the protected term",
}

func findingsToProto(found []leak.Finding) []*storiesv1.LeakFinding {
	var out []*storiesv1.LeakFinding
	for _, f := range found[:min(len(found), mostFindings)] {
		out = append(out, &storiesv1.LeakFinding{Term: f.Term.Text, Kind: string(f.Term.Kind), Output: f.Output, Place: f.Place, Excerpt: f.Excerpt})
	}
	return out
}

// published variants of a story that tell something by the terms that are protected now.
func (s *Server) leaking(ctx context.Context, tx store.Reader, variants []string) ([]*storiesv1.LeakingText, error) {
	var out []*storiesv1.LeakingText
	for _, story := range variants {
		pubs, err := tables.PublishedStories.Find(ctx, tx, store.Query{Index: "by_story", Equal: []any{story}, Limit: most})
		if err != nil {
			return nil, err
		}
		for _, pub := range pubs.Rows {
			if !pub.Value.Live(s.now()) {
				continue
			}
			e, err := tables.Editions.Get(ctx, tx, pub.Value.Edition)
			if err != nil {
				return nil, err
			}
			found, err := s.leaks(ctx, tx, story, shown{name: story, slug: pub.Value.Slug, content: e.Value.Content, excerpts: e.Value.Excerpts})
			if err != nil {
				return nil, err
			}
			if len(found) > 0 {
				out = append(out, &storiesv1.LeakingText{Name: textName(story, pub.Value.Locale), Title: pub.Value.Title, Findings: findingsToProto(found)})
			}
		}
	}
	return out, nil
}

// variantsOf returns the anonymous versions of a story, in order.
func variantsOf(ctx context.Context, tx store.Reader, source string) ([]string, error) {
	p, err := tables.Variants.Find(ctx, tx, store.Query{Index: "by_source", Equal: []any{source}, Limit: most})
	var out []string
	for _, r := range p.Rows {
		out = append(out, r.ID)
	}
	slices.Sort(out)
	return out, err
}
