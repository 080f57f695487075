package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/deploy/demo"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// The days on which the figures of a story are proven, and for how long that holds: longer than the demo's history, so that no mark of it has gone stale.
const (
	recordedAfter = publishedAfter + 2*time.Hour
	verifiedAfter = recordedAfter + 4*time.Hour
	// evidenceHolds is in years.
	evidenceHolds = 4
)

// proof is what the demo knows of a figure: where it comes from, and what readers are told.
type proof struct {
	Figure   int
	Verified bool
	Source   string
	Line     map[string]string
}

// readProofs reads the demo's evidence, by story.
func readProofs() (map[string][]proof, error) {
	var out map[string][]proof
	if err := json.Unmarshal(demo.Evidence(), &out); err != nil {
		return nil, fmt.Errorf("the demo's evidence cannot be read: %w", err)
	}
	return out, nil
}

// prove has the editor record where a story's figures come from, and the approver verify it, in each of its languages.
func (d *director) prove(ctx context.Context, cast map[string]*api.Conn, s *scene) error {
	proofs, err := readProofs()
	if err != nil {
		return err
	}
	for _, p := range proofs[s.story] {
		for _, locale := range s.locales {
			if err := d.proveFigure(ctx, cast, s, locale, p); err != nil {
				return fmt.Errorf("%s in %s: %w", s.story, locale, err)
			}
		}
	}
	return nil
}

func (d *director) proveFigure(ctx context.Context, cast map[string]*api.Conn, s *scene, locale string, p proof) error {
	writer, reader := storiesv1.NewMetricsServiceClient(cast[editor]), storiesv1.NewMetricsServiceClient(cast[approver])
	list, err := writer.ListMetrics(ctx, &storiesv1.ListMetricsRequest{Story: s.story, Locale: locale})
	if err != nil {
		return err
	}
	if p.Figure >= len(list.GetMetrics()) {
		return fmt.Errorf("the demo's evidence is about figure %d, and there are %d", p.Figure, len(list.GetMetrics()))
	}
	m := list.GetMetrics()[p.Figure]
	id := m.GetName()[len(m.GetName())-64:]
	if m.GetState() == storiesv1.MetricState_METRIC_STATE_UNPROVEN {
		d.stage.moveTo(s.given.Add(recordedAfter))
		got, err := writer.RecordMetricEvidence(ctx, &storiesv1.RecordMetricEvidenceRequest{Story: s.story, Locale: locale, Metric: id, Source: p.Source,
			EvidenceLine: p.Line[locale], StaleTime: timestamppb.New(s.given.AddDate(evidenceHolds, 0, 0))})
		if err != nil {
			return err
		}
		m = got.GetMetric()
	}
	if !p.Verified || m.GetState() != storiesv1.MetricState_METRIC_STATE_RECORDED {
		return nil
	}
	d.stage.moveTo(s.given.Add(verifiedAfter))
	_, err = reader.VerifyMetric(ctx, &storiesv1.VerifyMetricRequest{Story: s.story, Locale: locale, Metric: id, RecordTime: m.GetRecordTime()})
	return err
}
