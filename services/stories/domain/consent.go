package domain

import (
	"net/mail"
	"slices"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// Scope is a use to which a customer agrees.
type Scope string

// The scopes. A published story needs web.
const (
	ScopeWeb   Scope = "web"
	ScopeSales Scope = "sales"
	ScopeAds   Scope = "ads"
	ScopePress Scope = "press"
)

// Scopes lists every scope.
func Scopes() []Scope { return []Scope{ScopeWeb, ScopeSales, ScopeAds, ScopePress} }

// SortScopes returns the scopes once each, known ones in the order of Scopes and before unknown ones.
func SortScopes(list []Scope) []Scope {
	var out []Scope
	for _, s := range slices.Concat(Scopes(), list) {
		if slices.Contains(list, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// ConsentKind says how the customer agreed.
type ConsentKind string

const (
	// Signed consents were given here, by the customer's link.
	Signed ConsentKind = "signed"
	// Attested consents were given elsewhere; an employee recorded them with their evidence and a second one confirmed them.
	Attested ConsentKind = "attested"
)

// Signer is the person who agreed on behalf of the customer. Personal data, all of it.
type Signer struct {
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	// Role is what the person is at the customer: "Head of Operations".
	Role string `json:"role,omitempty"`
}

// Consent is a customer's agreement to one text: that of a story in a locale whose content has this hash. Who agrees to several languages at once makes
// several consents with the same SignOff. A consent changes only by Confirm, Withdraw and Revoke.
type Consent struct {
	ID      string      `json:"id"`
	Story   string      `json:"story"`
	Locale  string      `json:"locale"`
	Hash    string      `json:"hash"`
	SignOff string      `json:"signOff,omitempty"`
	Kind    ConsentKind `json:"kind"`
	Scopes  []Scope     `json:"scopes"`
	Signer  Signer      `json:"signer"`
	// SignedAt is when the customer agreed, also for attested consents.
	SignedAt clock.Millis `json:"signedAt"`
	// Ends is the first instant at which the consent does not hold any more; zero means that only a revocation ends it.
	Ends clock.Millis `json:"ends,omitempty"`
	// Evidence says where an attested agreement can be looked up.
	Evidence   string       `json:"evidence,omitempty"`
	RecordedBy string       `json:"recordedBy,omitempty"`
	RecordedAt clock.Millis `json:"recordedAt,omitempty"`
	// Renews is the consent that this one follows on, and From the end of that one: from there its length counts.
	Renews string       `json:"renews,omitempty"`
	From   clock.Millis `json:"from,omitempty"`
	// RecordedFor is the person behind an app that recorded the agreement.
	RecordedFor string       `json:"recordedFor,omitempty"`
	ConfirmedBy string       `json:"confirmedBy,omitempty"`
	ConfirmedAt clock.Millis `json:"confirmedAt,omitempty"`
	RevokedBy   string       `json:"revokedBy,omitempty"`
	RevokedAt   clock.Millis `json:"revokedAt,omitempty"`
	Reason      string       `json:"reason,omitempty"`
	// Withdrawals are the clauses that were taken back by themselves.
	Withdrawals []Withdrawal `json:"withdrawals,omitempty"`
}

// CheckContact refuses, with fault.InvalidArgument naming contactName or contactEmail, a person who could not sign: CheckConsent asks the same of the signer. The
// address may be empty.
func CheckContact(name, email string) error {
	var f findings
	f.characters("contactName", name, attribute{max: MaxSigner, required: true})
	if f.characters("contactEmail", email, attribute{max: maxEmail}) && email != "" {
		if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
			f.add("contactEmail", "is not an e-mail address")
		}
	}
	return f.fault(fault.InvalidArgument, "The request cannot be sent")
}

// maxEmail is the length of the longest address that mail can carry.
const maxEmail = 254

// CheckConsent refuses a new consent that lacks something or contradicts itself, with fault.InvalidArgument naming the fields.
func CheckConsent(c Consent, now clock.Millis) error {
	var f findings
	needs := func(path, value string, bound int) {
		f.characters("consent."+path, value, attribute{max: bound, required: true})
	}
	needs("signer.name", c.Signer.Name, MaxSigner)
	f.characters("consent.signer.email", c.Signer.Email, attribute{max: maxEmail})
	f.characters("consent.signer.role", c.Signer.Role, attribute{max: MaxName})
	if c.Signer.Email != "" && !strings.Contains(c.Signer.Email, "@") {
		f.add("consent.signer.email", "is not an e-mail address")
	}
	if !isHash(c.Hash) {
		f.add("consent.hash", "must be the hash of the text")
	}
	if len(c.Scopes) == 0 {
		f.add("consent.scopes", "name at least one of web, sales, ads, press")
	}
	for _, s := range c.Scopes {
		if !slices.Contains(Scopes(), s) {
			f.add("consent.scopes", "there is no scope %s; there are web, sales, ads, press", shown(string(s)))
		}
	}
	if c.SignedAt <= 0 || c.SignedAt > now {
		f.add("consent.signedAt", "must be an instant that has passed")
	}
	if c.Ends != 0 && (c.Ends <= now || c.Ends <= c.SignedAt) {
		f.add("consent.ends", "must lie in the future")
	}
	switch c.Kind {
	case Signed:
	case Attested:
		needs("evidence", c.Evidence, MaxEvidence)
		needs("recordedBy", c.RecordedBy, MaxSigner)
	default:
		f.add("consent.kind", "must be signed or attested")
	}
	return f.fault(fault.InvalidArgument, "The consent cannot be recorded")
}

// Validity says whether a consent allows a use, and if not, why.
type Validity string

// The validities, in the order in which they are looked at.
const (
	Valid       Validity = "valid"
	OtherText   Validity = "other-text"
	Revoked     Validity = "revoked"
	Ended       Validity = "ended"
	Unconfirmed Validity = "unconfirmed"
	OutOfScope  Validity = "out-of-scope"
)

// Validity tells whether c allows, at now, the use of the text of this locale and hash.
func (c Consent) Validity(locale, hash string, scope Scope, now clock.Millis) Validity {
	switch {
	case c.Locale != locale || c.Hash != hash || hash == "":
		return OtherText
	case c.RevokedAt != 0:
		return Revoked
	case c.Ended(now):
		return Ended
	case c.Kind != Signed && (c.ConfirmedAt == 0 || c.ConfirmedBy == c.RecordedBy):
		return Unconfirmed
	case !slices.Contains(c.Scopes, scope), c.Without(Clause(scope)):
		return OutOfScope
	}
	return Valid
}

// Ended reports whether c has reached its end at now.
func (c Consent) Ended(now clock.Millis) bool { return c.Ends != 0 && now >= c.Ends }

// Counts reports whether c counts at now for whatever it was given for: it is confirmed where that is needed, not ended and not revoked.
func (c Consent) Counts(now clock.Millis) bool {
	return len(c.Scopes) > 0 && c.Live(c.Locale, c.Hash, c.Scopes[0], now)
}

// Live reports whether c allows, at now, the use of the text of this locale and hash.
func (c Consent) Live(locale, hash string, scope Scope, now clock.Millis) bool {
	return c.Validity(locale, hash, scope, now) == Valid
}

// Require returns the consent among consents that allows publication of the text and holds longest, or refuses with fault.NotPublishable, which says what is
// wrong with the one that comes closest. Whoever has taken back a consent to these words has said no to them: what was given before that, by whatever other
// way, allows nothing any more, as in EffectOfEnd.
func Require(consents []Consent, locale, hash string, now clock.Millis) (Consent, error) {
	var best Consent
	nearest := OtherText
	no := lastNo(consents, locale, hash)
	for _, c := range consents {
		v := c.Validity(locale, hash, ScopeWeb, now)
		if v != OtherText && c.SignedAt <= no {
			v = Revoked
		}
		if v == Valid && (nearest != Valid || better(c, best, consents)) {
			best, nearest = c, Valid
		} else if nearest != Valid && slices.Index(nearness, v) > slices.Index(nearness, nearest) {
			nearest = v
		}
	}
	if nearest == Valid {
		return best, nil
	}
	if nearest == OtherText && !slices.ContainsFunc(consents, func(c Consent) bool { return c.Locale == locale }) {
		return Consent{}, notConsented(locale, "the customer has not agreed to a text in this language")
	}
	return Consent{}, notConsented(locale, whyNot[nearest])
}

// better reports whether a publication had rather rest on a than on b: on what leaves more of the text, then on what holds longer.
func better(a, b Consent, of []Consent) bool {
	if n, m := len(TakenBack(a, of)), len(TakenBack(b, of)); n != m {
		return n < m
	}
	return b.Ends != 0 && (a.Ends == 0 || a.Ends > b.Ends)
}

// lastNo returns the last instant at which a consent that could have carried the publication of the text was revoked, 0 if none was.
func lastNo(consents []Consent, locale, hash string) clock.Millis {
	var last clock.Millis
	for _, c := range consents {
		if c.Locale == locale && c.Hash == hash && carries(c) {
			last = max(last, c.RevokedAt)
		}
	}
	return last
}

var nearness = []Validity{OtherText, Revoked, Ended, OutOfScope, Unconfirmed}

var whyNot = map[Validity]string{
	OtherText:   "the customer agreed to another wording; the text has to be signed again",
	Revoked:     "the customer has withdrawn the consent",
	Ended:       "the consent has ended and has to be renewed",
	OutOfScope:  "the consent does not cover the web",
	Unconfirmed: "the attested consent has not been confirmed by a second person",
}

func notConsented(locale, why string) error {
	return fault.NotPublishable.New("Without a live consent nothing is published: %s.", why).
		With(fault.Field{Path: "consent", Message: why + " (locale " + locale + ")"})
}

// Confirm returns c as confirmed by a second person. Its recorder is refused with fault.PermissionDenied; a consent that is signed, confirmed, revoked or
// ended with fault.IllegalState.
func (c Consent) Confirm(by string, now clock.Millis) (Consent, error) {
	switch {
	case c.Kind != Attested:
		return c, fault.IllegalState.New("A signed consent needs no confirmation.")
	case c.ConfirmedAt != 0:
		return c, fault.IllegalState.New("The consent is confirmed already.")
	case c.RevokedAt != 0:
		return c, fault.IllegalState.New("The consent was revoked.")
	case c.Ended(now):
		return c, fault.IllegalState.New("The consent has ended.")
	case by == "" || by == c.RecordedBy || by == c.RecordedFor:
		return c, fault.PermissionDenied.New("You recorded this consent. Somebody else has to confirm it.")
	}
	c.ConfirmedBy, c.ConfirmedAt = by, now
	return c, nil
}

// Revoke returns c as revoked. Revoking again changes nothing: who, when and why stay those of the first time.
func (c Consent) Revoke(by, reason string, now clock.Millis) Consent {
	if c.RevokedAt == 0 {
		c.RevokedBy, c.RevokedAt, c.Reason = by, now, reason
	}
	return c
}

// CoveredByRevocation returns the consents that fall when c is revoked: those of the same sign-off, or, when all is asked for, every consent of the story.
// Consents that are revoked already are left out.
func CoveredByRevocation(c Consent, of []Consent, all bool) []Consent {
	var out []Consent
	for _, o := range of {
		same := o.ID == c.ID || c.SignOff != "" && o.SignOff == c.SignOff
		if o.Story == c.Story && o.RevokedAt == 0 && (all || same) {
			out = append(out, o)
		}
	}
	return out
}
