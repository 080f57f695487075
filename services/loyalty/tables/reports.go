package tables

import (
	"renown.example/kit/store"
	"renown.example/loyalty/report"
)

// ReportCell is what happened on a day to the members of a programme who enrolled in a month. It is counted from the journal.
type ReportCell struct {
	Program string `json:"program"`
	Wallet  string `json:"wallet"`
	Day     string `json:"day"`
	Cohort  string `json:"cohort"`
	// Through is the place in the feed up to which it was counted.
	Through  int64           `json:"through"`
	Movement report.Movement `json:"movement"`
}

// ReportCells by "{program}/{wallet}/{day}/{cohort}".
var ReportCells = store.Define[ReportCell](store.Spec{Name: "report_cells"})
