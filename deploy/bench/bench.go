package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
)

// benchmark is a run of this program.
type benchmark struct {
	settings
	progress io.Writer
	// work is removed at the end; keep is where installations are kept.
	work, keep    string
	sink          *sink
	up            map[int]*installation
	points, crowd *pointsHouse
	installations []string
}

func newBench(ctx context.Context, s settings, progress io.Writer) (*benchmark, error) {
	work, err := os.MkdirTemp("", "renown-bench-")
	if err != nil {
		return nil, err
	}
	b := &benchmark{settings: s, progress: progress, work: work, keep: work, up: map[int]*installation{}}
	if s.data != "" {
		if b.keep, err = filepath.Abs(s.data); err == nil {
			err = os.MkdirAll(b.keep, 0o700)
		}
	}
	if err == nil {
		b.sink, err = newSink(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(work))
	}
	return b, nil
}

// build builds a program, once in a run.
func (b *benchmark) build(ctx context.Context, program string) (string, error) {
	binary := filepath.Join(b.work, path.Base(program)+"-program")
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	fmt.Fprintln(b.progress, "building", program)
	if out, err := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-o", binary, program).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s does not build: %w\n%s", program, err, out)
	}
	return binary, nil
}

// close ends everything and removes what is not kept.
func (b *benchmark) close() {
	if err := b.halt(); err != nil {
		fmt.Fprintln(b.progress, "bench:", err)
	}
	b.sink.close()
	if err := os.RemoveAll(b.work); err != nil {
		fmt.Fprintln(b.progress, "bench:", err)
	}
}

// describe says what a run is made with.
func (b *benchmark) describe() report {
	return report{
		Machine:    thisMachine(b.keep),
		Durability: "SQLite in WAL mode, fdatasync for each group commit; nothing is acknowledged or shown before. By hand: synchronous=FULL",
		Settings: []string{
			"deploy/local as `go build` makes it (without symbols), website, REST, services and store in one process, on 127.0.0.1",
			"log: --log-level info, a line for each request to REST and website, as text into a file; metrics: on; traces: as by default, every request that reaches a service, sent by OTLP to a sink on this machine",
			"loader, bare handler and platform are processes of their own and share the processors",
			fmt.Sprintf("%d rounds of %s for each side, in turn, after a tenth of that to warm up; which side begins changes from round to round", b.rounds, b.duration),
		},
	}
}

func (b *benchmark) limits() []string {
	return []string{"--quota-address " + raised + " (usually 3,000 a minute): what an address may ask that is not answered from memory"}
}

// sink takes traces and does nothing with them.
type sink struct {
	address string
	server  *http.Server
}

func newSink(ctx context.Context) (*sink, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{address: l.Addr().String(), server: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
	})}}
	go func() { _ = s.server.Serve(l) }() // it ends when it is closed
	return s, nil
}

func (s *sink) close() { _ = s.server.Close() }
