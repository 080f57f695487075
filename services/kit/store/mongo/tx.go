package mongo

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// tx is what closures are given. Its mutex makes it safe to use from several goroutines of one closure, and useless once the closure has returned.
type tx struct {
	db      *DB
	session *mongo.Session
	writes  bool
	// patient ends a little after the closure's context: see statement.
	patient context.Context

	mu sync.Mutex
	// over is set when the closure has returned.
	over bool
	// begun says that the server knows of the transaction: it has its snapshot.
	begun bool
	// broken is the first error of the server. Nothing may be committed after it: DocumentDB would answer a commit with success after having undone everything.
	broken error
	// wrote says that the closure has written something, so that the commit matters.
	wrote bool
	// guarded are the rows read for update, with their versions, that were not written (yet): the decision rests on them.
	guarded map[guarded]int64
	// fed are the feed tables to which this transaction has added.
	fed map[*store.Spec]bool

	// held gives back the row whose queue this transaction has entered.
	held func()
	// contended is the row because of which the transaction must run again.
	contended *rowKey
}

type guarded struct {
	spec *store.Spec
	id   string
}

var errOver = fault.Internal.New("a transaction was used after its closure had returned")

// use begins one statement. The caller unlocks t.mu, also after an error.
func (t *tx) use(ctx context.Context, s *store.Spec) (context.Context, *mongo.Collection, error) {
	t.mu.Lock()
	switch {
	case t.over:
		return nil, nil, errOver
	case t.broken != nil:
		return nil, nil, engineFault(t.broken)
	case ctx.Err() != nil:
		return nil, nil, engineFault(ctx.Err())
	case !t.writes && t.db.closing():
		return nil, nil, errClosed
	}
	c, err := t.db.table(s)
	return mongo.NewSessionContext(statement{t.patient, ctx}, t.session), c, err
}

// statement is the context of one statement: it ends with the first, and has the values of the second. Whether the caller has gone away is looked at between
// statements. One that is cut off closes its connection, and DocumentDB then keeps its transaction, and what that has locked, until it has been idle for half a
// minute: nobody can roll it back.
type statement struct {
	context.Context
	values context.Context
}

// Value implements context.Context.
func (s statement) Value(key any) any { return s.values.Value(key) }

// latecomer is how long a statement may still run whose caller has gone away.
const latecomer = 2 * time.Second

// patiently returns a context that ends a while after ctx.
func (db *DB) patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-db.opts.Clock.After(latecomer):
			cancel()
		case <-out.Done():
		}
	})
	return out, func() { stop(); cancel() }
}

func (t *tx) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
}

// failed notes an error of the server about a row, and turns it into a fault.
func (t *tx) failed(s *store.Spec, id string, err error) error {
	if err == nil {
		return nil
	}
	t.broken = err
	if t.writes && id != "" && classify(err) == conflict {
		t.contended = &rowKey{s.Name, id}
	}
	return engineFault(unique(s, err))
}

// takeRow enters the row's queue. The caller holds nothing.
func (t *tx) takeRow(ctx context.Context, k rowKey) (err error) {
	t.held, err = t.db.rows.take(ctx, k)
	return err
}

func (t *tx) releaseRow() {
	if t.held != nil {
		t.held()
		t.held = nil
	}
}

// queue enters the queue of a row that is read for update, if this can be done without waiting for anybody while holding anything: then the row is the
// transaction's first, or its queue is empty. Whoever has a snapshot already and finds the row taken would meet a conflict, so it runs again at once.
func (t *tx) queue(ctx context.Context, k rowKey) error {
	if t.held != nil {
		return nil
	}
	if !t.begun {
		return t.takeRow(ctx, k)
	}
	release, ok := t.db.rows.tryTake(k)
	if !ok {
		t.contended = &k
		return errConflict
	}
	t.held = release
	return nil
}

// Get implements store.Reader.
func (t *tx) Get(ctx context.Context, s *store.Spec, id string) (store.Doc, error) {
	ctx, c, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return t.get(ctx, c, s, id)
}

func (t *tx) get(ctx context.Context, c *mongo.Collection, s *store.Spec, id string) (store.Doc, error) {
	t.begun = true
	raw, err := c.FindOne(ctx, bson.D{{Key: fieldID, Value: id}}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, store.ErrRowNotFound(s, id)
	}
	if err != nil {
		return nil, t.failed(s, id, err)
	}
	d, err := read(s, raw)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// GetForUpdate implements store.Writer. The row is written before the commit, by the closure or by guard: of two transactions with it, the server lets one commit.
func (t *tx) GetForUpdate(ctx context.Context, s *store.Spec, id string) (store.Doc, error) {
	sctx, c, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := t.queue(ctx, rowKey{s.Name, id}); err != nil {
		if errors.Is(err, errConflict) {
			t.broken = err
		}
		return nil, engineFault(err)
	}
	d, err := t.get(sctx, c, s, id)
	if err == nil && !s.Feed {
		if t.guarded == nil {
			t.guarded = map[guarded]int64{}
		}
		t.guarded[guarded{s, id}] = d.Version()
	}
	return d, err
}

// guard writes the rows on which a decision rests and which the closure did not write: without it, two transactions that each change what the other has read
// would both commit.
func (t *tx) guard(ctx context.Context) error {
	if !t.wrote {
		return nil
	}
	for g, version := range t.guarded {
		if err := t.touch(ctx, g, version); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) touch(ctx context.Context, g guarded, version int64) error {
	ctx, c, err := t.use(ctx, g.spec)
	defer t.mu.Unlock()
	if err != nil {
		return err
	}
	r, err := c.UpdateOne(ctx, at(g.id, version), bson.D{{Key: "$inc", Value: bson.D{{Key: fieldLock, Value: int64(1)}}}})
	if err == nil && r.MatchedCount == 0 {
		err = errConflict
	}
	return t.failed(g.spec, g.id, err)
}

// Find implements store.Reader.
func (t *tx) Find(ctx context.Context, s *store.Spec, q store.Query) ([]store.Doc, error) {
	plan, err := s.Plan(q)
	if err != nil {
		return nil, err
	}
	ctx, c, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return nil, err
	}
	t.begun = true
	cursor, err := c.Find(ctx, filter(&plan, true), options.Find().SetSort(sorted(&plan)).SetLimit(int64(plan.Limit)))
	if err != nil {
		return nil, t.failed(s, "", err)
	}
	docs, err := readAll(ctx, s, cursor, plan.Limit)
	return docs, t.failed(s, "", err)
}

func readAll(ctx context.Context, s *store.Spec, cursor *mongo.Cursor, limit int) ([]store.Doc, error) {
	defer cursor.Close(context.WithoutCancel(ctx))
	var docs []store.Doc
	for cursor.Next(ctx) {
		if docs == nil {
			docs = make([]store.Doc, 0, min(limit, cursor.RemainingBatchLength()+1))
		}
		d, err := read(s, append(bson.Raw(nil), cursor.Current...)) // the cursor uses its buffer again
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, cursor.Err()
}

// Count implements store.Reader.
func (t *tx) Count(ctx context.Context, s *store.Spec, q store.Query) (int64, error) {
	plan, err := s.Plan(q)
	if err != nil {
		return 0, err
	}
	ctx, c, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return 0, err
	}
	t.begun = true
	n, err := c.CountDocuments(ctx, filter(&plan, false))
	return n, t.failed(s, "", err)
}
