package auth_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

func links(t testing.TB, c clock.Clock, fill byte) *auth.Links {
	t.Helper()
	l, err := auth.NewLinks(c, bytes.Repeat([]byte{fill}, auth.MinSecret))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLinkSaysWhatItWasIssuedFor(t *testing.T) {
	c := clock.NewFake(start)
	l := links(t, c, 1)
	token, issued, err := l.Issue("consent", "signoffs/abc", start.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.Verify(token, "consent")
	if err != nil || got != issued || got.Subject != "signoffs/abc" || !got.Expires.Equal(start.Add(time.Hour)) {
		t.Errorf("got %+v, %v; issued %+v", got, err, issued)
	}
	if auth.LinkPurpose(token) != "consent" {
		t.Errorf("purpose %q", auth.LinkPurpose(token))
	}
	if who := (auth.Identity{Kind: auth.KindLink, Link: token}).Principal(); who != "link/"+issued.Nonce {
		t.Errorf("principal %q", who)
	}
	again, other, _ := l.Issue("consent", "signoffs/abc", start.Add(time.Hour))
	if again == token || other.Nonce == issued.Nonce {
		t.Error("two links are the same")
	}
	if strings.ContainsAny(token, "+/= ") {
		t.Errorf("%q needs escaping in an address", token)
	}
}

func TestLinkExpires(t *testing.T) {
	c := clock.NewFake(start)
	l := links(t, c, 1)
	token, _, _ := l.Issue("consent", "s", start.Add(time.Hour))
	c.Step(time.Hour - time.Millisecond)
	if _, err := l.Verify(token, "consent"); err != nil {
		t.Error(err)
	}
	c.Step(time.Millisecond)
	if _, err := l.Verify(token, "consent"); !fault.Has(err, fault.LinkInvalid) {
		t.Errorf("expired link: %v", err)
	}
}

func TestLinkOfAnotherPurposeOrKeyIsRefused(t *testing.T) {
	c := clock.NewFake(start)
	token, _, _ := links(t, c, 1).Issue("consent", "s", start.Add(time.Hour))
	if _, err := links(t, c, 1).Verify(token, "survey"); !fault.Has(err, fault.LinkInvalid) {
		t.Errorf("other purpose: %v", err)
	}
	if _, err := links(t, c, 2).Verify(token, "consent"); !fault.Has(err, fault.LinkInvalid) {
		t.Errorf("other key: %v", err)
	}
	if _, err := auth.NewLinks(c, make([]byte, auth.MinSecret-1)); err == nil {
		t.Error("a short key was taken")
	}
	if _, _, err := links(t, c, 1).Issue("", "s", start); err == nil {
		t.Error("a link without purpose was made")
	}
}

func TestEveryAlteredLinkIsRefused(t *testing.T) {
	c := clock.NewFake(start)
	l := links(t, c, 1)
	token, _, _ := l.Issue("consent", "signoffs/abc", start.Add(time.Hour))
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	for i := range raw {
		altered := bytes.Clone(raw)
		altered[i] ^= 0x41
		if _, err := l.Verify(base64.RawURLEncoding.EncodeToString(altered), "consent"); !fault.Has(err, fault.LinkInvalid) {
			t.Fatalf("byte %d altered: %v", i, err)
		}
	}
	for i := range token {
		if _, err := l.Verify(token[:i], "consent"); !fault.Has(err, fault.LinkInvalid) {
			t.Fatalf("cut to %d: %v", i, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "token")
		if _, err := l.Verify(s, "consent"); !fault.Has(err, fault.LinkInvalid) {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
