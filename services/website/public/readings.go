package public

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mileusna/useragent"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

const (
	// sendEvery is how long a reading waits for others to be sent with: what a process that is killed loses at most.
	sendEvery = 5 * time.Second
	// batchSize is how many readings a batch holds at most, as the stories service bounds them.
	batchSize = 500
	// mostWaiting bounds the readings kept while the gateway is away; later ones are not counted.
	mostWaiting = 100 * batchSize
	// sendWithin bounds the sending of a batch, and that of what is left when the site stops.
	sendWithin = 5 * time.Second
	// maxReading bounds the body of one report, in bytes.
	maxReading = 1 << 10
)

// counter collects what readers do and sends it on in batches. It knows the story, the language and what was done: nothing of the reader.
type counter struct {
	figures storiesv1.FiguresServiceClient
	clock   clock.Clock
	log     *slog.Logger
	// full is told when a batch is complete before its time.
	full chan struct{}

	mu      sync.Mutex
	waiting []*storiesv1.Reading
	lost    int
}

func newCounter(conn *api.Conn, clk clock.Clock, log *slog.Logger) *counter {
	return &counter{figures: storiesv1.NewFiguresServiceClient(conn), clock: clk, log: log, full: make(chan struct{}, 1)}
}

func (c *counter) add(r *storiesv1.Reading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) >= mostWaiting {
		c.lost++
		return
	}
	c.waiting = append(c.waiting, r)
	if len(c.waiting) == batchSize {
		select {
		case c.full <- struct{}{}:
		default:
		}
	}
}

// take removes the next batch.
func (c *counter) take() []*storiesv1.Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	batch := slices.Clone(c.waiting[:min(len(c.waiting), batchSize)])
	c.waiting = slices.Delete(c.waiting, 0, len(batch))
	if c.lost > 0 {
		c.log.Warn("readings were not counted while the gateway was away", "lost", c.lost)
		c.lost = 0
	}
	return batch
}

// run sends batches until ctx ends, and then what is left.
func (c *counter) run(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-c.full:
		case <-c.clock.After(sendEvery):
		}
		c.drain(ctx)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendWithin)
	defer cancel()
	c.drain(last)
}

// drain sends batches until nothing waits, or ctx ends. A batch that was taken is sent.
func (c *counter) drain(ctx context.Context) {
	for ctx.Err() == nil {
		batch := c.take()
		if len(batch) == 0 {
			return
		}
		c.deliver(ctx, batch)
	}
}

// deliver sends a batch until it is counted or refused for good: under one key, so that one whose answer was lost counts once.
func (c *counter) deliver(ctx context.Context, batch []*storiesv1.Reading) {
	key, pause := id.New(c.clock), time.Second
	for {
		err := c.send(ctx, key, batch)
		if err == nil {
			return
		}
		if status := api.AsProblem(err).Status; status >= 400 && status < 500 && status != http.StatusTooManyRequests {
			c.log.Error("readings were refused and are not counted", "readings", len(batch), "error", err)
			return
		}
		select {
		case <-ctx.Done():
			c.log.Warn("readings could not be sent and are not counted", "readings", len(batch), "error", err)
			return
		case <-c.clock.After(pause):
		}
		pause = min(2*pause, time.Minute)
	}
}

func (c *counter) send(ctx context.Context, key string, batch []*storiesv1.Reading) error {
	// A batch that is on its way when the site stops is still waited for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendWithin)
	defer cancel()
	_, err := c.figures.RecordReadings(ctx, &storiesv1.RecordReadingsRequest{Readings: batch}, api.IdempotencyKey(key))
	return err
}

var readingKinds = map[string]storiesv1.ReadingKind{
	"view":  storiesv1.ReadingKind_READING_KIND_VIEW,
	"read":  storiesv1.ReadingKind_READING_KIND_READ,
	"click": storiesv1.ReadingKind_READING_KIND_CLICK,
}

// report takes what a story's page says that its reader did. The answer is the same whether it is counted or not.
func (s *Site) report(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxReading)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The report cannot be read.", http.StatusBadRequest)
		return
	}
	reading, err := readingOf(r.PostForm.Get)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !uncounted(r.Header) {
		s.counter.add(reading)
	}
	w.WriteHeader(http.StatusNoContent)
}

func readingOf(field func(string) string) (*storiesv1.Reading, error) {
	out := &storiesv1.Reading{Kind: readingKinds[field("kind")], Slug: field("story"), Locale: field("locale"), PreviousSlug: field("previous")}
	switch {
	case out.GetKind() == 0:
		return nil, fault.Invalid("kind", "it is one of view, read and click")
	case out.GetSlug() == "" || len(out.GetSlug()) > maxSlug:
		return nil, fault.Invalid("story", "it is the last part of a story's address")
	case !localeShape.MatchString(out.GetLocale()) || len(out.GetLocale()) > 35:
		return nil, fault.Invalid("locale", "it is a language tag such as en")
	case len(out.GetPreviousSlug()) > maxSlug:
		return nil, fault.Invalid("previous", "it is the last part of a story's address")
	}
	return out, nil
}

// programs are words by which programs name themselves that nobody reads with, beside the crawlers that the library knows.
var programs = []string{"headless", "preview", "monitor", "checker", "validator", "lighthouse", "curl", "wget", "python", "java/", "go-http-client", "okhttp",
	"axios", "node-fetch", "libwww", "httpclient", "scrapy", "phantom", "electron", "bytespider", "facebookexternalhit", "embed"}

// uncounted reports whether a report is not counted: it comes from a program, from a page that was fetched ahead, or from somebody who asks not to be tracked.
func uncounted(h http.Header) bool {
	if h.Get("DNT") == "1" || h.Get("Sec-GPC") == "1" || h.Get("Sec-Purpose") != "" || h.Get("Purpose") != "" {
		return true
	}
	agent := h.Get("User-Agent")
	lower := strings.ToLower(agent)
	return agent == "" || useragent.Parse(agent).Bot || slices.ContainsFunc(programs, func(p string) bool { return strings.Contains(lower, p) })
}
