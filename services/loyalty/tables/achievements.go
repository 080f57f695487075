package tables

import (
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/achievement"
	"renown.example/loyalty/calendar"
)

// Achievement is something that members can reach, as it is now. Its goal never changes.
type Achievement struct {
	Program     string           `json:"program"`
	ID          string           `json:"id"`
	DisplayName string           `json:"displayName"`
	Description string           `json:"description,omitempty"`
	Badge       string           `json:"badge,omitempty"`
	Wallet      string           `json:"wallet"`
	Points      int64            `json:"points,omitempty"`
	Life        calendar.Life    `json:"life,omitzero"`
	Goal        achievement.Goal `json:"goal"`
	Version     int              `json:"version"`
	CreatedAt   clock.Millis     `json:"createdAt"`
	UpdatedAt   clock.Millis     `json:"updatedAt"`
	ArchivedAt  clock.Millis     `json:"archivedAt,omitempty"`
	// Away are the times between that it was archived and came back.
	Away []Away `json:"away,omitempty"`
}

// Away is a time from From to before Until.
type Away struct {
	From  clock.Millis `json:"from"`
	Until clock.Millis `json:"until"`
}

// CountsRecorded reports whether the achievement was there when something was recorded. It never changes for an instant that is past, and so every replica counts the same.
func (a Achievement) CountsRecorded(at clock.Millis) bool {
	if at < a.CreatedAt || a.ArchivedAt != 0 && at >= a.ArchivedAt {
		return false
	}
	return !slices.ContainsFunc(a.Away, func(t Away) bool { return at >= t.From && at < t.Until })
}

// Achievements by AchievementID.
var Achievements = store.Define[Achievement](store.Spec{Name: "achievements"})

// AchievementVersions by "{program}/{achievement}@{version}": a version never changes.
var AchievementVersions = store.Define[Achievement](store.Spec{Name: "achievement_versions"})

// AchievementID is the id of an achievement's row.
func AchievementID(program, achievement string) string { return program + "/" + achievement }

// AchievementStates by "{member}/{achievement}": how far a member has come.
var AchievementStates = store.Define[achievement.State](store.Spec{Name: "achievement_states"})

// EarnedAchievement is one time that a member has reached a goal.
type EarnedAchievement struct {
	Program     string        `json:"program"`
	Member      string        `json:"member"`
	Achievement string        `json:"achievement"`
	Key         string        `json:"key"`
	On          calendar.Date `json:"on"`
	Version     int           `json:"version"`
	// Account and Entry are where the points were given, and by which entry; empty and zero if there were none.
	Account string       `json:"account,omitempty"`
	Entry   int64        `json:"entry,omitempty"`
	Points  int64        `json:"points,omitempty"`
	At      clock.Millis `json:"at"`
	// Times counts how often it was earned, having been undone between. UndoneAt is set while it is.
	Times    int          `json:"times"`
	UndoneAt clock.Millis `json:"undoneAt,omitempty"`
}

// EarnedAchievements by EarnedID.
var EarnedAchievements = store.Define[EarnedAchievement](store.Spec{Name: "earned_achievements", Indexes: []store.Index{
	{Name: "by_time", Fields: []string{"member", "achievement", "at"}},
	{Name: "by_achievement", Fields: []string{"program", "achievement", "at"}},
}})

// EarnedID is the id of what a member has earned by an achievement.
func EarnedID(member, achievement, key string) string { return member + "/" + achievement + "/" + key }
