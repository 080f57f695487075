package server

import (
	"context"
	"log/slog"
	"testing"
	"time"
)

// Whoever asks first may have gone before the catalogue is filled: it is filled all the same, or those who ask next would begin anew, each for as long as it has time.
func TestTheCatalogueIsFilledAlsoIfNobodyHasTimeForIt(t *testing.T) {
	s := newShelves(Options{DB: openEmbedded(t), Locales: []string{"en"}, SearchFolder: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		_ = s.sync(gone) // it may find that nobody waits before it begins to read
	}
	select {
	case <-s.filled:
	case <-time.After(time.Minute):
		t.Fatal("the catalogue is not filled")
	}
	if err := s.sync(t.Context()); err != nil {
		t.Error(err)
	}
}
