package gateway

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
)

// maxReceive is the largest message that comes back: an export with many pictures.
const maxReceive = 96 << 20

// conn is a connection to a service as seen by the generated handlers: it sets the whole metadata of a call, whatever the handlers made of the request's headers,
// and the etag from If-Match.
type conn struct {
	grpc.ClientConnInterface
	minter *auth.Minter
}

// Invoke calls a method for the exchange in ctx. Its errors are faults.
func (c conn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	ex := exchangeOf(ctx)
	if err := setEtag(args, ex.ifMatch); err != nil {
		return err
	}
	ctx, err := c.outgoing(ctx, ex)
	if err != nil {
		return err
	}
	ex.called = true
	if err := c.ClientConnInterface.Invoke(ctx, method, args, reply, append(opts, grpc.MaxCallRecvMsgSize(maxReceive))...); err != nil {
		return fault.FromStatus(err)
	}
	return nil
}

// NewStream opens a stream for the exchange in ctx.
func (c conn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, err := c.outgoing(ctx, exchangeOf(ctx))
	if err != nil {
		return nil, err
	}
	return c.ClientConnInterface.NewStream(ctx, desc, method, opts...)
}

// outgoing returns a context whose metadata is nothing but what the gateway says: no header of the caller becomes metadata.
func (c conn) outgoing(ctx context.Context, ex *exchange) (context.Context, error) {
	token, err := c.minter.Mint(ex.caller)
	if err != nil {
		return nil, err
	}
	md := metadata.Pairs(rpc.IdentityHeader, token, rpc.RequestIDHeader, ex.id)
	if ex.idempotencyKey != "" {
		md.Set(rpc.IdempotencyKeyHeader, ex.idempotencyKey)
	}
	return metadata.NewOutgoingContext(ctx, md), nil
}

// setEtag puts the etag from If-Match into the request. A body that names another one is refused: one of the two would be lost.
func setEtag(args any, etag string) error {
	m, ok := args.(proto.Message)
	if etag == "" || !ok {
		return nil
	}
	fd := m.ProtoReflect().Descriptor().Fields().ByName("etag")
	if fd == nil {
		return nil
	}
	if given := m.ProtoReflect().Get(fd).String(); given != "" && given != etag {
		return fault.Invalid("etag", "is not the one in If-Match; send one of the two")
	}
	m.ProtoReflect().Set(fd, protoreflect.ValueOfString(etag))
	return nil
}

// absent stands for a service that the installation does not have.
type absent struct{ name string }

func (a absent) refuse() error {
	return fault.Unavailable.New("This installation does not run the %s service.", a.name)
}

// Invoke implements grpc.ClientConnInterface.
func (a absent) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	return a.refuse()
}

// NewStream implements grpc.ClientConnInterface.
func (a absent) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, a.refuse()
}
