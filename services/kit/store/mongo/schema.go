package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// Collections in which the engine notes what it made: the schema version and the indexes of each table, the numbers of feeds, and who prepares the database.
const (
	metaTables   = "renown_tables"
	metaCounters = "renown_counters"
	metaLeases   = "renown_leases"
)

// indexPrefix begins the names of the engine's indexes: others are the operator's.
const indexPrefix = "renown_"

// Codes of index creation.
const (
	codeIndexNotFound  = 27
	codeIndexOptions   = 85
	codeIndexKeySpecs  = 86
	codeNamespaceTaken = 48
)

// recorded is what metaTables says of a table.
type recorded struct {
	Schema  int               `bson:"schema"`
	Indexes map[string]string `bson:"indexes"`
}

// index is an index as the engine makes it; its signature tells whether it has changed.
type index struct {
	name   string
	fields []string
	unique bool
}

func (i index) signature() string { return fmt.Sprintf("%v unique=%v", i.fields, i.unique) }

// model returns the index for the driver. It is partial: rows that lack a field are not in it, neither for lookups nor for uniqueness.
func (i index) model() mongo.IndexModel {
	keys, present := bson.D{}, bson.D{}
	for _, f := range i.fields {
		keys = append(keys, bson.E{Key: f, Value: 1})
		if f != fieldID {
			present = append(present, bson.E{Key: f, Value: bson.D{{Key: "$exists", Value: true}}})
		}
	}
	opts := options.Index().SetName(i.name).SetPartialFilterExpression(present)
	if i.unique {
		opts.SetUnique(true)
	}
	return mongo.IndexModel{Keys: keys, Options: opts}
}

// indexes lists what a table needs. A non-unique index ends with the id, which gives rows with equal fields their order.
func indexes(s *store.Spec) (all []index) {
	for _, ix := range s.Indexes {
		fields := slices.Clone(ix.Fields)
		if !ix.Unique {
			fields = append(fields, fieldID)
		}
		all = append(all, index{indexPrefix + ix.Name, fields, ix.Unique})
	}
	if s.Feed {
		all = append(all, index{indexPrefix + fieldSeq, []string{fieldSeq}, true}, index{indexPrefix + fieldPending, []string{fieldPending, fieldID}, false})
	}
	return all
}

// prepare brings every table to its declaration.
func (db *DB) prepare(ctx context.Context, specs []*store.Spec) error {
	if err := db.able(ctx); err != nil {
		return err
	}
	release, err := db.lease(ctx, "prepare")
	if err != nil {
		return err
	}
	defer release()
	existing, err := db.data.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return err
	}
	for _, s := range specs {
		if err := db.prepareTable(ctx, s, slices.Contains(existing, s.Name)); err != nil {
			return fmt.Errorf("table %s: %w", s.Name, err)
		}
	}
	return nil
}

func (db *DB) prepareTable(ctx context.Context, s *store.Spec, exists bool) error {
	meta := db.data.Collection(metaTables)
	var before recorded
	if err := meta.FindOne(ctx, bson.D{{Key: "_id", Value: s.Name}}).Decode(&before); err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return err
	}
	if before.Schema > s.Version() {
		return fault.IllegalState.New("the database was written by a newer version of this program (table %s has schema %d, this program knows %d): start that version",
			s.Name, before.Schema, s.Version())
	}
	older := before.Schema != 0 && before.Schema < s.Version()
	if older { // nothing is touched before every document was seen to go through
		if err := db.migrate(ctx, s, func(context.Context, *doc, bson.D) error { return nil }); err != nil {
			return err
		}
	}
	if err := db.dropIndexes(ctx, s, before.Indexes); err != nil {
		return err
	}
	if older {
		if err := db.migrate(ctx, s, db.rewrite); err != nil {
			return err
		}
	}
	after := recorded{Schema: s.Version(), Indexes: map[string]string{}}
	if err := db.createIndexes(ctx, s, exists, before.Indexes, after.Indexes); err != nil {
		return err
	}
	if s.Feed {
		counter := bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: "last", Value: int64(0)}}}}
		if _, err := db.data.Collection(metaCounters).UpdateOne(ctx, bson.D{{Key: "_id", Value: s.Name}}, counter, options.UpdateOne().SetUpsert(true)); err != nil {
			return err
		}
	}
	_, err := meta.ReplaceOne(ctx, bson.D{{Key: "_id", Value: s.Name}}, after, options.Replace().SetUpsert(true))
	return err
}

// dropIndexes removes the indexes that are no longer declared, or declared otherwise.
func (db *DB) dropIndexes(ctx context.Context, s *store.Spec, before map[string]string) error {
	declared := map[string]string{}
	for _, i := range indexes(s) {
		declared[i.name] = i.signature()
	}
	for name, signature := range before {
		if declared[name] == signature {
			continue
		}
		if err := db.tables[s].Indexes().DropOne(ctx, name); err != nil && !has(err, codeIndexNotFound) {
			return err
		}
	}
	return nil
}

// createIndexes makes what is missing, and notes all that is there. A collection that does not exist is made together with its indexes, before it has rows.
func (db *DB) createIndexes(ctx context.Context, s *store.Spec, exists bool, before, after map[string]string) error {
	c := db.tables[s]
	var missing []mongo.IndexModel
	for _, i := range indexes(s) {
		if after[i.name] = i.signature(); before[i.name] != i.signature() {
			missing = append(missing, i.model())
		}
	}
	switch {
	case len(missing) > 0:
		_, err := c.Indexes().CreateMany(ctx, missing)
		if has(err, codeIndexOptions) || has(err, codeIndexKeySpecs) { // left by a preparation that was interrupted
			for name := range after {
				if err := c.Indexes().DropOne(ctx, name); err != nil && !has(err, codeIndexNotFound) {
					return err
				}
			}
			_, err = c.Indexes().CreateMany(ctx, missing)
		}
		return unique(s, err)
	case !exists:
		if err := db.data.CreateCollection(ctx, s.Name); err != nil && !has(err, codeNamespaceTaken) {
			return err
		}
	}
	return nil
}

func has(err error, code int) bool {
	var server mongo.ServerError
	return errors.As(err, &server) && server.HasErrorCode(code)
}

// migrate gives each document of an older schema, and what becomes of it, to use.
func (db *DB) migrate(ctx context.Context, s *store.Spec, use func(ctx context.Context, d *doc, becomes bson.D) error) error {
	cursor, err := db.tables[s].Find(ctx, bson.D{{Key: fieldSchema, Value: bson.D{{Key: "$lt", Value: int64(s.Version())}}}})
	if err != nil {
		return err
	}
	defer cursor.Close(context.WithoutCancel(ctx))
	for cursor.Next(ctx) {
		d, err := read(s, cursor.Current)
		if err != nil {
			return err
		}
		becomes, err := d.becomes()
		if err != nil {
			return err
		}
		if err := use(ctx, d, becomes); err != nil {
			return err
		}
	}
	return cursor.Err()
}

// becomes returns the document at the present schema. Its version stays, which counts changes of content, and so do the engine's other fields.
func (d *doc) becomes() (bson.D, error) {
	fields, err := d.json()
	if err != nil {
		return nil, err
	}
	elements, err := d.raw.Elements()
	if err != nil {
		return nil, err
	}
	own := bson.D{{Key: fieldSchema, Value: int64(d.spec.Version())}}
	for _, e := range elements {
		if key := e.Key(); strings.HasPrefix(key, "_") && key != fieldID && key != fieldSchema {
			own = append(own, bson.E{Key: key, Value: e.Value()})
		}
	}
	return encode(d.spec, d.id, rawJSON(fields), own)
}

// rewrite replaces a document that is still as it was read: another replica may have migrated it, or a user changed it.
func (db *DB) rewrite(ctx context.Context, d *doc, becomes bson.D) error {
	still := append(at(d.id, d.version), bson.E{Key: fieldSchema, Value: int64(d.schema)})
	r, err := db.tables[d.spec].ReplaceOne(ctx, still, becomes)
	if err == nil && r.MatchedCount == 0 {
		return db.again(ctx, d)
	}
	return err
}

// again migrates a document that was changed between being read and being replaced.
func (db *DB) again(ctx context.Context, old *doc) error {
	raw, err := db.tables[old.spec].FindOne(ctx, bson.D{{Key: fieldID, Value: old.id}}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil
	}
	if err != nil {
		return err
	}
	d, err := read(old.spec, raw)
	if err != nil || d.schema == d.spec.Version() {
		return err
	}
	becomes, err := d.becomes()
	if err != nil {
		return err
	}
	return db.rewrite(ctx, d, becomes)
}

// rawJSON is a record that is JSON already.
type rawJSON []byte

// MarshalJSON implements json.Marshaler.
func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }
