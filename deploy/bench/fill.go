package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/rpc"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories"
	"renown.example/stories/domain"
)

// fillTask is a folder of an installation that is stopped, and how many stories to publish in it.
type fillTask struct {
	Folder string
	// Stories is how many; those behind the first Published are written as copies, see copier.
	Stories, Published int
}

// filled says how long it took.
type filled struct{ Publishing, Copying time.Duration }

// Sizes of what goes through the service at a time.
const (
	fillBatch   = 100
	fillWriters = 64
)

// fillRole runs the stories service by itself on the folder and publishes stories through its own RPCs, as an editor and an approver do: import with the
// customer's agreement in the file, confirmation by the second person, review, publication.
func fillRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t fillTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	began := clk.Now()
	err := serviceOn(ctx, t.Folder, func(f *filler) error { return f.fill(ctx, 0, t.Published) })
	if err != nil {
		return err
	}
	out := filled{Publishing: clk.Now().Sub(began)}
	if t.Stories > t.Published {
		began = clk.Now()
		if err := copyStories(ctx, t); err != nil {
			return err
		}
		out.Copying = clk.Now().Sub(began)
	}
	return say(out)
}

// serviceOn runs the stories service on a folder for as long as do takes.
func serviceOn(ctx context.Context, folder string, do func(f *filler) error) error {
	tel, err := telemetry.New(ctx, telemetry.Options{Service: "fill", Level: slog.LevelError})
	if err != nil {
		return err
	}
	key := auth.GenerateKey()
	minter, err := auth.NewMinter(clk, key)
	if err != nil {
		return err
	}
	s, err := stories.New(ctx, stories.Config{
		Config: engine.Config{Data: folder}, IdentityKeys: []auth.PublicKey{key.Public()}, Company: company, WebsiteURL: "http://127.0.0.1:8080", Locales: []string{"en"},
	}, stories.Deps{Clock: clk, Telemetry: tel})
	if err != nil {
		return err
	}
	return errors.Join(do(&filler{conn: s.Conn(), minter: minter}), s.Close())
}

const company = "Holmway"

type filler struct {
	conn   rpc.Conn
	minter *auth.Minter
}

// The two persons that a publication needs.
var (
	writer   = auth.Identity{Kind: auth.KindUser, Subject: "bench-editor", Name: "Edda Storm", Roles: []string{"editor"}}
	reviewer = auth.Identity{Kind: auth.KindUser, Subject: "bench-approver", Name: "Pavel Lind", Roles: []string{"approver"}}
)

func (f *filler) as(ctx context.Context, i auth.Identity) (context.Context, error) {
	return rpc.As(ctx, f.minter, i)
}

// fill publishes stories, many at a time: those who write wait for the same syncs.
func (f *filler) fill(ctx context.Context, from, to int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var imports atomic.Int64
	imports.Store(int64(from))
	imported := make(chan string, fillBatch)
	var importers, writers sync.WaitGroup
	for range 4 {
		importers.Go(func() {
			for ctx.Err() == nil {
				at := int(imports.Add(fillBatch)) - fillBatch
				if at >= to {
					return
				}
				if err := f.importBatch(ctx, at, min(at+fillBatch, to), imported); err != nil {
					cancel(err)
				}
			}
		})
	}
	for range fillWriters {
		writers.Go(func() {
			for story := range imported {
				if ctx.Err() != nil {
					continue
				}
				if err := f.publish(ctx, story); err != nil {
					cancel(fmt.Errorf("%s: %w", story, err))
				}
			}
		})
	}
	importers.Wait()
	close(imported)
	writers.Wait()
	return context.Cause(ctx)
}

func (f *filler) importBatch(ctx context.Context, from, to int, imported chan<- string) error {
	var docs []domain.Document
	for n := from; n < to; n++ {
		doc, err := invented(n, clk.Now())
		if err != nil {
			return err
		}
		docs = append(docs, doc)
	}
	if err := f.bring(ctx, docs); err != nil {
		return err
	}
	for _, doc := range docs {
		imported <- doc.Story
	}
	return nil
}

// bring imports stories.
func (f *filler) bring(ctx context.Context, docs []domain.Document) error {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	// Packing costs more than it saves inside of one process.
	for _, doc := range docs {
		file, err := w.CreateHeader(&zip.FileHeader{Name: doc.FileName(), Method: zip.Store})
		if err != nil {
			return err
		}
		if _, err := file.Write(domain.Format(doc, nil)); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	as, err := f.as(ctx, writer)
	if err != nil {
		return err
	}
	report, err := storiesv1.NewWorkspaceServiceClient(f.conn).ImportStories(as, &storiesv1.ImportStoriesRequest{Zip: b.Bytes()})
	if err != nil {
		return err
	}
	if int(report.GetCreated()) != len(docs) {
		return fmt.Errorf("of %d stories %d were imported: %.500v", len(docs), report.GetCreated(), report.GetFiles())
	}
	return nil
}

// publish takes an imported story to its readers.
func (f *filler) publish(ctx context.Context, story string) error {
	mine, err := f.as(ctx, writer)
	if err != nil {
		return err
	}
	theirs, err := f.as(ctx, reviewer)
	if err != nil {
		return err
	}
	consents, review := storiesv1.NewConsentsServiceClient(f.conn), storiesv1.NewReviewServiceClient(f.conn)
	for _, step := range []func() error{
		func() error {
			given, err := consents.ListConsents(theirs, &storiesv1.ListConsentsRequest{Story: story})
			if err != nil {
				return err
			}
			var names []string
			for _, c := range given.GetConsents() {
				names = append(names, "consents/"+path.Base(c.GetName()))
			}
			_, err = consents.ConfirmConsents(theirs, &storiesv1.ConfirmConsentsRequest{Consents: names})
			return err
		},
		func() error {
			_, err := review.SubmitText(mine, &storiesv1.SubmitTextRequest{Story: story, Locale: "en"})
			return err
		},
		func() error {
			_, err := review.ApproveText(theirs, &storiesv1.ApproveTextRequest{Story: story, Locale: "en"})
			return err
		},
		func() error {
			_, err := review.PublishText(mine, &storiesv1.PublishTextRequest{Story: story, Locale: "en"})
			return err
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// speed says how quickly something was made.
func speed(n int, took time.Duration) string {
	return fmt.Sprintf("%.0f a second", float64(n)/took.Seconds())
}
