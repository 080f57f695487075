package server

import (
	"maps"
	"slices"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/report"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// moment is when points end or become available, and how many.
type moment struct {
	at     clock.Millis
	points int64
}

// note keeps the earliest instant that it is told of, with all its points. Points that never end, or none, are nothing.
func (i *moment) note(at clock.Millis, points int64) {
	switch {
	case at == 0 || points <= 0:
	case i.at == 0 || at < i.at:
		*i = moment{at, points}
	case at == i.at:
		i.points += points
	}
}

// comingDay is what comes on one day of the programme, and at its first instant.
type comingDay struct {
	first  moment
	points int64
}

// onDay adds points that come at an instant to their day, the one on which counted lies.
func onDay(days map[string]*comingDay, counted, at clock.Millis, points int64, zone *time.Location) {
	if at == 0 || points <= 0 {
		return
	}
	name := report.Day(counted, zone)
	if days[name] == nil {
		days[name] = &comingDay{}
	}
	days[name].first.note(at, points)
	days[name].points += points
}

// coming is what will become of an account's points by itself, by the days of the programme: how many end, on the last day on which they can be spent, and how many become
// available. The first mostAhead days are whole, and at least one more is there if anything comes after them; pages that cannot change that are not read.
func coming(b *ledger.Book, zone *time.Location) (expires, activates map[string]*comingDay, err error) {
	account := b.Account()
	expires, activates = map[string]*comingDay{}, map[string]*comingDay{}
	for _, i := range account.Idle {
		onDay(expires, i.EndsAt-1, i.EndsAt, i.Free, zone)
	}
	var pending int64
	enough := clock.Millis(0) // whatever ends in a later month than this is more than is named
	err = eachPage(b, func(p ledger.Page) bool {
		if enough == 0 && len(expires) > mostAhead {
			enough = lastNamed(expires)
		}
		counts := enough == 0 || ledger.MayEnd(p.ID, enough)
		if !counts && pending >= account.Balances.Pending {
			return false
		}
		for _, l := range p.Lots {
			switch {
			case l.Open <= 0 || l.FrozenAt != 0:
			case l.Pending:
				pending += l.Open
				onDay(activates, l.ActivatesAt, l.ActivatesAt, l.Open, zone)
			case counts:
				onDay(expires, l.ExpiresAt-1, l.ExpiresAt, l.Open-l.Reserved, zone)
			}
		}
		return true
	})
	return expires, activates, err
}

// lastNamed is an instant by which the days after those that are named have begun.
func lastNamed(days map[string]*comingDay) clock.Millis {
	name := slices.Sorted(maps.Keys(days))[mostAhead]
	return days[name].first.at + clock.Millis((25 * time.Hour).Milliseconds())
}

// ahead lists the next days in order; more says that others follow.
func ahead(days map[string]*comingDay) (out []*loyaltyv1.Expiration, more bool) {
	names := slices.Sorted(maps.Keys(days))
	for _, name := range names[:min(len(names), mostAhead)] {
		out = append(out, &loyaltyv1.Expiration{Time: timestamp(days[name].first.at), Points: days[name].points, Day: name})
	}
	return out, len(names) > mostAhead
}

// setNextExpire says when the next points end, and how many of them at that instant.
func setNextExpire(out *loyaltyv1.Account, next *moment) {
	if next != nil {
		out.NextExpireTime, out.NextExpirePoints = timestamp(next.at), next.points
	}
}

// nextOf is the first instant of days, nil if there are none.
func nextOf(days map[string]*comingDay) *moment {
	if len(days) == 0 {
		return nil
	}
	return &days[slices.Min(slices.Collect(maps.Keys(days)))].first
}

// nextEnd is when the next points of an account end, and how many, nil if none will. Lots lie on pages in the order of the months in which they end, so that few pages
// are read however many there are.
func nextEnd(b *ledger.Book) (*moment, error) {
	account := b.Account()
	var next moment
	note := next.note
	for _, i := range account.Idle {
		note(i.EndsAt, i.Free)
	}
	found := func() *moment {
		if next.points == 0 {
			return nil
		}
		return &next
	}
	if account.First == "" || !ledger.MayEnd(account.First, next.at) {
		return found(), nil
	}
	err := eachPage(b, func(p ledger.Page) bool {
		if !ledger.MayEnd(p.ID, next.at) {
			return false
		}
		for _, l := range p.Lots {
			if !l.Pending && l.FrozenAt == 0 {
				note(l.ExpiresAt, l.Open-l.Reserved)
			}
		}
		return true
	})
	return found(), err
}

// eachOpenLot calls each for the open lots in the order of their pages, until it returns false.
func eachOpenLot(b *ledger.Book, each func(ledger.Lot) bool) error {
	return eachPage(b, func(p ledger.Page) bool {
		for _, l := range p.Lots {
			if l.Open > 0 && !each(l) {
				return false
			}
		}
		return true
	})
}

// eachPage calls each for the pages from the first that has an open lot, until it returns false.
func eachPage(b *ledger.Book, each func(ledger.Page) bool) error {
	first := b.Account().First
	if first == "" {
		return nil
	}
	page, err := b.Page(first)
	for ok := true; ok && err == nil && each(page); {
		page, ok, err = b.After(page.ID)
	}
	return err
}
