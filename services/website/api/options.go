package api

import (
	"context"
	"net/http"
	"time"

	"google.golang.org/grpc"
)

// header is a call option that sets one request header.
type header struct {
	grpc.EmptyCallOption
	name, value string
}

// IdempotencyKey makes a write safe to repeat: the same key with the same message gets the first answer again.
func IdempotencyKey(key string) grpc.CallOption { return header{name: "Idempotency-Key", value: key} }

// IfMatch refuses the write with ETAG_MISMATCH when the resource is no longer what the etag names.
func IfMatch(etag string) grpc.CallOption { return header{name: "If-Match", value: etag} }

// IfNoneMatch leaves the reply empty and sets Meta.NotModified when the resource is still what the etag names.
func IfNoneMatch(etag string) grpc.CallOption { return header{name: "If-None-Match", value: etag} }

type readerKey struct{}

// Reader is whom calls are made for: a request that is being answered.
type Reader interface {
	// Chain are the addresses of X-Forwarded-For as they came, and the reader's own behind them. A gateway that trusts the website as a proxy then counts each reader's
	// quota apart.
	Chain() string
	// Calling is told of each call before it is made. The call is made with the context that it returns.
	Calling(ctx context.Context) context.Context
}

// ForReader returns a context whose calls are made for a reader.
func ForReader(ctx context.Context, r Reader) context.Context {
	return context.WithValue(ctx, readerKey{}, r)
}

// Meta is what an answer says besides its body.
type Meta struct {
	Status      int
	ETag        string
	NotModified bool
	Replayed    bool
	RequestID   string
	// Location is set when the answer is a redirect.
	Location string
	// ContentLanguage is the locale that the answer is in.
	ContentLanguage string
	LastModified    time.Time
}

type metaInto struct {
	grpc.EmptyCallOption
	meta *Meta
}

// Into writes what the answer says besides its body to meta, also when the call fails.
func Into(meta *Meta) grpc.CallOption { return metaInto{meta: meta} }

func metaOf(res *http.Response) Meta {
	h := res.Header
	m := Meta{
		Status: res.StatusCode, ETag: h.Get("ETag"), NotModified: res.StatusCode == http.StatusNotModified,
		Replayed: h.Get("Idempotency-Replayed") == "true", RequestID: h.Get("X-Request-Id"),
		Location: h.Get("Location"), ContentLanguage: h.Get("Content-Language"),
	}
	if t, err := http.ParseTime(h.Get("Last-Modified")); err == nil {
		m.LastModified = t
	}
	return m
}
