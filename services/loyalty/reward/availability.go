package reward

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
)

// Why names what keeps a member from a reward.
type Why string

// The reasons, in the order in which they are looked at: what nobody can have first, then what this member cannot.
const (
	Inactive     Why = "inactive"       // paused or archived
	NotYet       Why = "not_yet"        // it begins later
	Over         Why = "over"           // it has ended
	NotToday     Why = "not_today"      // it can be had on other days of the week
	OutOfStock   Why = "out_of_stock"   // none, or no code, is left
	OtherTier    Why = "other_tier"     // it is for members of other tiers, or has no price for this one
	LimitReached Why = "limit_reached"  // the member has had it as often as one may
	TooFewPoints Why = "too_few_points" // the member cannot pay for it
)

// Reason is one thing that keeps a member from a reward, and what would change it.
type Reason struct {
	Why Why
	// Message says it to people.
	Message string
	// Wallet and Missing: how many more points are needed in which wallet.
	Wallet  string
	Missing int64
	// OpensAt is when it changes by itself, zero if it does not or nobody knows.
	OpensAt clock.Millis
	// Tiers are those of which the member would have to be.
	Tiers []string
}

// Facts are what availability depends on.
type Facts struct {
	Now  clock.Millis
	Zone calendar.Zone
	// Left is how many are left, or how many codes, nil if that is not limited.
	Left *int64
	// Member is nil if nobody in particular asks: then only what holds for everybody is looked at.
	Member *MemberFacts
}

// MemberFacts are those of one member.
type MemberFacts struct {
	Tiers []string
	// Available points by wallet.
	Available map[string]int64
	// Uses is how often the member has had the reward in the limit's present period, reservations included.
	Uses int64
}

// Check returns everything that keeps a reward from being had with the points of a wallet, in a fixed order; nothing means that it can be had.
func (r Reward) Check(f Facts, wallet string) []Reason {
	var out []Reason
	if r.State != Active {
		out = append(out, Reason{Why: Inactive, Message: fmt.Sprintf("The reward is %s.", r.State)})
	}
	out = append(out, r.scheduled(f.Now, f.Zone)...)
	if f.Left != nil && *f.Left <= 0 {
		out = append(out, Reason{Why: OutOfStock, Message: "None is left. It can be had again when the shop has put in more, or a reservation has ended."})
	}
	if f.Member == nil {
		return out
	}
	m := *f.Member
	if len(r.Tiers) > 0 && !slices.ContainsFunc(r.Tiers, func(t string) bool { return slices.Contains(m.Tiers, t) }) {
		out = append(out, Reason{Why: OtherTier, Tiers: r.Tiers, Message: fmt.Sprintf("It is for members of %s.", list(r.Tiers))})
	}
	if l := r.Limit; l != nil && m.Uses >= int64(l.Times) {
		out = append(out, l.reached(f.Now, f.Zone))
	}
	price, ok := r.Priced(wallet, m.Tiers)
	switch missing := price.Points - m.Available[wallet]; {
	case !ok:
		out = append(out, r.unpriced(wallet))
	case missing > 0:
		out = append(out, Reason{Why: TooFewPoints, Wallet: wallet, Missing: missing,
			Message: fmt.Sprintf("It takes %d; %d are available, so %d are missing.", price.Points, m.Available[wallet], missing)})
	}
	return out
}

// scheduled says why it cannot be had at an instant.
func (r Reward) scheduled(now clock.Millis, z calendar.Zone) []Reason {
	switch {
	case r.Until != 0 && now >= r.Until:
		return []Reason{{Why: Over, Message: fmt.Sprintf("It could be had until %s.", shown(r.Until, z))}}
	case now < r.From:
		opens := r.opens(r.From, z)
		return []Reason{{Why: NotYet, OpensAt: opens, Message: fmt.Sprintf("It can be had from %s on.", shown(r.From, z))}}
	}
	opens := r.opens(now, z)
	if opens == now {
		return nil
	}
	return []Reason{{Why: NotToday, OpensAt: opens, Message: fmt.Sprintf("It can be had on %s only.", r.days())}}
}

// opens is the first instant from at on at which the day of the week fits, zero if the schedule ends before.
func (r Reward) opens(at clock.Millis, z calendar.Zone) clock.Millis {
	if len(r.Weekdays) == 0 {
		return at
	}
	for d, n := z.DateOf(at), 0; n < 8; d, n = d.AddDays(1), n+1 {
		if from := max(at, z.Start(d)); slices.Contains(r.Weekdays, isoDay(d.Weekday())) && z.DateOf(from) == d {
			if r.Until != 0 && from >= r.Until {
				return 0
			}
			return from
		}
	}
	return 0
}

func isoDay(d time.Weekday) int { return (int(d)+6)%7 + 1 }

func (r Reward) days() string {
	var names []string
	for d := 1; d <= 7; d++ {
		if slices.Contains(r.Weekdays, d) {
			names = append(names, time.Weekday(d%7).String())
		}
	}
	return list(names)
}

// Since is the first instant of the period that the limit counts now, zero if it counts for ever.
func (l Limit) Since(now clock.Millis, z calendar.Zone) clock.Millis {
	if l.Period == "" {
		return 0
	}
	return calendar.Period{Unit: l.Period}.At(z, calendar.Date{}, now).From
}

func (l Limit) reached(now clock.Millis, z calendar.Zone) Reason {
	how := fmt.Sprintf("%d times", l.Times)
	if l.Times == 1 {
		how = "once"
	}
	if l.Period == "" {
		return Reason{Why: LimitReached, Message: fmt.Sprintf("A member may have it %s.", how)}
	}
	opens := calendar.Period{Unit: l.Period}.At(z, calendar.Date{}, now).To
	return Reason{Why: LimitReached, OpensAt: opens, Message: fmt.Sprintf("A member may have it %s in a %s, so again from %s on.", how, l.Period, shown(opens, z))}
}

// unpriced says why a member cannot pay with a wallet.
func (r Reward) unpriced(wallet string) Reason {
	var tiers []string
	for _, p := range r.Prices {
		if p.Wallet == wallet {
			tiers = append(tiers, p.Tier)
		}
	}
	if len(tiers) == 0 {
		return Reason{Why: OtherTier, Wallet: wallet, Message: fmt.Sprintf("It has no price in the wallet %q.", wallet)}
	}
	return Reason{Why: OtherTier, Wallet: wallet, Tiers: tiers, Message: fmt.Sprintf("In the wallet %q it has a price for members of %s only.", wallet, list(tiers))}
}

func list(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1]
	}
	return strings.Join(names, "")
}

// shown writes an instant as a clock on the wall of the programme shows it.
func shown(at clock.Millis, z calendar.Zone) string {
	d, t := z.Clock(at)
	return fmt.Sprintf("%s %02d:%02d (%s)", d, int(t.Hours()), int(t.Minutes())%60, z)
}
