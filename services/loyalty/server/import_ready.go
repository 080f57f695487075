package server

import (
	"context"

	"renown.example/kit/store"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// readied is a portion of an import as it was made ready before its update, which everybody else waits for: members were read, and whoever is not there yet has a key and
// a hidden profile.
type readied struct {
	// version is that of the programme by which it was done.
	version  int64
	arrivals []*arrival
}

// ready makes a portion ready. What goes wrong is left for the update to find, which is the one that answers; so is who seems to be there already.
func (s *Server) ready(ctx context.Context, req *loyaltyv1.ImportMembersRequest) readied {
	r, err := read(ctx, s, func(ctx context.Context, tx store.Reader) (readied, error) {
		p, err := s.portion(ctx, tx, req)
		if err != nil {
			return readied{}, err
		}
		r := readied{version: p.version}
		// Who stands in the portion twice is a newcomer the first time only.
		names := map[string]bool{}
		for _, given := range req.GetMembers() {
			a := p.read(given)
			if len(a.problems) == 0 {
				if err := p.welcome(ctx, tx, a, names); err != nil {
					return readied{}, err
				}
			}
			r.arrivals = append(r.arrivals, a)
		}
		return r, nil
	})
	if err != nil {
		return readied{}
	}
	return r
}

// welcome makes a newcomer of an arrival if nobody has one of the identifiers or is named by one, and adds those to names.
func (p *portion) welcome(ctx context.Context, tx store.Reader, a *arrival, names map[string]bool) error {
	n, err := p.s.newcomer(p.id, a.profile, p.now)
	if err != nil {
		return err
	}
	there := false
	for _, name := range n.names {
		there = there || names[name]
		names[name] = true
	}
	for i := 0; i < len(n.names) && !there; i++ {
		_, err := tables.Identifiers.Get(ctx, tx, n.names[i])
		if err != nil && !store.IsNotFound(err) {
			return err
		}
		there = err == nil
	}
	for i := 0; i < len(a.profile.Identifiers) && !there; i++ {
		if _, there, err = p.named(ctx, tx, a.profile.Identifiers[i]); err != nil {
			return err
		}
	}
	if !there {
		a.newcomer = n
	}
	return nil
}
