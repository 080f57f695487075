package rpctest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"renown.example/kit/rpc"
)

// Matrix compares who may call what of the services that register adds with testdata/matrix.txt, which it writes anew if update says so. Who may call what is decided in the
// protos: the file makes each change of it visible.
func Matrix(t *testing.T, update bool, register func(r grpc.ServiceRegistrar)) {
	t.Helper()
	var all registered
	register(&all)
	got, err := rpc.Matrix(all...)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "matrix.txt")
	if update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("who may call what has changed (-golden +protos); if that is meant, run with -update:\n%s", d)
	}
}

// registered collects what a server registers, so that no service is left out of the matrix.
type registered []*grpc.ServiceDesc

func (r *registered) RegisterService(desc *grpc.ServiceDesc, _ any) { *r = append(*r, desc) }
