package server

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
)

// redeeming is a member's wish for a reward.
type redeeming struct {
	program, member, reward, wallet, order, story string
	expected                                      int64
	minutes                                       int
}

// redemptionFacts are what an entry of a redemption tells.
type redemptionFacts struct {
	Redemption string       `json:"redemption"`
	Reward     string       `json:"reward"`
	Version    int          `json:"version"`
	State      reward.Phase `json:"state"`
	Points     int64        `json:"points"`
	Order      string       `json:"order,omitempty"`
	Story      string       `json:"story,omitempty"`
	EndsAt     clock.Millis `json:"endsAt,omitempty"`
}

// tell puts onto an entry what it is about.
func tell(e *tables.Entry, row store.Row[tables.Redemption]) error {
	v := row.Value
	facts := redemptionFacts{Redemption: row.ID, Reward: v.Reward, Version: v.Version, State: v.State, Points: v.Points, Order: v.Order, Story: v.Story}
	if v.State == reward.Pending {
		facts.EndsAt = v.EndsAt
	}
	var err error
	e.Source, e.Reason = "redemptions/"+row.ID, v.Reason
	e.Facts, err = book.Facts(facts)
	return err
}

// reserve holds points, stock and code for a reward.
func (s *Server) reserve(ctx context.Context, u *book.Unit, want redeeming) (store.Row[tables.Redemption], error) {
	none := store.Row[tables.Redemption]{}
	p, err := program(ctx, u.Tx, want.program)
	if err != nil {
		return none, err
	}
	if want.wallet != "" {
		if want.wallet, err = walletOf(p.Value, want.wallet); err != nil {
			return none, err
		}
	}
	name := tables.RewardID(want.program, want.reward)
	r, err := tables.Rewards.Get(ctx, u.Tx, name)
	if store.IsNotFound(err) {
		return none, noReward(want.program, want.reward)
	}
	if err != nil {
		return none, err
	}
	v, err := s.viewFor(ctx, u.Tx, want.program, want.member)
	if err != nil {
		return none, err
	}
	w, err := u.Open(ctx, want.program, want.member, cmp.Or(want.wallet, v.wallet(r.Value.Reward)))
	if err != nil {
		return none, err
	}
	price, err := s.admit(ctx, u, w, v, r, want)
	if err != nil {
		return none, err
	}
	minutes := cmp.Or(want.minutes, r.Value.Minutes, reserveMinutes(p.Value))
	now := max(u.Now, w.Book.Account().RecordedAt) // the ledger's present does not step back with the clock
	row := store.Row[tables.Redemption]{ID: id.At(u.Now.Time()), Value: tables.Redemption{
		Program: want.program, Member: want.member, Reward: want.reward, Version: r.Value.Version, State: reward.Pending, Wallet: w.Row.Value.Wallet,
		Points: price, Order: want.order, Story: want.story, UsedBy: tables.UseOf(want.member, want.reward), Pending: name, ReservedAt: now,
		EndsAt: now + clock.Millis((time.Duration(minutes) * time.Minute).Milliseconds()),
	}}
	if err := take(ctx, u, r, &row); err != nil {
		return none, err
	}
	tx, err := w.Book.Reserve(ledger.Step{Now: u.Now, Idle: active(p.Value, u.Now)}, row.ID, price, row.Value.EndsAt)
	if err != nil {
		return none, book.Refused(err)
	}
	row.Value.Entries = []int64{tx.Seq}
	if err := tell(u.Post(w, tx), row); err != nil {
		return none, err
	}
	return tables.Redemptions.Insert(ctx, u.Tx, row.ID, row.Value)
}

// admit refuses a member who cannot have the reward now, and returns what it costs.
func (s *Server) admit(ctx context.Context, u *book.Unit, w *book.Work, v view, r store.Row[tables.Reward], want redeeming) (int64, error) {
	wallet := w.Row.Value.Wallet
	v.now, v.available = u.Now, map[string]int64{wallet: w.Book.Account().Balances.Available}
	if r.Value.Limit != nil {
		// The uses that are counted may be in several wallets, so that this one's account does not guard the count.
		if _, err := tables.Members.GetForUpdate(ctx, u.Tx, want.member); err != nil {
			return 0, err
		}
	}
	f, _, err := v.facts(ctx, u.Tx, r.ID, r.Value.Reward)
	if err != nil {
		return 0, err
	}
	if f.Left != nil && *f.Left == 0 {
		// Whoever comes first after a reservation has ended gets what it held, whether the job that ends it has run or not.
		if err := s.endOneOf(ctx, u, r.ID); err != nil {
			return 0, err
		}
		if f, _, err = v.facts(ctx, u.Tx, r.ID, r.Value.Reward); err != nil {
			return 0, err
		}
	}
	price, priced := r.Value.Priced(wallet, v.tiers)
	if why := r.Value.Check(f, wallet); len(why) > 0 {
		return 0, unavailable(why, v.available[wallet], price.Points)
	}
	if priced && want.expected != 0 && want.expected != price.Points {
		return 0, fault.IllegalState.New("The reward costs %d by now, not %d. Show the member the price and ask again.", price.Points, want.expected).
			WithMeta("points", fmt.Sprint(price.Points)).With(fault.Field{Path: "expectedPoints", Message: "The price has changed."})
	}
	return price.Points, nil
}

// endOneOf settles the account of one reservation of a reward whose time is over, if there is one that was not settled yet.
func (s *Server) endOneOf(ctx context.Context, u *book.Unit, name string) error {
	row, err := tables.Redemptions.First(ctx, u.Tx, store.Query{Index: "by_pending", Equal: []any{name}, Before: u.Now + 1})
	if store.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	// An account that takes no more steps does not hold up others.
	if _, err = u.Open(ctx, row.Value.Program, row.Value.Member, row.Value.Wallet); fault.Has(err, fault.IllegalState) {
		return nil
	}
	return err
}

// take takes one of the stock, or a code, for a redemption.
func take(ctx context.Context, u *book.Unit, r store.Row[tables.Reward], row *store.Row[tables.Redemption]) error {
	if r.Value.Kind == reward.Code {
		free, err := freeCode(ctx, u.Tx, r.ID, u.Now)
		if err != nil {
			return err
		}
		code, err := tables.Codes.GetForUpdate(ctx, u.Tx, free.ID)
		if err != nil {
			return err
		}
		row.Value.Code = code.ID
		code.Value.State, code.Value.Free, code.Value.Redemption = reward.CodeHeld, "", row.ID
		_, err = tables.Codes.Put(ctx, u.Tx, code)
		return err
	}
	stock, err := tables.RewardStocks.GetForUpdate(ctx, u.Tx, r.ID)
	if store.IsNotFound(err) || err == nil && stock.Value.Unlimited {
		return nil
	}
	if err != nil {
		return err
	}
	row.Value.Stocked = true
	stock.Value.Left--
	stock.Value.Reserved++
	_, err = tables.RewardStocks.Put(ctx, u.Tx, stock)
	return err
}

// resolve brings a redemption, its stock and its code along with what an entry did to its points.
func resolve(ctx context.Context, u *book.Unit, row store.Row[tables.Redemption], a reward.Action, e *tables.Entry) (store.Row[tables.Redemption], error) {
	v := &row.Value
	next, err := v.State.Next(a)
	if err != nil {
		return row, err
	}
	v.State, v.Pending, v.Asked = next, "", ""
	v.Entries = append(v.Entries, e.Tx.Seq)
	if !next.Counts() {
		v.UsedBy = ""
	}
	if a == reward.Commit {
		v.CommittedAt, v.CommitEntry = e.Tx.EffectiveAt, e.Tx.Seq
	} else {
		v.EndedAt = e.Tx.EffectiveAt
	}
	if err := moveStock(ctx, u, *v, a); err != nil {
		return row, err
	}
	if err := moveCode(ctx, u, *v, a); err != nil {
		return row, err
	}
	if err := tell(e, row); err != nil {
		return row, err
	}
	return tables.Redemptions.Put(ctx, u.Tx, row)
}

func moveStock(ctx context.Context, u *book.Unit, v tables.Redemption, a reward.Action) error {
	if !v.Stocked {
		return nil
	}
	stock, err := tables.RewardStocks.GetForUpdate(ctx, u.Tx, tables.RewardID(v.Program, v.Reward))
	if err != nil {
		return err
	}
	n := &stock.Value
	switch a {
	case reward.Commit:
		n.Reserved, n.Redeemed = n.Reserved-1, n.Redeemed+1
	case reward.Reverse:
		n.Redeemed, n.Left = n.Redeemed-1, n.Left+1
	default:
		n.Reserved, n.Left = n.Reserved-1, n.Left+1
	}
	_, err = tables.RewardStocks.Put(ctx, u.Tx, stock)
	return err
}

func moveCode(ctx context.Context, u *book.Unit, v tables.Redemption, a reward.Action) error {
	if v.Code == "" {
		return nil
	}
	code, err := tables.Codes.GetForUpdate(ctx, u.Tx, v.Code)
	if err != nil {
		return err
	}
	r, err := versionOf(ctx, u.Tx, v)
	if err != nil {
		return err
	}
	if code.Value.State = reward.CodeAfter(a, r.ReuseCodes); code.Value.State == reward.CodeFree {
		code.Value.Free = code.Value.Pool
	}
	_, err = tables.Codes.Put(ctx, u.Tx, code)
	return err
}

// versionOf reads the version of the reward that a redemption was made with.
func versionOf(ctx context.Context, tx store.Reader, v tables.Redemption) (tables.Reward, error) {
	row, err := tables.RewardVersions.Get(ctx, tx, fmt.Sprintf("%s@%d", tables.RewardID(v.Program, v.Reward), v.Version))
	return row.Value, err
}

// lapsed brings a redemption along whose hold the account's settling has ended.
func (s *Server) lapsed(ctx context.Context, u *book.Unit, _ *book.Work, e *tables.Entry) error {
	if e.Tx.Kind != ledger.KindLapse {
		return nil
	}
	row, err := tables.Redemptions.GetForUpdate(ctx, u.Tx, e.Tx.Hold)
	if err != nil {
		return err
	}
	_, err = resolve(ctx, u, row, reward.Lapse, e)
	return err
}

// act does something with a redemption: its account is opened, which may end it, then step moves the points. prepare may complete the redemption before.
func (s *Server) act(ctx context.Context, u *book.Unit, programID, redemptionID string, a reward.Action, prepare func(*tables.Redemption)) (store.Row[tables.Redemption], error) {
	row, err := findRedemption(ctx, u.Tx, programID, redemptionID)
	if err != nil {
		return row, err
	}
	w, err := u.Open(ctx, row.Value.Program, row.Value.Member, row.Value.Wallet)
	if err != nil {
		return row, err
	}
	if row, err = tables.Redemptions.GetForUpdate(ctx, u.Tx, redemptionID); err != nil {
		return row, err
	}
	if _, err := row.Value.State.Next(a); err != nil {
		return row, err
	}
	prepare(&row.Value)
	tx, err := advance(ctx, u, w, row, a)
	if err != nil {
		return row, book.Refused(err)
	}
	if row, err = resolve(ctx, u, row, a, u.Post(w, tx)); err != nil || a != reward.Reverse {
		return row, err
	}
	return s.reclaim(ctx, u, w, tx, row)
}

// move moves the points of a redemption.
func advance(ctx context.Context, u *book.Unit, w *book.Work, row store.Row[tables.Redemption], a reward.Action) (ledger.Transaction, error) {
	if a == reward.Cancel {
		return w.Book.Cancel(ledger.Step{Now: u.Now}, row.ID)
	}
	step, err := activity(ctx, u, row.Value.Program)
	if err != nil {
		return ledger.Transaction{}, err
	}
	if a == reward.Commit {
		return w.Book.Commit(step, row.ID)
	}
	if row.Value.CommitIn != "" {
		return restoreElsewhere(ctx, u, w, step, row.Value)
	}
	spent, err := tables.Journal.Get(ctx, u.Tx, book.EntryID(w.ID, row.Value.CommitEntry))
	if err != nil {
		return ledger.Transaction{}, err
	}
	takes := make([]ledger.Take, 0, len(spent.Value.Tx.Lots))
	for _, c := range spent.Value.Tx.Lots {
		takes = append(takes, ledger.Take{LotRef: c.LotRef, Points: -c.Open})
	}
	return w.Book.Restore(step, takes)
}

// findRedemption reads a redemption of a programme.
func findRedemption(ctx context.Context, tx store.Reader, programID, redemptionID string) (store.Row[tables.Redemption], error) {
	row, err := tables.Redemptions.Get(ctx, tx, redemptionID)
	if store.IsNotFound(err) || err == nil && row.Value.Program != programID {
		return row, fault.NotFound.New("There is no redemption %q in the programme %q.", redemptionID, programID).
			With(fault.Field{Path: "redemption", Message: "There is no such redemption."})
	}
	return row, err
}

// inField gives the field that a refusal is about the name that it has in the request, and one to what is not there and was named in a body.
func inField(path string, err error) error {
	e, ok := fault.As(err)
	if !ok {
		return err
	}
	c := *e
	switch {
	case len(e.Fields) == 1:
		c.Fields = []fault.Field{{Path: path, Message: e.Fields[0].Message}}
	case len(e.Fields) == 0 && fault.Has(err, fault.NotFound):
		c.Fields = []fault.Field{{Path: path, Message: e.Message}}
	default:
		return err
	}
	return &c
}
