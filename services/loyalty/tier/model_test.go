package tier_test

import (
	"slices"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/tier"
)

// model says what a member's history is in the plainest way: every entry is kept, every day is judged again whenever something becomes known.
type model struct {
	ladder tier.Ladder
	known  []counted
	memo   map[[2]int][]string // tiers of all days by the numbers of entries and versions known
	open   calendar.Date
	end    calendar.Date
	tier   string
	lines  []tier.Change
}

type counted struct {
	date          calendar.Date
	earned, spend int64
}

// moment is an instant at which the model looks, in the order in which things happen at one instant: versions, beginnings of days, entries.
type moment struct {
	at    clock.Millis
	order int
	entry *tier.Entry
}

func (m *model) history(list []tier.Entry, now clock.Millis) []tier.Change {
	first := m.ladder.Zone.DateOf(enrolled)
	moments := []moment{{at: enrolled}}
	for _, v := range m.ladder.Versions {
		if v.From > enrolled && v.From <= now {
			moments = append(moments, moment{at: v.From})
		}
	}
	for d := first.AddDays(1); !m.end.Before(d); d = d.AddDays(1) {
		moments = append(moments, moment{at: m.ladder.Zone.Start(d), order: 1})
	}
	for _, e := range list {
		moments = append(moments, moment{at: e.RecordedAt, order: 2, entry: &e})
	}
	slices.SortStableFunc(moments, func(a, b moment) int {
		if a.at != b.at {
			return int(min(1, max(-1, a.at-b.at)))
		}
		return a.order - b.order
	})
	for _, at := range moments {
		m.look(at)
	}
	return m.lines
}

func (m *model) look(at moment) {
	today := m.ladder.Zone.DateOf(at.at)
	versions := 0
	reach := today.AddMonths(-12)
	for reach.AddMonths(12).Compare(today) <= 0 {
		reach = reach.AddDays(1)
	}
	for _, v := range m.ladder.Versions {
		if v.From > at.at {
			continue
		}
		versions++
		first := v.Period.On(calendar.UTC, m.ladder.Zone.DateOf(enrolled), today).First
		if v.Period.Unit != calendar.Rolling {
			first = v.Period.On(calendar.UTC, m.ladder.Zone.DateOf(enrolled), first.AddDays(-1)).First
		}
		if first.Before(reach) {
			reach = first
		}
	}
	if m.open.Before(reach) {
		m.open = reach
	}
	if e := at.entry; e != nil {
		c := counted{m.ladder.Zone.DateOf(e.EffectiveAt), e.Earned, e.Spend}
		if c.date.Before(m.open) {
			c.earned, c.spend = 0, 0
		}
		m.known = append(m.known, c)
	}
	tiers := m.judge(versions)
	if to := tiers[today.Sub(m.ladder.Zone.DateOf(enrolled))]; to != m.tier {
		m.lines = append(m.lines, tier.Change{At: at.at, From: m.tier, To: to, Version: m.ladder.Versions[versions-1].Version})
		m.tier = to
	}
}

// judge returns the tier at the end of each day since the enrolment.
func (m *model) judge(versions int) []string {
	key := [2]int{len(m.known), versions}
	if tiers, ok := m.memo[key]; ok {
		return tiers
	}
	first := m.ladder.Zone.DateOf(enrolled)
	var tiers []string
	var version int64
	held, short, until := "", calendar.Date{}, calendar.Date{}
	for d := first; !m.end.Before(d); d = d.AddDays(1) {
		v := m.ladder.Versions[0]
		for _, later := range m.ladder.Versions[:versions] {
			if !d.Before(m.ladder.Zone.DateOf(later.From)) {
				v = later
			}
		}
		if version != v.Version && held != "" && place(v, held) < 0 {
			held = highest(v, m.threshold(version, held))
		}
		version = v.Version
		worth := highest(v, m.value(v, first, d))
		if place(v, worth) >= place(v, held) {
			held, short = worth, calendar.Date{}
			tiers = append(tiers, held)
			continue
		}
		if short.IsZero() {
			short = d
		}
		if over := !d.Before(short.Add(v.Grace)); over && v.Downgrade == tier.ToWorth {
			held, short = worth, calendar.Date{}
		} else if over && v.Downgrade == tier.ByOne && !d.Before(until) {
			until = v.Period.Leaves(first, d).Add(v.Grace)
			if p := place(v, held); p > 0 {
				held = v.Tiers[p-1].ID
			} else {
				held = ""
			}
			if held == worth {
				short = calendar.Date{}
			}
		}
		tiers = append(tiers, held)
	}
	m.memo[key] = tiers
	return tiers
}

func (m *model) threshold(version int64, id string) int64 {
	for _, v := range m.ladder.Versions {
		if v.Version == version {
			return v.Tiers[place(v, id)].Threshold
		}
	}
	return 0
}

func (m *model) value(v tier.Structure, anchor, d calendar.Date) int64 {
	var present, before int64
	w := v.Period.On(calendar.UTC, anchor, d)
	former := v.Period.On(calendar.UTC, anchor, w.First.AddDays(-1))
	for _, c := range m.known {
		amount := c.earned
		if v.Metric == tier.Spend {
			amount = c.spend
		}
		switch {
		case d.Before(c.date):
		case w.Holds(c.date):
			present += amount
		case v.Period.Unit != calendar.Rolling && former.Holds(c.date):
			before += amount
		}
	}
	return max(present, before)
}

func place(v tier.Structure, id string) int {
	return slices.IndexFunc(v.Tiers, func(t tier.Tier) bool { return t.ID == id })
}

func highest(v tier.Structure, value int64) string {
	id := ""
	for _, t := range v.Tiers {
		if value >= t.Threshold {
			id = t.ID
		}
	}
	return id
}
