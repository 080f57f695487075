package partners_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/partners"
	"renown.example/partners/domain"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

type partnersOIDC = partners.OIDC

func userID(u *partnersv1.User) string { return strings.TrimPrefix(u.GetName(), "users/") }

func TestGrantedRolesComeBesidesThoseOfGroups(t *testing.T) {
	r := newRig(t)
	s := r.signIn(t, "ada", "editors")
	id := userID(s.GetUser())
	resp, err := r.users.UpdateUser(r.admin(t), &partnersv1.UpdateUserRequest{User: id, GrantedRoles: []string{"approver"}, Etag: s.GetUser().GetEtag()})
	if err != nil || !slices.Equal(resp.GetUser().GetRoles(), []string{"editor", "approver"}) || !slices.Equal(resp.GetUser().GetGrantedRoles(), []string{"approver"}) {
		t.Fatalf("user %v, %v", resp, err)
	}
	if got, err := r.resolve(t, s.GetToken()); err != nil || !slices.Equal(got.GetRoles(), []string{"editor", "approver"}) {
		t.Errorf("resolved %v, %v", got, err)
	}
	_, err = r.users.UpdateUser(r.admin(t), &partnersv1.UpdateUserRequest{User: id, Etag: s.GetUser().GetEtag()})
	refused(t, "stale etag", err, fault.EtagMismatch)
	if again := r.signIn(t, "ada"); !slices.Equal(again.GetUser().GetRoles(), []string{"approver"}) {
		t.Errorf("out of the group, still granted: %v", again.GetUser().GetRoles())
	}
	_, err = r.users.UpdateUser(r.caller(t, s.GetToken()), &partnersv1.UpdateUserRequest{User: id, GrantedRoles: []string{"admin"}})
	refused(t, "not an administrator", err, fault.PermissionDenied)
	_, err = r.users.UpdateUser(r.admin(t), &partnersv1.UpdateUserRequest{User: id, GrantedRoles: []string{"owner"}})
	refused(t, "unknown role", err, fault.InvalidArgument)
	_, err = r.users.UpdateUser(r.admin(t), &partnersv1.UpdateUserRequest{User: "nobody"})
	refused(t, "unknown user", err, fault.NotFound)
}

func TestAClosedAccountIsOutAtOnce(t *testing.T) {
	r := newRig(t)
	s := r.signIn(t, "ada", "editors")
	id := userID(s.GetUser())
	setDisabled := func(to bool) {
		t.Helper()
		if _, err := r.users.UpdateUser(r.admin(t), &partnersv1.UpdateUserRequest{User: id, Disabled: to}); err != nil {
			t.Fatal(err)
		}
	}
	setDisabled(true)
	_, err := r.resolve(t, s.GetToken())
	refused(t, "a session of a closed account", err, fault.Unauthenticated)
	_, err = r.sessions.CreateSession(t.Context(), &partnersv1.CreateSessionRequest{IdToken: r.token(t, "ada", nil, nil), Nonce: nonce})
	refused(t, "sign-in to a closed account", err, fault.PermissionDenied)
	setDisabled(false)
	_, err = r.resolve(t, s.GetToken())
	refused(t, "a session of before", err, fault.Unauthenticated)
	r.signIn(t, "ada")
}

func TestAdministratorsCannotLockThemselvesOut(t *testing.T) {
	r := newRig(t)
	granted := r.signIn(t, "ada")
	id := userID(granted.GetUser())
	if _, err := r.users.UpdateUser(r.admin(t), &partnersv1.UpdateUserRequest{User: id, GrantedRoles: []string{"admin"}}); err != nil {
		t.Fatal(err)
	}
	me := r.caller(t, granted.GetToken())
	_, err := r.users.UpdateUser(me, &partnersv1.UpdateUserRequest{User: id})
	refused(t, "own role", err, fault.InvalidArgument)
	_, err = r.users.UpdateUser(me, &partnersv1.UpdateUserRequest{User: id, GrantedRoles: []string{"admin"}, Disabled: true})
	refused(t, "own account", err, fault.InvalidArgument)
	if _, err := r.users.UpdateUser(me, &partnersv1.UpdateUserRequest{User: id, GrantedRoles: []string{"admin", "editor"}}); err != nil {
		t.Error(err)
	}
	byGroup := r.signIn(t, "bo", "it")
	if _, err := r.users.UpdateUser(r.caller(t, byGroup.GetToken()), &partnersv1.UpdateUserRequest{User: userID(byGroup.GetUser())}); err != nil {
		t.Error("the role follows from a group, not from a grant:", err)
	}
}

func TestTwoAdministratorsCannotTakeTheRoleFromEachOther(t *testing.T) {
	r := newRig(t)
	var ids []string
	var callers []context.Context
	for _, who := range []string{"ada", "bo"} {
		s := r.signIn(t, who)
		ids = append(ids, userID(s.GetUser()))
		if _, err := r.users.UpdateUser(r.admin(t), &partnersv1.UpdateUserRequest{User: ids[len(ids)-1], GrantedRoles: []string{"admin"}}); err != nil {
			t.Fatal(err)
		}
		callers = append(callers, r.caller(t, s.GetToken()))
	}
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range callers {
		both.Go(func() {
			_, errs[i] = r.users.UpdateUser(callers[i], &partnersv1.UpdateUserRequest{User: ids[1-i], Disabled: i == 1})
		})
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("got %v", errs)
	}
	for _, err := range errs {
		if err != nil {
			refused(t, "who was an administrator", err, fault.PermissionDenied)
		}
	}
}

func TestUsersAreListedByName(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"cleo", "ada", "bo"} {
		r.signIn(t, name)
	}
	var got []string
	req := &partnersv1.ListUsersRequest{PageSize: 2}
	for {
		resp, err := r.users.ListUsers(r.admin(t), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range resp.GetUsers() {
			got = append(got, u.GetDisplayName())
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if !slices.Equal(got, []string{"Name of ada", "Name of bo", "Name of cleo"}) {
		t.Errorf("listed %v", got)
	}
}

func TestTheSetupLinkMakesOneAdministrator(t *testing.T) {
	r := newRig(t)
	prepare := func() string {
		t.Helper()
		token, err := r.Partners.PrepareSetup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	use := func(subject, token string) (*partnersv1.Session, error) {
		resp, err := r.sessions.CreateSession(t.Context(), &partnersv1.CreateSessionRequest{IdToken: r.token(t, subject, nil, nil), Nonce: nonce, SetupToken: token})
		return resp.GetSession(), err
	}
	replaced := prepare()
	late := prepare()
	_, err := use("eve", replaced)
	refused(t, "a replaced link", err, fault.LinkInvalid)
	_, err = use("eve", "guessed")
	refused(t, "a guessed link", err, fault.LinkInvalid)
	r.clock.Step(domain.SetupLife)
	_, err = use("eve", late)
	refused(t, "an expired link", err, fault.LinkInvalid)
	token := prepare()
	r.restart(t)
	s, err := use("ada", token)
	if err != nil || !slices.Equal(s.GetUser().GetRoles(), []string{"admin"}) {
		t.Fatalf("session %v, %v", s, err)
	}
	_, err = use("eve", token)
	refused(t, "a used link", err, fault.LinkInvalid)
	users, err := r.users.ListUsers(r.caller(t, s.GetToken()), &partnersv1.ListUsersRequest{})
	if err != nil || len(users.GetUsers()) != 1 {
		t.Errorf("refused sign-ins left somebody behind: %v, %v", users, err)
	}
	if token := prepare(); token != "" {
		t.Error("there is an administrator, and yet a new link")
	}
}

func TestThereIsNoSetupLinkWhereAGroupMakesAdministrators(t *testing.T) {
	r := newRig(t)
	r.signIn(t, "ada", "it")
	if token, err := r.Partners.PrepareSetup(t.Context()); err != nil || token != "" {
		t.Errorf("got %q, %v", token, err)
	}
}

func TestOnlyTheGatewayResolvesCredentials(t *testing.T) {
	r := newRig(t)
	s := r.signIn(t, "ada", "it")
	for name, ctx := range map[string]auth.Identity{
		"nobody": auth.Anonymous, "an administrator": {Kind: auth.KindUser, Subject: "x", Roles: []string{"admin"}},
		"an app": {Kind: auth.KindApp, Subject: "x", Scopes: []string{"partners.write"}},
	} {
		_, err := r.credentials.ResolveCredential(r.as(t, ctx), &partnersv1.ResolveCredentialRequest{Credential: s.GetToken()})
		if !fault.Has(err, fault.PermissionDenied) && !fault.Has(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.clock.Step(time.Second)
	if _, err := r.resolve(t, s.GetToken()); err != nil {
		t.Error(err)
	}
}
