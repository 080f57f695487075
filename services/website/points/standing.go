package points

import (
	"time"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/web"
)

// standing is where the member is among the tiers of the wallet shown.
type standing struct {
	// Tier is what the member's tier is called, "" if they have none yet, and Since when they came to it.
	Tier     string
	Since    *time.Time
	Benefits []string
	// Value is what counts towards the next tier, Least and Share how it compares with what that takes, in percent.
	Value string
	Share int64
	// Up, Keep and Then are sentences, each may be empty: what the next tier takes, what keeping this one takes, and what comes if nothing more happens.
	Up, Keep, Then string
}

func (v *visit) standing(d *statement, p *loyaltyv1.TierProgress) *standing {
	if p == nil {
		return nil
	}
	s := &standing{Tier: p.GetDisplayName(), Benefits: p.GetBenefits(), Value: v.measured(d, p, p.GetValue())}
	if p.GetSince() != nil {
		day := d.day(p.GetSince().AsTime())
		s.Since = &day
	}
	if up := p.GetUp(); up != nil {
		s.Share = max(0, p.GetValue()) * 100 / max(1, max(0, p.GetValue())+up.GetMissing())
		s.Up = v.step("points.tier.up", d, p, up)
	} else if s.Tier != "" {
		s.Share, s.Up = 100, v.say("points.tier.top")
	}
	switch keep := p.GetKeep(); {
	case keep == nil:
	case keep.GetMissing() > 0:
		s.Keep = v.step("points.tier.keep", d, p, keep)
	default:
		s.Keep = v.say("points.tier.kept", keep.GetDisplayName())
	}
	if next := p.GetProjected(); next != nil {
		day := web.FormatDate(v.locale, d.day(next.GetTime().AsTime()))
		s.Then = v.say("points.tier.ends", p.GetDisplayName(), day)
		if next.GetTier() != "" {
			s.Then = v.say("points.tier.then", next.GetDisplayName(), day)
		}
	}
	return s
}

// measured is a measure in the unit of the tiers: points, or money.
func (v *visit) measured(d *statement, p *loyaltyv1.TierProgress, n int64) string {
	if p.GetMetric() == loyaltyv1.TierMetric_TIER_METRIC_SPEND {
		return web.FormatMoney(v.locale, n, d.GetCurrency())
	}
	return v.counted(d, n)
}

// step says how much leads to a tier, or keeps it, and until when that suffices.
func (v *visit) step(key string, d *statement, p *loyaltyv1.TierProgress, s *loyaltyv1.TierStep) string {
	missing := v.measured(d, p, s.GetMissing())
	if day, err := time.Parse(time.DateOnly, s.GetBy()); err == nil {
		return v.say(key+".by", missing, s.GetDisplayName(), web.FormatDate(v.locale, day))
	}
	return v.say(key, missing, s.GetDisplayName())
}
