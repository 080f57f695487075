package server

import (
	"context"
	"fmt"
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

var metricStateToProto = map[domain.MetricState]storiesv1.MetricState{
	domain.MetricUnproven:  storiesv1.MetricState_METRIC_STATE_UNPROVEN,
	domain.MetricRecorded:  storiesv1.MetricState_METRIC_STATE_RECORDED,
	domain.MetricVerified:  storiesv1.MetricState_METRIC_STATE_VERIFIED,
	domain.MetricStale:     storiesv1.MetricState_METRIC_STATE_STALE,
	domain.MetricWithdrawn: storiesv1.MetricState_METRIC_STATE_WITHDRAWN,
}

// standing is the figures of a text: where they stand in its newest version, and which of them the edition that is up shows.
type standing struct {
	text      store.Row[tables.Text]
	positions map[string][]int
	live      map[string]bool
	blocks    map[string]domain.Metric
	// order has each figure once: those of the newest version first.
	order []string
}

func (f *standing) has(hash string) bool { _, ok := f.blocks[hash]; return ok }

// add takes the figures of a content in.
func (f *standing) add(c domain.Content, order []string, positions map[string][]int) {
	for _, h := range order {
		if !f.has(h) {
			f.order = append(f.order, h)
			f.blocks[h] = *c.Blocks[positions[h][0]].Metric
		}
	}
}

// standingOf reads the figures of a text.
func (s *Server) standingOf(ctx context.Context, tx store.Reader, text store.Row[tables.Text]) (*standing, error) {
	v, err := version(ctx, tx, text.ID, text.Value.Version)
	if err != nil {
		return nil, err
	}
	out := &standing{text: text, live: map[string]bool{}, blocks: map[string]domain.Metric{}}
	var order []string
	out.positions, order = domain.Metrics(text.Value.Story, v.Value.Content)
	out.add(v.Value.Content, order, out.positions)
	pub, err := published(ctx, tx, text.ID)
	if err != nil || !pub.Value.Live(s.now()) {
		return out, err
	}
	edition, err := tables.Editions.Get(ctx, tx, pub.Value.Edition)
	if err != nil {
		return nil, err
	}
	positions, order := domain.Metrics(text.Value.Story, edition.Value.Content)
	out.add(edition.Value.Content, order, positions)
	for h := range positions {
		out.live[h] = true
	}
	return out, nil
}

// hands are all who ever wrote on a text.
func hands(t tables.Text) []string {
	return slices.Concat(t.Hands, t.Writers, []string{t.CreatedBy, t.Author})
}

// metric is a figure as the workspace shows it.
func (s *Server) metric(ctx context.Context, f *standing, hash string, e domain.Evidence) *storiesv1.Metric {
	t, b := f.text.Value, f.blocks[hash]
	state := e.State(s.now())
	out := &storiesv1.Metric{
		Name: textName(t.Story, t.Locale) + "/metrics/" + hash, Block: metricToProto(&b), Published: f.live[hash], State: metricStateToProto[state],
		Source: e.Source, SourceUrl: e.SourceURL, EvidenceLine: e.Line, StaleTime: timestamp(e.StaleAt), RecordedBy: e.RecordedBy,
		RecordedByName: e.RecordedByName, RecordTime: timestamp(e.RecordedAt), VerifiedBy: e.VerifiedBy, VerifiedByName: e.VerifiedByName,
		VerifyTime: timestamp(e.VerifiedAt), WithdrawReason: e.Reason, Title: t.Title,
	}
	for _, at := range f.positions[hash] {
		out.Positions = append(out.Positions, int32(at))
	}
	me := who(ctx)
	if me.has(domain.RoleAuthor, domain.RoleEditor, domain.RoleAdmin) && mine(me, t) == nil {
		out.Actions = append(out.Actions, "record")
	}
	if state == domain.MetricRecorded && me.has(domain.RoleApprover, domain.RoleAdmin) {
		if refusal, ok := fault.As(e.MayVerify(me.name, hands(t))); ok {
			out.Obstacle = refusal.Message
		} else {
			out.Actions = append(out.Actions, "verify")
		}
	}
	if state == domain.MetricVerified && me.has(domain.RoleEditor, domain.RoleApprover, domain.RoleAdmin) {
		out.Actions = append(out.Actions, "withdraw")
	}
	return out
}

// evidenceOf returns what is recorded of a text's standing, by hash.
func evidenceOf(ctx context.Context, tx store.Reader, text string) (map[string]domain.Evidence, error) {
	out := map[string]domain.Evidence{}
	for q := (store.Query{Index: "by_text", Equal: []any{text}, Limit: most}); ; {
		p, err := tables.Metrics.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		for _, row := range p.Rows {
			out[row.Value.Hash] = row.Value.Evidence
		}
		if q.After = p.Next; q.After == "" {
			return out, nil
		}
	}
}

// ListMetrics lists the figures of a text.
func (s *Server) ListMetrics(ctx context.Context, req *storiesv1.ListMetricsRequest) (*storiesv1.ListMetricsResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListMetricsResponse, error) {
		text, err := tables.Texts.Get(ctx, tx, tables.TextID(req.GetStory(), domain.CanonicalLocale(req.GetLocale())))
		if store.IsNotFound(err) {
			return nil, noText(req.GetStory(), req.GetLocale())
		}
		if err != nil {
			return nil, err
		}
		f, err := s.standingOf(ctx, tx, text)
		if err != nil {
			return nil, err
		}
		proven, err := evidenceOf(ctx, tx, text.ID)
		if err != nil {
			return nil, err
		}
		resp := &storiesv1.ListMetricsResponse{}
		for _, h := range f.order {
			resp.Metrics = append(resp.Metrics, s.metric(ctx, f, h, proven[h]))
		}
		return resp, nil
	})
}

// metricRequest is a request that names a figure.
type metricRequest interface {
	GetStory() string
	GetLocale() string
	GetMetric() string
}

// evidenceChange is what happens to a figure's evidence, and what the audit and the feed call it.
type evidenceChange struct {
	action, event string
	reason        string
}

// changeMetric changes the evidence of a figure. fn returns the evidence as it shall be and what that is called; an empty action means that nothing changes.
func (s *Server) changeMetric(ctx context.Context, tx store.Writer, req metricRequest,
	fn func(text tables.Text, e domain.Evidence) (domain.Evidence, evidenceChange, error),
) (*storiesv1.Metric, error) {
	text, err := textForUpdate(ctx, tx, req.GetStory(), req.GetLocale())
	if err != nil {
		return nil, err
	}
	f, err := s.standingOf(ctx, tx, text)
	if err != nil {
		return nil, err
	}
	if !f.has(req.GetMetric()) {
		return nil, fault.NotFound.New("The text has no such figure any more. One that was changed has to be proven again.")
	}
	id := tables.MetricID(text.ID, req.GetMetric())
	row, err := tables.Metrics.GetForUpdate(ctx, tx, id)
	missing := store.IsNotFound(err)
	if err != nil && !missing {
		return nil, err
	}
	was := row.Value.Evidence
	e, c, err := fn(text.Value, was)
	if err != nil {
		return nil, err
	}
	if c.action == "" {
		return s.metric(ctx, f, req.GetMetric(), e), nil
	}
	row.Value = tables.Metric{
		Text: text.ID, Story: text.Value.Story, Locale: text.Value.Locale, Hash: req.GetMetric(), Block: f.blocks[req.GetMetric()], Evidence: e,
		WaitingSince: waitingSince(e, s.now()),
	}
	if missing {
		_, err = tables.Metrics.Insert(ctx, tx, id, row.Value)
	} else {
		_, err = tables.Metrics.Put(ctx, tx, row)
	}
	if err != nil {
		return nil, err
	}
	if err := s.planStale(ctx, tx, id, e); err != nil {
		return nil, err
	}
	if was.State(s.now()) == domain.MetricVerified && c.event == "" {
		c.event = EventMetricWithdrawn // the old mark goes with the old evidence
	}
	return s.metric(ctx, f, req.GetMetric(), e), s.recordMetric(ctx, tx, row.Value, who(ctx), c)
}

// waitingSince is when a second person began to be needed, 0 if none is.
func waitingSince(e domain.Evidence, now clock.Millis) clock.Millis {
	if e.State(now) == domain.MetricRecorded {
		return e.RecordedAt
	}
	return 0
}

// planStale plans the end of a verification, and takes the plan back where there is none.
func (s *Server) planStale(ctx context.Context, tx store.Writer, id string, e domain.Evidence) error {
	if e.State(s.now()) != domain.MetricVerified {
		return outbox.Cancel(ctx, tx, jobMetricStale+id)
	}
	return outbox.Schedule(ctx, tx, outbox.Job{ID: jobMetricStale + id, Kind: kindMetricStale, DueAt: e.StaleAt, Data: []byte(quote(id))})
}

// recordMetric remembers what happened to a figure. The subject of its events is the story: whoever holds a copy of it has to make it anew. Where the figure comes
// from is in neither audit nor event.
func (s *Server) recordMetric(ctx context.Context, tx store.Writer, m tables.Metric, by actor, c evidenceChange) error {
	said := map[string]string{"figure": figureWords(m.Block)}
	if c.reason != "" {
		said["reason"] = c.reason
	}
	return s.record(ctx, tx, happening{
		by: by, story: m.Story, subject: "stories/" + m.Story, action: c.action, event: c.event, at: s.now(),
		details: map[string]string{"locale": m.Locale, "metric": m.Hash}, said: said,
	})
}

func figureWords(m domain.Metric) string {
	if m.Unit == "" {
		return m.Value + " " + m.Label
	}
	return fmt.Sprintf("%s %s %s", m.Value, m.Unit, m.Label)
}

// RecordMetricEvidence says where a figure comes from.
func (s *Server) RecordMetricEvidence(ctx context.Context, req *storiesv1.RecordMetricEvidenceRequest) (*storiesv1.RecordMetricEvidenceResponse, error) {
	stale, err := instant("staleTime", req.GetStaleTime())
	if err != nil {
		return nil, err
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.RecordMetricEvidenceResponse, error) {
		me := who(ctx)
		m, err := s.changeMetric(ctx, tx, req, func(text tables.Text, _ domain.Evidence) (domain.Evidence, evidenceChange, error) {
			if err := mine(me, text); err != nil {
				return domain.Evidence{}, evidenceChange{}, err
			}
			e, err := domain.NewEvidence(domain.Evidence{
				Source: req.GetSource(), SourceURL: req.GetSourceUrl(), Line: req.GetEvidenceLine(), StaleAt: stale,
				RecordedBy: me.name, RecordedByName: me.label, RecordedFor: me.owner,
			}, s.now())
			return e, evidenceChange{action: "metric.recorded"}, err
		})
		return &storiesv1.RecordMetricEvidenceResponse{Metric: m}, err
	})
}

// VerifyMetric is the second person's word.
func (s *Server) VerifyMetric(ctx context.Context, req *storiesv1.VerifyMetricRequest) (*storiesv1.VerifyMetricResponse, error) {
	seen, err := instant("recordTime", req.GetRecordTime())
	if err != nil {
		return nil, err
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.VerifyMetricResponse, error) {
		me := who(ctx)
		m, err := s.changeMetric(ctx, tx, req, func(text tables.Text, e domain.Evidence) (domain.Evidence, evidenceChange, error) {
			if e.RecordedAt != 0 && e.RecordedAt != seen {
				return e, evidenceChange{}, fault.IllegalState.New("Other evidence has been recorded since you looked. Look at that one.")
			}
			verified, err := e.Verify(me.name, me.label, hands(text), s.now())
			if err != nil || verified == e {
				return e, evidenceChange{}, err
			}
			return verified, evidenceChange{action: "metric.verified", event: EventMetricVerified}, nil
		})
		return &storiesv1.VerifyMetricResponse{Metric: m}, err
	})
}

// WithdrawMetricVerification takes a verification back.
func (s *Server) WithdrawMetricVerification(ctx context.Context, req *storiesv1.WithdrawMetricVerificationRequest) (*storiesv1.WithdrawMetricVerificationResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.WithdrawMetricVerificationResponse, error) {
		me := who(ctx)
		m, err := s.changeMetric(ctx, tx, req, func(_ tables.Text, e domain.Evidence) (domain.Evidence, evidenceChange, error) {
			withdrawn, err := e.Withdraw(me.name, req.GetReason(), s.now())
			if err != nil || withdrawn == e {
				return e, evidenceChange{}, err
			}
			return withdrawn, evidenceChange{action: "metric.withdrawn", event: EventMetricWithdrawn, reason: req.GetReason()}, nil
		})
		return &storiesv1.WithdrawMetricVerificationResponse{Metric: m}, err
	})
}
