package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
)

// Variant says that a story is an anonymous version of another. Nothing that leaves the workspace holds it.
type Variant struct {
	Source    string       `json:"source"`
	CreatedBy string       `json:"createdBy"`
	CreatedAt clock.Millis `json:"createdAt"`
}

// Variants by the id of the anonymous story.
var Variants = store.Define[Variant](store.Spec{Name: "variants", Indexes: []store.Index{
	{Name: "by_source", Fields: []string{"source"}},
}})

// Protection is what people decided about the terms that anonymous versions of a story must not tell. The rest follows from the story's texts.
type Protection struct {
	Terms     []string     `json:"terms,omitempty"`
	Exempt    []string     `json:"exempt,omitempty"`
	UpdatedBy string       `json:"updatedBy"`
	UpdatedAt clock.Millis `json:"updatedAt"`
}

// Protections by the id of the story that names its customer.
var Protections = store.Define[Protection](store.Spec{Name: "protections"})
