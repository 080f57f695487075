package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/ready"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// isPublicPath reports whether anybody may read what is at the address, withdrawn and moved things included.
func isPublicPath(path string) bool {
	return path == "/v1/stories" || path == "/v1/addresses" || strings.HasPrefix(path, "/v1/stories/") || strings.HasPrefix(path, "/v1/assets/")
}

// readPublic answers a GET of something published, from memory while the stream of revisions is heard. Who shows a credential must have a good one all the same;
// the answer does not depend on it. Only what is not answered from memory counts against a quota.
func (g *Gateway) readPublic(w http.ResponseWriter, r *http.Request, ex *exchange) {
	if len(r.Header["Authorization"]) > 0 {
		if err := g.authenticate(r.Context(), r, ex); err != nil {
			g.refuse(w, r, err)
			return
		}
	}
	ex.memory, ex.route = true, publicPattern(r.URL.Path)
	g.holder.ServeOr(w, r, publicKey(r.URL), func(ctx context.Context) (ready.Answer, error) {
		ex.memory = false
		return g.fill(ctx, r, ex)
	})
}

// publicPattern is the route of a public path; fill corrects it where the path is none.
func publicPattern(path string) string {
	switch {
	case path == "/v1/stories", path == "/v1/addresses":
		return path
	case strings.HasPrefix(path, "/v1/stories/") && strings.HasSuffix(path, "/editions"):
		return "/v1/stories/{slug}/editions"
	case strings.HasPrefix(path, "/v1/stories/"):
		return "/v1/stories/{slug}"
	}
	return "/v1/assets/{asset}"
}

// publicKey stands for everything on which a public answer depends. An escaped path has no question mark in it.
func publicKey(u *url.URL) string {
	if u.RawQuery == "" {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + u.Query().Encode()
}

// fill asks the service, as nobody, on behalf of all who want the same.
func (g *Gateway) fill(ctx context.Context, r *http.Request, ex *exchange) (ready.Answer, error) {
	if ex.bucket == "" {
		ex.bucket = g.addressBucket(r)
	}
	if state, ok := g.buckets.Take(ex.bucket, g.quotaOf(ex)); !ok {
		return ready.Answer{}, tooMany(state)
	}
	if ex.untraced {
		ctx, ex.late = g.watch.Tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(ex.began))
	}
	asked := &exchange{id: ex.id, caller: auth.Anonymous, route: "none", filling: true}
	inner := r.Clone(withExchange(ctx, asked))
	inner.Method = http.MethodGet
	a := &answer{header: http.Header{}}
	g.mux.ServeHTTP(a, inner)
	ex.route = asked.route
	if asked.refusal != nil {
		return ready.Answer{}, asked.refusal
	}
	if a.status != http.StatusOK {
		return ready.Answer{}, fault.Internal.New("Something went wrong on our side. It was logged under the request id.")
	}
	a.header.Set("X-Content-Type-Options", "nosniff")
	return ready.Answer{Header: a.header, Body: a.body, Tags: asked.tags, ValidUntil: asked.validUntil}, nil
}

// depends notes which revisions drop an answer, and when it ends by itself.
func (ex *exchange) depends(m proto.Message) {
	// Where only a part of a response is the body, the generated code hands the response over in a wrapper.
	switch m := m.ProtoReflect().Interface().(type) {
	case *storiesv1.ListPublishedStoriesResponse:
		ex.tags = []string{"lists/" + m.GetLocale()}
		if next := m.GetNextChangeTime(); next != nil {
			ex.validUntil = next.AsTime()
		}
	case *storiesv1.PublishedStory:
		name := m.GetSummary().GetName()
		ex.tags = []string{name, "beside/" + strings.TrimPrefix(name, "stories/")}
		for _, r := range m.GetRelated() {
			ex.tags = append(ex.tags, r.GetStory().GetName())
		}
	case *storiesv1.GetPublishedStoryResponse:
		if until := m.GetValidUntilTime(); until != nil {
			ex.validUntil = until.AsTime()
		}
	case *storiesv1.ListPublishedEditionsResponse:
		ex.tags = []string{m.GetName()}
	case *storiesv1.ListAddressesResponse:
		for _, locale := range m.GetLocales() {
			ex.tags = append(ex.tags, "lists/"+locale)
		}
	case *storiesv1.GetPublishedAssetResponse:
		ex.tags = m.GetStories()
		if until := m.GetValidUntilTime(); until != nil {
			ex.validUntil = until.AsTime()
		}
	}
}

// silence is for how many seconds the stream of revisions may say nothing, while heartbeats come each half second.
const silence = 5

// follow reads the stories service's revisions for the holder, until the gateway is closed.
func (g *Gateway) follow(client storiesv1.PublishedServiceClient) {
	ever, absence := false, ready.NewAbsence(g.machine.Now())
	g.holder.Follow(g.running, func(ctx context.Context, heard func(ready.Revision)) error {
		ctx, cancel := context.WithCancel(withExchange(ctx, &exchange{id: id.New(g.clock), caller: system}))
		defer cancel()
		stream, err := client.WatchRevisions(ctx, &storiesv1.WatchRevisionsRequest{})
		if err != nil {
			return err
		}
		var told atomic.Int64
		go g.giveUp(ctx, cancel, &told)
		for {
			m, err := stream.Recv()
			if err != nil {
				return err
			}
			told.Add(1)
			ever = true
			heard(ready.Revision{Name: m.GetName(), Number: m.GetRevision(), Age: time.Duration(m.GetAgeMillis()) * time.Millisecond})
		}
	}, func(err error) {
		switch {
		case !ever && absence.Overdue(g.machine.Now()):
			g.logger.Warn("the stream of revisions is still not there: is the stories service where this gateway looks for it? Until it is heard, published stories are asked for one by one", "error", err)
		case !ever: // as at a start, when the service is not ready yet
			g.logger.Info("the stream of revisions is not there yet; published stories are asked for one by one until it is", "error", err)
		default:
			g.logger.Warn("the stream of revisions broke; published stories are asked for one by one until it is back", "error", err)
		}
	})
}

// giveUp ends a stream that hangs without breaking, so that a new one may reach a replica that lives. It counts seconds: a clock that is moved on has not been silent.
func (g *Gateway) giveUp(ctx context.Context, end context.CancelFunc, told *atomic.Int64) {
	before, silent := int64(-1), 0
	for silent < silence {
		select {
		case <-ctx.Done():
			return
		case <-g.clock.After(time.Second):
		}
		now := told.Load()
		if silent++; now != before {
			before, silent = now, 0
		}
	}
	end()
}
