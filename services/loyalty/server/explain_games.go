package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"renown.example/kit/store"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
)

// achieved explains points of an achievement, given or taken back, by the version that the member reached.
func (x *explaining) achieved(ctx context.Context) (string, error) {
	var f achieved
	if err := json.Unmarshal(x.entry.Facts, &f); err != nil {
		return "", err
	}
	name := f.Achievement
	row, err := tables.AchievementVersions.Get(ctx, x.tx, fmt.Sprintf("%s@%d", tables.AchievementID(x.entry.Program, f.Achievement), f.Version))
	switch {
	case err == nil:
		name = row.Value.DisplayName
	case !store.IsNotFound(err):
		return "", err
	}
	x.out.Inputs = append(x.out.Inputs, value("achievement", fmt.Sprintf("achievements/%s@%d", f.Achievement, f.Version)), value("time", f.Key), value("day", f.On.String()))
	key := "achieved"
	if x.entry.Tx.Kind == ledger.KindReverse {
		key = "achieved.back"
	}
	return x.words.Counted(key, x.out.GetPoints(), name, x.words.Date(f.On)), nil
}

// referred explains points of a referral, given or taken back.
func (x *explaining) referred(ctx context.Context) (string, error) {
	friend := strings.TrimPrefix(x.entry.Source, "referrals/")
	x.out.Inputs = append(x.out.Inputs, value("referral", x.entry.Source))
	because := x.words.Say("friend.brought")
	if m, err := findMember(ctx, x.tx, x.entry.Program, friend); err != nil && !store.IsNotFound(err) {
		return "", err
	} else if m.ID == x.entry.Member || friend == x.entry.Member {
		because = x.words.Say("friend.came")
	}
	key := "referred"
	switch {
	case x.entry.Tx.Kind == ledger.KindReverse:
		key = "referred.back"
	case x.entry.Tx.After.Frozen > 0 && frozenBy(x.entry.Tx):
		key = "referred.frozen"
	}
	return x.words.Counted(key, x.out.GetPoints(), because), nil
}

// frozenBy reports whether a transaction opened a lot that is frozen.
func frozenBy(tx *ledger.Transaction) bool {
	for _, c := range tx.Lots {
		if c.Opened != nil && c.Opened.FrozenAt != 0 {
			return true
		}
	}
	return false
}
