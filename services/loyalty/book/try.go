package book

import (
	"context"
	"errors"

	"renown.example/kit/auth"
	"renown.example/kit/store"
)

// errTried undoes an update that was only tried.
var errTried = errors.New("book: tried")

// Try runs a command as Do would, and undoes it: it tells what the command would come to. Nothing is kept, not even its key.
func Try(ctx context.Context, b *Books, fn func(ctx context.Context, u *Unit) error) error {
	err := b.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		u := newSession(ctx, b, tx, nil).unit(Actor(auth.From(ctx)))
		if err := fn(ctx, u); err != nil {
			return err
		}
		if err := u.finish(ctx); err != nil {
			return err
		}
		return errTried
	})
	if errors.Is(err, errTried) {
		return nil
	}
	return err
}
