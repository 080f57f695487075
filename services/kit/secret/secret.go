// Package secret keeps the random keys with which a service signs links and page tokens, in the service's own store, so that they survive restarts and are the
// same on every replica.
package secret

import (
	"context"
	"crypto/rand"

	"renown.example/kit/clock"
	"renown.example/kit/store"
)

type key struct {
	Key       []byte       `json:"key"`
	CreatedAt clock.Millis `json:"created_at"`
}

// Table holds the keys by name. A service's database is opened with it.
var Table = store.Define[key](store.Spec{Name: "secrets"})

// Size is the length of a key in bytes.
const Size = 32

// Ensure returns the key of that name and makes it, Size random bytes, if there is none.
func Ensure(ctx context.Context, db store.DB, c clock.Clock, name string) ([]byte, error) {
	var out []byte
	err := db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		row, err := Table.GetForUpdate(ctx, tx, name)
		if store.IsNotFound(err) {
			fresh := make([]byte, Size)
			rand.Read(fresh) // never fails: crypto/rand ends the process instead
			row, err = Table.Insert(ctx, tx, name, key{fresh, clock.At(c.Now())})
		}
		out = row.Value.Key
		return err
	})
	if store.ViolatedIndex(err) != "" {
		// Another replica was quicker, so it is there now.
		err = db.View(ctx, func(ctx context.Context, tx store.Reader) error {
			row, err := Table.Get(ctx, tx, name)
			out = row.Value.Key
			return err
		})
	}
	return out, err
}
