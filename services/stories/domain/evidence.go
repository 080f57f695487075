package domain

import (
	"encoding/json"
	"net/url"
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// Evidence is what stands behind one figure. Where it comes from is for colleagues; readers see the line, and only once a second person has verified it.
type Evidence struct {
	// Source says where the figure comes from, and SourceURL leads there. Neither leaves the workspace.
	Source    string `json:"source"`
	SourceURL string `json:"sourceUrl,omitempty"`
	// Line is what readers are told, in the language of the text.
	Line string `json:"line"`
	// StaleAt is the first instant at which a verification holds no longer.
	StaleAt        clock.Millis `json:"staleAt"`
	RecordedBy     string       `json:"recordedBy"`
	RecordedByName string       `json:"recordedByName,omitempty"`
	// RecordedFor is the person behind an app that recorded it.
	RecordedFor    string       `json:"recordedFor,omitempty"`
	RecordedAt     clock.Millis `json:"recordedAt"`
	VerifiedBy     string       `json:"verifiedBy,omitempty"`
	VerifiedByName string       `json:"verifiedByName,omitempty"`
	VerifiedAt     clock.Millis `json:"verifiedAt,omitempty"`
	WithdrawnBy    string       `json:"withdrawnBy,omitempty"`
	WithdrawnAt    clock.Millis `json:"withdrawnAt,omitempty"`
	// Reason is why the verification was taken back.
	Reason string `json:"reason,omitempty"`
}

// MetricState says how well a figure is proven.
type MetricState string

// The states of a figure. One that nobody has said anything about is unproven.
const (
	MetricUnproven  MetricState = "unproven"
	MetricRecorded  MetricState = "recorded"
	MetricVerified  MetricState = "verified"
	MetricStale     MetricState = "stale"
	MetricWithdrawn MetricState = "withdrawn"
)

// Bounds of an Evidence.
const (
	MaxEvidenceLine = 300
	// usualFreshYears is how long a verification holds where nobody says, maxFreshYears how long it can.
	usualFreshYears = 1
	maxFreshYears   = 5
)

// MetricHash identifies one figure of one text: the SHA-256 of its canonical form with the text that it stands in. A figure that is changed in any word, or stands
// in another text, is another one. The metric is normalized, as everything that is stored.
func MetricHash(story, locale string, m Metric) string {
	loose, err := json.Marshal(map[string]any{"story": story, "locale": locale, "metric": m})
	if err != nil {
		panic("domain: a metric is made of strings and always has a JSON text: " + err.Error())
	}
	canonical, err := CanonicalJSON(loose)
	if err != nil {
		panic("domain: a metric holds nothing but strings: " + err.Error())
	}
	return hash(canonical)
}

// Metrics returns the positions of every figure of c by its hash.
func Metrics(story string, c Content) (positions map[string][]int, order []string) {
	positions = map[string][]int{}
	for i, b := range c.Blocks {
		if b.Kind != KindMetric || b.Metric == nil {
			continue
		}
		h := MetricHash(story, c.Locale, *b.Metric)
		if positions[h] == nil {
			order = append(order, h)
		}
		positions[h] = append(positions[h], i)
	}
	return positions, order
}

// NewEvidence completes and checks evidence that is recorded now. It refuses with fault.InvalidArgument naming the fields.
func NewEvidence(e Evidence, now clock.Millis) (Evidence, error) {
	var f findings
	e.Source, e.Line = trimBlank(e.Source), line(e.Line)
	f.characters("source", e.Source, attribute{max: MaxEvidence, required: true, lines: true})
	f.characters("evidenceLine", e.Line, attribute{max: MaxEvidenceLine, required: true})
	if f.characters("sourceUrl", e.SourceURL, attribute{max: MaxURL}) && e.SourceURL != "" {
		if u, err := url.Parse(e.SourceURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
			f.add("sourceUrl", "must be an address that begins with https:// or http:// and names no user")
		}
	}
	if e.StaleAt == 0 {
		e.StaleAt = clock.At(now.Time().AddDate(usualFreshYears, 0, 0))
	}
	switch latest := clock.At(now.Time().AddDate(maxFreshYears, 0, 1)); {
	case e.StaleAt <= now:
		f.add("staleTime", "must lie in the future")
	case e.StaleAt > latest:
		f.add("staleTime", "must lie before %s: figures grow old", latest.Time().Format("2 January 2006"))
	}
	e.RecordedAt = now
	return e, f.fault(fault.InvalidArgument, "The evidence cannot be recorded")
}

// State tells how well the figure is proven at now.
func (e Evidence) State(now clock.Millis) MetricState {
	switch {
	case e.RecordedAt == 0:
		return MetricUnproven
	case e.WithdrawnAt != 0:
		return MetricWithdrawn
	case now >= e.StaleAt:
		return MetricStale
	case e.VerifiedAt != 0:
		return MetricVerified
	}
	return MetricRecorded
}

// MayVerify refuses, with fault.PermissionDenied, whoever is not a second person: the one who recorded the evidence, the owner of the app that did, and everybody who
// ever wrote on the text.
func (e Evidence) MayVerify(by string, hands []string) error {
	switch {
	case by == "" || by == e.RecordedBy || by == e.RecordedFor:
		return fault.PermissionDenied.New("You recorded this evidence. Somebody else has to look at it.")
	case slices.Contains(hands, by):
		return fault.PermissionDenied.New("You wrote on this text. Somebody who wrote none of it has to look at the evidence.")
	}
	return nil
}

// Verify returns e as verified by a second person. Verifying again changes nothing.
func (e Evidence) Verify(by, name string, hands []string, now clock.Millis) (Evidence, error) {
	if err := e.MayVerify(by, hands); err != nil {
		return e, err
	}
	switch e.State(now) {
	case MetricVerified:
		return e, nil
	case MetricRecorded:
		e.VerifiedBy, e.VerifiedByName, e.VerifiedAt = by, name, now
		return e, nil
	case MetricUnproven:
		return e, fault.IllegalState.New("Nobody has recorded where this figure comes from.")
	case MetricStale:
		return e, fault.IllegalState.New("The evidence has become stale. Record it anew first.")
	}
	return e, fault.IllegalState.New("The verification was taken back. Record the evidence anew first.")
}

// Withdraw returns e with its verification taken back. Taking it back again changes nothing.
func (e Evidence) Withdraw(by, reason string, now clock.Millis) (Evidence, error) {
	switch {
	case e.WithdrawnAt != 0:
		return e, nil
	case e.VerifiedAt == 0:
		return e, fault.IllegalState.New("This figure is not verified.")
	}
	e.WithdrawnBy, e.WithdrawnAt, e.Reason = by, now, reason
	return e, nil
}
