// Package enginetest opens fresh databases for the tests of services: on the server that RENOWN_TEST_MONGODB_URI names, else on the embedded engine. So the same
// tests run on both.
package enginetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/kit/store/mongo"
	"renown.example/kit/store/sqlite"
)

// URI returns where tests that are about several processes find a MongoDB server, "" if nowhere.
func URI() string { return os.Getenv("RENOWN_TEST_MONGODB_URI") }

// required fails a test that was to run on MongoDB where no server is named.
func required(t testing.TB) {
	t.Helper()
	if URI() == "" && os.Getenv("RENOWN_TEST_MONGODB_REQUIRED") == "1" {
		t.Fatal("RENOWN_TEST_MONGODB_URI is not set: this was not tested on MongoDB")
	}
}

// Open returns a fresh database with the tables, closed and gone when t ends.
func Open(t testing.TB, specs ...*store.Spec) store.DB {
	t.Helper()
	required(t)
	var db store.DB
	var err error
	if URI() == "" {
		db, err = sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(t.TempDir(), "test.db"), Clock: clock.System()}, specs...)
	} else {
		name := "renown_test_" + strings.ToLower(rand.Text()[:12])
		t.Cleanup(func() { drop(t, name) })
		db, err = mongo.Open(context.Background(), mongo.Options{URI: URI(), Database: name, Clock: clock.System()}, specs...)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// FreshURI returns the address of the tests' MongoDB server with a beginning of databases' names of its own as its path, "" where there is no server. The
// databases that the services make there are gone when t ends.
func FreshURI(t testing.TB, services ...string) string {
	t.Helper()
	required(t)
	if URI() == "" {
		return ""
	}
	at, err := url.Parse(URI())
	if err != nil {
		t.Fatal(err)
	}
	at.Path = "/renown_test_" + strings.ToLower(rand.Text()[:12])
	for _, s := range services {
		t.Cleanup(func() { drop(t, at.Path[1:]+"_"+s) })
	}
	return at.String()
}

func drop(t testing.TB, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	client, err := driver.Connect(options.Client().ApplyURI(URI()))
	if err != nil {
		t.Error(err)
		return
	}
	if err := client.Database(name).Drop(ctx); err != nil {
		t.Errorf("the test's database could not be dropped: %v", err)
	}
	if err := client.Disconnect(ctx); err != nil {
		t.Error(err)
	}
}
