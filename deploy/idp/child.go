package idp

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// Arg is the first argument by which a program that is started again by Start knows that it is to be the provider: its main calls Child when it sees it.
const Arg = "idp"

// startTime bounds how long Start waits for the provider to answer.
const startTime = 20 * time.Second

// Process is a provider in a process of its own.
type Process struct {
	// Issuer is the address of the provider, to be configured at its clients.
	Issuer string
	cmd    *exec.Cmd
	stdin  io.Closer
	done   chan struct{}
}

// Start runs this program again as the provider and returns when its discovery document answers. The child ends when Stop is called, and also when this
// process ends in whatever way: it holds the other end of the child's standard input, which the kernel closes.
func Start(ctx context.Context, cfg Config, log io.Writer) (*Process, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return nil, fault.Internal.New("the demo's identity provider cannot be started: this program's own file is unknown").Wrap(err)
	}
	cmd := exec.Command(self, Arg)
	cmd.Stderr = log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fault.Internal.New("the demo's identity provider cannot be started").Wrap(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fault.Internal.New("the demo's identity provider cannot be started").Wrap(err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fault.Unavailable.New("the demo's identity provider cannot be started").Wrap(err)
	}
	p := &Process{cmd: cmd, stdin: stdin, done: make(chan struct{})}
	issuer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		issuer <- strings.TrimSpace(line)
		_ = cmd.Wait()
		close(p.done)
	}()
	if err := json.NewEncoder(stdin).Encode(cfg); err != nil {
		p.Stop()
		return nil, fault.Unavailable.New("the demo's identity provider ended before it was told what to do").Wrap(err)
	}
	select {
	case p.Issuer = <-issuer:
	case <-ctx.Done():
	}
	if p.Issuer == "" {
		p.Stop()
		return nil, fault.Unavailable.New("the demo's identity provider did not start; its log says why")
	}
	if err := discover(ctx, p.Issuer); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// Stop ends the provider and waits for its end. It may be called more than once.
func (p *Process) Stop() {
	p.stdin.Close()
	select {
	case <-p.done:
	case <-clock.System().After(2 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// Done is closed when the provider's process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

func discover(ctx context.Context, issuer string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+"/.well-known/openid-configuration", nil)
	if err != nil {
		return fault.Internal.New("the demo's identity provider named a bad issuer %q", issuer).Wrap(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fault.Unavailable.New("the demo's identity provider does not answer").Wrap(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fault.Unavailable.New("the demo's identity provider answers %s to discovery", res.Status)
	}
	return nil
}

// Child is main for the process that Start makes: it reads its Config as JSON from in, writes its issuer as a line to out, serves until in ends and
// returns the exit code. An interrupt from the terminal reaches the parent as well, which ends the child when it has finished itself.
func Child(in io.Reader, out, log io.Writer) int {
	signal.Ignore(os.Interrupt)
	// What a person did wrong while signing in is on their page; only faults belong into the log of the program that started this one.
	slog.SetDefault(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError})))
	buffered := bufio.NewReader(in)
	line, err := buffered.ReadBytes('\n')
	if err != nil {
		fmt.Fprintln(log, "idp: no configuration on standard input")
		return 2
	}
	var cfg Config
	if err := json.Unmarshal(line, &cfg); err != nil {
		fmt.Fprintln(log, "idp: the configuration on standard input is not valid:", err)
		return 2
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, buffered)
		cancel()
	}()
	if err := Serve(ctx, cfg, func(issuer string) { fmt.Fprintln(out, issuer) }); err != nil {
		fmt.Fprintln(log, "idp:", err)
		return 1
	}
	return 0
}
