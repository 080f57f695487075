package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"renown.example/stories/search/mix"
)

// asked is how many queries of the mix there are; a run starts over where they run out.
const asked = 20_000

// searchPaths are the queries of the mix, a third of them with a filter. No two have the same address: where a query comes again, white space around it, which
// means nothing, or another size of the page tells them apart, so that no cache that goes by the address has the answer.
func searchPaths() []string {
	var customers []string
	for n := range 500 {
		customers = append(customers, capital(word(n))+" Works")
	}
	seen := make(map[string]bool, asked)
	var out []string
	for i, q := range mix.Queries(mix.Corpus{Word: word, Words: vocabulary, Customers: customers}, asked) {
		filter := ""
		if i%3 == 0 {
			filter = "&industry=" + termID(industries[i/3%len(industries)])
		}
		for n := 0; ; n++ {
			padded := strings.Repeat(" ", n%8) + q + strings.Repeat(" ", n/8%8)
			path := fmt.Sprintf("/v1/stories?query=%s&pageSize=%d%s", url.QueryEscape(padded), 20+n/64, filter)
			if !seen[path] {
				seen[path] = true
				out = append(out, path)
				break
			}
		}
	}
	return out
}

// largeSearch measures the mix of queries over the large installation.
func largeSearch(ctx context.Context, b *benchmark) (result, error) {
	if err := b.halt(); err != nil {
		return result{}, err
	}
	began := clk.Now()
	i, err := b.running(ctx, b.large)
	if err != nil {
		return result{}, err
	}
	if err := i.await(ctx, "the index of words is whole", i.indexed(ctx)); err != nil {
		return result{}, err
	}
	ready := clk.Now().Sub(began)
	task := loadTask{Address: i.api, Paths: searchPaths(), Connections: 1, Duration: b.duration, Status: http.StatusOK, Size: -1}
	var m measured
	for range b.rounds {
		r, err := ask[loadResult](ctx, "bench-loader", task)
		if err != nil {
			return result{}, err
		}
		m.add(r)
		task.First = r.Next
	}
	return result{Ours: m.side("Renown"), Value: spreadOf(m.p99), Notes: []string{
		fmt.Sprintf("over REST with facets, one client, %d stories, each address for the first time; %d queries: the commonest word, common and rare words, several, beginnings of one to three letters, typos, names", b.large, asked),
		fmt.Sprintf("the index was whole %s after the installation was asked for, its generation included if it was not there", ready.Round(time.Second)),
	}}, nil
}

// indexed reports whether search knows every story.
func (i *installation) indexed(ctx context.Context) func() (bool, error) {
	return func() (bool, error) {
		status, answer, err := fetch(ctx, "http://"+i.api+"/v1/stories?query="+word(0), nil)
		if err != nil || status != http.StatusOK {
			return false, nil // it is starting
		}
		var page struct {
			Search struct {
				Partial   bool
				TotalSize int
			}
		}
		if err := json.Unmarshal(answer.body, &page); err != nil {
			return false, err
		}
		if !page.Search.Partial && page.Search.TotalSize == 0 {
			return false, fmt.Errorf("nothing holds the commonest word: %.300s", answer.body)
		}
		return !page.Search.Partial, nil
	}
}
