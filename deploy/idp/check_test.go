package idp_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"renown.example/deploy/idp"
	"renown.example/website/signin"
)

const publicURL = "http://127.0.0.1:1"

func provider(t *testing.T) string {
	t.Helper()
	p, err := idp.Start(t.Context(), idp.Config{Addr: "127.0.0.1:0", Users: idp.DemoUsers("northwind.example"),
		Clients: []idp.Client{{ID: "website", Secret: "s3cret", RedirectURIs: []string{publicURL + "/signin/callback"}}}}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p.Issuer
}

// TestCheckProviderSaysWhatIsWrong spoils one setting at a time against a real provider.
func TestCheckProviderSaysWhatIsWrong(t *testing.T) {
	issuer := provider(t)
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	right := signin.Config{PublicURL: publicURL, Issuer: issuer, ClientID: "website", ClientSecret: "s3cret"}
	for name, c := range map[string]struct {
		change  func(*signin.Config)
		setting signin.Setting
		says    string
	}{
		"all right":      {func(*signin.Config) {}, "", ""},
		"no issuer":      {func(c *signin.Config) { c.Issuer = "" }, signin.Issuer, "not set"},
		"http issuer":    {func(c *signin.Config) { c.Issuer = "http://login.example" }, signin.Issuer, "not an https address"},
		"nobody there":   {func(c *signin.Config) { c.Issuer = "http://127.0.0.1:1" }, signin.Issuer, "cannot be reached"},
		"no provider":    {func(c *signin.Config) { c.Issuer = elsewhere.URL }, signin.Issuer, "no discovery document"},
		"other spelling": {func(c *signin.Config) { c.Issuer += "/" }, signin.Issuer, "calls itself"},
		"unknown client": {func(c *signin.Config) { c.ClientID = "webseit" }, signin.ClientID, "register exactly this redirect address"},
		"wrong secret":   {func(c *signin.Config) { c.ClientSecret = "guess" }, signin.ClientSecret, "does not accept"},
		"other address":  {func(c *signin.Config) { c.PublicURL = "http://127.0.0.1:2" }, signin.ClientID, "http://127.0.0.1:2/signin/callback"},
		"unknown scope":  {func(c *signin.Config) { c.Scopes = []string{"openid", "departments"} }, "RENOWN_OIDC_SCOPES", "departments"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := right
			c.change(&cfg)
			findings := signin.CheckProvider(t.Context(), cfg)
			if c.says == "" {
				if len(findings) > 0 {
					t.Errorf("found %v", findings)
				}
				return
			}
			if len(findings) == 0 || findings[0].Setting != c.setting || !strings.Contains(findings[0].String(), c.says) {
				t.Errorf("found %v, want %s about %q", findings, c.setting, c.says)
			}
		})
	}
}
