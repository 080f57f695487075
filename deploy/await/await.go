// Package await waits until a program that is being started answers.
package await

import (
	"context"
	"net/http"
	"time"

	"renown.example/kit/clock"
)

// How often an address is asked, and how long one answer may take: a machine on which everything starts at once is slow.
const (
	between = 50 * time.Millisecond
	oneTry  = 20 * time.Second
)

// OK asks an address again and again until it answers 200. If ctx ends before, it returns ctx's error.
func OK(ctx context.Context, address string) error {
	for !answers(ctx, address) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-clock.System().After(between):
		}
	}
	return nil
}

func answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, oneTry)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}
