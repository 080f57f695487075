package server

import (
	"slices"
	"testing"

	"renown.example/kit/outbox"
)

func TestWhatAnEventConcerns(t *testing.T) {
	locales := []string{"en", "de", "fr"}
	for _, c := range []struct {
		kind, subject, data string
		names               []string
		everything          bool
	}{
		{EventPublished, "stories/a", `{"locale":"de","slug":"x"}`, []string{"stories/a", "lists/de"}, false},
		{EventPublished, "stories/a", `{"locale":"de","languages":"changed"}`, []string{"stories/a", "lists/de", "lists/en", "lists/fr"}, false},
		{EventWithdrawn, "stories/a", `{"locale":"en"}`, []string{"stories/a", "lists/en"}, false},
		{EventMoved, "stories/a", `{"locale":"en","slug":"y"}`, []string{"stories/a", "lists/en"}, false},
		{EventTextChanged, "stories/a/texts/en", `{"from":"APPROVED","state":"SCHEDULED"}`, []string{"stories/a", "lists/en"}, false},
		{EventTextChanged, "stories/a/texts/en", `{"from":"SCHEDULED","state":"APPROVED"}`, []string{"stories/a", "lists/en"}, false},
		{EventTextChanged, "stories/a/texts/en", `{"from":"DRAFT","state":"IN_REVIEW"}`, nil, false},
		{EventConsentGiven, "consents/c", `{"locale":"en"}`, nil, false},
		{EventConsentRevoked, "consents/c", `{"story":"a","locale":"en"}`, []string{"stories/a"}, false},
		{EventTermsChanged, "terms", `{}`, nil, true},
		// A story whose id tells what it does not say is known to the world by another name.
		{EventWithdrawn, "stories/a", `{"locale":"en","alias":"z"}`, []string{"stories/z", "lists/en"}, false},
		{EventConsentEnded, "consents/c", `{"story":"a","locale":"en","alias":"z"}`, []string{"stories/z"}, false},
		{EventTextChanged, "stories/a/texts/en", `{"from":"APPROVED","state":"SCHEDULED","locale":"en","alias":"z"}`, []string{"stories/z", "lists/en"}, false},
		{EventPublished, "stories/a", `[`, nil, true},
	} {
		got := changeOf(outbox.Event{Type: c.kind, Subject: c.subject, Data: []byte(c.data)}, locales)
		if !slices.Equal(got.names, c.names) || got.everything != c.everything {
			t.Errorf("%s %s %s: %+v, want %v %v", c.kind, c.subject, c.data, got, c.names, c.everything)
		}
	}
}

// TestAPartThatIsTakenBackIsPurgedLikeAWithdrawal: until a cache in front has forgotten, it is reported as holding what must not be seen any more.
func TestAPartThatIsTakenBackIsPurgedLikeAWithdrawal(t *testing.T) {
	for data, less := range map[string]bool{`{"locale":"en","without":"[logo]"}`: true, `{"locale":"en"}`: false} {
		if got := changeOf(outbox.Event{Type: EventPublished, Subject: "stories/a", Data: []byte(data)}, []string{"en"}); got.less != less {
			t.Errorf("%s: %+v", data, got)
		}
	}
}
