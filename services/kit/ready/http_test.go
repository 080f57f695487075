package ready_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/ready"
)

var long = strings.Repeat("All cranes stood still at dawn. ", 100)

func TestAcceptEncoding(t *testing.T) {
	r := newRig(t, ready.Options{})
	tests := []struct{ accept, want string }{
		{"", ""}, {"gzip", "gzip"}, {"GZIP", "gzip"}, {"gzip, deflate", "gzip"}, {"gzip, deflate, br, zstd", "br"}, {"zstd, gzip", "zstd"}, {"identity", ""},
		{"deflate", ""}, {"br;q=0.5, gzip;q=0.9", "gzip"}, {"br;q=0, *", "zstd"}, {"*", "br"}, {"*;q=0", ""}, {"gzip;q=0", ""}, {"identity;q=1, gzip;q=0.5", ""},
		{"gzip;q=0.001", "gzip"}, {"br;q=x, gzip", "gzip"}, {" gzip ; q=0.8 , br ; q=0.7", "gzip"}, {"identity;q=0, gzip;q=0.1", "gzip"}, {"br;q=1.000", "br"}, {",,gzip", "gzip"},
	}
	etags := map[string]string{}
	for _, tt := range tests {
		var header []string
		if tt.accept != "" {
			header = []string{"Accept-Encoding", tt.accept}
		}
		w := r.get("k", answer(long), header...)
		got := w.Header().Get("Content-Encoding")
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.accept, got, tt.want)
			continue
		}
		if decode(t, got, w.Body.Bytes()) != long {
			t.Errorf("%q: another body", tt.accept)
		}
		if n := w.Header().Get("Content-Length"); n != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%q: Content-Length %s", tt.accept, n)
		}
		if w.Header().Get("Vary") != "Accept-Encoding" || w.Header().Get("Cache-Control") != "no-cache" || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%q: %v", tt.accept, w.Header())
		}
		etags[got] = w.Header().Get("ETag")
	}
	base := strings.TrimSuffix(etags[""], `"`)
	for coding, suffix := range map[string]string{"gzip": "-gz", "br": "-br", "zstd": "-zs"} {
		if want := base + suffix + `"`; etags[coding] != want {
			t.Errorf("%s: ETag %s, want %s", coding, etags[coding], want)
		}
	}
	r.expectFills(1, "all codings of one answer")
}

func TestWhatDoesNotShrinkIsNotEncoded(t *testing.T) {
	r := newRig(t, ready.Options{})
	png := ready.Answer{Header: http.Header{"Content-Type": {"image/png"}}, Body: []byte(long)}
	for key, a := range map[string]ready.Answer{"picture": png, "short": answer("short")} {
		w := r.get(key, a, "Accept-Encoding", "br, gzip, zstd")
		if got := w.Header().Get("Content-Encoding"); got != "" || w.Body.String() != string(a.Body) {
			t.Errorf("%s: %q", key, got)
		}
	}
}

func TestIfNoneMatch(t *testing.T) {
	r := newRig(t, ready.Options{})
	a := answer(long)
	a.ETag = "abc"
	a.Header.Set("Content-Security-Policy", "default-src 'self'")
	tests := []struct {
		accept, match string
		want          int
	}{
		{"", `"abc"`, 304}, {"", `W/"abc"`, 304}, {"", `*`, 304}, {"", `"x", "abc"`, 304}, {"", `"x",W/"abc" , "y"`, 304}, {"", `"x,y", "abc"`, 304},
		{"", `"ab"`, 200}, {"", `abc`, 200}, {"", `"abc`, 200}, {"", `"abc-gz"`, 200}, {"gzip", `"abc-gz"`, 304}, {"gzip", `"abc"`, 200}, {"br", `"abc-gz", "abc-br"`, 304},
		{"", `"x" "abc"`, 304}, {"", ``, 200},
	}
	for _, tt := range tests {
		for _, method := range []string{"GET", "HEAD"} {
			w := r.do(method, "k", func(context.Context) (ready.Answer, error) { return a, nil }, "Accept-Encoding", tt.accept, "If-None-Match", tt.match)
			if w.Code != tt.want {
				t.Errorf("%s %q with %q: %d, want %d", method, tt.match, tt.accept, w.Code, tt.want)
			}
			if w.Header().Get("ETag") == "" || w.Header().Get("Vary") == "" || w.Header().Get("Cache-Control") == "" || w.Header().Get("Content-Security-Policy") == "" {
				t.Errorf("%d without a header that it must repeat: %v", w.Code, w.Header())
			}
			if w.Code == 304 && (w.Body.Len() > 0 || w.Header().Get("Content-Length") != "" || w.Header().Get("Content-Encoding") != "") {
				t.Errorf("304 with a body's headers: %v", w.Header())
			}
			if method == "HEAD" && w.Body.Len() > 0 {
				t.Error("HEAD with a body")
			}
		}
	}
}

func TestHeadSaysWhatGetWould(t *testing.T) {
	r := newRig(t, ready.Options{})
	fill := func(context.Context) (ready.Answer, error) { return answer(long), nil }
	get := r.do("GET", "k", fill, "Accept-Encoding", "br").Header()
	head := r.do("HEAD", "k", fill, "Accept-Encoding", "br").Header()
	for name := range get {
		if get.Get(name) != head.Get(name) {
			t.Errorf("%s: GET %q, HEAD %q", name, get.Get(name), head.Get(name))
		}
	}
}

func TestOtherStatuses(t *testing.T) {
	r := newRig(t, ready.Options{})
	gone := answer("It was withdrawn.", "stories/abc")
	gone.Status = http.StatusGone
	for range 2 {
		w := r.get("k", gone, "If-None-Match", "*")
		if w.Code != http.StatusGone || w.Body.String() != "It was withdrawn." {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	r.expectFills(1, "a refusal that is an answer is kept")
}

func TestDifferentContentHasADifferentETag(t *testing.T) {
	r := newRig(t, ready.Options{})
	a := r.get("a", answer("one")).Header().Get("ETag")
	b := r.get("b", answer("two")).Header().Get("ETag")
	c := r.get("c", answer("one")).Header().Get("ETag")
	if a == b || a != c {
		t.Errorf("etags %s %s %s", a, b, c)
	}
}

func TestVaryOfMiddlewareStays(t *testing.T) {
	r := newRig(t, ready.Options{})
	for range 2 {
		w := httptest.NewRecorder()
		w.Header().Set("Vary", "Origin")
		r.holder.ServeOr(w, httptest.NewRequest("GET", "/", nil), "k", func(context.Context) (ready.Answer, error) { return answer("x"), nil })
		if got := strings.Join(w.Header()["Vary"], ", "); got != "Origin, Accept-Encoding" {
			t.Errorf("Vary: %s", got)
		}
	}
}

func TestStreamOverHTTP(t *testing.T) {
	r := newRig(t, ready.Options{})
	srv := httptest.NewServer(http.HandlerFunc(r.holder.ServeStream))
	defer srv.Close()
	down := ready.New(ready.Options{Clock: clock.System(), Problem: problem})
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	heard, end := down.Subscribe()
	defer end()
	done.Go(func() { down.Follow(ctx, ready.FromStream(srv.Client(), srv.URL), func(error) {}) })
	defer done.Wait()
	defer cancel()
	next := func(want ready.Revision) {
		t.Helper()
		deadline := time.After(time.Minute)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case got := <-heard:
				if got.Name == want.Name && got.All == want.All && got.Number == want.Number {
					return
				}
			case <-tick.C:
				select {
				case r.stream <- want: // again, until the reader is there
				default:
				}
			case <-deadline:
				t.Fatalf("never heard %+v", want)
			}
		}
	}
	next(ready.Revision{Number: 4, Age: 100 * time.Millisecond})
	if !down.Fresh() {
		t.Error("a heartbeat was passed on, but the reader is not fresh")
	}
	next(ready.Revision{Name: "stories/ä\n\"", Number: 5})
	next(ready.Revision{All: true})
}

func TestStreamThatIsNone(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	if err := ready.FromStream(srv.Client(), srv.URL)(context.Background(), func(ready.Revision) {}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("got %v", err)
	}
}

// quick is a stream that is always heard.
func quick(ctx context.Context, heard func(ready.Revision)) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		heard(ready.Revision{})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// BenchmarkServeOr compares the holder with a bare handler that writes the same bytes, without a network.
func BenchmarkServeOr(b *testing.B) {
	h := ready.New(ready.Options{Clock: clock.System(), Problem: problem})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go h.Follow(ctx, quick, func(error) {})
	for !h.Fresh() {
	}
	body := strings.Repeat(long, 8)
	fill := func(context.Context) (ready.Answer, error) { return answer(body, "stories/abc"), nil }
	plain := []byte(body)
	size := strconv.Itoa(len(body))
	handlers := map[string]http.HandlerFunc{
		"bare": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Length", size)
			w.Write(plain)
		},
		"held":       func(w http.ResponseWriter, r *http.Request) { h.ServeOr(w, r, r.URL.Path, fill) },
		"held br":    func(w http.ResponseWriter, r *http.Request) { h.ServeOr(w, r, r.URL.Path, fill) },
		"held match": func(w http.ResponseWriter, r *http.Request) { h.ServeOr(w, r, r.URL.Path, fill) },
	}
	for _, name := range []string{"bare", "held", "held br", "held match"} {
		b.Run(name, func(b *testing.B) {
			req := httptest.NewRequest("GET", "/stories/abc", nil)
			if name == "held br" {
				req.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
			}
			if name == "held match" {
				w := httptest.NewRecorder()
				handlers[name](w, req)
				req.Header.Set("If-None-Match", w.Header().Get("ETag"))
			}
			b.ReportAllocs()
			w := &discard{header: http.Header{}}
			for b.Loop() {
				clear(w.header)
				handlers[name](w, req)
			}
		})
	}
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

func TestFixed(t *testing.T) {
	h := ready.Fixed(answer(long))
	req := httptest.NewRequest("GET", "/", nil)
	req.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if w.Code != 200 || decode(t, "gzip", w.Body.Bytes()) != long {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
	req.Header.Set("If-None-Match", w.Header().Get("ETag"))
	w = httptest.NewRecorder()
	if h.ServeHTTP(w, req); w.Code != 304 {
		t.Errorf("%d, want 304", w.Code)
	}
}
