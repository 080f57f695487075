package ready_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/ready"
)

var begin = time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC)

// rig is a holder with a stream in the test's hand.
type rig struct {
	t      testing.TB
	clock  *clock.Fake
	holder *ready.Holder
	stream chan ready.Revision
	breaks chan error
	fills  atomic.Int32
}

func problem(w http.ResponseWriter, _ *http.Request, err error) {
	f := fault.Of(err)
	http.Error(w, f.Reason.Name, f.Reason.HTTP)
}

func newRig(t testing.TB, o ready.Options) *rig {
	t.Helper()
	r := &rig{t: t, clock: clock.NewFake(begin), stream: make(chan ready.Revision), breaks: make(chan error)}
	o.Clock, o.Problem = r.clock, problem
	r.holder = ready.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		r.holder.Follow(ctx, func(ctx context.Context, heard func(ready.Revision)) error {
			for {
				select {
				case rev := <-r.stream:
					heard(rev)
				case err := <-r.breaks:
					return err
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}, func(error) {})
	})
	t.Cleanup(func() { cancel(); done.Wait() })
	r.hear(ready.Revision{})
	return r
}

// hear sends a message and returns when the holder has heard it.
func (r *rig) hear(rev ready.Revision) {
	r.t.Helper()
	ch, end := r.holder.Subscribe()
	defer end()
	r.stream <- rev
	for {
		select {
		case got := <-ch:
			if got.Name == rev.Name && got.All == rev.All {
				return
			}
		case <-time.After(time.Minute):
			r.t.Fatalf("%+v was never heard", rev)
		}
	}
}

func answer(body string, tags ...string) ready.Answer {
	return ready.Answer{Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: []byte(body), Tags: tags}
}

// get asks for a key whose answer is a and returns the response.
func (r *rig) get(key string, a ready.Answer, header ...string) *httptest.ResponseRecorder {
	r.t.Helper()
	return r.do("GET", key, func(context.Context) (ready.Answer, error) { return a, nil }, header...)
}

func (r *rig) do(method, key string, fill ready.Fill, header ...string) *httptest.ResponseRecorder {
	r.t.Helper()
	req := httptest.NewRequest(method, "/", nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	r.holder.ServeOr(w, req, key, func(ctx context.Context) (ready.Answer, error) {
		r.fills.Add(1)
		return fill(ctx)
	})
	return w
}

func (r *rig) expectFills(n int32, what string) {
	r.t.Helper()
	if got := r.fills.Swap(0); got != n {
		r.t.Errorf("%s: %d fills, want %d", what, got, n)
	}
}

func TestServesFromMemoryWhileItHears(t *testing.T) {
	r := newRig(t, ready.Options{})
	for range 3 {
		if w := r.get("k", answer("hello")); w.Code != 200 || w.Body.String() != "hello" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	r.expectFills(1, "three requests")
	r.clock.Step(ready.FreshFor - time.Millisecond)
	r.get("k", answer("hello"))
	r.expectFills(0, "just in time")
	r.clock.Step(time.Millisecond)
	r.get("k", answer("hello"))
	r.get("k", answer("hello"))
	r.expectFills(2, "not heard for 1.5 s")
	r.hear(ready.Revision{})
	r.get("k", answer("hello"))
	r.expectFills(0, "heard again: nothing was missed, the stream did not break")
	r.hear(ready.Revision{Age: time.Second})
	r.clock.Step(500 * time.Millisecond)
	r.get("k", answer("hello"))
	r.expectFills(1, "a heartbeat with a second's age is good for half a second")
}

func TestNothingIsKeptBeforeTheFirstHeartbeat(t *testing.T) {
	r := &rig{t: t, clock: clock.NewFake(begin)}
	r.holder = ready.New(ready.Options{Clock: r.clock, Problem: problem})
	r.get("k", answer("a"))
	r.get("k", answer("a"))
	r.expectFills(2, "no stream")
	if r.holder.Fresh() {
		t.Error("it counts as fresh")
	}
}

func TestWhenNotFreshAndTheFillFails(t *testing.T) {
	r := newRig(t, ready.Options{})
	r.get("k", answer("a"))
	r.clock.Step(2 * time.Second)
	for _, tt := range []struct {
		err  error
		want int
	}{{errors.New("down"), 503}, {fault.Unavailable.New("x"), 503}, {context.DeadlineExceeded, 503}, {fault.NotFound.New("x"), 404}, {fault.Withdrawn.New("x"), 410}} {
		w := r.do("GET", "k", func(context.Context) (ready.Answer, error) { return ready.Answer{}, tt.err })
		if w.Code != tt.want {
			t.Errorf("%v: %d, want %d", tt.err, w.Code, tt.want)
		}
	}
}

func TestErrorsAreNotKept(t *testing.T) {
	r := newRig(t, ready.Options{})
	w := r.do("GET", "k", func(context.Context) (ready.Answer, error) { return ready.Answer{}, errors.New("down") })
	if w.Code != 500 {
		t.Errorf("%d, want 500", w.Code)
	}
	if w := r.get("k", answer("a")); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
	r.expectFills(2, "an error and a success")
}

func TestRevisionsDropWhatTheyConcern(t *testing.T) {
	all := map[string][]string{"story": {"stories/abc"}, "other": {"stories/xyz"}, "list": {"stories"}, "both": {"causes/1", "stories/abc"}, "plain": nil, "prefix": {"stories/ab"}}
	tests := []struct {
		rev  ready.Revision
		kept string
	}{
		{ready.Revision{Name: "stories/abc"}, "other prefix"},
		{ready.Revision{Name: "stories/abc/editions/en"}, "other prefix"},
		{ready.Revision{Name: "causes/1"}, "story other list prefix"},
		{ready.Revision{Name: "feeds"}, "story other list both prefix"},
		{ready.Revision{All: true}, ""},
	}
	for _, tt := range tests {
		r := newRig(t, ready.Options{})
		for key, tags := range all {
			r.get(key, answer("a", tags...))
		}
		r.expectFills(int32(len(all)), "first")
		r.hear(tt.rev)
		for key, tags := range all {
			r.get(key, answer("a", tags...))
			kept := r.fills.Swap(0) == 0
			if want := strings.Contains(" "+tt.kept+" ", " "+key+" "); kept != want {
				t.Errorf("%+v: %s kept = %v, want %v", tt.rev, key, kept, want)
			}
		}
	}
}

func TestABrokenStreamDropsEverything(t *testing.T) {
	r := newRig(t, ready.Options{})
	r.get("k", answer("a"))
	r.breaks <- errors.New("cut")
	deadline := time.After(time.Minute)
	for r.holder.Fresh() {
		select {
		case <-deadline:
			t.Fatal("it stays fresh without a stream")
		default:
		}
	}
	for r.clock.Waiting() == 0 {
		select {
		case <-deadline:
			t.Fatal("it does not try again")
		default:
		}
	}
	r.clock.Step(time.Second)
	r.hear(ready.Revision{})
	r.fills.Store(0)
	r.get("k", answer("a"))
	r.get("k", answer("a"))
	r.expectFills(1, "after the gap")
}

func TestAFillThatRacedAChangeIsNotKept(t *testing.T) {
	for _, tt := range []struct {
		rev  ready.Revision
		kept bool
	}{{ready.Revision{Name: "stories/abc"}, false}, {ready.Revision{Name: "stories/abc/editions/en"}, false}, {ready.Revision{All: true}, false}, {ready.Revision{Name: "stories/abcd"}, true}, {ready.Revision{}, true}} {
		r := newRig(t, ready.Options{})
		w := r.do("GET", "k", func(context.Context) (ready.Answer, error) {
			r.hear(tt.rev)
			return answer("old", "stories/abc"), nil
		})
		if w.Body.String() != "old" {
			t.Errorf("who asked before the change gets what was true then: %s", w.Body)
		}
		r.fills.Store(0)
		r.get("k", answer("new", "stories/abc"))
		if kept := r.fills.Load() == 0; kept != tt.kept {
			t.Errorf("%+v: kept = %v, want %v", tt.rev, kept, tt.kept)
		}
	}
}

func TestWhoComesAfterAChangeDoesNotJoinAFillFromBefore(t *testing.T) {
	r := newRig(t, ready.Options{})
	started, release := make(chan struct{}), make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() {
		r.do("GET", "k", func(context.Context) (ready.Answer, error) {
			close(started)
			<-release
			return answer("old", "stories/abc"), nil
		})
	})
	<-started
	r.hear(ready.Revision{Name: "stories/abc"})
	if w := r.get("k", answer("new", "stories/abc")); w.Body.String() != "new" {
		t.Errorf("got %q", w.Body)
	}
	close(release)
	first.Wait()
	if w := r.get("k", answer("newer", "stories/abc")); w.Body.String() != "new" {
		t.Errorf("the late fill replaced the new answer: %q", w.Body)
	}
}

func TestSettle(t *testing.T) {
	r := newRig(t, ready.Options{Settle: 2 * time.Second})
	r.clock.Step(5 * time.Second)
	r.hear(ready.Revision{})
	r.hear(ready.Revision{Name: "stories/abc"})
	r.get("k", answer("a", "stories/abc"))
	r.get("other", answer("a", "stories/xyz"))
	r.fills.Store(0)
	r.get("k", answer("a", "stories/abc"))
	r.get("other", answer("a", "stories/xyz"))
	r.expectFills(1, "just changed")
	r.clock.Step(2 * time.Second)
	r.hear(ready.Revision{})
	r.get("k", answer("a", "stories/abc"))
	r.get("k", answer("a", "stories/abc"))
	r.expectFills(1, "settled")
}

func TestOneFillForManyAtOnce(t *testing.T) {
	r := newRig(t, ready.Options{})
	release := make(chan struct{})
	var all sync.WaitGroup
	var started sync.Once
	begun := make(chan struct{})
	for range 50 {
		all.Go(func() {
			w := r.do("GET", "k", func(context.Context) (ready.Answer, error) {
				started.Do(func() { close(begun) })
				<-release
				return answer("a"), nil
			})
			if w.Body.String() != "a" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	<-begun
	close(release)
	all.Wait()
	r.expectFills(1, "fifty requests")
}

func TestAPanickingFillReleasesWhoWaits(t *testing.T) {
	r := newRig(t, ready.Options{})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is swallowed")
			}
		}()
		r.do("GET", "k", func(context.Context) (ready.Answer, error) { panic("x") })
	}()
	if w := r.get("k", answer("a")); w.Body.String() != "a" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestValidUntil(t *testing.T) {
	r := newRig(t, ready.Options{})
	a := answer("consented", "stories/abc")
	a.ValidUntil = begin.Add(time.Second)
	r.get("k", a)
	r.clock.Step(999 * time.Millisecond)
	r.get("k", a)
	r.expectFills(1, "before its end")
	r.clock.Step(time.Millisecond)
	if w := r.get("k", answer("gone")); w.Body.String() != "gone" {
		t.Errorf("got %q after the consent's end", w.Body)
	}
	r.expectFills(1, "after its end")
	if w := r.get("other", a); w.Code != 503 {
		t.Errorf("an answer whose time is over was given: %d %s", w.Code, w.Body)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	r := newRig(t, ready.Options{MaxBytes: 100_000})
	body := strings.Repeat("x", 5000)
	for i := range 200 {
		r.get(fmt.Sprint(i), answer(body, "stories"), "Accept-Encoding", "gzip")
		r.get("hot", answer(body, "stories"), "Accept-Encoding", "gzip")
	}
	var n, bytes int
	if _, err := fmt.Sscanf(r.holder.String(), "%d answers, %d bytes", &n, &bytes); err != nil || n < 10 || bytes > 100_000 {
		t.Errorf("holds %s (%v)", r.holder, err)
	}
	r.fills.Store(0)
	r.get("hot", answer(body, "stories"))
	r.expectFills(0, "what is asked for all the time stays")
	r.get("big", answer(strings.Repeat("x", 50_000)))
	r.get("big", answer(strings.Repeat("x", 50_000)))
	r.expectFills(2, "one that would push out too many is not kept")
	r.hear(ready.Revision{Name: "stories"})
	if got := r.holder.String(); got != "0 answers, 0 bytes" {
		t.Errorf("after dropping all: %s", got)
	}
}

func TestSubscribersHearChangesAfterTheyWereDroppedAndHeartbeats(t *testing.T) {
	r := newRig(t, ready.Options{})
	r.get("k", answer("old", "stories/abc"))
	ch, end := r.holder.Subscribe()
	defer end()
	r.stream <- ready.Revision{Name: "stories/abc", Number: 7}
	if got := <-ch; got.Name != "stories/abc" || got.Number != 7 {
		t.Errorf("heard %+v", got)
	}
	if w := r.get("k", answer("new", "stories/abc")); w.Body.String() != "new" {
		t.Error("a subscriber heard of the change before it was dropped")
	}
	r.stream <- ready.Revision{Age: 300 * time.Millisecond, Number: 8}
	if got := <-ch; !got.Heartbeat() || got.Age != 300*time.Millisecond || got.Number != 8 {
		t.Errorf("heard %+v", got)
	}
	end()
	if _, open := <-ch; open {
		t.Error("the channel stays open")
	}
}

func TestConcurrentUse(t *testing.T) {
	r := newRig(t, ready.Options{MaxBytes: 50_000})
	// What is true changes first, then it is told: from then on nobody may get what was true before.
	var truth, told [8]atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				i := rand.IntN(len(truth))
				floor := told[i].Load()
				w := r.do("GET", fmt.Sprint(i), func(context.Context) (ready.Answer, error) {
					return answer(fmt.Sprintf("%d %s", truth[i].Load(), strings.Repeat("x", 3000)), fmt.Sprintf("stories/%d", i)), nil
				})
				var got int64
				if _, err := fmt.Sscan(w.Body.String(), &got); err != nil || got < floor {
					t.Errorf("got %d, but %d was told before the request", got, floor)
				}
			}
		})
	}
	for range 300 {
		i := rand.IntN(len(truth))
		next := truth[i].Add(1)
		r.hear(ready.Revision{Name: fmt.Sprintf("stories/%d", i)})
		told[i].Store(next)
	}
	all.Wait()
}

func decode(t *testing.T, coding string, b []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
