package mongo

import (
	"context"
	"crypto/rand"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	leaseTime = 30 * time.Second
	leasePoll = 100 * time.Millisecond
)

// lease makes replicas that start together prepare the database one after the other. It spares work; that no document is migrated twice rests on each document's
// own schema version, not on clocks.
func (db *DB) lease(ctx context.Context, name string) (release func(), err error) {
	c, owner := db.data.Collection(metaLeases), rand.Text()
	extend := func(ctx context.Context, filter bson.D, upsert bool) error {
		until := db.opts.Clock.Now().Add(leaseTime).UnixMilli()
		_, err := c.UpdateOne(ctx, filter, bson.D{{Key: "$set", Value: bson.D{{Key: "owner", Value: owner}, {Key: "until", Value: until}}}}, options.UpdateOne().SetUpsert(upsert))
		return err
	}
	for {
		free := bson.D{{Key: "_id", Value: name}, {Key: "until", Value: bson.D{{Key: "$lt", Value: db.opts.Clock.Now().UnixMilli()}}}}
		err := extend(ctx, free, true)
		if err == nil {
			break
		}
		if !mongo.IsDuplicateKeyError(err) && classify(err) != conflict {
			return nil, err
		}
		select {
		case <-db.opts.Clock.After(leasePoll):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	mine := bson.D{{Key: "_id", Value: name}, {Key: "owner", Value: owner}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-db.opts.Clock.After(leaseTime / 3):
				_ = extend(ctx, mine, false) // if it fails, another replica may begin the same work, which does no harm
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-ended
		end, stop := context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
		defer stop()
		_, _ = c.DeleteOne(end, mine) // if it fails, the lease runs out
	}, nil
}
