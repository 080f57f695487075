package studio

import (
	"net/http"
	"slices"
	"strconv"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/web"
)

// explained is a rule in an explanation, as pages show it.
type explained struct {
	*loyaltyv1.ExplainedRule
	URL, Unit string
	// Open says that the details are shown at once.
	Open   bool
	Caps   []string
	Rivals []string
}

// explainedRules are those that gave points, and those that did not.
func explainedRules(program *loyaltyv1.Program, rules []*loyaltyv1.ExplainedRule) (given, silent []explained) {
	for _, r := range rules {
		row := explained{ExplainedRule: r, URL: ruleURL(program, r.GetRule()), Unit: unitOf(program, r.GetWallet())}
		for _, c := range r.GetCaps() {
			row.Caps = append(row.Caps, sentence(c.GetText()))
		}
		for _, rival := range r.GetStacking().GetCompetitors() {
			words := rival.GetDisplayName() + " would give " + web.FormatInt("en", rival.GetPoints())
			if rival.GetWon() {
				words = rival.GetDisplayName() + " gives " + web.FormatInt("en", rival.GetPoints()) + " and is the one that counts"
			}
			if r.GetStacking().GetMode() == "priority" {
				words += ", with priority " + strconv.FormatInt(rival.GetPriority(), 10)
			}
			row.Rivals = append(row.Rivals, words+".")
		}
		if r.GetGiven() {
			given = append(given, row)
		} else {
			silent = append(silent, row)
		}
	}
	return given, silent
}

// entry explains one entry of a member's account.
func (v *visit) entry() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	member, id := v.r.PathValue("member"), v.r.PathValue("entry")
	got, err := loyaltyv1.NewExplanationsServiceClient(v.conn).ExplainEntry(v.ctx(), &loyaltyv1.ExplainEntryRequest{Program: programID(program), Member: member, Entry: id})
	if err != nil {
		return err
	}
	who, err := loyaltyv1.NewMembersServiceClient(v.conn).GetMember(v.ctx(), &loyaltyv1.GetMemberRequest{Program: programID(program), Member: member})
	if err != nil {
		return err
	}
	e := got.GetExplanation()
	rows := pointsEntries([]*loyaltyv1.Entry{e.GetEntry()})
	given, silent := explainedRules(program, e.GetRules())
	for i := range given {
		given[i].Open = true
	}
	name, address := memberTitle(who.GetMember()), memberURL(who.GetMember().GetName())
	v.show(http.StatusOK, "entry", &web.View{Title: rows[0].What, Section: "loyalty",
		Trail: []web.Link{{Label: "Loyalty", URL: "/studio/loyalty"}, {Label: program.GetDisplayName(), URL: loyaltyURL(program, "")}, {Label: name, URL: address}, {Label: "Entry " + strconv.FormatInt(e.GetEntry().GetNumber(), 10)}},
		Data: map[string]any{"E": e, "Row": rows[0], "Sum": signedPoints(e.GetPoints()), "Unit": unitOf(program, e.GetEntry().GetWallet()), "Summary": sentence(e.GetSummary()), "Given": given, "Silent": silent,
			// A cancelled event has no lines.
			"Lines":    slices.ContainsFunc(e.GetTakes(), func(t *loyaltyv1.ExplainedTake) bool { return t.GetLine() != "" }),
			"Recorded": e.GetEntry().GetRecordTime().AsTime(), "Program": program, "URL": address}})
	return nil
}
