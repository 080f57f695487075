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
	csp, referrer := p.String(), "strict-origin-when-cross-origin"
	if p.Private {
		referrer = "no-referrer"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("Referrer-Policy", referrer)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
