package sqlite

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// Pragmas of every connection, and of its kind. When the log is folded is the engine's to say, and when it is synced: see folder and
// confirmer. NORMAL leaves SQLite what it syncs for itself: the log's head, and what is folded.
var (
	writerPragmas = []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "cache_size(-16000)", "temp_store(MEMORY)", "journal_size_limit(67108864)", "wal_autocheckpoint(0)", "secure_delete(ON)"}
	foldPragmas   = []string{"busy_timeout(1000)"}
	readerPragmas = []string{"busy_timeout(5000)", "cache_size(-8000)", "temp_store(MEMORY)", "query_only(ON)"}
)

// What the engine notes about itself: the schema version of each table, and the indexes it made, so that it drops only its own.
const (
	createTables  = `CREATE TABLE IF NOT EXISTS renown_tables (name TEXT NOT NULL PRIMARY KEY, schema INTEGER NOT NULL) WITHOUT ROWID`
	createIndexes = `CREATE TABLE IF NOT EXISTS renown_indexes (name TEXT NOT NULL PRIMARY KEY, tab TEXT NOT NULL, declaration TEXT NOT NULL) WITHOUT ROWID`
)

// bound limits the file's size in bytes, rounded down to pages.
func (c *conn) bound(limit int64) error {
	var size int64
	if err := c.read("PRAGMA page_size", func(row []driver.Value) error {
		size = row[0].(int64)
		return nil
	}); err != nil {
		return err
	}
	return c.read(fmt.Sprintf("PRAGMA max_page_count = %d", max(1, limit/size)), func([]driver.Value) error { return nil })
}

// prepare brings every table to its declaration, each in one transaction.
func (c *conn) prepare(ctx context.Context, specs []*store.Spec) error {
	for _, text := range []string{createTables, createIndexes} {
		if err := c.run(text); err != nil {
			return err
		}
	}
	for _, s := range specs {
		if err := c.do(kindBeginImmediate); err != nil {
			return err
		}
		err := c.prepareTable(ctx, &table{spec: s})
		if err == nil {
			err = c.do(kindCommit)
		}
		if err != nil {
			_ = c.do(kindRollback) // fails where SQLite has rolled back by itself
			return fmt.Errorf("table %s: %w", s.Name, err)
		}
	}
	return nil
}

func (c *conn) prepareTable(ctx context.Context, t *table) error {
	s := t.spec
	recorded := 0
	if err := c.read("SELECT schema FROM renown_tables WHERE name = ?", func(row []driver.Value) error {
		recorded = int(row[0].(int64))
		return nil
	}, s.Name); err != nil {
		return err
	}
	switch {
	case recorded > s.Version():
		return fault.IllegalState.New("the database was written by a newer version of this program (table %s has schema %d, this program knows %d): start that version",
			s.Name, recorded, s.Version())
	case recorded == 0:
		if err := c.run(t.createTable()); err != nil {
			return err
		}
	}
	if err := c.dropIndexes(t); err != nil {
		return err
	}
	if recorded != 0 && recorded < s.Version() {
		if err := c.migrate(ctx, t); err != nil {
			return err
		}
	}
	if err := c.createIndexes(t); err != nil {
		return err
	}
	return c.run("INSERT INTO renown_tables (name, schema) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET schema = excluded.schema", s.Name, int64(s.Version()))
}

// dropIndexes removes the indexes that are no longer declared, or declared otherwise.
func (c *conn) dropIndexes(t *table) error {
	declared := map[string]string{}
	for _, ix := range t.spec.Indexes {
		declared[t.indexName(ix)] = t.createIndex(ix)
	}
	var gone []string
	if err := c.read("SELECT name, declaration FROM renown_indexes WHERE tab = ?", func(row []driver.Value) error {
		if name := row[0].(string); declared[name] != row[1].(string) {
			gone = append(gone, name)
		}
		return nil
	}, t.spec.Name); err != nil {
		return err
	}
	for _, name := range gone {
		if err := c.run(`DROP INDEX IF EXISTS "` + name + `"`); err != nil {
			return err
		}
		if err := c.run("DELETE FROM renown_indexes WHERE name = ?", name); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) createIndexes(t *table) error {
	for _, ix := range t.spec.Indexes {
		name, exists := t.indexName(ix), false
		if err := c.read("SELECT 1 FROM renown_indexes WHERE name = ?", func([]driver.Value) error {
			exists = true
			return nil
		}, name); err != nil {
			return err
		}
		if exists {
			continue
		}
		if err := c.run(t.createIndex(ix)); err != nil {
			return unique(t, err)
		}
		if err := c.run("INSERT INTO renown_indexes (name, tab, declaration) VALUES (?, ?, ?)", name, t.spec.Name, t.createIndex(ix)); err != nil {
			return err
		}
	}
	return nil
}

// migrateChunk is how many documents are in memory at a time during a migration.
const migrateChunk = 500

// migrate rewrites the documents of older schema versions. Their versions stay: those count changes of content.
func (c *conn) migrate(ctx context.Context, t *table) error {
	type old struct {
		rowid, schema int64
		text          string
	}
	for after := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var chunk []old
		text := fmt.Sprintf(`SELECT rowid, schema, doc FROM "%s" WHERE rowid > ? ORDER BY rowid LIMIT %d`, t.spec.Name, migrateChunk)
		if err := c.read(text, func(row []driver.Value) error {
			chunk = append(chunk, old{row[0].(int64), row[1].(int64), row[2].(string)})
			return nil
		}, after); err != nil || len(chunk) == 0 {
			return err
		}
		for _, o := range chunk {
			after = o.rowid
			doc, err := migrated(t.spec, int(o.schema), o.text)
			if err != nil {
				return err
			}
			if err := c.run(fmt.Sprintf(`UPDATE "%s" SET doc = ?, schema = ? WHERE rowid = ?`, t.spec.Name), doc, int64(t.spec.Version()), o.rowid); err != nil {
				return err
			}
		}
	}
}

func migrated(s *store.Spec, from int, text string) (string, error) {
	if from == s.Version() {
		return text, nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var doc map[string]any
	if err := d.Decode(&doc); err != nil {
		return "", err
	}
	if err := s.Migrate(doc, from); err != nil {
		return "", err
	}
	out, err := json.Marshal(doc)
	return string(out), err
}
