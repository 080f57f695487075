// Package vault keeps personal data under a key of each member's own. What is hidden may be stored anywhere and for ever, in the journal too, whose entries never
// change: with its key it can be read, and when the key is destroyed it is noise. So a member is erased by destroying 32 bytes, and hashes over what was hidden still
// verify.
package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"renown.example/kit/store"
	"renown.example/loyalty/tables"
)

// Key hides and shows. The zero Key is one that was destroyed.
type Key struct {
	member string
	secret []byte
}

// size of a key in bytes.
const size = 32

// New returns a key for a member who has none. Nothing that it hides may outlast a failure of keeping it.
func New(member string) Key {
	k := Key{member: member, secret: make([]byte, size)}
	rand.Read(k.secret) // never fails: crypto/rand ends the process instead
	return k
}

// Keep makes a new key that of its member.
func (k Key) Keep(ctx context.Context, tx store.Writer) error {
	_, err := tables.MemberKeys.Insert(ctx, tx, k.member, tables.MemberKey{Key: k.secret})
	return err
}

// Make gives a member a key.
func Make(ctx context.Context, tx store.Writer, member string) (Key, error) {
	k := New(member)
	return k, k.Keep(ctx, tx)
}

// Of returns the key of a member, the zero Key if it was destroyed. fault.NotFound if the member never had one.
func Of(ctx context.Context, tx store.Reader, member string) (Key, error) {
	row, err := tables.MemberKeys.Get(ctx, tx, member)
	if err != nil || len(row.Value.Key) != size {
		return Key{}, err
	}
	return Key{member: member, secret: row.Value.Key}, nil
}

// Ensure returns the key of a member, and makes one for who has none. The zero Key if it was destroyed.
func Ensure(ctx context.Context, tx store.Writer, member string) (Key, error) {
	k, err := Of(ctx, tx, member)
	if store.IsNotFound(err) {
		return Make(ctx, tx, member)
	}
	return k, err
}

// Destroy destroys the key of a member. The row stays: its place is written over, and no other row moves into it.
func Destroy(ctx context.Context, tx store.Writer, member string) error {
	row, err := tables.MemberKeys.GetForUpdate(ctx, tx, member)
	if store.IsNotFound(err) {
		_, err = tables.MemberKeys.Insert(ctx, tx, member, tables.MemberKey{})
		return err
	}
	if err != nil || len(row.Value.Key) == 0 {
		return err
	}
	row.Value = tables.MemberKey{}
	_, err = tables.MemberKeys.Put(ctx, tx, row)
	return err
}

// Destroyed reports whether nothing can be hidden or shown.
func (k Key) Destroyed() bool { return len(k.secret) == 0 }

func (k Key) cipher() (cipher.AEAD, error) {
	if k.Destroyed() {
		return nil, errors.New("vault: the key was destroyed")
	}
	block, err := aes.NewCipher(k.secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Hide returns text under the key. What was hidden for one use cannot be shown as of another.
func (k Key) Hide(use string, text []byte) (string, error) {
	c, err := k.cipher()
	if err != nil {
		return "", err
	}
	out := make([]byte, c.NonceSize(), c.NonceSize()+len(text)+c.Overhead())
	rand.Read(out)
	return base64.RawStdEncoding.EncodeToString(c.Seal(out, out, text, []byte(use+"\x00"+k.member))), nil
}

// Show returns the text of what Hide returned.
func (k Key) Show(use, hidden string) ([]byte, error) {
	c, err := k.cipher()
	if err != nil {
		return nil, err
	}
	b, err := base64.RawStdEncoding.DecodeString(hidden)
	if err != nil || len(b) < c.NonceSize() {
		return nil, errors.New("vault: what is to be shown was never hidden")
	}
	return c.Open(nil, b[:c.NonceSize()], b[c.NonceSize():], []byte(use+"\x00"+k.member))
}

// Digest returns a digest of text that nobody can try values against without the key.
func (k Key) Digest(text string) string {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
