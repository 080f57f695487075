package browser

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"renown.example/deploy/await"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// How long the demo may take to be there, and to stop, on a machine that is busy.
const (
	startTime = 4 * time.Minute
	stopTime  = time.Minute
)

// Platform is all of Renown with its demo company, in a process of its own, as `go run ./deploy/local` starts it.
type Platform struct {
	// Website, API and Provider are origins, as "http://127.0.0.1:41234".
	Website, API, Provider string

	cmd    *exec.Cmd
	log    transcript
	done   chan struct{}
	folder string
}

// Start builds deploy/local, starts it in a new folder on free ports and returns when it is ready. The error holds what it said.
func Start() (*Platform, error) {
	folder, err := os.MkdirTemp("", "renown-platform-")
	if err != nil {
		return nil, fault.Internal.New("there is no room for the platform's data").Wrap(err)
	}
	p := &Platform{folder: folder, done: make(chan struct{})}
	binary := filepath.Join(folder, "renown")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, "renown.example/deploy/local").CombinedOutput(); err != nil {
		os.RemoveAll(folder)
		return nil, fault.Internal.New("deploy/local does not build: %s", out).Wrap(err)
	}
	addresses, err := freeAddresses(4)
	if err != nil {
		os.RemoveAll(folder)
		return nil, err
	}
	p.Website, p.API, p.Provider = "http://"+addresses[0], "http://"+addresses[1], "http://"+addresses[2]
	p.cmd = exec.Command(binary, "--data", filepath.Join(folder, "data"), "--website", addresses[0], "--api", addresses[1], "--demo-provider", addresses[2], "--admin", addresses[3],
		"--demo-shop", "0", "--log-level", "info")
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = folder, &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		os.RemoveAll(folder)
		return nil, fault.Unavailable.New("the platform cannot be started").Wrap(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its log
		close(p.done)
	}()
	if err := p.ready(); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// ready waits until the demo is there and the website shows it.
func (p *Platform) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	go func() {
		select {
		case <-p.done:
			cancel() // there is nothing to wait for
		case <-ctx.Done():
		}
	}()
	for _, address := range []string{p.API + "/readyz", p.Website + "/stories"} {
		if err := await.OK(ctx, address); errors.Is(err, context.DeadlineExceeded) {
			return fault.DeadlineExceeded.New("the platform was not ready within %s: %s does not answer 200. It said:\n%s", startTime, address, p.Log())
		} else if err != nil {
			return fault.Unavailable.New("the platform ended before it was ready. It said:\n%s", p.Log())
		}
	}
	return nil
}

// freeAddresses finds addresses of this machine that nobody listens on. Somebody may take one before it is used; the platform then says so and ends.
func freeAddresses(n int) ([]string, error) {
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fault.Unavailable.New("there is no free port").Wrap(err)
		}
		defer l.Close()
		out = append(out, l.Addr().String())
	}
	return out, nil
}

// Log is what the platform has written so far, to its output and to its log.
func (p *Platform) Log() string { return p.log.String() }

// Stop ends the platform as an operator does, and by force if it takes too long, and removes its folder. It may be called more than once.
func (p *Platform) Stop() {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		_ = p.cmd.Process.Kill() // where there are no interrupts
	}
	select {
	case <-p.done:
	case <-clock.System().After(stopTime):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	os.RemoveAll(p.folder)
}

// transcript collects what a process writes.
type transcript struct {
	mu  sync.Mutex
	all []byte
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, p...)
	return len(p), nil
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.all)
}
