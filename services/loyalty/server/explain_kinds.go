package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"renown.example/kit/store"
	"renown.example/loyalty/currency"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/tier"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// plainly are the messages of entries that no further facts belong to.
var plainly = map[ledger.Kind]string{
	ledger.KindAccrue: "accrue", ledger.KindReverse: "reverse", ledger.KindActivate: "activate", ledger.KindExpire: "expire", ledger.KindFreeze: "freeze",
	ledger.KindUnfreeze: "unfreeze", ledger.KindOpen: "open", ledger.KindAdjust: "give",
}

// plain is the sentence about an entry that no further facts belong to.
func (x *explaining) plain() string {
	e, w, points := x.entry, x.words, x.out.GetPoints()
	key, known := plainly[e.Tx.Kind]
	switch {
	case e.Tx.Kind == ledger.KindTransfer:
		return x.transferred()
	case e.Tx.Kind == ledger.KindAdjust && points < 0:
		key = "take"
	case !known && e.Source != "":
		key = "note.about"
	case !known:
		key = "note"
	}
	return w.Counted(key, points, w.Source(e.Source)) + w.Because(e.Reason)
}

func (x *explaining) transferred() string {
	w, points := x.words, x.words.Points(x.out.GetPoints())
	if x.out.GetPoints() < 0 {
		points = w.Say("owed", points)
	}
	key := "went.merge"
	switch source := x.entry.Source; {
	case strings.HasPrefix(source, "imports/"):
		key = "came.import"
	case holds(x.entry, "into") && strings.HasPrefix(source, "members/") && x.mergedInto() == x.entry.Member:
		key = "came.merge"
	}
	return w.Say(key, points, w.Source(x.entry.Source))
}

func (x *explaining) mergedInto() string {
	var f merged
	if json.Unmarshal(x.entry.Facts, &f) != nil {
		return ""
	}
	return f.Into
}

// tierChanged explains a change of the tier.
func (x *explaining) tierChanged() (string, error) {
	var c tier.Change
	if err := json.Unmarshal(x.entry.Facts, &c); err != nil {
		return "", err
	}
	named := func(id string) string {
		if id == "" {
			return x.words.Say("tier.none")
		}
		return x.words.OwnTier(id)
	}
	x.out.Inputs = append(x.out.Inputs, value("tiers", x.entry.Source), value("why", string(c.Why)))
	return x.words.Say("tier", named(c.From), named(c.To), x.words.Say("tier."+string(c.Why)), x.entry.Source), nil
}

func value(name, v string) *loyaltyv1.ExplainedValue {
	return &loyaltyv1.ExplainedValue{Name: name, Value: v}
}

// redemption explains an entry of a redemption.
func (x *explaining) redemption(ctx context.Context) (string, error) {
	var f redemptionFacts
	if err := json.Unmarshal(x.entry.Facts, &f); err != nil {
		return "", err
	}
	what := f.Reward
	r, err := versionOf(ctx, x.tx, tables.Redemption{Program: x.entry.Program, Reward: f.Reward, Version: f.Version})
	switch {
	case err == nil:
		what = r.DisplayName
	case !store.IsNotFound(err):
		return "", err
	}
	x.out.Inputs = append(x.out.Inputs,
		value("redemption", f.Redemption), value("reward", fmt.Sprintf("rewards/%s@%d", f.Reward, f.Version)), value("price", fmt.Sprint(f.Points)))
	if f.Order != "" {
		x.out.Inputs = append(x.out.Inputs, value("order", f.Order))
	}
	if f.Story != "" {
		x.out.Inputs = append(x.out.Inputs, value("story", f.Story))
	}
	key, known := redeemed[x.entry.Tx.Kind]
	if !known {
		key = "restore"
	}
	text := x.words.Counted(key, x.out.GetPoints(), what, x.words.Instant(x.entry.Tx.EndsAt))
	for _, l := range x.entry.Tx.Legs {
		if l.Account == string(ledger.Debt) && l.Points > 0 {
			text += x.words.Counted("repaid", l.Points)
		}
	}
	return text + x.words.Because(x.entry.Reason), nil
}

// redeemed are the messages of the steps of a redemption.
var redeemed = map[ledger.Kind]string{ledger.KindReserve: "reserve", ledger.KindCommit: "commit", ledger.KindLapse: "lapse", ledger.KindCancel: "cancel"}

// earned explains what an order or event earned.
func (x *explaining) earned(ctx context.Context) (string, error) {
	var f earned
	if err := json.Unmarshal(x.decided.Facts, &f); err != nil {
		return "", err
	}
	x.inputs(&f.Input)
	if err := x.rules(ctx, &f); err != nil {
		return "", err
	}
	what := x.words.Say("event", strings.TrimPrefix(x.entry.Source, "events/"))
	if f.Input.Order != nil {
		what = x.words.Say("order", f.Input.Order.ID)
	}
	if x.out.GetPoints() == 0 {
		return x.words.Say("earned.nothing", what), nil
	}
	var by []string
	for _, r := range x.out.GetRules() {
		if r.GetGiven() {
			by = append(by, r.GetDisplayName()+" "+x.words.Number(r.GetPoints()))
		}
	}
	return x.words.Say("earned", what, x.words.Points(x.out.GetPoints()), strings.Join(by, ", ")), nil
}

// cameBack explains what a return took.
func (x *explaining) cameBack(ctx context.Context) (string, error) {
	var f cameBack
	if err := json.Unmarshal(x.decided.Facts, &f); err != nil {
		return "", err
	}
	if strings.HasPrefix(x.entry.Source, "events/") {
		return x.unhappened(ctx, f)
	}
	once := x.decided.Once
	slash := strings.LastIndex(once, "/")
	n, err := strconv.Atoi(once[slash+1:])
	if err != nil {
		return "", err
	}
	bought, before, err := x.history(ctx, once[:slash], n)
	if err != nil {
		return "", err
	}
	_, wallet, _ := cutAccount(x.entry.Tx.Account)
	var due int64
	for _, t := range earning.Takes(bought.Input.Order, bought.Awards, before, f.Back.After) {
		if t.Wallet != wallet {
			continue
		}
		due += t.Points
		x.out.Takes = append(x.out.Takes, &loyaltyv1.ExplainedTake{
			Rule: ruleName(t.Rule, t.Version), DisplayName: t.Name, Line: t.Line, Earned: t.Earned, Part: t.Part, Due: t.Due, Before: t.Before, Points: t.Points,
			Wallet: t.Wallet, Detail: x.words.Took(&t),
		})
	}
	o := bought.Input.Order
	key := "back"
	if f.Cancelled {
		key = "back.cancelled"
	} else {
		x.out.Inputs = append(x.out.Inputs, value("return", f.ReturnID))
	}
	x.out.Inputs = append(x.out.Inputs, value("policy", string(f.Policy)))
	for _, l := range f.Back.Lines {
		x.out.Inputs = append(x.out.Inputs, value("line "+l.Line, x.money(l.Money, o.Currency)))
	}
	return x.words.Counted(key, due, o.ID, x.money(f.Back.Money, o.Currency)) + x.letGo(due, f.Policy), nil
}

// letGo says what of the points that are due was not taken, and why.
func (x *explaining) letGo(due int64, policy ledger.Reach) string {
	left := due + x.out.GetPoints()
	if left <= 0 {
		return ""
	}
	key, told := "back.left", "let.go"
	if policy == ledger.OnlyPending {
		key, told = "back.kept", "let.go.kept"
	}
	x.out.LetGo = &loyaltyv1.ExplainedLetGo{Points: left, Text: x.words.Say(told)}
	return x.words.Counted(key, left)
}

// reclaimed explains what was taken out of points that a redemption gave back.
func (x *explaining) reclaimed() (string, error) {
	var f reclaimed
	if err := json.Unmarshal(x.entry.Facts, &f); err != nil {
		return "", err
	}
	x.out.Inputs = append(x.out.Inputs, value("order", f.Of.Order), value("redemption", f.Of.Redemption))
	x.out.LetGo = &loyaltyv1.ExplainedLetGo{Points: x.out.GetPoints(), Text: x.words.Say("let.go.reclaimed")}
	return x.words.Counted("reclaimed", f.Of.Points, f.Of.Order), nil
}

// money writes an amount in minor units.
func (x *explaining) money(minor int64, of string) string {
	return x.words.Money(currency.Major(minor, of).String(), of)
}

// unhappened explains what the cancellation of an event took.
func (x *explaining) unhappened(ctx context.Context, f cameBack) (string, error) {
	stem, _, _ := cutLast(x.decided.Once, "/")
	row, err := tables.Journal.First(ctx, x.tx, store.Query{Index: "by_once", Equal: []any{stem}})
	if err != nil {
		return "", err
	}
	var given earned
	if err := json.Unmarshal(row.Value.Facts, &given); err != nil {
		return "", err
	}
	_, wallet, _ := cutAccount(x.entry.Tx.Account)
	var due int64
	for _, a := range given.Awards {
		if a.Wallet != wallet || a.Points == 0 {
			continue
		}
		due += a.Points
		x.out.Takes = append(x.out.Takes, &loyaltyv1.ExplainedTake{
			Rule: ruleName(a.Rule, a.Version), DisplayName: a.Name, Earned: a.Points, Part: "1", Due: a.Points, Points: a.Points, Wallet: a.Wallet,
		})
	}
	x.out.Inputs = append(x.out.Inputs, value("event", given.Input.Event.ID), value("policy", string(f.Policy)))
	return x.words.Counted("back.event", due, given.Input.Event.ID) + x.letGo(due, f.Policy), nil
}

// history finds what an order earned and what had come back of it before its n-th return.
func (x *explaining) history(ctx context.Context, order string, n int) (bought earned, before []earning.Returned, err error) {
	row, err := tables.Journal.First(ctx, x.tx, store.Query{Index: "by_once", Equal: []any{order + "/0"}})
	if err != nil {
		return bought, nil, err
	}
	if err := json.Unmarshal(row.Value.Facts, &bought); err != nil || n == 1 {
		return bought, nil, err
	}
	if row, err = tables.Journal.First(ctx, x.tx, store.Query{Index: "by_once", Equal: []any{fmt.Sprintf("%s/%d", order, n-1)}}); err != nil {
		return bought, nil, err
	}
	var f cameBack
	err = json.Unmarshal(row.Value.Facts, &f)
	return bought, f.Back.After, err
}
