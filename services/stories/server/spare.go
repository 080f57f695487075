package server

import (
	"container/list"
	"context"
	"net/http"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
)

// spare holds what is answered about published stories, so that reading goes on when the embedded database fails. It is asked only then, and only while the hub knows that
// nothing was committed that it has not read: what a commit concerns is dropped here as the hub reads of it, and what was withdrawn stays so.
type spare struct {
	most int
	sole store.SoleWriter

	mu    sync.Mutex
	size  int
	byKey map[string]*list.Element
	// order has the replies that were made last at its front.
	order list.List
	// wanted are stories of which something changed, to be read anew.
	wanted chan string
}

// spared is a reply, or the refusal that is one.
type spared struct {
	key     string
	reply   proto.Message
	refusal error
	// names are what it depends on; without any, every change drops it. text is the public name and language that it is about.
	names []string
	text  string
	until clock.Millis
	size  int
}

// spareOverhead is what a reply takes besides its fields, roughly, in bytes.
const spareOverhead = 512

func newSpare(db store.DB, most int) *spare {
	return &spare{most: most, sole: store.Sole(db), byKey: map[string]*list.Element{}, wanted: make(chan string, 1024)}
}

// useful reports whether there is anything to keep: other replicas may withdraw what this one would not hear of.
func (p *spare) useful() bool { return p.sole != nil && p.most > 0 }

// put keeps what was read while no other commit than those so many was under way. Replies that do not fit push out the oldest.
func (p *spare) put(x *spared, commits int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if begun, _ := p.sole.Commits(); begun != commits || x.size > p.most {
		return
	}
	p.remove(p.byKey[x.key])
	p.byKey[x.key] = p.order.PushFront(x)
	p.size += x.size
	for p.size > p.most {
		p.remove(p.order.Back())
	}
}

func (p *spare) remove(e *list.Element) {
	if e == nil {
		return
	}
	x := p.order.Remove(e).(*spared)
	delete(p.byKey, x.key)
	p.size -= x.size
}

// room reports whether there is room for more without pushing anything out.
func (p *spare) room() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size < p.most*9/10
}

// get returns what is kept and still true at now.
func (p *spare) get(key string, now clock.Millis) *spared {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.byKey[key]
	if e == nil {
		return nil
	}
	x := e.Value.(*spared)
	if x.until != 0 && now >= x.until {
		return nil
	}
	return x
}

// apply drops what a change concerns. What it withdrew is known to be gone without reading.
func (p *spare) apply(kind string, c change, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for e := p.order.Front(); e != nil; {
		x, next := e.Value.(*spared), e.Next()
		switch {
		case kind == EventWithdrawn && x.reply != nil && x.goesWith(text):
			p.size -= x.size - spareOverhead
			e.Value = &spared{key: x.key, refusal: withdrawn(), names: x.names, text: x.text, size: spareOverhead}
		case c.everything, x.concerned(c) && !(x.refusal != nil && kind != EventPublished && kind != EventMoved):
			p.remove(e)
			if parts := strings.Split(x.text, "/"); len(parts) == 3 {
				p.want(parts[1]) // another story may have stood beside it
			}
		}
		e = next
	}
}

// goesWith reports whether what was said is withdrawn with a text: it is about that, or a picture of that story alone. If another language shows the picture, it is read anew.
func (x *spared) goesWith(text string) bool {
	return x.text == text || x.text == "" && len(x.names) == 1 && strings.HasPrefix(text, x.names[0]+"/")
}

func (x *spared) concerned(c change) bool {
	if len(x.names) == 0 {
		return len(c.names) > 0
	}
	for _, n := range c.names {
		for _, mine := range x.names {
			if n == mine {
				return true
			}
		}
	}
	return false
}

// want asks for a story to be read anew. If too many are wanted, the reply is kept when somebody asks.
func (p *spare) want(story string) {
	select {
	case p.wanted <- story:
	default:
	}
}

// orSpare runs a read, and keeps what it gives under a key. If the database fails, what was kept is given instead.
func orSpare[R proto.Message](s *Server, key string, about func(R) spared, fn func() (R, error)) (R, error) {
	if !s.spare.useful() {
		return fn()
	}
	_, commits := s.spare.sole.Commits()
	got, err := fn()
	switch {
	case err == nil:
		x := about(got)
		x.key, x.reply, x.size = key, proto.Clone(got), spareOverhead+len(key)+proto.Size(got)
		s.spare.put(&x, commits)
	case fault.Has(err, fault.Withdrawn), fault.Has(err, fault.Moved):
		s.spare.put(&spared{key: key, refusal: err, size: spareOverhead + len(key)}, commits)
	case fault.Of(err).Reason.HTTP >= http.StatusInternalServerError && s.hub.knowsAll():
		if x := s.spare.get(key, s.now()); x != nil && x.refusal != nil {
			return got, x.refusal
		} else if x != nil {
			return proto.Clone(x.reply).(R), nil
		}
	}
	return got, err
}

// fillSpare reads what is up, and what was, once and then whatever changes, until ctx ends. It stops at the bound: what is asked for often, gateway and website hold.
func (s *Server) fillSpare(ctx context.Context) {
	if !s.spare.useful() {
		return
	}
	err := s.DB.View(ctx, func(ctx context.Context, tx store.Reader) error {
		return everyRow(ctx, tx, tables.PublishedStories, func(p tables.Published) bool { return s.spareText(ctx, p) })
	})
	if err != nil && ctx.Err() == nil {
		s.Logger.WarnContext(ctx, "what is published could not be read ahead; it is kept as it is asked for", "error", err)
	}
	changed, stop := s.DB.Changed(outbox.Events.Spec())
	defer stop()
	for {
		// Lists are answered from the catalogue; if it cannot be filled now, it will be when somebody asks, or with the next change.
		_ = s.shelves.sync(ctx)
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case story := <-s.spare.wanted:
			rows, err := read(ctx, s, func(ctx context.Context, tx store.Reader) (store.Page[tables.Published], error) {
				return tables.PublishedStories.Find(ctx, tx, store.Query{Index: "by_story", Equal: []any{story}, Limit: most})
			})
			for _, row := range rows.Rows {
				if err == nil {
					s.spareText(ctx, row.Value)
				}
			}
		}
	}
}

// everyRow goes through a table until fn has enough.
func everyRow[T any](ctx context.Context, tx store.Reader, table *store.Table[T], fn func(T) bool) error {
	for q := (store.Query{Limit: 200}); ; {
		p, err := table.Find(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, r := range p.Rows {
			if !fn(r.Value) {
				return nil
			}
		}
		if q.After = p.Next; p.Next == "" {
			return nil
		}
	}
}

// spareText reads the answers about a text, which keeps them, and reports whether there is room for more.
func (s *Server) spareText(ctx context.Context, p tables.Published) bool {
	// What is refused now is refused then too, or kept as a refusal: either is the answer.
	// Listing the editions reads the story too.
	_, _ = s.ListPublishedEditions(ctx, &storiesv1.ListPublishedEditionsRequest{Slug: p.Slug, Locale: p.Locale})
	for _, asset := range p.Assets {
		_, _ = s.GetPublishedAsset(ctx, &storiesv1.GetPublishedAssetRequest{Asset: asset})
	}
	return ctx.Err() == nil && s.spare.room()
}
