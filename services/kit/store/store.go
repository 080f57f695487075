// Package store is the one contract between domain code and a database: typed tables with declared indexes, and read and write transactions as closures.
// Two engines implement it (store/sqlite, store/mongo) and one conformance suite (store/storetest) proves both.
//
// What every engine guarantees:
//
//   - Update is serializable for what it reads through GetForUpdate and through what it writes: of two updates that read the same row for update and commit,
//     one saw the other's effect. Plain Get and Find inside an update read a consistent snapshot that includes the update's own writes, but do not guard it:
//     a decision rests on rows read for update or on a unique index.
//   - Update returns nil only when its effects are durable (SQLite: synced to disk; MongoDB: majority and journal). It returns an error only when none of its
//     effects are or will be visible, with one exception: fault.Unavailable with Meta "outcome" = "unknown", when the server did not say whether the commit
//     happened. Callers resolve that by their idempotency record.
//   - The closure, of Update or View, may be called more than once, and must not wait for another update. Only its last call has effects. What it assigns to
//     captured variables must be assigned from scratch on each call.
//   - View reads one stable snapshot.
//   - A closure that returns an error, panics or whose context is cancelled has no effect; a panic is passed on to the caller of Update or View.
//
// Records are ordinary documents (JSON in SQLite, BSON in MongoDB), fields named by the `json` tags of the record type. Instants are clock.Millis.
package store

import (
	"context"
	"time"

	"renown.example/kit/fault"
)

// DB is an open database of one service.
type DB interface {
	// View runs fn in a read transaction.
	View(ctx context.Context, fn func(ctx context.Context, tx Reader) error) error
	// Update runs fn in a write transaction and makes its effects durable before it returns nil.
	Update(ctx context.Context, fn func(ctx context.Context, tx Writer) error) error
	// Feed returns up to limit documents of a table declared with Feed, in the order of their sequence numbers, beginning after the number given. Once a call has
	// returned a document with sequence n, no document with a smaller sequence ever appears: a commit that comes late gets a later number. An empty answer
	// means that the feed was read to its end. Of two updates of one process, the one that began after the other was acknowledged comes later; of different
	// processes, as far as their clocks agree.
	Feed(ctx context.Context, s *Spec, after int64, limit int) ([]Doc, error)
	// FeedEnd returns the last sequence number that the feed of a table has given so far, 0 for none. A snapshot that is taken afterwards holds the documents up to
	// it: who reads the tables first and then the feed from there on misses nothing.
	FeedEnd(ctx context.Context, s *Spec) (int64, error)
	// Changed returns a channel that receives after commits of this process that added to the feed of the table, and a function that ends the
	// subscription. It is a hint that spares waiting: commits of other processes are seen by polling only.
	Changed(s *Spec) (<-chan struct{}, func())
	// Ping reports whether the database answers.
	Ping(ctx context.Context) error
	// Close ends running updates, acknowledged ones durable, refuses new ones with fault.Unavailable, and releases the database.
	Close() error
}

// Patient returns a context whose updates let others go first for a moment: an engine that has one writer then spares those who wait for an answer a commit that nobody
// waits for. They wait for a few commits at most.
func Patient(ctx context.Context) context.Context { return context.WithValue(ctx, patient{}, true) }

// IsPatient is for engines.
func IsPatient(ctx context.Context) bool { return ctx.Value(patient{}) != nil }

type patient struct{}

// Stored returns a context whose feeds are read as they are stored, and not from what an engine remembers of their end: whoever is to find out what the database holds asks
// by this.
func Stored(ctx context.Context) context.Context { return context.WithValue(ctx, stored{}, true) }

// IsStored is for engines.
func IsStored(ctx context.Context) bool { return ctx.Value(stored{}) != nil }

type stored struct{}

// WhenWritten returns a context whose updates tell fn what becomes of what their closure did, where an engine with one writer runs the next update before the disk has
// confirmed this one: true when it has been written, so that what begins now sees it and is confirmed after it, false when it was undone, before another closure runs. It may
// be told false more than once, and the closure may be run again after it. Neither is the outcome of the update, which Update returns. The writer calls fn, which must not
// block. Other engines never do.
func WhenWritten(ctx context.Context, fn func(written bool)) context.Context {
	return context.WithValue(ctx, written{}, fn)
}

// Written is for engines: it returns what WhenWritten was given, or nil.
func Written(ctx context.Context) func(written bool) {
	fn, _ := ctx.Value(written{}).(func(bool))
	return fn
}

type written struct{}

// SoleWriter is implemented by engines to whose database no other process writes: they know of every commit without having to read.
type SoleWriter interface {
	// Commits counts the commits that added to a feed: those that have begun, and those that readers who begin now see. A commit that fails was never begun.
	Commits() (begun, seen int64)
	// Mark returns that of a row, or with "" as the id that of a whole table. Rows may share one.
	Mark(s *Spec, id string) Mark
	// Touched returns the number of the last commit that may have changed something with the mark: it is counted before anybody can see the commit, and also if that
	// fails. Commits have numbers that grow.
	Touched(m Mark) int64
	// Seen returns the number of a commit that the transaction sees with all before it; of a reading one, the last when it began. It is -1 of a
	// writing one once something has been written beside it or by it: what it reads may yet be undone, and is not to be remembered.
	Seen(tx Reader) int64
}

// Mark stands for a row, or a table, whose changes are watched. What was read in a transaction is as it was for as long as nothing of it was touched after the commit that
// the transaction had Seen.
type Mark uint32

// Sole returns the engine behind db as a SoleWriter, nil if it is none.
func Sole(db DB) SoleWriter {
	for {
		if s, ok := db.(SoleWriter); ok {
			return s
		}
		around, ok := db.(interface{ Unwrap() DB })
		if !ok {
			return nil
		}
		db = around.Unwrap()
	}
}

// Reader reads inside a transaction. Table is the typed way to use it.
type Reader interface {
	Get(ctx context.Context, s *Spec, id string) (Doc, error)
	Find(ctx context.Context, s *Spec, q Query) ([]Doc, error)
	Count(ctx context.Context, s *Spec, q Query) (int64, error)
}

// Writer reads and writes inside a transaction. Table is the typed way to use it.
type Writer interface {
	Reader
	GetForUpdate(ctx context.Context, s *Spec, id string) (Doc, error)
	// Insert adds a document with version 1.
	Insert(ctx context.Context, s *Spec, id string, v any) error
	// Replace sets the document if its version is still the one given; its version becomes version+1.
	Replace(ctx context.Context, s *Spec, id string, version int64, v any) error
	// Delete removes the document if its version is still the one given.
	Delete(ctx context.Context, s *Spec, id string, version int64) error
}

// Doc is a stored document as an engine holds it.
type Doc interface {
	ID() string
	// Version counts the document's changes, from 1.
	Version() int64
	// Seq is the document's place in the table's feed, 0 if the table has none or it was not read through Feed.
	Seq() int64
	// Decode fills v, a pointer to the record type.
	Decode(v any) error
	// Field returns a top-level field that an index may hold: a string, int64 or bool, nil if the document lacks it.
	Field(name string) (any, error)
}

// Query selects rows by an index: the leading fields of the index equal Equal, the next field (if From or Before is set) lies in [From, Before).
// The answer is ordered by the remaining fields of the index, then by id. Rows that lack a field of the index, or hold null there, are not in it.
// Values are string, int64 or bool (named types of these are converted).
type Query struct {
	// Index is the name of a declared index, or "" for the order of ids (then Equal, From and Before are about the id).
	Index      string
	Equal      []any
	From       any
	Before     any
	Descending bool
	// Limit bounds the answer; 0 means 1000, which is also the most.
	Limit int
	// After continues behind the row at this position (Page.Next). It is opaque, but neither secret nor signed: see kit/page.
	After string
}

// MaxLimit bounds the rows of one answer.
const MaxLimit = 1000

// Index is a declared index over top-level fields, named as in JSON, all ascending.
type Index struct {
	Name   string
	Fields []string
	Unique bool
}

// Migration rewrites a document of one schema version into the next. The map holds the document as encoding/json would (numbers are json.Number).
type Migration func(doc map[string]any) error

// Spec declares a table.
type Spec struct {
	// Name in snake_case, plural.
	Name string
	// Indexes besides the one on id.
	Indexes []Index
	// ShardKey lists the fields by which MongoDB may distribute the table; empty means by id. A unique index must begin with it.
	ShardKey []string
	// Feed makes the table readable in commit order through DB.Feed. Rows of such a table never change: they are
	// inserted, and deleted once nobody needs them any more.
	Feed bool
	// Migrations[i] turns a document of schema version i+1 into version i+2; the present version is len(Migrations)+1.
	Migrations []Migration
}

// Version is the schema version that documents are written with.
func (s *Spec) Version() int { return len(s.Migrations) + 1 }

// Meta keys of store faults.
const (
	MetaTable = "table"
	MetaIndex = "index"
	// MetaOutcome is "unknown" when an update may or may not have been committed.
	MetaOutcome = "outcome"
)

// ErrRowNotFound is the fault of Get, GetForUpdate, Replace and Delete where no row has the id. Handlers turn it into a sentence about their resource.
func ErrRowNotFound(s *Spec, id string) *fault.Error {
	return fault.NotFound.New("there is no %s with id %q", s.Name, id).WithMeta(MetaTable, s.Name)
}

// ErrRowChanged is the fault of Replace and Delete where the row's version is another.
func ErrRowChanged(s *Spec, id string) *fault.Error {
	return fault.EtagMismatch.New("%s %q has changed meanwhile", s.Name, id).WithMeta(MetaTable, s.Name)
}

// ErrUnique is the fault of Insert and Replace that violate a unique index ("id" for the id itself).
func ErrUnique(s *Spec, index string) *fault.Error {
	return fault.AlreadyExists.New("%s: a row with the same %s exists", s.Name, index).WithMeta(MetaTable, s.Name).WithMeta(MetaIndex, index)
}

// IsNotFound reports whether err says that a row does not exist.
func IsNotFound(err error) bool { return fault.Has(err, fault.NotFound) }

// IsChanged reports whether err says that a row's version was another.
func IsChanged(err error) bool { return fault.Has(err, fault.EtagMismatch) }

// ViolatedIndex returns the name of the unique index that err says was violated, or "".
func ViolatedIndex(err error) string {
	e, ok := fault.As(err)
	if !ok || e.Reason.Name != fault.AlreadyExists.Name {
		return ""
	}
	return e.Meta[MetaIndex]
}

// PollInterval is how often a reader of a feed asks for what other processes have committed.
const PollInterval = 200 * time.Millisecond

// Forgetter is implemented by engines that can see to it that nothing of what was deleted or replaced is left in their files.
type Forgetter interface {
	// Forget returns when it is so, or fault.Unavailable if readers stand in the way: then it is to be tried again.
	Forget(ctx context.Context) error
}

// Forget has the engine behind db forget what was deleted or replaced before. Engines that cannot, since their server keeps a log and copies, do nothing: what they
// keep for how long is a matter of how they are run.
func Forget(ctx context.Context, db DB) error {
	for {
		if f, ok := db.(Forgetter); ok {
			return f.Forget(ctx)
		}
		around, ok := db.(interface{ Unwrap() DB })
		if !ok {
			return nil
		}
		db = around.Unwrap()
	}
}
