package server

import (
	"context"
	"slices"

	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/idempotency"
	"renown.example/kit/store"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// store saves a document with its pictures and consent in one update; a dry run does the same and takes it back.
func (im *importing) store(ctx context.Context, doc domain.Document, strange bool) (string, error) {
	var result string
	taken := errDry{}
	err := idempotency.Update(ctx, im.s.DB, func(ctx context.Context, tx store.Writer) error {
		for _, p := range im.pictures {
			if !shows(doc.Content, p.info.SHA256) {
				continue
			}
			if err := im.s.storePicture(ctx, tx, p, im.by); err != nil {
				return err
			}
		}
		if im.dry && shows(doc.Content, placeholder) {
			if _, err := tables.Assets.Insert(ctx, tx, placeholder, tables.Asset{}); err != nil {
				return err
			}
		}
		var err error
		if result, err = im.text(ctx, tx, doc, strange); err != nil {
			return err
		}
		if im.dry {
			return taken
		}
		return nil
	})
	if err == taken {
		err = nil
	}
	return result, err
}

// errDry takes back what a dry run has done.
type errDry struct{}

func (errDry) Error() string { return "nothing is kept of a dry run" }

func shows(c domain.Content, asset string) bool {
	return slices.ContainsFunc(c.Blocks, func(b domain.Block) bool { return b.Kind == domain.KindImage && b.Image.Asset == asset })
}

// wordsOf is the hash of a content without its pictures.
func wordsOf(c domain.Content) string {
	c.Blocks = slices.Clone(c.Blocks)
	for i, b := range c.Blocks {
		if b.Kind == domain.KindImage {
			picture := *b.Image
			picture.Asset = placeholder
			c.Blocks[i] = domain.NewImage(picture)
		}
	}
	return domain.Hash(c)
}

// text saves the text of a document where its file says something new, and remembers what it said.
func (im *importing) text(ctx context.Context, tx store.Writer, doc domain.Document, strange bool) (string, error) {
	d := draft{story: doc.Story, locale: doc.Content.Locale, content: doc.Content, slug: doc.Slug, by: im.by}
	content, err := im.s.prepare(ctx, tx, d)
	if err != nil {
		return "", err
	}
	d.content, d.locale = content, content.Locale
	text := tables.TextID(d.story, d.locale)
	before, err := tables.Texts.GetForUpdate(ctx, tx, text)
	exists := err == nil
	if err != nil && !store.IsNotFound(err) {
		return "", err
	}
	known, err := tables.Imports.GetForUpdate(ctx, tx, text)
	imported := err == nil
	if err != nil && !store.IsNotFound(err) {
		return "", err
	}
	hash, words := domain.Hash(content), wordsOf(content)
	row, result := before, importUnchanged
	if exists && strange {
		d.slug = before.Value.Slug // what it is called here stays
	}
	switch {
	case !exists:
		result = importCreated
	case before.Value.Hash == hash && (d.slug == "" || d.slug == before.Value.Slug), imported && known.Value.Hash == hash:
	case imported && shows(content, placeholder) && known.Value.Words == words: // its pictures are not known, but the rest is
	case im.mayReplace(before.Value, known.Value, imported, strange) && (known.Value.Source == doc.Source || !strange):
		result = importUpdated
	default:
		return "", conflict(doc, known.Value, imported)
	}
	if result != importUnchanged {
		if row, err = im.s.save(ctx, tx, d); err != nil {
			return "", err
		}
	}
	if err := im.remember(ctx, tx, text, known, imported, tables.Import{Source: doc.Source, Hash: hash, Words: words, Kept: doc.Kept, At: im.s.now()}); err != nil {
		return "", err
	}
	if doc.Consent == nil {
		return result, nil
	}
	added, err := im.consent(ctx, tx, row, *doc.Consent)
	if added && result == importUnchanged {
		result = importUpdated
	}
	return result, err
}

// mayReplace reports whether a file may make a new version of a text: it may of what it made itself. What was begun here is replaced by a file in our own form,
// which says that it is this text.
func (im *importing) mayReplace(t tables.Text, known tables.Import, imported, strange bool) bool {
	return im.overwrite || imported && known.Hash == t.Hash || !imported && !strange
}

// conflict says why a text is left as it is.
func conflict(doc domain.Document, known tables.Import, imported bool) error {
	switch {
	case !imported:
		return fault.AlreadyExists.New("This text was written here and not imported from this file: give the file another id, or import with overwriting.")
	case known.Source != "" && known.Source != doc.Source:
		return fault.AlreadyExists.New("This text was imported from %s: give this file another id, or import with overwriting.", known.Source)
	}
	return fault.AlreadyExists.New("This text was edited here since it was imported, and the file has changed too: nothing was overwritten. Bring the two together here, or import with overwriting.")
}

// remember keeps what the file said, if that is new.
func (im *importing) remember(ctx context.Context, tx store.Writer, text string, known store.Row[tables.Import], imported bool, now tables.Import) error {
	if !imported {
		_, err := tables.Imports.Insert(ctx, tx, text, now)
		return err
	}
	if known.Value.Hash == now.Hash && known.Value.Source == now.Source && slices.Equal(known.Value.Kept, now.Kept) {
		return nil
	}
	known.Value = now
	_, err := tables.Imports.Put(ctx, tx, known)
	return err
}

// consent records what the file says of an agreement, unless it is known already.
func (im *importing) consent(ctx context.Context, tx store.Writer, row store.Row[tables.Text], a domain.AttestedConsent) (bool, error) {
	t := row.Value
	known, err := consentsOf(ctx, tx, row.ID)
	if err != nil {
		return false, err
	}
	ends := a.End()
	if ends == 0 {
		ends = usualConsentLife(a.Given())
	}
	for _, k := range known {
		if c := k.Value.Consent; c.Kind == domain.Attested && c.Hash == t.Hash && c.SignedAt == a.Given() && c.Ends == ends {
			return false, nil
		}
	}
	_, err = im.s.addConsent(ctx, tx, domain.Consent{
		ID: id.New(im.s.Clock), Story: t.Story, Locale: t.Locale, Hash: t.Hash, Kind: domain.Attested, Scopes: domain.SortScopes(a.Scopes),
		Signer: domain.Signer{Name: a.GivenBy}, SignedAt: a.Given(), Ends: ends, Evidence: a.Evidence, RecordedBy: im.by.name, RecordedFor: im.by.owner, RecordedAt: im.s.now(),
	}, im.by)
	return err == nil, err
}

// imported returns what is known of the file from which a text came; nothing for others.
func imported(ctx context.Context, tx store.Reader, text string) (tables.Import, error) {
	row, err := tables.Imports.Get(ctx, tx, text)
	return row.Value, ignoreMissing(err)
}
