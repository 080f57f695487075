package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/tables"
)

// ruleShelf remembers the programmes with their rules, made ready. It may be a moment behind: a command that gives points looks in
// its update whether it is.
type ruleShelf struct {
	mu    sync.Mutex
	age   map[string]int
	of    map[string]*ruleBook
	ready earning.Cache
}

// ruleBook is a programme with its rules as they were at an instant.
type ruleBook struct {
	id      string
	program tables.Program
	zone    calendar.Zone
	rules   []*earning.Compiled
	read    clock.Millis
	edition edition
}

// edition tells one state of a programme with its rules from another.
type edition struct {
	// program is the version of the programme's row, rules the revision of its rules.
	program, rules int64
}

func editionOf(ctx context.Context, tx store.Reader, programID string) (edition, error) {
	p, err := program(ctx, tx, programID)
	if err != nil {
		return edition{}, err
	}
	set, err := tables.RuleSets.Get(ctx, tx, programID)
	if store.IsNotFound(err) {
		err = nil
	}
	return edition{p.Version, set.Value.Revision}, err
}

// errFormer is what a command ends with that was about to decide by rules which are not in force any more: it is run again with those that are.
var errFormer = errors.New("loyalty: the rules have changed meanwhile")

// current ends a command that would decide by former rules. It is asked in the update in which the points are given: what was saved before that has begun decides.
func (b *ruleBook) current(ctx context.Context, u *book.Unit) error {
	now, err := u.Shared("rules/"+b.id, func() (any, error) { return editionOf(ctx, u.Tx, b.id) })
	if err == nil && now != b.edition {
		err = errFormer
	}
	return err
}

// mostFormer bounds how often a command is run again because the rules have changed: for two seconds in all.
const mostFormer = 20

// byRules runs fn with the rules of a programme, again if they have changed meanwhile.
func byRules[R any](ctx context.Context, s *Server, programID string, fn func(b *ruleBook) (R, error)) (R, error) {
	for attempt := 1; ; attempt++ {
		var out R
		b, err := s.ruleBook(ctx, programID)
		if err != nil {
			return out, err
		}
		if out, err = fn(b); !errors.Is(err, errFormer) {
			return out, err
		}
		if attempt == mostFormer {
			return out, fault.Conflict.New("The rules of the programme are being changed. Try again.")
		}
		s.rules.forget(programID)
		// The change may be in an update that is still being committed, so that nobody can read it yet. The disk decides for how long, not the service's clock.
		select {
		case <-time.After(time.Duration(attempt) * 10 * time.Millisecond):
		case <-ctx.Done():
			return out, fault.Of(ctx.Err())
		}
	}
}

// foreignRules is how long rules are believed that another process may have changed, in milliseconds.
const foreignRules = clock.Millis(1000)

func (r *ruleShelf) forget(program string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of, r.age = map[string]*ruleBook{}, map[string]int{}
	}
	delete(r.of, program)
	r.age[program]++
}

// ruleBook returns a programme with its rules.
func (s *Server) ruleBook(ctx context.Context, programID string) (*ruleBook, error) {
	s.rules.mu.Lock()
	known, age := s.rules.of[programID], s.rules.age[programID]
	s.rules.mu.Unlock()
	if known != nil && (store.Sole(s.DB) != nil || s.now()-known.read < foreignRules) {
		return known, nil
	}
	b, err := read(ctx, s, func(ctx context.Context, tx store.Reader) (*ruleBook, error) {
		p, err := program(ctx, tx, programID)
		if err != nil {
			return nil, err
		}
		b := &ruleBook{id: programID, program: p.Value, read: s.now()}
		if b.edition, err = editionOf(ctx, tx, programID); err != nil {
			return nil, err
		}
		if b.zone, err = calendar.LoadZone("timeZone", p.Value.TimeZone); err != nil {
			return nil, err
		}
		rows, err := tables.Rules.Find(ctx, tx, store.Query{From: programID + "/", Before: programID + "0", Limit: mostRules})
		if err != nil {
			return nil, err
		}
		for _, row := range rows.Rows {
			if row.Value.Rule.Version == 0 { // a draft
				continue
			}
			c, found := s.rules.ready.Compile(programID, row.Value.Rule)
			if len(found) > 0 {
				return nil, fault.Internal.New("the rule %s cannot be used: %s", row.ID, found)
			}
			b.rules = append(b.rules, c)
		}
		return b, nil
	})
	if err != nil {
		return nil, err
	}
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	if s.rules.of == nil {
		s.rules.of, s.rules.age = map[string]*ruleBook{}, map[string]int{}
	}
	if s.rules.age[programID] == age {
		s.rules.of[programID] = b
	}
	return b, nil
}
