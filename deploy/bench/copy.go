package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// copier writes stories by the ten thousand, which would take a quarter of an hour through the RPCs. One story, in which every word stands as a mark, is published
// through them in a folder of its own; every row that this left in any table is what the service itself writes for a story. A copy is those rows with the marks
// replaced, fresh ids, the hash of the new words, and instants of its own, inserted through the store's contract.
type copier struct {
	rows []patternRow
	// ids are the ids that the pattern's rows were given, instants those at which it was made, hash that of its content.
	ids      []string
	instants []int64
	hash     string
}

type patternRow struct {
	spec     *store.Spec
	id, text string
}

// copyBatch is how many stories are written in one update.
const copyBatch = 100

func copyStories(ctx context.Context, t fillTask) error {
	c, err := readPattern(ctx, filepath.Dir(t.Folder))
	if err != nil {
		return fmt.Errorf("the pattern of the copies: %w", err)
	}
	return onTables(ctx, t.Folder, func(db store.DB) error { return c.copyAll(ctx, db, t.Published, t.Stories) })
}

// onTables opens the stories service's tables in a folder.
func onTables(ctx context.Context, folder string, do func(db store.DB) error) error {
	tel, err := telemetry.New(ctx, telemetry.Options{Service: "fill", Level: slog.LevelError})
	if err != nil {
		return err
	}
	db, err := engine.Open(ctx, engine.Config{Data: folder}, tel, "stories", tables.Specs()...)
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// readPattern publishes the pattern and reads the rows that belong to it.
func readPattern(ctx context.Context, beside string) (*copier, error) {
	folder, err := os.MkdirTemp(beside, "pattern-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	began, doc := clk.Now().UnixMilli(), pattern(clk.Now())
	c := &copier{hash: domain.Hash(domain.Normalize(doc.Content))}
	before := map[string]bool{}
	for _, step := range []func(row patternRow){
		func(row patternRow) { before[row.spec.Name+"/"+row.id] = true },
		func(row patternRow) {
			if !before[row.spec.Name+"/"+row.id] {
				c.rows = append(c.rows, row)
			}
		},
	} {
		if len(before) > 0 {
			if err := serviceOn(ctx, folder, func(f *filler) error {
				return errors.Join(f.bring(ctx, []domain.Document{doc}), f.publish(ctx, doc.Story))
			}); err != nil {
				return nil, err
			}
		} else if err := serviceOn(ctx, folder, func(*filler) error { return nil }); err != nil { // what every installation has
			return nil, err
		}
		if err := onTables(ctx, folder, func(db store.DB) error { return eachRow(ctx, db, step) }); err != nil {
			return nil, err
		}
	}
	return c, c.look(began)
}

// eachRow hands over every row of every table; those of feeds in the order in which they were committed.
func eachRow(ctx context.Context, db store.DB, do func(row patternRow)) error {
	for _, s := range tables.Specs() {
		var docs []store.Doc
		err := db.View(ctx, func(ctx context.Context, tx store.Reader) (err error) {
			docs, err = tx.Find(ctx, s, store.Query{Limit: store.MaxLimit})
			return err
		})
		if err == nil && s.Feed {
			docs, err = db.Feed(ctx, s, 0, store.MaxLimit)
		}
		if err != nil {
			return err
		}
		for _, d := range docs {
			var text json.RawMessage
			if err := d.Decode(&text); err != nil {
				return err
			}
			do(patternRow{s, d.ID(), string(text)})
		}
	}
	return nil
}

var (
	givenIDs = regexp.MustCompile(`\b[0-9a-v]{26}\b`)
	instants = regexp.MustCompile(`\b1[0-9]{12}\b`)
)

// look finds the ids and the instants that were given since it began, and refuses a pattern that is no whole story.
func (c *copier) look(began int64) error {
	seen, hashes, published := map[string]bool{}, 0, false
	for _, row := range c.rows {
		published = published || row.spec == tables.Editions.Spec()
		hashes += strings.Count(row.text, c.hash)
		for _, found := range givenIDs.FindAllString(row.id+" "+row.text, -1) {
			if !seen[found] {
				seen[found] = true
				c.ids = append(c.ids, found)
			}
		}
		for _, found := range instants.FindAllString(row.text, -1) {
			ms, err := strconv.ParseInt(found, 10, 64)
			// Others are ends, or the day of the consent.
			if err == nil && ms >= began && ms <= clk.Now().UnixMilli() && !slices.Contains(c.instants, ms) {
				c.instants = append(c.instants, ms)
			}
		}
	}
	if !published || hashes < 4 || len(c.ids) < 5 || len(c.instants) == 0 {
		return fmt.Errorf("%d rows, %d ids, %d instants, %d hashes, published: %v", len(c.rows), len(c.ids), len(c.instants), hashes, published)
	}
	return nil
}

// story returns the rows of the nth story. Each is a tenth of a second newer than the one before, and the last one is as new as the pattern.
func (c *copier) story(n, all int) ([]patternRow, error) {
	doc, err := invented(n, clk.Now())
	if err != nil {
		return nil, err
	}
	pairs := append(marks(n), c.hash, domain.Hash(domain.Normalize(doc.Content)))
	for _, old := range c.ids {
		pairs = append(pairs, old, id.New(clk))
	}
	for _, at := range c.instants {
		pairs = append(pairs, strconv.FormatInt(at, 10), strconv.FormatInt(at-int64(all-n)*100, 10))
	}
	replacer := strings.NewReplacer(pairs...)
	out := make([]patternRow, len(c.rows))
	for i, row := range c.rows {
		out[i] = patternRow{row.spec, replacer.Replace(row.id), replacer.Replace(row.text)}
	}
	return out, nil
}

// batch returns the rows of the stories from one to another.
func (c *copier) batch(from, to, all int) ([]patternRow, error) {
	var fresh []patternRow
	for n := from; n < to; n++ {
		rows, err := c.story(n, all)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, rows...)
	}
	return fresh, nil
}

// copyAll writes the stories from one to another, a batch in one update. The next batch is made while one is written.
func (c *copier) copyAll(ctx context.Context, db store.DB, from, to int) error {
	type made struct {
		rows []patternRow
		err  error
	}
	ready := make(chan made, 2)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(ready)
		for at := from; at < to; at += copyBatch {
			rows, err := c.batch(at, min(at+copyBatch, to), to)
			select {
			case ready <- made{rows, err}:
			case <-stop:
				return
			}
		}
	}()
	for m := range ready {
		if m.err != nil {
			return m.err
		}
		err := db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
			for _, row := range m.rows {
				if err := tx.Insert(ctx, row.spec, row.id, json.RawMessage(row.text)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
