package mongo_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"renown.example/kit/store"
	engine "renown.example/kit/store/mongo"
	"renown.example/kit/store/storetest"
)

// uri returns where the tests find a server with transactions. Without it they are skipped, or fail where one is required.
func uri(t testing.TB) string {
	t.Helper()
	uri := os.Getenv("RENOWN_TEST_MONGODB_URI")
	if uri == "" && os.Getenv("RENOWN_TEST_MONGODB_REQUIRED") == "1" {
		t.Fatal("RENOWN_TEST_MONGODB_URI is not set: the MongoDB engine was not tested")
	}
	if uri == "" {
		t.Skip("THE MONGODB ENGINE WAS NOT TESTED: set RENOWN_TEST_MONGODB_URI to a replica set")
	}
	return uri
}

// server connects as an operator would, beside the engine.
func server(t testing.TB) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client
}

// fresh returns the name of a database of its own, which is dropped when t ends.
func fresh(t testing.TB) string {
	t.Helper()
	name := "renown_test_" + strings.ToLower(rand.Text()[:12])
	client := server(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if err := client.Database(name).Drop(ctx); err != nil {
			t.Errorf("dropping the test's database: %v", err)
		}
	})
	return name
}

var conformance = storetest.Engine{
	Concurrent: true,
	Fresh:      fresh,
	Open: func(ctx context.Context, location string, specs ...*store.Spec) (store.DB, error) {
		return engine.Open(ctx, engine.Options{URI: os.Getenv("RENOWN_TEST_MONGODB_URI"), Database: location}, specs...)
	},
	Recorded: recorded,
}

func TestMain(m *testing.M) { storetest.Main(m, conformance) }

func TestConformance(t *testing.T) {
	uri(t)
	storetest.Run(t, conformance)
}
