-- The content of a database at schema version 1, as the engine left it on the disk.
PRAGMA journal_mode = WAL;
CREATE TABLE renown_tables (name TEXT NOT NULL PRIMARY KEY, schema INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE renown_indexes (name TEXT NOT NULL PRIMARY KEY, tab TEXT NOT NULL, declaration TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE "talks" (id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, schema INTEGER NOT NULL, doc TEXT NOT NULL);
CREATE INDEX "talks__minutes" ON "talks" (json_extract(doc, '$.minutes'), id) WHERE json_extract(doc, '$.minutes') IS NOT NULL;
CREATE INDEX "talks__big" ON "talks" (json_extract(doc, '$.big'), id) WHERE json_extract(doc, '$.big') IS NOT NULL;
INSERT INTO renown_tables (name, schema) VALUES ('talks', 1);
INSERT INTO renown_indexes (name, tab, declaration) VALUES ('talks__big', 'talks', 'CREATE INDEX "talks__big" ON "talks" (json_extract(doc, ''$.big''), id) WHERE json_extract(doc, ''$.big'') IS NOT NULL');
INSERT INTO renown_indexes (name, tab, declaration) VALUES ('talks__minutes', 'talks', 'CREATE INDEX "talks__minutes" ON "talks" (json_extract(doc, ''$.minutes''), id) WHERE json_extract(doc, ''$.minutes'') IS NOT NULL');
INSERT INTO talks (id, version, schema, doc) VALUES ('t3', 1, 1, '{"title":"","minutes":0,"big":0}');
INSERT INTO talks (id, version, schema, doc) VALUES ('t1', 1, 1, '{"title":"On Harbours","minutes":20,"big":9007199254740993}');
INSERT INTO talks (id, version, schema, doc) VALUES ('t2', 3, 1, '{"title":"Counting Übermut","minutes":45,"big":-7}');
