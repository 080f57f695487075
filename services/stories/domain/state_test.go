package domain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"renown.example/kit/fault"
)

// expected is the specification's paragraph on states, written down a second time and in another shape: for every state, what each action leads to. What is
// not listed is illegal. "=" marks rows that need an edition that is up.
const expected = `
DRAFT              save DRAFT, submit IN_REVIEW, unpublish =DRAFT
IN_REVIEW          requestChanges DRAFT, approve AWAITING_CUSTOMER, unpublish =IN_REVIEW
AWAITING_CUSTOMER  requestChanges DRAFT, requestSignoff AWAITING_CUSTOMER, cancelSignoff AWAITING_CUSTOMER, consent APPROVED, unpublish =AWAITING_CUSTOMER
APPROVED           requestChanges DRAFT, schedule SCHEDULED, publish PUBLISHED, unpublish =APPROVED
SCHEDULED          unschedule APPROVED, publish PUBLISHED, unpublish =SCHEDULED
PUBLISHED          save DRAFT, unpublish =WITHDRAWN
WITHDRAWN          save DRAFT`

func TestEveryPairOfStateAndAction(t *testing.T) {
	want := map[State]map[Action]string{}
	for row := range strings.SplitSeq(strings.TrimSpace(expected), "\n") {
		state, steps, _ := strings.Cut(row, " ")
		want[State(state)] = map[Action]string{}
		for step := range strings.SplitSeq(strings.TrimSpace(steps), ", ") {
			action, to, _ := strings.Cut(step, " ")
			want[State(state)][Action(action)] = to
		}
	}
	for _, from := range States() {
		for _, action := range Actions() {
			for _, live := range []bool{false, true} {
				to, needsLive := strings.CutPrefix(want[from][action], "=")
				if needsLive && !live {
					to = ""
				}
				got, err := Next(from, action, live)
				if string(got) != to || (err == nil) != (to != "") {
					t.Errorf("%s, %s, live %t: got %q, %v; want %q", from, action, live, got, err, to)
				}
				if err != nil {
					namesAllowed(t, err, from, live)
				}
			}
		}
	}
}

func namesAllowed(t *testing.T, err error, from State, live bool) {
	t.Helper()
	e, _ := fault.As(err)
	if !fault.Has(err, fault.IllegalState) || !strings.Contains(e.Message, string(from)) {
		t.Fatalf("got %v", err)
	}
	for _, a := range Allowed(from, live) {
		if !strings.Contains(e.Message, string(a)) || !strings.Contains(","+e.Meta["allowed"]+",", ","+string(a)+",") {
			t.Errorf("%v does not name %s", err, a)
		}
	}
}

// matrix says which roles may take an action at all: author, editor, approver, admin, customer, system.
const matrix = `
save            author editor - admin - -
submit          author editor - admin - -
requestChanges  - editor approver admin customer -
approve         - - approver admin - -
requestSignoff  - editor - admin - -
cancelSignoff   - editor - admin - -
consent         - editor approver admin customer system
schedule        - editor - admin - -
unschedule      - editor - admin - -
publish         - editor - admin - system
unpublish       - editor - admin - system`

func TestRoleMatrix(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(matrix), "\n")
	if len(rows) != len(Actions()) {
		t.Fatalf("%d rows for %d actions", len(rows), len(Actions()))
	}
	for _, row := range rows {
		fields := strings.Fields(row)
		action := Action(fields[0])
		for i, role := range Roles() {
			may := fields[i+1] == string(role)
			possible := false
			for _, from := range States() {
				_, err := Move([]Role{role}, from, action, true)
				possible = possible || err == nil
				if !may && !fault.Has(err, fault.PermissionDenied) {
					t.Errorf("%s, %s from %s: got %v, want PERMISSION_DENIED", role, action, from, err)
				}
			}
			if possible != may {
				t.Errorf("%s may %s: got %t", role, action, possible)
			}
		}
	}
}

func TestMoveByStateAndRole(t *testing.T) {
	cases := []struct {
		role   Role
		from   State
		action Action
		reason fault.Reason // zero: allowed
	}{
		{RoleCustomer, AwaitingCustomer, RequestChanges, fault.Reason{}},
		{RoleCustomer, InReview, RequestChanges, fault.PermissionDenied},
		{RoleCustomer, Approved, RequestChanges, fault.PermissionDenied},
		{RoleCustomer, Draft, RequestChanges, fault.IllegalState},
		{RoleSystem, Scheduled, Publish, fault.Reason{}},
		{RoleSystem, Approved, Publish, fault.PermissionDenied},
		{RoleAuthor, Approved, Publish, fault.PermissionDenied},
		{RoleEditor, InReview, Approve, fault.PermissionDenied},
		{RoleApprover, AwaitingCustomer, Approve, fault.IllegalState},
	}
	for _, c := range cases {
		_, err := Move([]Role{c.role}, c.from, c.action, true)
		if (c.reason.Name == "") != (err == nil) || err != nil && !fault.Has(err, c.reason) {
			t.Errorf("%s, %s from %s: got %v", c.role, c.action, c.from, err)
		}
	}
	if to, err := Move([]Role{RoleAuthor, RoleApprover}, InReview, Approve, false); err != nil || to != AwaitingCustomer {
		t.Errorf("with two roles: %s, %v", to, err)
	}
}

func TestAllowed(t *testing.T) {
	if diff := cmp.Diff([]Action{RequestChanges, Schedule, Publish}, Allowed(Approved, false)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Action{Save}, AllowedTo([]Role{RoleAuthor}, Published, true)); diff != "" {
		t.Error(diff)
	}
	if got := AllowedTo([]Role{RoleApprover}, Withdrawn, false); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestNobodyApprovesTheirOwnText(t *testing.T) {
	writers := []string{"users/a", "users/b"}
	if err := MayApprove("users/b", writers); !fault.Has(err, fault.PermissionDenied) {
		t.Errorf("got %v", err)
	}
	if err := MayApprove("users/c", writers); err != nil {
		t.Error(err)
	}
}
