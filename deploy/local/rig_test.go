package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"renown.example/deploy/cases"
	"renown.example/deploy/idp"
	"renown.example/kit/clock"
)

// asProgram in the environment makes the test's binary the program that is tested: the same code, without building it anew.
const asProgram = "RENOWN_TESTED_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" || len(os.Args) > 1 && os.Args[1] == idp.Arg {
		main()
		return
	}
	code := m.Run()
	if loadedOnce.dir != "" {
		os.RemoveAll(loadedOnce.dir)
	}
	os.Exit(code)
}

// patience bounds what a busy machine may need for anything at all, and for how long a program may say nothing.
const patience = 2 * time.Minute

// installation is a running program with what it said.
type installation struct {
	cases.Target
	admin string
	cmd   *exec.Cmd
	ended chan struct{}
	mu    sync.Mutex
	said  strings.Builder
	lines chan string
}

// launch starts the program in a folder of its own on free ports. What args say comes after, and wins.
func launch(t *testing.T, dir string, args ...string) *installation {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"--data", filepath.Join(dir, "renown-data"), "--website", "127.0.0.1:0", "--api", "127.0.0.1:0", "--admin", "127.0.0.1:0",
		"--demo-provider", "127.0.0.1:0", "--demo-shop", "0", "--stop-within", "10s"}, args...)
	i := &installation{cmd: exec.Command(self, args...), ended: make(chan struct{}), lines: make(chan string, 1000)}
	i.cmd.Dir, i.cmd.Env = dir, append(os.Environ(), asProgram+"=1")
	out, in := io.Pipe()
	i.cmd.Stdout, i.cmd.Stderr = in, in
	if err := i.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for s := bufio.NewScanner(out); s.Scan(); {
			i.mu.Lock()
			i.said.WriteString(s.Text() + "\n")
			i.mu.Unlock()
			select {
			case i.lines <- s.Text():
			default: // nobody waits for what is said that late
			}
		}
	}()
	go func() {
		_ = i.cmd.Wait() // how it ended is in ProcessState
		in.Close()
		<-read
		close(i.ended)
	}()
	t.Cleanup(func() {
		i.kill()
		if t.Failed() {
			t.Logf("the program said:\n%s", i.output())
		}
	})
	return i
}

// begin launches the program and waits until it runs.
func begin(t *testing.T, dir string, args ...string) *installation {
	t.Helper()
	i := launch(t, dir, args...)
	i.awaitWelcome(t)
	return i
}

// awaitWelcome waits until the program has said where it is.
func (i *installation) awaitWelcome(t *testing.T) {
	t.Helper()
	i.await(t, "Metrics ")
	field := func(name string) string {
		m := regexp.MustCompile(`(?m)^  ` + name + ` +(http://\S+)$`).FindStringSubmatch(i.output())
		if m == nil {
			t.Fatalf("it does not say where %s is:\n%s", name, i.output())
		}
		return m[1]
	}
	i.Website, i.API, i.admin = field("Website"), strings.TrimSuffix(field("REST"), "/v1/stories"), field("Metrics")
	cases.Eventually(t, patience, "it is ready", func() bool {
		status, _, _ := cases.Get(t, i.API+"/readyz")
		return status == 200
	})
}

// loadedOnce is the demo as the first start leaves it, for the tests that begin there.
var loadedOnce struct {
	mu  sync.Mutex
	dir string
}

// loaded puts the demo as the first start leaves it into a folder. Loading it takes a dozen seconds of a processor, so it is done once and copied. The address of the identity
// provider is part of it: the copies run one after the other, until their tests are over.
func loaded(t *testing.T, dir string) {
	t.Helper()
	loadedOnce.mu.Lock()
	t.Cleanup(loadedOnce.mu.Unlock)
	if loadedOnce.dir == "" {
		first, err := os.MkdirTemp("", "renown-loaded-")
		if err != nil {
			t.Fatal(err)
		}
		begin(t, first).stop(t)
		loadedOnce.dir = first
	}
	const data = "renown-data"
	if err := os.CopyFS(filepath.Join(dir, data), os.DirFS(filepath.Join(loadedOnce.dir, data))); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, data), 0o700); err != nil {
		t.Fatal(err)
	}
}

// await waits for a line that holds the text.
func (i *installation) await(t *testing.T, text string) {
	t.Helper()
	over := clock.System().After(patience)
	for {
		select {
		case line := <-i.lines:
			if strings.Contains(line, text) {
				return
			}
			over = clock.System().After(patience) // it goes on
		case <-i.ended:
			if strings.Contains(i.output(), text) {
				return
			}
			t.Fatalf("it ended without saying %q: %v\n%s", text, i.cmd.ProcessState, i.output())
		case <-over:
			t.Fatalf("it does not say %q:\n%s", text, i.output())
		}
	}
}

func (i *installation) output() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.said.String()
}

// kill ends the program without a chance to do anything.
func (i *installation) kill() {
	_ = i.cmd.Process.Kill() // it may have ended
	<-i.ended
}

// stop ends the program as Ctrl-C does, and checks that it ends well and in time.
func (i *installation) stop(t *testing.T) {
	t.Helper()
	if err := i.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-i.ended:
	case <-clock.System().After(patience):
		t.Fatal("it does not stop")
	}
	if code := i.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it ended with status %d", code)
	}
}

// refused launches the program, which must end with status 2 and say these words.
func refused(t *testing.T, dir, words string, args ...string) {
	t.Helper()
	i := launch(t, dir, args...)
	select {
	case <-i.ended:
	case <-clock.System().After(patience):
		t.Fatal("it runs")
	}
	if code := i.cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(i.output(), words) {
		t.Errorf("%v: status %d, and it says %q, not %q", args, code, i.output(), words)
	}
}

// secret returns the partner's key that the program showed, "" if it showed none.
func (i *installation) secret(t *testing.T) string {
	t.Helper()
	i.await(t, "Try next") // what is said before it has been read then
	return regexp.MustCompile(`rn_test_key_\S+`).FindString(i.output())
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
