package domain

import (
	"slices"
	"strings"
	"testing"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

func TestCredentialsComeApartAsTheyWerePutTogether(t *testing.T) {
	for _, kind := range []Kind{KindAPIKey, KindToken, KindSession} {
		for _, test := range []bool{false, true} {
			c := NewCredential(kind, test, "0h8s2", [SecretBytes]byte{1, 2, 3, 250})
			got, ok := ParseCredential(c.String())
			if !ok || got != c {
				t.Errorf("%s: got %+v, %v", c, got, ok)
			}
			if !got.Matches(c.Digest()) {
				t.Errorf("%s does not match its own digest", c.Prefix())
			}
			if strings.Contains(c.Prefix(), c.Secret) {
				t.Errorf("%s shows the secret", c.Prefix())
			}
		}
	}
}

func TestAnyChangedCharacterIsRefused(t *testing.T) {
	s := NewCredential(KindAPIKey, false, "0h8s2", [SecretBytes]byte{9, 8, 7}).String()
	for i := range s {
		for _, r := range []byte("0z_") {
			changed := s[:i] + string(r) + s[i+1:]
			if changed == s {
				continue
			}
			if _, ok := ParseCredential(changed); ok {
				t.Errorf("character %d changed to %q: %s still parses", i, r, changed)
			}
		}
	}
	for _, bad := range []string{"", "rn", "rn_live_key_1_", s + "0", s[1:], strings.ToUpper(s)} {
		if _, ok := ParseCredential(bad); ok {
			t.Errorf("%q parses", bad)
		}
	}
}

func TestRolesFollowFromGroupsAndGrants(t *testing.T) {
	m, err := ParseGroupRoles("writers=author, leads=editor,leads=approver")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		groups, granted, want []string
	}{
		{nil, nil, nil},
		{[]string{"writers"}, nil, []string{RoleAuthor}},
		{[]string{"leads", "writers"}, []string{RoleAdmin}, []string{RoleAuthor, RoleEditor, RoleApprover, RoleAdmin}},
		{[]string{"admin"}, nil, nil},
	} {
		if got := EffectiveRoles(m, c.groups, c.granted); !slices.Equal(got, c.want) {
			t.Errorf("groups %v, granted %v: got %v, want %v", c.groups, c.granted, got, c.want)
		}
	}
	for _, bad := range []string{"writers", "writers=owner"} {
		if _, err := ParseGroupRoles(bad); !fault.Has(err, fault.InvalidArgument) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestAKeyCannotGiveMoreThanItHas(t *testing.T) {
	if err := CheckGrant([]string{"stories.read", "partners.write"}, []string{"stories.read"}); err != nil {
		t.Error(err)
	}
	if err := CheckGrant([]string{"partners.write"}, []string{"stories.write"}); !fault.Has(err, fault.PermissionDenied) {
		t.Errorf("got %v", err)
	}
}

func TestEnds(t *testing.T) {
	for _, c := range []struct {
		expires, revoked, now clock.Millis
		want                  bool
	}{{0, 0, 5, false}, {6, 0, 5, false}, {5, 0, 5, true}, {0, 1, 5, true}} {
		if got := Ended(c.expires, c.revoked, c.now); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}
