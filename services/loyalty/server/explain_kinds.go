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

// plain is the sentence about an entry that no further facts belong to.
func (x *explaining) plain() string {
	e, points := x.entry, x.words.Points(x.out.GetPoints())
	because := ""
	if e.Reason != "" {
		because = ": " + e.Reason
	}
	switch e.Tx.Kind {
	case ledger.KindAccrue:
		return points + x.were() + "given for " + e.Source + because
	case ledger.KindReverse:
		return points + " that had been given for " + e.Source + x.were() + "taken back" + because
	case ledger.KindActivate:
		return points + " became available" + because
	case ledger.KindExpire:
		return points + " ended unspent" + because
	case ledger.KindFreeze:
		return points + x.were() + "set aside to be looked at" + because
	case ledger.KindUnfreeze:
		return points + " that had been set aside are free" + because
	case ledger.KindOpen:
		return points + x.were() + "brought along from " + e.Source
	case ledger.KindTransfer:
		return x.transferred(points)
	case ledger.KindAdjust:
		if x.out.GetPoints() < 0 {
			return points + x.were() + "taken by hand" + because
		}
		return points + x.were() + "given by hand" + because
	}
	if e.Source != "" {
		return "Nothing moved: " + e.Source + because
	}
	return "Nothing moved" + because
}

// were is what became of one point or several.
func (x *explaining) were() string {
	if n := x.out.GetPoints(); n == 1 || n == -1 {
		return " was "
	}
	return " were "
}

func (x *explaining) transferred(points string) string {
	owed := ""
	if x.out.GetPoints() < 0 {
		owed = "A debt of "
	}
	switch source := x.entry.Source; {
	case strings.HasPrefix(source, "imports/"):
		return owed + points + " came along from " + source
	case holds(x.entry, "into") && strings.HasPrefix(source, "members/") && x.mergedInto() == x.entry.Member:
		return owed + points + " came from " + source + ", who was merged into this member"
	default:
		return points + " went to " + source + ", into whom this member was merged"
	}
}

func (x *explaining) mergedInto() string {
	var f merged
	if json.Unmarshal(x.entry.Facts, &f) != nil {
		return ""
	}
	return f.Into
}

func (x *explaining) tierChanged() (string, error) {
	var c tier.Change
	if err := json.Unmarshal(x.entry.Facts, &c); err != nil {
		return "", err
	}
	named := func(id string) string {
		if id == "" {
			return "no tier"
		}
		return id
	}
	x.out.Inputs = append(x.out.Inputs, value("tiers", x.entry.Source), value("why", string(c.Why)))
	return fmt.Sprintf("The tier changed from %s to %s (%s, by %s)", named(c.From), named(c.To), c.Why, x.entry.Source), nil
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
	points, because := x.words.Points(x.out.GetPoints()), ""
	if x.entry.Reason != "" {
		because = ": " + x.entry.Reason
	}
	switch x.entry.Tx.Kind {
	case ledger.KindReserve:
		return fmt.Sprintf("%s are held for %s until %s", points, what, x.words.Instant(x.entry.Tx.EndsAt)), nil
	case ledger.KindCommit:
		return fmt.Sprintf("%s%sspent on %s", points, x.were(), what), nil
	case ledger.KindLapse:
		return fmt.Sprintf("%s that were held for %s went back, since it was not taken in time", points, what), nil
	case ledger.KindCancel:
		return fmt.Sprintf("%s that were held for %s went back%s", points, what, because), nil
	}
	return fmt.Sprintf("%s that had been spent on %s%sgiven back%s", points, what, x.were(), because), nil
}

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
	what := "The event " + strings.TrimPrefix(x.entry.Source, "events/")
	if f.Input.Order != nil {
		what = "The order " + f.Input.Order.ID
	}
	if x.out.GetPoints() == 0 {
		return what + " earned nothing", nil
	}
	var by []string
	for _, r := range x.out.GetRules() {
		if r.GetGiven() {
			by = append(by, fmt.Sprintf("%s %d", r.GetDisplayName(), r.GetPoints()))
		}
	}
	return fmt.Sprintf("%s earned %s: %s", what, x.words.Points(x.out.GetPoints()), strings.Join(by, ", ")), nil
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
	key := x.decided.Once
	slash := strings.LastIndex(key, "/")
	n, err := strconv.Atoi(key[slash+1:])
	if err != nil {
		return "", err
	}
	bought, before, err := x.history(ctx, key[:slash], n)
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
			Rule: ruleName(t.Rule, t.Version), Line: t.Line, Earned: t.Earned, Part: t.Part, Due: t.Due, Before: t.Before, Points: t.Points, Wallet: t.Wallet,
		})
	}
	o := bought.Input.Order
	x.out.Inputs = append(x.out.Inputs, value("return", f.ReturnID), value("policy", string(f.Policy)))
	for _, l := range f.Back.Lines {
		x.out.Inputs = append(x.out.Inputs, value("line "+l.Line, currency.Major(l.Money, o.Currency).String()+" "+o.Currency))
	}
	how := "came back"
	if f.Cancelled {
		how = "was cancelled"
	}
	text := fmt.Sprintf("Of the order %s %s %s %s, for which %s are to be taken back", o.ID, currency.Major(f.Back.Money, o.Currency), o.Currency, how, x.words.Points(due))
	if left := due + x.out.GetPoints(); left > 0 {
		text += fmt.Sprintf("; %s are spent already and were let go", x.words.Points(left))
	}
	return text, nil
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
		x.out.Takes = append(x.out.Takes, &loyaltyv1.ExplainedTake{Rule: ruleName(a.Rule, a.Version), Earned: a.Points, Part: "1", Due: a.Points, Points: a.Points, Wallet: a.Wallet})
	}
	x.out.Inputs = append(x.out.Inputs, value("event", given.Input.Event.ID), value("policy", string(f.Policy)))
	text := fmt.Sprintf("The event %s was cancelled, for which %s are to be taken back", given.Input.Event.ID, x.words.Points(due))
	if left := due + x.out.GetPoints(); left > 0 {
		text += fmt.Sprintf("; %s are spent already and were let go", x.words.Points(left))
	}
	return text, nil
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
