package sqlite_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"renown.example/kit/store/storetest"
)

// SIGKILL leaves the kernel's cache alone, so that it cannot show whether a write was synced. These tests look at the system calls themselves.

// strace returns the path of strace. Without it a test is skipped, in CI it fails.
func strace(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("strace is missing: durability was not tested")
	}
	t.Skip("DURABILITY WAS NOT TESTED: it needs strace, which is not installed")
	return ""
}

// traced runs a child that loads a database under strace with these arguments, and returns the acknowledged writes, the trace and the child's error.
func traced(t *testing.T, location string, writes int, args ...string) (acknowledged []string, trace []byte, failure string) {
	t.Helper()
	path := strace(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	round := "0"
	if _, err := os.Stat(location); err == nil {
		round = "1" // its rows are others than those that are there
	}
	child := storetest.Child(ctx, location, round, writes)
	out := filepath.Join(t.TempDir(), "trace")
	args = append([]string{"-f", "-y", "-s", "5000", "-e", "signal=none", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o", out}, args...)
	cmd := exec.CommandContext(ctx, path, append(args, child.Path)...)
	cmd.Env = child.Env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err != nil {
		failure = stderr.String()
	}
	trace, err = os.ReadFile(out)
	if err != nil {
		t.Fatalf("%v; strace said: %s", err, stderr.String())
	}
	return strings.Fields(stdout.String()), trace, failure
}

// call is a system call of a trace; begun and ended are line numbers.
type call struct {
	name, file, data string
	begun, ended     int
	failed           bool
}

var (
	callLine    = regexp.MustCompile(`^(\d+) +(\w+)\(\d+<([^>]*)>(.*)$`)
	resumedLine = regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>(.*)$`)
)

func parse(t *testing.T, trace []byte) (calls []*call) {
	t.Helper()
	unfinished := map[string]*call{}
	lines := bufio.NewScanner(bytes.NewReader(trace))
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		if m := resumedLine.FindStringSubmatch(lines.Text()); m != nil {
			if c := unfinished[m[1]]; c != nil {
				c.ended, c.failed = n, strings.Contains(m[2], "= -1")
				delete(unfinished, m[1])
			}
			continue
		}
		m := callLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		c := &call{name: m[2], file: m[3], data: m[4], begun: n, ended: n, failed: strings.Contains(m[4], ") = -1")}
		if strings.HasSuffix(m[4], "<unfinished ...>") {
			c.ended = 1 << 60 // until it is resumed
			unfinished[m[1]] = c
		}
		calls = append(calls, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return calls
}

func (c *call) sync() bool { return c.name == "fdatasync" || c.name == "fsync" }

// covered follows each acknowledged write from the log file, through the sync that covers it, to its acknowledgement. It returns how many syncs there were.
func covered(t *testing.T, trace []byte, acknowledged []string) int {
	t.Helper()
	var logged, acks, syncs []*call
	for _, c := range parse(t, trace) {
		switch {
		case c.sync() && strings.HasSuffix(c.file, ".db-wal"):
			syncs = append(syncs, c)
		case c.name == "pwrite64" && strings.HasSuffix(c.file, ".db-wal"):
			logged = append(logged, c)
		case c.name == "write" && strings.HasPrefix(c.file, "pipe:"):
			acks = append(acks, c)
		}
	}
	for _, name := range acknowledged {
		first := find(logged, func(c *call) bool { return strings.Contains(c.data, `\"code\":\"`+name+`\"`) })
		ack := find(acks, func(c *call) bool { return strings.HasPrefix(c.data, `, "`+name+`\n"`) })
		if first == nil || ack == nil {
			t.Fatalf("%s is not in the trace: logged %v, acknowledged %v", name, first != nil, ack != nil)
		}
		// Any sync that lies between will do: whoever folds the log syncs it, too, and may begin before the writer and end after it.
		if find(syncs, func(c *call) bool { return c.begun > first.ended && c.ended < ack.begun && !c.failed }) == nil {
			t.Fatalf("%s was logged in line %d and acknowledged in line %d, with no sync between", name, first.begun, ack.begun)
		}
	}
	return len(syncs)
}

// TestNoAcknowledgementBeforeSync loads a database with everything going well.
func TestNoAcknowledgementBeforeSync(t *testing.T) {
	location := filepath.Join(t.TempDir(), "traced.db")
	acknowledged, trace, failure := traced(t, location, 400)
	if len(acknowledged) < 400 {
		t.Fatalf("%d writes were acknowledged: %s", len(acknowledged), failure)
	}
	syncs := covered(t, trace, acknowledged)
	if syncs*3 > len(acknowledged) {
		t.Errorf("%d syncs for %d writes of 16 writers: commits are not shared", syncs, len(acknowledged))
	}
	t.Logf("%d writes shared %d syncs", len(acknowledged), syncs)
	storetest.CheckLoad(t, engine, location, acknowledged)
}

func find(calls []*call, is func(*call) bool) *call {
	for _, c := range calls {
		if is(c) {
			return c
		}
	}
	return nil
}

// TestFailedSync has the operating system refuse a sync: what depends on it is never acknowledged, and nothing is after it, even if later syncs would succeed.
func TestFailedSync(t *testing.T) {
	location := filepath.Join(t.TempDir(), "failing.db")
	// strace counts per thread; opening the database takes fewer syncs than this.
	acknowledged, trace, failure := traced(t, location, 0, "-e", "inject=fdatasync:error=EIO:when=40")
	if !strings.Contains(failure, "UNAVAILABLE") {
		t.Errorf("the child ended with %q", failure)
	}
	if refused := find(parse(t, trace), func(c *call) bool { return c.sync() && c.failed }); refused == nil {
		t.Fatal("no sync was refused")
	}
	covered(t, trace, acknowledged)
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged before the sync that failed")
	}
	storetest.CheckLoad(t, engine, location, acknowledged)
}

// TestWhatAKilledProcessHasLeftIsConfirmedFirst kills a process in the middle of a sync. What it has written is there, and seen by whoever opens the database next; so the
// disk confirms it before anything else is done.
func TestWhatAKilledProcessHasLeftIsConfirmedFirst(t *testing.T) {
	location := filepath.Join(t.TempDir(), "killed.db")
	traced(t, location, 0, "-e", "inject=fdatasync:signal=KILL:when=30")
	if log, err := os.Stat(location + "-wal"); err != nil || log.Size() == 0 {
		t.Fatalf("it has left no log: %v", err)
	}
	_, trace, failure := traced(t, location, 400)
	ofLog := find(parse(t, trace), func(c *call) bool { return strings.HasSuffix(c.file, ".db-wal") })
	if ofLog == nil || !ofLog.sync() {
		t.Errorf("the first thing that was done with the log was %+v: %s", ofLog, failure)
	}
}

// TestDiskFull has the operating system refuse writes to the log.
func TestDiskFull(t *testing.T) {
	location := filepath.Join(t.TempDir(), "full.db")
	acknowledged, trace, failure := traced(t, location, 0, "-e", "inject=pwrite64:error=ENOSPC:when=700+")
	if !strings.Contains(failure, "STORAGE_FULL") {
		t.Errorf("the child ended with %q", failure)
	}
	covered(t, trace, acknowledged)
	storetest.CheckLoad(t, engine, location, acknowledged)
}
