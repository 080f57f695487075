package domain

import (
	"slices"
	"strings"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// The roles of employees.
const (
	RoleAuthor   = "author"
	RoleEditor   = "editor"
	RoleApprover = "approver"
	RoleManager  = "manager"
	RoleAdmin    = "admin"
)

// Roles returns every role.
func Roles() []string { return []string{RoleAuthor, RoleEditor, RoleApprover, RoleManager, RoleAdmin} }

// Lives of credentials.
const (
	// SessionLife is how long a session lasts at most.
	SessionLife = 12 * time.Hour
	// TokenLife is how long an access token lasts.
	TokenLife = time.Hour
	// SetupLife is how long the first start's link works.
	SetupLife = 24 * time.Hour
	// UseGranularity is how exactly the last use of a key is kept: a row written for each request would cost more than it tells.
	UseGranularity = time.Minute
)

// ParseGroupRoles reads "editors=editor,marketing-leads=approver". Several groups may give one role, and one group several roles by being named again.
func ParseGroupRoles(s string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, pair := range strings.Split(s, ",") {
		pair = strings.TrimSpace(pair)
		if pair == "" {
			continue
		}
		group, role, ok := strings.Cut(pair, "=")
		if !ok || !slices.Contains(Roles(), role) {
			return nil, fault.Invalid("group-roles", "%q is not group=role with one of the roles %s", pair, strings.Join(Roles(), ", "))
		}
		out[group] = append(out[group], role)
	}
	return out, nil
}

// EffectiveRoles returns what a user may do: roles from groups and granted ones, each once, in the order of Roles.
func EffectiveRoles(mapping map[string][]string, groups, granted []string) []string {
	var roles []string
	for _, r := range Roles() {
		has := slices.Contains(granted, r)
		for _, g := range groups {
			has = has || slices.Contains(mapping[g], r)
		}
		if has {
			roles = append(roles, r)
		}
	}
	return roles
}

// Ended reports whether something with this end and revocation no longer counts at now. Zero means never.
func Ended(expiresAt, revokedAt, now clock.Millis) bool {
	return revokedAt != 0 || (expiresAt != 0 && now >= expiresAt)
}

// CheckGrant refuses scopes that the granter does not have: a partner's key cannot make a stronger one.
func CheckGrant(granter, wanted []string) error {
	for _, s := range wanted {
		if !slices.Contains(granter, s) {
			return fault.PermissionDenied.New("The scope %s cannot be given by a key that does not have it.", s).
				With(fault.Field{Path: "scopes", Message: s + " is more than the caller has."})
		}
	}
	return nil
}
