package domain

import (
	"slices"

	"renown.example/kit/clock"
)

// Position is what stands in one (story, locale) when a consent ends there.
type Position struct {
	// State and Hash are those of the working text.
	State State
	Hash  string
	// EditionHash and EditionConsent are those of the edition that is up; empty when none is.
	EditionHash    string
	EditionConsent string
}

// Effect is what has to happen, in one transaction, because a consent has ended.
type Effect struct {
	// State is the state of the text afterwards, which may be the one it has.
	State State
	// RemoveEdition says that the edition must disappear from everywhere.
	RemoveEdition bool
	// Unschedule says that a stored instant of publication is void.
	Unschedule bool
}

// None reports whether nothing has to happen to a text that was in the state before.
func (e Effect) None(before State) bool { return e.State == before && !e.RemoveEdition }

// EffectOfEnd tells what follows when the consent has been revoked or has reached its end at now. others are the further consents of the same story and
// locale. After an expiry a text or edition may rest on another consent to the same words, such as a renewal. After a revocation nothing may: the customer
// has said no to these words, and only a signature given later revives them.
func EffectOfEnd(ended Consent, at Position, others []Consent, now clock.Millis) Effect {
	rests := func(hash, consent string) bool {
		if hash == "" || ended.ID != consent && (ended.Hash != hash || !carries(ended)) || ended.Live(ended.Locale, ended.Hash, ScopeWeb, now) {
			return false
		}
		return !slices.ContainsFunc(others, func(o Consent) bool {
			later := ended.RevokedAt == 0 || o.SignedAt > ended.RevokedAt
			return o.ID != ended.ID && later && o.Live(ended.Locale, hash, ScopeWeb, now)
		})
	}
	effect := Effect{State: at.State, RemoveEdition: rests(at.EditionHash, at.EditionConsent)}
	if !rests(at.Hash, "") {
		return effect
	}
	switch at.State {
	case Published:
		effect.State = Withdrawn
	case Approved:
		effect.State = AwaitingCustomer
	case Scheduled:
		effect.State, effect.Unschedule = AwaitingCustomer, true
	}
	return effect
}

// carries reports whether a publication could ever rest on c: a consent without scope web, or an attested one that nobody confirmed, ends without effect.
func carries(c Consent) bool {
	return slices.Contains(c.Scopes, ScopeWeb) && (c.Kind == Signed || c.ConfirmedAt != 0)
}
