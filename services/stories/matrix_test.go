package stories_test

import (
	"flag"
	"testing"

	"google.golang.org/grpc"

	"renown.example/kit/rpc/rpctest"
	"renown.example/stories/server"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Who may call what is decided in the protos. This test makes each change of it visible.
func TestMatrix(t *testing.T) {
	rpctest.Matrix(t, *update, func(r grpc.ServiceRegistrar) { server.Register(r, &server.Server{}) })
}
