package server

import (
	"cmp"
	"context"
	"slices"
	"time"

	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// mostStories is how many stories an answer of GetFigures names.
const mostStories = 200

var readingKinds = map[storiesv1.ReadingKind]domain.ReadingKind{
	storiesv1.ReadingKind_READING_KIND_VIEW:  domain.Viewed,
	storiesv1.ReadingKind_READING_KIND_READ:  domain.ReadOn,
	storiesv1.ReadingKind_READING_KIND_CLICK: domain.Clicked,
}

// RecordReadings counts a batch of readings, on the day on which it arrives. A batch touches few rows: those of its stories, and the month's sum.
func (s *Server) RecordReadings(ctx context.Context, req *storiesv1.RecordReadingsRequest) (*storiesv1.RecordReadingsResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.RecordReadingsResponse, error) {
		today := s.Clock.Now().UTC()
		batch := readings{s: s, month: today.Format("2006-01"), day: today.Day(), known: map[string]string{}, rows: map[string]*store.Row[tables.Figures]{}}
		resp := &storiesv1.RecordReadingsResponse{}
		for _, r := range req.GetReadings() {
			counted, err := batch.count(ctx, tx, r)
			if err != nil {
				return nil, err
			}
			if counted {
				resp.Counted++
			} else {
				resp.Ignored++
			}
		}
		return resp, batch.put(ctx, tx)
	})
}

// readings are the rows that a batch changes.
type readings struct {
	s     *Server
	month string
	day   int
	// known holds the story that a slug in a language leads to, "" if none is up there.
	known map[string]string
	rows  map[string]*store.Row[tables.Figures]
}

// count adds a reading, false if its story is not published.
func (b *readings) count(ctx context.Context, tx store.Writer, r *storiesv1.Reading) (bool, error) {
	locale := domain.CanonicalLocale(r.GetLocale())
	story, err := b.story(ctx, tx, locale, r.GetSlug())
	if err != nil || story == "" {
		return false, err
	}
	lead, err := b.story(ctx, tx, locale, r.GetPreviousSlug())
	if err != nil {
		return false, err
	}
	if lead == story {
		lead = ""
	}
	kind := readingKinds[r.GetKind()]
	one, err := b.row(ctx, tx, story, locale)
	if err != nil {
		return false, err
	}
	all, err := b.row(ctx, tx, "", "")
	if err != nil {
		return false, err
	}
	one.Value.Count(b.day, kind, lead)
	all.Value.Count(b.day, kind, "")
	if kind == domain.Viewed {
		one.Value.Views++
	}
	return true, nil
}

func (b *readings) story(ctx context.Context, tx store.Reader, locale, slug string) (string, error) {
	if slug == "" {
		return "", nil
	}
	key := locale + "/" + slug
	story, ok := b.known[key]
	if ok {
		return story, nil
	}
	pub, err := tables.PublishedStories.First(ctx, tx, store.Query{Index: "by_slug", Equal: []any{locale, slug}})
	switch {
	case err == nil && pub.Value.Live(b.s.now()):
		story = pub.Value.Story
	case err != nil && !store.IsNotFound(err):
		return "", err
	}
	b.known[key] = story
	return story, nil
}

func (b *readings) row(ctx context.Context, tx store.Writer, story, locale string) (*store.Row[tables.Figures], error) {
	id := tables.FiguresID(b.month, story, locale)
	if row := b.rows[id]; row != nil {
		return row, nil
	}
	row, err := tables.MonthlyFigures.GetForUpdate(ctx, tx, id)
	if store.IsNotFound(err) {
		row, err = store.Row[tables.Figures]{ID: id, Value: tables.Figures{Month: b.month, Story: story, Locale: locale}}, nil
	}
	if err != nil {
		return nil, err
	}
	b.rows[id] = &row
	return &row, nil
}

func (b *readings) put(ctx context.Context, tx store.Writer) error {
	for _, row := range b.rows {
		var err error
		if row.Version == 0 {
			_, err = tables.MonthlyFigures.Insert(ctx, tx, row.ID, row.Value)
		} else {
			_, err = tables.MonthlyFigures.Put(ctx, tx, *row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// GetFigures returns the counts of a range of days.
func (s *Server) GetFigures(ctx context.Context, req *storiesv1.GetFiguresRequest) (*storiesv1.GetFiguresResponse, error) {
	first, last, err := domain.DayRange(req.GetFromDay(), req.GetToDay(), s.Clock.Now())
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.GetFiguresResponse, error) {
		sum := figures{first: first, last: last, days: map[string]domain.Counts{}, texts: map[string]*textFigures{}}
		for month := first.AddDate(0, 0, 1-first.Day()); !month.After(last); month = month.AddDate(0, 1, 0) {
			if err := sum.read(ctx, tx, month.Format("2006-01"), req.GetStory()); err != nil {
				return nil, err
			}
		}
		resp := &storiesv1.GetFiguresResponse{}
		var total domain.Counts
		for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
			name := day.Format(time.DateOnly)
			total.Add(sum.days[name])
			resp.Days = append(resp.Days, &storiesv1.DayFigures{Day: name, Figures: figuresToProto(sum.days[name])})
		}
		resp.Total = figuresToProto(total)
		for _, t := range sum.most() {
			out, err := s.storyFigures(ctx, tx, t)
			if err != nil {
				return nil, err
			}
			resp.Stories = append(resp.Stories, out)
		}
		return resp, nil
	})
}

func figuresToProto(c domain.Counts) *storiesv1.Figures {
	return &storiesv1.Figures{Views: c[domain.Viewed], Reads: c[domain.ReadOn], Clicks: c[domain.Clicked]}
}

// figures are sums over a range of days.
type figures struct {
	first, last time.Time
	days        map[string]domain.Counts
	texts       map[string]*textFigures
}

// textFigures are the sums of one language of a story.
type textFigures struct {
	story, locale string
	counts        domain.Counts
	leads         map[string]int64
}

// read adds what a month holds of one story, or of all.
func (f *figures) read(ctx context.Context, tx store.Reader, month, story string) error {
	q := store.Query{Index: "most_viewed", Equal: []any{month}, Descending: true, Limit: mostStories}
	if story != "" {
		q = store.Query{Index: "by_story", Equal: []any{story, month}}
	}
	page, err := tables.MonthlyFigures.Find(ctx, tx, q)
	if err != nil {
		return err
	}
	for _, row := range page.Rows {
		counts := f.add(row.Value, story != "")
		key := tables.TextID(row.Value.Story, row.Value.Locale)
		t := f.texts[key]
		if t == nil {
			t = &textFigures{story: row.Value.Story, locale: row.Value.Locale, leads: map[string]int64{}}
			f.texts[key] = t
		}
		t.counts.Add(counts)
		for lead, n := range row.Value.Leads {
			t.leads[lead] += n
		}
	}
	if story != "" {
		return nil
	}
	all, err := tables.MonthlyFigures.Get(ctx, tx, tables.FiguresID(month, "", ""))
	if err != nil {
		return ignoreMissing(err)
	}
	f.add(all.Value, true)
	return nil
}

// add returns what a row holds of the range, and adds it to the days if the row counts there.
func (f *figures) add(row tables.Figures, daily bool) domain.Counts {
	var sum domain.Counts
	for i, c := range row.Days {
		day, err := time.Parse(time.DateOnly, row.Month+"-01")
		if day = day.AddDate(0, 0, i); err != nil || day.Before(f.first) || day.After(f.last) {
			continue
		}
		sum.Add(c)
		if daily {
			name := day.Format(time.DateOnly)
			total := f.days[name]
			total.Add(c)
			f.days[name] = total
		}
	}
	return sum
}

// most returns the texts with any readings, the most shown first.
func (f *figures) most() []*textFigures {
	var out []*textFigures
	for _, t := range f.texts {
		if t.counts != (domain.Counts{}) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *textFigures) int {
		return cmp.Or(cmp.Compare(b.counts[domain.Viewed], a.counts[domain.Viewed]), cmp.Compare(a.story, b.story), cmp.Compare(a.locale, b.locale))
	})
	return out[:min(len(out), mostStories)]
}

func (s *Server) storyFigures(ctx context.Context, tx store.Reader, t *textFigures) (*storiesv1.StoryFigures, error) {
	pub, err := published(ctx, tx, tables.TextID(t.story, t.locale))
	if err != nil {
		return nil, err
	}
	out := &storiesv1.StoryFigures{Name: "stories/" + t.story, Locale: t.locale, Title: pub.Value.Title, Figures: figuresToProto(t.counts)}
	if pub.Value.Live(s.now()) {
		out.Slug = pub.Value.Slug
	}
	for lead, n := range t.leads {
		l := &storiesv1.Lead{Clicks: n}
		if lead != domain.NoLead {
			from, err := published(ctx, tx, tables.TextID(lead, t.locale))
			if err != nil {
				return nil, err
			}
			l.Name, l.Title = "stories/"+lead, from.Value.Title
		}
		out.Leads = append(out.Leads, l)
	}
	slices.SortFunc(out.Leads, func(a, b *storiesv1.Lead) int {
		return cmp.Or(cmp.Compare(b.GetClicks(), a.GetClicks()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return out, nil
}
