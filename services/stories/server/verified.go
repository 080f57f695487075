package server

import (
	"context"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// verified are the marks of an edition's figures that hold now, and the instant at which the first of them ends, 0 if there is none. Of the evidence they have the
// line alone.
func (s *Server) verified(ctx context.Context, tx store.Reader, story string, c domain.Content) (marks []*storiesv1.VerifiedMetric, until clock.Millis, err error) {
	positions, order := domain.Metrics(story, c)
	if len(order) == 0 {
		return nil, 0, nil
	}
	proven, err := evidenceOf(ctx, tx, tables.TextID(story, c.Locale))
	if err != nil || len(proven) == 0 {
		return nil, 0, err
	}
	at := map[int]domain.Evidence{}
	for _, h := range order {
		e := proven[h]
		if e.State(s.now()) != domain.MetricVerified {
			continue
		}
		if until == 0 || e.StaleAt < until {
			until = e.StaleAt
		}
		for _, i := range positions[h] {
			at[i] = e
		}
	}
	for i := range c.Blocks {
		if e, ok := at[i]; ok {
			marks = append(marks, &storiesv1.VerifiedMetric{
				Block: int32(i), EvidenceLine: e.Line, VerifyTime: timestamp(e.VerifiedAt), StaleTime: timestamp(e.StaleAt),
			})
		}
	}
	return marks, until, nil
}

// metricDue carries out that a verification has become stale. Readers do not wait for it: what is shown asks the instant.
func (s *Server) metricDue(ctx context.Context, tx store.Writer, id string) error {
	row, err := tables.Metrics.GetForUpdate(ctx, tx, id)
	if err != nil || row.Value.Evidence.VerifiedAt == 0 || row.Value.Evidence.WithdrawnAt != 0 {
		return ignoreMissing(err)
	}
	if err := s.early(row.Value.Evidence.StaleAt); err != nil {
		return err
	}
	row.Value.WaitingSince = s.now()
	if _, err := tables.Metrics.Put(ctx, tx, row); err != nil {
		return err
	}
	return s.recordMetric(ctx, tx, row.Value, renown, evidenceChange{action: "metric.stale", event: EventMetricStale})
}

// ListWaitingMetrics lists figures that need somebody. One that its text has lost meanwhile needs nobody any more.
func (s *Server) ListWaitingMetrics(ctx context.Context, req *storiesv1.ListWaitingMetricsRequest) (*storiesv1.ListWaitingMetricsResponse, error) {
	q, f, err := s.query(req, store.Query{Index: "waiting"}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListWaitingMetricsResponse, error) {
		p, err := tables.Metrics.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &storiesv1.ListWaitingMetricsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		of := map[string]*standing{}
		for _, row := range p.Rows {
			m := row.Value
			if of[m.Text] == nil {
				text, err := tables.Texts.Get(ctx, tx, m.Text)
				if err != nil {
					return nil, err
				}
				if of[m.Text], err = s.standingOf(ctx, tx, text); err != nil {
					return nil, err
				}
			}
			if of[m.Text].has(m.Hash) {
				resp.Metrics = append(resp.Metrics, s.metric(ctx, of[m.Text], m.Hash, m.Evidence))
			}
		}
		return resp, nil
	})
}
