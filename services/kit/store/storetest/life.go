package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

var lifeCases = []testCase{
	{"what was acknowledged is there after the database was closed and opened", lifeReopen},
	{"closing under load ends what runs and refuses the rest", lifeClose},
	{"a closed database refuses everything", lifeClosed},
	{"after a kill, every acknowledged write is there and no other is half there", lifeKill},
	{"two that have one database open see each other's writes", lifeShared},
}

func lifeReopen(s *suite) {
	location := s.Fresh(s)
	db := s.open(location)
	for i := range 30 {
		s.insert(db, id(i), item{Kind: "x", Rank: rank(int64(i)), Code: id(i)})
	}
	if err := db.Close(); err != nil {
		s.Fatal(err)
	}
	db = s.open(location)
	if n := s.count(db, store.Query{Index: "kind_rank", Equal: []any{"x"}}); n != 30 {
		s.Errorf("%d rows", n)
	}
	if err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
		_, err := items.Insert(ctx, tx, "again", item{Code: id(3)})
		return err
	}); store.ViolatedIndex(err) != "code" {
		s.Errorf("unique index after opening again: %v", err)
	}
}

func lifeClose(s *suite) {
	location := s.Fresh(s)
	db := s.open(location)
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var n atomic.Int64
	enough := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprint(w, "-", i)
				err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
					if _, err := items.Insert(ctx, tx, name, item{}); err != nil {
						return err
					}
					_, err := others.Insert(ctx, tx, name, item{})
					return err
				})
				if err == nil {
					_, err = get(s.Context(), db, name)
					mu.Lock()
					acknowledged[name] = true
					mu.Unlock()
				}
				if err != nil {
					if !fault.Has(err, fault.Unavailable) {
						s.Errorf("an update while the database closes: %v", err)
					}
					return
				}
				if n.Add(1) == 100 {
					close(enough)
				}
			}
		})
	}
	<-enough
	if err := db.Close(); err != nil {
		s.Errorf("close: %v", err)
	}
	wg.Wait()
	s.checkPairs(s.open(location), acknowledged)
}

// checkPairs checks that every acknowledged name is in both tables, and that no other is in only one.
func (s *suite) checkPairs(db store.DB, acknowledged map[string]bool) {
	s.Helper()
	found := [2]map[string]bool{{}, {}}
	err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) error {
		for i, table := range []*store.Table[item]{items, others} {
			for q := (store.Query{}); ; {
				page, err := table.Find(ctx, tx, q)
				if err != nil {
					return err
				}
				for _, r := range page.Rows {
					found[i][r.ID] = true
				}
				if q.After = page.Next; q.After == "" {
					break
				}
			}
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	for name := range acknowledged {
		if !found[0][name] || !found[1][name] {
			s.Errorf("%s was acknowledged, but it is in the first table: %v, in the second: %v", name, found[0][name], found[1][name])
		}
	}
	for i := range found {
		for name := range found[i] {
			if !found[1-i][name] {
				s.Errorf("%s is half there", name)
			}
		}
	}
}

func lifeClosed(s *suite) {
	db := s.fresh()
	s.insert(db, "a", item{})
	if err := db.Ping(s.Context()); err != nil {
		s.Errorf("ping: %v", err)
	}
	if err := db.Close(); err != nil {
		s.Fatal(err)
	}
	_, feed := db.Feed(s.Context(), events.Spec(), 0, 1)
	_, view := get(s.Context(), db, "a")
	for name, err := range map[string]error{
		"update": db.Update(s.Context(), func(context.Context, store.Writer) error { return nil }), "view": view, "feed": feed, "ping": db.Ping(s.Context()),
	} {
		if !fault.Has(err, fault.Unavailable) {
			s.Errorf("%s after the close: %v", name, err)
		}
	}
	if err := db.Close(); err != nil {
		s.Errorf("closing again: %v", err)
	}
}

// A child of the test is told by these what to do.
const (
	childTask     = "RENOWN_STORETEST_CHILD"
	childLocation = "RENOWN_STORETEST_LOCATION"
	childRound    = "RENOWN_STORETEST_ROUND"
	childWrites   = "RENOWN_STORETEST_WRITES"
	taskLoad      = "load"
)

// Main runs the tests, or, in a child process that the suite has started, what the suite asks of the child.
func Main(m *testing.M, e Engine) {
	if os.Getenv(childTask) != taskLoad {
		os.Exit(m.Run())
	}
	writes, err := strconv.ParseInt(os.Getenv(childWrites), 10, 64)
	if err == nil {
		err = load(e, os.Getenv(childLocation), os.Getenv(childRound), writes)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// loadWriters is how many goroutines of the child write.
const loadWriters = 16

// load writes pairs of rows, and names each on standard output when it was acknowledged. It is killed, or ends the process after a number of them.
func load(e Engine, location, round string, writes int64) error {
	db, err := e.Open(context.Background(), location, items.Spec(), others.Spec(), events.Spec())
	if err != nil {
		return err
	}
	failed := make(chan error)
	var acknowledged atomic.Int64
	for w := range loadWriters {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%s-%d-%d", round, w, i)
				err := db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error { return writePair(ctx, tx, name) })
				if err == nil {
					_, err = os.Stdout.WriteString(name + "\n")
				}
				if err != nil {
					failed <- err
					return
				}
				if acknowledged.Add(1) == writes {
					os.Exit(0)
				}
			}
		}()
	}
	return <-failed
}

func writePair(ctx context.Context, tx store.Writer, name string) error {
	if _, err := items.Insert(ctx, tx, name, item{Kind: "pair", Code: name}); err != nil {
		return err
	}
	if _, err := events.Insert(ctx, tx, name, item{}); err != nil {
		return err
	}
	_, err := others.Insert(ctx, tx, name, item{})
	return err
}

// Child prepares this test's binary to run as a child that loads the database at the location, and ends after a number of acknowledged writes if that is not 0.
// Its standard output names them, one a line.
func Child(ctx context.Context, location, round string, writes int) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childTask+"="+taskLoad, childLocation+"="+location, childRound+"="+round, childWrites+"="+strconv.Itoa(writes))
	cmd.Stderr = os.Stderr
	return cmd
}

// CheckLoad opens the database that a child has loaded, and checks that each acknowledged write is there and no other half.
func CheckLoad(t *testing.T, e Engine, location string, acknowledged []string) {
	t.Helper()
	s := &suite{T: t, Engine: e}
	names := map[string]bool{}
	for _, n := range acknowledged {
		names[n] = true
	}
	s.checkPairs(s.open(location), names)
}

func lifeKill(s *suite) {
	location := s.Fresh(s)
	acknowledged := map[string]bool{}
	rounds, writes := 3, 300
	if Full() {
		rounds, writes = 20, 2000
	}
	after := int64(0)
	for round := range rounds {
		s.killed(location, fmt.Sprint(round), writes+37*round, acknowledged)
		db := s.open(location)
		s.checkPairs(db, acknowledged)
		// Each pair has its event, and none comes a second time to a reader that kept its place.
		seen := int64(0)
		for rows := s.feed(db, after, 0); len(rows) > 0; rows = s.feed(db, after, 0) {
			for _, r := range rows {
				after = r.Seq
				if !strings.HasPrefix(r.ID, fmt.Sprint(round, "-")) {
					s.Errorf("round %d reads the event of %s", round, r.ID)
				}
				seen++
			}
		}
		if n := s.count(db, store.Query{From: fmt.Sprint(round, "-"), Before: fmt.Sprint(round, "a")}); n != seen {
			s.Errorf("round %d: %d rows and %d events", round, n, seen)
		}
		if err := db.Close(); err != nil {
			s.Fatal(err)
		}
	}
}

// killed runs a child until it has acknowledged a number of writes, kills it, and notes them.
func (s *suite) killed(location, round string, writes int, acknowledged map[string]bool) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 4*patience)
	defer cancel()
	cmd := Child(ctx, location, round, 0)
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	n := 0
	for lines.Scan() {
		acknowledged[lines.Text()] = true
		if n++; n == writes {
			if err := cmd.Process.Kill(); err != nil {
				s.Error(err)
			}
		}
	}
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.Exited() || n < writes {
		s.Fatalf("the child ended by itself after %d writes: %v", n, err)
	}
	s.Logf("killed after %d acknowledged writes", n)
}

func lifeShared(s *suite) {
	if !s.Concurrent {
		s.Skip("only one process can open this engine's database")
	}
	location := s.Fresh(s)
	a, b := s.open(location), s.open(location)
	s.insert(a, "row", item{})
	const each = 50
	s.parallel(2, func(i int) error {
		db := []store.DB{a, b}[i]
		for range each {
			if err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error { return increment(ctx, tx, "row") }); err != nil {
				return err
			}
		}
		return nil
	})
	if n := s.get(b, "row").Value.Count; n != 2*each {
		s.Errorf("the counter is %d", n)
	}
	s.event(a, "event")
	deadline := time.After(patience)
	for len(s.feed(b, 0, 10)) == 0 {
		select {
		case <-deadline:
			s.Fatal("an event of one is not seen by the other")
		default:
		}
	}
}
