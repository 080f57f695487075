package idempotency_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/probe"
	"renown.example/kit/store"
)

type service struct {
	probe.UnimplementedProbeServiceServer
	db store.DB
}

func (s *service) Edit(ctx context.Context, req *probe.Request) (*probe.Reply, error) {
	n, err := add(ctx, s.db, clock.System(), req)
	return &probe.Reply{Number: n}, err
}

func TestReplayedHeaderOverRPC(t *testing.T) {
	key := auth.GenerateKey()
	minter, err := auth.NewMinter(clock.System(), key)
	if err != nil {
		t.Fatal(err)
	}
	s := rpc.NewServer(rpc.Options{Name: "probe", Clock: clock.System(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Verifier: auth.NewVerifier(clock.System(), key.Public())})
	probe.RegisterProbeServiceServer(s, &service{db: open(t)})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, err := rpc.As(context.Background(), minter, auth.Identity{Kind: auth.KindUser, Subject: "u", Roles: []string{"editor"}})
	if err != nil {
		t.Fatal(err)
	}
	c := probe.NewProbeServiceClient(s.Conn())
	for i, want := range []string{"", "true", "true"} {
		var header metadata.MD
		got, err := c.Edit(rpc.WithIdempotencyKey(ctx, "k"), &probe.Request{Text: "x"}, grpc.Header(&header))
		if err != nil || got.GetNumber() != 1 {
			t.Fatalf("call %d: %v, %v", i, got, err)
		}
		replayed := ""
		if v := header.Get(rpc.ReplayedHeader); len(v) > 0 {
			replayed = v[0]
		}
		if replayed != want {
			t.Errorf("call %d: header %q, want %q", i, replayed, want)
		}
	}
	if _, err := c.Edit(rpc.WithIdempotencyKey(ctx, "k"), &probe.Request{Text: "y"}); !fault.Has(err, fault.IdempotencyKeyReused) {
		t.Errorf("another body: %v", err)
	}
}
