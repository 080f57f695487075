//go:build unix

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"renown.example/deploy/cases"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// requestBound is how long a request may take before the test calls it stuck.
const requestBound = 20 * time.Second

// gun ends the program in the middle of a step: a moment after the nth time that any writer has sent it.
type gun struct {
	step  string
	nth   int64
	delay time.Duration
	fire  func()

	seen  atomic.Int64
	once  sync.Once
	fired chan struct{}
}

func newGun(step string, nth int, delay time.Duration, fire func()) *gun {
	return &gun{step: step, nth: int64(nth), delay: delay, fire: fire, fired: make(chan struct{})}
}

// sending is called before a step is sent.
func (g *gun) sending(step string) {
	if step != g.step || g.seen.Add(1) < g.nth {
		return
	}
	g.once.Do(func() {
		go func() {
			<-clk.After(g.delay)
			g.fire()
			close(g.fired)
		}()
	})
}

// load is what people do with the program between two of its ends.
type load struct {
	t       *testing.T
	at      cases.Target
	cast    cast
	journal *journal
	gun     *gun
	fresh   func(r *rand.Rand) *tale
	tally   *tally
}

// tally counts what was done.
type tally struct{ acks, replays, repeats, reads, tales, starts atomic.Int64 }

// errDown says that the program did not answer.
var errDown = errors.New("the program is down")

// run lets each writer take its tale as far as it gets until the program is down, and returns the tale it is at. Tales that are done are handed to done.
func (l *load) run(writers []*writer) {
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for _, w := range writers {
		wg.Go(func() { l.write(w) })
	}
	var read sync.WaitGroup
	read.Go(func() { l.read(writers, stop) })
	wg.Wait()
	close(stop)
	read.Wait()
}

// writer is somebody who takes one tale after the other through its steps.
type writer struct {
	rand *rand.Rand
	mu   sync.Mutex
	// tales are all that it ever began, the present one last.
	tales []*tale
	// touched is the first of them that may have changed since the last check.
	touched int
}

// present returns the tale that the writer is at, a new one if the last is finished.
func (w *writer) present(fresh func(*rand.Rand) *tale) *tale {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.tales); n > 0 && !w.tales[n-1].finished() {
		return w.tales[n-1]
	}
	w.tales = append(w.tales, fresh(w.rand))
	return w.tales[len(w.tales)-1]
}

func (l *load) write(w *writer) {
	for {
		select {
		case <-l.gun.fired:
			return
		default:
		}
		t := w.present(l.fresh)
		err := l.next(w, t)
		if errors.Is(err, errDown) {
			return
		}
		if err != nil {
			l.t.Errorf("%s (%s): %v\n%s", t.id, t.plot, err, l.journal.of(t.id))
			return
		}
	}
}

// next takes a tale one step further.
func (l *load) next(w *writer, t *tale) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestBound)
	defer cancel()
	if t.asset == "" {
		asset, err := t.upload(ctx, l.cast)
		if err != nil {
			return down(err)
		}
		w.mu.Lock()
		t.asset = asset
		w.mu.Unlock()
	}
	s := t.steps[t.acked]
	if s.byItself {
		return l.await(ctx, w, t, s)
	}
	if s.name == schedule.name && !t.sent {
		t.publishAt = clk.Now().Add(time.Duration(300+w.rand.IntN(1200)) * time.Millisecond)
	}
	w.mu.Lock()
	t.sent = true
	w.mu.Unlock()
	l.journal.note(t.id, "%s is sent", s.name)
	l.gun.sending(s.name)
	var meta api.Meta
	reply, err := s.send(ctx, l.cast, t, api.IdempotencyKey(t.keyOf(t.acked)), api.Into(&meta))
	if err != nil {
		l.journal.note(t.id, "%s: %v", s.name, err)
		return down(err)
	}
	l.journal.note(t.id, "%s is acknowledged, replayed: %v", s.name, meta.Replayed)
	if meta.Replayed != t.happened {
		return fmt.Errorf("%s was carried out before: %v, and is answered as a repetition: %v", s.name, t.happened, meta.Replayed)
	}
	if meta.Replayed {
		l.tally.replays.Add(1)
	}
	l.acknowledge(w, t, s, reply)
	return nil
}

// await waits for what happens by itself.
func (l *load) await(ctx context.Context, w *writer, t *tale, s step) error {
	for {
		reply, err := storiesv1.NewWorkspaceServiceClient(l.cast.editor).GetText(ctx, &storiesv1.GetTextRequest{Story: t.id, Locale: "en"})
		switch {
		case err != nil:
			return down(err)
		case reply.GetText().GetSummary().GetState() == s.state:
			l.journal.note(t.id, "%s is seen", s.name)
			l.acknowledge(w, t, s, nil)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it was due at %s and is %s", t.publishAt, reply.GetText().GetSummary().GetState())
		case <-clk.After(50 * time.Millisecond):
		}
	}
}

func (l *load) acknowledge(w *writer, t *tale, s step, reply proto.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.learn != nil {
		s.learn(t, reply)
	}
	before := t.after(t.acked).live
	t.acked, t.sent, t.happened, t.replies = t.acked+1, false, false, append(t.replies, reply)
	if before && !t.after(t.acked).live {
		t.goneAt = clk.Now()
	}
	l.tally.acks.Add(1)
}

// down tells a program that did not answer from one that refused.
func down(err error) error {
	var p *api.Problem
	if errors.As(err, &p) && errors.Unwrap(p) != nil {
		return errDown
	}
	return err
}

// read looks at stories all the while: none may be there before anybody has asked for its publication, or two seconds after the acknowledgement of its end.
func (l *load) read(writers []*writer, stop chan struct{}) {
	r := rand.New(rand.NewPCG(1, uint64(l.tally.reads.Load())))
	for {
		select {
		case <-stop:
			return
		case <-clk.After(15 * time.Millisecond):
		}
		w := writers[r.IntN(len(writers))]
		w.mu.Lock()
		if len(w.tales) == 0 {
			w.mu.Unlock()
			continue
		}
		t := w.tales[len(w.tales)-1-r.IntN(min(3, len(w.tales)))]
		early, late := t.mayNotBeUp(), !t.goneAt.IsZero() && t.acked == len(t.steps) && clk.Now().Sub(t.goneAt) > cases.Within
		addresses := addressesOf(l.at, t)
		w.mu.Unlock()
		address := addresses[r.IntN(len(addresses))]
		status, err := statusOf(address)
		l.tally.reads.Add(1)
		if err == nil && status == http.StatusOK && early {
			// It may have been sent meanwhile.
			w.mu.Lock()
			early = t.mayNotBeUp()
			w.mu.Unlock()
		}
		if err == nil && status == http.StatusOK && (early || late) {
			l.t.Errorf("%s answers 200; nobody has published it: %v, it was taken down: %v\n%s", address, early, late, l.journal.of(t.id))
		}
	}
}

// mayNotBeUp reports whether nobody has asked yet for the first publication.
func (t *tale) mayNotBeUp() bool {
	reached := t.acked
	if t.sent {
		reached++
	}
	f := t.after(reached)
	return !f.wasLive && f.state != scheduled
}

// addressesOf returns where a tale's story can be read when it is up.
func addressesOf(at cases.Target, t *tale) []string {
	out := []string{at.Website + "/stories/" + t.id, at.API + "/v1/stories/" + t.id}
	if t.asset != "" {
		out = append(out, at.Website+"/images/"+t.asset, at.API+"/v1/assets/"+t.asset)
	}
	return out
}

var visitor = &http.Client{Timeout: requestBound}

func statusOf(address string) (int, error) {
	res, err := visitor.Get(address)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}
