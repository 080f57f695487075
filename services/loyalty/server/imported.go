package server

import (
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,39}$`)

// mostPoints bounds one balance, as adjusting by hand does.
const mostPoints = 1_000_000_000_000

// read reads a member of an import. What is wrong is noted with its place; the bounds are those of the other ways in.
func (p *portion) read(given *loyaltyv1.ImportedMember) *arrival {
	a := &arrival{tags: given.GetTags(), enrolled: p.now}
	a.profile = tables.Profile{DisplayName: given.GetDisplayName(), Attributes: given.GetAttributes()}
	if n := len(given.GetIdentifiers()); n == 0 || n > mostIdentifiers {
		a.refuse("identifiers", "a member has 1 to %d identifiers", mostIdentifiers)
		return a
	}
	for i, g := range given.GetIdentifiers() {
		path := fmt.Sprintf("identifiers[%d]", i)
		one, err := identifier(path, g)
		if err != nil || identifierKindsToProto[one.Kind] == 0 || len(g.GetValue()) > 254 {
			a.refuse(path, "%s", said(err, "it is none of the kinds of identifiers, or longer than 254 bytes"))
			continue
		}
		if !slices.Contains(a.profile.Identifiers, one) {
			a.profile.Identifiers = append(a.profile.Identifiers, one)
		}
	}
	a.texts()
	if at, ok := p.past(a, "enrollTime", given.GetEnrollTime()); ok {
		a.enrolled = at
	}
	p.balances(a, given.GetBalances())
	return a
}

// said is what an error says of a field, without the field.
func said(err error, otherwise string) string {
	if err == nil {
		return otherwise
	}
	if e, ok := fault.As(err); ok && len(e.Fields) > 0 {
		return e.Fields[0].Message
	}
	return err.Error()
}

func (a *arrival) texts() {
	bounded := func(field, value string, most int) {
		if n := utf8.RuneCountInString(value); n == 0 || n > most || !utf8.ValidString(value) {
			a.refuse(field, "it has 1 to %d characters", most)
		}
	}
	if a.profile.DisplayName != "" {
		bounded("displayName", a.profile.DisplayName, 120)
	}
	if len(a.tags) > mostTags {
		a.refuse("tags", "a member has at most %d tags", mostTags)
	}
	if len(a.profile.Attributes) > mostAttributes {
		a.refuse("attributes", "a member has at most %d attributes", mostAttributes)
	}
	for i, t := range a.tags {
		bounded(fmt.Sprintf("tags[%d]", i), t, 40)
	}
	for key, value := range a.profile.Attributes {
		if !attributeName.MatchString(key) {
			a.refuse("attributes."+key, "the name of an attribute begins with a letter and has letters, digits, dots, hyphens and underscores, 40 at most")
		}
		bounded("attributes."+key, value, 200)
	}
}

// past reads an instant that cannot lie ahead; false if it was not given.
func (p *portion) past(a *arrival, field string, t *timestamppb.Timestamp) (clock.Millis, bool) {
	at, err := instant(field, t)
	switch {
	case err != nil || at < 0:
		a.refuse(field, "it is no instant since 1970")
	case at > p.now:
		a.refuse(field, "it lies ahead")
	}
	return at, t != nil
}

func (p *portion) balances(a *arrival, given []*loyaltyv1.ImportedBalance) {
	if len(given) > 1000 {
		a.refuse("balances", "a member has at most 1000")
		return
	}
	by := map[string]*opening{}
	for i, g := range given {
		path := fmt.Sprintf("balances[%d]", i)
		wallet, err := walletOf(p.program, g.GetWallet())
		if err != nil {
			a.refuse(path+".wallet", "the programme has no such wallet")
			continue
		}
		if g.GetPoints() < 0 || g.GetDebt() < 0 || g.GetPoints() > mostPoints || g.GetDebt() > mostPoints || (g.GetPoints() > 0) == (g.GetDebt() > 0) {
			a.refuse(path+".points", "a balance is points or a debt, of 1 to %d", int64(mostPoints))
			continue
		}
		o := by[wallet]
		if o == nil {
			o = &opening{wallet: wallet, place: path}
			by[wallet] = o
		}
		if g.GetDebt() > 0 {
			o.debt += g.GetDebt()
			continue
		}
		o.lots = append(o.lots, p.lot(a, path, g))
	}
	for _, w := range p.program.Wallets {
		if o := by[w.ID]; o != nil {
			o.digest = o.sum()
			a.wallets = append(a.wallets, *o)
		}
	}
}

// lot reads points of one origin.
func (p *portion) lot(a *arrival, path string, g *loyaltyv1.ImportedBalance) ledger.NewLot {
	l := ledger.NewLot{Points: g.GetPoints(), Pending: g.GetPending(), Frozen: g.GetFrozen(), From: ledger.Opening, Source: "imports/" + p.source}
	if at, ok := p.past(a, path+".issueTime", g.GetIssueTime()); ok {
		l.IssuedAt = at
	}
	var err error
	if l.ExpiresAt, err = instant(path, g.GetExpireTime()); err != nil || l.ExpiresAt < 0 {
		a.refuse(path+".expireTime", "it is no instant since 1970")
	} else if l.ExpiresAt != 0 && l.ExpiresAt <= p.now {
		a.refuse(path+".expireTime", "it has passed: nothing would be left of the points")
	}
	if l.ActivatesAt, err = instant(path, g.GetActivateTime()); err != nil || l.ActivatesAt < 0 {
		a.refuse(path+".activateTime", "it is no instant since 1970")
	}
	return l
}
