package points

import (
	"slices"
	"strings"
	"time"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/web"
)

// statement is the page's data.
type statement struct {
	*loyaltyv1.Statement
	// Wallet is the one shown, Tabs lead to the others.
	Wallet  *loyaltyv1.StatementWallet
	Tabs    []web.Tab
	Balance string
	Unit    string
	// Next says what expires next, "" if nothing does.
	Next  string
	Aside []held
	// Standing is where the member is among the tiers, nil if there are none.
	Standing *standing
	// Offers are the rewards, those first that can be had; Taken what the member had of them, the newest first.
	Offers []offer
	Taken  []taken
	// Goals are the achievements of the programme.
	Goals   []goal
	Expires []coming
	Arrives []coming
	History []line
	Newer   string
	Older   string

	zone *time.Location
}

// held are points that cannot be spent now, and why.
type held struct{ Points, Words, Why string }

// coming is some points at an instant.
type coming struct {
	Day    time.Time
	Points string
	// Share is how large the points are beside the largest of the list, in percent.
	Share int64
}

func (v *visit) statement(s *loyaltyv1.Statement, wallet string) *statement {
	d := &statement{Statement: s, Wallet: s.GetWallets()[0], zone: time.UTC}
	if z, err := time.LoadLocation(s.GetTimeZone()); err == nil {
		d.zone = z
	}
	for _, w := range s.GetWallets() {
		if w.GetWallet().GetId() == wallet {
			d.Wallet = w
		}
	}
	if len(s.GetWallets()) > 1 {
		for _, w := range s.GetWallets() {
			d.Tabs = append(d.Tabs, web.Tab{
				Label: w.GetWallet().GetPlural(), URL: v.home + "?" + v.query("wallet", w.GetWallet().GetId()), Current: w == d.Wallet,
			})
		}
	}
	a := d.Wallet.GetAccount()
	d.Balance, d.Unit = web.FormatInt(v.locale, a.GetAvailable()), d.unit(a.GetAvailable())
	for _, h := range []struct {
		points int64
		key    string
	}{{a.GetPending(), "points.pending"}, {a.GetReserved(), "points.reserved"}, {a.GetFrozen(), "points.frozen"}, {a.GetDebt(), "points.debt"}} {
		if h.points != 0 {
			d.Aside = append(d.Aside, held{Points: v.counted(d, h.points), Words: v.say(h.key), Why: v.say(h.key + ".why")})
		}
	}
	d.Standing = v.standing(d, a.GetTier())
	d.Expires, d.Arrives = v.coming(d, d.Wallet.GetExpirations(), true), v.coming(d, d.Wallet.GetActivations(), false)
	if len(d.Expires) > 0 {
		d.Next = v.say("points.next", d.Expires[0].Points, web.FormatDate(v.locale, d.Expires[0].Day))
	}
	return d
}

// unit is what so many points of the wallet shown are called.
func (d *statement) unit(n int64) string { return unit(d.Wallet.GetWallet(), n) }

func unit(w *loyaltyv1.Wallet, n int64) string {
	if n == 1 || n == -1 {
		return w.GetSingular()
	}
	return w.GetPlural()
}

// counted is so many points of the wallet shown.
func (v *visit) counted(d *statement, n int64) string {
	return web.FormatInt(v.locale, n) + "\u00a0" + d.unit(n)
}

// coming lists instants as days of the programme's zone, each once: points that end at an instant can be spent through the day before it.
func (v *visit) coming(d *statement, list []*loyaltyv1.Expiration, ends bool) []coming {
	var out []coming
	var sums []int64
	for _, e := range list {
		at := e.GetTime().AsTime()
		if ends {
			at = at.Add(-time.Millisecond)
		}
		if day := d.day(at); len(out) == 0 || !out[len(out)-1].Day.Equal(day) {
			out, sums = append(out, coming{Day: day}), append(sums, 0)
		}
		sums[len(sums)-1] += e.GetPoints()
	}
	for i, sum := range sums {
		out[i].Points, out[i].Share = v.counted(d, sum), max(1, sum*100/max(1, slices.Max(sums)))
	}
	return out
}

// day is the day of an instant in the programme's zone, as pages write days.
func (d *statement) day(at time.Time) time.Time {
	y, m, day := at.In(d.zone).Date()
	return time.Date(y, m, day, 12, 0, 0, 0, time.UTC)
}

// line is an entry of the history.
type line struct {
	Title, Points, Balance string
	// Sign is "plus", "minus" or "", for the colour beside the sign.
	Sign   string
	Day    time.Time
	Reason string
	Source string
	// Adds are what the points are made up of, together Total; Legs the entry's sides.
	Adds  []addend
	Total string
	// Untold says that nobody can tell what they are made up of; "" if it is told, or needs no telling.
	Untold string
	Legs   []legLine
	Number int64
	Hash   string
	At     time.Time
}

type legLine struct{ Words, Points string }

func (v *visit) history(d *statement, entries []*loyaltyv1.Entry) []line {
	var out []line
	for _, e := range entries {
		kind := strings.ToLower(strings.TrimPrefix(e.GetKind().String(), "ENTRY_KIND_"))
		if kind == "note" && strings.HasPrefix(e.GetSource(), "tiers/") {
			kind = "tier"
		}
		l := line{
			Title: v.say("points.kind." + kind), Day: d.day(e.GetEffectiveTime().AsTime()), Reason: e.GetReason(), Source: v.sourceWords(d, e.GetSource()),
			Balance: v.counted(d, e.GetAccount().GetAvailable()), Number: e.GetNumber(), Hash: e.GetHash(), At: e.GetRecordTime().AsTime(),
		}
		for _, leg := range e.GetLegs() {
			l.Legs = append(l.Legs, legLine{Words: v.say("points.leg." + bucketOf(leg.GetAccount())), Points: signed(v.locale, leg.GetPoints())})
		}
		l.Points, l.Sign = moved(v.locale, e.GetLegs())
		out = append(out, l)
	}
	return out
}

// moved is by how much the member has more or less, or, without a sign, how many points only changed their place.
func moved(locale string, legs []*loyaltyv1.Leg) (points, sign string) {
	var all, available int64
	for _, leg := range legs {
		if strings.HasPrefix(leg.GetAccount(), "members/") {
			all += leg.GetPoints()
			if bucketOf(leg.GetAccount()) == "available" {
				available += leg.GetPoints()
			}
		}
	}
	switch {
	case all != 0:
		return signed(locale, all), signOf(all)
	case available != 0:
		return web.FormatInt(locale, max(available, -available)), ""
	}
	return "", ""
}

func signed(locale string, n int64) string {
	if n > 0 {
		return "+" + web.FormatInt(locale, n)
	}
	return web.FormatInt(locale, n)
}

func signOf(n int64) string {
	if n > 0 {
		return "plus"
	}
	return "minus"
}

// bucketOf is the key of the words for a leg's account.
func bucketOf(account string) string {
	if strings.HasPrefix(account, "members/") {
		return account[strings.LastIndex(account, "/")+1:]
	}
	name, _, _ := strings.Cut(account, ":")
	return name
}

// sourceWords say what an entry was about.
func (v *visit) sourceWords(d *statement, source string) string {
	kind, id, _ := strings.Cut(source, "/")
	switch kind {
	case "orders":
		return v.say("points.source.order", id)
	case "redemptions":
		for _, t := range d.Taken {
			if t.Number == id {
				return t.GetDisplayName()
			}
		}
	}
	return ""
}
