package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

const (
	// heartbeatEvery is how often a watcher hears that nothing was missed.
	heartbeatEvery = 500 * time.Millisecond
	// freshFor is how long after reading the feed to its end a replica may say that it knows everything.
	freshFor = 1500 * time.Millisecond
	// watcherBuffer is how many revisions a watcher may lag behind before it is cut off: it then has to begin anew, which is right, since it missed something.
	watcherBuffer = 1024
)

// hub follows the feed and tells watchers what changed among published things.
type hub struct {
	db      store.DB
	log     *slog.Logger
	real    clock.Clock
	locales []string
	// follow brings the catalogue up to where the feed was read, if anybody has asked it anything yet.
	follow func()
	// sole tells of every commit if nobody else writes to the database; else it is nil.
	sole store.SoleWriter
	// spare is told of each change.
	spare *spare

	mu sync.Mutex
	// position is up to where the feed was read. It begins at the end that the feed had before the first question was answered: what was answered or kept by this server
	// depends on nothing before, and whoever begins to watch has forgotten everything.
	position int64
	// readAt is when the feed was last read to its end, by the machine's clock and its monotonic reading: neither a stepped clock nor one that is set back may
	// make old knowledge fresh.
	readAt time.Time
	// known is how many commits the feed held when it was last read to its end, where sole counts them.
	known    int64
	watchers map[chan *storiesv1.WatchRevisionsResponse]bool
}

func newHub(ctx context.Context, db store.DB, locales []string, kept *spare, log *slog.Logger) (*hub, error) {
	h := &hub{db: db, log: log, real: clock.System(), locales: locales, sole: store.Sole(db), spare: kept, known: -1, watchers: map[chan *storiesv1.WatchRevisionsResponse]bool{}}
	var err error
	h.position, err = outbox.Events.FeedEnd(ctx, db)
	return h, err
}

// run follows the feed until ctx ends.
func (h *hub) run(ctx context.Context) {
	changed, stop := h.db.Changed(outbox.Events.Spec())
	defer stop()
	var seen int64
	list := outbox.List(h.db)
	noting := func(ctx context.Context, after int64, limit int) ([]outbox.Recorded, error) {
		seen = h.seen()
		return list(ctx, after, limit)
	}
	outbox.Tail(ctx, noting, h.real, h.position, changed, h.apply, func(now time.Time) { h.caughtUp(now, seen) }, func(err error) {
		h.log.WarnContext(ctx, "the feed of revisions cannot be read", "error", err)
	})
}

// apply tells of the events that change what is published.
func (h *hub) apply(events []outbox.Recorded) {
	h.tellAll(events)
	h.follow()
}

// tellNames tells watchers what a change concerns besides its own names.
func (h *hub) tellNames(names []string, position int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.spare.apply("", change{names: names}, "")
	for _, name := range names {
		h.tell(&storiesv1.WatchRevisionsResponse{Name: name, Revision: position, Time: timestamppb.New(h.real.Now())})
	}
}

func (h *hub) tellAll(events []outbox.Recorded) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		h.position = e.Seq
		c := changeOf(e.Value, h.locales)
		if c.everything {
			h.cutOff()
		}
		if c.everything || len(c.names) > 0 {
			h.spare.apply(e.Value.Type, c, aboutText(e.Value))
			h.spare.want(last(storyOf(e.Value.Subject)))
		}
		for _, name := range c.names {
			h.tell(&storiesv1.WatchRevisionsResponse{Name: name, Revision: e.Seq, Time: timestamp(e.Value.OccurredAt)})
		}
	}
}

// seen is how many commits a reading that begins now finds, where that is known.
func (h *hub) seen() int64 {
	if h.sole == nil {
		return -1
	}
	_, seen := h.sole.Commits()
	return seen
}

// caughtUp notes that everything up to an instant is known, and so many commits.
func (h *hub) caughtUp(now time.Time, commits int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readAt, h.known = now, commits
}

// nothingNew reports whether there is no commit that the hub has not read, however long ago it last could read. The lock is held.
func (h *hub) nothingNew() bool {
	if h.sole == nil || h.known < 0 {
		return false
	}
	begun, _ := h.sole.Commits()
	return begun == h.known
}

// tell hands a revision to every watcher; one that does not keep up is cut off. The lock is held.
func (h *hub) tell(r *storiesv1.WatchRevisionsResponse) {
	for ch := range h.watchers {
		select {
		case ch <- r:
		default:
			delete(h.watchers, ch)
			close(ch)
		}
	}
}

// cutOff ends every watcher: it begins anew, and with nothing of what it held. The lock is held.
func (h *hub) cutOff() {
	for ch := range h.watchers {
		delete(h.watchers, ch)
		close(ch)
	}
}

// knowsAll reports whether the hub has read every commit there is.
func (h *hub) knowsAll() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.nothingNew()
}

// fresh returns the position up to which the feed is known and how old that knowledge is; ok is false if it is too old to be of use.
func (h *hub) fresh() (position int64, age time.Duration, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.nothingNew() {
		return h.position, 0, true // also while the database cannot be read: nothing can have been withdrawn
	}
	age = h.real.Now().Sub(h.readAt)
	return h.position, age, !h.readAt.IsZero() && age < freshFor
}

func (h *hub) watch() chan *storiesv1.WatchRevisionsResponse {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch := make(chan *storiesv1.WatchRevisionsResponse, watcherBuffer)
	h.watchers[ch] = true
	return ch
}

func (h *hub) leave(ch chan *storiesv1.WatchRevisionsResponse) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers, ch)
}

// Run follows the feed and keeps the search index until ctx ends. WatchRevisions sends nothing without it.
func (s *Server) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { s.hub.run(ctx) })
	all.Go(func() { s.shelves.run(ctx) })
	all.Go(func() { s.fillSpare(ctx) })
	all.Wait()
}

// Filled is closed when everything is in memory that published stories are answered from: who asks before waits for it.
func (s *Server) Filled() <-chan struct{} { return s.shelves.filled }

// errBeginAnew is how a watcher is told that not everything will be named to it: too much changes at once, such as the terms, or it was too slow.
var errBeginAnew = fault.Unavailable.New("Everything may have changed: begin anew.")

// WatchRevisions sends what changes, and a heartbeat while nothing was missed.
func (s *Server) WatchRevisions(_ *storiesv1.WatchRevisionsRequest, out storiesv1.PublishedService_WatchRevisionsServer) error {
	ch := s.hub.watch()
	defer s.hub.leave(ch)
	ticker := time.NewTicker(heartbeatEvery)
	defer ticker.Stop()
	if err := s.heartbeat(out, ch); err != nil {
		return err
	}
	for {
		select {
		case <-out.Context().Done():
			return nil
		case r, ok := <-ch:
			if !ok {
				return errBeginAnew
			}
			if err := out.Send(r); err != nil {
				return err
			}
		case <-ticker.C:
			if err := s.heartbeat(out, ch); err != nil {
				return err
			}
		}
	}
}

// heartbeat says up to where the feed is known, after everything up to there was sent.
func (s *Server) heartbeat(out storiesv1.PublishedService_WatchRevisionsServer, ch chan *storiesv1.WatchRevisionsResponse) error {
	position, age, ok := s.hub.fresh()
	if !ok {
		return nil
	}
	for len(ch) > 0 {
		r, open := <-ch
		if !open {
			return errBeginAnew
		}
		if err := out.Send(r); err != nil {
			return err
		}
	}
	return out.Send(&storiesv1.WatchRevisionsResponse{Revision: position, Time: timestamp(s.now()), AgeMillis: age.Milliseconds()})
}
