package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/stories/domain"
)

// Import is what is known of the file from which a text came.
type Import struct {
	// Source is the path of a file of another site; empty for one in Renown's own form.
	Source string `json:"source,omitempty"`
	// Hash is that of the content which the file gave when it was imported last: a text with another one was edited here since.
	Hash string `json:"hash"`
	// Words is the hash of that content without its pictures: a trial that knows them by name only compares it.
	Words string `json:"words,omitempty"`
	// Kept is what of the file has no place in a story. Nothing publishes it.
	Kept []domain.Kept `json:"kept,omitempty"`
	At   clock.Millis  `json:"at"`
}

// Imports by text id.
var Imports = store.Define[Import](store.Spec{Name: "imports"})
