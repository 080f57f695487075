package domain

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Gift is points of one kind that were given for telling a story, less those that were taken back; or how often a reward was, less how often it was taken back. A
// reward has no wallet, whatever it was paid with.
type Gift struct {
	Program string `json:"program"`
	Wallet  string `json:"wallet"`
	Points  int64  `json:"points"`
	Reward  string `json:"reward,omitempty"`
	Times   int64  `json:"times,omitempty"`
}

// AddGift returns gifts with another one, in the order of programmes, wallets and rewards. Less than zero takes back. Sums below zero are kept: what was taken before it is told
// that it was given is not given then.
func AddGift(gifts []Gift, more Gift) []Gift {
	out := slices.Clone(gifts)
	at, found := slices.BinarySearchFunc(out, more, func(a, b Gift) int {
		return cmp.Or(strings.Compare(a.Program, b.Program), strings.Compare(a.Wallet, b.Wallet), strings.Compare(a.Reward, b.Reward))
	})
	if !found {
		return slices.Insert(out, at, more)
	}
	out[at].Points += more.Points
	out[at].Times += more.Times
	return out
}

// Given are the gifts of which something is left.
func Given(gifts []Gift) []Gift {
	var out []Gift
	for _, g := range gifts {
		if g.Points > 0 || g.Times > 0 {
			out = append(out, g)
		}
	}
	return out
}

// usualWallet is the wallet whose points are called points.
const usualWallet = "points"

// disclosing is how a language says what was given. {given} is filled in.
type disclosing struct {
	sentence, one, many, reward, rewards, and, group string
	// quoted begin and end the name of a wallet that has no word of its own.
	quoted [2]string
}

var disclosings = map[string]disclosing{
	"en": {"The customer received {given} for telling this story.", "point", "points", "a reward", "rewards", " and ", ",", [2]string{"“", "”"}},
	"de": {"Der Kunde hat für diese Geschichte {given} erhalten.", "Punkt", "Punkte", "eine Prämie", "Prämien", " und ", ".", [2]string{"„", "“"}},
}

// Disclose says in a language, or in English where it is not spoken, what was given for telling a story; "" if nothing was. It names nobody: the customer may be one
// whom the story does not name.
func Disclose(locale string, gifts []Gift) string {
	base, _, _ := strings.Cut(locale, "-")
	d, ok := disclosings[base]
	if !ok {
		d = disclosings["en"]
	}
	byWallet := map[string]int64{}
	var wallets []string
	var rewards int64
	for _, g := range Given(gifts) {
		if g.Reward != "" {
			rewards += g.Times
			continue
		}
		if _, known := byWallet[g.Wallet]; !known {
			wallets = append(wallets, g.Wallet)
		}
		byWallet[g.Wallet] += g.Points
	}
	var parts []string
	for _, w := range wallets {
		parts = append(parts, d.amount(w, byWallet[w]))
	}
	switch {
	case rewards == 1:
		parts = append(parts, d.reward)
	case rewards > 1:
		parts = append(parts, d.number(rewards)+"\u00a0"+d.rewards)
	}
	if len(parts) == 0 {
		return ""
	}
	given := parts[len(parts)-1]
	if rest := parts[:len(parts)-1]; len(rest) > 0 {
		given = strings.Join(rest, ", ") + d.and + given
	}
	return strings.Replace(d.sentence, "{given}", given, 1)
}

func (d disclosing) amount(wallet string, points int64) string {
	unit := d.many
	switch {
	case wallet != usualWallet:
		unit = d.quoted[0] + wallet + d.quoted[1]
	case points == 1:
		unit = d.one
	}
	return d.number(points) + "\u00a0" + unit
}

// number writes a whole number in groups.
func (d disclosing) number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + d.group + digits[i:]
	}
	return digits
}
