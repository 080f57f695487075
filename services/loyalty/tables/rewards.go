package tables

import (
	"crypto/sha256"
	"encoding/base64"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/reward"
)

// Reward is a reward as it is now. Its fields are beside those of the version, so that documents are flat.
type Reward struct {
	reward.Reward
	Version   int          `json:"version"`
	CreatedAt clock.Millis `json:"createdAt"`
	UpdatedAt clock.Millis `json:"updatedAt"`
}

// Rewards by "{program}/{reward}".
var Rewards = store.Define[Reward](store.Spec{Name: "rewards"})

// RewardVersions by "{program}/{reward}@{version}": a version never changes.
var RewardVersions = store.Define[Reward](store.Spec{Name: "reward_versions"})

// RewardID is the id of a reward's row.
func RewardID(program, reward string) string { return program + "/" + reward }

// RewardStock counts a reward whose number is limited. A reward without a row, and one that is unlimited, is not counted.
type RewardStock struct {
	Unlimited bool  `json:"unlimited,omitempty"`
	Left      int64 `json:"left"`
	Reserved  int64 `json:"reserved"`
	Redeemed  int64 `json:"redeemed"`
}

// RewardStocks by the id of the reward's row.
var RewardStocks = store.Define[RewardStock](store.Spec{Name: "reward_stock"})

// Code is a code of a reward's pool. Pool is the id of the reward's row, Free and Held the same while the code is in that state.
type Code struct {
	Pool      string           `json:"pool"`
	Code      string           `json:"code"`
	State     reward.CodeState `json:"state"`
	Free      string           `json:"free,omitempty"`
	AddedAt   clock.Millis     `json:"addedAt"`
	ExpiresAt clock.Millis     `json:"expiresAt"`
	// Redemption is the last one that it was held for.
	Redemption string `json:"redemption,omitempty"`
}

// Eternity is the end of a code that has none: it sorts after all others.
const Eternity = clock.Millis(253402300799999)

// Codes by CodeID, so that a code is in a programme once. by_free has those that can be handed out, the first to end first.
var Codes = store.Define[Code](store.Spec{Name: "codes", Indexes: []store.Index{
	{Name: "by_free", Fields: []string{"free", "expiresAt"}},
	{Name: "by_state", Fields: []string{"pool", "state"}},
}})

// CodeID is the id of a code's row: a digest, since codes are long and of any characters.
func CodeID(program, code string) string {
	sum := sha256.Sum256([]byte(code))
	return program + "/" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// Redemption is a reward that a member takes.
type Redemption struct {
	Program string       `json:"program"`
	Member  string       `json:"member"`
	Reward  string       `json:"reward"`
	Version int          `json:"version"`
	State   reward.Phase `json:"state"`
	Wallet  string       `json:"wallet"`
	Points  int64        `json:"points"`
	Order   string       `json:"order,omitempty"`
	Story   string       `json:"story,omitempty"` // for whose telling it is given
	Reason  string       `json:"reason,omitempty"`
	// Code is the id of the row of its code, Stocked that it was taken from a limited stock.
	Code    string `json:"code,omitempty"`
	Stocked bool   `json:"stocked,omitempty"`
	// UsedBy is UseOf(member, reward) for as long as it counts for the limit of its member, Pending the id of the reward's row for as long as it is pending, and
	// Asked the programme for as long as somebody has to decide what becomes of it.
	UsedBy      string       `json:"usedBy,omitempty"`
	Pending     string       `json:"pending,omitempty"`
	Asked       string       `json:"asked,omitempty"`
	ReservedAt  clock.Millis `json:"reservedAt"`
	EndsAt      clock.Millis `json:"endsAt"`
	CommittedAt clock.Millis `json:"committedAt,omitempty"`
	EndedAt     clock.Millis `json:"endedAt,omitempty"`
	// Entries are the numbers of the account's entries that it consists of: the reservation, the commit or the return, the reversal.
	Entries []int64 `json:"entries"`
	// Past are the names of entries in the accounts of members who were merged since.
	Past []string `json:"past,omitempty"`
	// CommitEntry is the one that spent the points: it says from which lots.
	CommitEntry int64 `json:"commitEntry,omitempty"`
	// Reclaimed is how many of the points that it gave back were taken again, for what earlier returns of its order had let go.
	Reclaimed int64 `json:"reclaimed,omitempty"`
	// CommitIn is the account that has that entry, if the member was merged into another since.
	CommitIn string `json:"commitIn,omitempty"`
}

// UseOf names that a member has a reward.
func UseOf(member, reward string) string { return member + "/" + reward }

// Redemptions by id, which grows with time and is that of the hold in the ledger.
var Redemptions = store.Define[Redemption](store.Spec{Name: "redemptions", Indexes: []store.Index{
	{Name: "by_program", Fields: []string{"program", "reservedAt"}},
	{Name: "by_state", Fields: []string{"program", "state", "reservedAt"}},
	{Name: "by_member", Fields: []string{"member", "reservedAt"}},
	{Name: "by_member_state", Fields: []string{"member", "state", "reservedAt"}},
	{Name: "by_use", Fields: []string{"usedBy", "reservedAt"}},
	{Name: "by_pending", Fields: []string{"pending", "endsAt"}},
	{Name: "by_asked", Fields: []string{"asked", "reservedAt"}},
}})
