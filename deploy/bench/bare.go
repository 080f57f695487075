package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
)

// bareTask is one answer that a handler writes again and again: the best that net/http can do with these bytes.
type bareTask struct {
	Status int
	Header http.Header
	Body   []byte
}

// beginBare begins a process that answers the same as was answered, and returns its address.
func beginBare(status int, with answered) (*process, string, error) {
	bare, err := begin("bench-bare", bareTask{Status: status, Header: with.header, Body: with.body})
	if err != nil {
		return nil, "", err
	}
	var address string
	if err := bare.hear(&address); err != nil {
		bare.end()
		return nil, "", err
	}
	return bare, address, nil
}

// bareRole serves it, and says on which address.
func bareRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t bareTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	type field struct{ name, value string }
	var fields []field
	for name, values := range t.Header {
		fields = append(fields, field{name, strings.Join(values, ", ")})
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for _, f := range fields {
			h.Set(f.name, f.value)
		}
		w.WriteHeader(t.Status)
		if t.Status != http.StatusNotModified {
			_, _ = w.Write(t.Body) // a loader that went away is nobody's trouble
		}
	})}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		_ = server.Close() // it holds nothing
	}()
	if err := say(l.Addr().String()); err != nil {
		return err
	}
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
