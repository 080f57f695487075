package web

import (
	"testing"
	"time"
)

func TestFormats(t *testing.T) {
	at := time.Date(2026, 3, 2, 23, 30, 0, 0, time.FixedZone("", -3600))
	for _, c := range []struct{ got, want string }{
		{FormatDate("en", at), "3 March 2026"},
		{FormatDate("de-AT", at), "3. März 2026"},
		{FormatDate("fr", at), "3 March 2026"},
		{FormatDateTime("de", at), "3. März 2026, 00:30 UTC"},
		{FormatInt("en", 1234567), "1,234,567"},
		{FormatInt("de", 1234), "1.234"},
		{FormatInt("en", -1000), "−1,000"},
		{FormatInt("en", 999), "999"},
		{FormatInt("en", 0), "0"},
		{FormatBytes("en", 999), "999 B"},
		{FormatBytes("en", 1500), "2 kB"},
		{FormatBytes("de", 2_340_000), "2,3 MB"},
		{string(timeElement("en", at, false)), `<time datetime="2026-03-03T00:30:00Z" title="2026-03-03T00:30:00Z">3 March 2026</time>`},
		{string(timeElement("en", time.Time{}, true)), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	w := Words{"n": {"en": "%s story|%s stories", "de": "%s Geschichte|%s Geschichten"}, "only": {"en": "Hello %s"}}
	for n, want := range map[int64]string{0: "0 Geschichten", 1: "1 Geschichte", 1200: "1.200 Geschichten"} {
		if got, err := w.Count("de", "n", n); err != nil || got != want {
			t.Errorf("%d: %q, %v", n, got, err)
		}
	}
	if got, err := w.Say("de", "only", "you"); err != nil || got != "Hello you" {
		t.Errorf("without a translation: %q, %v", got, err)
	}
	if _, err := w.Say("en", "none"); err == nil {
		t.Error("a key without words was said")
	}
	if _, err := merge(w, w); err == nil {
		t.Error("one key was given twice")
	}
}

func TestShortNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 9_999: "9,999", 10_000: "10k", 12_560: "12.5k", -12_500: "−12.5k", 2_000_000: "2M", 2_550_000_000: "2.5G"} {
		if got := FormatShort("en", n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
}
