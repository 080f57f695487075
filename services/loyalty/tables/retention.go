package tables

import (
	"renown.example/kit/store"
	"renown.example/loyalty/report"
)

// Buyer is a member's orders by month and tier, counted from the journal.
type Buyer struct {
	Program string        `json:"program"`
	Buying  report.Buying `json:"buying"`
}

// Buyers by member id.
var Buyers = store.Define[Buyer](store.Spec{Name: "buyers"})

// RetentionCell counts the members at a place of the retention report.
type RetentionCell struct {
	Program string `json:"program"`
	report.Place
	report.Visit
}

// RetentionCells by "{program}/{cohort}/{month}/{tier}".
var RetentionCells = store.Define[RetentionCell](store.Spec{Name: "retention_cells"})
