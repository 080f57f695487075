package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// readingDays is how many of the last days the demo's stories were read on.
const readingDays = 120

// slug is where a text was published.
type slug struct {
	locale, slug string
	callsOn      bool
}

// readers lets people read the stories on the last days before the present: fewer at weekends, a few more each week. What happens on a day follows from its date
// alone and is told under a key of the day, so that a play that was broken off counts nothing twice.
func (d *director) readers(ctx context.Context, now time.Time) error {
	read, err := d.readable(ctx)
	if err != nil {
		return err
	}
	figures := storiesv1.NewFiguresServiceClient(d.rest)
	today := now.UTC().Truncate(24 * time.Hour)
	for i := range readingDays {
		day := today.AddDate(0, 0, i-readingDays)
		d.stage.moveTo(day.Add(18 * time.Hour))
		list := readingsOf(day, read, i)
		if len(list) == 0 {
			continue
		}
		if _, err := figures.RecordReadings(ctx, &storiesv1.RecordReadingsRequest{Readings: list}, api.IdempotencyKey("demo-readers-"+day.Format(time.DateOnly))); err != nil {
			return fmt.Errorf("the readers of %s: %w", day.Format(time.DateOnly), err)
		}
	}
	return nil
}

// readable are the published texts, each as often as its story draws readers.
func (d *director) readable(ctx context.Context) ([]slug, error) {
	var out []slug
	published := storiesv1.NewPublishedServiceClient(d.rest)
	for _, locale := range []string{"en", "de"} {
		list, err := published.ListPublishedStories(ctx, &storiesv1.ListPublishedStoriesRequest{Locale: locale, PageSize: 100})
		if err != nil {
			return nil, err
		}
		for _, s := range list.GetStories() {
			got, err := published.GetPublishedStory(ctx, &storiesv1.GetPublishedStoryRequest{Locale: locale, Slug: s.GetSlug()})
			if err != nil {
				return nil, err
			}
			one := slug{locale: locale, slug: s.GetSlug()}
			for _, b := range got.GetStory().GetContent().GetBlocks() {
				one.callsOn = one.callsOn || b.GetCta() != nil
			}
			h := fnv.New32a()
			h.Write([]byte(s.GetName())) // a hash takes everything
			for range 1 + h.Sum32()%5 {
				out = append(out, one)
			}
		}
	}
	return out, nil
}

// readingsOf is what happened on a day.
func readingsOf(day time.Time, among []slug, week int) []*storiesv1.Reading {
	if len(among) == 0 {
		return nil
	}
	dice := rand.New(rand.NewPCG(uint64(day.Unix()), 7))
	readers := 18 + week/6 + dice.IntN(14)
	if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		readers /= 3
	}
	var out []*storiesv1.Reading
	for range readers {
		s := among[dice.IntN(len(among))]
		tell := func(kind storiesv1.ReadingKind, previous string) {
			out = append(out, &storiesv1.Reading{Slug: s.slug, Locale: s.locale, Kind: kind, PreviousSlug: previous})
		}
		tell(storiesv1.ReadingKind_READING_KIND_VIEW, "")
		if dice.IntN(100) < 44 {
			tell(storiesv1.ReadingKind_READING_KIND_READ, "")
			if s.callsOn && dice.IntN(100) < 12 {
				tell(storiesv1.ReadingKind_READING_KIND_CLICK, among[dice.IntN(len(among))].slug)
			}
		}
	}
	return out
}
