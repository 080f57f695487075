package courier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"renown.example/loyalty/roster"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// aloft is how many portions are on their way at once: while one is written down, the next is there already. More would keep others from the service for longer.
const aloft = 2

// flight is a portion on its way.
type flight struct {
	rows []*roster.Row
	req  *loyaltyv1.ImportMembersRequest
	// key is made of file, run and position.
	key string
	// names are the identifiers of its members.
	names  map[roster.Identifier]bool
	landed chan struct{}
	resp   *loyaltyv1.ImportMembersResponse
	err    error
}

// fly sends what is left, and reports in the order of the list. Portions that share an identifier are never on their way at once: what stands first in the list comes
// first. When it breaks, the portion behind the one that is lost may have been done; each has a key of its own, and sent again it gets the answer that it had.
func (i *Import) fly(ctx context.Context, r *roster.Reader, at *position, report io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	var flying []*flight
	defer func() {
		stop()
		for _, f := range flying {
			<-f.landed
		}
	}()
	for from, ended := at.Totals.Members, false; ; {
		var next *flight
		if !ended {
			rows, end, err := take(r, i.Portion)
			if err != nil {
				return errors.Join(err, i.land(at, flying, report)) // what is on its way is reported all the same
			}
			if ended = end; len(rows) > 0 {
				next = i.flight(rows, fmt.Sprintf("%s-%s-%d", at.Job[:32], at.Run, from))
				from += int64(len(rows))
			}
		}
		n, most := 0, aloft
		if i.trial != nil {
			most = 1 // what one says the next is told
		}
		for n < len(flying) && (next == nil || len(flying)-n == most || next.meets(flying[n:])) {
			<-flying[n].landed
			n++
		}
		done := flying[:n:n]
		flying = flying[n:]
		if next != nil && !failed(done) {
			i.launch(ctx, next)
			flying = append(flying, next)
		}
		if err := i.land(at, done, report); err != nil {
			return err
		}
		if next == nil && ended {
			return nil
		}
	}
}

// flight makes a portion ready to be sent: the sound ones of some members.
func (i *Import) flight(rows []*roster.Row, key string) *flight {
	f := &flight{rows: rows, key: key, names: map[roster.Identifier]bool{}, landed: make(chan struct{})}
	f.req = &loyaltyv1.ImportMembersRequest{Program: i.Program, Source: i.Source, ValidateOnly: i.DryRun}
	for _, row := range rows {
		if len(row.Problems) > 0 {
			continue
		}
		f.req.Members = append(f.req.Members, Message(row))
		for _, name := range row.Identifiers {
			f.names[name] = true
		}
	}
	return f
}

// meets reports whether a member of the portion is in one of the others too.
func (f *flight) meets(others []*flight) bool {
	for _, o := range others {
		for name := range f.names {
			if o.names[name] {
				return true
			}
		}
	}
	return false
}

// launch sends a portion. Its channel is closed when the answer is there.
func (i *Import) launch(ctx context.Context, f *flight) {
	go func() {
		defer close(f.landed)
		if f.resp = (&loyaltyv1.ImportMembersResponse{}); len(f.req.GetMembers()) == 0 {
			return
		}
		send := i.Send
		if i.trial != nil {
			send = func(ctx context.Context, req *loyaltyv1.ImportMembersRequest, key string) (*loyaltyv1.ImportMembersResponse, error) {
				return i.trial.send(ctx, i, req, key)
			}
		}
		if f.resp, f.err = send(ctx, f.req, f.key); f.err == nil && len(f.resp.GetResults()) != len(f.req.GetMembers()) {
			f.err = fmt.Errorf("%d members were sent and %d answered", len(f.req.GetMembers()), len(f.resp.GetResults()))
		}
	}()
}

func failed(flights []*flight) bool {
	return slices.ContainsFunc(flights, func(f *flight) bool { return f.err != nil })
}

// land waits for portions and reports on them, as far as they were done.
func (i *Import) land(at *position, flights []*flight, report io.Writer) error {
	for _, f := range flights {
		if <-f.landed; f.err != nil {
			return f.err
		}
		if err := i.report(at, f.rows, f.resp, report); err != nil {
			return err
		}
	}
	return nil
}
