// Package reward says what points buy: rewards, whether a member may have one now and why not, and the states of a redemption. It is pure.
package reward

import (
	"fmt"
	"slices"
	"strings"

	"github.com/govalues/decimal"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
)

// Kind says what a reward is.
type Kind string

// The kinds.
const (
	Discount   Kind = "discount"   // something off an order
	Gift       Kind = "gift"       // an article
	Experience Kind = "experience" // something to take part in
	Code       Kind = "code"       // a code out of a pool, such as a voucher of another shop
)

// State says whether a reward can be had at all.
type State string

// The states. Archived is final.
const (
	Active   State = "active"
	Paused   State = "paused"
	Archived State = "archived"
)

// Price is what a reward costs in a wallet, for everybody or for the members of one tier.
type Price struct {
	Wallet string `json:"wallet"`
	Tier   string `json:"tier,omitempty"`
	Points int64  `json:"points"`
}

// Off is what a discount takes off an order: a part of it or an amount, one of the two.
type Off struct {
	// Percent is an exact decimal, more than 0 and at most 100.
	Percent string `json:"percent,omitempty"`
	// Amount and Least, the smallest order that it can be used for, are in minor units of Currency.
	Amount   int64  `json:"amount,omitempty"`
	Least    int64  `json:"least,omitempty"`
	Currency string `json:"currency,omitempty"`
}

// Limit bounds how often one member may have the reward: in each day, week, month, quarter or year of the programme, or ever if the period is empty.
type Limit struct {
	Times  int           `json:"times"`
	Period calendar.Unit `json:"period,omitempty"`
}

// Reward is one version of a reward. How many are left and which codes there are is kept apart from it: that changes with each redemption.
type Reward struct {
	DisplayName string  `json:"displayName"`
	Description string  `json:"description,omitempty"`
	Kind        Kind    `json:"kind"`
	State       State   `json:"state"`
	Prices      []Price `json:"prices"`
	// Off is what a discount takes off; SKU names the article of a gift.
	Off *Off   `json:"off,omitempty"`
	SKU string `json:"sku,omitempty"`
	// From is the first instant at which it can be had, Until the first at which it can be had no more; zero means no bound. Weekdays are those of ISO 8601, 1 for
	// Monday, on which it can be had in the programme's zone; none means all.
	From     clock.Millis `json:"from,omitempty"`
	Until    clock.Millis `json:"until,omitempty"`
	Weekdays []int        `json:"weekdays,omitempty"`
	Limit    *Limit       `json:"limit,omitempty"`
	// Tiers are those whose members may have it; none means everybody.
	Tiers []string `json:"tiers,omitempty"`
	// Minutes is how long a reservation holds, zero meaning what the programme says.
	Minutes int `json:"minutes,omitempty"`
	// ReuseCodes says that a code goes back to the pool though its member has seen it, when the redemption is reversed.
	ReuseCodes bool `json:"reuseCodes,omitempty"`
}

// MostPoints is the highest price.
const MostPoints = 1_000_000_000_000

// Validate refuses what is no reward, by the names that its fields have in requests. wallets are those of the programme, currency is the programme's.
func (r Reward) Validate(wallets []string, currency string) error {
	if strings.TrimSpace(r.DisplayName) == "" {
		return fault.Invalid("displayName", "a reward needs a name that members read")
	}
	if err := r.checkPrices(wallets); err != nil {
		return err
	}
	if err := r.checkKind(currency); err != nil {
		return err
	}
	if r.From != 0 && r.Until != 0 && r.Until <= r.From {
		return fault.Invalid("endTime", "it must be after the beginning")
	}
	for i, d := range r.Weekdays {
		if d < 1 || d > 7 || slices.Contains(r.Weekdays[:i], d) {
			return fault.Invalid(fmt.Sprintf("weekdays[%d]", i), "weekdays are 1 for Monday to 7 for Sunday, each once")
		}
	}
	for i, t := range r.Tiers {
		if slices.Contains(r.Tiers[:i], t) {
			return fault.Invalid(fmt.Sprintf("tiers[%d]", i), "%q stands twice", t)
		}
	}
	if l := r.Limit; l != nil {
		if l.Times < 1 {
			return fault.Invalid("limit.times", "a limit is of one or more; without a limit leave it out")
		}
		if !slices.Contains([]calendar.Unit{"", calendar.Day, calendar.Week, calendar.Month, calendar.Quarter, calendar.Year}, l.Period) {
			return fault.Invalid("limit.period", "a limit is for each day, week, month, quarter or year, or for ever")
		}
	}
	return nil
}

func (r Reward) checkPrices(wallets []string) error {
	if len(r.Prices) == 0 {
		return fault.Invalid("prices", "a reward needs a price in a wallet at least")
	}
	for i, p := range r.Prices {
		at := func(field string) string { return fmt.Sprintf("prices[%d].%s", i, field) }
		same := func(o Price) bool { return o.Wallet == p.Wallet && o.Tier == p.Tier }
		switch {
		case !slices.Contains(wallets, p.Wallet):
			return fault.Invalid(at("wallet"), "the programme has no wallet %q", p.Wallet)
		case p.Points < 1 || p.Points > MostPoints:
			return fault.Invalid(at("points"), "a price is of 1 to %d points", int64(MostPoints))
		case slices.ContainsFunc(r.Prices[:i], same):
			return fault.Invalid(at("wallet"), "there is another price for the same wallet and tier")
		case p.Tier != "" && len(r.Tiers) > 0 && !slices.Contains(r.Tiers, p.Tier):
			return fault.Invalid(at("tier"), "members of the tier %q may not have the reward", p.Tier)
		}
	}
	return nil
}

func (r Reward) checkKind(currency string) error {
	switch {
	case r.Kind == Discount && r.Off == nil:
		return fault.Invalid("discount", "a discount needs what it takes off")
	case r.Kind != Discount && r.Off != nil:
		return fault.Invalid("discount", "only a discount takes something off")
	case r.Kind != Gift && r.SKU != "":
		return fault.Invalid("sku", "only a gift is an article")
	case r.Kind != Code && r.ReuseCodes:
		return fault.Invalid("reuseCodes", "only rewards with codes have codes to use again")
	case r.Off != nil:
		return r.Off.validate(currency)
	}
	return nil
}

func (o Off) validate(currency string) error {
	switch {
	case (o.Percent == "") == (o.Amount == 0):
		return fault.Invalid("discount", "a discount is either of a percentage or of an amount")
	case o.Amount < 0 || o.Least < 0:
		return fault.Invalid("discount", "amounts are not negative")
	case (o.Amount != 0 || o.Least != 0) && o.Currency != currency:
		return fault.Invalid("discount.currency", "amounts are in the programme's currency, %s", currency)
	case o.Percent == "":
		return nil
	}
	p, err := decimal.Parse(o.Percent)
	if err != nil || !p.IsPos() || p.Cmp(decimal.Hundred) > 0 || p.Scale() > 4 {
		return fault.Invalid("discount.percent", "a percentage is a decimal of more than 0 and at most 100, such as \"12.5\"")
	}
	return nil
}

// Priced is what a member pays in a wallet: the lowest of the prices for everybody and for the member's tiers. False if the reward has no price there for them.
func (r Reward) Priced(wallet string, tiers []string) (Price, bool) {
	var best Price
	for _, p := range r.Prices {
		if p.Wallet != wallet || p.Tier != "" && !slices.Contains(tiers, p.Tier) {
			continue
		}
		if best.Points == 0 || p.Points < best.Points {
			best = p
		}
	}
	return best, best.Points != 0
}

// Wallets lists the wallets in which it has a price for a member of these tiers, in the order of the prices.
func (r Reward) Wallets(tiers []string) []string {
	var out []string
	for _, p := range r.Prices {
		if _, ok := r.Priced(p.Wallet, tiers); ok && !slices.Contains(out, p.Wallet) {
			out = append(out, p.Wallet)
		}
	}
	return out
}
