// Package engine opens a service's database with the engine that the settings name. It is the only place that knows all of them.
package engine

import (
	"context"
	"path/filepath"

	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/store/mongo"
	"renown.example/kit/store/observe"
	"renown.example/kit/store/sqlite"
	"renown.example/kit/telemetry"
)

// Config says where a service keeps its data. It is part of the settings of each service.
type Config struct {
	Data       string `help:"Folder for the embedded database. It is made if it is missing, readable by its owner only." default:"renown-data" placeholder:"DIR"`
	MongoDBURI string `name:"mongodb-uri" help:"MongoDB replica set to keep the data in instead, with the beginning of the databases' names as its path: each service has its own." placeholder:"URI"`
}

// Open opens the database of the service of that name: the file NAME.db in the folder, or on MongoDB the database that the URI names with "_NAME" behind it. It
// brings the tables to their declared state. Its transactions are seen in traces and metrics.
// Engines wait and retry by the machine's clock, whatever the service's clock says: one that is stepped through the past would never end a wait.
func Open(ctx context.Context, c Config, tel *telemetry.Telemetry, service string, specs ...*store.Spec) (store.DB, error) {
	db, err := open(ctx, c, service, specs)
	if err != nil {
		return nil, err
	}
	return observe.DB(db, observe.Options{Service: service, Tracers: tel.Tracers, Metrics: tel.Metrics}), nil
}

func open(ctx context.Context, c Config, service string, specs []*store.Spec) (store.DB, error) {
	if c.MongoDBURI != "" {
		at, err := connstring.ParseAndValidate(c.MongoDBURI)
		if err != nil {
			return nil, fault.Invalid("mongodb-uri", "It is no address of a MongoDB server: %s", err)
		}
		name := at.Database
		if name == "" {
			name = "renown"
		}
		return mongo.Open(ctx, mongo.Options{URI: c.MongoDBURI, Database: name + "_" + service, Clock: clock.System()}, specs...)
	}
	if c.Data == "" {
		return nil, fault.Invalid("data", "Name the folder for the data.")
	}
	return sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(c.Data, service+".db"), Clock: clock.System()}, specs...)
}
