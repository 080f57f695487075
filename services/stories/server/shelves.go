package server

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/stories/catalog"
	"renown.example/stories/search"
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
	index   *search.Index
	// neared is told which stories have got another story beside them, by a change up to a position of the feed.
	neared func(names []string, position int64)

	// asked counts questions. reading is held by the one who reads; known, of those whose questions came before the last reading began, belongs to it.
	asked   atomic.Int64
	reading chan struct{}
	known   int64
	loaded  atomic.Bool
	// filled is closed when the catalogue is.
	filled chan struct{}
	// sole counts the commits if nobody else writes to the database, else it is nil; current is how many the catalogue holds, -1 before it is filled.
	sole     store.SoleWriter
	current  atomic.Int64
	position int64

	// planned holds when texts will be published, by text id.
	planning sync.Mutex
	planned  map[string]clock.Millis
}

func newShelves(o Options) *shelves {
	s := &shelves{Catalog: catalog.New(o.Locales, publishedSummary), db: o.DB, locales: o.Locales, reading: make(chan struct{}, 1), filled: make(chan struct{}), planned: map[string]clock.Millis{}}
	s.sole = store.Sole(o.DB)
	s.current.Store(-1)
	s.index = search.New(search.Options{Folder: o.SearchFolder, Logger: o.Logger, Editions: s.Editions, Slot: s.Slot, Load: s.documents})
	return s
}

// sync returns when the catalogue holds everything that was committed before.
func (s *shelves) sync(ctx context.Context) error {
	if begun, known := s.commits(); known && begun == s.current.Load() {
		return nil // there is nothing to read, whether it could be read or not
	}
	mine := s.asked.Add(1)
	select {
	case s.reading <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.loaded.Load() {
		defer func() { <-s.reading }()
		return s.readFor(ctx, mine)
	}
	// Filling the catalogue may take longer than a question has: it goes on when whoever asked first has gone.
	done := make(chan error, 1)
	go func() {
		defer func() { <-s.reading }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fillWithin)
		defer cancel()
		done <- s.readFor(ctx, mine)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fillWithin bounds how long the catalogue may take to be filled.
const fillWithin = 10 * time.Minute

// readFor reads for a question, and for all that were asked before the reading begins.
func (s *shelves) readFor(ctx context.Context, mine int64) error {
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

// commits is how many have begun; of a database that others write to nothing is known.
func (s *shelves) commits() (begun int64, known bool) {
	if s.sole == nil {
		return 0, false
	}
	begun, _ = s.sole.Commits()
	return begun, true
}

// seen is how many commits a reading that begins now finds, where that is known.
func (s *shelves) seen() int64 {
	if s.sole == nil {
		return 0
	}
	_, seen := s.sole.Commits()
	return seen
}

// read fills the catalogue, or reads the feed to its end.
func (s *shelves) read(ctx context.Context) error {
	if !s.loaded.Load() {
		if err := s.load(ctx); err != nil {
			return err
		}
		s.loaded.Store(true)
		close(s.filled)
	}
	for {
		seen := s.seen()
		events, err := outbox.Events.Feed(ctx, s.db, s.position, store.MaxLimit)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			s.current.Store(seen)
			return nil
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
	var planned []store.Row[tables.Text]
	err = s.db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		rows = rows[:0]
		if planned, err = scheduledTexts(ctx, tx); err != nil {
			return err
		}
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
	s.plan(planned)
	s.position = end
	return nil
}

// take brings in what events tell of: the rows are read as they are by now, which may be later than the event.
func (s *shelves) take(ctx context.Context, events []outbox.Recorded) error {
	texts, plans, relabelled := map[string]bool{}, map[string]bool{}, false
	for _, e := range events {
		if e.Value.Type == EventTermsChanged {
			relabelled = true
		}
		if text := changedText(e.Value); text != "" {
			texts[text] = true
		}
		if text := replannedText(e.Value); text != "" {
			plans[text] = true
		}
	}
	if len(texts) == 0 && len(plans) == 0 && !relabelled {
		return nil
	}
	var rows []catalog.Row
	var terms [taxonomy.Count][]taxonomy.Term
	var planned []store.Row[tables.Text]
	err := s.db.View(ctx, func(ctx context.Context, tx store.Reader) (err error) {
		rows = rows[:0]
		if planned, err = textsNamed(ctx, tx, plans); err != nil {
			return err
		}
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
	s.plan(planned)
	up, gone, near := s.Put(rows)
	for _, edition := range up {
		s.index.Note(edition, true)
	}
	for _, edition := range gone {
		s.index.Note(edition, false)
	}
	if len(near) > 0 {
		s.neared(near, events[len(events)-1].Seq)
	}
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

// documents reads what is searched of editions.
func (s *shelves) documents(ctx context.Context, editions []string) ([]search.Doc, error) {
	var docs []search.Doc
	err := s.db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		docs = make([]search.Doc, 0, len(editions))
		for _, id := range editions {
			row, err := tables.Editions.Get(ctx, tx, id)
			if store.IsNotFound(err) {
				continue
			}
			if err != nil {
				return err
			}
			e := row.Value
			d := search.Doc{Edition: id, Locale: e.Locale, Head: []string{e.Content.Title, e.Content.Customer}, Lead: []string{e.Content.Summary}, Text: e.Plain}
			for _, words := range taxonomy.Written(e.Content.Industry, e.Content.Region, e.Content.Product, e.Content.UseCase) {
				d.Lead = append(d.Lead, words...)
			}
			docs = append(docs, d)
		}
		return nil
	})
	return docs, err
}

// run keeps the search index until ctx ends.
func (s *shelves) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.sync(ctx)
		if err == nil {
			s.index.Run(ctx)
			return
		}
		// The hub says what is wrong with the database.
		select {
		case <-ctx.Done():
		case <-clock.System().After(store.PollInterval):
		}
	}
}

// find looks for words, in the index or, until that is open, in what the catalogue holds itself. whole is false if something may be missing.
func (s *shelves) find(ctx context.Context, locale, query string, now clock.Millis) (f *search.Found, whole bool) {
	whole = s.index.Settle(ctx)
	if f, ok := s.index.Find(ctx, locale, query, s.Up(locale, now)); ok {
		return f, whole
	}
	return search.Scan(locale, query, func(found func(slot uint, head, lead string)) {
		s.Each(locale, func(e *catalog.Entry) {
			p := e.Published
			lead := p.Summary
			for _, words := range taxonomy.Written(p.Industry, p.Region, p.Product, p.UseCase) {
				lead += " " + strings.Join(words, " ")
			}
			found(e.Slot(), p.Title+" "+p.Customer, lead)
		})
	}), false
}
