package mongo_test

import (
	_ "embed"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// recordedV1 is the whole content of a database that an older program wrote: its collections with their documents and indexes, as extended JSON.
//
//go:embed testdata/recorded_v1.json
var recordedV1 []byte

type recordedCollection struct {
	Name      string   `bson:"name"`
	Documents []bson.D `bson:"documents"`
	Indexes   []struct {
		Name    string `bson:"name"`
		Key     bson.D `bson:"key"`
		Partial bson.D `bson:"partialFilterExpression"`
		Unique  bool   `bson:"unique"`
	} `bson:"indexes"`
}

func recorded(t testing.TB, location string) {
	t.Helper()
	var content struct {
		Collections []recordedCollection `bson:"collections"`
	}
	if err := bson.UnmarshalExtJSON(recordedV1, true, &content); err != nil {
		t.Fatal(err)
	}
	db := server(t).Database(location)
	for _, c := range content.Collections {
		var models []mongo.IndexModel
		for _, i := range c.Indexes {
			models = append(models, mongo.IndexModel{Keys: i.Key, Options: options.Index().SetName(i.Name).SetPartialFilterExpression(i.Partial).SetUnique(i.Unique)})
		}
		if len(models) > 0 {
			if _, err := db.Collection(c.Name).Indexes().CreateMany(t.Context(), models); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.Collection(c.Name).InsertMany(t.Context(), c.Documents); err != nil {
			t.Fatal(err)
		}
	}
}
