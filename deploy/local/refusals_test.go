package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestBadSettingsStopTheStartByName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "settings.yaml")
	if err := os.WriteFile(file, []byte("websiet: 127.0.0.1:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		words string
		args  []string
	}{
		{"--websiet", []string{"--websiet", "127.0.0.1:0"}},
		{`"websiet"`, []string{"--config", file}},
		{"--log-level", []string{"--log-level", "loud"}},
		{"--website", []string{"--website", "8080"}},
		{"--public-url", []string{"--public-url", "stories.northwind.example"}},
		{"--website: The demo listens on this machine alone", []string{"--website", "0.0.0.0:0"}},
		{"--api: The demo listens on this machine alone", []string{"--api", ":0"}},
		{"--admin", []string{"--admin", "0.0.0.0:0"}},
		{"--mongodb-uri: The demo brings its own", []string{"--mongodb-uri", "mongodb://db.northwind.example/renown"}},
		{"--oidc-issuer: The demo brings its own", []string{"--oidc-issuer", "https://login.northwind.example"}},
		{"--public-url: Say how people type", []string{"--demo=false", "--website", "0.0.0.0:0"}},
		{"--api-url: Say how programs know", []string{"--demo=false", "--api", "0.0.0.0:0"}},
		{"--website: Nobody can listen on " + taken.Addr().String(), []string{"--website", taken.Addr().String()}},
		{"--import", []string{"--demo=false", "--import", filepath.Join(dir, "nowhere")}},
		{"--theme", []string{"--demo=false", "--theme", filepath.Join(dir, "nowhere.json")}},
		{"--group-roles", []string{"--demo=false", "--group-roles", "everybody=owner"}},
		{"--locales", []string{"--demo=false", "--locales", "english!"}},
		{"--smtp-from", []string{"--demo=false", "--smtp-address", "127.0.0.1:25"}},
		{"--oidc-client-id", []string{"--demo=false", "--oidc-issuer", "https://login.northwind.example"}},
	} {
		refused(t, t.TempDir(), c.words, c.args...)
	}
}
