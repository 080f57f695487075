package rpc

import (
	"context"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	optionsv1 "renown.example/proto/gen/renown/options/v1"
)

// unary is the way of a call with one request and one reply. The package comment lists the steps.
func (s *Server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	if isHealth(info.FullMethod) {
		return handler(ctx, req)
	}
	in, _ := metadata.FromIncomingContext(ctx)
	ctx, call := s.observe(ctx, info.FullMethod, in)
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, panicked(p)
			call.stack = debug.Stack()
		}
		err = call.end(err)
	}()
	if err := s.gate.enter(); err != nil {
		return nil, err
	}
	defer s.gate.leave()
	m, ok := s.methods[info.FullMethod]
	if !ok {
		return nil, fault.Internal.New("This method is not open.")
	}
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	if ctx, err = s.admit(ctx, m, in, call); err != nil {
		return nil, err
	}
	if err := check(s.validator, req); err != nil {
		return nil, err
	}
	if err := m.checkKey(in); err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

// stream is the way of a call that streams in either direction; every request that arrives is validated.
func (s *Server) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	ctx, cancel := context.WithCancel(ss.Context())
	defer cancel()
	// A stream may last for hours: it ends when the server stops, and its caller finds another.
	defer context.AfterFunc(s.gate.closing, cancel)()
	if isHealth(info.FullMethod) {
		return handler(srv, &serverStream{ServerStream: ss, ctx: ctx})
	}
	in, _ := metadata.FromIncomingContext(ctx)
	ctx, call := s.observe(ctx, info.FullMethod, in)
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
			call.stack = debug.Stack()
		}
		if err != nil && s.gate.closing.Err() != nil && ss.Context().Err() == nil {
			err = fault.Unavailable.New("This part is stopping. Try again.").Wrap(err)
		}
		err = call.end(err)
	}()
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	m, ok := s.methods[info.FullMethod]
	if !ok {
		return fault.Internal.New("This method is not open.")
	}
	if ctx, err = s.admit(ctx, m, in, call); err != nil {
		return err
	}
	if err := m.checkKey(in); err != nil {
		return err
	}
	return handler(srv, &serverStream{ServerStream: ss, ctx: ctx, check: func(req any) error { return check(s.validator, req) }})
}

// admit finds out who calls and whether they may.
func (s *Server) admit(ctx context.Context, m *method, in metadata.MD, call *observed) (context.Context, error) {
	caller := auth.Anonymous
	if token := first(in, IdentityHeader); token != "" {
		var err error
		if caller, err = s.opts.Verifier.Verify(token); err != nil {
			return ctx, err
		}
		ctx = auth.WithToken(ctx, token)
	}
	call.caller = caller
	if err := m.authorise(caller); err != nil {
		return ctx, err
	}
	return auth.With(ctx, caller), nil
}

// MaxIdempotencyKey bounds the length of an idempotency key, in bytes.
const MaxIdempotencyKey = 255

// checkKey refuses a call whose rule asks for an idempotency key and that has none, or one that is no good.
func (m *method) checkKey(in metadata.MD) error {
	if m.rule.GetIdempotency() == optionsv1.Idempotency_IDEMPOTENCY_UNSPECIFIED {
		return nil
	}
	key := first(in, IdempotencyKeyHeader)
	if key == "" {
		if m.rule.GetIdempotency() == optionsv1.Idempotency_IDEMPOTENCY_REQUIRED {
			return fault.IdempotencyKeyMissing.New("Send an Idempotency-Key of your own making, and the same one when you repeat this request.")
		}
		return nil
	}
	if len(key) > MaxIdempotencyKey {
		return fault.Invalid("Idempotency-Key", "An idempotency key has at most %d characters.", MaxIdempotencyKey)
	}
	for _, b := range []byte(key) {
		if b <= ' ' || b > '~' {
			return fault.Invalid("Idempotency-Key", "An idempotency key consists of printable ASCII characters without spaces.")
		}
	}
	return nil
}

// IdempotencyKey returns the key that the caller of the running RPC sent; "" if none.
func IdempotencyKey(ctx context.Context) string {
	if keys := metadata.ValueFromIncomingContext(ctx, IdempotencyKeyHeader); len(keys) > 0 {
		return keys[0]
	}
	return ""
}

func first(md metadata.MD, key string) string {
	if v := md[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// serverStream gives the handler the chain's context and validates what arrives.
type serverStream struct {
	grpc.ServerStream
	ctx   context.Context
	check func(any) error
}

func (s *serverStream) Context() context.Context { return s.ctx }

func (s *serverStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil || s.check == nil {
		return err
	}
	return s.check(m)
}
