//go:build unix

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
)

// deed is a request about points, and what was answered. Sent again it is the same, with the same key.
type deed struct {
	key, member string
	send        func(ctx context.Context, c *api.Conn, opts ...grpc.CallOption) (proto.Message, error)
	// learn takes from the reply what the next deeds need.
	learn func(reply proto.Message)
	reply proto.Message
	// refused is the reason for which it was refused for good.
	refused string
}

// purse is what a member must have according to what was acknowledged.
type purse struct{ available, reserved, entries int64 }

// count adds what a reply says has moved.
func (p *purse) count(reply proto.Message) {
	var legs []*loyaltyv1.Leg
	switch r := reply.(type) {
	case *loyaltyv1.AdjustPointsResponse:
		legs = r.GetEntry().GetLegs()
	case *loyaltyv1.RecordOrderResponse:
		legs = r.GetOrder().GetEntry().GetLegs()
	case *loyaltyv1.ReturnOrderResponse:
		legs = r.GetEntry().GetLegs()
	case *loyaltyv1.ReserveRewardResponse:
		p.available, p.reserved = p.available-r.GetRedemption().GetPoints(), p.reserved+r.GetRedemption().GetPoints()
	case *loyaltyv1.CommitRedemptionResponse:
		p.reserved -= r.GetRedemption().GetPoints()
	case *loyaltyv1.CancelRedemptionResponse:
		p.available, p.reserved = p.available+r.GetRedemption().GetPoints(), p.reserved-r.GetRedemption().GetPoints()
	case *loyaltyv1.ReverseRedemptionResponse:
		p.available += r.GetRedemption().GetPoints()
	}
	for _, l := range legs {
		if strings.HasSuffix(l.GetAccount(), "/available") {
			p.available += l.GetPoints()
		}
	}
	p.entries++
}

// till is somebody who does one thing about points after the other.
type till struct {
	rand    *rand.Rand
	name    string
	members []string
	n       int
	// orders can come back, held can be committed or cancelled, spent can be reversed.
	orders      []*deed
	held, spent []*loyaltyv1.Redemption
	// open is what was sent and not answered.
	open *deed
}

// customers is the programme about which all deeds are.
const customers = "customers"

func (w *till) next() *deed {
	w.n++
	d := &deed{key: fmt.Sprintf("%s-%d", w.name, w.n), member: w.members[w.rand.IntN(len(w.members))]}
	switch kind := w.rand.IntN(8); {
	case kind == 0:
		d.send = orderOf(d)
		d.learn = func(proto.Message) { w.orders = append(w.orders, d) }
	case kind == 1 && len(w.orders) > 0:
		of := pick(w.rand, &w.orders)
		d.member = of.member
		part := &loyaltyv1.ReturnOrderRequest{Program: customers, Order: of.key, ReturnId: d.key, Lines: []*loyaltyv1.ReturnedLine{{Line: "1", Quantity: "1"}}}
		if w.rand.IntN(2) == 0 {
			part.Lines = nil // all that is left
		}
		d.send = func(ctx context.Context, c *api.Conn, opts ...grpc.CallOption) (proto.Message, error) {
			return loyaltyv1.NewOrdersServiceClient(c).ReturnOrder(ctx, part, opts...)
		}
	case kind == 2:
		d.send = func(ctx context.Context, c *api.Conn, opts ...grpc.CallOption) (proto.Message, error) {
			return loyaltyv1.NewRedemptionsServiceClient(c).ReserveReward(ctx, &loyaltyv1.ReserveRewardRequest{Program: customers, Member: d.member, Reward: "mug", Minutes: 600}, opts...)
		}
		d.learn = func(reply proto.Message) {
			w.held = append(w.held, reply.(*loyaltyv1.ReserveRewardResponse).GetRedemption())
		}
	case kind == 3 && len(w.held) > 0:
		w.settle(d, pick(w.rand, &w.held))
	case kind == 4 && len(w.spent) > 0:
		of := pick(w.rand, &w.spent)
		d.member = of.GetMember()[strings.LastIndex(of.GetMember(), "/")+1:]
		d.send = func(ctx context.Context, c *api.Conn, opts ...grpc.CallOption) (proto.Message, error) {
			req := &loyaltyv1.ReverseRedemptionRequest{Program: customers, Redemption: last(of.GetName()), Reason: "It came broken"}
			return loyaltyv1.NewRedemptionsServiceClient(c).ReverseRedemption(ctx, req, opts...)
		}
	default:
		points := w.rand.Int64N(60) - 25
		if points == 0 {
			points = 1
		}
		d.send = func(ctx context.Context, c *api.Conn, opts ...grpc.CallOption) (proto.Message, error) {
			return loyaltyv1.NewPointsServiceClient(c).AdjustPoints(ctx, &loyaltyv1.AdjustPointsRequest{Program: customers, Member: d.member, Points: points, Reason: "By hand"}, opts...)
		}
	}
	return d
}

// settle commits or cancels what is held.
func (w *till) settle(d *deed, of *loyaltyv1.Redemption) {
	d.member = last(of.GetMember())
	if w.rand.IntN(3) == 0 {
		d.send = func(ctx context.Context, c *api.Conn, opts ...grpc.CallOption) (proto.Message, error) {
			return loyaltyv1.NewRedemptionsServiceClient(c).CancelRedemption(ctx, &loyaltyv1.CancelRedemptionRequest{Program: customers, Redemption: last(of.GetName())}, opts...)
		}
		return
	}
	d.send = func(ctx context.Context, c *api.Conn, opts ...grpc.CallOption) (proto.Message, error) {
		return loyaltyv1.NewRedemptionsServiceClient(c).CommitRedemption(ctx, &loyaltyv1.CommitRedemptionRequest{Program: customers, Redemption: last(of.GetName())}, opts...)
	}
	d.learn = func(reply proto.Message) { w.spent = append(w.spent, of) }
}

// orderOf records an order of three pieces for 30 and one for 5.
func orderOf(d *deed) func(context.Context, *api.Conn, ...grpc.CallOption) (proto.Message, error) {
	return func(ctx context.Context, c *api.Conn, opts ...grpc.CallOption) (proto.Message, error) {
		return loyaltyv1.NewOrdersServiceClient(c).RecordOrder(ctx, &loyaltyv1.RecordOrderRequest{Program: customers, Member: d.member, Order: &loyaltyv1.OrderInput{
			OrderId: d.key, Lines: []*loyaltyv1.OrderLine{{Id: "1", Sku: "a", Quantity: "3", Amount: proto.Int64(3_000)}, {Id: "2", Sku: "b", Amount: proto.Int64(500)}},
		}}, opts...)
	}
}

func last(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// pick takes one out of a list.
func pick[T any](r *rand.Rand, from *[]T) T {
	i := r.IntN(len(*from))
	one := (*from)[i]
	*from = append((*from)[:i:i], (*from)[i+1:]...)
	return one
}

// shop is a program with a programme, and all that was acknowledged of points.
type shop struct {
	*program
	token   string
	conn    *api.Conn
	members []string
	tills   []*till

	mu    sync.Mutex
	acked []*deed
}

func newShop(t *testing.T, folder string, seed uint64) *shop {
	t.Helper()
	s := &shop{program: own(t, folder)}
	s.token = s.SignIn(t, "agnes")
	s.conn = s.Rest().As(api.Session(s.token))
	ctx := t.Context()
	_, err := loyaltyv1.NewEarningRulesServiceClient(s.conn).CreateEarningRule(ctx, &loyaltyv1.CreateEarningRuleRequest{Program: customers, RuleId: "euro", Terms: &loyaltyv1.EarningRuleTerms{
		DisplayName: "One for each euro", Trigger: "spend", Form: "per_unit", Value: "1", Per: 100, Stacking: "all", Life: "never",
	}}, api.IdempotencyKey("rule"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = loyaltyv1.NewRewardsServiceClient(s.conn).CreateReward(ctx, &loyaltyv1.CreateRewardRequest{
		Program: customers, RewardId: "mug", Kind: loyaltyv1.RewardKind_REWARD_KIND_GIFT, DisplayName: "A mug", Prices: []*loyaltyv1.RewardPrice{{Points: 20}},
	}, api.IdempotencyKey("mug"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		made, err := loyaltyv1.NewMembersServiceClient(s.conn).CreateMember(ctx, &loyaltyv1.CreateMemberRequest{Program: customers, DisplayName: fmt.Sprint("Member ", i)}, api.IdempotencyKey(fmt.Sprint("m-", i)))
		if err != nil {
			t.Fatal(err)
		}
		s.members = append(s.members, last(made.GetMember().GetName()))
	}
	for i := range 8 {
		s.tills = append(s.tills, &till{rand: rand.New(rand.NewPCG(seed, uint64(i))), name: fmt.Sprint("till-", i), members: s.members})
	}
	return s
}

// do sends a deed. It is false if there was no answer, or none that counts.
func (s *shop) do(t *testing.T, d *deed) bool {
	ctx, cancel := context.WithTimeout(context.Background(), requestBound)
	defer cancel()
	reply, err := d.send(ctx, s.conn, api.IdempotencyKey(d.key))
	switch {
	case err == nil:
		d.reply = reply
	case api.Is(err, fault.InsufficientPoints):
		d.refused = api.AsProblem(err).Code
	case errors.Is(down(err), errDown) || api.Is(err, fault.Unavailable) || api.Is(err, fault.RateLimited) || api.Is(err, fault.StorageFull):
		return false
	default:
		t.Errorf("%s: %v", d.key, err)
		return false
	}
	if d.learn != nil && d.refused == "" {
		d.learn(reply)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = append(s.acked, d)
	return true
}

// use lets everybody work until there is no answer any more.
func (s *shop) use(t *testing.T) {
	var all sync.WaitGroup
	for _, w := range s.tills {
		all.Go(func() {
			for w.open == nil {
				if d := w.next(); !s.do(t, d) {
					w.open = d
				}
			}
		})
	}
	all.Wait()
}

// again sends what was not answered, with the same keys.
func (s *shop) again(t *testing.T) {
	t.Helper()
	s.conn = s.Rest().As(api.Session(s.token))
	for _, w := range s.tills {
		if w.open != nil && !s.do(t, w.open) {
			t.Fatalf("%s is not answered", w.open.key)
		}
		w.open = nil
	}
}

// verifier builds what looks whether a ledger is whole, by itself.
var verifier = sync.OnceValues(func() (string, error) {
	if _, err := build(); err != nil {
		return "", err
	}
	binary := filepath.Join(builtIn, "verify")
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, "renown.example/loyalty/cmd/verify").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("the verifier does not build: %w\n%s", err, out)
	}
	return binary, nil
})

// whole has the ledger verified as it lies in a folder.
func whole(t *testing.T, folder string) {
	t.Helper()
	binary, err := verifier()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(binary, "--data", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// same looks whether the members have what was acknowledged, each once, and whether what is sent again is answered as before.
func (s *shop) same(t *testing.T) {
	t.Helper()
	purses := map[string]*purse{}
	for _, m := range s.members {
		purses[m] = &purse{}
	}
	for _, d := range s.acked {
		if d.refused == "" {
			purses[d.member].count(d.reply)
		}
	}
	for member, want := range purses {
		got, err := loyaltyv1.NewMembersServiceClient(s.conn).GetMember(t.Context(), &loyaltyv1.GetMemberRequest{Program: customers, Member: member})
		if err != nil {
			t.Fatal(err)
		}
		if a := got.GetMember().GetAccounts()[0]; (purse{a.GetAvailable(), a.GetReserved(), a.GetEntries()}) != *want {
			t.Errorf("%s has %v, acknowledged is %+v", member, a, *want)
		}
	}
	for _, i := range rand.Perm(len(s.acked))[:min(20, len(s.acked))] {
		d := s.acked[i]
		var meta api.Meta
		reply, err := d.send(t.Context(), s.conn, api.IdempotencyKey(d.key), api.Into(&meta))
		if d.refused != "" {
			if p := api.AsProblem(err); p.Code != d.refused {
				t.Errorf("%s was refused for %s, and now: %v, %v", d.key, d.refused, reply, err)
			}
			continue
		}
		if err != nil || !meta.Replayed || !proto.Equal(reply, d.reply) {
			t.Errorf("%s was answered %v, and now: %v, %v, replayed: %v", d.key, d.reply, reply, err, meta.Replayed)
		}
	}
}

// Killed again and again while eight tills give, take, sell, take back and redeem over REST, the program loses nothing of points that it acknowledged, does nothing
// twice, and the ledger that lies there after each kill is whole by the verifier's word.
func TestKilledItLosesNoPointsAndGivesNoneTwice(t *testing.T) {
	rounds := 2
	if os.Getenv("RENOWN_TEST_FULL") == "1" {
		rounds = fullRounds
	}
	t.Parallel()
	seed := uint64(clk.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := newShop(t, filepath.Join(t.TempDir(), "data"), seed)
	for n := range rounds {
		after := clk.After(time.Duration(200+rand.IntN(800)) * time.Millisecond)
		over := make(chan struct{})
		go func() {
			defer close(over)
			<-after
			s.kill(n%2 == 0)
		}()
		s.use(t)
		<-over
		whole(t, s.folder)
		s.start(t, startBound)
		s.again(t)
		s.same(t)
		if t.Failed() {
			t.Fatalf("round %d", n)
		}
	}
	t.Logf("%d kills, %d deeds acknowledged", rounds, len(s.acked))
}

// On a full disk what would move points is refused as such, reading goes on, and what was acknowledged stays, also if the program dies there. What was refused is done
// when it is sent again with room on the disk.
func TestOnAFullDiskPointsAreRefusedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	s := newShop(t, filepath.Join(disk, "data"), 7)
	filler := filepath.Join(disk, "filler")
	for _, dies := range []bool{false, true} {
		fill(t, filler)
		s.use(t)
		for _, w := range s.tills {
			if _, err := w.open.send(t.Context(), s.conn, api.IdempotencyKey(w.open.key)); err == nil || !api.Is(err, fault.StorageFull) {
				t.Errorf("on the full disk %s is answered %v", w.open.key, err)
			}
		}
		if got, err := loyaltyv1.NewMembersServiceClient(s.conn).GetMember(t.Context(), &loyaltyv1.GetMemberRequest{Program: customers, Member: s.members[0]}); err != nil || len(got.GetMember().GetAccounts()) != 1 {
			t.Errorf("reading on the full disk: %v, %v", got, err)
		}
		if dies {
			s.kill(true)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		whole(t, s.folder)
		if dies {
			s.start(t, startBound)
		}
		s.again(t)
		s.same(t)
	}
	whole(t, s.folder)
	t.Logf("%d deeds acknowledged", len(s.acked))
}
