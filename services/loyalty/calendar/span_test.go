package calendar_test

import (
	"testing"

	"renown.example/loyalty/calendar"
)

func TestSpansInWords(t *testing.T) {
	for text, want := range map[string]string{"P400D": "400 days", "P1Y": "1 year", "P1Y6M": "1 year and 6 months", "P1M2W1DT1H": "1 month, 2 weeks, 1 day and 1 hour", "PT5M": "5 minutes", "PT90S": "90 seconds"} {
		s, err := calendar.ParseSpan("", text)
		if err != nil || s.Words() != want {
			t.Errorf("%s is %q, %v, want %q", text, s.Words(), err, want)
		}
	}
	if none := (calendar.Span{}).Words(); none != "" {
		t.Errorf("none is %q", none)
	}
}
