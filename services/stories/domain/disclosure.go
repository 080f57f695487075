package domain

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Gift is points of one kind that were given for telling a story, less those that were taken back.
type Gift struct {
	Program string `json:"program"`
	Wallet  string `json:"wallet"`
	Points  int64  `json:"points"`
}

// AddGift returns gifts with another one, in the order of programmes and wallets. Less than zero takes back. Sums below zero are kept: what was taken before it is told
// that it was given is not given then.
func AddGift(gifts []Gift, more Gift) []Gift {
	out := slices.Clone(gifts)
	at, found := slices.BinarySearchFunc(out, more, func(a, b Gift) int {
		return cmp.Or(strings.Compare(a.Program, b.Program), strings.Compare(a.Wallet, b.Wallet))
	})
	if !found {
		return slices.Insert(out, at, more)
	}
	out[at].Points += more.Points
	return out
}

// Given are the gifts of which something is left.
func Given(gifts []Gift) []Gift {
	var out []Gift
	for _, g := range gifts {
		if g.Points > 0 {
			out = append(out, g)
		}
	}
	return out
}

// usualWallet is the wallet whose points are called points.
const usualWallet = "points"

// disclosing is how a language says what was given. {given} is filled in.
type disclosing struct {
	sentence, one, many, and, group string
	// quoted begin and end the name of a wallet that has no word of its own.
	quoted [2]string
}

var disclosings = map[string]disclosing{
	"en": {"The customer received {given} for telling this story.", "point", "points", " and ", ",", [2]string{"“", "”"}},
	"de": {"Der Kunde hat für diese Geschichte {given} erhalten.", "Punkt", "Punkte", " und ", ".", [2]string{"„", "“"}},
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
	for _, g := range Given(gifts) {
		if _, known := byWallet[g.Wallet]; !known {
			wallets = append(wallets, g.Wallet)
		}
		byWallet[g.Wallet] += g.Points
	}
	if len(wallets) == 0 {
		return ""
	}
	var parts []string
	for _, w := range wallets {
		parts = append(parts, d.amount(w, byWallet[w]))
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
	digits := strconv.FormatInt(points, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + d.group + digits[i:]
	}
	return digits + "\u00a0" + unit
}
