package front_test

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// line is a connection that can be cut as a network is: nothing comes back any more, and nobody is told.
type line struct {
	grpc.ClientConnInterface
	cut atomic.Bool
}

var errCut = status.Error(codes.DeadlineExceeded, "nothing came back")

func (l *line) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if l.cut.Load() {
		<-ctx.Done()
		return errCut
	}
	return l.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
}

func (l *line) NewStream(ctx context.Context, d *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if l.cut.Load() {
		<-ctx.Done()
		return nil, errCut
	}
	s, err := l.ClientConnInterface.NewStream(ctx, d, method, opts...)
	return &stream{s, l}, err
}

type stream struct {
	grpc.ClientStream
	line *line
}

func (s *stream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if s.line.cut.Load() {
		<-s.Context().Done()
		return errCut
	}
	return err
}
