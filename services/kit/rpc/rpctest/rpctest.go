// Package rpctest has what the tests of services need of calls.
package rpctest

import (
	"context"

	"google.golang.org/grpc"

	"renown.example/kit/fault"
	"renown.example/kit/rpc"
)

// mostTries is how often a call is sent before the test hears that there was no answer in its time.
const mostTries = 5

// Enduring returns the connection for tests that are about what is answered, not about how soon. A server has some seconds for a call, and on a busy machine the last of
// a hundred that come at once do not get their turn by then. Nobody knows whether such a call was carried out, so it is sent again as it was, with its idempotency key:
// what callers are told to do. Streams are passed on as they are.
func Enduring(c rpc.Conn) rpc.Conn { return enduring{c} }

type enduring struct{ rpc.Conn }

// Invoke implements grpc.ClientConnInterface.
func (c enduring) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) (err error) {
	for range mostTries {
		err = c.Conn.Invoke(ctx, method, args, reply, opts...)
		if ctx.Err() != nil || !fault.Has(err, fault.DeadlineExceeded) {
			break
		}
	}
	return err
}
