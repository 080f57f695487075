package points

import (
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
	Next    string
	Aside   []held
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
	d.Expires, d.Arrives = v.coming(d, d.Wallet.GetExpirations(), true), v.coming(d, d.Wallet.GetActivations(), false)
	if len(d.Expires) > 0 {
		d.Next = v.say("points.next", d.Expires[0].Points, web.FormatDate(v.locale, d.Expires[0].Day))
	}
	return d
}

// unit is what so many points are called.
func (d *statement) unit(n int64) string {
	if n == 1 || n == -1 {
		return d.Wallet.GetWallet().GetSingular()
	}
	return d.Wallet.GetWallet().GetPlural()
}

func (v *visit) counted(d *statement, n int64) string {
	return web.FormatInt(v.locale, n) + " " + d.unit(n)
}

// coming lists instants as days of the programme's zone: points that end at an instant can be spent through the day before it.
func (v *visit) coming(d *statement, list []*loyaltyv1.Expiration, ends bool) []coming {
	most := int64(1)
	for _, e := range list {
		most = max(most, e.GetPoints())
	}
	var out []coming
	for _, e := range list {
		at := e.GetTime().AsTime()
		if ends {
			at = at.Add(-time.Millisecond)
		}
		out = append(out, coming{Day: d.day(at), Points: v.counted(d, e.GetPoints()), Share: max(1, e.GetPoints()*100/most)})
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
	// Steps are the entry's arithmetic in words, Legs its sides.
	Steps  []string
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
		l := line{
			Title: v.say("points.kind." + kind), Day: d.day(e.GetEffectiveTime().AsTime()), Reason: e.GetReason(), Source: sourceWords(v, e.GetSource()),
			Balance: v.counted(d, e.GetAccount().GetAvailable()), Number: e.GetNumber(), Hash: e.GetHash(), At: e.GetRecordTime().AsTime(),
		}
		for _, leg := range e.GetLegs() {
			name := bucketOf(leg.GetAccount())
			l.Legs = append(l.Legs, legLine{Words: v.say("points.leg." + name), Points: signed(v.locale, leg.GetPoints())})
			if name == "available" {
				l.Points = signed(v.locale, leg.GetPoints())
				l.Sign = signOf(leg.GetPoints())
			}
		}
		if l.Points == "" {
			l.Points, l.Sign = elsewhere(v.locale, e.GetLegs())
		}
		out = append(out, l)
	}
	return out
}

// elsewhere is what moved where nothing of it concerned what is available.
func elsewhere(locale string, legs []*loyaltyv1.Leg) (points, sign string) {
	for _, leg := range legs {
		if strings.HasPrefix(leg.GetAccount(), "members/") {
			return signed(locale, leg.GetPoints()), ""
		}
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
func sourceWords(v *visit, source string) string {
	kind, id, _ := strings.Cut(source, "/")
	switch kind {
	case "orders":
		return v.say("points.source.order", id)
	case "redemptions", "rewards":
		return v.say("points.source.redemption", id)
	}
	return ""
}
