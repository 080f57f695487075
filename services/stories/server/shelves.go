package server

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"

	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/stories/catalog"
	"renown.example/stories/tables"
	"renown.example/stories/taxonomy"
)

// shelves keep the catalogue of what is published up to date: filled from the store when first asked, then led on by the feed.
//
// Who asks after a change was acknowledged must see it, and above all must not see what was withdrawn. So each question reads the feed first: on SQLite that is one
// look at an index, and on both engines all who ask at the same time share one reading.
type shelves struct {
	*catalog.Catalog
	db      store.DB
	locales []string

	// asked counts questions. reading is held by the one who reads; known, of those whose questions came before the last reading began, belongs to it.
	asked    atomic.Int64
	reading  chan struct{}
	known    int64
	loaded   bool
	position int64
}

func newShelves(db store.DB, locales []string) *shelves {
	return &shelves{Catalog: catalog.New(locales, publishedSummary), db: db, locales: locales, reading: make(chan struct{}, 1)}
}

// sync returns when the catalogue holds everything that was committed before.
func (s *shelves) sync(ctx context.Context) error {
	mine := s.asked.Add(1)
	select {
	case s.reading <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.reading }()
	if s.known >= mine {
		return nil // a reading began after this question and is over
	}
	upTo := s.asked.Load()
	if err := s.read(ctx); err != nil {
		return err
	}
	s.known = upTo
	return nil
}

// read fills the catalogue, or reads the feed to its end.
func (s *shelves) read(ctx context.Context) error {
	if !s.loaded {
		if err := s.load(ctx); err != nil {
			return err
		}
		s.loaded = true
	}
	for {
		events, err := outbox.Events.Feed(ctx, s.db, s.position, store.MaxLimit)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := s.take(ctx, events); err != nil {
			return err
		}
		s.position = events[len(events)-1].Seq
	}
}

// load reads everything that is up. What is committed meanwhile comes by the feed.
func (s *shelves) load(ctx context.Context) error {
	end, err := outbox.Events.FeedEnd(ctx, s.db)
	if err != nil {
		return err
	}
	var rows []catalog.Row
	var terms [taxonomy.Count][]taxonomy.Term
	err = s.db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		rows = rows[:0]
		if terms, err = termsOf(ctx, tx); err != nil {
			return err
		}
		for q := (store.Query{Index: "live"}); ; {
			p, err := tables.PublishedStories.Find(ctx, tx, q)
			if err != nil {
				return err
			}
			for _, r := range p.Rows {
				rows = append(rows, catalog.Row{Text: r.ID, Published: r.Value})
			}
			if q.After = p.Next; p.Next == "" {
				return nil
			}
		}
	})
	if err != nil {
		return err
	}
	s.SetTerms(taxonomy.NewResolver(terms, s.locales))
	s.Put(rows)
	s.position = end
	return nil
}

// take brings in what events tell of: the rows are read as they are by now, which may be later than the event.
func (s *shelves) take(ctx context.Context, events []outbox.Recorded) error {
	texts, relabelled := map[string]bool{}, false
	for _, e := range events {
		if e.Value.Type == EventTermsChanged {
			relabelled = true
		}
		if text := changedText(e.Value); text != "" {
			texts[text] = true
		}
	}
	if len(texts) == 0 && !relabelled {
		return nil
	}
	var rows []catalog.Row
	var terms [taxonomy.Count][]taxonomy.Term
	err := s.db.View(ctx, func(ctx context.Context, tx store.Reader) (err error) {
		rows = rows[:0]
		if relabelled {
			if terms, err = termsOf(ctx, tx); err != nil {
				return err
			}
		}
		for text := range texts {
			row, err := tables.PublishedStories.Get(ctx, tx, text)
			if ignoreMissing(err) != nil {
				return err
			}
			rows = append(rows, catalog.Row{Text: text, Published: row.Value})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if relabelled {
		s.SetTerms(taxonomy.NewResolver(terms, s.locales))
	}
	s.Put(rows)
	return nil
}

// editionEvents is what the types of events begin with that tell of a change of what is published.
const editionEvents = "stories.edition."

// changedText returns the text whose edition an event is about, "" if it is about something else.
func changedText(e outbox.Event) string {
	if !strings.HasPrefix(e.Type, editionEvents) {
		return ""
	}
	var data struct {
		Locale string `json:"locale"`
	}
	if json.Unmarshal(e.Data, &data) != nil || data.Locale == "" {
		return ""
	}
	return tables.TextID(last(e.Subject), data.Locale)
}
