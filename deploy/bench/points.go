package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/rpc"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// pointsHouse is a loyalty service in a process of its own, with members who earn points.
type pointsHouse struct {
	*installation
	// calls is where it answers gRPC.
	calls   string
	minter  *auth.Minter
	conn    rpc.Conn
	members []string
	// bare is a copy of its database, as it was before anything was measured.
	bare string
	// accruals are what the rows about accruals share, costs how much processor time an accrual took, in microseconds.
	accruals []pair
	costs    []float64
	// rounds counts what was asked of it, trips the redemptions of the traveller, who has 10,000 lots.
	rounds, trips int
	traveller     string
	// importing is how long it took to import so many members, from a list of so many bytes, and what a member cost in microseconds of processor time.
	importing  time.Duration
	imported   int
	listBytes  int64
	importCost float64
}

// shop is the partner that gives points; boss is who makes rules.
var (
	shop = auth.Identity{Kind: auth.KindApp, Subject: "bench-shop", Scopes: []string{"loyalty.read", "loyalty.write"}}
	boss = auth.Identity{Kind: auth.KindUser, Subject: "bench-manager", Roles: []string{"manager"}}
)

// customers is the programme that is measured.
const customers = "customers"

// importPortion is how many members come in one request.
const importPortion = 500

// pointsRunning returns the loyalty service; it is stopped at the end of the run.
func (b *benchmark) pointsRunning(ctx context.Context) (*pointsHouse, error) {
	if err := b.halt(); err != nil {
		return nil, err
	}
	if b.points != nil {
		return b.points, b.points.start(ctx)
	}
	h, err := b.newPoints(ctx)
	if err != nil {
		return nil, err
	}
	b.points = h
	return h, nil
}

// newHouse starts a loyalty service in a new folder.
func (b *benchmark) newHouse(ctx context.Context, name string) (*pointsHouse, error) {
	binary, err := b.build(ctx, "renown.example/loyalty/cmd/loyalty")
	if err != nil {
		return nil, err
	}
	at, err := freeAddresses(2)
	if err != nil {
		return nil, err
	}
	key := auth.GenerateKey()
	h := &pointsHouse{calls: at[0]}
	if h.minter, err = auth.NewMinter(clk, key); err != nil {
		return nil, err
	}
	folder := filepath.Join(b.work, name)
	h.installation = &installation{bench: b, folder: folder, binary: binary, ready: at[1], admin: at[1], untraced: true, args: []string{
		"--data", folder, "--listen", at[0], "--admin", at[1], "--identity-keys", key.Public().String(), "--website-url", "http://127.0.0.1:8080", "--log-level", "info",
	}}
	return h, h.start(ctx)
}

// start starts the service and connects to it.
func (h *pointsHouse) start(ctx context.Context) error {
	err := h.installation.start(ctx)
	if err == nil {
		h.conn, err = rpc.Dial(h.calls, rpc.DialOptions{})
	}
	return err
}

// stop ends both.
func (h *pointsHouse) stop() error {
	if h.cmd == nil {
		return nil
	}
	return errors.Join(h.conn.Close(), h.installation.stop())
}

// newPoints starts a loyalty service, and fills it through its own RPCs.
func (b *benchmark) newPoints(ctx context.Context) (*pointsHouse, error) {
	h, err := b.newHouse(ctx, "points")
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(b.progress, "  enrolling %d members\n", b.members)
	err = h.fill(ctx, b.members)
	if err = errors.Join(err, h.stop()); err != nil {
		return nil, err
	}
	h.bare = filepath.Join(b.work, "points-bare.db")
	if err := copyFile(filepath.Join(h.folder, "loyalty.db"), h.bare); err != nil {
		return nil, err
	}
	return h, h.start(ctx)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func (h *pointsHouse) as(ctx context.Context, who auth.Identity, key string) (context.Context, error) {
	ctx, err := rpc.As(ctx, h.minter, who)
	return rpc.WithIdempotencyKey(ctx, key), err
}

// fill makes a rule that gives points for a visit, and members. The first ones have come as often as their number says: what that leaves is what the bare writer
// writes.
func (h *pointsHouse) fill(ctx context.Context, members int) error {
	as, err := h.as(ctx, boss, "rule")
	if err != nil {
		return err
	}
	_, err = loyaltyv1.NewEarningRulesServiceClient(h.conn).CreateEarningRule(as, &loyaltyv1.CreateEarningRuleRequest{
		Program: customers, RuleId: "visit", Terms: &loyaltyv1.EarningRuleTerms{
			DisplayName: "A visit", Trigger: "visit", Form: "fixed", Value: "10", Stacking: "all", Life: "rolling P12M",
		},
	})
	if err != nil {
		return err
	}
	for from := 0; from < members; from += importPortion {
		if err := h.enrol(ctx, from, min(from+importPortion, members)); err != nil {
			return err
		}
	}
	for k := range mostLots {
		for n := range k + 1 {
			if err := h.visit(ctx, h.members[k], fmt.Sprintf("sample-%02d-%012d", k, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *pointsHouse) enrol(ctx context.Context, from, to int) error {
	as, err := h.as(ctx, shop, fmt.Sprintf("members-%d", from))
	if err != nil {
		return err
	}
	req := &loyaltyv1.ImportMembersRequest{Program: customers}
	for n := from; n < to; n++ {
		req.Members = append(req.Members, &loyaltyv1.ImportedMember{Identifiers: []*loyaltyv1.MemberIdentifier{
			{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EXTERNAL, Value: cardOf(n)},
		}})
	}
	resp, err := loyaltyv1.NewMembersServiceClient(h.conn).ImportMembers(as, req)
	if err != nil {
		return err
	}
	for _, r := range resp.GetResults() {
		if r.GetMember() == "" {
			return fmt.Errorf("a member was refused: %v", r.GetProblems())
		}
		h.members = append(h.members, filepath.Base(r.GetMember()))
	}
	return nil
}

// cardOf is the external id of the n-th member.
func cardOf(n int) string { return fmt.Sprintf("K-%09d", n) }

func (h *pointsHouse) visit(ctx context.Context, member, event string) error {
	as, err := h.as(ctx, shop, event)
	if err != nil {
		return err
	}
	_, err = loyaltyv1.NewOrdersServiceClient(h.conn).AccruePoints(as, visitOf(member, event))
	return err
}

func visitOf(member, event string) *loyaltyv1.AccruePointsRequest {
	return &loyaltyv1.AccruePointsRequest{Program: customers, Member: member, Event: &loyaltyv1.EventInput{EventId: event, Type: "visit"}}
}
