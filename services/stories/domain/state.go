package domain

import (
	"slices"
	"strings"

	"renown.example/kit/fault"
)

// State is where the working text of a story in one locale stands. What readers see, the edition, is separate from it: it stays up while the next text is
// worked on.
type State string

// The states of a text.
const (
	Draft            State = "DRAFT"
	InReview         State = "IN_REVIEW"
	AwaitingCustomer State = "AWAITING_CUSTOMER"
	Approved         State = "APPROVED"
	Scheduled        State = "SCHEDULED"
	Published        State = "PUBLISHED"
	Withdrawn        State = "WITHDRAWN"
)

// States lists every state in the order in which a text goes through them.
func States() []State {
	return []State{Draft, InReview, AwaitingCustomer, Approved, Scheduled, Published, Withdrawn}
}

// Action is a step that somebody takes with a text. The names are those of the custom verbs of the API.
type Action string

// The actions.
const (
	// Save makes a new version of the text, also by restoring an old one. After a publication or withdrawal it begins the next text; an edition that is up
	// stays as it is.
	Save Action = "save"
	// Submit asks for a review.
	Submit Action = "submit"
	// RequestChanges sends the text back to its authors.
	RequestChanges Action = "requestChanges"
	// Approve is the company's own yes to the text; MayApprove says who cannot give it.
	Approve Action = "approve"
	// RequestSignoff makes the page on which the customer reads and signs.
	RequestSignoff Action = "requestSignoff"
	// CancelSignoff ends that page.
	CancelSignoff Action = "cancelSignoff"
	// GiveConsent is a live consent with scope web to exactly this text, at the moment when the customer signs it or a second person confirms it.
	GiveConsent Action = "consent"
	// Schedule sets the instant at which the text is published.
	Schedule Action = "schedule"
	// Unschedule takes the instant back.
	Unschedule Action = "unschedule"
	// Publish makes an edition of the text.
	Publish Action = "publish"
	// Unpublish removes the edition, whatever the state of the text.
	Unpublish Action = "unpublish"
)

// Actions lists every action.
func Actions() []Action {
	return []Action{Save, Submit, RequestChanges, Approve, RequestSignoff, CancelSignoff, GiveConsent, Schedule, Unschedule, Publish, Unpublish}
}

// Role is what a caller is to the stories.
type Role string

// The roles. Customer is the guest who holds a link to one text; System is Renown itself, when a stored instant has come.
const (
	RoleAuthor   Role = "author"
	RoleEditor   Role = "editor"
	RoleApprover Role = "approver"
	RoleAdmin    Role = "admin"
	RoleCustomer Role = "customer"
	RoleSystem   Role = "system"
)

// Roles lists every role.
func Roles() []Role {
	return []Role{RoleAuthor, RoleEditor, RoleApprover, RoleAdmin, RoleCustomer, RoleSystem}
}

// move is one row of the table: the action takes a text from one state to another when one of the roles does it.
type move struct {
	from   State
	action Action
	to     State
	who    []Role
	// live rows need an edition that is up.
	live bool
}

var (
	writers   = []Role{RoleAuthor, RoleEditor, RoleAdmin}
	reviewers = []Role{RoleEditor, RoleApprover, RoleAdmin}
	approvers = []Role{RoleApprover, RoleAdmin}
	keepers   = []Role{RoleEditor, RoleAdmin}
	withGuest = []Role{RoleEditor, RoleApprover, RoleAdmin, RoleCustomer}
	withClock = []Role{RoleEditor, RoleAdmin, RoleSystem}
	witnesses = []Role{RoleEditor, RoleApprover, RoleAdmin, RoleCustomer, RoleSystem}
)

// moves is the whole state machine; what is not in it is illegal.
var moves = []move{
	{from: Draft, action: Save, to: Draft, who: writers},
	{from: Draft, action: Submit, to: InReview, who: writers},
	{from: InReview, action: RequestChanges, to: Draft, who: reviewers},
	{from: InReview, action: Approve, to: AwaitingCustomer, who: approvers},
	{from: AwaitingCustomer, action: RequestChanges, to: Draft, who: withGuest},
	{from: AwaitingCustomer, action: RequestSignoff, to: AwaitingCustomer, who: keepers},
	{from: AwaitingCustomer, action: CancelSignoff, to: AwaitingCustomer, who: keepers},
	{from: AwaitingCustomer, action: GiveConsent, to: Approved, who: witnesses},
	{from: Approved, action: RequestChanges, to: Draft, who: reviewers},
	{from: Approved, action: Schedule, to: Scheduled, who: keepers},
	{from: Approved, action: Publish, to: Published, who: keepers},
	{from: Scheduled, action: Unschedule, to: Approved, who: keepers},
	{from: Scheduled, action: Publish, to: Published, who: withClock},
	{from: Published, action: Unpublish, to: Withdrawn, who: withClock, live: true},
	{from: Published, action: Save, to: Draft, who: writers},
	{from: Withdrawn, action: Save, to: Draft, who: writers},
	{from: Draft, action: Unpublish, to: Draft, who: withClock, live: true},
	{from: InReview, action: Unpublish, to: InReview, who: withClock, live: true},
	{from: AwaitingCustomer, action: Unpublish, to: AwaitingCustomer, who: withClock, live: true},
	{from: Approved, action: Unpublish, to: Approved, who: withClock, live: true},
	{from: Scheduled, action: Unpublish, to: Scheduled, who: withClock, live: true},
}

// Next returns the state after the action. live says whether an edition of the story is up in this locale. An action that is impossible from here is refused
// with fault.IllegalState, which names those that are possible.
func Next(from State, action Action, live bool) (State, error) {
	for _, m := range moves {
		if m.from == from && m.action == action && (live || !m.live) {
			return m.to, nil
		}
	}
	return "", illegal(from, action, Allowed(from, live))
}

func illegal(from State, action Action, allowed []Action) error {
	names := make([]string, 0, len(allowed))
	for _, a := range allowed {
		names = append(names, string(a))
	}
	list := strings.Join(names, ", ")
	if list == "" {
		list = "nothing"
	}
	return fault.IllegalState.New("%s is not possible while the text is %s. Possible: %s.", action, from, list).
		WithMeta("state", string(from)).WithMeta("allowed", strings.Join(names, ","))
}

// Allowed lists the actions that are possible from a state, in the order of Actions, whoever takes them.
func Allowed(from State, live bool) []Action {
	return AllowedTo(Roles(), from, live)
}

// AllowedTo lists the actions that a caller of these roles can take from a state.
func AllowedTo(roles []Role, from State, live bool) []Action {
	var out []Action
	for _, a := range Actions() {
		for _, m := range moves {
			if m.from == from && m.action == a && (live || !m.live) && overlap(m.who, roles) {
				out = append(out, a)
			}
		}
	}
	return out
}

// Move is Next for a caller of these roles. A caller whose roles never allow the action is refused with fault.PermissionDenied whatever the state, so that
// the refusal tells nothing about it; so is one whom another role would have to help from this state.
func Move(roles []Role, from State, action Action, live bool) (State, error) {
	if !slices.ContainsFunc(moves, func(m move) bool { return m.action == action && overlap(m.who, roles) }) {
		return "", fault.PermissionDenied.New("Your role does not allow %s.", action)
	}
	to, err := Next(from, action, live)
	if err != nil {
		return "", err
	}
	if !slices.Contains(AllowedTo(roles, from, live), action) {
		return "", fault.PermissionDenied.New("Your role does not allow %s while the text is %s.", action, from)
	}
	return to, nil
}

// MayApprove refuses with fault.PermissionDenied when the actor wrote one of the versions under review: those saved since the text was last approved or
// begun. writers are their authors' subjects.
func MayApprove(actor string, writers []string) error {
	if slices.Contains(writers, actor) {
		return fault.PermissionDenied.New("You wrote a version of this text. Somebody else has to approve it.")
	}
	return nil
}

func overlap(a, b []Role) bool {
	return slices.ContainsFunc(a, func(r Role) bool { return slices.Contains(b, r) })
}
