package book

import (
	"context"
	"encoding/json"
	"strings"

	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/tier"
)

// Merged is what the entries of a merge tell.
type Merged struct {
	From     string `json:"from"`
	Into     string `json:"into"`
	Transfer string `json:"transfer,omitempty"`
	// Joined and Lifetime are what the account brings along that is not in its lots: the entry of the account that takes it over has them, so that the tiers and what
	// was ever earned follow from the ledger alone.
	Joined   *tier.Joined     `json:"joined,omitempty"`
	Lifetime *ledger.Lifetime `json:"lifetime,omitempty"`
}

// Leaves completes what is told of a merge by what an account leaves to the one that takes it over.
func (u *Unit) Leaves(ctx context.Context, w *Work, m Merged) (Merged, error) {
	life := Lifetime(w.Row.Value, w.Book.Account())
	m.Lifetime = &life
	if ladder := u.session.books.Ladder; ladder != nil && w.Row.Value.Tiers != nil {
		l, err := ladder(ctx, u.Tx, w.Row.Value.Program, w.Row.Value.Wallet)
		if err != nil {
			return m, err
		}
		m.Joined = l.Join(w.Row.Value.Tiers.Standing, u.Now)
	}
	return m, nil
}

// Lifetime is what a member has ever earned, spent and lost in an account, with what those had who were merged into the member.
func Lifetime(row tables.Account, a ledger.Account) ledger.Lifetime {
	out := a.Lifetime
	if c := row.Carried; c != nil {
		out.Earned, out.Spent, out.Expired = out.Earned+c.Earned, out.Spent+c.Spent, out.Expired+c.Expired
	}
	return out
}

// joined finds in an entry what a merge brought along for the tiers.
func joined(e tables.Entry, tx ledger.Transaction) *tier.Joined {
	if tx.Kind != ledger.KindTransfer && tx.Kind != ledger.KindNote || !strings.HasPrefix(e.Source, "members/") {
		return nil
	}
	var m Merged
	if json.Unmarshal(e.Facts, &m) != nil { // facts of another kind
		return nil
	}
	return m.Joined
}
