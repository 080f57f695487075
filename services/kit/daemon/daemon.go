// Package daemon is the main function of a service that runs in a process of its own: settings, telemetry, the gRPC address, the admin address, and an orderly
// end.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/config"
	"renown.example/kit/fault"
	"renown.example/kit/run"
	"renown.example/kit/telemetry"
)

// Settings are those that every service has. A service's own settings embed them.
type Settings struct {
	Listen     string        `help:"Address on which the gateway and other services reach this one." default:"${listen}" placeholder:"${listen}"`
	Admin      string        `help:"Address of metrics, profiles, /healthz and /readyz; - for none. Only operators may reach it." default:"${admin}" placeholder:"${admin}"`
	LogFormat  string        `help:"Format of logs: text or json." default:"text" enum:"text,json"`
	LogLevel   slog.Level    `help:"Least level that is logged: debug, info, warn or error." default:"info"`
	StopWithin time.Duration `help:"How long stopping may take." default:"20s"`
}

// Service is what runs.
type Service interface {
	// Serve answers on the listener until ctx ends, and drains.
	Serve(ctx context.Context, l net.Listener) error
	// Run does what happens by itself until ctx ends.
	Run(ctx context.Context)
	// Ready returns why the service cannot be of use now, nil if it can.
	Ready(ctx context.Context) error
	// Close releases what the service holds.
	Close() error
}

// Options describe a service.
type Options struct {
	Name, Description string
	// Listen and Admin are the usual addresses.
	Listen, Admin string
	// Open starts the service when the settings have been read.
	Open func(ctx context.Context, t *telemetry.Telemetry, c clock.Clock) (Service, error)
}

// Main reads the settings, a pointer to a struct in which common lies, runs the service until a signal or a failure ends it, and ends the process: with status
// 0, 1 after a failure, 2 when the settings are wrong.
func Main(settings any, common *Settings, o Options) {
	config.Main(settings, config.Options{Name: o.Name, Description: o.Description, Vars: map[string]string{"listen": o.Listen, "admin": o.Admin}})
	ctx, stop := run.Signals(context.Background())
	err := Run(ctx, common, o)
	stop()
	if status := Report(os.Stderr, o.Name, err); status != 0 {
		os.Exit(status)
	}
}

// Report tells whoever started a program why it ended and returns its status: 0 without an error, 2 if a setting was wrong, which is then named, else 1.
func Report(w io.Writer, name string, err error) int {
	if err == nil {
		return 0
	}
	if e, ok := fault.As(err); ok && e.Reason.Name == fault.InvalidArgument.Name {
		fmt.Fprintf(w, "%s: --%s\n", name, e.Message)
		return 2
	}
	fmt.Fprintf(w, "%s: %v\n", name, err)
	return 1
}

// Run runs the service until ctx ends.
func Run(ctx context.Context, s *Settings, o Options) error {
	tel, err := telemetry.New(ctx, telemetry.Options{Service: o.Name, Format: s.LogFormat, Level: s.LogLevel})
	if err != nil {
		return err
	}
	clk := clock.System()
	program := run.New(run.Options{Clock: clk, Logger: tel.Logger, StopWithin: s.StopWithin})
	var service Service
	program.Add(run.Part{Name: "telemetry", Stop: tel.Shutdown})
	program.Add(run.Part{Name: o.Name, Start: func(ctx context.Context) (err error) {
		service, err = o.Open(ctx, tel, clk)
		return err
	}, Serve: func(ctx context.Context) error {
		service.Run(ctx)
		return ctx.Err()
	}, Stop: func(context.Context) error { return service.Close() }})
	var calls, admin net.Listener
	program.Add(Listening("calls", s.Listen, &calls, func(ctx context.Context) error {
		tel.Logger.Info("listening", "for", "calls", "address", calls.Addr().String())
		return service.Serve(ctx, calls)
	}))
	if s.Admin != "-" {
		program.Add(Listening("admin", s.Admin, &admin, func(ctx context.Context) error {
			tel.Logger.Info("listening", "for", "admin", "address", admin.Addr().String())
			return ServeHTTP(ctx, admin, tel.AdminHandler(func() bool { return program.Ready() && service.Ready(ctx) == nil }), s.StopWithin)
		}))
	}
	return program.Run(ctx)
}

// Listening is a part that listens on an address before the parts behind it start, and then serves. The listener is in at while serve runs.
func Listening(name, address string, at *net.Listener, serve func(ctx context.Context) error) run.Part {
	return run.Part{Name: name, Start: func(ctx context.Context) (err error) {
		if *at, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err != nil {
			return fmt.Errorf("cannot listen: %w", err)
		}
		return nil
	}, Serve: serve, Stop: func(context.Context) error {
		if err := (*at).Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}}
}

// How long a connection may take to send a request and to take its answer, so that nobody holds one for ever.
const (
	headerWithin = 10 * time.Second
	bodyWithin   = 2 * time.Minute
	answerWithin = 150 * time.Second
	idleFor      = 2 * time.Minute
)

// ServeHTTP serves until ctx ends, then lets running requests finish for as long as within says.
func ServeHTTP(ctx context.Context, l net.Listener, h http.Handler, within time.Duration) error {
	return ServeWith(ctx, l, &http.Server{
		Handler: h, ReadHeaderTimeout: headerWithin, ReadTimeout: bodyWithin, WriteTimeout: answerWithin, IdleTimeout: idleFor, MaxHeaderBytes: 64 << 10,
	}, within)
}

// ServeWith is ServeHTTP by a server with bounds of its own.
func ServeWith(ctx context.Context, l net.Listener, server *http.Server, within time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	if err := server.Shutdown(bound); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
