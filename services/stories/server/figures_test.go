package server_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

const (
	view  = storiesv1.ReadingKind_READING_KIND_VIEW
	ended = storiesv1.ReadingKind_READING_KIND_READ
	click = storiesv1.ReadingKind_READING_KIND_CLICK
)

const nordhafenSlug = "nordhafen-cut-late-deliveries-by-38"

func reading(slug string, kind storiesv1.ReadingKind) *storiesv1.Reading {
	return &storiesv1.Reading{Slug: slug, Locale: "en", Kind: kind}
}

func (r *rig) readings(ctx context.Context, list ...*storiesv1.Reading) *storiesv1.RecordReadingsResponse {
	r.t.Helper()
	return must(r.figures.RecordReadings(ctx, &storiesv1.RecordReadingsRequest{Readings: list}))(r.t)
}

func (r *rig) counted(req *storiesv1.GetFiguresRequest) *storiesv1.GetFiguresResponse {
	r.t.Helper()
	return must(r.figures.GetFigures(r.ada(), req))(r.t)
}

func same(t testing.TB, what string, got, want *storiesv1.Figures) {
	t.Helper()
	if d := cmp.Diff(want, got, protocmp.Transform()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestABatchOfReadingsCountsOnce(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.publish("nordhafen", "en")
	r.write("other", strings.ReplaceAll(markdown, "Nordhafen", "Sudhafen"))

	batch := rpc.WithIdempotencyKey(r.nobody(), "a batch")
	list := []*storiesv1.Reading{reading(nordhafenSlug, view), reading(nordhafenSlug, view), reading(nordhafenSlug, ended),
		{Slug: nordhafenSlug, Locale: "en", Kind: click, PreviousSlug: "sudhafen-cut-late-deliveries-by-38"}, // not published: no lead
		reading("sudhafen-cut-late-deliveries-by-38", view), reading("there-is-none", click), {Slug: nordhafenSlug, Locale: "de", Kind: view}}
	for range 3 {
		got := r.readings(batch, list...)
		if got.GetCounted() != 4 || got.GetIgnored() != 3 {
			t.Fatalf("counted %v", got)
		}
	}
	_, err := r.figures.RecordReadings(batch, &storiesv1.RecordReadingsRequest{Readings: list[:1]})
	refused(t, err, fault.IdempotencyKeyReused)

	got := r.counted(&storiesv1.GetFiguresRequest{})
	want := &storiesv1.Figures{Views: 2, Reads: 1, Clicks: 1}
	same(t, "total", got.GetTotal(), want)
	if len(got.GetDays()) != 28 || got.GetDays()[27].GetDay() != "2026-05-04" {
		t.Fatalf("the days are %v", got.GetDays())
	}
	same(t, "today", got.GetDays()[27].GetFigures(), want)
	if len(got.GetStories()) != 1 {
		t.Fatalf("the stories are %v", got.GetStories())
	}
	one := got.GetStories()[0]
	same(t, "the story", one.GetFigures(), want)
	if one.GetName() != "stories/nordhafen" || one.GetLocale() != "en" || one.GetSlug() != nordhafenSlug || len(one.GetLeads()) != 1 || one.GetLeads()[0].GetName() != "" {
		t.Errorf("the story is %v", one)
	}
}

func TestReadingsOverMonthsAndStories(t *testing.T) {
	r := newRig(t)
	for _, place := range []string{"Nordhafen", "Sudhafen"} {
		r.write(strings.ToLower(place), strings.ReplaceAll(markdown, "Nordhafen", place))
		r.publish(strings.ToLower(place), "en")
	}
	south := "sudhafen-cut-late-deliveries-by-38"
	r.readings(r.nobody(), reading(nordhafenSlug, view), reading(south, view), &storiesv1.Reading{Slug: south, Locale: "en", Kind: click, PreviousSlug: nordhafenSlug})
	r.step(28 * 24 * time.Hour) // the 1st of June
	r.readings(r.nobody(), reading(nordhafenSlug, view), reading(nordhafenSlug, view), reading(nordhafenSlug, ended))

	whole := r.counted(&storiesv1.GetFiguresRequest{FromDay: "2026-05-01", ToDay: "2026-06-01"})
	same(t, "both months", whole.GetTotal(), &storiesv1.Figures{Views: 4, Reads: 1, Clicks: 1})
	if len(whole.GetDays()) != 32 || len(whole.GetStories()) != 2 || whole.GetStories()[0].GetName() != "stories/nordhafen" {
		t.Fatalf("both months are %v", whole)
	}
	led := whole.GetStories()[1].GetLeads()
	if len(led) != 1 || led[0].GetName() != "stories/nordhafen" || led[0].GetClicks() != 1 || !strings.HasPrefix(led[0].GetTitle(), "Nordhafen cut") {
		t.Errorf("the click came through %v", led)
	}
	june := r.counted(&storiesv1.GetFiguresRequest{})
	same(t, "the last 28 days", june.GetTotal(), &storiesv1.Figures{Views: 2, Reads: 1})
	alone := r.counted(&storiesv1.GetFiguresRequest{FromDay: "2026-05-04", ToDay: "2026-06-01", Story: "sudhafen"})
	same(t, "one story", alone.GetTotal(), &storiesv1.Figures{Views: 1, Clicks: 1})
	same(t, "its first day", alone.GetDays()[0].GetFigures(), &storiesv1.Figures{Views: 1, Clicks: 1})

	_, err := r.figures.GetFigures(r.ada(), &storiesv1.GetFiguresRequest{FromDay: "2025-01-01"})
	refused(t, err, fault.InvalidArgument)
	_, err = r.figures.GetFigures(r.nobody(), &storiesv1.GetFiguresRequest{})
	refused(t, err, fault.Unauthenticated)
}

// Several websites count at once: no reading is lost, the first of a month included.
func TestBatchesAtOnceAreAllCounted(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.publish("nordhafen", "en")
	var all sync.WaitGroup
	for range 8 {
		ctx := r.nobody()
		all.Go(func() {
			if _, err := r.figures.RecordReadings(ctx, &storiesv1.RecordReadingsRequest{Readings: []*storiesv1.Reading{reading(nordhafenSlug, view), reading(nordhafenSlug, ended)}}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	same(t, "eight batches", r.counted(&storiesv1.GetFiguresRequest{}).GetTotal(), &storiesv1.Figures{Views: 8, Reads: 8})
}
