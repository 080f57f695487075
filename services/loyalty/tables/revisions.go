package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
)

// ProgramRevision says that a part of a programme got a version, and by whom. What the version is, its own table has.
type ProgramRevision struct {
	Subject string       `json:"subject"`
	Version int64        `json:"version"`
	Type    string       `json:"type"`
	Actor   string       `json:"actor"`
	At      clock.Millis `json:"at"`
}

// ProgramRevisions by "{program}/{id that grows with time}".
var ProgramRevisions = store.Define[ProgramRevision](store.Spec{Name: "program_revisions"})
