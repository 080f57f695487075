package server

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/idempotency"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/archive"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// What became of a file of an import.
const (
	importCreated   = "created"
	importUpdated   = "updated"
	importUnchanged = "unchanged"
	importRefused   = "refused"
	importAsset     = "asset"
)

// importing is one import under way. Each text is stored by itself: one that is refused does not hold up the others, and the same import again finishes what
// was interrupted.
type importing struct {
	s        *Server
	by       actor
	dry      bool
	files    map[string][]byte
	used     map[string]bool
	pictures map[string]picture
}

// ImportStories takes a zip file of Markdown and pictures.
func (s *Server) ImportStories(ctx context.Context, req *storiesv1.ImportStoriesRequest) (*storiesv1.ImportStoriesResponse, error) {
	entries, err := archive.ReadZip(req.GetZip(), archive.DefaultLimits())
	if err != nil {
		return nil, err
	}
	im := &importing{s: s, by: who(ctx), dry: req.GetValidateOnly(), files: map[string][]byte{}, used: map[string]bool{}, pictures: map[string]picture{}}
	var names []string
	for _, e := range entries {
		im.files[e.Path] = e.Data
		names = append(names, e.Path)
	}
	slices.Sort(names)
	resp := &storiesv1.ImportStoriesResponse{}
	for _, name := range names {
		if !strings.EqualFold(path.Ext(name), ".md") {
			continue
		}
		f, err := im.file(ctx, name)
		if err != nil {
			return nil, err
		}
		resp.Files = append(resp.Files, f)
	}
	for _, name := range names {
		if strings.EqualFold(path.Ext(name), ".md") {
			continue
		}
		f := &storiesv1.ImportedFile{Path: name, Result: importAsset}
		if !im.used[name] {
			f.Result, f.Problems = importRefused, []*storiesv1.Problem{{Message: "no imported text shows this file, so it was left out"}}
		}
		resp.Files = append(resp.Files, f)
	}
	count(resp)
	return resp, nil
}

func count(resp *storiesv1.ImportStoriesResponse) {
	for _, f := range resp.GetFiles() {
		switch f.GetResult() {
		case importCreated:
			resp.Created++
		case importUpdated:
			resp.Updated++
		case importUnchanged:
			resp.Unchanged++
		case importRefused:
			resp.Refused++
		}
	}
}

// file imports one Markdown file. Its error is a fault of ours; what is wrong with the file is in the report.
func (im *importing) file(ctx context.Context, name string) (*storiesv1.ImportedFile, error) {
	out := &storiesv1.ImportedFile{Path: name, Result: importRefused}
	doc, problems := domain.Parse(name, im.files[name])
	problems = append(problems, im.images(ctx, name, &doc)...)
	if doc.Story == "" {
		problems = append(problems, domain.Problem{Line: 1, Message: "the file says no story: name it <story>.<locale>.md or add story: to its front matter"})
	}
	if doc.Content.Locale == "" {
		doc.Content.Locale = im.s.Locales[0]
		problems = append(problems, domain.Problem{Line: 1, Warning: true, Message: "the file says no language: " + doc.Content.Locale + " was assumed"})
	}
	slices.SortStableFunc(problems, func(a, b domain.Problem) int { return a.Line - b.Line })
	for _, p := range problems {
		out.Problems = append(out.Problems, &storiesv1.Problem{Line: int32(p.Line), Message: p.Message})
	}
	if domain.Refused(problems) {
		return out, nil
	}
	out.Text = textName(doc.Story, doc.Content.Locale)
	result, err := im.store(ctx, doc)
	if e, refused := fault.As(err); refused && e.Reason.HTTP < 500 {
		out.Problems = append(out.Problems, problemsOf(err)...)
		if len(e.Fields) == 0 {
			out.Problems = append(out.Problems, &storiesv1.Problem{Message: e.Message})
		}
		return out, nil
	}
	out.Result = result
	return out, err
}

// images finds the pictures of a document among the files and checks them.
func (im *importing) images(ctx context.Context, name string, doc *domain.Document) []domain.Problem {
	var problems []domain.Problem
	for i, o := range doc.Origins {
		if doc.Content.Blocks[i].Kind != domain.KindImage || o.Source == "" {
			continue
		}
		file := path.Join(path.Dir(name), o.Source)
		data, ok := im.files[file]
		if !ok {
			// An export names pictures by what they are: they may be stored already.
			if doc.Content.Blocks[i].Image.Asset == "" {
				problems = append(problems, domain.Problem{Line: o.Line, Message: fmt.Sprintf("the picture %q is not among the files", o.Source)})
			}
			continue
		}
		p, known := im.pictures[file]
		if !known {
			var err error
			if p, err = im.s.decodePicture(ctx, file, data, path.Base(file)); err != nil {
				problems = append(problems, domain.Problem{Line: o.Line, Message: fmt.Sprintf("the picture %q cannot be used: %s", o.Source, words(err))})
				continue
			}
			im.pictures[file] = p
		}
		im.used[file] = true
		doc.Content.Blocks[i].Image.Asset = p.info.SHA256
	}
	return problems
}

// words returns what an error says to people.
func words(err error) string {
	if e, ok := fault.As(err); ok {
		return e.Message
	}
	return err.Error()
}

// store saves a document with its pictures and consent in one update; a dry run does the same and takes it back.
func (im *importing) store(ctx context.Context, doc domain.Document) (string, error) {
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
		var err error
		if result, err = im.text(ctx, tx, doc); err != nil {
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

func (im *importing) text(ctx context.Context, tx store.Writer, doc domain.Document) (string, error) {
	result := importUpdated
	before, err := tables.Texts.Get(ctx, tx, tables.TextID(doc.Story, domain.CanonicalLocale(doc.Content.Locale)))
	if store.IsNotFound(err) {
		result = importCreated
	} else if err != nil {
		return "", err
	}
	row, err := im.s.save(ctx, tx, draft{story: doc.Story, locale: doc.Content.Locale, content: doc.Content, slug: doc.Slug, by: im.by})
	if err != nil {
		return "", err
	}
	if result == importUpdated && row.Value.Version == before.Value.Version {
		result = importUnchanged
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
