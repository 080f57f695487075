// Package front_test tests Renown behind a cache, such as a content delivery network: what it may keep, what it is told to forget, and that nothing withdrawn is left
// in it. The cache is written after RFC 9111 and RFC 5861, as far as such caches share it.
package front_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"renown.example/kit/clock"
)

// cdn is a cache in front of one origin. It offers /purge, which can be made to fail.
type cdn struct {
	*httptest.Server
	origin *url.URL
	clock  clock.Clock
	// also forgets what this one is told to forget.
	also *cdn

	mu      sync.Mutex
	entries map[string]*copy
	// failing is how many purges will fail yet; purges are the keys of those that were carried out, in order.
	failing int
	purges  [][]string
	ids     []string
	hits    int
}

// copy is an answer that the cache keeps.
type copy struct {
	status int
	header http.Header
	body   string
	keys   []string
	until  time.Time
}

func newCDN(t testing.TB, clk clock.Clock) *cdn {
	c := &cdn{clock: clk, entries: map[string]*copy{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *cdn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/purge" {
		c.purge(w, r)
		return
	}
	got, err := c.get(r.URL.RequestURI())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	for name, values := range got.header {
		w.Header()[name] = values
	}
	w.WriteHeader(got.status)
	_, _ = io.WriteString(w, got.body)
}

// asking is how origins are asked: over connections that stay open, as a cache's do.
var asking = &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16}

// get answers from the cache or from the origin.
func (c *cdn) get(path string) (*copy, error) {
	c.mu.Lock()
	kept := c.entries[path]
	if kept != nil && c.clock.Now().Before(kept.until) {
		c.hits++
		c.mu.Unlock()
		return kept, nil
	}
	c.mu.Unlock()
	asked := c.clock.Now()
	req, err := http.NewRequest(http.MethodGet, c.origin.String()+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := asking.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	got := &copy{status: res.StatusCode, header: res.Header, body: string(body), keys: strings.Fields(res.Header.Get("Surrogate-Key"))}
	if age, stale := directive(res.Header, "s-maxage"), directive(res.Header, "stale-while-revalidate"); age > 0 {
		got.until = asked.Add(age + stale) // it uses all that it is given
		c.mu.Lock()
		c.entries[path] = got
		c.mu.Unlock()
	}
	return got, nil
}

func directive(h http.Header, name string) time.Duration {
	for part := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		if n, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok && n == name {
			s, _ := strconv.Atoi(value)
			return time.Duration(s) * time.Second
		}
	}
	return 0
}

func (c *cdn) purge(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		ID   string
		Keys []string
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer secret" || json.NewDecoder(r.Body).Decode(&ask) != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if c.failing > 0 {
		c.failing--
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	c.purges, c.ids = append(c.purges, ask.Keys), append(c.ids, ask.ID)
	c.forget(ask.Keys)
	if c.also != nil {
		c.also.mu.Lock()
		defer c.also.mu.Unlock()
		c.also.forget(ask.Keys)
	}
}

func (c *cdn) forget(keys []string) {
	for path, e := range c.entries {
		if concerned(e, keys) {
			delete(c.entries, path)
		}
	}
}

// concerned reports whether an answer has one of the keys.
func concerned(e *copy, keys []string) bool {
	return slices.ContainsFunc(e.keys, func(k string) bool { return slices.Contains(keys, k) })
}

// held is what the cache keeps, by path.
func (c *cdn) held() map[string]*copy {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]*copy{}
	for path, e := range c.entries {
		if c.clock.Now().Before(e.until) {
			out[path] = e
		}
	}
	return out
}

func (c *cdn) fail(times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failing = times
}
