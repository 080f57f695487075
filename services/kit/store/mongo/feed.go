package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// Feed implements store.DB.
//
// Documents are inserted without a number: the order in which transactions take numbers is not the order in which they commit, and a reader that has passed a
// number would never see it again. So whoever reads the feed gives numbers to what has been committed since, in a transaction that advances the feed's counter:
// two who do it at once meet there, and one of them begins again. Among documents that wait for their number, the instants of their inserts decide: an update that
// began after another of the same process was acknowledged comes behind it, one of another process as far as their clocks agree.
func (db *DB) Feed(ctx context.Context, s *store.Spec, after int64, limit int) ([]store.Doc, error) {
	if _, err := db.table(s); err != nil {
		return nil, err
	}
	if !s.Feed {
		return nil, fault.Internal.New("table %s is not declared as a feed", s.Name)
	}
	if limit <= 0 || limit > store.MaxLimit {
		limit = store.MaxLimit
	}
	// Numbers first, then reading: another reader may have given numbers since an earlier reading, and what is answered must be all that was committed before.
	if err := db.stamp(ctx, s); err != nil {
		return nil, err
	}
	return db.numbered(ctx, s, after, limit)
}

// FeedEnd implements store.DB. Numbers and the counter that gives them are committed together: what the counter says was committed before.
func (db *DB) FeedEnd(ctx context.Context, s *store.Spec) (int64, error) {
	if _, err := db.table(s); err != nil {
		return 0, err
	}
	if !s.Feed {
		return 0, fault.Internal.New("table %s is not declared as a feed", s.Name)
	}
	var counter struct {
		Last int64 `bson:"last"`
	}
	err := db.data.Collection(metaCounters).FindOne(ctx, bson.D{{Key: fieldID, Value: s.Name}}).Decode(&counter)
	if err == mongo.ErrNoDocuments {
		return 0, nil
	}
	return counter.Last, engineFault(err)
}

// numbered reads documents that have their number, in one snapshot: a scan that sees what is committed meanwhile could see a number and miss one before it.
func (db *DB) numbered(ctx context.Context, s *store.Spec, after int64, limit int) (docs []store.Doc, err error) {
	err = db.transact(ctx, false, func(ctx context.Context, t *tx) error {
		ctx, c, err := t.use(ctx, s)
		defer t.mu.Unlock()
		if err != nil {
			return err
		}
		t.begun = true
		cursor, err := c.Find(ctx, bson.D{{Key: fieldSeq, Value: bson.D{{Key: "$gt", Value: after}}}},
			options.Find().SetSort(bson.D{{Key: fieldSeq, Value: 1}}).SetLimit(int64(limit)))
		if err != nil {
			return t.failed(s, "", err)
		}
		docs, err = readAll(ctx, s, cursor, limit)
		return t.failed(s, "", err)
	})
	for _, d := range docs {
		d := d.(*doc)
		d.seq, _ = d.raw.Lookup(fieldSeq).AsInt64OK()
	}
	return docs, err
}

// stampAtOnce bounds the transaction of stamp.
const stampAtOnce = 500

// stamp gives numbers to documents that have none.
func (db *DB) stamp(ctx context.Context, s *store.Spec) error {
	c := db.tables[s]
	waiting := bson.D{{Key: fieldPending, Value: bson.D{{Key: "$gt", Value: int64(0)}}}}
	if err := c.FindOne(ctx, waiting).Err(); err != nil {
		if err == mongo.ErrNoDocuments {
			return nil
		}
		return engineFault(err)
	}
	// Readers of this process come one after the other.
	return db.transact(ctx, true, func(ctx context.Context, t *tx) error {
		if err := t.queue(ctx, rowKey{metaCounters, s.Name}); err != nil {
			return err
		}
		ctx, c, err := t.use(ctx, s)
		defer t.mu.Unlock()
		if err != nil {
			return err
		}
		t.begun = true
		cursor, err := c.Find(ctx, waiting, options.Find().SetSort(bson.D{{Key: fieldPending, Value: 1}, {Key: fieldID, Value: 1}}).SetLimit(stampAtOnce).SetProjection(bson.D{{Key: fieldID, Value: 1}}))
		if err != nil {
			return t.failed(s, "", err)
		}
		var ids []struct {
			ID string `bson:"_id"`
		}
		if err := cursor.All(ctx, &ids); err != nil || len(ids) == 0 {
			return t.failed(s, "", err)
		}
		last, err := db.advance(ctx, s, int64(len(ids)))
		if err != nil {
			return t.failed(s, "", err)
		}
		t.wrote = true
		writes := make([]mongo.WriteModel, len(ids))
		for i, id := range ids {
			seq := last - int64(len(ids)) + int64(i) + 1
			writes[i] = mongo.NewUpdateOneModel().SetFilter(bson.D{{Key: fieldID, Value: id.ID}}).SetUpdate(bson.D{
				{Key: "$set", Value: bson.D{{Key: fieldSeq, Value: seq}}}, {Key: "$unset", Value: bson.D{{Key: fieldPending, Value: ""}}}})
		}
		r, err := c.BulkWrite(ctx, writes)
		if err == nil && r.MatchedCount != int64(len(ids)) { // one was deleted meanwhile
			err = errConflict
		}
		return t.failed(s, "", err)
	})
}

// advance adds n to the feed's counter and returns what it then is. Two transactions that do it at once conflict.
func (db *DB) advance(ctx context.Context, s *store.Spec, n int64) (int64, error) {
	c := db.data.Collection(metaCounters)
	one := bson.D{{Key: fieldID, Value: s.Name}}
	if _, err := c.UpdateOne(ctx, one, bson.D{{Key: "$inc", Value: bson.D{{Key: "last", Value: n}}}}); err != nil {
		return 0, err
	}
	var counter struct {
		Last int64 `bson:"last"`
	}
	err := c.FindOne(ctx, one).Decode(&counter)
	return counter.Last, err
}

// insertedAt returns the instant of an insert in nanoseconds, later than any that it returned before.
func (db *DB) insertedAt() int64 {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.inserted = max(db.inserted+1, db.opts.Clock.Now().UnixNano())
	return db.inserted
}
