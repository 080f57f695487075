// Package idempotency lets a caller repeat a request without repeating its effect.
//
// The caller sends a key of its own making with the request. The first request that commits stores its reply under (caller, method, key) in the same
// transaction as its effect. A repetition with the same request gets that reply and the header "idempotency-replayed: true"; the same key with another request
// is refused with fault.IdempotencyKeyReused. Requests that fail store nothing: they may be repeated, and then they run.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/store"
)

// Retention is how long replies are kept unless the operator says otherwise.
const Retention = 30 * 24 * time.Hour

type record struct {
	// Request is the digest of the request that was answered.
	Request string `json:"request"`
	// Reply is the answer, as protobuf in base64.
	Reply string `json:"reply"`
	// Method names the request's message, for operators.
	Method    string       `json:"method"`
	CreatedAt clock.Millis `json:"created_at"`
}

// Table holds the answered requests. A service's database is opened with it.
var Table = store.Define[record](store.Spec{
	Name:    "idempotency_records",
	Indexes: []store.Index{{Name: "created", Fields: []string{"created_at"}}},
})

// attempts bounds how often an update whose outcome is unknown, or that lost a race for a row, is tried.
const attempts = 3

// Do runs fn in an update of db. If the running RPC came with an idempotency key, fn's reply is stored with its effect, and a repetition of req by the same caller
// gets it back, in what newReply returns, without fn being called. fn may be called more than once; only its last call has effects.
//
// Where the database cannot say whether a commit happened, a request with a key is run again: if it had happened, its record is found. A request that meant to
// insert a row which another inserted meanwhile is run again with or without a key: see Update.
func Do[Reply proto.Message](ctx context.Context, db store.DB, c clock.Clock, req proto.Message, newReply func() Reply,
	fn func(ctx context.Context, tx store.Writer) (Reply, error)) (Reply, error) {
	key := rpc.IdempotencyKey(ctx)
	if key == "" {
		return plain(ctx, db, fn)
	}
	id := recordID(auth.From(ctx).Principal(), req, key)
	digest, err := digestOf(req)
	var none Reply
	if err != nil {
		return none, err
	}
	for attempt := 1; ; attempt++ {
		reply, replayed, err := once(ctx, db, c, id, digest, req, newReply, fn)
		switch {
		case err == nil && replayed && attempt == 1:
			// Outside of an RPC there is no header to set, and nobody to read it.
			if grpc.ServerTransportStreamFromContext(ctx) != nil {
				if err := grpc.SetHeader(ctx, metadata.Pairs(rpc.ReplayedHeader, "true")); err != nil {
					return none, fault.Of(err)
				}
			}
			return reply, nil
		case err == nil:
			return reply, nil
		case attempt == attempts || ctx.Err() != nil || !unsettled(err):
			return none, err
		}
	}
}

// Update runs fn in an update of db, and again if it inserted a row that it had not found and that another update has inserted meanwhile: what does not exist
// cannot be read for update, and some servers answer the second insertion as a duplicate, not as a conflict that they would let run again. fn finds the row then.
func Update(ctx context.Context, db store.DB, fn func(ctx context.Context, tx store.Writer) error) error {
	for attempt := 1; ; attempt++ {
		err := db.Update(ctx, fn)
		if attempt == attempts || ctx.Err() != nil || !overtaken(err) {
			return err
		}
	}
}

// overtaken reports whether err says that a row of the same id exists. Handlers that refuse that in words of their own do so by a fault of their own.
func overtaken(err error) bool { return store.ViolatedIndex(err) == "id" }

func plain[Reply proto.Message](ctx context.Context, db store.DB, fn func(ctx context.Context, tx store.Writer) (Reply, error)) (Reply, error) {
	var reply, none Reply
	err := Update(ctx, db, func(ctx context.Context, tx store.Writer) error {
		var err error
		reply, err = fn(ctx, tx)
		return err
	})
	if err != nil {
		return none, err
	}
	return reply, nil
}

func once[Reply proto.Message](ctx context.Context, db store.DB, c clock.Clock, id, digest string, req proto.Message, newReply func() Reply,
	fn func(ctx context.Context, tx store.Writer) (Reply, error)) (reply Reply, replayed bool, err error) {
	err = db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		var none Reply
		reply, replayed = none, false
		row, err := Table.GetForUpdate(ctx, tx, id)
		if err == nil {
			reply, replayed = newReply(), true
			return replay(row.Value, digest, reply)
		}
		if !store.IsNotFound(err) {
			return err
		}
		if reply, err = fn(ctx, tx); err != nil {
			return err
		}
		b, err := proto.Marshal(reply)
		if err != nil {
			return fault.Of(err)
		}
		_, err = Table.Insert(ctx, tx, id, record{Request: digest, Reply: base64.StdEncoding.EncodeToString(b), Method: name(req), CreatedAt: clock.At(c.Now())})
		return err
	})
	return reply, replayed, err
}

func replay(r record, digest string, reply proto.Message) error {
	if r.Request != digest {
		return fault.IdempotencyKeyReused.New("This Idempotency-Key was used for another request. Use a new key for a new request.")
	}
	b, err := base64.StdEncoding.DecodeString(r.Reply)
	if err != nil {
		return fault.Of(err)
	}
	if err := proto.Unmarshal(b, reply); err != nil {
		return fault.Of(err)
	}
	return nil
}

// unsettled reports whether the record may have been written all the same, by this call or by one that ran beside it, or another row was in the way that fn
// will find.
func unsettled(err error) bool {
	e, ok := fault.As(err)
	if !ok {
		return false
	}
	return e.Meta[store.MetaOutcome] == "unknown" || overtaken(err)
}

// recordID binds a key to its caller and method: two callers may use the same key. The request's message stands for the method, since each has its own.
func recordID(principal string, req proto.Message, key string) string {
	sum := sha256.Sum256([]byte(principal + "\x00" + name(req) + "\x00" + key))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func digestOf(req proto.Message) (string, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return "", fault.Of(err)
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

func name(m proto.Message) string { return string(m.ProtoReflect().Descriptor().FullName()) }

// purgeBatch is how many records one update removes: other writers wait for no more.
const purgeBatch = 500

// Purge removes the records that are older than the retention and returns how many.
func Purge(ctx context.Context, db store.DB, c clock.Clock, retention time.Duration) (int, error) {
	total := 0
	for {
		n := 0
		err := db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
			n = 0
			old, err := Table.Find(ctx, tx, store.Query{Index: "created", Before: int64(clock.At(c.Now().Add(-retention))), Limit: purgeBatch})
			if err != nil {
				return err
			}
			for _, row := range old.Rows {
				if err := Table.Delete(ctx, tx, row); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		total += n
		if err != nil || n < purgeBatch {
			return total, err
		}
	}
}

// Sweep purges once an hour until ctx ends; failures go to failed and are tried again.
func Sweep(ctx context.Context, db store.DB, c clock.Clock, retention time.Duration, failed func(error)) {
	for {
		if _, err := Purge(ctx, db, c, retention); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-c.After(time.Hour):
		}
	}
}
