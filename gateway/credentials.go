package gateway

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

// rememberFor is how long a resolved credential is trusted without asking again. A revoked one is refused within 2 seconds on every replica without anybody
// having to be told: this is the one second, a slow answer is the other.
const rememberFor = time.Second

// maxCredential bounds what is sent as a credential, in bytes; links are the longest.
const maxCredential = 2048

// system is who the gateway is when it calls a service for itself.
var system = auth.Identity{Kind: auth.KindSystem, Subject: "gateway"}

// resolved is whom a credential belongs to, or why nobody.
type resolved struct {
	caller auth.Identity
	quota  int
	err    error
	until  time.Time
}

// resolver finds out whom credentials belong to. What it remembers is named by the credential's hash.
type resolver struct {
	client partnersv1.CredentialsServiceClient
	clock  clock.Clock
	flight singleflight.Group

	mu           sync.RWMutex
	young, older map[string]resolved
}

// resolverLimit bounds each of the two generations of remembered credentials.
const resolverLimit = 16384

// credential splits an Authorization header into its scheme in lower case and the credential.
func credential(header string) (scheme, secret string) {
	scheme, secret, _ = strings.Cut(header, " ")
	return strings.ToLower(scheme), strings.TrimSpace(secret)
}

// addressBucket names the quota of a caller whom nobody knows.
func (g *Gateway) addressBucket(r *http.Request) string { return "address/" + g.clientAddress(r) }

// authenticate finds out who is calling and whose quota is charged.
func (g *Gateway) authenticate(ctx context.Context, r *http.Request, ex *exchange) error {
	address := g.addressBucket(r)
	ex.caller, ex.bucket = auth.Anonymous, address
	given := r.Header.Values("Authorization")
	if len(given) == 0 {
		return nil
	}
	scheme, secret := credential(given[0])
	if len(given) > 1 || len(secret) > maxCredential || !visible(secret) {
		return fault.Unauthenticated.New("The Authorization header cannot be read; it is one scheme and one credential.")
	}
	switch scheme {
	case "link":
		// Only the service that made the link can tell whether it is one: it is charged to the address.
		ex.caller = auth.Identity{Kind: auth.KindLink, Link: secret}
		return nil
	case "bearer", "session":
		return g.known(ctx, ex, scheme, secret, address)
	}
	return fault.Unauthenticated.New("The scheme of Authorization is Bearer, Session or Link.")
}

// known resolves an app's or employee's credential. Guesses are counted by address, so that nobody makes the partners service look up one after another.
func (g *Gateway) known(ctx context.Context, ex *exchange, scheme, secret, address string) error {
	key := scheme + string(sum(secret))
	got, ok := g.resolver.remembered(key)
	if !ok {
		guesses := "guesses/" + address
		if state, ok := g.buckets.Look(guesses, g.limits.Guesses); !ok {
			return tooMany(state)
		}
		got = g.resolver.ask(ctx, key, scheme, secret)
		if fault.Has(got.err, fault.Unauthenticated) {
			g.buckets.Take(guesses, g.limits.Guesses)
		}
	}
	if got.err != nil {
		return got.err
	}
	ex.caller, ex.quota = got.caller, got.quota
	ex.bucket = got.caller.Principal()
	return nil
}

func sum(secret string) []byte {
	s := sha256.Sum256([]byte(secret))
	return s[:]
}

func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

func (r *resolver) remembered(key string) (resolved, bool) {
	r.mu.RLock()
	got, ok := r.young[key]
	if !ok {
		got, ok = r.older[key]
	}
	r.mu.RUnlock()
	return got, ok && r.clock.Now().Before(got.until)
}

// ask asks the partners service, once for all who want to know the same at the same time.
func (r *resolver) ask(ctx context.Context, key, scheme, secret string) resolved {
	// The first caller's going away must not fail the others: the call has a bound of its own.
	free := withExchange(context.WithoutCancel(ctx), &exchange{id: exchangeOf(ctx).id, caller: system})
	wait := r.flight.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(free, 5*time.Second)
		defer cancel()
		return r.resolve(ctx, key, scheme, secret), nil
	})
	select {
	case got := <-wait:
		return got.Val.(resolved)
	case <-ctx.Done():
		return resolved{err: fault.Of(ctx.Err())}
	}
}

func (r *resolver) resolve(ctx context.Context, key, scheme, secret string) resolved {
	asked := r.clock.Now()
	got := resolved{until: asked.Add(rememberFor)}
	reply, err := r.client.ResolveCredential(ctx, &partnersv1.ResolveCredentialRequest{Credential: secret})
	switch {
	case fault.Has(err, fault.InvalidArgument):
		got.err = fault.Unauthenticated.New("The credential is not one of ours.").Wrap(err)
	case err != nil:
		got.err = fault.Of(err)
	case (scheme == "session") != (reply.GetKind() == "user"):
		got.err = fault.Unauthenticated.New("Sessions are sent as `Session`, keys and access tokens as `Bearer`.")
	default:
		got.caller, got.quota = identityOf(reply), int(reply.GetRequestsPerMinute())
		if end := reply.GetExpireTime(); end != nil && end.AsTime().Before(got.until) {
			got.until = end.AsTime()
		}
	}
	if got.err == nil || fault.Has(got.err, fault.Unauthenticated) {
		r.remember(key, got)
	}
	return got
}

func (r *resolver) remember(key string, got resolved) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young == nil || len(r.young) >= resolverLimit {
		r.young, r.older = map[string]resolved{}, r.young
	}
	r.young[key] = got
}

func identityOf(reply *partnersv1.ResolveCredentialResponse) auth.Identity {
	_, subject, ok := strings.Cut(reply.GetSubject(), "/")
	if !ok {
		subject = reply.GetSubject()
	}
	who := auth.Identity{
		Subject: subject, Name: reply.GetDisplayName(), Email: reply.GetEmail(),
		Roles: reply.GetRoles(), Scopes: reply.GetScopes(), Key: reply.GetCredentialId(), Owner: reply.GetOwner(),
	}
	who.Kind = auth.KindApp
	if reply.GetKind() == "user" {
		who.Kind = auth.KindUser
	}
	return who
}
