package explain

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/ledger"
)

// Words write for the members of one programme, in one language.
type Words struct {
	Language Language
	Zone     calendar.Zone
	// One and Many are what the programme calls one point and several; empty, or point and points, is what the language calls them.
	One, Many string
	// Tiers are the names, by their ids, of the tiers of the programme's usual wallet, which are those that rules know; Own are those of the wallet that is written about,
	// which may have other tiers by the same ids. One without a name is called by its id.
	Tiers, Own map[string]string
}

// Tier is what a tier is called that a rule went by.
func (w Words) Tier(id string) string { return cmp.Or(w.Tiers[id], id) }

// OwnTier is what a tier of the wallet is called that is written about.
func (w Words) OwnTier(id string) string { return cmp.Or(w.Own[id], id) }

// Say fills in a message.
func (w Words) Say(key string, args ...any) string { return w.Language.say(key, args...) }

// Counted fills in a message about some points: their amount, and what else belongs in it.
func (w Words) Counted(key string, points int64, args ...any) string {
	return w.say(bent(key, points), append([]any{w.Points(points)}, args...)...)
}

// bent is the message that goes with a number: the one about one, where a message has such a form.
func bent(key string, n int64) string {
	if n == 1 || n == -1 {
		if _, own := messages[key+".1"]; own {
			return key + ".1"
		}
	}
	return key
}

// say fills in a message that need not use all that it is given.
func (w Words) say(key string, args ...any) string { return filled(w.Language.say(key), args...) }

func filled(text string, args ...any) string {
	var pairs []string
	for i, a := range args {
		pairs = append(pairs, fmt.Sprintf("%%[%d]s", i+1), fmt.Sprint(a))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Points writes an amount, without its sign.
func (w Words) Points(n int64) string {
	if n < 0 {
		n = -n
	}
	name := w.Many
	if m := manners[w.Language]; name == "" || name == manners[English].many {
		name = m.many
	}
	if n == 1 {
		if name = w.One; name == "" || name == manners[English].one {
			name = manners[w.Language].one
		}
	}
	return w.Language.number(n) + " " + name
}

// Number writes a whole number.
func (w Words) Number(n int64) string { return w.Language.number(n) }

// Decimal writes an exact decimal.
func (w Words) Decimal(exact string) string { return w.Language.decimal(exact) }

// Money writes an exact amount of a currency.
func (w Words) Money(exact, currency string) string {
	whole, part, _ := strings.Cut(exact, ".")
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil && n > 0 {
		whole = w.Language.number(n)
	}
	if part != "" {
		whole += manners[w.Language].point + part
	}
	return whole + " " + currency
}

// Because is the reason that somebody gave, as it stands behind a sentence; "" for none.
func (w Words) Because(reason string) string {
	if reason == "" {
		return ""
	}
	return w.Say("because", reason)
}

// Date writes a day.
func (w Words) Date(d calendar.Date) string { return w.Language.date(d) }

// Day writes the day of an instant, as the programme's zone has it.
func (w Words) Day(at clock.Millis) string { return w.Date(w.Zone.DateOf(at)) }

// Instant writes a day, with the time if it is not the beginning of the day.
func (w Words) Instant(at clock.Millis) string {
	date, shows := w.Zone.Clock(at)
	if shows == 0 {
		return w.Date(date)
	}
	return fmt.Sprintf("%s, %02d:%02d", w.Date(date), int(shows.Hours()), int(shows.Minutes())%60)
}

// side says what a leg means.
func (w Words) side(l ledger.Leg) string {
	kind, of, _ := strings.Cut(l.Account, ":")
	if _, known := messages["more."+kind]; !known {
		kind, of = "", l.Account
	}
	key, n := "more."+kind, l.Points
	if n < 0 {
		key, n = "less."+kind, -n
	}
	return w.say(bent(key, n), w.Number(n), of)
}

// lot says which lot it is and what it has to do with the transaction.
func (w Words) lot(tx ledger.Transaction, c ledger.LotChange, l ledger.Lot, known bool) string {
	what := w.Say("lot", c.N)
	if known {
		what += w.origin(l)
	}
	switch {
	case c.Opened != nil && l.Pending && l.ActivatesAt != 0:
		return what + w.Say("lot.from", w.Day(l.ActivatesAt)) + w.end(l)
	case c.Opened != nil && l.Pending:
		return what + w.Say("lot.waits") + w.end(l)
	case c.Opened != nil:
		return what + w.end(l)
	case tx.Kind == ledger.KindExpire:
		return what + w.over(l)
	}
	return what + w.end(l)
}

// imports is how the sources begin of what was brought along.
const imports = "imports/"

// Source says what an entry was about: an import in words, anything else by its name.
func (w Words) Source(source string) string {
	if name, found := strings.CutPrefix(source, imports); found {
		return w.Say("import", name)
	}
	return source
}

// origin says where a lot comes from.
func (w Words) origin(l ledger.Lot) string {
	var s strings.Builder
	if l.Rule != "" {
		s.WriteString(w.Say("lot.rule", l.Rule))
	}
	switch {
	case strings.HasPrefix(l.Source, imports):
		s.WriteString(w.Say("lot.import", w.Source(l.Source)))
	case l.Source != "":
		s.WriteString(w.Say("lot.source", l.Source))
	}
	if l.IssuedAt != 0 {
		s.WriteString(w.Say("lot.issued", w.Day(l.IssuedAt)))
	}
	return s.String()
}

func (w Words) end(l ledger.Lot) string {
	switch {
	case l.ExpiresAt != 0:
		return w.Say("lot.until", w.Instant(l.ExpiresAt)) + w.life(l)
	case l.Pending:
		return ""
	}
	return w.Say("lot.endless")
}

// over says why a lot has ended.
func (w Words) over(l ledger.Lot) string {
	if l.ExpiresAt == 0 {
		return w.Say("lot.ended")
	}
	return w.Say("lot.ended.on", w.Instant(l.ExpiresAt)) + w.life(l)
}

func (w Words) life(l ledger.Lot) string {
	switch {
	case l.Life == "":
		return ""
	case l.Policy == "":
		return w.Say("lot.life", l.Life)
	}
	return w.Say("lot.policy", l.Life, l.Policy)
}
