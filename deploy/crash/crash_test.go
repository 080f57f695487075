//go:build unix

// Package crash_test ends the whole program in the middle of what people do with it, by `kill -9` as often as it takes, and looks at what is there when it runs
// again: everything that was acknowledged, as a whole, once; nothing by half; and nothing that was taken back.
//
// What was asked for and what was acknowledged is kept in the test's own process. RENOWN_TEST_SEED repeats the choices of a run (not the moments at which the
// machine does what); RENOWN_TEST_FULL=1 kills it fifty times.
package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/id"
	"renown.example/website/api"
)

const (
	writerCount = 6
	// usualRounds and fullRounds are how often the program is killed while it is used.
	usualRounds, fullRounds = 3, 50
	// mostRepeated is how many acknowledged requests are sent once more after each start, and mostReread how many old stories are checked again.
	mostRepeated, mostReread = 8, 12
)

// targets are the steps in whose middle the program is killed, one after the other.
var targets = []string{"sign", "publish", "take back", "schedule", "revoke", "create", "ask", "unpublish", "approve"}

// trial is a program, who uses it, and what it has said so far.
type trial struct {
	*program
	journal *journal
	tally   *tally
	rand    *rand.Rand
	seed    uint64
	tokens  map[string]string
	cast    cast
	writers []*writer
	serial  atomic.Int64
	// seen is the world at the last check.
	seen    *world
	slowest time.Duration
}

func TestKilledNothingAcknowledgedIsLostAndNothingWithdrawnIsBack(t *testing.T) {
	rounds := usualRounds
	if os.Getenv("RENOWN_TEST_FULL") == "1" {
		rounds = fullRounds
	}
	t.Parallel()
	x := newTrial(t)
	for n := range rounds {
		target := targets[n%len(targets)]
		g := newGun(target, 3+x.rand.IntN(18), time.Duration(x.rand.Int64N(int64(15*time.Millisecond))), func() { x.kill(false) })
		if alone := x.rand.IntN(3) == 0; alone {
			g.fire = func() { x.kill(true) }
		}
		x.journal.note("", "round %d: to be killed %s after %q is sent for the %dth time", n, g.delay, target, g.nth)
		x.use(t, g)
		x.restart(t, n)
		x.check(t)
		x.repeat(t)
		if t.Failed() {
			t.Fatalf("round %d of seed %d: killed %s after %q was sent for the %dth time", n, x.seed, g.delay, target, g.nth)
		}
	}
	x.endWell(t)
	n := x.tally
	t.Logf("seed %d: killed %d times while it was used, %d starts, the slowest ready after %s", x.seed, rounds, n.starts.Load(), x.slowest.Round(time.Millisecond))
	t.Logf("%d stories, %d acknowledgements, %d of them late, of what had been carried out before the program died; %d requests repeated, %d looks at pages",
		n.tales.Load(), n.acks.Load(), n.replays.Load(), n.repeats.Load(), n.reads.Load())
}

func newTrial(t *testing.T) *trial {
	t.Helper()
	seed := uint64(clk.Now().UnixNano())
	if s := os.Getenv("RENOWN_TEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d", seed)
	x := &trial{
		program: newProgram(t, filepath.Join(t.TempDir(), "data")), journal: newJournal(), tally: &tally{}, seed: seed,
		rand: rand.New(rand.NewPCG(seed, 0)), tokens: map[string]string{},
	}
	for n := range writerCount {
		x.writers = append(x.writers, &writer{rand: rand.New(rand.NewPCG(seed, uint64(n+1)))})
	}
	took := x.start(t, firstStartBound)
	x.tally.starts.Add(1)
	t.Logf("with its demo it was ready after %s", took.Round(time.Millisecond))
	for _, username := range []string{"edda", "pavel", "agnes"} {
		x.tokens[username] = x.SignIn(t, username)
	}
	x.connect()
	return x
}

// connect makes new connections for the sessions, which outlive every start.
func (x *trial) connect() {
	rest := x.Rest()
	as := func(username string) *api.Conn { return rest.As(api.Session(x.tokens[username])) }
	x.cast = cast{editor: as("edda"), approver: as("pavel"), admin: as("agnes"), nobody: rest}
}

// use lets the writers work until the gun has fired.
func (x *trial) use(t *testing.T, g *gun) {
	t.Helper()
	l := &load{t: t, at: x.Target, cast: x.cast, journal: x.journal, gun: g, tally: x.tally, fresh: func(r *rand.Rand) *tale {
		x.tally.tales.Add(1)
		return newTale(fmt.Sprintf("tale-%s-%d", id.New(clk)[20:], x.serial.Add(1)), r)
	}}
	l.run(x.writers)
	if t.Failed() {
		t.FailNow()
	}
	select {
	case <-g.fired:
	case <-clk.After(startBound):
		t.Fatal("the program does not answer, and nobody has killed it")
	}
	x.journal.note("", "it is down")
}

// restart starts the program on what it left behind, now and then with another kill before it is ready.
func (x *trial) restart(t *testing.T, round int) {
	t.Helper()
	if round%3 == 1 {
		x.launch(t)
		x.tally.starts.Add(1)
		wait := time.Duration(x.rand.Int64N(int64(time.Second)))
		select {
		case <-x.done:
			t.Fatalf("it ended instead of starting: %v", x.cmd.ProcessState)
		case <-clk.After(wait):
		}
		x.kill(false)
		x.journal.note("", "killed %s into its start", wait)
	}
	took := x.start(t, startBound)
	x.tally.starts.Add(1)
	x.slowest = max(x.slowest, took)
	x.journal.note("", "it is ready after %s", took)
	x.connect()
}

// check looks at everything that may have changed since the last check, at some old stories, and at what concerns them all.
func (x *trial) check(t *testing.T) {
	t.Helper()
	var all, look []*tale
	for _, w := range x.writers {
		all, look = append(all, w.tales...), append(look, w.tales[w.touched:]...)
		if w.touched = len(w.tales); w.touched > 0 && !w.tales[w.touched-1].finished() {
			w.touched--
		}
	}
	for range min(mostReread, len(all)) {
		look = append(look, all[x.rand.IntN(len(all))])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*requestBound)
	defer cancel()
	for _, tale := range look {
		if _, err := settle(ctx, x.cast, tale); err != nil {
			t.Fatalf("%s: %v\n%s", tale.id, err, x.journal.of(tale.id))
		}
	}
	w, err := lookAt(ctx, x.Target, x.cast)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.continues(x.seen); err != nil {
		t.Error(err)
	}
	x.seen = w
	w.checkTales(t, distinct(look), x.journal)
	w.checkLists(t, all)
	w.checkFinding(ctx, t, all)
}

func distinct(tales []*tale) []*tale {
	seen := map[*tale]bool{}
	var out []*tale
	for _, x := range tales {
		if !seen[x] {
			out, seen[x] = append(out, x), true
		}
	}
	return out
}

// repeat sends acknowledged requests once more, as somebody does who has forgotten the answer: it must be the same, and nothing else may come of it. The next
// check looks at those stories again.
func (x *trial) repeat(t *testing.T) {
	t.Helper()
	for range mostRepeated {
		w := x.writers[x.rand.IntN(len(x.writers))]
		if w.touched = max(0, len(w.tales)-3); len(w.tales) == 0 {
			continue
		}
		tale := w.tales[w.touched+x.rand.IntN(len(w.tales)-w.touched)]
		if tale.acked == 0 {
			continue
		}
		n := x.rand.IntN(tale.acked)
		s := tale.steps[n]
		if anew := s.name == sign.name && tale.after(tale.acked).signoffs > tale.after(n).signoffs; anew || s.byItself {
			continue // nobody sends it, or its link has been replaced by that for the next version
		}
		ctx, cancel := context.WithTimeout(t.Context(), requestBound)
		var meta api.Meta
		reply, err := s.send(ctx, x.cast, tale, api.IdempotencyKey(tale.keyOf(n)), api.Into(&meta))
		cancel()
		x.journal.note(tale.id, "%s is sent once more, replayed: %v, %v", s.name, meta.Replayed, err)
		if err != nil || !meta.Replayed || !proto.Equal(reply, tale.replies[n]) {
			t.Errorf("%s: %s, sent once more, answers %v, %v, replayed: %v; it was %v\n%s", tale.id, s.name, reply, err, meta.Replayed, tale.replies[n], x.journal.of(tale.id))
		}
		x.tally.repeats.Add(1)
	}
}

// endWell stops the program as an operator does, while it is used: what was acknowledged is there all the same.
func (x *trial) endWell(t *testing.T) {
	t.Helper()
	x.use(t, newGun("publish", 3, 0, func() {
		_ = x.cmd.Process.Signal(syscall.SIGTERM) // that it has ended is awaited below
		<-x.done
	}))
	x.awaitEnd(t)
	x.restart(t, 0)
	x.check(t)
}
