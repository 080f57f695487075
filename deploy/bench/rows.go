package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
)

// row is something that is measured.
type row struct {
	// subject is what a run can be limited to.
	subject    string
	name, what string
	goal       goal
	measure    func(ctx context.Context, b *benchmark) (result, error)
}

// connections is how many keep-alive clients ask at the same time.
const connections = 16

var ratioOfBare = goal{Of: "ratio of answers a second", Least: 0.6}

var allRows = []row{
	{"stories", "story-rest", "a published story over REST, against a bare net/http handler that writes the same bytes; 16 keep-alive clients", ratioOfBare, story(overREST, false)},
	{"stories", "story-html", "the same story as HTML, against a bare handler", ratioOfBare, story(asHTML, false)},
	{"stories", "again-rest", "the story over REST with If-None-Match, against a bare 304", ratioOfBare, story(overREST, true)},
	{"stories", "again-html", "the story as HTML with If-None-Match, against a bare 304", ratioOfBare, story(asHTML, true)},
	{"stories", "list", "a page of 20 summaries with facets, past every cache: no two requests of the run are the same", goal{Of: "answers a second", Least: 3000}, list},
	{"stories", "store-update", "durable updates of distinct rows from 64 clients through the store's contract, against inserts that share their commits by hand", goal{Of: "ratio of acknowledgements a second", Least: 0.4}, inStore(true)},
	{"stories", "store-get", "a point read through the store's contract, against the prepared statement by hand", goal{Of: "ratio of reads a second", Least: 0.5}, inStore(false)},
	{"stories", "call", "a call in process, as in the all-in-one, against the same call over loopback, as in a split installation", goal{Of: "share of the median time", Most: 1.0 / 3}, call},
	{"stories", "large-item", "a story of the large installation, against a story of the usual one", goal{Of: "ratio of p99", Most: 1.5}, largeItem},
	{"stories", "large-search", "faceted search in the large installation, by a mix of queries with the hard ones in it", goal{Of: "p99", Unit: "ms", Most: 50}, largeSearch},
	{"stories", "card", "the card of a story, drawn", goal{Of: "p99", Unit: "ms", Most: 50}, cards},
	{"stories", "bomb", "a picture of a thousand million points, refused", goal{Of: "p99", Unit: "ms", Most: 50}, bombs},
	{"stories", "start", "start of deploy/local on existing data to the first answered requests", goal{Of: "time", Unit: "s", Most: 1}, start},
	{"stories", "memory", "what the all-in-one with the demo holds when nobody does anything", goal{Of: "resident memory", Unit: "MB", Most: 150}, memory},
	{"loyalty", "accruals", "points given for visits over gRPC, durable, each with key, rule, entry, hash, account and lot; 64 clients", goal{Of: "accruals a second", Least: 10_000}, accrual(func(p pair) float64 { return p.Ours.perSecond() })},
	{"loyalty", "accruals-p99", "the same, how long they take", goal{Of: "p99", Unit: "ms", Most: 50}, accrual(func(p pair) float64 { return p.Ours.P99 })},
	{"loyalty", "accruals-bare", "the same, against the same rows written by hand behind bare gRPC", goal{Of: "ratio of accruals a second", Least: 0.6}, accrual(func(p pair) float64 { return p.Ours.perSecond() / p.Base.perSecond() })},
	{"loyalty", "hot-account", "accruals of one account, against those of many", goal{Of: "ratio of accruals a second", Least: 0.6}, hotAccount},
	{"loyalty", "chain", "the hashes that chain entries and seal accounts, against the rest of an accrual", goal{Of: "share of processor time", Most: 0.1}, chain},
	{"loyalty", "flat", "resident memory while a million accruals are given: the most in the second half against the most in the first", goal{Of: "ratio of memory", Most: 1.2}, flat},
	{"loyalty", "redemption", "a redemption that spends all of an account's 10,000 lots", goal{Of: "p99", Unit: "ms", Most: 20}, redemption},
	{"loyalty", "rules", "twenty rules in the expression language look at an order of three lines", goal{Of: "p99", Unit: "us", Most: 50}, twentyRules},
	{"loyalty", "import", "members with their balances, imported from a list", goal{Of: "time for a million", Unit: "s", Most: 300}, importing},
	{"loyalty", "lookup", "a member found by an identifier, 500 times a second", goal{Of: "p99", Unit: "ms", Most: 5}, lookup},
	{"loyalty", "balance-rest", "a member with balances over REST, against a bare net/http handler that writes the bytes of one", goal{Of: "ratio of answers a second", Least: 0.3}, balance},
}

// place is where a story is asked for.
type place func(i *installation) (address, path string)

func overREST(i *installation) (string, string) { return i.api, "/v1/stories/" + storyID(7) }
func asHTML(i *installation) (string, string)   { return i.website, "/stories/" + storyID(7) }

// story measures one published story against a bare handler with the same answer.
func story(at place, again bool) func(ctx context.Context, b *benchmark) (result, error) {
	return func(ctx context.Context, b *benchmark) (result, error) {
		i, err := b.running(ctx, b.stories)
		if err != nil {
			return result{}, err
		}
		address, path := at(i)
		header, want := "", http.StatusOK
		status, answer, err := fetch(ctx, "http://"+address+path, nil)
		if err == nil && again {
			want = http.StatusNotModified
			etag := answer.header.Get("Etag")
			header = "If-None-Match: " + etag + "\r\n"
			status, answer, err = fetch(ctx, "http://"+address+path, http.Header{"If-None-Match": {etag}})
		}
		if err != nil {
			return result{}, err
		}
		if status != want {
			return result{}, fmt.Errorf("%s answers %d", path, status)
		}
		answer.header.Del("Date") // net/http adds it
		bare, bareAddress, err := beginBare(status, answer)
		if err != nil {
			return result{}, err
		}
		defer bare.end()
		task := loadTask{Paths: []string{path}, Header: header, Connections: connections, Duration: b.duration, Status: status, Size: len(answer.body)}
		r, err := b.compare(ctx, on(address, task), on(bareAddress, task))
		if err != nil {
			return r, err
		}
		r.Ours.Name, r.Base.Name = "Renown", "bare handler"
		r.Notes = []string{fmt.Sprintf("%d bytes of body, %d header fields", len(answer.body), len(answer.header)+1)}
		return r, nil
	}
}

// on returns what loads an address.
func on(address string, t loadTask) func(context.Context) (loadResult, error) {
	t.Address = address
	return func(ctx context.Context) (loadResult, error) { return ask[loadResult](ctx, "bench-loader", t) }
}

// measured collects what a side did in each round.
type measured struct{ perSecond, p50, p99 []float64 }

func (m *measured) add(r loadResult) {
	m.perSecond, m.p50, m.p99 = append(m.perSecond, r.perSecond()), append(m.p50, r.P50), append(m.p99, r.P99)
}

func (m *measured) side(name string) side {
	return side{Name: name, PerSecond: spreadOf(m.perSecond), P50: spreadOf(m.p50), P99: spreadOf(m.p99)}
}

// compare measures two sides in turn, round by round, so that what else the machine does concerns both.
func (b *benchmark) compare(ctx context.Context, ours, base func(context.Context) (loadResult, error)) (result, error) {
	pairs, err := b.turns(ctx, ours, base)
	if err != nil {
		return result{}, err
	}
	return paired(pairs), nil
}

func (b *benchmark) turns(ctx context.Context, ours, base func(context.Context) (loadResult, error)) ([]pair, error) {
	var pairs []pair
	for round := range b.rounds {
		var p pair
		for k := range 2 {
			side, into := ours, &p.Ours
			if (round+k)%2 == 1 {
				side, into = base, &p.Base
			}
			r, err := side(ctx)
			if err != nil {
				return nil, err
			}
			*into = r
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// list measures pages of the list that nobody has asked for before.
func list(ctx context.Context, b *benchmark) (result, error) {
	i, err := b.running(ctx, b.stories)
	if err != nil {
		return result{}, err
	}
	// As many as could be asked for at ten times the goal.
	paths := listPaths(int(b.duration.Seconds()*1.1*float64(b.rounds)*30_000) + 1000)
	for _, path := range paths[:20] {
		status, answer, err := fetch(ctx, "http://"+i.api+path, nil)
		if err != nil || status != http.StatusOK || strings.Count(string(answer.body), `"slug"`) != 20 || !strings.Contains(string(answer.body), `"facets":[{`) {
			return result{}, fmt.Errorf("%s answers %d, %w: %.300s", path, status, err, answer.body)
		}
	}
	task := loadTask{Address: i.api, Paths: paths, First: 20, Connections: connections, Duration: b.duration, Once: true, Status: http.StatusOK, Size: -1}
	var m measured
	var last loadResult
	for range b.rounds {
		if last, err = ask[loadResult](ctx, "bench-loader", task); err != nil {
			return result{}, err
		}
		m.add(last)
		task.First = last.Next
	}
	return result{Ours: m.side("Renown"), Value: spreadOf(m.perSecond), Notes: []string{
		fmt.Sprintf("%.0f bytes of body; each request is a combination of terms of three taxonomies that leaves at least 20 of %d stories, in an order of its own", last.Bytes, b.stories),
	}}, nil
}

// listPaths returns different filters of the list. Each leaves out at most two terms of a taxonomy, so that a page is full; the order in which the terms stand
// tells them apart for every cache that goes by the address.
func listPaths(n int) []string {
	r := rand.New(rand.NewPCG(7, 7))
	seen := make(map[string]bool, n)
	out := make([]string, 0, n)
	for len(out) < n {
		var q []string
		for _, t := range []struct {
			name  string
			terms []string
		}{{"industry", industries}, {"region", regions}, {"useCase", uses}} {
			for k, at := range r.Perm(len(t.terms)) {
				if k < len(t.terms)-r.IntN(2) {
					q = append(q, t.name+"="+termID(t.terms[at]))
				}
			}
		}
		path := "/v1/stories?" + strings.Join(q, "&")
		if !seen[path] {
			seen[path] = true
			out = append(out, path)
		}
	}
	return out
}
