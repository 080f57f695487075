// Package idp is a small OpenID Connect provider for the demo and the tests: a real one, spoken to over HTTP like any other, with users from a list.
//
// It knows authorization code with PKCE (S256, required) and nothing else, keeps everything in memory, signs with a key made at its start and listens on
// loopback only. A company that runs Renown for itself configures its own provider instead. Who signs in is asked each time: the provider keeps no session
// of its own, so that one browser can be the author now and the approver a minute later.
package idp

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// Config is what a provider is started with. It is passed to a child process as JSON.
type Config struct {
	// Addr is a loopback address, "127.0.0.1:0" for any free port.
	Addr string `json:"addr"`
	// Issuer is the address under which clients find the provider; empty means "http://" and the address listened on.
	Issuer string `json:"issuer,omitempty"`
	// Clients are the programs that may send people here.
	Clients []Client `json:"clients"`
	// Users are the people who can sign in.
	Users []User `json:"users"`
	// Company is named on the sign-in page.
	Company string `json:"company,omitempty"`
}

// Client is a program that sends people here to sign in.
type Client struct {
	ID string `json:"id"`
	// Secret authenticates the client at the token endpoint; empty makes it a public client.
	Secret string `json:"secret,omitempty"`
	// RedirectURIs are the only addresses to which an authorization code is sent, compared as they are.
	RedirectURIs []string `json:"redirectUris"`
	// PostLogoutURIs are the only addresses to which the end of a session leads.
	PostLogoutURIs []string `json:"postLogoutUris,omitempty"`
}

// Serve runs a provider until ctx ends. ready, if not nil, is called once with the issuer when the provider accepts connections. An address beyond
// loopback, a bad issuer and an empty list of users or clients are refused.
func Serve(ctx context.Context, cfg Config, ready func(issuer string)) error {
	if err := cfg.check(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return fault.Unavailable.New("the demo's identity provider cannot listen on %s", cfg.Addr).Wrap(err)
	}
	if cfg.Issuer == "" {
		cfg.Issuer = "http://" + listener.Addr().String()
	}
	handler, err := Handler(cfg, clock.System())
	if err != nil {
		listener.Close()
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug)}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if ready != nil {
		ready(cfg.Issuer)
	}
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return fault.Unavailable.New("the demo's identity provider stopped").Wrap(err)
	}
	return nil
}

// Handler returns the provider without a listener. cfg.Issuer must be set.
func Handler(cfg Config, clk clock.Clock) (http.Handler, error) {
	store, err := newStorage(cfg, clk)
	if err != nil {
		return nil, err
	}
	var key [32]byte
	rand.Read(key[:])
	provider, err := op.NewProvider(&op.Config{
		CryptoKey:                key,
		CryptoKeyId:              "1",
		DefaultLogoutRedirectURI: cfg.Issuer + "/signed-out",
		CodeMethodS256:           true,
		AuthMethodPost:           true,
		SupportedUILocales:       []language.Tag{language.English},
		SupportedScopes:          scopes,
		SupportedClaims:          []string{"sub", "iss", "aud", "exp", "iat", "nonce", "name", "email", "email_verified", "preferred_username", "groups"},
	}, store, op.StaticIssuer(cfg.Issuer), op.WithAllowInsecure())
	if err != nil {
		return nil, fault.InvalidArgument.New("the demo's identity provider cannot start with issuer %q", cfg.Issuer).Wrap(err)
	}
	pages := &pages{store: store, company: cfg.Company, back: op.AuthCallbackURL(provider)}
	withIssuer := op.NewIssuerInterceptor(provider.IssuerFromRequest)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign-in", pages.show)
	mux.Handle("POST /sign-in", withIssuer.HandlerFunc(pages.choose))
	mux.HandleFunc("GET /signed-out", pages.signedOut)
	mux.HandleFunc("GET /{$}", pages.home)
	mux.Handle("POST /oauth/token", store.clientFirst(provider))
	mux.Handle("/", provider)
	return http.MaxBytesHandler(http.NewCrossOriginProtection().Handler(mux), 64<<10), nil
}

func (cfg Config) check() error {
	host, _, err := net.SplitHostPort(cfg.Addr)
	if err != nil || !loopback(host) {
		return fault.Invalid("addr", "the demo's identity provider listens on loopback only, such as 127.0.0.1:0, not on %q", cfg.Addr)
	}
	if cfg.Issuer != "" {
		issuer, err := url.Parse(cfg.Issuer)
		if err != nil || issuer.Scheme != "http" && issuer.Scheme != "https" || issuer.Host == "" || issuer.RawQuery != "" || strings.HasSuffix(cfg.Issuer, "/") {
			return fault.Invalid("issuer", "%q must be an http or https address without a slash at its end", cfg.Issuer)
		}
	}
	if len(cfg.Clients) == 0 || len(cfg.Users) == 0 {
		return fault.InvalidArgument.New("the demo's identity provider needs at least one client and one user")
	}
	for i, c := range cfg.Clients {
		if c.ID == "" || len(c.RedirectURIs) == 0 {
			return fault.Invalid(fmt.Sprintf("clients[%d]", i), "a client needs an id and at least one redirect address")
		}
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
