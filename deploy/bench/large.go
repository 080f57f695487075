package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/store/engine"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories"
)

// itemTask is a comparison of reading single stories in a large installation with the same in a usual one.
type itemTask struct {
	// Large and Usual are the folders; Stories says how many each has.
	Large, Usual               string
	LargeStories, UsualStories int
	Log, Sink                  string
	Rounds                     int
	Duration                   time.Duration
}

// itemRole asks the stories services of both folders for stories, past the memory of gateway and website: what they hold does not depend on how many there are.
func itemRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t itemTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	tel, log, err := told(ctx, "stories", t.Log, t.Sink)
	if err != nil {
		return err
	}
	defer log.Close()
	var sides []func(n int64) error
	var closers []func() error
	for _, of := range []struct {
		folder  string
		stories int
	}{{t.Large, t.LargeStories}, {t.Usual, t.UsualStories}} {
		s, err := stories.New(ctx, stories.Config{
			Config: engine.Config{Data: of.folder}, IdentityKeys: []auth.PublicKey{auth.GenerateKey().Public()}, Company: company, WebsiteURL: "http://127.0.0.1:8080",
			Locales: []string{"en"},
		}, stories.Deps{Clock: clk, Telemetry: tel})
		if err != nil {
			return err
		}
		running, stop := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() { defer close(ended); s.Run(running) }()
		closers = append(closers, func() error { stop(); <-ended; return s.Close() })
		client := storiesv1.NewPublishedServiceClient(s.Conn())
		if err := whole(ctx, client); err != nil {
			return err
		}
		sides = append(sides, func(n int64) error {
			_, err := client.GetPublishedStory(ctx, &storiesv1.GetPublishedStoryRequest{Slug: storyID(scattered(n, of.stories))})
			return err
		})
	}
	pairs, err := alternately(ctx, t.Rounds, t.Duration, connections, sides[0], sides[1])
	for _, end := range closers {
		err = errors.Join(err, end())
	}
	if err != nil {
		return err
	}
	return say(pairs)
}

// whole waits until a service knows all that it keeps in memory, and its index of words is whole.
func whole(ctx context.Context, c storiesv1.PublishedServiceClient) error {
	for {
		list, err := c.ListPublishedStories(ctx, &storiesv1.ListPublishedStoriesRequest{Query: word(0), PageSize: 1})
		if err == nil && !list.GetSearch().GetPartial() {
			return nil
		}
		if err != nil && !fault.Has(err, fault.DeadlineExceeded) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-clk.After(200 * time.Millisecond):
		}
	}
}

// scattered spreads numbers over the stories so that neighbours in time are no neighbours in the database.
func scattered(n int64, stories int) int {
	return int(uint64(n) * 0x9E3779B97F4A7C15 >> 20 % uint64(stories))
}

// largeItem measures a story of a large installation against one of a usual installation.
func largeItem(ctx context.Context, b *benchmark) (result, error) {
	if err := b.halt(); err != nil {
		return result{}, err
	}
	large, err := b.prepared(ctx, b.large)
	if err != nil {
		return result{}, err
	}
	usual, err := b.prepared(ctx, b.stories)
	if err != nil {
		return result{}, err
	}
	pairs, err := ask[[]pair](ctx, "bench-item", itemTask{
		Large: large, Usual: usual, LargeStories: b.large, UsualStories: b.stories, Log: filepath.Join(b.work, "item.log"), Sink: b.sink.address,
		Rounds: b.rounds, Duration: b.duration,
	})
	if err != nil {
		return result{}, err
	}
	r := paired(pairs)
	r.Ours.Name, r.Base.Name = fmt.Sprintf("%d stories", b.large), fmt.Sprintf("%d stories", b.stories)
	var ratios []float64
	for _, p := range pairs {
		ratios = append(ratios, p.Ours.P99/p.Base.P99)
	}
	r.Value = spreadOf(ratios)
	r.Notes = []string{fmt.Sprintf("%d callers of GetPublishedStory in one process with the service, each time another story, scattered over all: what gateway and website hold in memory is left out on both sides", connections)}
	return r, nil
}
