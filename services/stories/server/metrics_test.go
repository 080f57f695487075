package server_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
)

const (
	privateSource = "Dispatch export of 3 March, sheet Late, cell B17"
	privateLink   = "https://files.holmway.example/dispatch-3-march"
	publicLine    = "Measured by the customer's dispatch system, 6 months, checked on 3 March 2026"
)

// figure returns the only figure of a text as somebody sees it.
func (r *rig) figure(ctx context.Context, story string) *storiesv1.Metric {
	r.t.Helper()
	list := must(r.metrics.ListMetrics(ctx, &storiesv1.ListMetricsRequest{Story: story, Locale: "en"}))(r.t).GetMetrics()
	if len(list) != 1 {
		r.t.Fatalf("there are %d figures", len(list))
	}
	return list[0]
}

func metricID(m *storiesv1.Metric) string { return m.GetName()[strings.LastIndex(m.GetName(), "/")+1:] }

// prove records evidence for the figure of a text.
func (r *rig) prove(ctx context.Context, story string, stale time.Time) *storiesv1.Metric {
	r.t.Helper()
	req := &storiesv1.RecordMetricEvidenceRequest{
		Story: story, Locale: "en", Metric: metricID(r.figure(r.agnes(), story)), Source: privateSource, SourceUrl: privateLink, EvidenceLine: publicLine,
	}
	if !stale.IsZero() {
		req.StaleTime = timestamppb.New(stale)
	}
	return must(r.metrics.RecordMetricEvidence(ctx, req))(r.t).GetMetric()
}

func (r *rig) verify(ctx context.Context, story string, m *storiesv1.Metric) (*storiesv1.Metric, error) {
	resp, err := r.metrics.VerifyMetric(ctx, &storiesv1.VerifyMetricRequest{Story: story, Locale: "en", Metric: metricID(m), RecordTime: m.GetRecordTime()})
	return resp.GetMetric(), err
}

// marks are the verified figures that the world sees.
func (r *rig) marks(slug string) []*storiesv1.VerifiedMetric {
	r.t.Helper()
	return must(r.get(slug, "en"))(r.t).GetVerified()
}

const slug = "nordhafen-cut-late-deliveries-by-38"

func TestAFigureIsMarkedOnlyOnceASecondPersonVerifiedIt(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.publish("nordhafen", "en")
	if m := r.figure(r.pavel(), "nordhafen"); m.GetState() != storiesv1.MetricState_METRIC_STATE_UNPROVEN || len(m.GetActions()) != 0 || !m.GetPublished() {
		t.Errorf("before anybody said anything: %v", m)
	}
	if got := r.marks(slug); len(got) != 0 {
		t.Fatalf("a mark without evidence: %v", got)
	}
	m := r.prove(r.edda(), "nordhafen", time.Time{})
	if got := r.marks(slug); len(got) != 0 || m.GetState() != storiesv1.MetricState_METRIC_STATE_RECORDED {
		t.Fatalf("a mark without a verifier: %v, %v", got, m.GetState())
	}
	before := r.events(server.EventMetricVerified)
	verified := must(r.verify(r.pavel(), "nordhafen", m))(t)
	if verified.GetVerifiedBy() != "users/pavel" || verified.GetVerifiedByName() != "Pavel" {
		t.Errorf("verified by %v", verified)
	}
	got := r.marks(slug)
	if len(got) != 1 || got[0].GetBlock() != 1 || got[0].GetEvidenceLine() != publicLine || !got[0].GetVerifyTime().AsTime().Equal(start) ||
		!got[0].GetStaleTime().AsTime().Equal(start.AddDate(1, 0, 0)) {
		t.Fatalf("the world sees %v", got)
	}
	// Twice is the same as once.
	must(r.verify(r.pavel(), "nordhafen", m))(t)
	if n := r.events(server.EventMetricVerified) - before; n != 1 || !r.audited("nordhafen", "metric.verified") || !r.audited("nordhafen", "metric.recorded") {
		t.Errorf("%d events of one verification, or nothing in the audit", n)
	}
}

func TestWhoMayVerify(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown) // by ada
	approver := func(name string) context.Context { return r.as(name, "approver") }
	m := r.prove(r.edda(), "nordhafen", time.Time{})
	for who, ctx := range map[string]context.Context{
		"who recorded it": approver("edda"), "who wrote the text": approver("ada"),
	} {
		if _, err := r.verify(ctx, "nordhafen", m); !fault.Has(err, fault.PermissionDenied) {
			t.Errorf("%s verifies: %v", who, err)
		}
		if got := r.figure(ctx, "nordhafen"); got.GetObstacle() == "" {
			t.Errorf("%s is not told why not", who)
		}
	}
	// Who wrote an earlier text of it stays one who wrote it.
	r.publish("nordhafen", "en")
	must(r.workspace.SaveText(r.edda(), &storiesv1.SaveTextRequest{Story: "nordhafen", Locale: "en", Text: text(markdown + "\nEvery night.\n"), Etag: r.text("nordhafen", "en").GetEtag()}))(t)
	if _, err := r.verify(approver("ada"), "nordhafen", m); !fault.Has(err, fault.PermissionDenied) {
		t.Errorf("the writer of the last text verifies: %v", err)
	}
	// An app and its owner are one person, in both directions.
	m = r.prove(r.app(), "nordhafen", time.Time{})
	_, err := r.verify(r.agnes(), "nordhafen", m)
	refused(t, err, fault.PermissionDenied)
	_, err = r.verify(r.app(), "nordhafen", m)
	refused(t, err, fault.PermissionDenied)
	must(r.verify(r.pavel(), "nordhafen", m))(t)
}

func TestAnAppsOwnerWhoWroteByItVerifiesNothing(t *testing.T) {
	r := newRig(t)
	must(r.workspace.CreateStory(r.app(), &storiesv1.CreateStoryRequest{StoryId: "nordhafen", Text: text(markdown)}))(t)
	m := r.prove(r.edda(), "nordhafen", time.Time{})
	_, err := r.verify(r.agnes(), "nordhafen", m)
	refused(t, err, fault.PermissionDenied)
}

func TestAVerifiedFigureGoesStaleAtItsInstant(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.publish("nordhafen", "en")
	stale := start.Add(48 * time.Hour)
	must(r.verify(r.pavel(), "nordhafen", r.prove(r.edda(), "nordhafen", stale)))(t)
	r.clock.Step(48*time.Hour - time.Millisecond)
	if len(r.marks(slug)) != 1 {
		t.Fatal("the mark went too early")
	}
	// No job has run: the next request does not see it all the same.
	r.clock.Step(time.Millisecond)
	if got := r.marks(slug); len(got) != 0 {
		t.Fatalf("still marked: %v", got)
	}
	r.step(time.Second)
	if n := r.events(server.EventMetricStale); n != 1 || !r.audited("nordhafen", "metric.stale") {
		t.Errorf("told %d times that it became stale", n)
	}
	waiting := must(r.metrics.ListWaitingMetrics(r.edda(), &storiesv1.ListWaitingMetricsRequest{}))(t).GetMetrics()
	if len(waiting) != 1 || waiting[0].GetState() != storiesv1.MetricState_METRIC_STATE_STALE {
		t.Errorf("waiting are %v", waiting)
	}
	// Stale evidence is not verified once more; recorded anew it is.
	_, err := r.verify(r.pavel(), "nordhafen", r.figure(r.pavel(), "nordhafen"))
	refused(t, err, fault.IllegalState)
	must(r.verify(r.pavel(), "nordhafen", r.prove(r.edda(), "nordhafen", time.Time{})))(t)
	if len(r.marks(slug)) != 1 {
		t.Error("not marked again")
	}
}

func TestAChangedFigureLosesItsMark(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.publish("nordhafen", "en")
	m := must(r.verify(r.pavel(), "nordhafen", r.prove(r.edda(), "nordhafen", time.Time{})))(t)
	changed := strings.Replace(markdown, `value: "38"`, `value: "39"`, 1)
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "nordhafen", Locale: "en", Text: text(changed), Etag: r.text("nordhafen", "en").GetEtag()}))(t)
	list := must(r.metrics.ListMetrics(r.pavel(), &storiesv1.ListMetricsRequest{Story: "nordhafen", Locale: "en"}))(t).GetMetrics()
	if len(list) != 2 || list[0].GetState() != storiesv1.MetricState_METRIC_STATE_UNPROVEN || list[0].GetPublished() ||
		list[1].GetState() != storiesv1.MetricState_METRIC_STATE_VERIFIED || !list[1].GetPublished() || len(list[1].GetPositions()) != 0 {
		t.Fatalf("the workspace shows %v", list)
	}
	if len(r.marks(slug)) != 1 {
		t.Error("what is published has not changed, and lost its mark")
	}
	r.publish("nordhafen", "en")
	if got := r.marks(slug); len(got) != 0 {
		t.Errorf("the changed figure is marked: %v", got)
	}
	_, err := r.verify(r.pavel(), "nordhafen", m)
	refused(t, err, fault.NotFound)
}

func TestAVerificationIsTakenBack(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	r.publish("nordhafen", "en")
	m := r.prove(r.edda(), "nordhafen", time.Time{})
	withdraw := &storiesv1.WithdrawMetricVerificationRequest{Story: "nordhafen", Locale: "en", Metric: metricID(m), Reason: "The export counted August twice."}
	_, err := r.metrics.WithdrawMetricVerification(r.edda(), withdraw)
	refused(t, err, fault.IllegalState)
	must(r.verify(r.pavel(), "nordhafen", m))(t)
	got := must(r.metrics.WithdrawMetricVerification(r.edda(), withdraw))(t).GetMetric()
	if got.GetState() != storiesv1.MetricState_METRIC_STATE_WITHDRAWN || len(r.marks(slug)) != 0 || r.events(server.EventMetricWithdrawn) != 1 {
		t.Fatalf("after withdrawing: %v, %v", got, r.marks(slug))
	}
	_, err = r.verify(r.pavel(), "nordhafen", m)
	refused(t, err, fault.IllegalState)
	// What is recorded over a mark takes the mark with it, and says so to whoever holds copies.
	must(r.verify(r.pavel(), "nordhafen", r.prove(r.edda(), "nordhafen", time.Time{})))(t)
	r.clock.Step(time.Second)
	r.prove(r.edda(), "nordhafen", time.Time{})
	if len(r.marks(slug)) != 0 || r.events(server.EventMetricWithdrawn) != 2 {
		t.Error("other evidence lives on the old mark")
	}
	// Nor is other evidence verified by who looked at the old one.
	_, err = r.verify(r.pavel(), "nordhafen", m)
	refused(t, err, fault.IllegalState)
}

func TestWhereAFigureComesFromStaysInTheWorkspace(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	url := r.publish("nordhafen", "en")
	must(r.verify(r.pavel(), "nordhafen", r.prove(r.edda(), "nordhafen", time.Time{})))(t)
	preview := r.previewOf("nordhafen", 7)
	for name, answer := range map[string][]byte{
		"story":    asJSON(t, must(r.get(slug, "en"))(t)),
		"list":     asJSON(t, must(r.published.ListPublishedStories(r.nobody(), &storiesv1.ListPublishedStoriesRequest{}))(t)),
		"sign-off": asJSON(t, must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(t)),
		"preview":  asJSON(t, must(r.previews.GetPreview(r.customer(preview.GetUrl()), &storiesv1.GetPreviewRequest{}))(t)),
		"events":   asJSON(t, must(r.activity.ListEvents(r.agnes(), &storiesv1.ListEventsRequest{PageSize: 1000}))(t)),
		"audit":    asJSON(t, must(r.activity.ListAuditEntries(r.agnes(), &storiesv1.ListAuditEntriesRequest{PageSize: 200}))(t)),
	} {
		for _, secret := range []string{privateSource, privateLink, "dispatch-3-march", "cell B17"} {
			if strings.Contains(string(answer), secret) {
				t.Errorf("%s tells %q", name, secret)
			}
		}
	}
	zip := must(r.workspace.ExportStories(r.edda(), &storiesv1.ExportStoriesRequest{}))(t)
	if strings.Contains(string(asJSON(t, zip)), "B17") {
		t.Error("the export tells it")
	}
	_, err := r.metrics.ListMetrics(r.nobody(), &storiesv1.ListMetricsRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.Unauthenticated)
	_, err = r.metrics.ListMetrics(r.customer(url), &storiesv1.ListMetricsRequest{Story: "nordhafen", Locale: "en"})
	refused(t, err, fault.PermissionDenied)
}

func asJSON(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := protojson.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBadEvidenceIsNamed(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	id := metricID(r.figure(r.edda(), "nordhafen"))
	for field, change := range map[string]func(*storiesv1.RecordMetricEvidenceRequest){
		"source":    func(q *storiesv1.RecordMetricEvidenceRequest) { q.Source = " \n " },
		"sourceUrl": func(q *storiesv1.RecordMetricEvidenceRequest) { q.SourceUrl = "javascript:alert(1)" },
		"evidenceLine": func(q *storiesv1.RecordMetricEvidenceRequest) {
			q.EvidenceLine = "one\ntwo" + strings.Repeat("\n", 3) + "three"
		},
		"staleTime": func(q *storiesv1.RecordMetricEvidenceRequest) { q.StaleTime = timestamppb.New(start) },
	} {
		req := &storiesv1.RecordMetricEvidenceRequest{Story: "nordhafen", Locale: "en", Metric: id, Source: privateSource, EvidenceLine: publicLine}
		change(req)
		_, err := r.metrics.RecordMetricEvidence(r.edda(), req)
		if e := refused(t, err, fault.InvalidArgument); len(e.Fields) != 1 || e.Fields[0].Path != field {
			t.Errorf("%s: named as %v", field, e.Fields)
		}
	}
	if m := r.figure(r.edda(), "nordhafen"); m.GetState() != storiesv1.MetricState_METRIC_STATE_UNPROVEN {
		t.Errorf("something was recorded: %v", m)
	}
}
