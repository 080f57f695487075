package signin

import (
	"net/netip"
	"net/url"
	"strings"
)

// Config says with which identity provider people sign in.
type Config struct {
	// PublicURL is the website's address as people type it, without a path.
	PublicURL string
	// Issuer is the provider's address, exactly as it calls itself in its discovery document.
	Issuer string
	// ClientID and ClientSecret are what the provider gave to this installation. A public client has no secret.
	ClientID, ClientSecret string
	// Scopes to ask for; none means openid, profile, email and groups.
	Scopes []string
	// CookieSecret of at least 32 bytes is shared by replicas of one website; empty makes one that only this process knows.
	CookieSecret []byte
}

// Setting is the name of a value of Config in the environment, by which findings speak of it.
type Setting string

// The settings.
const (
	PublicURL    Setting = "RENOWN_PUBLIC_URL"
	Issuer       Setting = "RENOWN_OIDC_ISSUER"
	ClientID     Setting = "RENOWN_OIDC_CLIENT_ID"
	ClientSecret Setting = "RENOWN_OIDC_CLIENT_SECRET"
	Scopes       Setting = "RENOWN_OIDC_SCOPES"
)

// RedirectURL is the address that has to be registered with the provider.
func (c Config) RedirectURL() string {
	return strings.TrimSuffix(c.PublicURL, "/") + "/signin/callback"
}

func (c Config) scopes() []string {
	if len(c.Scopes) > 0 {
		return c.Scopes
	}
	return []string{"openid", "profile", "email", "groups"}
}

// Missing lists the settings without which nobody can sign in. It looks at the configuration only; CheckProvider asks the provider as well.
func (c Config) Missing() []Finding {
	var out []Finding
	for _, s := range []struct {
		name         Setting
		value, means string
	}{
		{PublicURL, c.PublicURL, "the website's own address, such as https://stories.example.com"},
		{Issuer, c.Issuer, "the address of your identity provider, such as https://login.example.com"},
		{ClientID, c.ClientID, "the client id that your identity provider gave to Renown"},
	} {
		if s.value == "" {
			out = append(out, Finding{Setting: s.name, Problem: "It is not set.", Remedy: "Set it to " + s.means + "."})
		}
	}
	if c.PublicURL != "" {
		out = append(out, checkPublicURL(c.PublicURL)...)
	}
	return out
}

func checkPublicURL(address string) []Finding {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return []Finding{{PublicURL, "“" + address + "” is no web address.", "Set it to the website's address, such as https://stories.example.com."}}
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return []Finding{{PublicURL, "It has a path.", "Renown has its addresses at the top of a host: give only scheme, host and port."}}
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return []Finding{{PublicURL, "Over plain http, passwords and sessions could be read on the way. Browsers do not keep the session's cookie there.",
			"Put a TLS certificate in front of the website and set the https address. On this machine alone, http://127.0.0.1 works as it is."}}
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// LocalPath returns target if it is a path on this website, and fallback otherwise: what follows a sign-in must not lead away, whoever wrote the link.
func LocalPath(target, fallback string) string {
	if !strings.HasPrefix(target, "/") || len(target) > 2000 {
		return fallback
	}
	// Browsers read a backslash as a slash and drop tabs and line breaks, so "/\host" and "/<tab>/host" would lead away.
	if strings.HasPrefix(target, "//") || strings.ContainsFunc(target, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }) {
		return fallback
	}
	u, err := url.Parse(target)
	if err != nil || u.Host != "" || u.Scheme != "" || strings.HasPrefix(u.Path, "//") {
		return fallback
	}
	for _, own := range []string{"/signin", "/signout"} {
		if u.Path == own || strings.HasPrefix(u.Path, own+"/") {
			return fallback
		}
	}
	return target
}
