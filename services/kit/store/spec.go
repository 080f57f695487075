package store

import (
	"fmt"
	"slices"
)

// check refuses what no engine could keep.
func (s *Spec) check() error {
	if !plain(s.Name) {
		return fmt.Errorf("%q is no name for a table: letters, digits and underscores, beginning with a letter", s.Name)
	}
	seen := map[string]bool{"": true, "id": true}
	for _, ix := range s.Indexes {
		if seen[ix.Name] || len(ix.Fields) == 0 {
			return fmt.Errorf("table %s: index %q is unnamed, repeated or has no fields", s.Name, ix.Name)
		}
		seen[ix.Name] = true
		for _, name := range append([]string{ix.Name}, ix.Fields...) {
			if !plain(name) {
				return fmt.Errorf("table %s: %q is no name for an index or a top-level field", s.Name, name)
			}
		}
		if ix.Unique && !begins(ix.Fields, s.ShardKey) {
			return fmt.Errorf("table %s: unique index %q must begin with the shard key %v", s.Name, ix.Name, s.ShardKey)
		}
	}
	return nil
}

func begins(fields, prefix []string) bool {
	return len(fields) >= len(prefix) && slices.Equal(fields[:len(prefix)], prefix)
}

// plain reports whether a name can stand in a statement of any engine without being quoted or taken for one of the engine's own fields, which begin with an
// underscore.
func plain(name string) bool {
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return name != ""
}

// Migrate brings a document of an older schema version to the present one, in place.
func (s *Spec) Migrate(doc map[string]any, from int) error {
	if from < 1 || from > s.Version() {
		return fmt.Errorf("table %s: a document has schema version %d, which this program does not know", s.Name, from)
	}
	for v := from; v < s.Version(); v++ {
		if err := s.Migrations[v-1](doc); err != nil {
			return fmt.Errorf("table %s: migration from schema version %d: %w", s.Name, v, err)
		}
	}
	return nil
}
