package gateway_test

import (
	"bytes"
	"testing"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// adminIdentity is somebody whom a caller would like to be.
var adminIdentity = auth.Identity{Kind: auth.KindUser, Subject: "root", Roles: []string{"admin"}}

func newLinks(t *testing.T, c clock.Clock) *auth.Links {
	t.Helper()
	l, err := auth.NewLinks(c, bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func unavailable() error { return fault.Unavailable.New("Cut off.") }
