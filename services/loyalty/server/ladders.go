package server

import (
	"context"
	"sync"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/store/kept"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/tier"
)

// A version of tiers comes into force a little after it is saved: by then every update that is under way has been committed, and everybody knows of it.
const (
	soon = clock.Millis(1000)
	// soonElsewhere is for databases that other processes use too, which look for news once in newsAfter.
	soonElsewhere = clock.Millis(5000)
	newsAfter     = clock.Millis(1000)
)

// ladders are the tiers of all programmes' wallets, in memory: they are asked for in every step. They are read anew after this process has changed them, and
// where others can too, from time to time.
type ladders struct {
	mu     sync.Mutex
	known  map[string]tier.Ladder
	readAt clock.Millis
	// seen is the commit up to which they are known, where no other process writes.
	seen int64
}

func ladderKey(program, wallet string) string { return program + "/" + wallet }

// ladder returns the tiers of a wallet.
func (s *Server) ladder(ctx context.Context, tx store.Reader, program, wallet string) (tier.Ladder, error) {
	kept.Uses(tx, tables.TierVersions.Spec())
	l := &s.ladders
	l.mu.Lock()
	known, fresh := l.known, l.known != nil && s.laddersHold(l.seen, l.readAt)
	l.mu.Unlock()
	if !fresh {
		var err error
		if known, err = readLadders(ctx, tx); err != nil {
			return tier.Ladder{}, err
		}
		var seen int64
		if s.sole != nil {
			if seen = s.sole.Seen(tx); seen < 0 {
				return known[ladderKey(program, wallet)], nil
			}
		}
		l.mu.Lock()
		l.known, l.readAt, l.seen = known, s.now(), seen
		l.mu.Unlock()
	}
	return known[ladderKey(program, wallet)], nil
}

// laddersHold reports whether ladders that were read at an instant, in a transaction that saw a commit, may be gone by.
func (s *Server) laddersHold(seen int64, at clock.Millis) bool {
	if s.sole == nil {
		return s.now() < at+newsAfter
	}
	return s.sole.Touched(s.tierVersions) <= seen
}

// changed has the tiers read anew.
func (l *ladders) changed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = nil
}

func readLadders(ctx context.Context, tx store.Reader) (map[string]tier.Ladder, error) {
	known, zones := map[string]tier.Ladder{}, map[string]calendar.Zone{}
	for q := (store.Query{}); ; {
		p, err := tables.TierVersions.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		for _, row := range p.Rows {
			v := row.Value
			zone, ok := zones[v.Program]
			if !ok {
				prog, err := program(ctx, tx, v.Program)
				if err != nil {
					return nil, err
				}
				if zone, err = calendar.LoadZone("timeZone", prog.Value.TimeZone); err != nil {
					return nil, err
				}
				zones[v.Program] = zone
			}
			l := known[ladderKey(v.Program, v.Wallet)]
			l.Zone, l.Versions = zone, append(l.Versions, v.Structure)
			known[ladderKey(v.Program, v.Wallet)] = l
		}
		if p.Next == "" {
			return known, nil
		}
		q.After = p.Next
	}
}

// structureOf returns the structure of a wallet, false if it has none.
func structureOf(ctx context.Context, tx store.Reader, program, wallet string) (store.Row[tables.TierStructure], bool, error) {
	p, err := tables.TierStructures.Find(ctx, tx, store.Query{From: program + "/", Before: program + "0"})
	if err != nil {
		return store.Row[tables.TierStructure]{}, false, err
	}
	for _, row := range p.Rows {
		if wallet == "" || row.Value.Wallet == wallet {
			return row, true, nil
		}
	}
	return store.Row[tables.TierStructure]{}, false, nil
}

// mayMove refuses to move a programme to another time zone once it has tiers: the days that count for them have begun by the zone that it has.
func (s *Server) mayMove(ctx context.Context, tx store.Reader, row store.Row[tables.Program], zone string) error {
	if zone == row.Value.TimeZone {
		return nil
	}
	_, found, err := structureOf(ctx, tx, row.ID, "")
	if err == nil && found {
		err = fault.IllegalState.New("The programme has tiers, which count days by the time zone %s: it cannot be changed any more.", row.Value.TimeZone).
			With(fault.Field{Path: "timeZone", Message: "Leave it at " + row.Value.TimeZone + "."})
	}
	return err
}
