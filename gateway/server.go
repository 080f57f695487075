package gateway

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Serve answers HTTP on the listener until ctx ends, then drains: streams end, running requests get stopWithin to finish, after which they are cut off. It
// returns nil after a drain. The listener is closed.
func (g *Gateway) Serve(ctx context.Context, l net.Listener, stopWithin time.Duration) error {
	s := NewHTTPServer(g, g.logger)
	// Streams would hold up the shutdown for as long as their listeners like.
	s.RegisterOnShutdown(g.Close)
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	if err := s.Shutdown(drain); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

// NewHTTPServer returns a server for h with bounds on how long callers may take. How long a body may take is the gateway's business (Limits.BodyWithin).
func NewHTTPServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		// The slowest methods may take two minutes; streams set deadlines of their own.
		WriteTimeout:   150 * time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       log.New(debugWriter{logger}, "", 0),
	}
}

// debugWriter takes what net/http says of callers that break connections: nobody's alarm.
type debugWriter struct{ logger *slog.Logger }

func (w debugWriter) Write(b []byte) (int, error) {
	w.logger.Debug("http", "line", string(b))
	return len(b), nil
}
