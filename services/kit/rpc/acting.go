package rpc

import (
	"context"

	"google.golang.org/grpc"

	"renown.example/kit/auth"
)

// ActingAs returns a connection whose calls are made as i, whoever is behind them: for what a part of Renown asks another for itself.
func ActingAs(c grpc.ClientConnInterface, m *auth.Minter, i auth.Identity) grpc.ClientConnInterface {
	return acting{c, m, i}
}

type acting struct {
	grpc.ClientConnInterface
	minter *auth.Minter
	who    auth.Identity
}

// Invoke implements grpc.ClientConnInterface.
func (a acting) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	ctx, err := As(ctx, a.minter, a.who)
	if err != nil {
		return err
	}
	return a.ClientConnInterface.Invoke(ctx, method, req, reply, opts...)
}

// NewStream implements grpc.ClientConnInterface.
func (a acting) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, err := As(ctx, a.minter, a.who)
	if err != nil {
		return nil, err
	}
	return a.ClientConnInterface.NewStream(ctx, desc, method, opts...)
}
