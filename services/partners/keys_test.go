package partners_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

func (r *rig) app(t testing.TB, appID string) string {
	t.Helper()
	ctx := rpc.WithIdempotencyKey(r.admin(t), "app-"+appID)
	if _, err := r.apps.CreateApp(ctx, &partnersv1.CreateAppRequest{AppId: appID, DisplayName: "The " + appID, RequestsPerMinute: 90}); err != nil {
		t.Fatal(err)
	}
	return appID
}

func (r *rig) key(t testing.TB, app string, scopes ...string) (id, secret string) {
	t.Helper()
	resp, err := r.apps.CreateKey(r.admin(t), &partnersv1.CreateKeyRequest{App: app, DisplayName: "for " + app, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return keyID(resp.GetKey()), resp.GetSecret()
}

func keyID(k *partnersv1.Key) string { return k.GetName()[strings.LastIndex(k.GetName(), "/")+1:] }

func TestAKeyStandsForItsApp(t *testing.T) {
	r := newRig(t)
	app := r.app(t, "shop")
	id, secret := r.key(t, app, "stories.write", "stories.read")
	got, err := r.resolve(t, secret)
	if err != nil {
		t.Fatal(err)
	}
	if got.GetKind() != "app" || got.GetSubject() != "shop" || got.GetDisplayName() != "The shop" || got.GetRequestsPerMinute() != 90 || got.GetCredentialId() != id ||
		!slices.Equal(got.GetScopes(), []string{"stories.read", "stories.write"}) || len(got.GetRoles()) != 0 {
		t.Errorf("resolved to %v", got)
	}
	r.restart(t)
	if _, err := r.resolve(t, secret); err != nil {
		t.Error("after a restart:", err)
	}
	list, err := r.apps.ListKeys(r.admin(t), &partnersv1.ListKeysRequest{App: app})
	if err != nil || len(list.GetKeys()) != 1 {
		t.Fatalf("keys %v, %v", list, err)
	}
	k := list.GetKeys()[0]
	if !strings.HasPrefix(secret, k.GetPrefix()) || strings.Contains(k.String(), secret) || !strings.HasPrefix(secret, "rn_live_key_") {
		t.Errorf("listed %v for %s", k, secret)
	}
}

func TestKeysEnd(t *testing.T) {
	r := newRig(t)
	app := r.app(t, "shop")
	resp, err := r.apps.CreateKey(r.admin(t), &partnersv1.CreateKeyRequest{
		App: app, DisplayName: "short", Scopes: []string{"stories.read"}, ExpireTime: timestamppb.New(start.Add(time.Hour)), Test: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	short := resp.GetSecret()
	if !strings.HasPrefix(short, "rn_test_key_") {
		t.Errorf("a test key begins %s", short[:12])
	}
	id, revoked := r.key(t, app, "stories.read")
	for range 2 {
		k, err := r.apps.RevokeKey(r.admin(t), &partnersv1.RevokeKeyRequest{App: app, Key: id})
		if err != nil || k.GetKey().GetRevokeTime().AsTime() != start {
			t.Fatalf("revoked %v, %v", k, err)
		}
		_, err = r.resolve(t, revoked)
		refused(t, "revoked key", err, fault.Unauthenticated)
		r.clock.Step(30*time.Minute - time.Second)
	}
	if _, err := r.resolve(t, short); err != nil {
		t.Error("two seconds before its end:", err)
	}
	r.clock.Step(2 * time.Second)
	_, err = r.resolve(t, short)
	refused(t, "expired key", err, fault.Unauthenticated)
	_, err = r.apps.CreateKey(r.admin(t), &partnersv1.CreateKeyRequest{App: app, DisplayName: "over", Scopes: []string{"stories.read"}, ExpireTime: timestamppb.New(start)})
	refused(t, "an end in the past", err, fault.InvalidArgument)
}

func TestRotationLetsTheOldKeyLiveForItsGrace(t *testing.T) {
	r := newRig(t)
	app := r.app(t, "shop")
	id, old := r.key(t, app, "stories.read")
	resp, err := r.apps.RotateKey(r.admin(t), &partnersv1.RotateKeyRequest{App: app, Key: id, GraceHours: 2})
	if err != nil {
		t.Fatal(err)
	}
	next := resp.GetSecret()
	_, err = r.apps.RotateKey(r.admin(t), &partnersv1.RotateKeyRequest{App: app, Key: keyID(resp.GetKey())})
	refused(t, "a third live key", err, fault.IllegalState)
	if resp.GetKey().GetRotatedFrom() != id || resp.GetOldKey().GetExpireTime().AsTime() != start.Add(2*time.Hour) || resp.GetKey().GetExpireTime() != nil {
		t.Errorf("rotated %v", resp)
	}
	_, err = r.apps.RotateKey(r.admin(t), &partnersv1.RotateKeyRequest{App: app, Key: id})
	refused(t, "a second successor", err, fault.IllegalState)
	for _, c := range []struct {
		step     time.Duration
		old, new bool
	}{{0, true, true}, {2*time.Hour - time.Millisecond, true, true}, {time.Millisecond, false, true}} {
		r.clock.Step(c.step)
		if _, err := r.resolve(t, old); (err == nil) != c.old {
			t.Errorf("%s: old key: %v", r.clock.Now(), err)
		}
		if _, err := r.resolve(t, next); (err == nil) != c.new {
			t.Errorf("%s: new key: %v", r.clock.Now(), err)
		}
	}
	_, err = r.apps.RotateKey(r.admin(t), &partnersv1.RotateKeyRequest{App: app, Key: id})
	refused(t, "a key that has ended", err, fault.IllegalState)
	if _, err = r.apps.RotateKey(r.admin(t), &partnersv1.RotateKeyRequest{App: app, Key: keyID(resp.GetKey())}); err != nil {
		t.Error("the only live key of its line:", err)
	}
}

func TestLastUseIsKeptToTheMinute(t *testing.T) {
	r := newRig(t)
	app := r.app(t, "shop")
	id, secret := r.key(t, app, "stories.read")
	used := func() time.Time {
		t.Helper()
		list, err := r.apps.ListKeys(r.admin(t), &partnersv1.ListKeysRequest{App: app})
		if err != nil {
			t.Fatal(err)
		}
		if list.GetKeys()[0].GetLastUseTime() == nil {
			return time.Time{}
		}
		return list.GetKeys()[0].GetLastUseTime().AsTime()
	}
	use := func() {
		if _, err := r.resolve(t, secret); err != nil {
			t.Fatal(err)
		}
	}
	if !used().IsZero() {
		t.Errorf("used before its use: %v", used())
	}
	use()
	r.clock.Step(59 * time.Second)
	use()
	if used() != start {
		t.Errorf("after 59 s: %v", used())
	}
	r.clock.Step(time.Second)
	use()
	if used() != start.Add(time.Minute) {
		t.Errorf("after a minute: %v", used())
	}
	r.clock.Step(time.Hour)
	if _, err := r.credentials.IssueAccessToken(r.gateway(t), &partnersv1.IssueAccessTokenRequest{ClientId: id, ClientSecret: secret}); err != nil {
		t.Fatal(err)
	}
	if used() != start.Add(time.Hour+time.Minute) {
		t.Errorf("after buying a token: %v", used())
	}
}

func TestAccessTokens(t *testing.T) {
	r := newRig(t)
	app := r.app(t, "shop")
	id, secret := r.key(t, app, "stories.read", "partners.read")
	_, foreign := r.key(t, app, "stories.read")
	issue := func(id, secret string, scopes ...string) (*partnersv1.IssueAccessTokenResponse, error) {
		return r.credentials.IssueAccessToken(r.gateway(t), &partnersv1.IssueAccessTokenRequest{ClientId: id, ClientSecret: secret, Scopes: scopes})
	}
	all, err := issue(id, secret)
	if err != nil || all.GetExpiresIn() != 3600 || len(all.GetScopes()) != 2 {
		t.Fatalf("token %v, %v", all, err)
	}
	less, err := issue(id, secret, "stories.read")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.resolve(t, less.GetAccessToken()); err != nil || !slices.Equal(got.GetScopes(), []string{"stories.read"}) || got.GetSubject() != app {
		t.Errorf("token resolves to %v, %v", got, err)
	}
	_, err = issue(id, secret, "stories.write")
	refused(t, "more than the key has", err, fault.PermissionDenied)
	_, err = issue(id, foreign)
	refused(t, "the secret of another key", err, fault.Unauthenticated)
	_, err = issue(id, all.GetAccessToken())
	refused(t, "a token as secret", err, fault.Unauthenticated)
	_, err = r.credentials.IssueAccessToken(r.admin(t), &partnersv1.IssueAccessTokenRequest{ClientId: id, ClientSecret: secret})
	refused(t, "not the gateway", err, fault.PermissionDenied)
	r.clock.Step(time.Hour)
	_, err = r.resolve(t, less.GetAccessToken())
	refused(t, "after an hour", err, fault.Unauthenticated)
	fresh, err := issue(id, secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.apps.RevokeKey(r.admin(t), &partnersv1.RevokeKeyRequest{App: app, Key: id}); err != nil {
		t.Fatal(err)
	}
	_, err = r.resolve(t, fresh.GetAccessToken())
	refused(t, "a token of a revoked key", err, fault.Unauthenticated)
	_, err = issue(id, secret)
	refused(t, "a revoked key", err, fault.Unauthenticated)
}

func TestAPartnersKeyReachesNoFurtherThanItself(t *testing.T) {
	r := newRig(t)
	mine, others := r.app(t, "shop"), r.app(t, "crm-system")
	_, secret := r.key(t, mine, "partners.read", "partners.write")
	strong, _ := r.key(t, mine, "stories.write")
	foreign, _ := r.key(t, others, "partners.read")
	me := r.caller(t, secret)
	list, err := r.apps.ListApps(me, &partnersv1.ListAppsRequest{})
	if err != nil || len(list.GetApps()) != 1 || list.GetApps()[0].GetName() != "apps/shop" {
		t.Errorf("apps %v, %v", list, err)
	}
	create := func(app string, scopes ...string) error {
		_, err := r.apps.CreateKey(me, &partnersv1.CreateKeyRequest{App: app, DisplayName: "more", Scopes: scopes})
		return err
	}
	if err := create(mine, "partners.read"); err != nil {
		t.Error(err)
	}
	refused(t, "a scope it has not", create(mine, "partners.read", "stories.write"), fault.PermissionDenied)
	refused(t, "another's app", create(others, "partners.read"), fault.NotFound)
	_, err = r.apps.RotateKey(me, &partnersv1.RotateKeyRequest{App: mine, Key: strong})
	refused(t, "rotating a stronger key", err, fault.PermissionDenied)
	_, err = r.apps.RevokeKey(me, &partnersv1.RevokeKeyRequest{App: others, Key: foreign})
	refused(t, "another's key", err, fault.NotFound)
	_, err = r.apps.RevokeKey(me, &partnersv1.RevokeKeyRequest{App: mine, Key: foreign})
	refused(t, "another's key as one's own", err, fault.NotFound)
	_, err = r.apps.GetApp(me, &partnersv1.GetAppRequest{App: others})
	refused(t, "another's app", err, fault.NotFound)
	_, err = r.apps.ListKeys(me, &partnersv1.ListKeysRequest{App: others})
	refused(t, "another's keys", err, fault.NotFound)
}

func TestAppsAreListedPageByPage(t *testing.T) {
	r := newRig(t)
	want := []string{"one-app", "two-app", "three-app", "four-app", "five-app"}
	for _, name := range want {
		r.app(t, name)
		r.clock.Step(time.Second)
	}
	var got []string
	req := &partnersv1.ListAppsRequest{PageSize: 2}
	for {
		resp, err := r.apps.ListApps(r.admin(t), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range resp.GetApps() {
			got = append(got, strings.TrimPrefix(a.GetName(), "apps/"))
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v", got)
	}
	_, err := r.apps.ListApps(r.admin(t), &partnersv1.ListAppsRequest{PageToken: "forged"})
	refused(t, "forged page token", err, fault.PageTokenInvalid)
}

func TestCreatingAnAppTwiceWithOneKeyIsOnce(t *testing.T) {
	r := newRig(t)
	ctx := rpc.WithIdempotencyKey(r.admin(t), "once")
	first, err := r.apps.CreateApp(ctx, &partnersv1.CreateAppRequest{DisplayName: "Shop"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.apps.CreateApp(ctx, &partnersv1.CreateAppRequest{DisplayName: "Shop"})
	if err != nil || again.GetApp().GetName() != first.GetApp().GetName() {
		t.Errorf("again %v, %v", again, err)
	}
	_, err = r.apps.CreateApp(ctx, &partnersv1.CreateAppRequest{DisplayName: "Another"})
	refused(t, "another body", err, fault.IdempotencyKeyReused)
	_, err = r.apps.CreateApp(r.admin(t), &partnersv1.CreateAppRequest{DisplayName: "Shop"})
	refused(t, "no key", err, fault.IdempotencyKeyMissing)
	r.app(t, "taken")
	_, err = r.apps.CreateApp(rpc.WithIdempotencyKey(r.admin(t), "other"), &partnersv1.CreateAppRequest{AppId: "taken", DisplayName: "Shop"})
	refused(t, "taken id", err, fault.AlreadyExists)
	_, err = r.apps.CreateApp(rpc.WithIdempotencyKey(r.as(t, auth.Anonymous), "third"), &partnersv1.CreateAppRequest{DisplayName: "Shop"})
	refused(t, "nobody", err, fault.Unauthenticated)
}
