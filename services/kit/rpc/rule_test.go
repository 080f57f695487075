package rpc_test

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/probe"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMatrix(t *testing.T) {
	got, err := rpc.Matrix(&probe.ProbeService_ServiceDesc)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/matrix.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("matrix (-golden +got):\n%s", d)
	}
	if _, err := rpc.Matrix(&probe.CarelessService_ServiceDesc); err == nil {
		t.Error("a method without a rule is in the matrix")
	}
}

type careless struct {
	probe.UnimplementedCarelessServiceServer
}

func bare(t *testing.T) *rpc.Server {
	t.Helper()
	return rpc.NewServer(rpc.Options{Name: "bare", Clock: clock.System(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Verifier: auth.NewVerifier(clock.System())})
}

func TestAMethodWithoutARuleDoesNotStart(t *testing.T) {
	s := bare(t)
	probe.RegisterProbeServiceServer(s, &service{})
	probe.RegisterCarelessServiceServer(s, careless{})
	err := s.Start()
	if err == nil || !strings.Contains(err.Error(), "/renown.kit.probe.CarelessService/Forgotten") {
		t.Errorf("got %v", err)
	}
	if _, err := probe.NewProbeServiceClient(s.Conn()).Open(context.Background(), &probe.Request{}); !fault.Has(err, fault.Unavailable) {
		t.Errorf("a server that did not start answers: %v", err)
	}
}

// TestWhoMayCallWhat calls every method as every kind of caller, over both ways.
func TestWhoMayCallWhat(t *testing.T) {
	r := newRig(t)
	links, err := auth.NewLinks(clock.System(), make([]byte, auth.MinSecret))
	if err != nil {
		t.Fatal(err)
	}
	link := func(purpose string) string {
		token, _, err := links.Issue(purpose, "s", clock.System().Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	callers := []struct {
		name string
		who  auth.Identity
		may  string
	}{
		{"anonymous", auth.Anonymous, "Open Count"},
		{"employee", auth.Identity{Kind: auth.KindUser, Subject: "u"}, "Open Count Work Talk"},
		{"author", auth.Identity{Kind: auth.KindUser, Subject: "u", Roles: []string{"author"}}, "Open Count Work Talk"},
		{"editor", auth.Identity{Kind: auth.KindUser, Subject: "u", Roles: []string{"editor"}}, "Open Count Work Talk Edit Pull"},
		{"admin", auth.Identity{Kind: auth.KindUser, Subject: "u", Roles: []string{"admin"}}, "Open Count Work Talk Edit"},
		{"app with scope", auth.Identity{Kind: auth.KindApp, Subject: "a", Scopes: []string{"stories.read"}}, "Open Count Pull"},
		{"app without", auth.Identity{Kind: auth.KindApp, Subject: "a", Scopes: []string{"stories.write"}}, "Open Count"},
		{"app that claims roles", auth.Identity{Kind: auth.KindApp, Subject: "a", Roles: []string{"editor"}}, "Open Count"},
		{"link", auth.Identity{Kind: auth.KindLink, Link: link("consent")}, "Open Count Sign"},
		{"other link", auth.Identity{Kind: auth.KindLink, Link: link("survey")}, "Open Count"},
		{"no link", auth.Identity{Kind: auth.KindLink, Link: "consent"}, "Open Count"},
		{"system", auth.Identity{Kind: auth.KindSystem, Subject: "gateway"}, "Open Count Tick"},
	}
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		calls := methods(c)
		for _, caller := range callers {
			ctx := rpc.WithIdempotencyKey(r.as(t, caller.who), "k")
			for name, call := range calls {
				err := call(ctx)
				may := strings.Contains(" "+caller.may+" ", " "+name+" ")
				switch {
				case may && err != nil:
					t.Errorf("%s may call %s, but: %v", caller.name, name, err)
				case !may && caller.who.Kind == auth.KindAnonymous && !fault.Has(err, fault.Unauthenticated):
					t.Errorf("%s on %s: %v", caller.name, name, err)
				case !may && caller.who.Kind != auth.KindAnonymous && !fault.Has(err, fault.PermissionDenied) && !fault.Has(err, fault.LinkInvalid):
					t.Errorf("%s on %s: %v", caller.name, name, err)
				}
			}
		}
	})
}

// methods returns a call of each method.
func methods(c probe.ProbeServiceClient) map[string]func(context.Context) error {
	unary := func(f func(context.Context, *probe.Request, ...grpc.CallOption) (*probe.Reply, error)) func(context.Context) error {
		return func(ctx context.Context) error { _, err := f(ctx, &probe.Request{}); return err }
	}
	return map[string]func(context.Context) error{
		"Open": unary(c.Open), "Edit": unary(c.Edit), "Work": unary(c.Work), "Pull": unary(c.Pull), "Sign": unary(c.Sign), "Tick": unary(c.Tick),
		"Count": func(ctx context.Context) error {
			s, err := c.Count(ctx, &probe.Request{Times: 1})
			if err == nil {
				_, err = s.Recv()
			}
			return err
		},
		"Talk": func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			s, err := c.Talk(ctx)
			if err == nil {
				// The answer says why a refused stream cannot be written to.
				_ = s.Send(&probe.Request{Text: "x"})
				_, err = s.Recv()
			}
			return err
		},
	}
}

func TestForgedIdentityIsRefusedEvenWherePublic(t *testing.T) {
	r := newRig(t)
	stranger, err := auth.NewMinter(clock.System(), auth.GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := rpc.As(context.Background(), stranger, auth.Identity{Kind: auth.KindUser, Subject: "u", Roles: []string{"admin"}})
	if err != nil {
		t.Fatal(err)
	}
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		if _, err := c.Open(ctx, &probe.Request{}); !fault.Has(err, fault.Unauthenticated) {
			t.Errorf("got %v", err)
		}
	})
}

func TestIdempotencyKeyByRule(t *testing.T) {
	r := newRig(t)
	ctx := r.as(t, auth.Identity{Kind: auth.KindUser, Subject: "u", Roles: []string{"editor"}})
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		calls := methods(c)
		for _, tt := range []struct {
			method, key string
			want        *fault.Reason
		}{
			{"Edit", "", &fault.IdempotencyKeyMissing}, {"Edit", "k", nil}, {"Open", "", nil}, {"Open", "k", nil}, {"Work", "", nil},
			{"Edit", strings.Repeat("k", rpc.MaxIdempotencyKey), nil}, {"Edit", strings.Repeat("k", rpc.MaxIdempotencyKey+1), &fault.InvalidArgument},
			{"Open", "a b", &fault.InvalidArgument}, {"Open", "ä", &fault.InvalidArgument}, {"Work", "a b", nil},
		} {
			ctx := ctx
			if tt.key != "" {
				ctx = rpc.WithIdempotencyKey(ctx, tt.key)
			}
			err := calls[tt.method](ctx)
			if tt.want == nil && err != nil || tt.want != nil && err == nil {
				t.Errorf("%s with %q: %v", tt.method, tt.key, err)
			}
			// gRPC itself refuses to send what is not ASCII, before any of our code.
			if tt.want != nil && tt.key != "ä" && !fault.Has(err, *tt.want) {
				t.Errorf("%s with %q: %v, want %s", tt.method, tt.key, err, tt.want.Name)
			}
		}
	})
}
