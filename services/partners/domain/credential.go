// Package domain holds the rules of who may use Renown: the shape of credentials, how long they live, what follows from a provider's groups.
// It does no I/O and knows no clock or randomness: instants and random bytes are given.
package domain

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
)

// Kind is what a credential is for.
type Kind string

// The kinds of credential.
const (
	KindAPIKey  Kind = "key"
	KindToken   Kind = "tok"
	KindSession Kind = "ses"
)

// SecretBytes is how many random bytes a credential holds: 160 bits.
const SecretBytes = 20

// Credential is a secret of the form rn_<live|test>_<kind>_<id>_<secret><crc32>. The checksum lets a scanner tell a real one from noise without asking.
type Credential struct {
	Test   bool
	Kind   Kind
	ID     string
	Secret string
}

var secretEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

const (
	checksumLength = 8
	secretLength   = SecretBytes * 8 / 5
)

// NewCredential makes a credential from random bytes.
func NewCredential(kind Kind, test bool, id string, random [SecretBytes]byte) Credential {
	return Credential{Test: test, Kind: kind, ID: id, Secret: secretEncoding.EncodeToString(random[:])}
}

// String returns the whole credential, secret included.
func (c Credential) String() string {
	s := c.Prefix() + "_" + c.Secret
	return s + checksum(s)
}

// Prefix returns the part that is not secret, by which people recognise it.
func (c Credential) Prefix() string {
	mode := "live"
	if c.Test {
		mode = "test"
	}
	return fmt.Sprintf("rn_%s_%s_%s", mode, c.Kind, c.ID)
}

// Digest returns the SHA-256 of the whole credential in hex: what is stored.
func (c Credential) Digest() string {
	sum := sha256.Sum256([]byte(c.String()))
	return hex.EncodeToString(sum[:])
}

// Matches reports in constant time whether digest is that of the credential.
func (c Credential) Matches(digest string) bool {
	return subtle.ConstantTimeCompare([]byte(c.Digest()), []byte(digest)) == 1
}

// ParseCredential takes a credential apart; ok is false if it has not the form or its checksum is wrong.
func ParseCredential(s string) (c Credential, ok bool) {
	parts := strings.Split(s, "_")
	if len(parts) != 5 || parts[0] != "rn" || (parts[1] != "live" && parts[1] != "test") {
		return Credential{}, false
	}
	kind := Kind(parts[2])
	if kind != KindAPIKey && kind != KindToken && kind != KindSession {
		return Credential{}, false
	}
	if parts[3] == "" || len(parts[4]) != secretLength+checksumLength {
		return Credential{}, false
	}
	c = Credential{Test: parts[1] == "test", Kind: kind, ID: parts[3], Secret: parts[4][:secretLength]}
	if subtle.ConstantTimeCompare([]byte(c.String()), []byte(s)) != 1 {
		return Credential{}, false
	}
	return c, true
}

func checksum(s string) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(s))) }
