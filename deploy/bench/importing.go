package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"renown.example/kit/rpc"
	"renown.example/loyalty/courier"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// importing measures the import of a list of members with their balances into an empty service, as the members command does it.
func importing(ctx context.Context, b *benchmark) (result, error) {
	h, err := b.crowdRunning(ctx)
	if err != nil {
		return result{}, err
	}
	per := float64(h.imported) / h.importing.Seconds()
	return result{Value: spreadOf([]float64{h.importing.Seconds() * 1e6 / float64(h.imported)}), Notes: []string{
		fmt.Sprintf("%d members with two identifiers and a balance with its dates, from a CSV file of %d MB, in %s: %.0f a second; reading the list, a request for each 500 members over gRPC and the report on each are in it",
			h.imported, h.listBytes/1_000_000, h.importing.Round(time.Millisecond), per),
		fmt.Sprintf("the value is the time for a million at that speed; the service took %.0f us of processor time for a member", h.importCost),
	}}, nil
}

// crowdRunning returns a loyalty service into which many members were imported. The import was measured.
func (b *benchmark) crowdRunning(ctx context.Context) (*pointsHouse, error) {
	if err := b.halt(); err != nil {
		return nil, err
	}
	if b.crowd != nil {
		return b.crowd, b.crowd.start(ctx)
	}
	h, err := b.newHouse(ctx, "crowd")
	if err != nil {
		return nil, err
	}
	list := filepath.Join(b.work, "members.csv")
	if h.listBytes, err = writeList(list, b.imported); err != nil {
		return nil, err
	}
	fmt.Fprintf(b.progress, "  importing %d members\n", b.imported)
	job := &courier.Import{
		File: list, Report: list + ".report.jsonl", Program: customers, Source: "till",
		Send: func(ctx context.Context, req *loyaltyv1.ImportMembersRequest, key string) (*loyaltyv1.ImportMembersResponse, error) {
			as, err := h.as(ctx, shop, key)
			if err != nil {
				return nil, err
			}
			return loyaltyv1.NewMembersServiceClient(h.conn).ImportMembers(as, req)
		},
	}
	began, before := clk.Now(), processorTime(h.cmd.Process.Pid)
	var done courier.Totals
	_, err = profiled(ctx, b, h.admin, "import", func(ctx context.Context) (_ loadResult, err error) {
		done, err = job.Run(ctx)
		return loadResult{}, err
	})(ctx)
	if err == nil && done.Created != int64(b.imported) {
		err = fmt.Errorf("%d of %d members were enrolled", done.Created, b.imported)
	}
	if err != nil {
		return nil, errors.Join(err, h.stop())
	}
	h.importing, h.imported = clk.Now().Sub(began), b.imported
	h.importCost = float64((processorTime(h.cmd.Process.Pid) - before).Microseconds()) / float64(b.imported)
	b.crowd = h
	return h, nil
}

// writeList writes a list of members and returns how long it is, in bytes.
func writeList(file string, members int) (int64, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "external,email,name,points,issued,expires")
	now := clk.Now().UTC()
	for n := range members {
		fmt.Fprintf(w, "%s,m%d@example.org,Member %d,%d,%s,%s\n", cardOf(n), n, n, 1+n%5000, now.AddDate(0, 0, -1-n%300).Format(time.DateOnly), now.AddDate(0, 0, 30+n%330).Format(time.DateOnly))
	}
	err = w.Flush()
	info, e := f.Stat()
	if err = errors.Join(err, e, f.Close()); err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// idle waits until the service has done what follows from an import, such as counting it in reports.
func (h *pointsHouse) idle(ctx context.Context) error {
	const look = 500 * time.Millisecond
	for before := processorTime(h.cmd.Process.Pid); ; {
		select {
		case <-clk.After(look):
		case <-ctx.Done():
			return ctx.Err()
		}
		now := processorTime(h.cmd.Process.Pid)
		if now-before < look/20 {
			return nil
		}
		before = now
	}
}

// lookupRate is how many members are looked up a second while it is measured how long that takes: more than the tills of any one shop ask for.
const lookupRate = 500

// lookup measures how long it takes to find a member by an identifier, among many: at a rate, and with clients that ask again at once, which tells the most it can do.
func lookup(ctx context.Context, b *benchmark) (result, error) {
	h, err := b.crowdRunning(ctx)
	if err != nil {
		return result{}, err
	}
	if err := h.idle(ctx); err != nil {
		return result{}, err
	}
	members := loyaltyv1.NewMembersServiceClient(h.conn)
	var atRate, most measured
	for range b.rounds {
		as, err := rpc.As(ctx, h.minter, shop)
		if err != nil {
			return result{}, err
		}
		look := func(n int64) error {
			// A step that has no divisor in common with their number goes through all of them.
			at := int(n * 7919 % int64(h.imported))
			_, err := members.LookupMember(as, &loyaltyv1.LookupMemberRequest{Program: customers, Identifier: &loyaltyv1.MemberIdentifier{
				Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EMAIL, Value: fmt.Sprintf("m%d@example.org", at),
			}})
			return err
		}
		full := func(ctx context.Context) (loadResult, error) { return many(ctx, connections, b.duration, look) }
		r, err := profiled(ctx, b, h.admin, "lookup", full)(ctx)
		if err != nil {
			return result{}, err
		}
		most.add(r)
		if r, err = paced(ctx, connections, lookupRate, b.duration, look); err != nil {
			return result{}, err
		}
		atRate.add(r)
	}
	return result{Ours: atRate.side("Renown"), Value: spreadOf(atRate.p99), Notes: []string{
		fmt.Sprintf("%d look-ups a second over gRPC, by e-mail address, among %d members; the answer has the member and the account; what follows from the import is done by then", lookupRate, h.imported),
		fmt.Sprintf("%d clients that ask again at once get %s a second, %s ms p99", connections, spreadOf(most.perSecond), spreadOf(most.p99)),
	}}, nil
}
