package server

import (
	"context"
	"slices"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/member"
	"renown.example/loyalty/referral"
	"renown.example/loyalty/tables"
)

// eventReferred is the type of the entry that tells of a new referral.
const eventReferred = "loyalty.referral.recorded"

// referred is what the events of a referral tell.
type referred struct {
	Referrer string             `json:"referrer"`
	Friend   string             `json:"friend"`
	Order    string             `json:"order,omitempty"`
	Findings []referral.Finding `json:"findings,omitempty"`
	// Points are what each of the two got, or what was taken back when it is undone; Forgiven is what was not, because it had been spent.
	Points   map[string]int64 `json:"points,omitempty"`
	Forgiven map[string]int64 `json:"forgiven,omitempty"`
}

// recordReferral tells of a referral.
func recordReferral(u *book.Unit, v tables.Referral, event string) error {
	told := referred{Referrer: v.Referrer, Friend: v.Friend, Order: v.Order, Findings: v.Findings}
	for _, g := range []*tables.ReferralGift{v.Referred, v.Came} {
		if g == nil {
			continue
		}
		if told.Points == nil {
			told.Points = map[string]int64{}
		}
		who, _, _ := cutAccount(g.Account)
		told.Points[who] += g.Points - g.Forgiven
		if g.Forgiven == 0 {
			continue
		}
		if told.Forgiven == nil {
			told.Forgiven = map[string]int64{}
		}
		told.Forgiven[who] += g.Forgiven
	}
	e := u.Record(tables.Entry{Type: event, Subject: referralName(v.Program, v.Friend), Program: v.Program, Member: v.Friend, Source: "referrals/" + v.Friend})
	var err error
	e.Facts, err = book.Facts(told)
	return err
}

// referring is one batch of the journal on its way into referrals.
type referring struct {
	*Server
	tx store.Writer
	of map[string]*tables.ReferralTerms
}

// terms are those of a programme, nil if it has none: then it has no referrals either.
func (r *referring) terms(ctx context.Context, program string) (*tables.ReferralTerms, error) {
	if known, ok := r.of[program]; ok || program == "" {
		return known, nil
	}
	row, err := tables.ReferralTermsOf.Get(ctx, r.tx, program)
	if store.IsNotFound(err) {
		r.of[program] = nil
		return nil, nil
	}
	r.of[program] = &row.Value
	return &row.Value, err
}

// entry looks at an entry of the journal.
func (r *referring) entry(ctx context.Context, e tables.Entry, d *done) error {
	t, err := r.terms(ctx, e.Program)
	switch {
	case err != nil || t == nil:
		return err
	case e.Type == eventReferred && t.Terms.Qualify == referral.AtEnrolment:
		return r.qualified(ctx, t, e.Program, e.Member, e.At, nil)
	case e.Type == eventMerged && e.Tx == nil:
		return r.unite(ctx, e)
	case strings.HasPrefix(e.Type, "loyalty.review."):
		return r.reviewed(ctx, e.Program, between(e.Subject+"/", "/reviews/", "/"))
	case d == nil || d.order == "":
		return nil
	case d.before != nil:
		return r.returned(ctx, t, d)
	case t.Terms.Qualify == referral.AtFirstOrder:
		return r.qualified(ctx, t, e.Program, d.member, d.recordedAt, d)
	}
	return nil
}

// find reads the referral by which a member came; of one who was merged, that which went along.
func (r *referring) find(ctx context.Context, program, friend string) (row store.Row[tables.Referral], found bool, err error) {
	m, err := findMember(ctx, r.tx, program, friend)
	if err != nil {
		return row, false, err
	}
	for _, id := range slices.Compact([]string{friend, m.ID}) {
		row, err = tables.Referrals.GetForUpdate(ctx, r.tx, tables.ReferralID(program, id))
		if !store.IsNotFound(err) {
			return row, err == nil, err
		}
	}
	return row, false, nil
}

// qualified decides a referral that waits. at is when that by which the friend qualified became known.
func (r *referring) qualified(ctx context.Context, t *tables.ReferralTerms, program, friend string, at clock.Millis, d *done) error {
	row, found, err := r.find(ctx, program, friend)
	if err != nil || !found || row.Value.State != tables.ReferralWaiting {
		return err
	}
	zone, err := zoneOf(ctx, r.tx, program)
	if err != nil {
		return err
	}
	v := row.Value
	v.QualifiedAt, v.DecidedAt = at, r.now()
	if d != nil {
		v.Order = "orders/" + d.order
	}
	one, left, err := r.caseOf(ctx, v, d)
	if err != nil {
		return err
	}
	decision := referral.Decision{Outcome: referral.Refused, Findings: []referral.Finding{{Code: referral.Left, Message: "One of the two takes part no longer."}}}
	if !left {
		decision = t.Terms.Decide(zone, one)
	}
	v.Findings = decision.Findings
	return r.close(ctx, row, v, func(u *book.Unit, v *tables.Referral) (string, error) {
		switch decision.Outcome {
		case referral.Refused:
			v.State = tables.ReferralRefused
			return "loyalty.referral.refused", nil
		case referral.Held:
			v.State = tables.ReferralHeld
			return "loyalty.referral.held", r.give(ctx, u, t, zone, v, true)
		}
		v.State = tables.ReferralRewarded
		return "loyalty.referral.rewarded", r.give(ctx, u, t, zone, v, false)
	})
}

// close does what is decided about a referral, keeps it and tells of it.
func (r *referring) close(ctx context.Context, row store.Row[tables.Referral], v tables.Referral, do func(u *book.Unit, v *tables.Referral) (event string, err error)) error {
	return book.Run(ctx, r.books, r.tx, func(ctx context.Context, u *book.Unit) error {
		event, err := do(u, &v)
		if err != nil {
			return err
		}
		row.Value = v
		if _, err := tables.Referrals.Put(ctx, r.tx, row); err != nil {
			return err
		}
		return recordReferral(u, v, event)
	})
}

// caseOf gathers what the decision rests on; left says that one of the two takes part no longer.
func (r *referring) caseOf(ctx context.Context, v tables.Referral, d *done) (c referral.Case, left bool, err error) {
	c.At = v.QualifiedAt
	if d != nil {
		c.Order = &referral.Order{At: d.after.At, Amount: d.after.Amount, Before: d.prior}
	}
	var profile tables.Profile
	for _, side := range []struct {
		id    string
		party *referral.Party
	}{{v.Referrer, &c.Referrer}, {v.Friend, &c.Friend}} {
		m, err := findMember(ctx, r.tx, v.Program, side.id)
		if err != nil {
			return c, false, err
		}
		if m.Value.State != tables.MemberActive {
			return c, true, nil
		}
		p, err := profileOf(ctx, r.tx, m)
		if err != nil {
			return c, false, err
		}
		profile = p // that of the friend, who comes last
		*side.party = referral.Party{Member: m.ID, EnrolledAt: m.Value.EnrolledAt, Likeness: r.likenesses(p)}
		if err := r.prints(ctx, side.party); err != nil {
			return c, false, err
		}
	}
	for _, print := range slices.Concat(c.Friend.Devices, c.Friend.Addresses) {
		rows, err := printsOf(ctx, r.tx, v.Program, print)
		if err != nil {
			return c, false, err
		}
		for _, row := range rows {
			c.Sightings = append(c.Sightings, referral.Sighting{Print: print, Member: row.Value.Member, At: row.Value.At})
		}
	}
	if c.Twins, err = r.twinsOf(ctx, v.Program, c, profile); err != nil {
		return c, false, err
	}
	c.Rewarded, err = r.rewarded(ctx, v)
	return c, false, err
}

// prints adds where a member was seen.
func (r *referring) prints(ctx context.Context, party *referral.Party) error {
	page, err := tables.Prints.Find(ctx, r.tx, store.Query{Index: "by_member", Equal: []any{party.Member}})
	for _, row := range page.Rows {
		switch row.Value.Kind {
		case tables.PrintDevice:
			party.Devices = append(party.Devices, row.Value.Print)
		case tables.PrintAddress:
			party.Addresses = append(party.Addresses, row.Value.Print)
		}
	}
	return err
}

// twinsOf are other members with another spelling of an address of the friend's.
func (r *referring) twinsOf(ctx context.Context, program string, c referral.Case, p tables.Profile) (out []string, err error) {
	for _, i := range p.Identifiers {
		if i.Kind != string(member.Email) {
			continue
		}
		all, err := r.twins(ctx, r.tx, program, i)
		if err != nil {
			return nil, err
		}
		for _, id := range all {
			if id != c.Friend.Member && id != c.Referrer.Member && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out, nil
}

// rewarded are the instants at which the friends qualified for whom the referrer was rewarded, or may be.
func (r *referring) rewarded(ctx context.Context, v tables.Referral) (out []clock.Millis, err error) {
	for q := (store.Query{Index: "by_referrer", Equal: []any{v.Program, v.Referrer}}); ; {
		page, err := tables.Referrals.Find(ctx, r.tx, q)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			if row.Value.State == tables.ReferralRewarded || row.Value.State == tables.ReferralHeld {
				out = append(out, row.Value.QualifiedAt)
			}
		}
		if q.After = page.Next; q.After == "" {
			return out, nil
		}
	}
}

// give gives both their points, frozen if somebody has to look first.
func (r *referring) give(ctx context.Context, u *book.Unit, t *tables.ReferralTerms, zone calendar.Zone, v *tables.Referral, frozen bool) error {
	for _, to := range []struct {
		member string
		points int64
		gift   **tables.ReferralGift
	}{{v.Referrer, t.ReferrerPoints, &v.Referred}, {v.Friend, t.FriendPoints, &v.Came}} {
		if to.points == 0 {
			continue
		}
		g, err := r.gift(ctx, u, t, zone, v, to.member, to.points, frozen)
		if err != nil {
			return err
		}
		*to.gift = g
	}
	return nil
}
