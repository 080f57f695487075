// Package mongo is the engine of kit/store for production: MongoDB as a replica set or a sharded cluster, or a server that speaks its protocol and has
// transactions with snapshots (DocumentDB).
//
// Every update is a transaction with snapshot reads and a commit acknowledged by the majority and its journals. The engine runs the closure again when the server has
// undone the transaction because of another; it asks again when it does not know whether a commit happened, and if it cannot learn it, says so
// (fault.Unavailable with store.MetaOutcome "unknown").
//
// A document has the record's fields beside _id, _version and _schema, so that the database's own tools can read and index it. Documents of a feed get their number
// (_seq) after their commit, from whoever reads the feed next, so that a commit that comes late gets a later number.
package mongo

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/store/internal/hints"
)

// Options say where the database is. URI and Database are required.
type Options struct {
	// URI of the server or cluster, with credentials: mongodb://...
	URI string
	// Database is the name of the database, one for each service.
	Database string
	// Clock paces retries; nil means the system's.
	Clock clock.Clock
	// Retried, if set, is told each time that a transaction runs again, and why. It must not block.
	Retried func(cause error)
}

// lifetime bounds an update or view whose caller set no bound: servers end transactions after 60 s.
const lifetime = 55 * time.Second

// DB implements store.DB.
type DB struct {
	opts   Options
	client *mongo.Client
	data   *mongo.Database
	tables map[*store.Spec]*mongo.Collection
	rows   *rowQueues
	topics hints.Topics

	mu     sync.Mutex
	closed bool
	// inserted is the last instant that insertedAt has returned.
	inserted int64
	running  sync.WaitGroup
	once     sync.Once
	err      error
}

var errClosed = fault.Unavailable.New("the database is closed")

// inside marks the context that an update closure is given.
type inside struct{ db *DB }

// Open connects to the database and brings its tables to the declared state: missing collections and indexes are made, indexes no longer declared are dropped,
// documents of older schema versions are migrated. Replicas that start together do this one after the other. It refuses a server without transactions, and a
// database that a newer program has written.
func Open(ctx context.Context, opts Options, specs ...*store.Spec) (store.DB, error) {
	if opts.Clock == nil {
		opts.Clock = clock.System()
	}
	if opts.URI == "" || opts.Database == "" {
		return nil, fault.Internal.New("the database needs a URI and a name")
	}
	journal := true
	client, err := mongo.Connect(options.Client().ApplyURI(opts.URI).
		SetReadPreference(readpref.Primary()).
		SetReadConcern(readconcern.Majority()).
		SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journal}))
	if err != nil {
		return nil, fault.Unavailable.New("the database's URI is not right").Wrap(err)
	}
	db := &DB{opts: opts, client: client, data: client.Database(opts.Database), tables: map[*store.Spec]*mongo.Collection{}, rows: newRowQueues(opts.Clock)}
	for _, s := range specs {
		db.tables[s] = db.data.Collection(s.Name)
	}
	if err := db.prepare(ctx, specs); err != nil {
		return nil, errors.Join(engineFault(err), client.Disconnect(context.WithoutCancel(ctx)))
	}
	return db, nil
}

// able refuses a server without transactions.
func (db *DB) able(ctx context.Context) error {
	var hello struct {
		SetName string `bson:"setName"`
		Msg     string `bson:"msg"`
	}
	if err := db.client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return err
	}
	if hello.SetName == "" && hello.Msg != "isdbgrid" {
		return fault.IllegalState.New("the MongoDB server is neither a member of a replica set nor a router: it has no transactions")
	}
	return nil
}

// session starts a session whose transactions read a snapshot and commit to the majority's journals.
func (db *DB) session() (*mongo.Session, error) {
	journal := true
	return db.client.StartSession(options.Session().SetDefaultTransactionOptions(options.Transaction().
		SetReadConcern(readconcern.Snapshot()).
		SetReadPreference(readpref.Primary()).
		SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journal})))
}

// enter counts a caller in; it is refused once the database closes.
func (db *DB) enter() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	if !db.closed {
		db.running.Add(1)
	}
	return !db.closed
}

func (db *DB) closing() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.closed
}

func (db *DB) table(s *store.Spec) (*mongo.Collection, error) {
	if c := db.tables[s]; c != nil {
		return c, nil
	}
	return nil, fault.Internal.New("table %s was not declared when the database was opened", s.Name)
}

// Changed implements store.DB.
func (db *DB) Changed(s *store.Spec) (<-chan struct{}, func()) { return db.topics.Subscribe(s) }

// Ping implements store.DB.
func (db *DB) Ping(ctx context.Context) error {
	if !db.enter() {
		return errClosed
	}
	defer db.running.Done()
	return engineFault(db.client.Ping(ctx, readpref.Primary()))
}

// Close implements store.DB. It waits for the closures that run.
func (db *DB) Close() error {
	db.once.Do(func() {
		db.mu.Lock()
		db.closed = true
		db.mu.Unlock()
		db.running.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), commitPatience)
		defer cancel()
		db.err = db.client.Disconnect(ctx)
	})
	return db.err
}
