package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/member"
	"renown.example/loyalty/referral"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// seen are the fingerprints of a device and of an address; either may be empty.
type seen struct{ device, address string }

// printer makes fingerprints under the key of the identifiers: whoever reads the tables cannot try addresses against them.
func (s *Server) printer() referral.Printer { return referral.NewPrinter(s.pepper) }

// seenWith makes fingerprints of what a request says. path is where it says it, with a dot, or empty.
func (s *Server) seenWith(path, device, address string) (seen, error) {
	out := seen{device: s.printer().Device(device)}
	if address == "" {
		return out, nil
	}
	var ok bool
	if out.address, ok = s.printer().Address(address); !ok {
		return out, fault.Invalid(path+"networkAddress", "it is no network address such as 198.51.100.7 or 2001:db8::1")
	}
	return out, nil
}

// see keeps that a member was seen.
func see(ctx context.Context, tx store.Writer, program, member string, with seen, at clock.Millis) error {
	for kind, print := range map[string]string{tables.PrintDevice: with.device, tables.PrintAddress: with.address} {
		if print == "" {
			continue
		}
		if err := keepPrint(ctx, tx, tables.PrintID(program, print, member), tables.Print{Program: program, Kind: kind, Print: print, Member: member, At: at}); err != nil {
			return err
		}
	}
	return nil
}

func keepPrint(ctx context.Context, tx store.Writer, name string, p tables.Print) error {
	row, err := tables.Prints.GetForUpdate(ctx, tx, name)
	if store.IsNotFound(err) {
		_, err = tables.Prints.Insert(ctx, tx, name, p)
		return err
	}
	if err != nil {
		return err
	}
	p.At = max(p.At, row.Value.At)
	row.Value = p
	_, err = tables.Prints.Put(ctx, tx, row)
	return err
}

// RecordSighting keeps that a member was seen with a device or an address.
func (s *Server) RecordSighting(ctx context.Context, req *loyaltyv1.RecordSightingRequest) (*loyaltyv1.RecordSightingResponse, error) {
	with, err := s.seenWith("", req.GetDevice(), req.GetNetworkAddress())
	if err != nil {
		return nil, err
	}
	// What is kept of the request for its key must not give an address away.
	digest := proto.CloneOf(req)
	digest.Device, digest.NetworkAddress = with.device, with.address
	return book.Do(ctx, s.books, digest, func(ctx context.Context, u *book.Unit) (*loyaltyv1.RecordSightingResponse, error) {
		row, _, err := activeMember(ctx, u.Tx, req.GetProgram(), req.GetMember())
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.RecordSightingResponse{}, see(ctx, u.Tx, req.GetProgram(), row.ID, with, u.Now)
	})
}

// alias is the row of an e-mail address that is another spelling of one that reaches the same person; ok says that it is. The plain spelling needs none: it is found
// among the identifiers.
func (s *Server) alias(program string, i tables.Identifier) (name, print string, ok bool) {
	kind := member.Kind(i.Kind)
	if referral.Alike(kind, i.Value) == i.Value {
		return "", "", false
	}
	print = s.printer().Likeness(kind, i.Value)
	return tables.PrintID(program, print, s.identifierID(program, i)), print, true
}

// likenesses are what a member's identifiers have in common with others.
func (s *Server) likenesses(p tables.Profile) (out []string) {
	for _, i := range p.Identifiers {
		out = append(out, s.printer().Likeness(member.Kind(i.Kind), i.Value))
	}
	return out
}

// twins are the members who have another spelling of an identifier.
func (s *Server) twins(ctx context.Context, tx store.Reader, program string, i tables.Identifier) (out []string, err error) {
	kind := member.Kind(i.Kind)
	plain := tables.Identifier{Kind: i.Kind, Value: referral.Alike(kind, i.Value)}
	use, err := tables.Identifiers.Get(ctx, tx, s.identifierID(program, plain))
	if err != nil && !store.IsNotFound(err) {
		return nil, err
	}
	if err == nil {
		out = append(out, use.Value.Member)
	}
	rows, err := printsOf(ctx, tx, program, s.printer().Likeness(kind, i.Value))
	for _, row := range rows {
		out = append(out, row.Value.Member)
	}
	return out, err
}

// printsOf are the rows of a fingerprint, as many as a decision needs to see.
func printsOf(ctx context.Context, tx store.Reader, program, print string) ([]store.Row[tables.Print], error) {
	prefix := program + "/" + print
	page, err := tables.Prints.Find(ctx, tx, store.Query{From: prefix + "/", Before: prefix + "0"})
	return page.Rows, err
}

// printsFor calls each for the rows of a member's fingerprints. each deletes them or makes them another member's.
func printsFor(ctx context.Context, tx store.Writer, member string, each func(row store.Row[tables.Print]) error) error {
	for {
		page, err := tables.Prints.Find(ctx, tx, store.Query{Index: "by_member", Equal: []any{member}})
		if err != nil || len(page.Rows) == 0 {
			return err
		}
		for _, row := range page.Rows {
			if err := each(row); err != nil {
				return err
			}
		}
	}
}

// handOverPrints makes the sightings of a member those of another. Aliases went with their identifiers.
func handOverPrints(ctx context.Context, tx store.Writer, from, to string) error {
	return printsFor(ctx, tx, from, func(row store.Row[tables.Print]) error {
		if err := tables.Prints.Delete(ctx, tx, row); err != nil {
			return err
		}
		p := row.Value
		p.Member = to
		return keepPrint(ctx, tx, tables.PrintID(p.Program, p.Print, to), p)
	})
}

// forgetReferrals takes away by what a member could be recognised, and the code that friends had of them.
func forgetReferrals(ctx context.Context, tx store.Writer, member string) error {
	if err := printsFor(ctx, tx, member, func(row store.Row[tables.Print]) error { return tables.Prints.Delete(ctx, tx, row) }); err != nil {
		return err
	}
	code, err := tables.ReferralCodes.First(ctx, tx, store.Query{Index: "by_member", Equal: []any{member}})
	if err != nil {
		return orNil(err, store.IsNotFound(err))
	}
	return tables.ReferralCodes.Delete(ctx, tx, code)
}
