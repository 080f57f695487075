package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/rpc"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Clients that give points at the same time, and the connections that they share, as the callers of a service do.
const (
	accrualClients     = 64
	accrualConnections = 4
)

// accrualTask is what an accruer does: it gives points for visits, each with a key of its own, to one member after the other.
type accrualTask struct {
	// Address is where gRPC is answered, Token the identity of whoever asks.
	Address, Token string
	Members        []string
	// Round tells the events of rounds apart.
	Round    string
	Duration time.Duration
	// Count ends the round after so many, if it is not zero.
	Count int
}

// accrualRole loads for a tenth of the time first, and then counts.
func accrualRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t accrualTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	var clients []loyaltyv1.OrdersServiceClient
	for range accrualConnections {
		c, err := rpc.Dial(t.Address, rpc.DialOptions{})
		if err != nil {
			return err
		}
		defer c.Close()
		clients = append(clients, loyaltyv1.NewOrdersServiceClient(c))
	}
	ctx = auth.WithToken(ctx, t.Token)
	var next atomic.Int64
	if _, err := t.round(ctx, clients, &next, t.Duration/10); err != nil {
		return err
	}
	r, err := t.round(ctx, clients, &next, t.Duration)
	if err != nil {
		return err
	}
	return say(r)
}

func (t accrualTask) round(ctx context.Context, conns []loyaltyv1.OrdersServiceClient, next *atomic.Int64, lasts time.Duration) (loadResult, error) {
	began := clk.Now()
	end := began.Add(lasts)
	all, errs := make([]*client, accrualClients), make(chan error, accrualClients)
	var wg sync.WaitGroup
	for i := range accrualClients {
		c := &client{}
		all[i] = c
		wg.Go(func() {
			for {
				at := clk.Now()
				n := int(next.Add(1))
				if !at.Before(end) || t.Count > 0 && n > t.Count {
					return
				}
				event := fmt.Sprintf("%s-%012d", t.Round, n)
				_, err := conns[i%len(conns)].AccruePoints(rpc.WithIdempotencyKey(ctx, event), visitOf(t.Members[n%len(t.Members)], event))
				if err != nil {
					errs <- fmt.Errorf("%s: %w", event, err)
					return
				}
				c.took = append(c.took, clk.Now().Sub(at))
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return loadResult{}, err
	default:
		return summary(all, clk.Now().Sub(began), int(next.Load())), nil
	}
}

// accruing returns what gives points to members of a service.
func (h *pointsHouse) accruing(address string, members []string) func(context.Context) (loadResult, error) {
	return func(ctx context.Context) (loadResult, error) {
		token, err := h.minter.Mint(shop)
		if err != nil {
			return loadResult{}, err
		}
		h.rounds++
		task := accrualTask{Address: address, Token: token, Members: members, Round: fmt.Sprintf("round-%03d", h.rounds), Duration: h.bench.duration}
		return ask[loadResult](ctx, "bench-accrue", task)
	}
}

// accruals measures once what several rows are about: points given over gRPC, against the same rows written by hand.
func (b *benchmark) accruals(ctx context.Context) (*pointsHouse, error) {
	h, err := b.pointsRunning(ctx)
	if err != nil || h.accruals != nil {
		return h, err
	}
	bare, err := begin("bench-bare-points", barePointsTask{Database: h.bare, Members: h.members})
	if err != nil {
		return nil, err
	}
	defer bare.end()
	var address string
	if err := bare.hear(&address); err != nil {
		return nil, err
	}
	ours := profiled(ctx, b, h.admin, "accruals", h.spent(h.accruing(h.calls, h.members)))
	r, err := b.turns(ctx, ours, h.accruing(address, h.members))
	if err != nil {
		return nil, err
	}
	h.accruals = r
	return h, nil
}

// spent notes how much processor time the service took for each answer.
func (h *pointsHouse) spent(do func(context.Context) (loadResult, error)) func(context.Context) (loadResult, error) {
	return func(ctx context.Context) (loadResult, error) {
		before := processorTime(h.cmd.Process.Pid)
		r, err := do(ctx)
		if err == nil && r.Next > 0 {
			h.costs = append(h.costs, (processorTime(h.cmd.Process.Pid)-before).Seconds()*1e6/float64(r.Next))
		}
		return r, err
	}
}

// accrual is a row about accruals.
func accrual(value func(p pair) float64) func(ctx context.Context, b *benchmark) (result, error) {
	return func(ctx context.Context, b *benchmark) (result, error) {
		h, err := b.accruals(ctx)
		if err != nil {
			return result{}, err
		}
		r := paired(h.accruals)
		var values []float64
		for _, p := range h.accruals {
			values = append(values, value(p))
		}
		r.Value = spreadOf(values)
		r.Ours.Name, r.Base.Name = "loyalty service", "same rows by hand"
		r.Notes = []string{
			fmt.Sprintf("%d clients over %d connections, unary, %d members in turn; each accrual has an idempotency key, a rule, an entry of the journal with its hash, the account and a page of lots", accrualClients, accrualConnections, len(h.members)),
			fmt.Sprintf("the service takes %s us of processor time for an accrual; the loader and the disk have the rest of %d cores; a line of its log for each call, metrics, no traces", spreadOf(h.costs), thisMachine(b.keep).Cores),
			"by hand: unary gRPC without interceptors, prepared statements of the driver, one commit for what has gathered; it knows the bytes of its rows beforehand",
		}
		return r, nil
	}
}

// hotAccount measures accruals of one account against those of many.
func hotAccount(ctx context.Context, b *benchmark) (result, error) {
	h, err := b.pointsRunning(ctx)
	if err != nil {
		return result{}, err
	}
	r, err := b.compare(ctx, profiled(ctx, b, h.admin, "hot", h.accruing(h.calls, h.members[40:41])), h.accruing(h.calls, h.members))
	r.Ours.Name = "one account"
	if r.Base != nil {
		r.Base.Name = "many accounts"
	}
	return r, err
}
