package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/referral"
	"renown.example/loyalty/tables"
)

// gift gives a member points for a referral. Frozen ones wait in the queue of reviews.
func (r *referring) gift(
	ctx context.Context, u *book.Unit, t *tables.ReferralTerms, zone calendar.Zone, v *tables.Referral, memberID string, points int64, frozen bool,
) (*tables.ReferralGift, error) {
	to, err := findMember(ctx, u.Tx, v.Program, memberID)
	if err != nil {
		return nil, err
	}
	w, err := openOrCreate(ctx, u, to, t.Wallet)
	if err != nil {
		return nil, err
	}
	rule := fmt.Sprintf("referrals@%d", t.Version)
	lot := ledger.NewLot{Points: points, Rule: rule, Policy: rule, Source: "referrals/" + v.Friend, From: ledger.IssuanceOf("referrals"), Frozen: frozen}
	p, err := program(ctx, u.Tx, v.Program)
	if err != nil {
		return nil, err
	}
	if err := livesFrom(&lot, t.Life, v.Program, p.Value, zone, u.Now); err != nil {
		return nil, err
	}
	tx, err := w.Book.Issue(ledger.Step{Now: u.Now, Idle: active(p.Value, u.Now)}, ledger.KindAccrue, []ledger.NewLot{lot})
	if err != nil {
		return nil, book.Refused(err)
	}
	e := u.Post(w, tx)
	e.Source = lot.Source
	g := &tables.ReferralGift{Account: w.ID, Entry: tx.Seq, Points: points}
	if !frozen {
		return g, nil
	}
	review, err := tables.Reviews.Insert(ctx, u.Tx, id.At(u.Now.Time()), tables.Review{
		Program: v.Program, Member: to.ID, Wallet: t.Wallet, State: tables.ReviewOpen, Lots: []int64{opened(tx).N}, Points: points, Reason: doubts(v.Findings), Actor: u.Actor,
		FrozenAt: u.Now, Source: lot.Source,
	})
	g.Review = review.ID
	return g, err
}

// opened is the lot that a transaction opened.
func opened(tx ledger.Transaction) ledger.LotRef {
	for _, c := range tx.Lots {
		if c.Opened != nil {
			return c.LotRef
		}
	}
	return ledger.LotRef{}
}

// doubts are the findings in words for whoever looks at them.
func doubts(found []referral.Finding) string {
	words := []string{"A referral that looks as if one person were two:"}
	for _, f := range found {
		words = append(words, f.Message)
	}
	return strings.Join(words, " ")
}

// returned undoes a reward when the order by which the friend qualified comes back, as far as the terms need it.
func (r *referring) returned(ctx context.Context, t *tables.ReferralTerms, d *done) error {
	row, found, err := r.find(ctx, d.program, d.member)
	if err != nil || !found || row.Value.Order != "orders/"+d.order || d.after != nil && d.after.Amount >= t.Terms.LeastAmount {
		return err
	}
	return r.undo(ctx, row, d.because(), "The first order came back.", nil)
}

// undo takes back what a referral gave. found is added to what speaks against it.
func (r *referring) undo(ctx context.Context, row store.Row[tables.Referral], cause because, why string, found []referral.Finding) error {
	v := row.Value
	if v.State != tables.ReferralRewarded && v.State != tables.ReferralHeld {
		return nil
	}
	if cause.policy == ledger.OnlyPending { // frozen points would stay frozen, with nobody to decide about them
		cause.policy = ledger.WithinBalance
	}
	v.State, v.Findings = tables.ReferralUndone, append(v.Findings, found...)
	return r.close(ctx, row, v, func(u *book.Unit, v *tables.Referral) (string, error) {
		for _, g := range []*tables.ReferralGift{v.Referred, v.Came} {
			if g == nil {
				continue
			}
			if err := r.ungive(ctx, u, *v, g, cause, why); err != nil {
				return "", err
			}
		}
		return "loyalty.referral.undone", nil
	})
}

// ungive takes points back, and ends the review of them. Points that a review has taken already, and those of a member who was erased, are gone.
func (r *referring) ungive(ctx context.Context, u *book.Unit, v tables.Referral, g *tables.ReferralGift, cause because, why string) error {
	if g.Review != "" {
		review, err := tables.Reviews.GetForUpdate(ctx, u.Tx, g.Review)
		if err != nil || review.Value.State == tables.ReviewRejected {
			return err
		}
		if review.Value.State == tables.ReviewOpen {
			review.Value.State, review.Value.Decision, review.Value.Decider, review.Value.DecidedAt = tables.ReviewRejected, why, u.Actor, u.Now
			if _, err := tables.Reviews.Put(ctx, u.Tx, review); err != nil {
				return err
			}
		}
	}
	who, wallet, _ := cutAccount(g.Account)
	m, err := findMember(ctx, u.Tx, v.Program, who)
	if err != nil || m.Value.State == tables.MemberErased {
		g.Forgiven = g.Points
		return err
	}
	w, err := u.Open(ctx, v.Program, who, wallet)
	if err != nil {
		return err
	}
	taken, err := takeGiven(ctx, u, w, g.Account, g.Entry, g.Points, cause.policy)
	if err != nil {
		return err
	}
	g.Forgiven = taken.forgiven
	e := u.Post(w, taken.tx)
	e.Source = "referrals/" + v.Friend
	// For tiers the points never were from the day on which they were given.
	e.Counts = &tables.Counts{At: taken.issued}
	if g != v.Came { // the order was the friend's, and so is what paid for it
		return nil
	}
	noted, err := cause.forgo(ctx, u, e, taken.forgiven)
	if err != nil || noted == (forgone{}) {
		return err
	}
	e.Facts, err = book.Facts(noted)
	return err
}

// reviewed lets a referral follow the reviews of its points.
func (r *referring) reviewed(ctx context.Context, program, reviewID string) error {
	review, err := tables.Reviews.Get(ctx, r.tx, reviewID)
	if err != nil {
		return orNil(err, store.IsNotFound(err))
	}
	friend, is := strings.CutPrefix(review.Value.Source, "referrals/")
	if !is {
		return nil
	}
	row, found, err := r.find(ctx, program, friend)
	if err != nil || !found || row.Value.State != tables.ReferralHeld {
		return err
	}
	v := row.Value
	v.State = tables.ReferralUndone
	for _, g := range []*tables.ReferralGift{v.Referred, v.Came} {
		if g == nil || g.Review == "" {
			continue
		}
		switch one, err := tables.Reviews.Get(ctx, r.tx, g.Review); {
		case err != nil:
			return err
		case one.Value.State == tables.ReviewOpen:
			return nil // there is another to be decided
		case one.Value.State == tables.ReviewReleased:
			v.State = tables.ReferralRewarded
		}
	}
	return r.close(ctx, row, v, func(*book.Unit, *tables.Referral) (string, error) { return "loyalty.referral." + v.State, nil })
}

// unite looks at the referrals of two members who became one: who brought themselves gets nothing for it.
func (r *referring) unite(ctx context.Context, e tables.Entry) error {
	var f merged
	if err := json.Unmarshal(e.Facts, &f); err != nil {
		return err
	}
	for {
		page, err := tables.Referrals.Find(ctx, r.tx, store.Query{Index: "by_referrer", Equal: []any{e.Program, f.From}})
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			row.Value.Referrer = f.Into
			if _, err := tables.Referrals.Put(ctx, r.tx, row); err != nil {
				return err
			}
		}
		if len(page.Rows) == 0 {
			break
		}
	}
	if err := r.moveReferral(ctx, e.Program, f); err != nil {
		return err
	}
	for _, friend := range []string{f.From, f.Into} {
		row, err := tables.Referrals.GetForUpdate(ctx, r.tx, tables.ReferralID(e.Program, friend))
		if err != nil && !store.IsNotFound(err) {
			return err
		}
		if err != nil || row.Value.Referrer != f.Into {
			continue
		}
		found := []referral.Finding{{Code: referral.Self, Message: "Member and friend turned out to be one."}}
		if err := r.undo(ctx, row, because{policy: ledger.WithinBalance}, found[0].Message, found); err != nil {
			return err
		}
	}
	return nil
}

// moveReferral makes the referral by which a member came that of the other, unless the other came by one too.
func (r *referring) moveReferral(ctx context.Context, program string, f merged) error {
	row, err := tables.Referrals.GetForUpdate(ctx, r.tx, tables.ReferralID(program, f.From))
	if err != nil {
		return orNil(err, store.IsNotFound(err))
	}
	name := tables.ReferralID(program, f.Into)
	if _, err := tables.Referrals.GetForUpdate(ctx, r.tx, name); !store.IsNotFound(err) {
		return err
	}
	if err := tables.Referrals.Delete(ctx, r.tx, row); err != nil {
		return err
	}
	row.Value.Friend = f.Into
	_, err = tables.Referrals.Insert(ctx, r.tx, name, row.Value)
	return err
}
