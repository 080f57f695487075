package domain

import (
	"testing"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

func TestAMetricsHashIsThatOfTheExactFigure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := genBlock().Filter(func(b Block) bool { return b.Metric != nil }).Draw(t, "metric")
		before := MetricHash("nordhafen", "en", *b.Metric)
		if MetricHash("nordhafen", "en", *b.Metric) != before || MetricHash("other", "en", *b.Metric) == before || MetricHash("nordhafen", "de", *b.Metric) == before {
			t.Fatal("the hash does not stand for the figure in its text")
		}
		changed := b.clone()
		a := rapid.SampledFrom(changed.attributes()).Draw(t, "attribute")
		*a.value += "x"
		if MetricHash("nordhafen", "en", *changed.Metric) == before {
			t.Fatalf("another %s, the same hash", a.name)
		}
	})
}

// What was signed before figures had a sample, a method and a day keeps its hash.
func TestNewFieldsOfAMetricDoNotChangeOldHashes(t *testing.T) {
	c := Content{Locale: "en", Blocks: []Block{NewMetric(Metric{Value: "38", Label: "fewer late deliveries", Period: "March"})}}
	const want = `{"blocks":[{"kind":"metric","metric":{"label":"fewer late deliveries","period":"March","value":"38"}}],"locale":"en"}`
	if got := string(Canonical(c)); got != want {
		t.Errorf("canonical form is\n%s", got)
	}
}

// TestNoMarkWithoutASecondPerson lets people do what they like with a figure, and looks after each step whether a mark would be true.
func TestNoMarkWithoutASecondPerson(t *testing.T) {
	people := []string{"users/ada", "users/edda", "users/pavel", "users/agnes", "apps/shop"}
	hands := []string{"users/ada"}
	rapid.Check(t, func(t *rapid.T) {
		var e Evidence
		now := clock.Millis(1_000_000_000_000)
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			who := rapid.SampledFrom(people).Draw(t, "who")
			before := e
			var err error
			switch rapid.SampledFrom([]string{"record", "verify", "withdraw", "wait"}).Draw(t, "step") {
			case "record":
				n := Evidence{Source: "a report", Line: "From a report", StaleAt: now + clock.Millis(rapid.Int64Range(1, 1000).Draw(t, "holds")), RecordedBy: who}
				if who == "apps/shop" {
					n.RecordedFor = "users/agnes"
				}
				e, err = NewEvidence(n, now)
			case "verify":
				e, err = e.Verify(who, who, hands, now)
			case "withdraw":
				e, err = e.Withdraw(who, "why not", now)
			case "wait":
				now += clock.Millis(rapid.Int64Range(1, 500).Draw(t, "wait"))
			}
			if err != nil {
				if !fault.Has(err, fault.PermissionDenied) && !fault.Has(err, fault.IllegalState) {
					t.Fatal(err)
				}
				if e != before {
					t.Fatalf("refused and changed: %+v", e)
				}
			}
			if e.State(now) == MetricVerified && (e.VerifiedBy == "" || e.VerifiedBy == e.RecordedBy || e.VerifiedBy == e.RecordedFor || e.VerifiedBy == "users/ada" ||
				now >= e.StaleAt || e.WithdrawnAt != 0 || e.VerifiedAt < e.RecordedAt) {
				t.Fatalf("marked: %+v", e)
			}
			now++
		}
	})
}
