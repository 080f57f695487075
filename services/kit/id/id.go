// Package id makes the identifiers of Renown's rows and requests: UUIDv7 in lower-case base32hex, 26 characters that sort as the bytes do, so that ids made
// later (by more than a millisecond) sort later.
package id

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"

	"renown.example/kit/clock"
)

// Len is the length of an id in characters.
const Len = 26

var encoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// New returns an id of the clock's present millisecond and 74 random bits.
func New(c clock.Clock) string { return At(c.Now()) }

// At returns an id of the given instant and 74 random bits.
func At(t time.Time) string {
	var b [16]byte
	rand.Read(b[6:]) // never fails: crypto/rand ends the process instead
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(t.UnixMilli())<<16)
	copy(b[:6], ms[:6])
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	return encoding.EncodeToString(b[:])
}

// Valid reports whether s is an id as New makes them.
func Valid(s string) bool {
	_, ok := decode(s)
	return ok
}

// Time returns the instant at which the id was made, to the millisecond. It is the zero time if s is not an id.
func Time(s string) time.Time {
	b, ok := decode(s)
	if !ok {
		return time.Time{}
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:8]) >> 16)).UTC()
}

func decode(s string) ([]byte, bool) {
	if len(s) != Len {
		return nil, false
	}
	b, err := encoding.DecodeString(s)
	// The last character carries two bits that no byte uses: only the canonical spelling counts, or one id would have four names.
	if err != nil || len(b) != 16 || b[6]>>4 != 7 || b[8]>>6 != 2 || encoding.EncodeToString(b) != s {
		return nil, false
	}
	return b, true
}
