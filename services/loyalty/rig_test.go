package loyalty_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/rpctest"
	"renown.example/kit/store/engine"
	"renown.example/kit/store/enginetest"
	"renown.example/kit/telemetry"
	"renown.example/loyalty"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// rig is a loyalty service on a clock that the test steps.
type rig struct {
	clock  *clock.Fake
	minter *auth.Minter
	config loyalty.Config
	deps   loyalty.Deps
	*loyalty.Service
	stop func()

	programs     loyaltyv1.ProgramsServiceClient
	members      loyaltyv1.MembersServiceClient
	points       loyaltyv1.PointsServiceClient
	events       loyaltyv1.LoyaltyEventsServiceClient
	reports      loyaltyv1.ReportsServiceClient
	statements   loyaltyv1.StatementsServiceClient
	tiers        loyaltyv1.TiersServiceClient
	reviews      loyaltyv1.ReviewsServiceClient
	rules        loyaltyv1.EarningRulesServiceClient
	orders       loyaltyv1.OrdersServiceClient
	rewards      loyaltyv1.RewardsServiceClient
	redemptions  loyaltyv1.RedemptionsServiceClient
	achievements loyaltyv1.AchievementsServiceClient
	explain      loyaltyv1.ExplanationsServiceClient
	ledger       loyaltyv1.LedgerServiceClient
	referrals    loyaltyv1.ReferralsServiceClient
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{clock: clock.NewFake(start)}
	tel, err := telemetry.New(t.Context(), telemetry.Options{Format: "json", Output: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	key := auth.GenerateKey()
	if r.minter, err = auth.NewMinter(r.clock, key); err != nil {
		t.Fatal(err)
	}
	r.deps = loyalty.Deps{Clock: r.clock, Telemetry: tel}
	r.config = loyalty.Config{Config: engine.Config{Data: t.TempDir(), MongoDBURI: enginetest.FreshURI(t, "loyalty")}, IdentityKeys: []auth.PublicKey{key.Public()}, WebsiteURL: "https://www.northwind.example"}
	r.open(t)
	t.Cleanup(func() { r.close(t) })
	return r
}

// open starts the service on the rig's folder.
func (r *rig) open(t testing.TB) {
	t.Helper()
	var err error
	if r.Service, err = loyalty.New(t.Context(), r.config, r.deps); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	service := r.Service
	running.Go(func() { service.Run(ctx) })
	r.stop = func() { cancel(); running.Wait() }
	c := rpctest.Enduring(r.Conn())
	r.rules, r.orders = loyaltyv1.NewEarningRulesServiceClient(c), loyaltyv1.NewOrdersServiceClient(c)
	r.rewards, r.redemptions = loyaltyv1.NewRewardsServiceClient(c), loyaltyv1.NewRedemptionsServiceClient(c)
	r.programs, r.members = loyaltyv1.NewProgramsServiceClient(c), doubted{loyaltyv1.NewMembersServiceClient(c), t}
	r.points, r.events = loyaltyv1.NewPointsServiceClient(c), loyaltyv1.NewLoyaltyEventsServiceClient(c)
	r.reports, r.statements = loyaltyv1.NewReportsServiceClient(c), loyaltyv1.NewStatementsServiceClient(c)
	r.referrals = loyaltyv1.NewReferralsServiceClient(c)
	r.achievements = loyaltyv1.NewAchievementsServiceClient(c)
	r.explain = loyaltyv1.NewExplanationsServiceClient(c)
	r.tiers, r.reviews, r.ledger = loyaltyv1.NewTiersServiceClient(c), loyaltyv1.NewReviewsServiceClient(c), loyaltyv1.NewLedgerServiceClient(c)
}

// wallets gives the customers' programme its wallets, of which the first is the usual one.
func (r *rig) wallets(t testing.TB, ids ...string) {
	t.Helper()
	req := &loyaltyv1.UpdateProgramRequest{Program: "customers", DisplayName: "Customers", TimeZone: "UTC"}
	for _, id := range ids {
		req.Wallets = append(req.Wallets, &loyaltyv1.Wallet{Id: id, Singular: strings.TrimSuffix(id, "s"), Plural: id})
	}
	if _, err := r.programs.UpdateProgram(r.manager(t, "wallets"), req); err != nil {
		t.Fatal(err)
	}
}

// close closes the service. Whatever a test has done, the ledger that it leaves is whole.
func (r *rig) close(t testing.TB) {
	t.Helper()
	r.stop()
	r.documented(t)
	if v := r.verified(t, 20_000); !v.GetWhole() {
		t.Errorf("the ledger is not whole: %v", v)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// restart closes the service and opens it again.
func (r *rig) restart(t testing.TB) {
	t.Helper()
	r.close(t)
	r.open(t)
}

func (r *rig) as(t testing.TB, i auth.Identity) context.Context {
	t.Helper()
	// A test's context has ended when what it leaves behind is looked at.
	ctx, err := rpc.As(context.WithoutCancel(t.Context()), r.minter, i)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// manager is a programme manager, with an idempotency key if one is given.
func (r *rig) manager(t testing.TB, key ...string) context.Context {
	return keyed(r.as(t, auth.Identity{Kind: auth.KindUser, Subject: "marta", Roles: []string{"manager"}}), key)
}

// shop is a partner's app, with an idempotency key if one is given.
func (r *rig) shop(t testing.TB, key ...string) context.Context {
	return keyed(r.as(t, auth.Identity{Kind: auth.KindApp, Subject: "shop", Scopes: []string{"loyalty.read", "loyalty.write"}}), key)
}

func keyed(ctx context.Context, key []string) context.Context {
	for _, k := range key {
		ctx = rpc.WithIdempotencyKey(ctx, k)
	}
	return ctx
}

// enrol adds a member to the customers' programme and returns the id.
func (r *rig) enrol(t testing.TB, key string, identifiers ...*loyaltyv1.MemberIdentifier) string {
	t.Helper()
	resp, err := r.members.CreateMember(r.shop(t, "enrol-"+key), &loyaltyv1.CreateMemberRequest{Program: "customers", DisplayName: key, Identifiers: identifiers})
	if err != nil {
		t.Fatal(err)
	}
	name := resp.GetMember().GetName()
	return name[len("programs/customers/members/"):]
}

// account returns a member's usual account.
func (r *rig) account(t testing.TB, member string) *loyaltyv1.Account {
	t.Helper()
	resp, err := r.members.GetMember(r.shop(t), &loyaltyv1.GetMemberRequest{Program: "customers", Member: member})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetMember().GetAccounts()[0]
}

// refused fails the test unless err is of the reason.
func refused(t testing.TB, what string, err error, reason fault.Reason) {
	t.Helper()
	if !fault.Has(err, reason) {
		t.Errorf("%s: got %v, want %s", what, err, reason.Name)
	}
}

// asked sends a request again, with the same key, as long as it lost a race for a row on a server where updates run beside each other.
func asked(send func() error) (err error) {
	for range 5 {
		if err = send(); !fault.Has(err, fault.Conflict) && !fault.Has(err, fault.Unavailable) {
			return err
		}
	}
	return err
}
