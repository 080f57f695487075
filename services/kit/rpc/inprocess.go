package rpc

import (
	"context"
	"net"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Conn returns a connection to the server from its own process, without sockets. Calls fail with Unavailable before Start and after Stop. A call with one request and one
// reply runs in its caller's goroutine, whose stack has grown already: it ends when its handler does, for which the caller's deadline and cancellation are the handler's.
func (s *Server) Conn() Conn { return &inProcess{s, newForwarder(s.opts.Tracers)} }

type inProcess struct {
	server  *Server
	forward *forwarder
}

func (c *inProcess) Close() error { return nil }

func (c *inProcess) Invoke(ctx context.Context, name string, req, reply any, opts ...grpc.CallOption) error {
	m, known := c.server.unaries[name]
	if !known || !plain(opts) {
		return c.forward.unary(ctx, name, func(ctx context.Context, md metadata.MD) error {
			return c.server.channel.Invoke(metadata.NewOutgoingContext(ctx, md), name, req, reply, opts...)
		})
	}
	// A span of the client's would tell what the server's does.
	return failed(c.server.invoke(ctx, m, outgoing(ctx), req, reply, opts))
}

func (c *inProcess) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.forward.stream(ctx, method, desc, func(ctx context.Context) (grpc.ClientStream, error) {
		return c.server.channel.NewStream(ctx, desc, method, opts...)
	})
}

// unary is a method with one request and one reply, and what implements it.
type unary struct {
	full   string
	impl   any
	handle grpc.MethodHandler
}

// plain reports whether the options of a call are those that invoke knows.
func plain(opts []grpc.CallOption) bool {
	for _, o := range opts {
		switch o.(type) {
		case grpc.HeaderCallOption, grpc.TrailerCallOption, grpc.MaxRecvMsgSizeCallOption, grpc.MaxSendMsgSizeCallOption, grpc.StaticMethodCallOption, grpc.FailFastCallOption, grpc.EmptyCallOption:
		default:
			return false
		}
	}
	return true
}

// invoke calls a method as gRPC would: the handler gets a request of its own and nothing of its caller's context but the deadline, the cancellation and the metadata.
func (s *Server) invoke(ctx context.Context, m *unary, md metadata.MD, req, reply any, opts []grpc.CallOption) error {
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	sent := &transport{method: m.full}
	inside := grpc.NewContextWithServerTransportStream(serving(ctx, md), sent)
	out, err := m.handle(m.impl, inside, func(into any) error { return copyMessage(into, req) }, s.unary)
	sent.end()
	for _, o := range opts {
		switch o := o.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = sent.header
		case grpc.TrailerCallOption:
			*o.TrailerAddr = sent.trailer
		}
	}
	if err != nil {
		return err
	}
	return copyMessage(reply, out)
}

// copyMessage makes a message what another one is. They share nothing. A nil of a message's type is an empty message, as it is on the wire.
func copyMessage(into, from any) error {
	to, ok1 := into.(proto.Message)
	m, ok2 := from.(proto.Message)
	if !ok1 || !ok2 {
		return status.Error(codes.Internal, "there is no message")
	}
	if !m.ProtoReflect().IsValid() {
		proto.Reset(to)
		return nil
	}
	if to.ProtoReflect().Type() != m.ProtoReflect().Type() { // such as a dynamic one
		b, err := proto.Marshal(m)
		if err != nil {
			return err
		}
		return proto.Unmarshal(b, to)
	}
	proto.Reset(to)
	proto.Merge(to, m)
	return nil
}

// serving returns the context of a handler.
func serving(ctx context.Context, md metadata.MD) context.Context {
	return peer.NewContext(metadata.NewIncomingContext(valueless{ctx}, md), itself)
}

// valueless is a context without its values.
type valueless struct{ context.Context }

// Value knows nothing but what package context asks for itself, by a pointer to an int: which context above is the one that ends. With that answered it ties contexts made
// from this one to that one; else it would start a goroutine for each call to wait for its caller's end, and would again if it came to ask by another key.
func (v valueless) Value(key any) any {
	if _, own := key.(*int); own {
		return v.Context.Value(key)
	}
	return nil
}

// itself is whom a handler sees as its caller's address.
var itself = &peer.Peer{Addr: &net.UnixAddr{Name: "in-process"}}

// transport takes the metadata that a handler sends.
type transport struct {
	method string

	mu              sync.Mutex
	header, trailer metadata.MD
	sent, over      bool
}

// Method implements grpc.ServerTransportStream.
func (t *transport) Method() string { return t.method }

// SetHeader implements grpc.ServerTransportStream.
func (t *transport) SetHeader(md metadata.MD) error { return t.add(&t.header, md, false) }

// SendHeader implements grpc.ServerTransportStream.
func (t *transport) SendHeader(md metadata.MD) error { return t.add(&t.header, md, true) }

// SetTrailer implements grpc.ServerTransportStream.
func (t *transport) SetTrailer(md metadata.MD) error { return t.add(&t.trailer, md, false) }

func (t *transport) add(to *metadata.MD, md metadata.MD, send bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over || t.sent && to == &t.header {
		return status.Error(codes.Internal, "the header was sent already")
	}
	t.sent = t.sent || send
	for key, values := range md {
		if *to == nil {
			*to = metadata.MD{}
		}
		(*to)[key] = append((*to)[key], slices.Clone(values)...)
	}
	return nil
}

func (t *transport) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
}
