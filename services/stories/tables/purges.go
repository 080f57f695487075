package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
)

// Purge is what a cache in front has to forget and has not said yet that it did: until then it may hold what it names. Acknowledged ones are removed.
type Purge struct {
	// Story is the story whose change it follows from.
	Story string       `json:"story"`
	Keys  []string     `json:"keys"`
	At    clock.Millis `json:"at"`
	// Withdrawal says that something may still be shown there that must not be.
	Withdrawal bool `json:"withdrawal,omitempty"`
	// Sent says that the cache has forgotten once: it is asked a second time when nobody can have given it the old answer again.
	Sent     bool         `json:"sent,omitempty"`
	Attempts int          `json:"attempts,omitempty"`
	TriedAt  clock.Millis `json:"triedAt,omitempty"`
	Error    string       `json:"error,omitempty"`
}

// Purges by purge id.
var Purges = store.Define[Purge](store.Spec{Name: "purges", Indexes: []store.Index{
	{Name: "by_time", Fields: []string{"at"}},
	{Name: "by_story", Fields: []string{"story", "at"}},
}})
