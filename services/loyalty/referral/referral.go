// Package referral decides whether members are rewarded for bringing a friend: at once, not at all, or after somebody has looked. It is pure: what a decision rests on
// is given to it, and it says all that it found, not only the first thing.
//
// # The rule
//
// A friend who enrols with a member's code is referred. The reward is decided when the friend qualifies: at the enrolment, or with the first order if Terms ask for
// one. What contradicts the terms refuses it (the friend is the member, an order that is not the first, too small or too late, the limit is reached). What only looks as
// if somebody gamed the programme holds it: points are issued as frozen lots, which are seen but not spent and do not expire, until somebody releases or rejects
// them. An honest couple shares a connection and a tablet: neither refuses anything.
//
// # What is looked at
//
// Devices and network addresses are known by keyed digests only: see Fingerprint. How many members were seen with one lately is its velocity.
package referral

import (
	"fmt"
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
)

// Qualify says what a friend must do for the reward.
type Qualify string

// The ways to qualify.
const (
	AtEnrolment  Qualify = "enrolment"
	AtFirstOrder Qualify = "first_order"
)

// Terms are one version of a programme's terms for referrals.
type Terms struct {
	Qualify Qualify `json:"qualify"`
	// LeastAmount is what the first order must come to, in minor units, and Within how soon after the enrolment it must be placed; zero means without bound.
	LeastAmount int64         `json:"leastAmount,omitempty"`
	Within      calendar.Span `json:"within,omitzero"`
	// Most is how many friends a member is rewarded for in a Period; zero means without bound. A referral that is held counts.
	Most   int64           `json:"most,omitempty"`
	Period calendar.Period `json:"period,omitzero"`
	// Velocity bounds what is not held: see Velocity.
	Velocity Velocity `json:"velocity,omitzero"`
}

// Velocity says from how many members on, seen with one device or one address within a span before, a referral is held; zero means never.
type Velocity struct {
	Span      calendar.Span `json:"span,omitzero"`
	Devices   int           `json:"devices,omitempty"`
	Addresses int           `json:"addresses,omitempty"`
}

// Validate refuses what are no terms; path names the field that they were given in.
func (t Terms) Validate(path string) error {
	switch {
	case t.Qualify != AtEnrolment && t.Qualify != AtFirstOrder:
		return fault.Invalid(path+".qualify", "must be enrolment or first_order, not %q", t.Qualify)
	case t.LeastAmount < 0:
		return fault.Invalid(path+".leastAmount", "must not be less than zero")
	case t.Qualify == AtEnrolment && (t.LeastAmount != 0 || !t.Within.IsZero()):
		return fault.Invalid(path+".qualify", "only a first order has an amount and a time")
	case t.Most < 0:
		return fault.Invalid(path+".most", "must not be less than zero")
	case t.Most == 0 && t.Period != (calendar.Period{}):
		return fault.Invalid(path+".period", "only a limit is counted over a period")
	case t.Velocity.Devices < 0 || t.Velocity.Addresses < 0:
		return fault.Invalid(path+".velocity", "must not be less than zero")
	case t.Velocity.Span.IsZero() != (t.Velocity.Devices == 0 && t.Velocity.Addresses == 0):
		return fault.Invalid(path+".velocity.span", "numbers of members need the span in which they are counted, and the other way round")
	}
	if t.Period == (calendar.Period{}) {
		return nil
	}
	return t.Period.Validate(path + ".period")
}

// Party is one of the two, as far as the decision needs to know.
type Party struct {
	Member     string
	EnrolledAt clock.Millis
	// Likeness are digests of Likenesses of the party's identifiers, Devices and Addresses fingerprints with which the party was seen.
	Likeness, Devices, Addresses []string
}

// Order is the one by which a friend qualifies.
type Order struct {
	At     clock.Millis
	Amount int64
	// Before is how many orders the friend placed earlier.
	Before int64
}

// Case is a referral to be decided.
type Case struct {
	Referrer, Friend Party
	// Order is nil at the enrolment.
	Order *Order
	// At is when the friend qualified.
	At clock.Millis
	// Rewarded are the instants at which the referrer was rewarded before, held ones among them.
	Rewarded []clock.Millis
	// Sightings are where the friend's devices and addresses were seen.
	Sightings []Sighting
	// Twins are other members, the referrer not among them, who share a likeness with the friend.
	Twins []string
}

// Code names what was found.
type Code string

// What refuses a referral.
const (
	Self      Code = "self_referral"
	NoOrder   Code = "no_order"
	NotFirst  Code = "not_first_order"
	TooSmall  Code = "order_too_small"
	TooLate   Code = "order_too_late"
	AtLimit   Code = "limit_reached"
	NotBefore Code = "enrolled_before"
	// Left is found by whoever looks at the members: one of the two takes part no longer.
	Left Code = "member_left"
)

// What holds a referral.
const (
	SameIdentifier Code = "same_identifier"
	SameDevice     Code = "same_device"
	SameAddress    Code = "same_address"
	Duplicate      Code = "duplicate_member"
	DeviceRush     Code = "device_velocity"
	AddressRush    Code = "address_velocity"
)

// Finding is something that speaks against a reward, with words for whoever looks at it. It never holds an address, a device or an identifier.
type Finding struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Outcome says what becomes of a referral.
type Outcome string

// The outcomes.
const (
	Granted Outcome = "granted"
	Held    Outcome = "held"
	Refused Outcome = "refused"
)

// Decision is what becomes of a referral, and all that was found, what refuses it first.
type Decision struct {
	Outcome  Outcome   `json:"outcome"`
	Findings []Finding `json:"findings,omitempty"`
}

// Decide decides a referral under the terms, in the programme's zone.
func (t Terms) Decide(z calendar.Zone, c Case) Decision {
	against, doubts := t.against(z, c), t.doubts(z, c)
	d := Decision{Outcome: Granted, Findings: append(against, doubts...)}
	switch {
	case len(against) > 0:
		d.Outcome = Refused
	case len(doubts) > 0:
		d.Outcome = Held
	}
	return d
}

// against finds what contradicts the terms.
func (t Terms) against(z calendar.Zone, c Case) (out []Finding) {
	add := func(code Code, format string, args ...any) {
		out = append(out, Finding{code, fmt.Sprintf(format, args...)})
	}
	if c.Friend.Member == c.Referrer.Member {
		add(Self, "Nobody refers themselves.")
	} else if c.Friend.EnrolledAt < c.Referrer.EnrolledAt {
		add(NotBefore, "The friend took part before the member did.")
	}
	if t.Qualify == AtFirstOrder {
		switch o := c.Order; {
		case o == nil:
			add(NoOrder, "The friend has not ordered anything.")
		default:
			if o.Before > 0 {
				add(NotFirst, "The friend has ordered before: %d orders came earlier.", o.Before)
			}
			if o.Amount < t.LeastAmount {
				add(TooSmall, "The order comes to %d minor units; it takes %d.", o.Amount, t.LeastAmount)
			}
			if !t.Within.IsZero() && o.At >= z.Add(c.Friend.EnrolledAt, t.Within) {
				add(TooLate, "The order was placed later than %s after the enrolment.", t.Within)
			}
		}
	}
	if n := t.counted(z, c); t.Most > 0 && n >= t.Most {
		add(AtLimit, "The member was rewarded for %d friends already; %d are the most.", n, t.Most)
	}
	return out
}

// counted is how many rewards count towards the limit.
func (t Terms) counted(z calendar.Zone, c Case) int64 {
	var n int64
	for _, at := range c.Rewarded {
		if t.Period.Unit == "" || t.Period.At(z, z.DateOf(c.Referrer.EnrolledAt), c.At).Holds(z.DateOf(at)) {
			n++
		}
	}
	return n
}

// doubts finds what looks as if somebody gamed the programme.
func (t Terms) doubts(z calendar.Zone, c Case) (out []Finding) {
	add := func(code Code, format string, args ...any) {
		out = append(out, Finding{code, fmt.Sprintf(format, args...)})
	}
	if c.Friend.Member == c.Referrer.Member {
		return nil // whoever is the same shares everything
	}
	if share(c.Friend.Likeness, c.Referrer.Likeness) {
		add(SameIdentifier, "Member and friend have an identifier that differs in spelling only.")
	}
	if share(c.Friend.Devices, c.Referrer.Devices) {
		add(SameDevice, "Member and friend used the same device.")
	}
	if share(c.Friend.Addresses, c.Referrer.Addresses) {
		add(SameAddress, "Member and friend came from the same network address.")
	}
	if n := len(c.Twins); n > 0 {
		add(Duplicate, "%d other members have an identifier of the friend's that differs in spelling only.", n)
	}
	if n := t.Velocity.count(z, c, c.Friend.Devices); t.Velocity.Devices > 0 && n >= t.Velocity.Devices {
		add(DeviceRush, "%d members used the friend's device within %s.", n, t.Velocity.Span.Words())
	}
	if n := t.Velocity.count(z, c, c.Friend.Addresses); t.Velocity.Addresses > 0 && n >= t.Velocity.Addresses {
		add(AddressRush, "%d members came from the friend's network address within %s.", n, t.Velocity.Span.Words())
	}
	return out
}

// count is how many members, the friend among them, were seen with one of the prints within the span that ends when the friend qualified: the most for any of them.
func (v Velocity) count(z calendar.Zone, c Case, prints []string) (most int) {
	for _, print := range prints {
		seen := map[string]bool{c.Friend.Member: true}
		for _, s := range c.Sightings {
			if s.Print == print && s.At <= c.At && c.At < z.Add(s.At, v.Span) {
				seen[s.Member] = true
			}
		}
		most = max(most, len(seen))
	}
	return most
}

func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
