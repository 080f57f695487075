package rpc_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	"renown.example/kit/rpc/probe"
)

// A handler that answers with a nil of its reply's type answers with an empty message, by whatever way.
func TestANilReplyIsAnEmptyOne(t *testing.T) {
	r := newRig(t)
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		if got, err := c.Open(context.Background(), &probe.Request{Text: "reply"}); err != nil || !proto.Equal(got, &probe.Reply{}) {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

// A call in process whose caller can cancel it runs in its caller's goroutine and starts no other; its handler's context ends with its caller's, and when it has answered.
func TestACallInProcessStartsNoGoroutine(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var inside context.Context
	r.impl.during = func(ctx context.Context) error {
		stacks := make([]byte, 1<<20)
		if stacks = stacks[:runtime.Stack(stacks, true)]; bytes.Contains(stacks, []byte("propagateCancel")) {
			t.Errorf("a goroutine waits for the caller's context:\n%s", stacks)
		}
		inside = ctx
		return nil
	}
	if _, err := r.ways["in process"].Open(ctx, &probe.Request{Text: "during"}); err != nil {
		t.Fatal(err)
	}
	if inside.Err() == nil {
		t.Error("the handler's context outlives the call")
	}
	r.impl.during = func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	if _, err := r.ways["in process"].Open(ctx, &probe.Request{Text: "during"}); !fault.Has(err, fault.Canceled) {
		t.Errorf("cancelled within: %v", err)
	}
}
