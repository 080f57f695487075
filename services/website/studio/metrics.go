package studio

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

var metricStates = map[storiesv1.MetricState]stateWords{
	storiesv1.MetricState_METRIC_STATE_UNPROVEN:  {Label: "No evidence yet", Tone: web.PlainTone, Icon: "info"},
	storiesv1.MetricState_METRIC_STATE_RECORDED:  {Label: "To be verified", Tone: web.WarnTone, Icon: "clock"},
	storiesv1.MetricState_METRIC_STATE_VERIFIED:  {Label: "Verified", Tone: web.GoodTone, Icon: "badge-check"},
	storiesv1.MetricState_METRIC_STATE_STALE:     {Label: "Gone stale", Tone: web.WarnTone, Icon: "history"},
	storiesv1.MetricState_METRIC_STATE_WITHDRAWN: {Label: "Taken back", Tone: web.BadTone, Icon: "ban"},
}

// proof is a figure with its evidence, as pages show it.
type proof struct {
	*storiesv1.Metric
	State     stateWords
	Words     string
	URL, Text string
	// Next is the one thing to do about it; Waits says for whom it waits where that is not this person.
	Next, Waits string
	Recorded    time.Time
	Verified    *time.Time
	// Until is on the last day on which a verification holds.
	Until *time.Time
	May   map[string]bool
}

// Language is the name of the text's language in itself.
func (p proof) Language() string { return web.NativeName(last(p.Text)) }

func last(address string) string { return address[strings.LastIndex(address, "/")+1:] }

func proofOf(m *storiesv1.Metric) proof {
	parts := strings.Split(m.GetName(), "/") // stories/{story}/texts/{locale}/metrics/{metric}
	for len(parts) < 6 {
		parts = append(parts, "")
	}
	p := proof{Metric: m, State: metricStates[m.GetState()], Words: figureWords(m.GetBlock()), Text: textURL(parts[1], parts[3]), May: map[string]bool{}}
	p.URL = p.Text + "/metrics/" + url.PathEscape(parts[5])
	for _, a := range m.GetActions() {
		p.May[a] = true
	}
	if m.GetRecordTime() != nil {
		p.Recorded = m.GetRecordTime().AsTime()
		until := m.GetStaleTime().AsTime().Add(-time.Second)
		p.Until = &until
	}
	if m.GetVerifyTime() != nil {
		at := m.GetVerifyTime().AsTime()
		p.Verified = &at
	}
	p.Next, p.Waits = nextOfProof(m, p.May)
	return p
}

func figureWords(m *storiesv1.MetricBlock) string {
	return strings.Join(slices.DeleteFunc([]string{m.GetValue(), m.GetUnit(), m.GetLabel()}, func(s string) bool { return s == "" }), " ")
}

func nextOfProof(m *storiesv1.Metric, may map[string]bool) (next, waits string) {
	switch m.GetState() {
	case storiesv1.MetricState_METRIC_STATE_RECORDED:
		if may["verify"] {
			return "Look at the evidence", ""
		}
		return "", "Waits for an approver who wrote none of the text"
	case storiesv1.MetricState_METRIC_STATE_VERIFIED:
		return "", ""
	case storiesv1.MetricState_METRIC_STATE_UNPROVEN:
		next = "Say where it comes from"
	default:
		next = "Record it anew"
	}
	if !may["record"] {
		return "", "Waits for its author or an editor"
	}
	return next, ""
}

func (v *visit) proven() storiesv1.MetricsServiceClient {
	return storiesv1.NewMetricsServiceClient(v.conn)
}

// proofs are the figures of a text.
func (v *visit) proofs(story, locale string) ([]proof, error) {
	list, err := v.proven().ListMetrics(v.ctx(), &storiesv1.ListMetricsRequest{Story: story, Locale: locale})
	if err != nil {
		return nil, err
	}
	var out []proof
	for _, m := range list.GetMetrics() {
		out = append(out, proofOf(m))
	}
	return out, nil
}

// metric shows one figure with what stands behind it.
func (v *visit) metric() error { return v.showMetric(http.StatusOK, "", nil) }

// showMetric shows a figure, with the form of a step that was refused still filled in.
func (v *visit) showMetric(status int, refused string, problem *api.Problem) error {
	story, locale, id := v.r.PathValue("story"), v.r.PathValue("locale"), v.r.PathValue("metric")
	all, err := v.proofs(story, locale)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(p proof) bool { return last(p.GetName()) == id })
	if i < 0 {
		return &api.Problem{Status: http.StatusNotFound, Code: "NOT_FOUND", Title: "The text has no such figure any more",
			Detail: "It was changed or taken out. A figure that was changed has to be proven again: go back to the text."}
	}
	p := all[i]
	forms := v.metricForms(p, refused, problem)
	view := &web.View{Title: p.Words, Section: "stories", Data: map[string]any{"Proof": p, "Forms": forms, "Open": refused, "RecordTime": recordTime(p.Metric)},
		Trail: []web.Link{{Label: "Stories", URL: "/studio/stories"}, {Label: p.GetTitle(), URL: p.Text}, {Label: "Figure"}}}
	if f := forms[refused]; f != nil {
		view.Notice = f.Notice()
	}
	v.show(status, "metric", view)
	return nil
}

// recordTime is when the evidence was recorded, exactly: whoever verifies says what they have looked at.
func recordTime(m *storiesv1.Metric) string {
	if m.GetRecordTime() == nil {
		return ""
	}
	return m.GetRecordTime().AsTime().Format(time.RFC3339Nano)
}

func (v *visit) metricForms(p proof, refused string, problem *api.Problem) map[string]*form {
	forms := map[string]*form{}
	for _, step := range []string{"record", "verify", "withdraw"} {
		forms[step] = newForm(nil, nil)
		if step == refused {
			forms[step] = newForm(v.r.PostForm, problem)
		}
	}
	until := v.clock.Now().AddDate(1, 0, 0).Format(time.DateOnly)
	forms["record"].
		add(web.Field{Name: "source", Label: "Source", Type: "textarea", Rows: 3, Required: true, Max: 2000, Value: p.GetSource(),
			Help: "Which report, system or person says so. Only colleagues see this."}, "/source").
		add(web.Field{Name: "source_url", Label: "A link to it", Type: "url", Inputmode: "url", Max: 2000, Wide: true, Value: p.GetSourceUrl(), Help: "Only colleagues see this."}, "/sourceUrl").
		add(web.Field{Name: "evidence_line", Label: "What may readers know about it?", Required: true, Max: 300, Wide: true, Value: p.GetEvidenceLine(),
			Help: "One line in " + p.Language() + ", such as “Measured by the customer’s dispatch system, 6 months, checked on 3 March 2026”. It stands behind the mark “Verified”."}, "/evidenceLine").
		add(web.Field{Name: "stale_on", Label: "Until when does it hold?", Type: "date", Required: true, Value: until, Help: "The last day on which readers see the mark. Figures grow old: five years at most."}, "/staleTime")
	forms["withdraw"].add(web.Field{Name: "reason", Label: "Why?", Type: "textarea", Rows: 2, Required: true, Max: 1000, Help: "For colleagues and the audit trail; readers do not see it."}, "/reason")
	return forms
}

// metricSteps are the forms on the page of a figure, by the last part of their address.
var metricSteps = map[string]func(v *visit, story, locale, metric string) taken{
	"record":   (*visit).recordEvidence,
	"verify":   (*visit).verifyMetric,
	"withdraw": (*visit).withdrawVerification,
}

func (v *visit) metricStep() error {
	story, locale, id, step := v.r.PathValue("story"), v.r.PathValue("locale"), v.r.PathValue("metric"), v.r.PathValue("step")
	carryOut, ok := metricSteps[step]
	if !ok {
		return v.notFound()
	}
	t := carryOut(v, story, locale, id)
	if t.err == nil {
		return v.done(textURL(story, locale)+"/metrics/"+url.PathEscape(id), t.notice)
	}
	problem := api.AsProblem(t.err)
	if problem.Status == http.StatusUnauthorized {
		return t.err
	}
	return v.showMetric(problem.Status, step, problem)
}

func (v *visit) recordEvidence(story, locale, metric string) taken {
	until := endOfDay(v.value("stale_on"))
	if until == nil {
		return taken{err: refusal("/staleTime", "Give the last day on which it holds.")}
	}
	_, err := v.proven().RecordMetricEvidence(v.ctx(), &storiesv1.RecordMetricEvidenceRequest{Story: story, Locale: locale, Metric: metric, Source: v.value("source"),
		SourceUrl: v.value("source_url"), EvidenceLine: v.value("evidence_line"), StaleTime: until}, v.once())
	return taken{"proven", err}
}

func (v *visit) verifyMetric(story, locale, metric string) taken {
	seen, err := time.Parse(time.RFC3339Nano, v.value("seen"))
	if err != nil {
		return taken{err: refusal("/recordTime", "Load the page again and look at the evidence.")}
	}
	_, err = v.proven().VerifyMetric(v.ctx(), &storiesv1.VerifyMetricRequest{Story: story, Locale: locale, Metric: metric, RecordTime: timestamppb.New(seen)}, v.once())
	return taken{"verified", err}
}

func (v *visit) withdrawVerification(story, locale, metric string) taken {
	_, err := v.proven().WithdrawMetricVerification(v.ctx(), &storiesv1.WithdrawMetricVerificationRequest{Story: story, Locale: locale, Metric: metric, Reason: v.value("reason")}, v.once())
	return taken{"unverified", err}
}

// waitingProofs are figures over all texts that this person can do something about.
func (v *visit) waitingProofs() ([]proof, error) {
	list, err := v.proven().ListWaitingMetrics(v.ctx(), &storiesv1.ListWaitingMetricsRequest{PageSize: 50})
	if err != nil {
		return nil, err
	}
	var out []proof
	for _, m := range list.GetMetrics() {
		if p := proofOf(m); p.Next != "" {
			out = append(out, p)
		}
	}
	return out, nil
}
