package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// MinSecret is the least number of bytes of a key for Links.
const MinSecret = 32

// LinkClaims is what a signed link says.
type LinkClaims struct {
	// Purpose is the one thing for which the link may be used, such as "consent". At most 255 bytes.
	Purpose string
	// Subject names what the link is about, such as "signoffs/…". At most 255 bytes.
	Subject string
	// Expires is the instant from which the link no longer works, in whole seconds.
	Expires time.Time
	// Nonce is random and distinguishes two links for the same thing: its issuer keeps it to make a link good once, or to replace it.
	Nonce string
}

// Links issues and verifies signed links. It is safe for concurrent use.
type Links struct {
	clock clock.Clock
	key   []byte
}

// NewLinks returns the Links that sign by HMAC-SHA256 with key, at least MinSecret bytes.
func NewLinks(c clock.Clock, key []byte) (*Links, error) {
	if len(key) < MinSecret {
		return nil, errors.New("auth: a key for links has at least 32 bytes")
	}
	return &Links{c, key}, nil
}

const (
	linkVersion = 1
	nonceSize   = 16
	macSize     = sha256.Size
	linkFixed   = 1 + 8 + nonceSize + 2 + macSize
)

// Issue makes a link for the purpose and subject and returns the token and what it says. It fails only for names over 255 bytes and an empty purpose.
func (l *Links) Issue(purpose, subject string, expires time.Time) (string, LinkClaims, error) {
	if purpose == "" || len(purpose) > 255 || len(subject) > 255 {
		return "", LinkClaims{}, fault.Internal.New("A link's purpose and subject have at most 255 bytes.")
	}
	var nonce [nonceSize]byte
	rand.Read(nonce[:]) // never fails: crypto/rand ends the process instead
	b := make([]byte, 0, linkFixed+len(purpose)+len(subject))
	b = append(b, linkVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(expires.Unix()))
	b = append(b, nonce[:]...)
	b = append(append(b, byte(len(purpose))), purpose...)
	b = append(append(b, byte(len(subject))), subject...)
	b = append(b, l.mac(b)...)
	c, _, _ := decodeLink(base64.RawURLEncoding.EncodeToString(b))
	return base64.RawURLEncoding.EncodeToString(b), c, nil
}

// Verify returns what the link says. fault.LinkInvalid if it was altered, has expired or was made for another purpose; the message does not tell a forger which.
func (l *Links) Verify(token, purpose string) (LinkClaims, error) {
	c, raw, ok := decodeLink(token)
	if !ok {
		return LinkClaims{}, badLink()
	}
	signed := len(raw) - macSize
	if !hmac.Equal(raw[signed:], l.mac(raw[:signed])) || c.Purpose != purpose {
		return LinkClaims{}, badLink()
	}
	if !l.clock.Now().Before(c.Expires) {
		return LinkClaims{}, fault.LinkInvalid.New("This link has expired. Ask its sender for a new one.")
	}
	return c, nil
}

func (l *Links) mac(b []byte) []byte {
	h := hmac.New(sha256.New, l.key)
	h.Write([]byte("renown signed link\x00"))
	h.Write(b)
	return h.Sum(nil)
}

func badLink() *fault.Error {
	return fault.LinkInvalid.New("This link does not work. Copy all of it, or ask its sender for a new one.")
}

// LinkPurpose returns the purpose that the link claims, without verifying it; "" if it is no link at all.
func LinkPurpose(token string) string {
	c, _, _ := decodeLink(token)
	return c.Purpose
}

// decodeLink takes a token apart without verifying it.
func decodeLink(token string) (LinkClaims, []byte, bool) {
	if len(token) > base64.RawURLEncoding.EncodedLen(linkFixed+510) {
		return LinkClaims{}, nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	// The decoder passes over line breaks: a link has one spelling.
	if err != nil || strings.ContainsAny(token, "\r\n") || len(b) < linkFixed || b[0] != linkVersion {
		return LinkClaims{}, nil, false
	}
	c := LinkClaims{Expires: time.Unix(int64(binary.BigEndian.Uint64(b[1:9])), 0).UTC(), Nonce: base64.RawURLEncoding.EncodeToString(b[9 : 9+nonceSize])}
	rest := b[9+nonceSize : len(b)-macSize]
	n := int(rest[0])
	if len(rest) < 1+n+1 {
		return LinkClaims{}, nil, false
	}
	c.Purpose, rest = string(rest[1:1+n]), rest[1+n:]
	if int(rest[0]) != len(rest)-1 {
		return LinkClaims{}, nil, false
	}
	c.Subject = string(rest[1:])
	return c, b, true
}
