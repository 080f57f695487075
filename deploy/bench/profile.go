package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// profiled keeps a processor profile of a process while something of it is measured, if profiles are asked for.
func profiled[T any](ctx context.Context, b *benchmark, admin, name string, do func(context.Context) (T, error)) func(context.Context) (T, error) {
	if b.profiles == "" {
		return do
	}
	return func(context.Context) (T, error) {
		seconds := max(1, int(b.duration.Seconds()))
		done := make(chan error, 1)
		go func() {
			done <- download(ctx, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", admin, seconds), filepath.Join(b.profiles, name+".pprof"))
		}()
		r, err := do(ctx)
		if e := <-done; err == nil {
			err = e
		}
		return r, err
	}
}
