package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// role is what this program does when it is started again by itself: it is given its task as JSON, and tells what it has to tell by say.
type role func(ctx context.Context, task json.RawMessage, say func(any) error) error

var roles map[string]role

func init() {
	roles = map[string]role{
		"bench-loader": loaderRole, "bench-bare": bareRole, "bench-fill": fillRole, "bench-store": storeRole, "bench-call": callRole, "bench-item": itemRole,
		"bench-accrue": accrualRole, "bench-bare-points": barePointsRole, "bench-rules": rulesRole, "bench-chain": chainRole, "bench-balances": balanceRole,
	}
}

// child is main of a role. It ends when its task is done or whoever started it has ended, in whatever way: then its standard input is at its end.
func child(r role, in io.Reader, out, log io.Writer) int {
	buffered := bufio.NewReader(in)
	line, err := buffered.ReadBytes('\n')
	if err != nil {
		fmt.Fprintln(log, "bench: no task on standard input")
		return 2
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, buffered)
		cancel()
	}()
	if err := r(ctx, line, json.NewEncoder(out).Encode); err != nil {
		fmt.Fprintln(log, "bench:", err)
		return 1
	}
	return 0
}

// process is this program in a role.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   *json.Decoder
	done  chan struct{}
}

// begin starts a role with its task.
func begin(role string, task any) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(self, role), done: make(chan struct{})}
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.stdin, p.out = in, json.NewDecoder(out)
	if err := json.NewEncoder(in).Encode(task); err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

// hear reads the next thing that the role says.
func (p *process) hear(into any) error {
	if err := p.out.Decode(into); err != nil {
		return fmt.Errorf("%s said nothing: %w", p.cmd.Args[1], err)
	}
	return nil
}

// end ends the role and waits for its end.
func (p *process) end() {
	p.stdin.Close()
	go func() {
		_ = p.cmd.Wait() // what went wrong it has said
		close(p.done)
	}()
	select {
	case <-p.done:
	case <-clk.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// ask has a role do a task to its end and returns what it says.
func ask[T any](ctx context.Context, role string, task any) (T, error) {
	var answer T
	p, err := begin(role, task)
	if err != nil {
		return answer, err
	}
	defer p.end()
	heard := make(chan error, 1)
	go func() { heard <- p.hear(&answer) }()
	select {
	case err = <-heard:
		return answer, err
	case <-ctx.Done():
		p.stdin.Close()
		return answer, errors.Join(ctx.Err(), <-heard)
	}
}
