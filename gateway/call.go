package gateway

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"renown.example/gateway/strict"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// call stands before every generated handler: who calls, how much, and whether the request is what the proto says. What passes is answered by next.
func (g *Gateway) call(next runtime.HandlerFunc) runtime.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		pattern, _ := runtime.HTTPPattern(r.Context())
		found := g.routes[r.Method+" "+pattern.String()]
		if p := probeOf(r.Context()); p != nil {
			p.found = append(p.found, found)
			return
		}
		ex := exchangeOf(r.Context())
		ex.route = found.pattern
		if !ex.filling {
			if err := g.admit(w, r, ex, found); err != nil {
				g.refuse(w, r, err)
				return
			}
		}
		if found.large {
			if !g.largeSlots.Enter() {
				g.refuse(w, r, busy())
				return
			}
			defer g.largeSlots.Leave()
		}
		if err := g.read(w, r, ex, found, params); err != nil {
			g.refuse(w, r, err)
			return
		}
		if ex.filling {
			next(w, r, params)
			return
		}
		a := &answer{header: http.Header{}}
		next(a, r, params)
		g.respond(w, r, ex, found, a)
	}
}

func busy() error {
	return fault.Unavailable.New("There is more to do right now than can be done; try again in a second.")
}

// admit authenticates the caller and charges its quota.
func (g *Gateway) admit(w http.ResponseWriter, r *http.Request, ex *exchange, to *route) error {
	if err := g.authenticate(r.Context(), r, ex); err != nil {
		return err
	}
	if err := g.charge(w, ex); err != nil {
		return err
	}
	// Services refuse this too. Here it saves reading the bodies of people whom nobody knows.
	if ex.caller.Kind == auth.KindAnonymous && !to.rule.GetPublic() {
		return fault.Unauthenticated.New("This needs credentials: %s.", wanted(to))
	}
	return nil
}

func wanted(to *route) string {
	var ways []string
	if len(to.rule.GetScopes()) > 0 {
		ways = append(ways, "an API key with the scope "+strings.Join(to.rule.GetScopes(), " or "))
	}
	if len(to.rule.GetRoles()) > 0 {
		ways = append(ways, "the session of an employee")
	}
	if len(to.rule.GetLinks()) > 0 {
		ways = append(ways, "a link that was sent")
	}
	return strings.Join(ways, ", or ")
}

// charge counts the request against the caller's quota.
func (g *Gateway) charge(w http.ResponseWriter, ex *exchange) error {
	state, ok := g.buckets.Take(ex.bucket, g.quotaOf(ex))
	showQuota(w.Header(), state)
	if !ok {
		return tooMany(state)
	}
	return nil
}

func (g *Gateway) quotaOf(ex *exchange) int {
	switch {
	case ex.quota > 0:
		return ex.quota
	case strings.HasPrefix(ex.bucket, "address/"):
		return g.limits.Anonymous
	}
	return g.limits.Credential
}

// read checks everything that the request says and leaves the body ready to be decoded.
func (g *Gateway) read(w http.ResponseWriter, r *http.Request, ex *exchange, to *route, params map[string]string) error {
	in := to.rpc.Input()
	if e := strict.Path(params, in); e != nil {
		return e
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fault.InvalidArgument.New("The query of the address cannot be read: it has a broken escape sequence or a semicolon in it.")
	}
	if e := strict.Query(query, in, to.inPath, to.hasBody); e != nil {
		return e
	}
	if err := readPreconditions(r, ex, to); err != nil {
		return err
	}
	ex.wantsZip = strings.HasPrefix(strings.TrimSpace(r.Header.Get("Accept")), zipType)
	if err := readIdempotencyKey(r, ex); err != nil {
		return err
	}
	if !to.hasBody {
		if r.ContentLength != 0 {
			return fault.MalformedBody.New("A %s takes no body.", r.Method)
		}
		return nil
	}
	ex.place.leave()
	body, err := g.readBody(w, r, to)
	if err != nil {
		return err
	}
	if !ex.place.take() {
		return busy()
	}
	if len(body) > 0 {
		if err := jsonType(r.Header.Get("Content-Type")); err != nil {
			return err
		}
		if e := strict.Body(body, in, to.inPath); e != nil {
			return e
		}
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

func (g *Gateway) readBody(w http.ResponseWriter, r *http.Request, to *route) ([]byte, error) {
	bound := g.limits.Body
	if to.large {
		bound = g.limits.LargeBody
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, fault.NotAcceptable.New("Bodies are sent without Content-Encoding.")
	}
	enough := g.patience(w)
	tooLarge := fault.TooLarge.New("The body is larger than %d bytes.", bound)
	if r.ContentLength > bound {
		g.drain(r)
		return nil, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, bound+1))
	switch {
	case int64(len(body)) > bound:
		g.drain(r)
		return nil, tooLarge
	case r.Context().Err() != nil && !errors.Is(err, os.ErrDeadlineExceeded): // net/http ends the context of a late body too
		return nil, fault.Of(r.Context().Err())
	case err != nil:
		return nil, fault.MalformedBody.New("The body did not arrive whole and in time.").Wrap(err)
	}
	enough()
	return body, nil
}

// patience bounds how long the body may take from now on. The function that it returns takes the bound away again, for what comes after the body may take longer;
// it is not called where the body did not come, or net/http would wait for the rest of it.
func (g *Gateway) patience(w http.ResponseWriter) (enough func()) {
	line := http.NewResponseController(w)
	// Connections without deadlines exist in tests only.
	_ = line.SetReadDeadline(clock.System().Now().Add(g.limits.BodyWithin))
	return func() { _ = line.SetReadDeadline(time.Time{}) }
}

// drain reads on, within reason and the bound of time, so that a caller who writes a body before it reads the answer gets to read it.
func (g *Gateway) drain(r *http.Request) {
	if r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, r.Body, 2*g.limits.LargeBody)
	}
}

func jsonType(contentType string) error {
	media, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	if err == nil && media == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		return nil
	}
	if contentType == "" {
		return fault.NotAcceptable.New("The body has no Content-Type; send application/json.")
	}
	return fault.NotAcceptable.New("The body is %.100q; send application/json.", contentType)
}

// readPreconditions takes If-Match, whose etag goes to the service. A method that cannot check one refuses it: to pass over a condition is to break it.
func readPreconditions(r *http.Request, ex *exchange, to *route) error {
	given := r.Header.Values("If-Match")
	if len(given) == 0 || r.Method == http.MethodGet {
		return nil
	}
	value := strings.TrimSpace(given[0])
	if to.etag == nil {
		return fault.InvalidArgument.New("This method has no If-Match.")
	}
	if strings.HasPrefix(value, "W/") {
		return fault.EtagMismatch.New("A weak etag matches nothing in If-Match.")
	}
	if value == "*" { // whatever its state
		ex.ifMatch = value
		return nil
	}
	tag, ok := unquoteTag(value)
	if len(given) > 1 || !ok {
		return fault.InvalidArgument.New(`If-Match is one etag in quotation marks, as the ETag header of an answer shows it.`)
	}
	ex.ifMatch = `"` + resourceEtag(tag) + `"`
	return nil
}

func readIdempotencyKey(r *http.Request, ex *exchange) error {
	given := r.Header.Values("Idempotency-Key")
	if len(given) == 0 || r.Method == http.MethodGet {
		return nil
	}
	key := given[0]
	printable := !strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' })
	if len(given) > 1 || len(key) < 1 || len(key) > 255 || !printable {
		return fault.InvalidArgument.New("The Idempotency-Key is one header of 1 to 255 printable ASCII characters without spaces.")
	}
	ex.idempotencyKey = key
	return nil
}
