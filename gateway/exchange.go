package gateway

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/telemetry"
)

// exchange is what the gateway knows about one request while it is being answered.
type exchange struct {
	id    string
	began time.Time
	// out takes the answer.
	out recorder
	// route is the pattern for log and metrics; it never holds values of the request.
	route  string
	caller auth.Identity
	// quota is the caller's own bound in requests a minute, 0 for the default.
	quota int
	// bucket names whose quota is charged.
	bucket string
	// ifMatch is the etag that the caller has seen, in quotation marks and without what the gateway adds, or "*"; "" if none was sent.
	ifMatch string
	// idempotencyKey is "" if none was sent.
	idempotencyKey string
	// wantsZip says that a file is wanted as it is, not as JSON.
	wantsZip bool
	// place is that among what is worked on.
	place *place
	// etag is that of the resource in the answer; "" if it has none.
	etag string
	// called says that a service was reached: from then on errors are its.
	called bool
	// refusal is why the request was refused, for the log.
	refusal *fault.Error
	// untraced says that no span has begun with the request; late is the one that began when a service was asked, if one was.
	untraced bool
	late     trace.Span
	// memory says that the answer came from memory.
	memory bool
	// filling says that the answer is for memory, on behalf of all who want the same; tags and validUntil are what ready.Answer wants to know of it.
	filling    bool
	tags       []string
	validUntil time.Time
}

type exchangeKey struct{}

func withExchange(ctx context.Context, ex *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, ex)
}

// exchangeOf returns the request's exchange; every request that passed ServeHTTP has one.
func exchangeOf(ctx context.Context) *exchange {
	ex, _ := ctx.Value(exchangeKey{}).(*exchange)
	return ex
}

// requestID is the caller's own if it is fit for logs, or a new one.
func (g *Gateway) requestID(r *http.Request) string {
	if given := r.Header.Get("X-Request-Id"); telemetry.ValidRequestID(given) {
		return given
	}
	return id.New(g.clock)
}

// refuse answers with err as a problem.
func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, err error) {
	ex := exchangeOf(r.Context())
	e := fault.Of(err)
	ex.refusal = e
	g.problems.Write(w, r, ex.id, e)
}
