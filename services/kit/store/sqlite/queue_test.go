package sqlite

import "testing"

// TestPatientRequestsWaitForAFewCommits has other requests waiting all the time: after a few commits each takes in one that is patient.
func TestPatientRequestsWaitForAFewCommits(t *testing.T) {
	q := newQueue()
	other := func() { q.push(&request{}) }
	for range 3 {
		q.push(&request{patient: true})
	}
	var patient []int
	for commit := range mostPassed + 6 {
		for range 2 {
			other()
			r, _ := q.next()
			if r == nil {
				t.Fatal("nobody is next")
			}
			if r.patient {
				patient = append(patient, commit)
			}
		}
		q.pass()
	}
	if len(patient) != 3 || patient[0] != mostPassed || patient[1] != mostPassed+1 || patient[2] != mostPassed+2 {
		t.Errorf("these commits took in one that is patient: %v", patient)
	}
}

// TestPatientRequestsGoTogetherWhenNobodyElseComes: nobody has to wait for commits that do not come.
func TestPatientRequestsGoTogetherWhenNobodyElseComes(t *testing.T) {
	q := newQueue()
	for range 3 {
		q.push(&request{patient: true})
	}
	if r := q.wait(); r == nil || !r.patient {
		t.Fatalf("%+v is next", r)
	}
	for range 2 {
		if r, _ := q.next(); r == nil || !r.patient {
			t.Errorf("%+v is next in the same commit", r)
		}
	}
	q.pass()
	q.push(&request{patient: true})
	q.push(&request{})
	if r := q.wait(); r == nil || r.patient {
		t.Errorf("%+v goes before one that is not patient", r)
	}
	q.close()
	if r := q.wait(); r == nil || !r.patient {
		t.Errorf("%+v is next when no more are taken", r)
	}
	if r := q.wait(); r != nil {
		t.Errorf("%+v comes last", r)
	}
}
