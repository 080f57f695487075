package sqlite

import (
	"fmt"
	"strings"

	"renown.example/kit/store"
)

// table is a declared table.
type table struct {
	spec *store.Spec
	// tail is that of a feed.
	tail tail
	// salt tells its marks from those of others.
	salt uint64
}

// columns make up a document, in the order in which scanDoc reads them.
const columns = "id, version, doc"

func (t *table) indexName(ix store.Index) string { return t.spec.Name + "__" + ix.Name }

// expr is the SQL expression of a document's field. Store checks names, so that they need no escaping.
func expr(field string) string { return "json_extract(doc, '$." + field + "')" }

// createTable returns the table's declaration. The documents' order in the file is that of insertion; a feed table's row number is its sequence: the one writer hands them
// out in the order of commits, and AUTOINCREMENT keeps numbers of deleted rows from being used again.
func (t *table) createTable() string {
	seq := ""
	if t.spec.Feed {
		seq = "seq INTEGER PRIMARY KEY AUTOINCREMENT, "
	}
	return fmt.Sprintf(`CREATE TABLE "%s" (%sid TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, schema INTEGER NOT NULL, doc TEXT NOT NULL)`, t.spec.Name, seq)
}

// createIndex returns the declaration of an index. It is partial: rows that lack a field are not in it, neither for lookups nor for uniqueness. A non-unique one
// ends with the id, which gives rows with equal fields their order.
func (t *table) createIndex(ix store.Index) string {
	terms, present := make([]string, 0, len(ix.Fields)+1), make([]string, 0, len(ix.Fields))
	for _, f := range ix.Fields {
		terms = append(terms, expr(f))
		present = append(present, expr(f)+" IS NOT NULL")
	}
	kind := "UNIQUE INDEX"
	if !ix.Unique {
		kind, terms = "INDEX", append(terms, "id")
	}
	return fmt.Sprintf(`CREATE %s "%s" ON "%s" (%s) WHERE %s`, kind, t.indexName(ix), t.spec.Name, strings.Join(terms, ", "), strings.Join(present, " AND "))
}

// kind is what a prepared statement does.
type kind uint8

const (
	kindPing kind = iota
	kindBegin
	kindBeginImmediate
	kindCommit
	kindRollback
	kindSavepoint
	kindRelease
	kindRollbackTo
	kindGet
	kindGetFirst
	kindInsert
	kindReplace
	kindDelete
	kindExists
	kindFind
	kindCount
	kindFeed
	kindFeedEnd
)

var control = map[kind]string{
	kindPing:           "SELECT count(*) FROM sqlite_schema",
	kindBegin:          "BEGIN",
	kindBeginImmediate: "BEGIN IMMEDIATE",
	kindCommit:         "COMMIT",
	kindRollback:       "ROLLBACK",
	kindSavepoint:      "SAVEPOINT request",
	kindRelease:        "RELEASE request",
	kindRollbackTo:     "ROLLBACK TO request",
}

// do runs a statement of transaction control.
func (c *conn) do(k kind) error {
	s, err := c.prepared(stmtKey{kind: k}, func() string { return control[k] })
	if err != nil {
		return err
	}
	_, err = s.exec()
	return err
}

func (c *conn) fixed(t *table, k kind) (*stmt, error) {
	return c.prepared(stmtKey{table: t, kind: k}, func() string { return t.text(k) })
}

func (t *table) text(k kind) string {
	switch k {
	case kindGet:
		return fmt.Sprintf(`SELECT %s FROM "%s" WHERE id = ?`, columns, t.spec.Name)
	case kindGetFirst: // has a row in any case
		return fmt.Sprintf(`SELECT %s FROM (SELECT 1) LEFT JOIN "%s" ON id = ?`, columns, t.spec.Name)
	case kindInsert:
		return fmt.Sprintf(`INSERT INTO "%s" (id, version, schema, doc) VALUES (?, 1, %d, ?)`, t.spec.Name, t.spec.Version())
	case kindReplace:
		return fmt.Sprintf(`UPDATE "%s" SET doc = ?, version = version + 1, schema = %d WHERE id = ? AND version = ?`, t.spec.Name, t.spec.Version())
	case kindDelete:
		return fmt.Sprintf(`DELETE FROM "%s" WHERE id = ? AND version = ?`, t.spec.Name)
	case kindExists:
		return fmt.Sprintf(`SELECT 1 FROM "%s" WHERE id = ?`, t.spec.Name)
	case kindFeed:
		return fmt.Sprintf(`SELECT %s, seq FROM "%s" WHERE seq > ? ORDER BY seq LIMIT ?`, columns, t.spec.Name)
	case kindFeedEnd:
		return fmt.Sprintf(`SELECT coalesce(max(seq), 0) FROM "%s"`, t.spec.Name)
	}
	panic(fmt.Sprintf("sqlite: statement %d has no fixed text", k))
}
