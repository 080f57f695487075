package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

// paced has something done so many times a second, by as many clients as it takes up to a bound. The time of each is counted from when it was to begin: one that waits
// for a client because others are slow is slow itself.
func paced(ctx context.Context, clients, rate int, lasts time.Duration, do func(n int64) error) (loadResult, error) {
	due := make(chan time.Time, rate) // a second's
	all, errs := make([]*client, clients), make([]error, clients)
	began := clk.Now()
	var wg sync.WaitGroup
	for i := range clients {
		c := &client{}
		all[i] = c
		wg.Go(func() {
			for at := range due {
				if errs[i] = errors.Join(errs[i], do(counter.Add(1))); errs[i] == nil {
					c.took = append(c.took, clk.Now().Sub(at))
				}
			}
		})
	}
	for n := 0; ctx.Err() == nil; n++ {
		at := began.Add(time.Duration(n) * time.Second / time.Duration(rate))
		if at.Sub(began) >= lasts {
			break
		}
		if wait := at.Sub(clk.Now()); wait > 0 {
			<-clk.After(wait)
		}
		due <- at
	}
	close(due)
	wg.Wait()
	return summary(all, clk.Now().Sub(began), 0), errors.Join(append(errs, ctx.Err())...)
}
