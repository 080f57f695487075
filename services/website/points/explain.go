package points

import (
	"strings"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/web"
)

// addend is a part of what an entry's points are made up of.
type addend struct {
	Points, Name string
	// How is the arithmetic.
	How string
}

// explain tells why each entry is as it is. One that is not explained keeps what it says itself.
func (v *visit) explain(d *statement, entries []*loyaltyv1.Entry, why []*loyaltyv1.Explanation) {
	for i := range min(len(entries), len(why)) {
		if entries[i].GetKind() == loyaltyv1.EntryKind_ENTRY_KIND_NOTE {
			continue
		}
		if why[i].GetUnexplained() {
			d.History[i].Untold = why[i].GetSummary()
			continue
		}
		write := number(entries[i], why[i])
		d.History[i].Adds, d.History[i].Total = v.addends(d, why[i], write), write(v.locale, why[i].GetPoints())
	}
}

// entries lists a page of entries with their explanations, or without them if nobody can explain them right now.
func (v *visit) entries(wallet, page string) (*loyaltyv1.ListStatementEntriesResponse, error) {
	req := &loyaltyv1.ListStatementEntriesRequest{Wallet: wallet, PageToken: page, Explained: true, Language: v.locale}
	got, err := v.api.ListStatementEntries(v.r.Context(), req)
	if err == nil {
		return got, nil
	}
	v.site.Log.WarnContext(v.r.Context(), "entries were not explained", "error", err)
	req.Explained, req.Language = false, ""
	return v.api.ListStatementEntries(v.r.Context(), req)
}

// number is how points of an entry are written: with their sign, unless they only changed their place.
func number(e *loyaltyv1.Entry, why *loyaltyv1.Explanation) func(string, int64) string {
	var all int64
	for _, leg := range e.GetLegs() {
		if strings.HasPrefix(leg.GetAccount(), "members/") {
			all += leg.GetPoints()
		}
	}
	if all == 0 && why.GetPoints() > 0 {
		return web.FormatInt
	}
	return signed
}

// addends are what an entry's points are made up of: the awards of rules, what a return or a cancelled event takes and what it lets go, or the points of earlier entries
// that were used.
func (v *visit) addends(d *statement, e *loyaltyv1.Explanation, write func(string, int64) string) []addend {
	var out []addend
	for _, r := range e.GetRules() {
		if r.GetPoints() != 0 && r.GetWallet() == d.Wallet.GetWallet().GetId() {
			out = append(out, addend{Points: signed(v.locale, r.GetPoints()), Name: r.GetDisplayName(), How: r.GetDetail()})
		}
	}
	for _, t := range e.GetTakes() {
		if t.GetPoints() != 0 && t.GetWallet() == d.Wallet.GetWallet().GetId() {
			a := addend{Points: signed(v.locale, -t.GetPoints()), Name: v.say("points.take.event", t.GetDisplayName()), How: t.GetDetail()}
			if t.GetLine() != "" {
				a.Name = v.say("points.take", t.GetLine(), t.GetDisplayName())
			}
			out = append(out, a)
		}
	}
	if l := e.GetLetGo(); l.GetPoints() != 0 {
		out = append(out, addend{Points: signed(v.locale, l.GetPoints()), Name: l.GetText()})
	}
	if len(out) > 0 {
		return out
	}
	return v.parts(d, e.GetParts(), write)
}

// parts are the points that were used, by what they had come from, each once.
func (v *visit) parts(d *statement, parts []*loyaltyv1.ExplainedPart, write func(string, int64) string) []addend {
	var sources []string
	sums := map[string]int64{}
	for _, p := range parts {
		source := v.say("points.part.earlier")
		if words := v.sourceWords(d, p.GetSource()); words != "" {
			source = v.say("points.part.from", words)
		} else if strings.HasPrefix(p.GetSource(), "imports/") {
			source = v.say("points.kind.open")
		}
		if _, had := sums[source]; !had {
			sources = append(sources, source)
		}
		sums[source] += p.GetPoints()
	}
	if len(sources) < 2 && (len(sources) == 0 || sources[0] == v.say("points.part.earlier")) {
		return nil // it would say no more than the line itself
	}
	var out []addend
	for _, source := range sources {
		out = append(out, addend{Points: write(v.locale, sums[source]), Name: source})
	}
	return out
}
