package studio

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

func (v *visit) members() loyaltyv1.MembersServiceClient {
	return loyaltyv1.NewMembersServiceClient(v.conn)
}

// mergeForm asks for the other entry of a person.
func mergeForm(f *form) *form {
	kinds := web.Field{Name: "kind", Label: "By what is the other entry known?", Type: "select", Required: true}
	for i, k := range identifierKinds {
		kinds.Options = append(kinds.Options, web.Option{Value: k.Value, Label: k.Label, Chosen: i == 0})
	}
	return f.add(kinds, "/identifier/kind").
		add(web.Field{Name: "identifier", Label: "How does it read?", Required: true, Max: 254, Autocomplete: "off", Help: "What both have goes over to the member of this page. You see it before it is done."}, "/identifier/value", "/identifier", "/merged")
}

// mergeMembers makes one member of two, when it is confirmed. Before that it looks for the other, and leads to what would become of both.
func (v *visit) mergeMembers() error {
	program, member := v.r.PathValue("program"), v.r.PathValue("member")
	if other := v.value("merged"); other != "" {
		if moved, err := v.mergedMeanwhile(program, member, other); moved || err != nil {
			return err
		}
		_, err := v.members().MergeMembers(v.ctx(), &loyaltyv1.MergeMembersRequest{Program: program, Member: member, Merged: other, Etag: cmp.Or(v.etag(), "unseen")}, v.once())
		if api.Is(err, fault.EtagMismatch) {
			return v.done("/studio/loyalty/"+program+"/members/"+member+"/merge?with="+other, "merge-changed")
		}
		if err != nil {
			return v.refused(err)
		}
		return v.done("/studio/loyalty/"+program+"/members/"+member, "merged")
	}
	got, err := v.members().LookupMember(v.ctx(), &loyaltyv1.LookupMemberRequest{Program: program, Identifier: v.identifier()})
	if api.AsProblem(err).Status == http.StatusNotFound {
		err = refusal("/identifier/value", "Nobody in this programme is known by it. Look for a slip, or try another way.")
	}
	if err != nil {
		return v.refused(err)
	}
	if lastPart(got.GetMember().GetName()) == member {
		return v.refused(refusal("/identifier/value", "That is this member already: name the other entry."))
	}
	http.Redirect(v.w, v.r, "/studio/loyalty/"+program+"/members/"+member+"/merge?with="+lastPart(got.GetMember().GetName()), http.StatusSeeOther)
	return nil
}

// mergedMeanwhile reports whether it answered a confirmation in place of the merge: one of the two leads to somebody else by now, whom nobody has seen beside the
// other. It leads to what would become of those. One that leads to the member who stays is no such case: the form came twice.
func (v *visit) mergedMeanwhile(program, member, other string) (bool, error) {
	var now []string
	for _, m := range []string{member, other} {
		got, err := v.members().GetMember(v.ctx(), &loyaltyv1.GetMemberRequest{Program: program, Member: m})
		if err != nil {
			return true, v.refused(err)
		}
		now = append(now, lastPart(got.GetMember().GetName()))
	}
	if now[0] == member && (now[1] == other || now[1] == member) {
		return false, nil
	}
	return true, v.done("/studio/loyalty/"+program+"/members/"+now[0]+"/merge?with="+now[1], "merge-moved")
}

// identifier is the one that was typed.
func (v *visit) identifier() *loyaltyv1.MemberIdentifier {
	in := &loyaltyv1.MemberIdentifier{Value: v.value("identifier")}
	for _, k := range identifierKinds {
		if k.Value == v.value("kind") {
			in.Kind = k.Kind
		}
	}
	return in
}

// askMerge shows what would become of two members who are made one.
func (v *visit) askMerge() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	id, merged := v.r.PathValue("member"), v.r.URL.Query().Get("with")
	if merged == "" { // the address was shortened
		http.Redirect(v.w, v.r, loyaltyURL(program, "members")+"/"+id, http.StatusSeeOther)
		return nil
	}
	got, err := v.members().GetMember(v.ctx(), &loyaltyv1.GetMemberRequest{Program: programID(program), Member: id})
	if err != nil {
		return err
	}
	found, err := v.members().GetMember(v.ctx(), &loyaltyv1.GetMemberRequest{Program: programID(program), Member: merged})
	if err != nil {
		return err
	}
	other := found.GetMember()
	if other.GetName() == got.GetMember().GetName() { // they are one already
		return v.done(memberURL(other.GetName()), "merged")
	}
	then, err := v.members().MergeMembers(v.ctx(), &loyaltyv1.MergeMembersRequest{Program: programID(program), Member: id, Merged: merged, ValidateOnly: true})
	if err != nil {
		return v.refused(err)
	}
	merged = lastPart(other.GetName())
	lots, err := v.openLots(program, other)
	if err != nil {
		return err
	}
	stays := got.GetMember()
	who, gone, address := memberTitle(stays), memberTitle(other), memberURL(stays.GetName())
	v.w.Header().Set("Cache-Control", "no-store")
	v.show(http.StatusOK, "merge", &web.View{Title: "Merge " + gone + " into " + who + "?", Section: "loyalty",
		Trail: []web.Link{{Label: "Loyalty", URL: "/studio/loyalty"}, {Label: program.GetDisplayName(), URL: loyaltyURL(program, "")}, {Label: who, URL: address}, {Label: "Merge"}},
		Data: map[string]any{"Form": newForm(nil, nil), "Etag": then.GetMember().GetEtag(), "URL": address, "Merged": merged, "OtherURL": memberURL(other.GetName()), "Who": who, "Other": gone, "Gone": other,
			"Wallets": unitedWallets(program, stays, other, then.GetMember()), "Lots": lots, "Lost": lostByMerge(stays, other)}})
	return nil
}

// unitedWallet is what two members have in a wallet, and what they would have as one.
type unitedWallet struct {
	Unit string
	Rows []unitedRow
}

// figureKind says what a figure is about.
type figureKind int

const (
	// figureHeld are points that are there, or owed.
	figureHeld figureKind = iota
	// figurePast are points of which some may be gone.
	figurePast
	// figureTier is no number of points.
	figureTier
)

// unitedRow is one of their figures, in words.
type unitedRow struct {
	Kind                       figureKind
	Label, Stays, Merged, Then string
}

func unitedWallets(program *loyaltyv1.Program, members ...*loyaltyv1.Member) []unitedWallet {
	var out []unitedWallet
	for i, w := range program.GetWallets() {
		accounts := make([]*loyaltyv1.Account, len(members))
		for k, m := range members {
			for _, a := range m.GetAccounts() {
				if a.GetWallet() == w.GetId() {
					accounts[k] = a
				}
			}
		}
		u := unitedWallet{Unit: w.GetPlural()}
		for _, f := range balances {
			row := unitedRow{f.Kind, f.Label, web.FormatInt("en", f.Of(accounts[0])), web.FormatInt("en", f.Of(accounts[1])), web.FormatInt("en", f.Of(accounts[2]))}
			if f.Always || row.Stays != "0" || row.Merged != "0" || row.Then != "0" {
				u.Rows = append(u.Rows, row)
			}
		}
		if accounts[2].GetTier() != nil {
			u.Rows = append(u.Rows, unitedRow{figureTier, "Tier", tierTitle(accounts[0]), tierTitle(accounts[1]), tierTitle(accounts[2])})
		}
		if len(u.Rows) > 1 || i == 0 || u.Rows[0].Then != "0" {
			out = append(out, u)
		}
	}
	return out
}

// balances are the figures of an account, in the order in which they are shown.
var balances = []struct {
	Kind   figureKind
	Label  string
	Of     func(*loyaltyv1.Account) int64
	Always bool
}{
	{figureHeld, "Available", (*loyaltyv1.Account).GetAvailable, true}, {figureHeld, "On the way", (*loyaltyv1.Account).GetPending, false},
	{figureHeld, "Held for rewards", (*loyaltyv1.Account).GetReserved, false}, {figureHeld, "Being looked at", (*loyaltyv1.Account).GetFrozen, false},
	{figureHeld, "Owed by the member", (*loyaltyv1.Account).GetDebt, false}, {figurePast, "Ever earned", (*loyaltyv1.Account).GetLifetimeEarned, false},
}

func tierTitle(a *loyaltyv1.Account) string {
	return cmp.Or(a.GetTier().GetDisplayName(), a.GetTier().GetTier(), "none")
}

// lotRow is points of one origin with one end.
type lotRow struct {
	*loyaltyv1.Lot
	Unit, State string
	Ends        *time.Time
}

// mostLots bounds how many lots are shown, mostLotPages how many pages of a wallet's lots are asked for them: closed ones lie among the others.
const (
	mostLots     = 20
	mostLotPages = 20
)

// lotList are the lots of a member that still hold something, in the order in which they are spent.
type lotList struct {
	Rows []lotRow
	// More says that there are others, or that nobody looked further.
	More bool
	// None says that the member has no points in any state, Owed that there is a debt.
	None, Owed bool
}

func (v *visit) openLots(program *loyaltyv1.Program, member *loyaltyv1.Member) (out lotList, err error) {
	out.None = true
	for _, a := range member.GetAccounts() {
		out.None = out.None && a.GetAvailable() == 0 && a.GetPending() == 0 && a.GetReserved() == 0 && a.GetFrozen() == 0
		out.Owed = out.Owed || a.GetDebt() != 0
	}
	for _, w := range program.GetWallets() {
		if err := v.lotsOf(&out, program, w, lastPart(member.GetName())); err != nil || out.More {
			return out, err
		}
	}
	return out, nil
}

// lotsOf adds the open lots of a wallet, until there are enough.
func (v *visit) lotsOf(out *lotList, program *loyaltyv1.Program, w *loyaltyv1.Wallet, member string) error {
	req := &loyaltyv1.ListLotsRequest{Program: programID(program), Member: member, Wallet: w.GetId(), PageSize: 32}
	for range mostLotPages {
		got, err := loyaltyv1.NewPointsServiceClient(v.conn).ListLots(v.ctx(), req)
		if err != nil {
			return err
		}
		for _, l := range got.GetLots() {
			switch {
			case l.GetOpen() == 0:
			case len(out.Rows) == mostLots:
				out.More = true
				return nil
			default:
				out.Rows = append(out.Rows, openLot(w, l))
			}
		}
		if req.PageToken = got.GetNextPageToken(); req.PageToken == "" {
			return nil
		}
	}
	out.More = true
	return nil
}

// lotStates are what open lots can do, in words.
var lotStates = map[loyaltyv1.LotState]string{
	loyaltyv1.LotState_LOT_STATE_PENDING: "on the way", loyaltyv1.LotState_LOT_STATE_FROZEN: "being looked at", loyaltyv1.LotState_LOT_STATE_AVAILABLE: "available",
}

func openLot(w *loyaltyv1.Wallet, l *loyaltyv1.Lot) lotRow {
	row := lotRow{Lot: l, Unit: w.GetPlural(), State: lotStates[l.GetState()]}
	if l.GetExpireTime() != nil {
		t := l.GetExpireTime().AsTime()
		row.Ends = &t
	}
	return row
}

// lostByMerge says what of the other member does not go over.
func lostByMerge(stays, other *loyaltyv1.Member) []string {
	lost := []string{"Links to " + memberTitle(other) + "’s own page end. Make one for the member who stays."}
	if a, b := stays.GetDisplayName(), other.GetDisplayName(); a != "" && b != "" && a != b {
		lost = append(lost, "The name “"+b+"”: the member is called “"+a+"” as before.")
	}
	for _, key := range slices.Sorted(maps.Keys(other.GetAttributes())) {
		if has, both := stays.GetAttributes()[key]; both && has != other.GetAttributes()[key] {
			lost = append(lost, "The "+key+" “"+other.GetAttributes()[key]+"”: “"+has+"” stays.")
		}
	}
	return append(lost, "If one came by the other’s referral code, the points for that are taken back.")
}

// askErase shows what an erasure takes away.
func (v *visit) askErase() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	got, err := v.members().GetMember(v.ctx(), &loyaltyv1.GetMemberRequest{Program: programID(program), Member: v.r.PathValue("member")})
	if err != nil {
		return err
	}
	m := got.GetMember()
	who, address := memberTitle(m), memberURL(m.GetName())
	if m.GetState() == loyaltyv1.MemberState_MEMBER_STATE_ERASED {
		return v.done(address, "erased")
	}
	var known []string
	for _, i := range m.GetIdentifiers() {
		known = append(known, i.GetValue())
	}
	var forfeited []unitedWallet
	for _, w := range unitedWallets(program, m, m, m) {
		w.Rows = slices.DeleteFunc(w.Rows, func(r unitedRow) bool { return r.Kind != figureHeld })
		forfeited = append(forfeited, w)
	}
	v.w.Header().Set("Cache-Control", "no-store")
	v.show(http.StatusOK, "erase", &web.View{Title: "Erase " + who + "?", Section: "loyalty",
		Trail: []web.Link{{Label: "Loyalty", URL: "/studio/loyalty"}, {Label: program.GetDisplayName(), URL: loyaltyURL(program, "")}, {Label: who, URL: address}, {Label: "Erase"}},
		Data:  map[string]any{"Form": newForm(nil, nil), "URL": address, "Member": m, "Known": known, "Attributes": slices.Sorted(maps.Keys(m.GetAttributes())), "Wallets": forfeited}})
	return nil
}

// eraseMember erases a member for good. To press twice is to press once: who is erased stays so.
func (v *visit) eraseMember() error {
	program, member := v.r.PathValue("program"), v.r.PathValue("member")
	if _, err := v.members().EraseMember(v.ctx(), &loyaltyv1.EraseMemberRequest{Program: program, Member: member}, v.once()); err != nil {
		return v.refused(err)
	}
	return v.done("/studio/loyalty/"+program+"/members/"+member, "erased")
}
