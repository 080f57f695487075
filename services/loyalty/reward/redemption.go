package reward

import (
	"strings"

	"renown.example/kit/fault"
)

// Phase is the state of a redemption.
type Phase string

// The states of a redemption: PENDING -> COMMITTED | CANCELLED | EXPIRED; COMMITTED -> REVERSED.
const (
	Pending   Phase = "pending"   // the points are held
	Committed Phase = "committed" // they are spent, the member has the reward
	Cancelled Phase = "cancelled" // somebody gave it up, the points are back
	Expired   Phase = "expired"   // nobody committed it in time, the points are back
	Reversed  Phase = "reversed"  // it was spent, and the points are back
)

// Action is what can be done to a redemption.
type Action string

// The actions. Lapse is done by the clock.
const (
	Commit  Action = "commit"
	Cancel  Action = "cancel"
	Lapse   Action = "lapse"
	Reverse Action = "reverse"
)

var moves = map[Phase]map[Action]Phase{
	Pending:   {Commit: Committed, Cancel: Cancelled, Lapse: Expired},
	Committed: {Reverse: Reversed},
	Cancelled: {}, Expired: {}, Reversed: {},
}

// Next returns the state that an action leads to, or refuses it. A redemption is resolved once: what is done cannot be done again.
func (p Phase) Next(a Action) (Phase, error) {
	if next, ok := moves[p][a]; ok {
		return next, nil
	}
	var can []string
	for _, o := range []Action{Commit, Cancel, Reverse} {
		if _, ok := moves[p][o]; ok {
			can = append(can, string(o))
		}
	}
	allowed := "nothing more can be done to it"
	if len(can) > 0 {
		allowed = "what can be done to it is: " + strings.Join(can, ", ")
	}
	return p, fault.IllegalState.New("The redemption is %s, so it cannot be %s: %s.", p, past[a], allowed).
		WithMeta("state", string(p)).WithMeta("allowed", strings.Join(can, ","))
}

var past = map[Action]string{Commit: "committed", Cancel: "cancelled", Lapse: "expired", Reverse: "reversed"}

// Counts reports whether a redemption of this state counts for the limit of its member.
func (p Phase) Counts() bool { return p == Pending || p == Committed }

// Phases lists the states.
func Phases() []Phase { return []Phase{Pending, Committed, Cancelled, Expired, Reversed} }

// CodeState is the state of a code of a pool.
type CodeState string

// The states of a code: free -> held -> shown, and back to free if nobody has seen it. A void code was seen by a member whose redemption was reversed.
const (
	CodeFree  CodeState = "free"
	CodeHeld  CodeState = "held"
	CodeShown CodeState = "shown"
	CodeVoid  CodeState = "void"
)

// CodeAfter returns the state that a code has after an action on its redemption.
func CodeAfter(a Action, reuse bool) CodeState {
	switch {
	case a == Commit:
		return CodeShown
	case a == Reverse && !reuse:
		return CodeVoid
	}
	return CodeFree
}

// Restoring says what becomes of the points of a redemption whose order is returned.
type Restoring string

// The policies.
const (
	Restore Restoring = "restore" // they go back to the lots that they came from
	Forfeit Restoring = "forfeit" // they stay spent
	Ask     Restoring = "ask"     // a person decides
)
