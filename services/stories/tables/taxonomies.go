package tables

import (
	"renown.example/kit/store"
	"renown.example/stories/taxonomy"
)

// Taxonomy holds the managed terms of a taxonomy. They are few and read together, and one word may lead to one term only: one row keeps that true.
type Taxonomy struct {
	Terms []taxonomy.Term `json:"terms"`
}

// Taxonomies by the taxonomy's name.
var Taxonomies = store.Define[Taxonomy](store.Spec{Name: "taxonomies"})
