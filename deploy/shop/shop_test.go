package shop_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"renown.example/deploy/shop"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/rpc"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/loyalty"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var now = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// The script is made of its seed, goes forward, and everybody in it is invented.
func TestTheScript(t *testing.T) {
	script := shop.Script(shop.Seed, shop.Members, now)
	if d := cmp.Diff(shop.Script(shop.Seed, shop.Members, now), script, cmp.AllowUnexported(shop.Person{})); d != "" {
		t.Errorf("the same seed makes another script:\n%s", d)
	}
	members, orders, returns, debts := 0, map[string]time.Time{}, 0, 0
	before := now.AddDate(-2, 0, -2)
	for _, d := range script {
		if !d.At.After(before) || !d.At.Before(now) {
			t.Errorf("%s comes after %s", d.At, before)
		}
		before = d.At
		for _, p := range d.Joined {
			members++
			if !strings.HasPrefix(p.Phone, "+447700900") || len(p.Phone) != 13 || !strings.Contains(p.Email, "@example.") {
				t.Errorf("somebody might have %s or %s", p.Phone, p.Email)
			}
		}
		for _, o := range d.Orders {
			if o.At.After(d.At) || d.At.Sub(o.At) > 24*time.Hour || o.Cents() <= 0 {
				t.Errorf("%v is sent at %s", o, d.At)
			}
			orders[o.ID] = d.At
		}
		for _, r := range d.Returns {
			returns++
			if r.Debt {
				debts++
			}
			if at, ok := orders[r.Order]; !ok || !at.Before(d.At) {
				t.Errorf("%v comes back before it went", r)
			}
		}
	}
	t.Logf("%d members, %d orders, %d returns", members, len(orders), returns)
	if members != shop.Members || len(orders) < 3000 || len(orders) > 6000 || returns < len(orders)/30 || debts != 1 {
		t.Errorf("%d members, %d orders, %d returns, %d debts", members, len(orders), returns, debts)
	}
}

// played is a service on which a past was played.
type played struct {
	*loyalty.Service
	t       *testing.T
	clock   *clock.Fake
	minter  *auth.Minter
	members []string
}

func play(t *testing.T, script []shop.Day) *played {
	t.Helper()
	p := &played{t: t, clock: clock.NewFake(script[0].At.AddDate(0, -1, 0))}
	key := auth.GenerateKey()
	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: "test", Output: io.Discard})
	must(t, err)
	p.minter, err = auth.NewMinter(p.clock, key)
	must(t, err)
	p.Service, err = loyalty.New(t.Context(), loyalty.Config{
		Config: engine.Config{Data: t.TempDir()}, IdentityKeys: []auth.PublicKey{key.Public()}, WebsiteURL: "https://holmway.example",
	}, loyalty.Deps{Clock: p.clock, Telemetry: tel})
	must(t, err)
	t.Cleanup(func() { must(t, p.Close()) })
	p.members, err = shop.Play(t.Context(), shop.Stage{
		Manager: rpc.ActingAs(p.Conn(), p.minter, auth.Identity{Kind: auth.KindUser, Subject: "marta", Roles: []string{"manager", "admin"}}),
		Till:    rpc.ActingAs(p.Conn(), p.minter, auth.Identity{Kind: auth.KindApp, Subject: "till", Scopes: []string{"loyalty.read", "loyalty.write"}}),
		MoveTo:  func(at time.Time) { p.clock.Step(at.Sub(p.clock.Now())) }, Due: p.CatchUp,
	}, script)
	must(t, err)
	must(t, p.CatchUp(t.Context()))
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *played) admin() context.Context {
	p.t.Helper()
	ctx, err := rpc.As(context.Background(), p.minter, auth.Identity{Kind: auth.KindUser, Subject: "agnes", Roles: []string{"admin"}})
	must(p.t, err)
	return ctx
}

// sums are what all members hold together, and digest is what each of them holds, in the order in which they joined.
func (p *played) sums() (sums *loyaltyv1.Account, digest string) {
	p.t.Helper()
	sums = &loyaltyv1.Account{}
	hash := sha256.New()
	for _, m := range p.members {
		resp, err := loyaltyv1.NewMembersServiceClient(p.Conn()).GetMember(p.admin(), &loyaltyv1.GetMemberRequest{Program: "customers", Member: m})
		must(p.t, err)
		a := resp.GetMember().GetAccounts()[0]
		fmt.Fprintln(hash, a.GetAvailable(), a.GetPending(), a.GetReserved(), a.GetFrozen(), a.GetDebt(), a.GetLifetimeEarned(), a.GetLifetimeSpent(), a.GetLifetimeExpired(), a.GetEntries(),
			a.GetTier().GetTier())
		sums.Available, sums.Pending, sums.Reserved = sums.Available+a.GetAvailable(), sums.Pending+a.GetPending(), sums.Reserved+a.GetReserved()
		sums.Frozen, sums.Debt = sums.Frozen+a.GetFrozen(), sums.Debt+a.GetDebt()
		sums.LifetimeEarned, sums.LifetimeSpent, sums.LifetimeExpired = sums.LifetimeEarned+a.GetLifetimeEarned(), sums.LifetimeSpent+a.GetLifetimeSpent(), sums.LifetimeExpired+a.GetLifetimeExpired()
	}
	return sums, fmt.Sprintf("%x", hash.Sum(nil))
}

// isSound checks that the ledger is whole, and that what is owed by the report is what the members hold.
func (p *played) isSound(sums *loyaltyv1.Account) {
	p.t.Helper()
	for req := (&loyaltyv1.VerifyLedgerRequest{PageSize: 20_000}); ; {
		got, err := loyaltyv1.NewLedgerServiceClient(p.Conn()).VerifyLedger(p.admin(), req)
		must(p.t, err)
		if !got.GetWhole() {
			p.t.Fatalf("the ledger is not whole: %v", got)
		}
		if req.PageToken = got.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	got, err := loyaltyv1.NewReportsServiceClient(p.Conn()).GetLiability(p.admin(), &loyaltyv1.GetLiabilityRequest{Program: "customers"})
	must(p.t, err)
	h := got.GetLiability().GetHoldings()
	if h.GetAvailable() != sums.GetAvailable() || h.GetPending() != sums.GetPending() || h.GetReserved() != sums.GetReserved() || h.GetFrozen() != sums.GetFrozen() || h.GetDebt() != sums.GetDebt() {
		p.t.Errorf("owed are %v, held are %v", h, sums)
	}
}

// few is how many people take part where the whole shop would take too long; RENOWN_TEST_FULL plays all of it.
func few() int {
	if os.Getenv("RENOWN_TEST_FULL") != "" {
		return shop.Members
	}
	return 12
}

// Played twice, the past is the same: what everybody holds, and how many steps it took.
func TestThePastIsTheSameEachTime(t *testing.T) {
	script := shop.Script(shop.Seed, few(), now)
	if few() != shop.Members {
		script = script[:150]
	}
	first, second := play(t, script), play(t, script)
	sums, one := first.sums()
	_, two := second.sums()
	if one != two {
		t.Error("two plays of one script leave different balances")
	}
	first.isSound(sums)
}

// Everything that a manager may meet is there: tiers, points that expired, rewards of each end, reviews that wait, somebody in debt.
func TestThePastHasEverything(t *testing.T) {
	began := clock.System().Now()
	p := play(t, shop.Script(shop.Seed, few(), now))
	t.Logf("played in %s", clock.System().Now().Sub(began))
	sums, _ := p.sums()
	t.Logf("together they hold %v", sums)
	p.isSound(sums)
	if sums.GetAvailable() == 0 || sums.GetPending() == 0 || sums.GetFrozen() == 0 || sums.GetDebt() == 0 || sums.GetLifetimeSpent() == 0 || sums.GetLifetimeExpired() == 0 {
		t.Errorf("something is missing: %v", sums)
	}
	tiers := map[string]int{}
	for _, m := range p.members {
		resp, err := loyaltyv1.NewMembersServiceClient(p.Conn()).GetMember(p.admin(), &loyaltyv1.GetMemberRequest{Program: "customers", Member: m})
		must(t, err)
		tiers[resp.GetMember().GetAccounts()[0].GetTier().GetTier()]++
	}
	if len(tiers) < 3 {
		t.Errorf("the tiers are %v", tiers)
	}
	states := map[loyaltyv1.RedemptionState]int{}
	for token := ""; ; {
		list, err := loyaltyv1.NewRedemptionsServiceClient(p.Conn()).ListRedemptions(p.admin(), &loyaltyv1.ListRedemptionsRequest{Program: "customers", PageSize: 200, PageToken: token})
		must(t, err)
		for _, r := range list.GetRedemptions() {
			states[r.GetState()]++
		}
		if token = list.GetNextPageToken(); token == "" {
			break
		}
	}
	if states[loyaltyv1.RedemptionState_REDEMPTION_STATE_COMMITTED] == 0 || states[loyaltyv1.RedemptionState_REDEMPTION_STATE_CANCELLED] == 0 ||
		states[loyaltyv1.RedemptionState_REDEMPTION_STATE_EXPIRED] == 0 {
		t.Errorf("the redemptions are %v", states)
	}
	open, err := loyaltyv1.NewReviewsServiceClient(p.Conn()).ListReviews(p.admin(), &loyaltyv1.ListReviewsRequest{Program: "customers"})
	must(t, err)
	if len(open.GetReviews()) < 2 {
		t.Errorf("%d reviews wait", len(open.GetReviews()))
	}
	t.Logf("tiers %v, redemptions %v, %d reviews", tiers, states, len(open.GetReviews()))
}
