package server

import (
	"context"
	"path"
	"slices"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/archive"
	"renown.example/stories/domain"
	"renown.example/stories/importer"
	"renown.example/stories/tables"
)

// What became of a file of an import.
const (
	importCreated   = "created"
	importUpdated   = "updated"
	importUnchanged = "unchanged"
	importConflict  = "conflict"
	importRefused   = "refused"
	importSkipped   = "skipped"
	importAsset     = "asset"
)

// importing is one import under way. Each text is stored by itself: one that is refused does not hold up the others, and the same import again finishes what
// was interrupted.
type importing struct {
	s         *Server
	by        actor
	dry       bool
	overwrite bool
	files     map[string][]byte
	beside    map[string]string // path to asset, which is empty while it is not uploaded
	used      map[string]bool
	wanted    map[string]bool
	pictures  map[string]picture
	bad       map[string]string // pictures that cannot be used, with the reason
}

// ImportStories takes a zip file of texts and pictures.
func (s *Server) ImportStories(ctx context.Context, req *storiesv1.ImportStoriesRequest) (*storiesv1.ImportStoriesResponse, error) {
	entries, err := archive.ReadZip(req.GetZip(), archive.DefaultLimits())
	if err != nil {
		return nil, err
	}
	mapping, err := importer.ReadMapping([]byte(req.GetMapping()))
	if err != nil {
		return nil, fault.Invalid("mapping", "%s", err.Error())
	}
	if mapping.Locale == "" {
		mapping.Locale = s.Locales[0]
	}
	im := &importing{
		s: s, by: who(ctx), dry: req.GetValidateOnly(), overwrite: req.GetOverwrite(), files: map[string][]byte{}, beside: map[string]string{}, used: map[string]bool{},
		wanted: map[string]bool{}, pictures: map[string]picture{}, bad: map[string]string{},
	}
	var files []importer.File
	for _, e := range entries {
		im.files[e.Path] = e.Data
		files = append(files, importer.File{Path: e.Path, Data: e.Data})
	}
	if err := im.take(ctx, req.GetBeside()); err != nil {
		return nil, err
	}
	for name := range im.beside {
		files = append(files, importer.File{Path: name})
	}
	resp := &storiesv1.ImportStoriesResponse{}
	for _, page := range importer.Read(files, mapping) {
		f, err := im.file(ctx, page)
		if err != nil {
			return nil, err
		}
		resp.Files = append(resp.Files, f)
	}
	im.rest(resp)
	return resp, nil
}

// take notes which files lie beside those that were sent. An asset that is not here is as good as none.
func (im *importing) take(ctx context.Context, beside []*storiesv1.FileBeside) error {
	return im.s.DB.View(ctx, func(ctx context.Context, tx store.Reader) error {
		for _, b := range beside {
			if _, sent := im.files[b.GetPath()]; sent || b.GetPath() != path.Clean(b.GetPath()) {
				continue
			}
			if im.beside[b.GetPath()] = ""; b.GetProblem() != "" {
				im.bad[b.GetPath()] = b.GetProblem()
			}
			if b.GetAsset() == "" {
				continue
			}
			_, err := tables.Assets.Get(ctx, tx, b.GetAsset())
			switch {
			case err == nil:
				im.beside[b.GetPath()] = b.GetAsset()
			case !store.IsNotFound(err):
				return err
			}
		}
		return nil
	})
}

// rest reports on the files that are no texts, and counts.
func (im *importing) rest(resp *storiesv1.ImportStoriesResponse) {
	var names []string
	for name := range im.files {
		if !importer.IsText(name) {
			names = append(names, name)
		}
	}
	for name := range im.beside {
		if im.used[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		f := &storiesv1.ImportedFile{Path: name, Result: importAsset}
		switch why := im.bad[name]; {
		case why != "":
			f.Result, f.Problems = importRefused, []*storiesv1.Problem{{Message: why}}
		case !im.used[name]:
			f.Result, f.Problems = importSkipped, []*storiesv1.Problem{{Message: "no imported text shows this file, so it was left out"}}
		}
		resp.Files = append(resp.Files, f)
	}
	for name := range im.wanted {
		resp.Wanted = append(resp.Wanted, name)
	}
	slices.Sort(resp.Wanted)
	counts := map[string]*int32{importCreated: &resp.Created, importUpdated: &resp.Updated, importUnchanged: &resp.Unchanged, importConflict: &resp.Conflicts,
		importRefused: &resp.Refused, importSkipped: &resp.Skipped}
	for _, f := range resp.GetFiles() {
		if n := counts[f.GetResult()]; n != nil {
			*n++
		}
	}
}

// file imports one page. Its error is a fault of ours; what is wrong with the file is in the report.
func (im *importing) file(ctx context.Context, page *importer.Page) (*storiesv1.ImportedFile, error) {
	out := &storiesv1.ImportedFile{Path: page.Path, Result: importRefused}
	doc := page.Document
	switch {
	case page.Skip:
		out.Result = importSkipped
	case page.Own:
		var sound bool
		if doc, sound = im.own(ctx, page.Path, out); !sound {
			return out, nil
		}
	case !page.Refuse:
		doc = im.page(ctx, page)
	}
	out.Notes = notes(page.Notes)
	for _, n := range page.Notes {
		if n.Severity == importer.Refused || page.Skip {
			out.Problems = append(out.Problems, &storiesv1.Problem{Line: int32(n.Line), Field: n.Field, Message: n.Reason})
		}
	}
	if page.Skip || page.Refuse {
		return out, nil
	}
	out.Text, out.Title = textName(doc.Story, doc.Content.Locale), doc.Content.Title
	result, err := im.store(ctx, doc, !page.Own)
	if e, refused := fault.As(err); refused && e.Reason.HTTP < 500 {
		if e.Reason == fault.AlreadyExists {
			out.Result = importConflict
		}
		out.Problems = append(out.Problems, problemsOf(err)...)
		if len(e.Fields) == 0 {
			out.Problems = append(out.Problems, &storiesv1.Problem{Message: e.Message})
		}
		return out, nil
	}
	out.Result = result
	return out, err
}

func notes(list []importer.Note) []*storiesv1.ImportNote {
	slices.SortStableFunc(list, func(a, b importer.Note) int { return a.Line - b.Line })
	var out []*storiesv1.ImportNote
	for _, n := range list {
		out = append(out, &storiesv1.ImportNote{Line: int32(n.Line), Field: n.Field, What: strings.ToValidUTF8(n.What, "\uFFFD"), Reason: n.Reason, Severity: string(n.Severity)})
	}
	return out
}

// own reads a file in Renown's own form: what is wrong in it keeps it out.
func (im *importing) own(ctx context.Context, name string, out *storiesv1.ImportedFile) (domain.Document, bool) {
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
	return doc, !domain.Refused(problems)
}
