package observe_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/store/observe"
	"renown.example/kit/store/sqlite"
)

type row struct {
	N int `json:"n"`
}

var rows = store.Define[row](store.Spec{Name: "rows"})

func TestEveryTransactionIsSeen(t *testing.T) {
	engine, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db")}, rows.Spec())
	if err != nil {
		t.Fatal(err)
	}
	spans := tracetest.NewInMemoryExporter()
	metrics := prometheus.NewRegistry()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	db := observe.DB(engine, observe.Options{Service: "test", Tracers: tracers, Metrics: metrics})
	defer db.Close()

	ctx, parent := tracers.Tracer("test").Start(t.Context(), "request")
	err = db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		_, err := rows.Insert(ctx, tx, "1", row{1})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		_, err := rows.Get(ctx, tx, "2")
		return err
	})
	if !fault.Has(err, fault.NotFound) {
		t.Fatalf("the refusal did not come through: %v", err)
	}
	parent.End()
	var names []string
	for _, s := range spans.GetSpans() {
		names = append(names, s.Name)
		if s.Name != "request" && s.Parent.SpanID() != parent.SpanContext().SpanID() {
			t.Errorf("%s is not part of the request's trace", s.Name)
		}
	}
	if len(names) != 3 || names[0] != "store.update" || names[1] != "store.view" {
		t.Errorf("spans %v", names)
	}
	if n, err := testutil.GatherAndCount(metrics, "renown_store_transaction_seconds"); err != nil || n != 2 {
		t.Errorf("%d series of durations, %v", n, err)
	}
}
