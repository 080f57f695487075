package server

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"

	"renown.example/kit/fault"
	"renown.example/stories/domain"
	"renown.example/stories/importer"
)

// images finds the pictures of a document in Renown's own form among the files and checks them.
func (im *importing) images(ctx context.Context, name string, doc *domain.Document) []domain.Problem {
	var problems []domain.Problem
	for i, o := range doc.Origins {
		if doc.Content.Blocks[i].Kind != domain.KindImage || o.Source == "" {
			continue
		}
		file := path.Join(path.Dir(name), o.Source)
		asset, problem := im.shown(ctx, file)
		switch {
		case problem == "":
			doc.Content.Blocks[i].Image.Asset = asset
		case im.files[file] != nil:
			problems = append(problems, domain.Problem{Line: o.Line, Message: fmt.Sprintf("the picture %q cannot be used: %s", o.Source, problem)})
		case doc.Content.Blocks[i].Image.Asset == "":
			// An export names pictures by what they are: they may be stored already.
			problems = append(problems, domain.Problem{Line: o.Line, Message: fmt.Sprintf("the picture %q is not among the files", o.Source)})
		}
	}
	return problems
}

// shown is asset, where a trial takes pictures that will be sent for sent.
func (im *importing) shown(ctx context.Context, file string) (asset, problem string) {
	asset, problem = im.asset(ctx, file)
	if _, beside := im.beside[file]; beside && problem != "" && im.dry && im.bad[file] == "" {
		return placeholder, ""
	}
	return asset, problem
}

// asset returns the asset that a file is or becomes, or why it cannot.
func (im *importing) asset(ctx context.Context, file string) (asset, problem string) {
	if asset, known := im.beside[file]; known {
		im.used[file] = true
		if why := im.bad[file]; why != "" {
			return "", why
		}
		if asset == "" {
			im.wanted[file] = true
			return "", "it is not uploaded"
		}
		return asset, ""
	}
	data, sent := im.files[file]
	if !sent {
		return "", "it is not among the files"
	}
	im.used[file] = true
	if why := im.bad[file]; why != "" {
		return "", why
	}
	p, known := im.pictures[file]
	if !known {
		var err error
		if p, err = im.s.decodePicture(ctx, file, data, path.Base(file)); err != nil {
			im.bad[file] = words(err)
			return "", im.bad[file]
		}
		im.pictures[file] = p
	}
	return p.info.SHA256, ""
}

// words returns what an error says to people.
func words(err error) string {
	if e, ok := fault.As(err); ok {
		return e.Message
	}
	return err.Error()
}

// page completes the document of a page of another site: pictures that cannot be used are left out of it, kept and named.
func (im *importing) page(ctx context.Context, page *importer.Page) domain.Document {
	doc := page.Document
	doc.Content.Blocks = slices.Clone(doc.Content.Blocks)
	gone := map[int]bool{}
	for _, i := range slices.Sorted(maps.Keys(page.Pictures)) {
		p := page.Pictures[i]
		asset, problem := im.shown(ctx, p.File)
		if problem != "" {
			gone[i] = true
			page.Drop(i, problem)
			continue
		}
		block := *doc.Content.Blocks[i].Image
		block.Asset = asset
		doc.Content.Blocks[i] = domain.NewImage(block)
	}
	if len(gone) > 0 {
		var blocks []domain.Block
		for i, b := range doc.Content.Blocks {
			if !gone[i] {
				blocks = append(blocks, b)
			}
		}
		doc.Content.Blocks = blocks
	}
	doc.Kept = page.Document.Kept
	return doc
}

// placeholder stands for a picture that a dry run was not given.
const placeholder = "0000000000000000000000000000000000000000000000000000000000000000"
