package await_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"renown.example/deploy/await"
)

// It waits for a program that does not answer yet, then answers that it is not ready, and then is.
func TestItWaitsUntilItIsWell(t *testing.T) {
	var asked atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	if err := await.OK(t.Context(), srv.URL); err != nil || asked.Load() != 3 {
		t.Errorf("%v after %d", err, asked.Load())
	}
}

func TestItGivesUpWithItsContext(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := await.OK(ctx, gone.URL); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
