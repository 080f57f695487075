package server

import (
	"context"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/store/engine"
	"renown.example/kit/store/enginetest"
	"renown.example/kit/telemetry"
	"renown.example/loyalty/book"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// counter is a server with a member who has 500 points, and a reward for 100 of which there are five.
type counter struct {
	*Server
	member string
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Options{Format: "json", Output: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	db, err := engine.Open(t.Context(), engine.Config{Data: t.TempDir(), MongoDBURI: enginetest.FreshURI(t, "loyalty")}, tel, "loyalty", tables.Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &counter{}
	fake := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))
	if c.Server, err = New(t.Context(), Options{DB: db, Clock: fake, Logger: tel.Logger, Currency: "EUR", TimeZone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	m, err := c.CreateMember(ctx, &loyaltyv1.CreateMemberRequest{Program: "customers", DisplayName: "Ida"})
	if err != nil {
		t.Fatal(err)
	}
	c.member = m.GetMember().GetName()[len(memberName("customers", "")):]
	if _, err = c.AdjustPoints(ctx, &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: c.member, Points: 500, Reason: "A gift"}); err != nil {
		t.Fatal(err)
	}
	five := int64(5)
	_, err = c.CreateReward(ctx, &loyaltyv1.CreateRewardRequest{
		Program: "customers", RewardId: "mug", Kind: loyaltyv1.RewardKind_REWARD_KIND_GIFT, DisplayName: "A mug", Stock: &five,
		Prices: []*loyaltyv1.RewardPrice{{Points: 100}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// command runs fn as an order or a return would.
func (c *counter) command(t *testing.T, fn func(ctx context.Context, u *book.Unit) error) error {
	t.Helper()
	return c.DB.Update(t.Context(), func(ctx context.Context, tx store.Writer) error { return book.Run(ctx, c.books, tx, fn) })
}

func (c *counter) pay(t *testing.T, member, redemption, order string) error {
	t.Helper()
	return c.command(t, func(ctx context.Context, u *book.Unit) error {
		_, err := c.payWith(ctx, u, "customers", member, redemption, order)
		return err
	})
}

// redeemed is a reserved redemption that pays for an order.
func (c *counter) redeemed(t *testing.T, order string) string {
	t.Helper()
	resp, err := c.ReserveReward(t.Context(), &loyaltyv1.ReserveRewardRequest{Program: "customers", Member: c.member, Reward: "mug"})
	if err != nil {
		t.Fatal(err)
	}
	id := resp.GetRedemption().GetName()[len(redemptionName("customers", "")):]
	if err := c.pay(t, c.member, id, order); err != nil {
		t.Fatal(err)
	}
	return id
}

// is fails the test unless the redemption, the points and the stock are as they should be.
func (c *counter) is(t *testing.T, when, redemption string, state reward.Phase, asked bool, available, left int64) {
	t.Helper()
	err := c.DB.View(t.Context(), func(ctx context.Context, tx store.Reader) error {
		red, err1 := tables.Redemptions.Get(ctx, tx, redemption)
		a, err2 := tables.Accounts.Get(ctx, tx, tables.AccountID(c.member, "points"))
		stock, err3 := tables.RewardStocks.Get(ctx, tx, tables.RewardID("customers", "mug"))
		for _, err := range []error{err1, err2, err3} {
			if err != nil {
				return err
			}
		}
		if b := a.Value.Ledger.Balances; red.Value.State != state || (red.Value.Asked != "") != asked || b.Available != available || b.Reserved != 0 || stock.Value.Left != left {
			t.Errorf("%s: %+v, %+v, %+v", when, red.Value, b, stock.Value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAReturnedOrderGivesPointsBackAsThePolicySays(t *testing.T) {
	for _, policy := range []reward.Restoring{reward.Restore, reward.Forfeit, reward.Ask} {
		t.Run(string(policy), func(t *testing.T) {
			c := newCounter(t)
			id := c.redeemed(t, "1001")
			c.is(t, "paid", id, reward.Committed, false, 400, 4)
			var restored int64
			var asked bool
			back := func() {
				t.Helper()
				err := c.command(t, func(ctx context.Context, u *book.Unit) (err error) {
					got, err := c.restoreFor(ctx, u, "customers", id, policy)
					restored, asked = got.restored, got.asked
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			back()
			switch policy {
			case reward.Restore:
				if restored != 100 || asked {
					t.Errorf("restored %d, asked %t", restored, asked)
				}
				c.is(t, "returned", id, reward.Reversed, false, 500, 5)
				if back(); restored != 0 {
					t.Errorf("restored %d once more", restored)
				}
				c.is(t, "returned twice", id, reward.Reversed, false, 500, 5)
			case reward.Forfeit:
				if restored != 0 || asked {
					t.Errorf("restored %d, asked %t", restored, asked)
				}
				c.is(t, "returned", id, reward.Committed, false, 400, 4)
			case reward.Ask:
				if restored != 0 || !asked {
					t.Errorf("restored %d, asked %t", restored, asked)
				}
				c.is(t, "returned", id, reward.Committed, true, 400, 4)
				c.decide(t, id)
			}
		})
	}
}

// decide keeps the points of one redemption spent, and gives those of another back.
func (c *counter) decide(t *testing.T, kept string) {
	t.Helper()
	ctx := t.Context()
	list, err := c.ListRedemptions(ctx, &loyaltyv1.ListRedemptionsRequest{Program: "customers", AwaitingDecision: true})
	if err != nil || len(list.GetRedemptions()) != 1 || !list.GetRedemptions()[0].GetAwaitingDecision() {
		t.Errorf("to decide: %v, %v", list, err)
	}
	keep := &loyaltyv1.KeepRedemptionRequest{Program: "customers", Redemption: kept, Reason: "It was used"}
	if _, err := c.KeepRedemption(ctx, keep); err != nil {
		t.Fatal(err)
	}
	c.is(t, "kept", kept, reward.Committed, false, 400, 4)
	if _, err := c.KeepRedemption(ctx, keep); !fault.Has(err, fault.IllegalState) {
		t.Errorf("kept twice: %v", err)
	}
	other := c.redeemed(t, "1002")
	if err := c.command(t, func(ctx context.Context, u *book.Unit) error {
		_, err := c.restoreFor(ctx, u, "customers", other, reward.Ask)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReverseRedemption(ctx, &loyaltyv1.ReverseRedemptionRequest{Program: "customers", Redemption: other, Reason: "It came back"}); err != nil {
		t.Fatal(err)
	}
	c.is(t, "reversed", other, reward.Reversed, false, 400, 4)
}

func TestARedemptionPaysForOneOrderOfItsMember(t *testing.T) {
	c := newCounter(t)
	id := c.redeemed(t, "1001")
	if err := c.pay(t, c.member, id, "1001"); err != nil {
		t.Error("the same order again:", err)
	}
	if err := c.pay(t, c.member, id, "1002"); !fault.Has(err, fault.IllegalState) {
		t.Errorf("another order: %v", err)
	}
	if err := c.pay(t, "somebody", id, "1001"); !fault.Has(err, fault.IllegalState) {
		t.Errorf("another member: %v", err)
	}
	if err := c.pay(t, c.member, "nothing", "1001"); !fault.Has(err, fault.NotFound) {
		t.Errorf("no redemption: %v", err)
	}
	c.is(t, "in the end", id, reward.Committed, false, 400, 4)
}

// What breaks in the middle of a redemption leaves nothing of it.
func TestARedemptionThatBreaksOffLeavesNothing(t *testing.T) {
	c := newCounter(t)
	var id string
	broken := fault.Unavailable.New("The process ends here.")
	err := c.command(t, func(ctx context.Context, u *book.Unit) error {
		row, err := c.reserve(ctx, u, redeeming{program: "customers", member: c.member, reward: "mug"})
		if err != nil {
			return err
		}
		id = row.ID
		if _, err := c.act(ctx, u, "customers", id, reward.Commit, func(*tables.Redemption) {}); err != nil {
			return err
		}
		return broken
	})
	if !fault.Has(err, fault.Unavailable) {
		t.Fatalf("ended with %v", err)
	}
	if _, err := c.GetRedemption(t.Context(), &loyaltyv1.GetRedemptionRequest{Program: "customers", Redemption: id}); !fault.Has(err, fault.NotFound) {
		t.Errorf("the redemption is there: %v", err)
	}
	next := c.redeemed(t, "1001")
	c.is(t, "afterwards", next, reward.Committed, false, 400, 4)
}
