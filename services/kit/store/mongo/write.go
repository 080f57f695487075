package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// at selects a row of one version.
func at(id string, version int64) bson.D {
	return bson.D{{Key: fieldID, Value: id}, {Key: fieldVersion, Value: version}}
}

// Insert implements store.Writer.
func (t *tx) Insert(ctx context.Context, s *store.Spec, id string, v any) error {
	own := bson.D{{Key: fieldVersion, Value: int64(1)}, {Key: fieldSchema, Value: int64(s.Version())}}
	if s.Feed {
		own = append(own, bson.E{Key: fieldPending, Value: t.db.insertedAt()})
	}
	document, err := encode(s, id, v, own)
	if err != nil {
		return err
	}
	ctx, c, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return err
	}
	t.begun, t.wrote = true, true
	if _, err := c.InsertOne(ctx, document); err != nil {
		return t.failed(s, id, err)
	}
	if s.Feed {
		if t.fed == nil {
			t.fed = map[*store.Spec]bool{}
		}
		t.fed[s] = true
	}
	return nil
}

// Replace implements store.Writer.
func (t *tx) Replace(ctx context.Context, s *store.Spec, id string, version int64, v any) error {
	if s.Feed {
		return fault.Internal.New("rows of %s, which is a feed, never change", s.Name)
	}
	document, err := encode(s, id, v, bson.D{{Key: fieldVersion, Value: version + 1}, {Key: fieldSchema, Value: int64(s.Version())}})
	if err != nil {
		return err
	}
	ctx, c, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return err
	}
	t.begun, t.wrote = true, true
	r, err := c.ReplaceOne(ctx, at(id, version), document)
	if err != nil {
		return t.failed(s, id, err)
	}
	return t.changedOne(ctx, s, id, r.MatchedCount)
}

// Delete implements store.Writer.
func (t *tx) Delete(ctx context.Context, s *store.Spec, id string, version int64) error {
	ctx, c, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return err
	}
	t.begun, t.wrote = true, true
	r, err := c.DeleteOne(ctx, at(id, version))
	if err != nil {
		return t.failed(s, id, err)
	}
	return t.changedOne(ctx, s, id, r.DeletedCount)
}

// changedOne says why no row was changed, if none was. A row that was needs no other guard.
func (t *tx) changedOne(ctx context.Context, s *store.Spec, id string, n int64) error {
	if n == 1 {
		delete(t.guarded, guarded{s, id})
		return nil
	}
	found, err := t.db.tables[s].CountDocuments(ctx, bson.D{{Key: fieldID, Value: id}})
	switch {
	case err != nil:
		return t.failed(s, id, err)
	case found > 0:
		return store.ErrRowChanged(s, id)
	}
	return store.ErrRowNotFound(s, id)
}
