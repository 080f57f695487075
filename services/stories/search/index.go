// Package search finds published stories by their words: a bleve index that each replica keeps of the editions that are up, in a folder or in memory.
//
// The index holds exactly what its owner says is up: what differs is added or removed, so that an index that was missing, damaged, of an older mapping or behind
// comes right by itself. It answers sets of slots, not stories: its owner takes out of them what is not up any more, before anything is shown.
//
// bleve's segments and dictionaries are used; its scoring, collectors and facets are not: a set of bits per word is quicker by an order of magnitude with 100,000
// stories, and its ranking is the same in each replica. See deploy/docs/adr.
package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"
	bolterrors "go.etcd.io/bbolt/errors"

	"renown.example/kit/clock"
)

// Options is what an Index is made of.
type Options struct {
	// Folder is where the index lies, "" for memory. It is the index's own: what is in it may be removed.
	Folder string
	Logger *slog.Logger
	// Editions returns the editions that are up.
	Editions func() []string
	// Slot returns the slot of an edition; every edition keeps its own.
	Slot func(edition string) (uint, bool)
	// Load returns the documents of editions; one that is gone may be missing.
	Load func(ctx context.Context, editions []string) ([]Doc, error)
}

// Index is safe for concurrent use. It answers once Run has opened it.
type Index struct {
	Options

	mu sync.Mutex
	// wanted says of editions whether they are to be in the index or out of it.
	wanted map[string]bool
	// settled is closed while nothing is wanted.
	settled chan struct{}
	wake    chan struct{}
	view    *view
	// added counts the documents that were put into the index since the start.
	added int
}

// New returns an Index that is not open yet.
func New(o Options) *Index {
	return &Index{Options: o, wanted: map[string]bool{}, settled: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// Note says that an edition came up or went.
func (x *Index) Note(edition string, up bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.view == nil {
		return // opening compares everything anyway
	}
	x.want(edition, up)
}

func (x *Index) want(edition string, up bool) {
	select {
	case <-x.settled:
		x.settled = make(chan struct{})
	default:
	}
	x.wanted[edition] = up
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

const (
	// atOnce is how many documents are put into the index in one step.
	atOnce = 500
	// soon is up to how many waiting documents a question waits for, and worthWaiting how long.
	soon         = 64
	worthWaiting = 250 * time.Millisecond
	retryAfter   = time.Second
)

// Run opens the index and keeps it up to date until ctx ends.
func (x *Index) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := x.keep(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, bolterrors.ErrTimeout) {
			x.Logger.WarnContext(ctx, "another process works on the search index; this one keeps its own in memory", "folder", x.Folder)
			x.Folder = ""
			continue
		}
		x.Logger.WarnContext(ctx, "the search index failed and is made anew", "error", err)
		x.clear()
		select {
		case <-ctx.Done():
		case <-clock.System().After(retryAfter):
		}
	}
}

// keep opens the index and works on it until ctx ends or it fails.
func (x *Index) keep(ctx context.Context) (err error) {
	defer func() {
		// A damaged file is met as a panic where bleve trusts it.
		if p := recover(); p != nil {
			err = fmt.Errorf("search: %v\n%s", p, debug.Stack())
		}
	}()
	queue := index.NewAnalysisQueue(1)
	defer queue.Close()
	idx, err := x.open(queue)
	if err != nil {
		return err
	}
	defer func() {
		x.show(nil)
		if e := idx.Close(); err == nil {
			err = e
		}
	}()
	known, err := x.begin(idx)
	if err != nil {
		return err
	}
	for {
		more, err := x.step(ctx, idx)
		if err != nil {
			return err
		}
		if known, err = x.refresh(idx, known); err != nil {
			return err
		}
		x.done()
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-x.wake:
		}
	}
}

// open opens the files, after removing those of other mappings.
func (x *Index) open(queue *index.AnalysisQueue) (*scorch.Scorch, error) {
	config := map[string]any{"path": "", "bolt_timeout": "1s"}
	if x.Folder != "" {
		mine := filepath.Join(x.Folder, "v"+mapping)
		there, _ := os.ReadDir(x.Folder) // a folder that is not there yet is made below
		for _, e := range there {
			if e.Name() != filepath.Base(mine) {
				if err := os.RemoveAll(filepath.Join(x.Folder, e.Name())); err != nil {
					return nil, err
				}
			}
		}
		if err := os.MkdirAll(mine, 0o700); err != nil {
			return nil, err
		}
		config["path"] = mine
	}
	idx, err := scorch.NewScorch("renown", config, queue)
	if err != nil {
		return nil, err
	}
	if err := idx.Open(); err != nil {
		return nil, err
	}
	return idx.(*scorch.Scorch), nil
}

// clear removes the files of an index that failed.
func (x *Index) clear() {
	if x.Folder == "" {
		return
	}
	if err := os.RemoveAll(x.Folder); err != nil {
		x.Logger.Error("the search index cannot be removed", "folder", x.Folder, "error", err)
	}
}

// begin compares what the index holds with what is up, and lets it answer.
func (x *Index) begin(idx *scorch.Scorch) (map[uint64][]uint32, error) {
	v, known, err := newView(idx, nil, x.Slot)
	if err != nil {
		return nil, err
	}
	held := map[string]bool{}
	if err := v.editions(func(edition string) { held[edition] = true }); err != nil {
		v.retire()
		return nil, err
	}
	x.show(v) // from here on Note is heard
	for _, edition := range x.Editions() {
		if !held[edition] {
			x.Note(edition, true)
		}
		delete(held, edition)
	}
	for edition := range maps.Keys(held) {
		x.mu.Lock()
		// One that came up a moment ago is no leftover.
		if up, said := x.wanted[edition]; !said || !up {
			x.want(edition, false)
		}
		x.mu.Unlock()
	}
	return known, nil
}

// step puts a batch of what is wanted into the index.
func (x *Index) step(ctx context.Context, idx *scorch.Scorch) (more bool, err error) {
	in, out := x.next()
	if len(in)+len(out) == 0 {
		return false, nil
	}
	docs, err := x.Load(ctx, in)
	if err != nil {
		// The database is out of reach: what is wanted stays wanted.
		x.again(in, out)
		select {
		case <-ctx.Done():
		case <-clock.System().After(retryAfter):
		}
		return ctx.Err() == nil, nil
	}
	batch := index.NewBatch()
	for _, d := range docs {
		batch.Update(d.document())
	}
	for _, edition := range out {
		batch.Delete(edition)
	}
	if err := idx.Batch(batch); err != nil {
		return false, err
	}
	x.mu.Lock()
	x.added += len(docs)
	more = len(x.wanted) > 0
	x.mu.Unlock()
	return more, nil
}

// next takes some of what is wanted.
func (x *Index) next() (in, out []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for edition, up := range x.wanted {
		if len(in)+len(out) == atOnce {
			break
		}
		if up {
			in = append(in, edition)
		} else {
			out = append(out, edition)
		}
		delete(x.wanted, edition)
	}
	return in, out
}

func (x *Index) again(in, out []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, edition := range in {
		if _, newer := x.wanted[edition]; !newer {
			x.wanted[edition] = true
		}
	}
	for _, edition := range out {
		x.wanted[edition] = false
	}
}

// done notes that what was taken is in the index and can be seen.
func (x *Index) done() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.wanted) > 0 {
		return
	}
	select {
	case <-x.settled:
	default:
		close(x.settled)
	}
}

// refresh lets questions see the index as it is now.
func (x *Index) refresh(idx *scorch.Scorch, known map[uint64][]uint32) (map[uint64][]uint32, error) {
	v, slots, err := newView(idx, known, x.Slot)
	if err != nil {
		return nil, err
	}
	x.show(v)
	return slots, nil
}

func (x *Index) show(v *view) {
	x.mu.Lock()
	was := x.view
	x.view = v
	x.mu.Unlock()
	if was != nil {
		was.retire()
	}
}

// Added returns how many documents were put into the index since the start: few, if it went on where it was.
func (x *Index) Added() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.added
}

// Len returns how many documents the index holds.
func (x *Index) Len() int {
	v := x.looking()
	if v == nil {
		return 0
	}
	defer v.leave()
	n := 0
	for _, p := range v.parts {
		n += int(p.Count())
	}
	return n
}

// Settle waits a little until the index holds what was noted before, and reports whether it does. It does not wait for an index that is being built.
func (x *Index) Settle(ctx context.Context) bool {
	x.mu.Lock()
	settled, waiting, open := x.settled, len(x.wanted), x.view != nil
	x.mu.Unlock()
	select {
	case <-settled:
		return open
	default:
	}
	if open && waiting > soon {
		return false
	}
	select {
	case <-settled:
		return true
	case <-ctx.Done():
	case <-clock.System().After(worthWaiting):
	}
	return false
}

// Wait waits until the index is open and holds what was noted before.
func (x *Index) Wait(ctx context.Context) error {
	x.mu.Lock()
	settled := x.settled
	x.mu.Unlock()
	select {
	case <-settled:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// looking returns the present view; leave it afterwards.
func (x *Index) looking() *view {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.view == nil || !x.view.look() {
		return nil
	}
	return x.view
}
