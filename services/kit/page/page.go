// Package page makes the page tokens of list methods.
//
// A token holds a position in the store, bound to the request's filters and signed: it cannot be altered, and with other filters it is refused, since its
// position would mean nothing there. Positions are signed, not hidden: they hold values of the index that the list is ordered by.
package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"renown.example/kit/fault"
)

// Filter is the digest of everything in a list request that is not about paging.
type Filter [16]byte

// FilterOf digests req without its fields page_token and page_size: a caller may change the size from page to page.
func FilterOf(req proto.Message) (Filter, error) {
	c := proto.Clone(req)
	m := c.ProtoReflect()
	for _, name := range []protoreflect.Name{"page_token", "page_size"} {
		if f := m.Descriptor().Fields().ByName(name); f != nil {
			m.Clear(f)
		}
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	if err != nil {
		return Filter{}, fault.Of(err)
	}
	sum := sha256.Sum256(append([]byte(m.Descriptor().FullName()+"\x00"), b...))
	return Filter(sum[:16]), nil
}

// Tokens issues and reads page tokens. It is safe for concurrent use.
type Tokens struct{ key []byte }

// macSize cuts the HMAC: 128 bits are plenty for something that grants nothing.
const macSize = 16

// New returns Tokens that sign with key, at least 32 bytes.
func New(key []byte) (*Tokens, error) {
	if len(key) < 32 {
		return nil, errors.New("page: a key has at least 32 bytes")
	}
	return &Tokens{key}, nil
}

// Issue returns the token for the page that begins at position; "" for "", the end.
func (t *Tokens) Issue(position string, f Filter) string {
	if position == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(t.mac(position, f), position...))
}

// Parse returns the position that the token was issued for; "" for "", the beginning. fault.PageTokenInvalid if it was altered or issued for other filters.
func (t *Tokens) Parse(token string, f Filter) (string, error) {
	if token == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	// The decoder passes over line breaks: a token has one spelling.
	if err != nil || strings.ContainsAny(token, "\r\n") || len(b) <= macSize || !hmac.Equal(b[:macSize], t.mac(string(b[macSize:]), f)) {
		const text = "The page token was altered or belongs to a request with other filters. Start again without it."
		return "", fault.PageTokenInvalid.New(text).With(fault.Field{Path: "pageToken", Message: text})
	}
	return string(b[macSize:]), nil
}

func (t *Tokens) mac(position string, f Filter) []byte {
	h := hmac.New(sha256.New, t.key)
	h.Write([]byte("renown page\x00"))
	h.Write(f[:])
	h.Write([]byte(position))
	return h.Sum(nil)[:macSize]
}

// Request is a request for a page of a list.
type Request interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// Read returns what a request says of paging: how many rows, as Size does, behind which position, and its filter, for issuing the next token.
func (t *Tokens) Read(req Request, usual, most int) (size int, after string, f Filter, err error) {
	if f, err = FilterOf(req); err != nil {
		return 0, "", f, err
	}
	if size, err = Size(req.GetPageSize(), usual, most); err != nil {
		return 0, "", f, err
	}
	after, err = t.Parse(req.GetPageToken(), f)
	return size, after, f, err
}

// Size returns how many rows a page has when asked asked for: usual for 0, never more than most. Negative sizes are fault.InvalidArgument.
func Size(asked int32, usual, most int) (int, error) {
	switch {
	case asked < 0:
		return 0, fault.Invalid("pageSize", "A page size is not negative.")
	case asked == 0:
		return usual, nil
	default:
		return min(int(asked), most), nil
	}
}
