package public

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// asOf is the parameter that asks for a story as it stood at an instant.
const asOf = "as_of"

// inMillis is how an instant is written in an address: editions go up at whole milliseconds.
const inMillis = "2006-01-02T15:04:05.999Z"

// earlier is an edition that was up once, and may still be read.
type earlier struct {
	Version  int32
	From, To time.Time
	URL      string
	// Shown marks the one that the page shows.
	Shown bool
}

type pastData struct {
	telling
	Story   *storiesv1.PublishedStory
	Consent string
	// At is the instant that was asked for, Published and Down when the edition went up and down; Down is zero while it is up.
	At, Published, Down time.Time
	// Today is the address of the story as it is.
	Today string
	// Less says that it showed pictures that are not shown any more.
	Less     bool
	Editions []earlier
}

// instantOf reads an instant of an address, to the millisecond. A plus that was not escaped is a space by now.
func instantOf(words string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, strings.Replace(words, " ", "+", 1))
	return at.UTC().Truncate(time.Millisecond), err == nil
}

// pastKey stands for the instant that a query asks for, "" if it asks for none.
func pastKey(query url.Values) string {
	if !query.Has(asOf) {
		return ""
	}
	words := query.Get(asOf)
	if at, ok := instantOf(words); ok {
		words = at.Format(inMillis)
	}
	return "?" + asOf + "=" + words
}

// past is the address of a story as it stood at an instant.
func (p paths) past(locale, slug string, at time.Time) string {
	return p.story(locale, slug) + "?" + asOf + "=" + at.UTC().Format(inMillis)
}

// buildPast is a story as it stood at an instant: its edition alone, with a line above it that says so.
func (s *Site) buildPast(ctx context.Context, at place, words string) (*page, error) {
	moment, ok := instantOf(words)
	if !ok {
		return s.notAnInstant(ctx, at, words)
	}
	reply, err := s.stories.GetPublishedStory(ctx, &storiesv1.GetPublishedStoryRequest{Slug: at.slug, Locale: at.locale, AsOf: timestamppb.New(moment)})
	if api.Is(err, fault.InvalidArgument) {
		return s.notAnInstant(ctx, at, words)
	}
	if slug := movedTo(err); slug != "" && api.Is(err, fault.Moved) {
		return &page{status: http.StatusMovedPermanently, location: s.paths.past(at.locale, slug, moment)}, nil
	}
	if err != nil {
		return s.notThen(ctx, at, moment, err)
	}
	today, err := s.published(ctx, at)
	if err != nil {
		return nil, err
	}
	return s.pastPage(ctx, at, moment, reply.GetStory(), today)
}

// pastPage shows an edition of a story that is up.
func (s *Site) pastPage(ctx context.Context, at place, moment time.Time, then, today *storiesv1.PublishedStory) (*page, error) {
	summary := then.GetSummary()
	data := pastData{Story: then, At: moment, Today: s.paths.story(at.locale, at.slug), Consent: s.consentLine(then), Published: summary.GetPublishTime().AsTime()}
	data.telling = telling{Customer: summary.GetCustomer(), Title: summary.GetTitle(), Summary: summary.GetSummary(), Facts: factsOf(summary, then.GetContent())}
	parts, less := s.stillShown(then, today)
	data.Tiles, data.Parts = liftFigures(parts, tiles)
	data.Less = less
	list, err := s.editions(ctx, at.locale, at.slug)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if e.GetName() == then.GetEdition() && e.GetDownTime() != nil {
			data.Down = e.GetDownTime().AsTime()
		}
	}
	data.Editions = s.earlier(at.locale, at.slug, list, then.GetEdition())
	built, err := s.render(http.StatusOK, "past", &web.View{Locale: at.locale, Title: summary.GetTitle(), Section: "stories", NoIndex: true, Class: "story-page past-page", Data: data})
	if err == nil {
		built.names = slices.Compact(slices.Concat(alone(then), alone(today)))
	}
	return built, err
}

// stillShown are the parts of an edition without the pictures that the story does not show any more: those are gone from their addresses. It says whether there were any.
func (s *Site) stillShown(then, today *storiesv1.PublishedStory) (parts []Part, less bool) {
	shown := map[string]bool{}
	for _, b := range today.GetContent().GetBlocks() {
		shown[b.GetImage().GetAsset()] = true
	}
	then.Pictures = today.GetPictures()
	all := s.parts(then)
	parts = slices.DeleteFunc(slices.Clone(all), func(p Part) bool { return p.Kind == "image" && !shown[p.Image.GetAsset()] })
	return parts, len(parts) < len(all)
}

// editions are those of a story that may be read, the newest first.
func (s *Site) editions(ctx context.Context, locale, slug string) ([]*storiesv1.PublishedEdition, error) {
	reply, err := s.stories.ListPublishedEditions(ctx, &storiesv1.ListPublishedEditionsRequest{Slug: slug, Locale: locale})
	return reply.GetEditions(), err
}

// earlier are those among editions that are not up any more.
func (s *Site) earlier(locale, slug string, list []*storiesv1.PublishedEdition, shown string) []earlier {
	var out []earlier
	for _, e := range list {
		if e.GetDownTime() == nil {
			continue
		}
		from := e.GetPublishTime().AsTime()
		out = append(out, earlier{Version: e.GetVersion(), From: from, To: e.GetDownTime().AsTime(), URL: s.paths.past(locale, slug, from), Shown: e.GetName() == shown})
	}
	return out
}

// notAnInstant answers what asks for no instant, or for one that has not come.
func (s *Site) notAnInstant(ctx context.Context, at place, words string) (*page, error) {
	data := problemData{Status: http.StatusBadRequest, Today: s.paths.story(at.locale, at.slug)}
	return s.problem(ctx, at.locale, data, func(locale string) (string, []string) {
		return s.say(locale, "past.invalid.title"), []string{s.say(locale, "past.invalid.text", words), s.say(locale, "past.invalid.how")}
	})
}

// notThen answers for an instant of which nothing may be read: that is a thing to say of a story that is up.
func (s *Site) notThen(ctx context.Context, at place, moment time.Time, err error) (*page, error) {
	data, key := problemData{Today: s.paths.story(at.locale, at.slug)}, ""
	switch {
	case api.Is(err, fault.NotFound):
		data.Status, key = http.StatusNotFound, "past.none"
	case api.Is(err, fault.Withdrawn):
		data.Status, key = http.StatusGone, "past.gone"
	default:
		return nil, err
	}
	if _, gone := s.published(ctx, at); gone != nil {
		return nil, gone
	}
	return s.problem(ctx, at.locale, data, func(locale string) (string, []string) {
		return s.say(locale, key+".title"), []string{s.say(locale, key+".text", web.FormatDateTime(locale, moment))}
	})
}
