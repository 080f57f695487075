package domain

import (
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// Clause is a part of a consent that can be taken back by itself.
type Clause string

// The clauses. Taking back the web is taking back the consent: see Revoke.
const (
	// ClauseLogo is the use of pictures that show the customer's logo.
	ClauseLogo Clause = "logo"
	// ClauseName is the use of the customer's name. The stand-in that was signed with the text takes its place, and what shows the name goes.
	ClauseName  Clause = "name"
	ClauseSales        = Clause(ScopeSales)
	ClauseAds          = Clause(ScopeAds)
	ClausePress        = Clause(ScopePress)
)

// Clauses lists every clause.
func Clauses() []Clause { return []Clause{ClauseLogo, ClauseName, ClauseSales, ClauseAds, ClausePress} }

// Shown reports whether the clause is about what readers see, rather than about who may use it.
func (c Clause) Shown() bool { return c == ClauseLogo || c == ClauseName }

// Withdrawal is a clause that was taken back.
type Withdrawal struct {
	Clause Clause       `json:"clause"`
	By     string       `json:"by"`
	At     clock.Millis `json:"at"`
	Reason string       `json:"reason,omitempty"`
}

// Without reports whether the clause was taken back.
func (c Consent) Without(clause Clause) bool {
	return slices.ContainsFunc(c.Withdrawals, func(w Withdrawal) bool { return w.Clause == clause })
}

// Withdraw returns c without a clause. Taking it back again changes nothing. A consent that does not count any more and a use that was never allowed are refused
// with fault.IllegalState.
func (c Consent) Withdraw(clause Clause, by, reason string, now clock.Millis) (Consent, error) {
	switch {
	case !slices.Contains(Clauses(), clause):
		return c, fault.Invalid("clauses", "there is no clause %s; there are logo, name, sales, ads, press", shown(string(clause)))
	case c.RevokedAt != 0:
		return c, fault.IllegalState.New("The consent was taken back as a whole already.")
	case c.Ended(now):
		return c, fault.IllegalState.New("The consent has ended: there is nothing left to take back.")
	case !clause.Shown() && !slices.Contains(c.Scopes, Scope(clause)):
		return c, fault.IllegalState.New("The consent never allowed %s.", clause)
	case c.Without(clause):
		return c, nil
	}
	c.Withdrawals = append(slices.Clone(c.Withdrawals), Withdrawal{Clause: clause, By: by, At: now, Reason: reason})
	return c, nil
}

// CoveredByWithdrawal returns the consents from which a clause falls when it is taken back from c: all of the story in every language that could still allow it. One
// language that goes on naming a customer would tell what the others do not.
func CoveredByWithdrawal(c Consent, clause Clause, of []Consent, now clock.Millis) []Consent {
	var out []Consent
	for _, o := range of {
		allows := clause.Shown() || slices.Contains(o.Scopes, Scope(clause))
		if o.Story == c.Story && o.RevokedAt == 0 && !o.Ended(now) && !o.Without(clause) && allows {
			out = append(out, o)
		}
	}
	return out
}

// TakenBack returns the clauses without which a text is shown that rests on one consent among those of its story and language. Whoever has taken back a clause has
// said no to it whatever the text: only what was given after that holds with it, as in EffectOfEnd.
func TakenBack(rests Consent, of []Consent) []Clause {
	var out []Clause
	for _, clause := range Clauses() {
		if !clause.Shown() {
			continue
		}
		for _, c := range append([]Consent{rests}, of...) {
			if slices.ContainsFunc(c.Withdrawals, func(w Withdrawal) bool { return w.Clause == clause && w.At >= rests.SignedAt }) {
				out = append(out, clause)
				break
			}
		}
	}
	return out
}

// PartEffect is what has to happen, in one transaction, because a clause was taken back, or given again.
type PartEffect struct {
	// Clauses are those without which the edition is to be shown from now on.
	Clauses []Clause
	// Reform says that the edition that is up is another one.
	Reform bool
}

// EffectOfPart tells what follows for an edition that rests on a consent and is shown without some clauses.
func EffectOfPart(rests Consent, of []Consent, without []Clause) PartEffect {
	e := PartEffect{Clauses: TakenBack(rests, of)}
	e.Reform = !slices.Equal(e.Clauses, without)
	return e
}
