package ready_test

import (
	"testing"
	"time"

	"renown.example/kit/ready"
)

// A stream may be missing for as long as a start takes; that it still is afterwards is told once.
func TestAnAbsenceIsOverdueOnce(t *testing.T) {
	began := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	a := ready.NewAbsence(began)
	for _, at := range []struct {
		after time.Duration
		want  bool
	}{{0, false}, {30*time.Second - 1, false}, {30 * time.Second, true}, {31 * time.Second, false}, {24 * time.Hour, false}} {
		if got := a.Overdue(began.Add(at.after)); got != at.want {
			t.Errorf("after %v: %v", at.after, got)
		}
	}
}
