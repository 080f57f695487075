package auth_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

var start = time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)

var editor = auth.Identity{Kind: auth.KindUser, Subject: "u1", Name: "Ida Lind", Email: "ida@northwind.example", Roles: []string{"editor"}, Key: "s1"}

func pair(t testing.TB, c clock.Clock) (*auth.Minter, *auth.Verifier) {
	t.Helper()
	key := auth.GenerateKey()
	m, err := auth.NewMinter(c, key)
	if err != nil {
		t.Fatal(err)
	}
	return m, auth.NewVerifier(c, key.Public())
}

func mint(t testing.TB, m *auth.Minter, i auth.Identity) string {
	t.Helper()
	token, err := m.Mint(i)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestMintedIdentityComesBack(t *testing.T) {
	m, v := pair(t, clock.NewFake(start))
	for _, want := range []auth.Identity{editor, {Kind: auth.KindApp, Subject: "a1", Scopes: []string{"stories.read"}}, {Kind: auth.KindLink, Link: "l"},
		{Kind: auth.KindSystem, Subject: "gateway"}, auth.Anonymous} {
		for range 2 { // the second time from memory
			got, err := v.Verify(mint(t, m, want))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("identity (-minted +verified):\n%s", d)
			}
		}
	}
}

// Another part of Renown may call for itself. Whoever has its key can be nobody else by it.
func TestAPartSpeaksForItselfAlone(t *testing.T) {
	c := clock.NewFake(start)
	key := auth.GenerateKey()
	m, err := auth.NewMinter(c, key)
	if err != nil {
		t.Fatal(err)
	}
	v := auth.NewVerifier(c, auth.GenerateKey().Public()).TrustParts(key.Public())
	part := auth.Identity{Kind: auth.KindSystem, Subject: "stories"}
	if got, err := v.Verify(mint(t, m, part)); err != nil || got.Kind != auth.KindSystem {
		t.Errorf("a part is %v, %v", got, err)
	}
	for _, other := range []auth.Identity{editor, {Kind: auth.KindApp, Subject: "a1", Scopes: []string{"loyalty.read"}}, {Kind: auth.KindLink, Link: "l"}, auth.Anonymous} {
		for range 2 { // the second time from memory
			if got, err := v.Verify(mint(t, m, other)); !fault.Has(err, fault.Unauthenticated) || got.Kind != auth.KindAnonymous {
				t.Errorf("by a part's key, %v is %v, %v", other, got, err)
			}
		}
	}
}

func TestTokenLivesSixtySecondsAlsoInMemory(t *testing.T) {
	c := clock.NewFake(start)
	m, v := pair(t, c)
	token := mint(t, m, editor)
	steps := []struct {
		step time.Duration
		good bool
	}{{0, true}, {59 * time.Second, true}, {999 * time.Millisecond, true}, {time.Millisecond, false}, {-61 * time.Second, true}, {-5 * time.Second, false}}
	for _, s := range steps {
		c.Step(s.step)
		_, err := v.Verify(token)
		if (err == nil) != s.good {
			t.Errorf("at %v: %v, want good = %v", c.Now().Sub(start), err, s.good)
		}
		if err != nil && !fault.Has(err, fault.Unauthenticated) {
			t.Errorf("%v is not Unauthenticated", err)
		}
	}
}

func TestMinterReusesATokenForHalfItsLife(t *testing.T) {
	c := clock.NewFake(start)
	m, _ := pair(t, c)
	first := mint(t, m, editor)
	c.Step(auth.TokenLife/2 - time.Millisecond)
	if mint(t, m, editor) != first {
		t.Error("the token was made again although half its life was left")
	}
	c.Step(time.Millisecond)
	if mint(t, m, editor) == first {
		t.Error("a token with less than half its life left was handed out")
	}
	other := editor
	other.Roles = []string{"admin"}
	if mint(t, m, other) == mint(t, m, editor) {
		t.Error("two identities share a token")
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	c := clock.NewFake(start)
	m, v := pair(t, c)
	stranger, _ := pair(t, c)
	token := mint(t, m, editor)
	parts := strings.Split(token, ".")
	body := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"renown","iat":1,"exp":99999999999,"renown":{"kind":"user","roles":["admin"]}}`))
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	tests := map[string]string{
		"empty":           "",
		"not a token":     "a.b.c",
		"another's key":   mint(t, stranger, editor),
		"altered body":    parts[0] + "." + body + "." + parts[2],
		"no algorithm":    none + "." + parts[1] + ".",
		"cut signature":   token[:len(token)-4],
		"altered letters": parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
	}
	for name, forged := range tests {
		if got, err := v.Verify(forged); !fault.Has(err, fault.Unauthenticated) || got.Kind != auth.KindAnonymous {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestOldAndNewKeyWorkTogether(t *testing.T) {
	c := clock.NewFake(start)
	older, newer := auth.GenerateKey(), auth.GenerateKey()
	v := auth.NewVerifier(c, older.Public(), newer.Public())
	for _, k := range []auth.PrivateKey{older, newer} {
		m, err := auth.NewMinter(c, k)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(mint(t, m, editor)); err != nil {
			t.Error(err)
		}
	}
}

func TestMemoryIsBoundedAndSafe(t *testing.T) {
	m, v := pair(t, clock.NewFake(start))
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 300 {
				want := auth.Identity{Kind: auth.KindUser, Subject: fmt.Sprint(w, i%50)}
				token, err := m.Mint(want)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := v.Verify(token); err != nil || got.Subject != want.Subject {
					t.Errorf("got %v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestKeysAsText(t *testing.T) {
	k := auth.GenerateKey()
	text, err := k.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var back auth.PrivateKey
	if err := back.UnmarshalText(text); err != nil || back.Public().String() != k.Public().String() {
		t.Errorf("private key: %v", err)
	}
	var pub auth.PublicKey
	if err := pub.UnmarshalText([]byte(k.Public().String())); err != nil || pub.String() != k.Public().String() {
		t.Errorf("public key: %v", err)
	}
	if s := fmt.Sprintf("%v %s %+v", k, k, k); strings.Contains(s, string(text)) {
		t.Error("printing a private key shows it")
	}
	for _, bad := range []string{"", "rnpriv_", "rnpub_AAAA", string(text) + "A", "x" + string(text)} {
		if err := back.UnmarshalText([]byte(bad)); err == nil || strings.Contains(err.Error(), string(text)) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestContext(t *testing.T) {
	ctx := context.Background()
	if auth.From(ctx).Kind != auth.KindAnonymous || auth.Token(ctx) != "" {
		t.Error("an empty context has a caller")
	}
	ctx = auth.WithToken(auth.With(ctx, editor), "t")
	if auth.From(ctx).Subject != "u1" || auth.Token(ctx) != "t" {
		t.Error("the caller is lost")
	}
}

func TestHasRoleAndScope(t *testing.T) {
	app := auth.Identity{Kind: auth.KindApp, Subject: "a", Roles: []string{"editor"}, Scopes: []string{"stories.read"}}
	if !editor.HasRole("approver", "editor") || !editor.HasRole(auth.AnyRole) || editor.HasRole("approver") || editor.HasRole() {
		t.Error("roles of an employee")
	}
	if app.HasRole("editor") || app.HasRole(auth.AnyRole) || !app.HasScope("stories.read") || app.HasScope("stories.write") {
		t.Error("an app has scopes, not roles")
	}
	if got := app.Principal(); got != "app/a" {
		t.Error(got)
	}
	if got := (auth.Identity{Kind: auth.KindLink, Link: "nonsense"}).Principal(); got != "anonymous" {
		t.Error(got)
	}
}

func BenchmarkVerifyRemembered(b *testing.B) {
	m, v := pair(b, clock.System())
	token := mint(b, m, editor)
	for b.Loop() {
		if _, err := v.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMintRemembered(b *testing.B) {
	m, _ := pair(b, clock.System())
	for b.Loop() {
		mint(b, m, editor)
	}
}
