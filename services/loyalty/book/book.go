// Package book runs commands on the ledger's accounts: it is the way from the pure core to the tables. A command is one update: it opens the accounts that it is
// about, which settles what was due, takes its steps, and everything that follows from them is written in one commit: the journal's entries with their hashes, the
// accounts, the pages of lots, and whatever else the command writes itself.
package book

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/store"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/tier"
)

// Books are the accounts of a service.
type Books struct {
	DB    store.DB
	Clock clock.Clock
	// Settled is called for each transaction by which an account was settled, in the update that writes it.
	Settled []func(ctx context.Context, u *Unit, w *Work, e *tables.Entry) error
	// Ladder finds the tiers of a programme's wallet. Nil means that there are none.
	Ladder func(ctx context.Context, tx store.Reader, program, wallet string) (tier.Ladder, error)
	// Sealed completes a reply, fresh or replayed, with the hash of the entry that answers for it: the reply is hashed with the entry and cannot hold it.
	Sealed func(reply proto.Message, entry store.Row[tables.Entry])

	// remembered is nil where other processes write too.
	remembered *cache
	queues     []*queue
}

// New returns the books of a database.
func New(db store.DB, c clock.Clock) *Books {
	if store.Sole(db) != nil {
		return &Books{DB: db, Clock: c, remembered: newCache(), queues: oneQueue()}
	}
	return &Books{DB: db, Clock: c, queues: manyQueues()}
}

// attempts bounds how often a command is tried whose outcome is unknown, or that lost a race for a row.
const attempts = 3

// Do runs a command, under the idempotency key that the running RPC came with, if it did. A repetition gets the reply, or the refusal, that the first got. fn may be
// called more than once; only its last call has effects.
func Do[R any, P interface {
	*R
	proto.Message
}](ctx context.Context, b *Books, req proto.Message, fn func(ctx context.Context, u *Unit) (P, error)) (P, error) {
	c, err := commandOf(ctx, req)
	if err != nil {
		return nil, err
	}
	release, err := b.aside(req).take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	for attempt := 1; ; attempt++ {
		reply, err := once[R, P](ctx, b, c, fn)
		if err == nil || attempt == attempts || ctx.Err() != nil || !unsettled(err) {
			return reply, err
		}
	}
}

// aside returns the queue whose turn a command by itself takes, nil if it need not: an engine with one writer has its own order.
func (b *Books) aside(req proto.Message) *queue {
	if b.remembered != nil {
		return nil
	}
	return b.queueOf(req)
}

// Run runs a command that nobody waits for, such as a due job, in the transaction of its caller.
func Run(ctx context.Context, b *Books, tx store.Writer, fn func(ctx context.Context, u *Unit) error) error {
	s := newSession(ctx, b, tx, nil)
	u := s.unit(system)
	if err := fn(ctx, u); err != nil {
		return err
	}
	if err := u.finish(ctx); err != nil {
		return err
	}
	s.forget()
	return s.write()
}

// system is the actor of what happens by itself.
const system = "renown"

// command is a request under its key.
type command struct {
	actor, key, request string
}

func commandOf(ctx context.Context, req proto.Message) (command, error) {
	who := auth.From(ctx)
	c := command{actor: Actor(who)}
	key := rpc.IdempotencyKey(ctx)
	if key == "" {
		return c, nil
	}
	c.key = digestOf(who.Principal(), string(req.ProtoReflect().Descriptor().FullName()), key)
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return c, fault.Of(err)
	}
	sum := sha256.Sum256(text)
	c.request = base64.RawURLEncoding.EncodeToString(sum[:])
	return c, nil
}

// digestOf binds a key to its caller and method: two callers may use the same key.
func digestOf(principal, method, key string) string {
	sum := sha256.Sum256([]byte(principal + "\x00" + method + "\x00" + key))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Actor names a caller in the journal.
func Actor(who auth.Identity) string {
	switch who.Kind {
	case auth.KindUser:
		return "users/" + who.Subject
	case auth.KindApp:
		return "apps/" + who.Subject
	case auth.KindLink:
		return "member"
	case auth.KindSystem:
		return system
	}
	return "nobody"
}

func once[R any, P interface {
	*R
	proto.Message
}](ctx context.Context, b *Books, c command, fn func(ctx context.Context, u *Unit) (P, error)) (reply P, err error) {
	var found found
	err = b.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		reply = nil
		var err error
		if found, err = c.find(ctx, tx); err != nil || found.is {
			return err
		}
		s := newSession(ctx, b, tx, nil)
		u := s.unit(c.actor)
		if reply, err = fn(ctx, u); err != nil {
			return err
		}
		if err := u.finish(ctx); err != nil {
			return err
		}
		if err := u.sign(c, reply, nil); err != nil {
			return err
		}
		s.forget()
		if err := s.write(); err != nil {
			return err
		}
		found.row = s.sealed[u.main]
		return nil
	})
	if err != nil && c.key != "" && business(err) {
		found, err = b.refuse(ctx, c, err)
	}
	if err != nil {
		return nil, err
	}
	if found.is {
		reply = P(new(R))
		if err := replay(ctx, found.row.Value, c.request, reply); err != nil {
			return nil, err
		}
	}
	if b.Sealed != nil {
		b.Sealed(reply, found.row)
	}
	return reply, nil
}

// found is the entry that answers for a command; is says that it was there before.
type found struct {
	row store.Row[tables.Entry]
	is  bool
}

// find looks for the answer that the command's key has got before.
func (c command) find(ctx context.Context, tx store.Reader) (found, error) {
	if c.key == "" {
		return found{}, nil
	}
	row, err := tables.Journal.First(ctx, tx, store.Query{Index: "by_key", Equal: []any{c.key}})
	if store.IsNotFound(err) {
		return found{}, nil
	}
	if err == nil {
		err = c.shown(ctx, tx, &row.Value)
	}
	return found{row, err == nil}, err
}

// refuse keeps a refusal for its key, in an update of its own: what the command wrote before it was refused is undone. If the key has got an answer meanwhile, that
// one stands.
func (b *Books) refuse(ctx context.Context, c command, refusal error) (f found, err error) {
	err = b.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		var err error
		if f, err = c.find(ctx, tx); err != nil || f.is {
			return err
		}
		s := newSession(ctx, b, tx, nil)
		if err := s.unit(c.actor).sign(c, nil, refusal); err != nil {
			return err
		}
		return s.write()
	})
	if err == nil && !f.is {
		err = refusal
	}
	return f, err
}

// business reports whether err refuses a command for what it found, so that the same command is refused for ever.
func business(err error) bool {
	return slices.ContainsFunc(final, func(r fault.Reason) bool { return fault.Has(err, r) })
}

// final are the reasons that a command is refused with for what it found.
var final = []fault.Reason{fault.IllegalState, fault.InsufficientPoints, fault.LimitReached, fault.OutOfStock, fault.RewardUnavailable}

// replay fills reply with what was answered, or returns why it was refused.
func replay(ctx context.Context, e tables.Entry, request string, reply proto.Message) error {
	if e.Request != request {
		return fault.IdempotencyKeyReused.New("This Idempotency-Key was used for another request. Use a new key for a new request.")
	}
	// Outside of an RPC there is no header to set, and nobody to read it.
	if grpc.ServerTransportStreamFromContext(ctx) != nil {
		if err := grpc.SetHeader(ctx, metadata.Pairs(rpc.ReplayedHeader, "true")); err != nil {
			return fault.Of(err)
		}
	}
	if e.Refusal != "" {
		st := &spb.Status{}
		if err := decode(e.Refusal, st); err != nil {
			return err
		}
		return fault.FromStatus(status.FromProto(st).Err())
	}
	return decode(e.Reply, reply)
}

func encode(m proto.Message) (string, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return "", fault.Of(err)
	}
	return base64.StdEncoding.EncodeToString(b), nil
}

func decode(text string, m proto.Message) error {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fault.Of(err)
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return fault.Of(err)
	}
	return nil
}

// unsettled reports whether the command may have been done all the same, by this call or by one that ran beside it, or another was quicker to write a row that it
// found missing: it is run again and finds what there is.
func unsettled(err error) bool {
	e, ok := fault.As(err)
	return ok && (e.Meta[store.MetaOutcome] == "unknown" || store.ViolatedIndex(err) != "")
}
