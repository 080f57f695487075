package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"renown.example/kit/ready"
)

// Keys are the surrogate keys of the answers that something was made of: the names whose changes concern it.
type Keys struct {
	mu    sync.Mutex
	names []string
	until time.Time
	// open says that an answer named none, so that anything may concern what was made of it.
	open bool
}

type keysKey struct{}

// Collecting returns a context whose calls note the surrogate keys of their answers.
func Collecting(ctx context.Context) (context.Context, *Keys) {
	k := &Keys{}
	return context.WithValue(ctx, keysKey{}, k), k
}

// Names returns the keys in order; none where any change may concern what was made.
func (k *Keys) Names() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.open {
		return nil
	}
	slices.Sort(k.names)
	return slices.Compact(slices.Clone(k.names))
}

// Until returns the instant at which the first of the answers is true no longer, zero if none is known.
func (k *Keys) Until() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.until
}

// noteKeys notes what the answer to a read depends on.
func noteKeys(ctx context.Context, verb string, res *http.Response) {
	k, ok := ctx.Value(keysKey{}).(*Keys)
	if !ok || verb != http.MethodGet {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	names := slices.DeleteFunc(strings.Fields(res.Header.Get(ready.SurrogateKey)), func(n string) bool { return n == ready.EverythingKey })
	k.names = append(k.names, names...)
	k.open = k.open || len(names) == 0
	if until, err := http.ParseTime(res.Header.Get("Expires")); err == nil && (k.until.IsZero() || until.Before(k.until)) {
		k.until = until
	}
}
