package auth

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	privatePrefix = "rnpriv_"
	publicPrefix  = "rnpub_"
)

// PrivateKey signs identity tokens. As text (also in settings) it is "rnpriv_" and the 32-byte seed in unpadded base64url.
type PrivateKey struct{ key ed25519.PrivateKey }

// PublicKey verifies identity tokens. As text (also in settings) it is "rnpub_" and the 32 bytes in unpadded base64url.
type PublicKey struct{ key ed25519.PublicKey }

// GenerateKey makes a new random key.
func GenerateKey() PrivateKey {
	_, k, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return PrivateKey{k}
}

// Public returns the half that services hold.
func (k PrivateKey) Public() PublicKey { return PublicKey{k.key.Public().(ed25519.PublicKey)} }

// IsZero reports whether there is no key.
func (k PrivateKey) IsZero() bool { return len(k.key) == 0 }

// String hides the key, so that it does not end up in a log. MarshalText shows it.
func (k PrivateKey) String() string { return privatePrefix + "…" }

// MarshalText writes the key for storage.
func (k PrivateKey) MarshalText() ([]byte, error) {
	if k.IsZero() {
		return nil, nil
	}
	return []byte(privatePrefix + base64.RawURLEncoding.EncodeToString(k.key.Seed())), nil
}

// UnmarshalText reads what MarshalText wrote.
func (k *PrivateKey) UnmarshalText(b []byte) error {
	seed, err := decodeKey(string(b), privatePrefix, ed25519.SeedSize)
	if err != nil {
		return err
	}
	k.key = ed25519.NewKeyFromSeed(seed)
	return nil
}

// IsZero reports whether there is no key.
func (k PublicKey) IsZero() bool { return len(k.key) == 0 }

// String returns the key as text.
func (k PublicKey) String() string { return publicPrefix + base64.RawURLEncoding.EncodeToString(k.key) }

// MarshalText writes the key for storage.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *PublicKey) UnmarshalText(b []byte) error {
	key, err := decodeKey(string(b), publicPrefix, ed25519.PublicKeySize)
	if err != nil {
		return err
	}
	k.key = key
	return nil
}

// id is the key id in tokens: the first 8 bytes of the public key's SHA-256 in hex.
func (k PublicKey) id() string {
	sum := sha256.Sum256(k.key)
	return hex.EncodeToString(sum[:8])
}

// decodeKey never quotes the text: it may be a secret with one wrong letter.
func decodeKey(s, prefix string, size int) ([]byte, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), prefix)
	if !ok {
		return nil, fmt.Errorf("auth: a key of this kind begins with %q", prefix)
	}
	b, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil || len(b) != size {
		return nil, fmt.Errorf("auth: a key of this kind is %q and %d bytes in unpadded base64url", prefix, size)
	}
	return b, nil
}
