package shop

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Stage is what a past is played on.
type Stage struct {
	// Manager and Till are connections to a loyalty service, as its manager and as the shop's till.
	Manager, Till grpc.ClientConnInterface
	// MoveTo sets the clock of the service, which stands still in between. Due does what has become due by then.
	MoveTo func(time.Time)
	Due    func(ctx context.Context) error
	// Progress is told how many days are played; nil tells nobody.
	Progress func(done, total int)
}

// keeper plays.
type keeper struct {
	Stage
	// members are the ids of people, by their numbers.
	members []string
}

// Play plays a script on a service that is new, and returns the members' ids by their numbers.
func Play(ctx context.Context, s Stage, script []Day) (members []string, err error) {
	k := &keeper{Stage: s}
	k.MoveTo(script[0].At.Add(-12 * time.Hour))
	if err := k.setUp(ctx); err != nil {
		return nil, err
	}
	for n, d := range script {
		if s.Progress != nil {
			s.Progress(n, len(script))
		}
		k.MoveTo(d.At)
		if err := k.Due(ctx); err != nil {
			return nil, err
		}
		if err := k.day(ctx, n, d); err != nil {
			return nil, fmt.Errorf("%s: %w", d.At.Format(time.DateOnly), err)
		}
	}
	if s.Progress != nil {
		s.Progress(len(script), len(script))
	}
	return k.members, nil
}

// keyed gives a call a key of the demo's.
func keyed(ctx context.Context, key string) context.Context {
	return rpc.WithIdempotencyKey(ctx, "demo-"+key)
}

// day plays a day. What each member does comes in its order; what different ones do is sent at once, but for what they may take from each other.
func (k *keeper) day(ctx context.Context, n int, d Day) error {
	for _, p := range d.Joined {
		if err := k.join(ctx, p); err != nil {
			return err
		}
	}
	byMember := map[int][]func() error{}
	add := func(member int, do func() error) { byMember[member] = append(byMember[member], do) }
	for _, m := range d.Visits {
		add(m, func() error { return k.visit(ctx, n, m) })
	}
	for _, o := range d.Orders {
		add(o.Member, func() error { return k.order(ctx, o) })
	}
	for _, r := range d.Returns {
		add(r.Member, func() error { return k.giveBack(ctx, n, r) })
	}
	for i, a := range d.Adjusted {
		add(a.Member, func() error { return k.adjust(ctx, fmt.Sprintf("adjust-%d-%d", n, i), a) })
	}
	if err := atOnce(byMember); err != nil {
		return err
	}
	for i, w := range d.Wants {
		if err := k.want(ctx, fmt.Sprintf("want-%d-%d", n, i), w); err != nil {
			return err
		}
	}
	for _, m := range d.Suspects {
		if err := k.suspect(ctx, fmt.Sprintf("suspect-%d-%d", n, m), m); err != nil {
			return err
		}
	}
	for _, v := range d.Decided {
		if err := k.decide(ctx, fmt.Sprintf("decide-%d-%d", n, v.Member), v); err != nil {
			return err
		}
	}
	return nil
}

// width is how many members' days are sent at once.
const width = 16

// atOnce runs what members do, each member's in its order, and returns the first error.
func atOnce(byMember map[int][]func() error) error {
	var all sync.WaitGroup
	var once sync.Once
	var failed error
	room := make(chan struct{}, width)
	for _, list := range byMember {
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			for _, do := range list {
				if err := do(); err != nil {
					once.Do(func() { failed = err })
					return
				}
			}
		})
	}
	all.Wait()
	return failed
}

func (k *keeper) join(ctx context.Context, p Person) error {
	resp, err := loyaltyv1.NewMembersServiceClient(k.Till).CreateMember(keyed(ctx, fmt.Sprintf("join-%d", p.Number)), &loyaltyv1.CreateMemberRequest{
		Program: program, DisplayName: p.Name, Tags: p.Tags, Identifiers: []*loyaltyv1.MemberIdentifier{
			{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EMAIL, Value: p.Email}, {Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_PHONE, Value: p.Phone},
			{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_CARD, Value: p.Card},
		},
	})
	if err != nil {
		return fmt.Errorf("%s cannot join: %w", p.Card, err)
	}
	k.members = append(k.members, path.Base(resp.GetMember().GetName()))
	return nil
}

func (k *keeper) visit(ctx context.Context, n, m int) error {
	id := fmt.Sprintf("visit-%d-%d", n, m)
	_, err := loyaltyv1.NewOrdersServiceClient(k.Till).AccruePoints(keyed(ctx, id), &loyaltyv1.AccruePointsRequest{
		Program: program, Member: k.members[m], Event: &loyaltyv1.EventInput{EventId: id, Type: "visit"},
	})
	return err
}

func (k *keeper) order(ctx context.Context, o Order) error {
	in := &loyaltyv1.OrderInput{OrderId: o.ID, OrderTime: timestamppb.New(o.At)}
	for _, l := range o.Lines {
		in.Lines = append(in.Lines, &loyaltyv1.OrderLine{
			Id: l.ID, Sku: l.Article.SKU, Categories: []string{l.Article.Category}, Quantity: fmt.Sprint(l.Pieces), Amount: proto.Int64(l.Article.Cents * int64(l.Pieces)),
		})
	}
	_, err := loyaltyv1.NewOrdersServiceClient(k.Till).RecordOrder(keyed(ctx, "order-"+o.ID), &loyaltyv1.RecordOrderRequest{Program: program, Member: k.members[o.Member], Order: in})
	return err
}

func (k *keeper) giveBack(ctx context.Context, n int, r Return) error {
	req := &loyaltyv1.ReturnOrderRequest{Program: program, Order: r.Order, ReturnId: r.ID}
	if !r.All {
		req.Lines = []*loyaltyv1.ReturnedLine{{Line: "1"}}
	}
	if r.Debt {
		req.Policy = "allow_debt"
		for again := range 8 {
			if err := k.want(ctx, fmt.Sprintf("spend-%d-%d", n, again), Want{Member: r.Member}); err != nil {
				return err
			}
		}
	}
	_, err := loyaltyv1.NewOrdersServiceClient(k.Till).ReturnOrder(keyed(ctx, r.ID), req)
	return err
}

func (k *keeper) adjust(ctx context.Context, key string, a Adjustment) error {
	_, err := loyaltyv1.NewPointsServiceClient(k.Manager).AdjustPoints(keyed(ctx, key), &loyaltyv1.AdjustPointsRequest{
		Program: program, Member: k.members[a.Member], Points: a.Points, Reason: a.Reason, Story: a.Story,
	})
	if fault.Has(err, fault.InsufficientPoints) {
		return nil // there is nothing to be taken from them just then
	}
	return err
}

// want reserves a reward that the member can have, if there is one, and ends the reservation.
func (k *keeper) want(ctx context.Context, key string, w Want) error {
	list, err := loyaltyv1.NewRewardsServiceClient(k.Till).ListRewards(ctx, &loyaltyv1.ListRewardsRequest{Program: program, Member: k.members[w.Member], Current: true})
	if err != nil {
		return err
	}
	can := slices.DeleteFunc(list.GetRewards(), func(r *loyaltyv1.Reward) bool { return !r.GetAvailability().GetAvailable() })
	if len(can) == 0 {
		return nil
	}
	slices.SortFunc(can, func(a, b *loyaltyv1.Reward) int {
		return cmp.Or(cmp.Compare(b.GetAvailability().GetPoints(), a.GetAvailability().GetPoints()), strings.Compare(a.GetName(), b.GetName()))
	})
	redemptions := loyaltyv1.NewRedemptionsServiceClient(k.Till)
	made, err := redemptions.ReserveReward(keyed(ctx, key), &loyaltyv1.ReserveRewardRequest{
		Program: program, Member: k.members[w.Member], Reward: path.Base(can[w.Rank%len(can)].GetName()),
	})
	if err != nil {
		return err
	}
	id := path.Base(made.GetRedemption().GetName())
	switch w.End {
	case Taken:
		_, err = redemptions.CommitRedemption(keyed(ctx, key+"-commit"), &loyaltyv1.CommitRedemptionRequest{Program: program, Redemption: id})
	case Cancelled:
		_, err = redemptions.CancelRedemption(keyed(ctx, key+"-cancel"), &loyaltyv1.CancelRedemptionRequest{Program: program, Redemption: id, Reason: "Changed their mind"})
	}
	return err
}

// suspect sets somebody's last points aside, if they have any.
func (k *keeper) suspect(ctx context.Context, key string, m int) error {
	points := loyaltyv1.NewPointsServiceClient(k.Manager)
	var last int64
	for token := ""; ; {
		lots, err := points.ListLots(ctx, &loyaltyv1.ListLotsRequest{Program: program, Member: k.members[m], PageSize: 32, PageToken: token})
		if err != nil {
			return err
		}
		for _, l := range lots.GetLots() {
			if l.GetState() == loyaltyv1.LotState_LOT_STATE_AVAILABLE && l.GetOpen() > l.GetReserved() {
				last = max(last, l.GetNumber())
			}
		}
		if token = lots.GetNextPageToken(); token == "" {
			break
		}
	}
	if last == 0 {
		return nil
	}
	_, err := loyaltyv1.NewReviewsServiceClient(k.Manager).FreezePoints(keyed(ctx, key), &loyaltyv1.FreezePointsRequest{
		Program: program, Member: k.members[m], Lots: []int64{last}, Reason: "Several cards, one address",
	})
	return err
}

// decide ends the review of somebody's points.
func (k *keeper) decide(ctx context.Context, key string, v Decision) error {
	reviews := loyaltyv1.NewReviewsServiceClient(k.Manager)
	list, err := reviews.ListReviews(ctx, &loyaltyv1.ListReviewsRequest{Program: program, PageSize: 200})
	if err != nil {
		return err
	}
	for _, r := range list.GetReviews() {
		if path.Base(r.GetMember()) != k.members[v.Member] {
			continue
		}
		if id := path.Base(r.GetName()); v.Release {
			_, err = reviews.ReleaseReview(keyed(ctx, key), &loyaltyv1.ReleaseReviewRequest{Program: program, Review: id, Decision: v.Words})
		} else {
			_, err = reviews.RejectReview(keyed(ctx, key), &loyaltyv1.RejectReviewRequest{Program: program, Review: id, Decision: v.Words})
		}
		return err
	}
	return nil
}
