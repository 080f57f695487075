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
	"path/filepath"
)

// benchmark is a run of this program.
type benchmark struct {
	settings
	progress io.Writer
	// work is removed at the end; keep is where installations are kept.
	work, keep    string
	binary        string
	sink          *sink
	up            map[int]*installation
	installations []string
}

func newBench(ctx context.Context, s settings, progress io.Writer) (*benchmark, error) {
	work, err := os.MkdirTemp("", "renown-bench-")
	if err != nil {
		return nil, err
	}
	b := &benchmark{settings: s, progress: progress, work: work, keep: work, binary: filepath.Join(work, "renown"), up: map[int]*installation{}}
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
	fmt.Fprintln(progress, "building deploy/local")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "renown.example/deploy/local").CombinedOutput(); err != nil {
		b.close()
		return nil, fmt.Errorf("deploy/local does not build: %w\n%s", err, out)
	}
	return b, nil
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
		Durability: "SQLite in WAL mode, synchronous=FULL, fdatasync for each group commit; nothing is acknowledged before",
		Settings: []string{
			"deploy/local as `go build` makes it, website, REST, services and store in one process, on 127.0.0.1",
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
