package server

import (
	"context"
	"fmt"
	"time"

	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
	"renown.example/stories/taxonomy"
)

// followWithin bounds how long the hub waits for the catalogue.
const followWithin = 5 * time.Second

// followShelves brings the catalogue up to the end of the feed, if it has given anything out: what it gave out may be another now.
func (s *Server) followShelves() {
	if !s.shelves.loaded.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), followWithin)
	defer cancel()
	if err := s.shelves.sync(ctx); err != nil {
		s.Logger.Warn("the catalogue cannot follow the feed", "error", err)
	}
}

// neared tells that stories have got another one beside them. The stories that it came from are told of by their own names.
//
// Each replica knows of the lists that it gave out itself. A holder that was answered by one replica and listens to another may show a nearer story later; it never shows
// one that is withdrawn, since that concerns it by name.
func (s *Server) neared(names []string, position int64) {
	for i, name := range names {
		names[i] = besidePrefix + last(name)
	}
	s.hub.tellNames(names, position)
	if s.Purger == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), followWithin)
	defer cancel()
	// Every replica may find the same: the id is that of the change.
	err := s.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		return s.purge(ctx, tx, fmt.Sprintf("near-%d", position), tables.Purge{Keys: names, At: s.now()})
	})
	if err != nil && store.ViolatedIndex(err) == "" {
		s.Logger.Warn("the cache in front is not told what stands beside stories now", "error", err)
	}
}

// relatedTo returns what stands beside a story that is up.
func (s *Server) relatedTo(p tables.Published) []*storiesv1.Related {
	var out []*storiesv1.Related
	for _, n := range s.shelves.Related(tables.TextID(p.Story, p.Locale), s.now()) {
		r := &storiesv1.Related{Story: n.Entry.Summary, Words: n.Words}
		for _, t := range n.Terms {
			r.Terms = append(r.Terms, &storiesv1.TermRef{Taxonomy: taxonomy.Names()[t.Taxonomy], Id: t.ID, Label: t.Label})
		}
		out = append(out, r)
	}
	return out
}
