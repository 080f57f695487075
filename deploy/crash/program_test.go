//go:build unix

package crash_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"renown.example/deploy/cases"
	"renown.example/deploy/idp"
	"renown.example/kit/clock"
)

// startBound is how long a start may take until the program is ready, on a machine that is busy with other tests. The first start loads the demo besides.
const startBound, firstStartBound = 2 * time.Minute, 4 * time.Minute

var clk = clock.System()

// builtIn is the folder of the binary.
var builtIn string

// build builds the program once, the one that people start but for what debuggers need, which takes the linker longest.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "renown-crash-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	binary := filepath.Join(dir, "renown")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, "renown.example/deploy/local").CombinedOutput(); err != nil {
		return "", fmt.Errorf("deploy/local does not build: %w\n%s", err, out)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == idp.Arg {
		os.Exit(idp.Child(os.Stdin, os.Stdout, os.Stderr))
	}
	code := m.Run()
	if builtIn != "" {
		os.RemoveAll(builtIn)
	}
	os.Exit(code)
}

// program is the program with a folder and addresses of its own, which stay the same over all its starts.
type program struct {
	cases.Target
	admin, provider string
	binary, folder  string
	extra           []string
	log             *os.File

	cmd  *exec.Cmd
	done chan struct{}
}

// newProgram prepares a program that keeps its data in the folder. What extra says comes last, and wins.
func newProgram(t *testing.T, folder string, extra ...string) *program {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	at := freeAddresses(t, 4)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	p := &program{
		Target: cases.Target{Website: "http://" + at[0], API: "http://" + at[1]}, admin: at[2], provider: at[3],
		binary: binary, folder: folder, extra: extra, log: log,
	}
	t.Cleanup(func() {
		p.kill(false)
		if t.Failed() {
			t.Logf("the program said at last:\n%s", lastLines(log.Name(), 25))
		}
		log.Close()
	})
	return p
}

// freeAddresses finds addresses that nobody listens on, below the ports that the kernel gives to outgoing connections: those could be taken while the program is
// down.
func freeAddresses(t *testing.T, n int) []string {
	t.Helper()
	var out []string
	for tries := 0; len(out) < n && tries < 1000; tries++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(18000)))
		if err != nil {
			continue
		}
		defer l.Close()
		out = append(out, l.Addr().String())
	}
	if len(out) < n {
		t.Fatal("there are no free ports")
	}
	return out
}

// launch starts the program in a process group of its own and returns at once.
func (p *program) launch(t *testing.T) {
	t.Helper()
	p.cmd, p.done = p.command(), make(chan struct{})
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // how it ended is in ProcessState
		close(done)
	}(p.cmd, p.done)
}

func (p *program) command() *exec.Cmd {
	args := []string{"--data", p.folder, "--website", strings.TrimPrefix(p.Website, "http://"), "--api", strings.TrimPrefix(p.API, "http://"), "--admin", p.admin,
		"--demo-provider", p.provider, "--demo-shop", "0", "--log-level", "warn", "--stop-within", "20s"}
	cmd := exec.Command(p.binary, append(args, p.extra...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Dir(p.folder), p.log, p.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// start launches the program and waits until it is ready. It returns how long that took.
func (p *program) start(t *testing.T, bound time.Duration) time.Duration {
	t.Helper()
	p.launch(t)
	began := clk.Now()
	over := clk.After(bound)
	for !p.ready() {
		select {
		case <-p.done:
			t.Fatalf("it ended instead of starting: %v", p.cmd.ProcessState)
		case <-over:
			t.Fatalf("it was not ready within %s", bound)
		case <-clk.After(50 * time.Millisecond):
		}
	}
	return clk.Now().Sub(began)
}

var prober = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (p *program) ready() bool {
	res, err := prober.Get(p.API + "/readyz")
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// kill ends the program without a chance to do anything: its whole process group, or, as `kill -9` and the kernel do when memory is short, the program alone. It
// may be called again.
func (p *program) kill(alone bool) {
	if p.cmd == nil {
		return
	}
	group := -p.cmd.Process.Pid
	if alone {
		_ = p.cmd.Process.Kill() // it may have ended
	} else {
		_ = syscall.Kill(group, syscall.SIGKILL)
	}
	<-p.done
}

// awaitEnd waits until the program that was asked to stop has stopped, well and in time.
func (p *program) awaitEnd(t *testing.T) {
	t.Helper()
	select {
	case <-p.done:
	case <-clk.After(startBound):
		t.Fatalf("it does not stop within %s", startBound)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("asked to stop, it ended with %v", p.cmd.ProcessState)
	}
}

// lastLines returns the end of a log, without those who asked whether the program is ready.
func lastLines(file string, n int) string {
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err.Error()
	}
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(b)), "\n"), func(l string) bool { return strings.Contains(l, "route=/readyz") })
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
