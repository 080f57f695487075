package web

import (
	"cmp"
	"net/http"
	"strings"
)

// Policy is what a page may load and who may see where its reader came from.
type Policy struct {
	// Images adds sources of pictures beyond the page's own origin, such as "blob:" where pictures are shown before they are sent.
	Images string
	// Forms adds addresses that a form may lead to, such as a provider that a sign-in redirects to.
	Forms string
	// Ancestors are the sites that may show the page in a frame, "*" for any; without it none may.
	Ancestors string
	// Private sends no referrer at all: the address is a secret, as a sign-off link is.
	Private bool
	// TrustedTypes names the one policy through which modules may write HTML that the server rendered; without it none may.
	TrustedTypes string
}

// String is the Content-Security-Policy. There is no inline script and no inline style anywhere; nothing comes from elsewhere.
func (p Policy) String() string {
	types, ancestors := cmp.Or(p.TrustedTypes, "'none'"), cmp.Or(p.Ancestors, "'none'")
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'", "connect-src 'self'",
		strings.TrimSpace("img-src 'self' " + p.Images), strings.TrimSpace("form-action 'self' " + p.Forms),
		"base-uri 'none'", "frame-ancestors " + ancestors, "require-trusted-types-for 'script'", "trusted-types " + types,
	}, "; ")
}

// Secure sets the security headers on every answer of next.
func Secure(p Policy, next http.Handler) http.Handler {
	referrer := "strict-origin-when-cross-origin"
	if p.Private {
		referrer = "no-referrer"
	}
	// Made once: all answers share the values.
	type field struct {
		name   string
		values []string
	}
	fields := []field{
		{"Content-Security-Policy", []string{p.String()}}, {"Referrer-Policy", []string{referrer}}, {"X-Content-Type-Options", []string{"nosniff"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}}, {"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Permissions-Policy", []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"}},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for _, f := range fields {
			h[f.name] = f.values
		}
		if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
