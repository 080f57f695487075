package signin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

func TestLocalPathStaysHere(t *testing.T) {
	for target, want := range map[string]string{
		"/studio/stories?state=draft#top": "/studio/stories?state=draft#top",
		"/":                               "/",
		"":                                "/studio",
		"studio":                          "/studio",
		"//evil.example":                  "/studio",
		"///evil.example":                 "/studio",
		"/\\evil.example":                 "/studio",
		"/\t/evil.example":                "/studio",
		"/\n/evil.example":                "/studio",
		"https://evil.example/studio":     "/studio",
		"javascript:alert(1)":             "/studio",
		"/%2f/evil.example":               "/studio",
		"/signin/start":                   "/studio",
		"/signout":                        "/studio",
		"/signing-day":                    "/signing-day",
		"/%zz":                            "/studio",
		"/" + strings.Repeat("a", 3000):   "/studio",
	} {
		if got := LocalPath(target, "/studio"); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", target, got, want)
		}
	}
}

func withCookie(value string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/signin/callback", nil)
	if value != "" {
		r.AddCookie(&http.Cookie{Name: attemptCookie, Value: value})
	}
	return r
}

func TestSealedAttempt(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s, err := newSealer([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	a := attempt{State: "state", Nonce: "nonce", Verifier: "verifier", Return: "/studio", Setup: "setup", Expires: clock.At(now.Add(attemptTime))}
	sealed, err := s.seal(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"state", "nonce", "verifier", "setup"} {
		if strings.Contains(sealed, secret) {
			t.Errorf("the cookie shows the %s", secret)
		}
	}
	got, err := s.open(withCookie(sealed), now.Add(attemptTime))
	if err != nil || got != a {
		t.Fatalf("opened %+v, %v", got, err)
	}
	replica, _ := newSealer([]byte(strings.Repeat("k", 32)))
	if _, err := replica.open(withCookie(sealed), now); err != nil {
		t.Errorf("a replica with the same secret cannot open it: %v", err)
	}
	other, _ := newSealer(nil)
	altered := []byte(sealed)
	altered[len(altered)/2] ^= 1
	for name, try := range map[string]func() error{
		"none":         func() error { _, err := s.open(withCookie(""), now); return err },
		"too late":     func() error { _, err := s.open(withCookie(sealed), now.Add(attemptTime+time.Second)); return err },
		"altered":      func() error { _, err := s.open(withCookie(string(altered)), now); return err },
		"another key":  func() error { _, err := other.open(withCookie(sealed), now); return err },
		"no base64":    func() error { _, err := s.open(withCookie("%%%"), now); return err },
		"short":        func() error { _, err := s.open(withCookie("AAAA"), now); return err },
		"short secret": func() error { _, err := newSealer([]byte("short")); return err },
	} {
		if err := try(); !fault.Has(err, fault.InvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMissingSettings(t *testing.T) {
	whole := Config{PublicURL: "https://stories.example", Issuer: "https://login.example", ClientID: "renown"}
	for name, c := range map[string]struct {
		change func(*Config)
		want   []Setting
	}{
		"nothing":          {func(*Config) {}, nil},
		"everything":       {func(c *Config) { *c = Config{} }, []Setting{PublicURL, Issuer, ClientID}},
		"plain http":       {func(c *Config) { c.PublicURL = "http://stories.example" }, []Setting{PublicURL}},
		"private network":  {func(c *Config) { c.PublicURL = "http://192.168.1.7:8080" }, []Setting{PublicURL}},
		"loopback":         {func(c *Config) { c.PublicURL = "http://127.0.0.1:8080" }, nil},
		"localhost":        {func(c *Config) { c.PublicURL = "http://localhost:8080" }, nil},
		"loopback of IPv6": {func(c *Config) { c.PublicURL = "http://[::1]:8080" }, nil},
		"looks like it":    {func(c *Config) { c.PublicURL = "http://127.0.0.1.evil.example" }, []Setting{PublicURL}},
		"path":             {func(c *Config) { c.PublicURL = "https://stories.example/renown" }, []Setting{PublicURL}},
		"no scheme":        {func(c *Config) { c.PublicURL = "stories.example" }, []Setting{PublicURL}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := whole
			c.change(&cfg)
			var got []Setting
			for _, f := range cfg.Missing() {
				got = append(got, f.Setting)
				if f.Problem == "" || f.Remedy == "" {
					t.Errorf("finding without words: %+v", f)
				}
			}
			if len(got) != len(c.want) {
				t.Fatalf("missing %v, want %v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("missing %v, want %v", got, c.want)
				}
			}
		})
	}
}
