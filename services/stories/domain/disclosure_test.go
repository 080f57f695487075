package domain_test

import (
	"strings"
	"testing"

	"renown.example/stories/domain"
)

func TestWhatWasGivenIsSaid(t *testing.T) {
	points := func(n int64) domain.Gift { return domain.Gift{Program: "customers", Wallet: "points", Points: n} }
	staff := domain.Gift{Program: "employees", Wallet: "points", Points: 40}
	mug := func(n int64) domain.Gift { return domain.Gift{Program: "customers", Reward: "mug", Times: n} }
	film := domain.Gift{Program: "customers", Reward: "film", Times: 1}
	stamps := domain.Gift{Program: "customers", Wallet: "stamps", Points: 2}
	for _, c := range []struct {
		locale string
		moves  []domain.Gift
		want   string
	}{
		{"en", nil, ""},
		{"en", []domain.Gift{points(500)}, "The customer received 500 points for telling this story."},
		{"en-GB", []domain.Gift{points(1)}, "The customer received 1 point for telling this story."},
		{"de", []domain.Gift{points(1500)}, "Der Kunde hat für diese Geschichte 1.500 Punkte erhalten."},
		{"fr", []domain.Gift{points(1234567)}, "The customer received 1,234,567 points for telling this story."},
		{"en", []domain.Gift{points(500), points(-200)}, "The customer received 300 points for telling this story."},
		{"en", []domain.Gift{points(500), points(-500)}, ""},
		{"en", []domain.Gift{points(-500), points(500)}, ""},
		{"en", []domain.Gift{staff, points(60)}, "The customer received 100 points for telling this story."},
		{"de", []domain.Gift{stamps, points(60)}, "Der Kunde hat für diese Geschichte 60 Punkte und 2 „stamps“ erhalten."},
		{"en", []domain.Gift{mug(1)}, "The customer received a reward for telling this story."},
		{"de", []domain.Gift{mug(1)}, "Der Kunde hat für diese Geschichte eine Prämie erhalten."},
		{"en", []domain.Gift{mug(1), points(500), film}, "The customer received 500 points and 2 rewards for telling this story."},
		{"de", []domain.Gift{mug(1234), stamps, points(1)}, "Der Kunde hat für diese Geschichte 1 Punkt, 2 „stamps“ und 1.234 Prämien erhalten."},
		{"en", []domain.Gift{mug(1), mug(-1), film}, "The customer received a reward for telling this story."},
		{"en", []domain.Gift{mug(-1), mug(1)}, ""},
	} {
		var gifts []domain.Gift
		for _, m := range c.moves {
			gifts = domain.AddGift(gifts, m)
		}
		if got := strings.ReplaceAll(domain.Disclose(c.locale, gifts), "\u00a0", " "); got != c.want {
			t.Errorf("%s, %v: %q, want %q", c.locale, c.moves, got, c.want)
		}
	}
}
