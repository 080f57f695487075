package server

import (
	"context"
	"fmt"
	"slices"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

func versionID(text string, number int32) string { return fmt.Sprintf("%s/%08d", text, number) }

// input reads a text as it was given. Markdown is refused as a whole if any of it cannot be read; the problems name their lines.
func input(name string, in *storiesv1.TextInput) (domain.Document, error) {
	if in.GetContent() != nil {
		c, err := contentFromProto(in.GetContent())
		return domain.Document{Slug: in.GetSlug(), Content: c}, err
	}
	doc, problems := domain.Parse(name, []byte(in.GetMarkdown()))
	for i, o := range doc.Origins {
		if b := doc.Content.Blocks[i]; b.Kind == domain.KindImage && b.Image.Asset == "" && o.Source != "" {
			problems = append(problems, domain.Problem{Line: o.Line, Message: fmt.Sprintf("the picture %q is not stored here: add it to the text first", o.Source)})
		}
	}
	if in.GetSlug() != "" {
		doc.Slug = in.GetSlug()
	}
	if !domain.Refused(problems) {
		return doc, nil
	}
	err := fault.ContentRejected.New("The Markdown cannot be read as it is.")
	for _, p := range problems {
		if !p.Warning {
			err = err.With(fault.Field{Path: "text.markdown", Message: p.String()})
		}
	}
	return doc, err
}

// draft is a new version to be.
type draft struct {
	story, locale string
	content       domain.Content
	slug          string
	by            actor
	etag          string
	// mustMatch asks for an etag where the text exists already.
	mustMatch    bool
	autosave     bool
	restoredFrom int32
	// wrote is who wrote the words that are restored.
	wrote string
}

// save makes a new version of a text, or begins the text. The same content and slug again make no version.
func (s *Server) save(ctx context.Context, tx store.Writer, d draft) (store.Row[tables.Text], error) {
	content, err := s.prepare(ctx, tx, d)
	if err != nil {
		return store.Row[tables.Text]{}, err
	}
	d.content, d.locale = content, content.Locale
	row, err := tables.Texts.GetForUpdate(ctx, tx, tables.TextID(d.story, d.locale))
	if store.IsNotFound(err) {
		return s.begin(ctx, tx, d)
	}
	if err != nil {
		return row, err
	}
	if d.mustMatch && d.etag == "" {
		return row, fault.Invalid("etag", "say which state of the text you have changed: send its etag, in REST as If-Match")
	}
	if err := checkEtag(d.etag, row.Version); err != nil {
		return row, err
	}
	if err := mine(d.by, row.Value); err != nil {
		return row, err
	}
	return s.revise(ctx, tx, row, d)
}

// prepare checks the content and that its pictures are here.
func (s *Server) prepare(ctx context.Context, tx store.Reader, d draft) (domain.Content, error) {
	locale := domain.CanonicalLocale(d.locale)
	if !domain.ValidLocale(locale) {
		return d.content, fault.Invalid("locale", "%q is not a language tag such as en or pt-BR", d.locale)
	}
	if d.content.Locale == "" {
		d.content.Locale = locale
	}
	content, err := domain.Prepare(d.content)
	if err != nil {
		return content, err
	}
	if content.Locale != locale {
		return content, fault.Invalid("text.content.locale", "the text says that it is in %q, but %q is being saved", content.Locale, locale)
	}
	for i, b := range content.Blocks {
		if b.Kind != domain.KindImage {
			continue
		}
		if _, err := tables.Assets.Get(ctx, tx, b.Image.Asset); store.IsNotFound(err) {
			return content, fault.ContentRejected.New("A picture of the text is not stored here.").
				With(fault.Field{Path: fmt.Sprintf("text.content.blocks[%d].image.asset", i), Message: "upload the picture first"})
		} else if err != nil {
			return content, err
		}
	}
	return content, nil
}

// begin stores the first version of a text, and its story if that is new.
func (s *Server) begin(ctx context.Context, tx store.Writer, d draft) (store.Row[tables.Text], error) {
	now := s.now()
	_, err := tables.Stories.GetForUpdate(ctx, tx, d.story)
	if store.IsNotFound(err) {
		_, err = tables.Stories.Insert(ctx, tx, d.story, tables.Story{Customer: d.content.Customer, CreatedBy: d.by.name, CreatedAt: now, UpdatedAt: now})
	}
	if err != nil {
		return store.Row[tables.Text]{}, err
	}
	slug, err := slugOf(d)
	if err != nil {
		return store.Row[tables.Text]{}, err
	}
	t := tables.Text{Story: d.story, Locale: d.locale, State: domain.Draft, Slug: slug, CreatedBy: d.by.name, CreatedAt: now}
	s.take(&t, d)
	if err := s.insertVersion(ctx, tx, tables.TextID(d.story, d.locale), t, d); err != nil {
		return store.Row[tables.Text]{}, err
	}
	row, err := tables.Texts.Insert(ctx, tx, tables.TextID(d.story, d.locale), t)
	if err != nil {
		return row, err
	}
	return row, s.record(ctx, tx, happening{
		by: d.by, story: d.story, subject: textName(d.story, d.locale), action: "text.begun", event: EventTextChanged, at: now,
		details: map[string]string{"state": string(t.State), "version": "1"},
	})
}

// slugOf returns the slug given, or one made from the title, or the story's id.
func slugOf(d draft) (string, error) {
	if d.slug != "" {
		return d.slug, domain.CheckSlug("text.slug", d.slug)
	}
	if slug := domain.Slugify(d.content.Title, d.locale); slug != "" {
		return slug, nil
	}
	return d.story, nil
}

// take lets the text know its new version.
func (s *Server) take(t *tables.Text, d draft) {
	t.Version++
	t.Hash, t.Title, t.Customer = domain.Hash(d.content), d.content.Title, d.content.Customer
	t.Author, t.AuthorName, t.UpdatedAt = d.by.name, d.by.label, s.now()
	t.Writers, t.Hands = slices.Clone(t.Writers), slices.Clone(t.Hands)
	for _, w := range []string{d.by.name, d.by.owner, d.wrote} {
		if w != "" && !slices.Contains(t.Writers, w) {
			t.Writers = append(t.Writers, w)
		}
		if w != "" && !slices.Contains(t.Hands, w) {
			t.Hands = append(t.Hands, w)
		}
	}
}

func (s *Server) insertVersion(ctx context.Context, tx store.Writer, text string, t tables.Text, d draft) error {
	_, err := tables.Versions.Insert(ctx, tx, versionID(text, t.Version), tables.Version{
		Text: text, Number: t.Version, Content: d.content, Hash: t.Hash, Author: d.by.name, AuthorName: d.by.label, At: t.UpdatedAt,
		Autosave: d.autosave, RestoredFrom: d.restoredFrom,
	})
	return err
}

// revise makes the next version of a text that exists.
func (s *Server) revise(ctx context.Context, tx store.Writer, row store.Row[tables.Text], d draft) (store.Row[tables.Text], error) {
	t := row.Value
	pub, err := published(ctx, tx, row.ID)
	if err != nil {
		return row, err
	}
	slug := t.Slug
	if d.slug != "" {
		if err := domain.CheckSlug("text.slug", d.slug); err != nil {
			return row, err
		}
		slug = d.slug
	}
	same := domain.Hash(d.content) == t.Hash && slug == t.Slug
	if same && d.restoredFrom == 0 {
		return row, nil
	}
	if t.State == domain.Published || t.State == domain.Withdrawn {
		// The next text begins: who wrote the last one may approve this one.
		t.Writers = nil
	}
	before := t.State
	if t.State, err = domain.Move(d.by.roles, before, domain.Save, pub.Value.Live(s.now())); err != nil {
		return row, err
	}
	t.Slug, t.PublishAt, t.UnpublishAt = slug, 0, 0
	s.take(&t, d)
	if err := s.insertVersion(ctx, tx, row.ID, t, d); err != nil {
		return row, err
	}
	row.Value = t
	if row, err = tables.Texts.Put(ctx, tx, row); err != nil {
		return row, err
	}
	// Every version is kept and says who saved it and when: the audit needs to repeat that only where a person asked for it.
	if d.autosave && before == t.State {
		return row, nil
	}
	details := map[string]string{"from": string(before), "state": string(t.State), "version": fmt.Sprint(t.Version)}
	if d.restoredFrom != 0 {
		details["restored"] = fmt.Sprint(d.restoredFrom)
	}
	return row, s.record(ctx, tx, happening{
		by: d.by, story: t.Story, subject: textName(t.Story, t.Locale), action: "text.saved", event: EventTextChanged, at: t.UpdatedAt, details: details,
	})
}
