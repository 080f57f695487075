package loyalty_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"testing"

	"renown.example/proto/gen/openapi"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var code = regexp.MustCompile("`([^`]+)`")

// reference is what the reference says of events: for each type, and under "" for all, the words that are set as code.
var reference = sync.OnceValues(func() (map[string]map[string]bool, error) {
	var document struct {
		Paths map[string]map[string]struct{ Description string }
	}
	if err := json.Unmarshal(openapi.JSON, &document); err != nil {
		return nil, err
	}
	words := map[string]map[string]bool{"": {}}
	for _, paragraph := range strings.Split(document.Paths["/v1/programs:events"]["get"].Description, "\n\n") {
		var types []string
		said := map[string]bool{}
		for _, m := range code.FindAllStringSubmatch(paragraph, -1) {
			if strings.HasPrefix(m[1], "loyalty.") {
				types = append(types, m[1])
			}
			said[m[1]] = true
		}
		if types == nil {
			types = []string{""}
		}
		for _, name := range types {
			words[name] = said
		}
	}
	return words, nil
})

// documented fails the test for each event that the reference does not know, or whose data has a member that it does not name.
func (r *rig) documented(t testing.TB) {
	t.Helper()
	words, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	missed := map[string]bool{}
	for after := int64(0); ; {
		resp, err := r.events.ListLoyaltyEvents(r.shop(t), &loyaltyv1.ListLoyaltyEventsRequest{After: after, PageSize: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if len(resp.GetEvents()) == 0 {
			break
		}
		after = resp.GetNextAfter()
		for _, e := range resp.GetEvents() {
			for _, name := range namesIn(t, e) {
				if words[e.GetType()] == nil || !words[""][name] && !words[e.GetType()][name] {
					missed[e.GetType()+" "+name] = true
				}
			}
		}
	}
	for m := range missed {
		t.Errorf("the reference of events says nothing of %s", m)
	}
}

// namesIn returns the type of an event and the members of its data and details.
func namesIn(t testing.TB, e *loyaltyv1.LoyaltyEvent) []string {
	t.Helper()
	names := []string{e.GetType()}
	var data, details map[string]json.RawMessage
	if err := json.Unmarshal([]byte(e.GetDataJson()), &data); err != nil {
		t.Fatal(err)
	}
	if d, ok := data["details"]; ok {
		if err := json.Unmarshal(d, &details); err != nil {
			t.Fatal(err)
		}
	}
	for name := range data {
		names = append(names, name)
	}
	for name := range details {
		names = append(names, name)
	}
	return names
}
