package ready

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
)

func TestWhatACacheInFrontMayKeep(t *testing.T) {
	now := time.Date(2026, 5, 4, 10, 0, 0, 500_000_000, time.UTC)
	day := Shared{MaxAge: 24 * time.Hour}
	for _, c := range []struct {
		until time.Duration
		want  string
	}{
		{0, "public, max-age=0, s-maxage=86400, stale-while-revalidate=2"},
		{48 * time.Hour, "public, max-age=0, s-maxage=86400, stale-while-revalidate=2"},
		{24*time.Hour + time.Second, "public, max-age=0, s-maxage=86400"},
		{20 * time.Second, "public, max-age=0, s-maxage=20"},
		{1500 * time.Millisecond, "public, max-age=0, s-maxage=1"},
		{900 * time.Millisecond, "no-cache"},
		{-time.Second, "no-cache"},
	} {
		until := time.Time{}
		if c.until != 0 {
			until = now.Add(c.until)
		}
		if got := day.policy(now, until); got != c.want {
			t.Errorf("ending in %s: %q, want %q", c.until, got, c.want)
		}
	}
}

// Whatever a cache in front does with what it was allowed, it gives nothing after the end.
func TestNothingIsKeptBeyondItsEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(1, 1<<32).Draw(t, "now"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		end := now.Add(time.Duration(rapid.Int64Range(int64(-time.Hour), int64(72*time.Hour)).Draw(t, "left")))
		s := Shared{MaxAge: time.Duration(rapid.IntRange(1, 200_000).Draw(t, "age")) * time.Second}
		kept := time.Duration(0)
		for part := range strings.SplitSeq(s.policy(now, end), ", ") {
			name, value, _ := strings.Cut(part, "=")
			if n, err := strconv.Atoi(value); err == nil && name != "max-age" {
				kept += time.Duration(n) * time.Second
			}
		}
		if kept > 0 && now.Add(kept).After(end) {
			t.Fatalf("%q at %s lets it be given until %s, it ends at %s", s.policy(now, end), now, now.Add(kept), end)
		}
	})
}

func TestOnlyAnswersWithNamesAreKeptInFront(t *testing.T) {
	clk := clock.NewFake(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC))
	h := New(Options{Clock: clk, Problem: func(w http.ResponseWriter, _ *http.Request, err error) { t.Error(err) }, Shared: Shared{MaxAge: time.Hour, TagHeader: "Cache-Tag"}})
	ask := func(a Answer, header ...string) http.Header {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if len(header) == 2 {
			r.Header.Set(header[0], header[1])
		}
		w := httptest.NewRecorder()
		h.ServeOr(w, r, "key", func(context.Context) (Answer, error) { return a, nil })
		return w.Result().Header
	}
	named := Answer{Body: []byte("a"), Tags: []string{"stories/a", "lists/en"}}
	got := ask(named)
	if got.Get("Cache-Control") != "public, max-age=0, s-maxage=3600, stale-while-revalidate=2" || got.Get("Cache-Tag") != "stories/a,lists/en,renown" || got.Get(SurrogateKey) != "stories/a lists/en renown" {
		t.Errorf("an answer with names has %v", got)
	}
	if again := ask(named, "If-None-Match", got.Get("ETag")); again.Get("Cache-Control") != got.Get("Cache-Control") {
		t.Errorf("asked again, it has %v", again)
	}
	for what, a := range map[string]Answer{
		"without names": {Body: []byte("a")}, "gone": {Status: http.StatusGone, Body: []byte("a"), Tags: []string{"stories/a"}},
		"ending now": {Body: []byte("a"), Tags: []string{"stories/a"}, ValidUntil: clk.Now().Add(500 * time.Millisecond)},
	} {
		if got := ask(a).Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: %q", what, got)
		}
	}
}
