package report

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Buying is what is known of a member as a customer: how many orders stand, by month and by the tier in which they were placed. An order stands until all of it has
// come back.
type Buying map[string]map[string]int64

// Add adds orders, or takes them away.
func (b Buying) Add(month, tier string, orders int64) {
	if b[month] == nil {
		b[month] = map[string]int64{}
	}
	b[month][tier] += orders
	if b[month][tier] == 0 {
		delete(b[month], tier)
	}
	if len(b[month]) == 0 {
		delete(b, month)
	}
}

// Clone returns a copy that changes apart from the original.
func (b Buying) Clone() Buying {
	out := Buying{}
	for month, tiers := range b {
		out[month] = maps.Clone(tiers)
	}
	return out
}

// AllTiers stands where a visit counts members whatever their tier.
const AllTiers = "*"

// Place is the members of a cohort, who first ordered in the month that names it, in a month in which they ordered, in a tier, AllTiers for any. No tier is empty.
type Place struct {
	Cohort string `json:"cohort"`
	Month  string `json:"month"`
	Tier   string `json:"tier,omitempty"`
}

// Visit counts the members at a place.
type Visit struct {
	Members int64 `json:"members,omitempty"`
	Orders  int64 `json:"orders,omitempty"`
	// Retained are those who ordered in the month after too, in whatever tier. Repeat, which only a cohort's first month has, are those who have ordered again, ever.
	Retained int64 `json:"retained,omitempty"`
	Repeat   int64 `json:"repeat,omitempty"`
}

// Add adds another count; times is 1, or -1 to take it away.
func (v *Visit) Add(o Visit, times int64) {
	v.Members += times * o.Members
	v.Orders += times * o.Orders
	v.Retained += times * o.Retained
	v.Repeat += times * o.Repeat
}

// Visits are what one member adds to the report.
func (b Buying) Visits() map[Place]Visit {
	out := map[Place]Visit{}
	if len(b) == 0 {
		return out
	}
	months := slices.Sorted(maps.Keys(b))
	var ever int64
	for _, tiers := range b {
		for _, n := range tiers {
			ever += n
		}
	}
	for _, month := range months {
		var orders int64
		one := Visit{Members: 1}
		if b[NextMonth(month)] != nil {
			one.Retained = 1
		}
		if month == months[0] && ever > 1 {
			one.Repeat = 1
		}
		for tier, n := range b[month] {
			orders += n
			v := one
			v.Orders = n
			out[Place{months[0], month, tier}] = v
		}
		one.Orders = orders
		out[Place{months[0], month, AllTiers}] = one
	}
	return out
}

// NextMonth is the month after, "2027-01" after "2026-12".
func NextMonth(month string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 1, 0).Format("2006-01")
}

// MonthsBetween is how many months lie between two, 0 from a month to itself.
func MonthsBetween(from, to string) int {
	a, err1 := time.Parse("2006-01", from)
	b, err2 := time.Parse("2006-01", to)
	if err1 != nil || err2 != nil {
		return 0
	}
	return 12*(b.Year()-a.Year()) + int(b.Month()) - int(a.Month())
}

// Rate is a part of a whole with four decimal places, rounded to the nearest; of nothing it is "0.0000".
func Rate(part, whole int64) string {
	n := int64(0)
	if whole > 0 {
		n = (part*10000 + whole/2) / whole
	}
	return fmt.Sprintf("%d.%04d", n/10000, n%10000)
}
