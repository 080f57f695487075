// Package observe shows what a database does: a span and a duration for every transaction, whichever engine runs it. It sits between a service and its engine
// and changes nothing.
package observe

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// Options say who watches. Tracers and Metrics may be nil.
type Options struct {
	// Service names the database's owner.
	Service string
	Tracers trace.TracerProvider
	Metrics prometheus.Registerer
}

type db struct {
	store.DB
	service string
	tracer  trace.Tracer
	seconds *prometheus.HistogramVec
}

// DB returns the database, watched.
func DB(of store.DB, o Options) store.DB {
	d := &db{DB: of, service: o.Service}
	if o.Tracers != nil {
		d.tracer = o.Tracers.Tracer("renown.example/kit/store")
	}
	if o.Metrics != nil {
		d.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "renown_store_transaction_seconds", Help: "Duration of transactions, waiting for the commit included.",
			ConstLabels: prometheus.Labels{"service": o.Service}, Buckets: prometheus.ExponentialBuckets(0.0001, 3, 11),
		}, []string{"kind", "reason"})
		if err := o.Metrics.Register(d.seconds); err != nil {
			// A database that is opened again in the same process goes on with the same figures.
			var again prometheus.AlreadyRegisteredError
			if !errors.As(err, &again) {
				panic(err)
			}
			d.seconds = again.ExistingCollector.(*prometheus.HistogramVec)
		}
	}
	return d
}

// Unwrap returns the database itself.
func (d *db) Unwrap() store.DB { return d.DB }

// View implements store.DB.
func (d *db) View(ctx context.Context, fn func(ctx context.Context, tx store.Reader) error) error {
	return d.watch(ctx, "view", func(ctx context.Context) error { return d.DB.View(ctx, fn) })
}

// Update implements store.DB.
func (d *db) Update(ctx context.Context, fn func(ctx context.Context, tx store.Writer) error) error {
	return d.watch(ctx, "update", func(ctx context.Context) error { return d.DB.Update(ctx, fn) })
}

func (d *db) watch(ctx context.Context, kind string, run func(context.Context) error) error {
	// The machine's clock: durations are real even where the service's clock is stepped.
	var begun time.Time
	if d.seconds != nil {
		begun = clock.System().Now()
	}
	var span trace.Span
	if d.tracer != nil {
		ctx, span = d.tracer.Start(ctx, "store."+kind, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("renown.service", d.service)))
		defer span.End()
	}
	err := run(ctx)
	reason := "OK"
	if f := fault.Of(err); f != nil {
		reason = f.Reason.Name
		if span != nil && f.Reason.HTTP >= 500 {
			span.SetStatus(codes.Error, reason)
		}
	}
	if d.seconds != nil {
		d.seconds.WithLabelValues(kind, reason).Observe(clock.System().Now().Sub(begun).Seconds())
	}
	return err
}
