package gateway

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

// tokenPath is the OAuth 2.0 token endpoint. Its requests, answers and errors are RFC 6749's, not ours.
const tokenPath = "/v1/oauth2/token"

// tokenBody bounds the form in bytes.
const tokenBody = 16 << 10

// oauthError is a refusal by RFC 6749, section 5.2.
type oauthError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int32  `json:"expires_in"`
	Scope       string `json:"scope"`
}

// token is the client credentials grant.
func (g *Gateway) token(w http.ResponseWriter, r *http.Request) {
	ex := exchangeOf(r.Context())
	ex.route, ex.caller, ex.bucket = tokenPath, auth.Anonymous, g.addressBucket(r)
	if r.Method != http.MethodPost {
		g.methodNotAllowed(w, r, []string{http.MethodPost, http.MethodOptions})
		return
	}
	if err := g.charge(w, ex); err != nil {
		g.refuse(w, r, err)
		return
	}
	ex.place.leave()
	form, refused := g.readTokenForm(w, r)
	if refused == nil && !ex.place.take() {
		g.refuse(w, r, busy())
		return
	}
	if refused == nil {
		var reply *partnersv1.IssueAccessTokenResponse
		if reply, refused = g.issue(r, ex, form); refused == nil {
			writeOAuth(w, http.StatusOK, tokenAnswer{reply.GetAccessToken(), "Bearer", reply.GetExpiresIn(), strings.Join(reply.GetScopes(), " ")})
			return
		}
	}
	if refused.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="renown"`)
	}
	writeOAuth(w, refused.status, refused)
}

func writeOAuth(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil { // strings and a number: cannot be
		b = []byte(`{"error":"server_error"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a caller that went away is no concern
}

func invalidRequest(description string) *oauthError {
	return &oauthError{http.StatusBadRequest, "invalid_request", description}
}

func (g *Gateway) readTokenForm(w http.ResponseWriter, r *http.Request) (url.Values, *oauthError) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("the body is application/x-www-form-urlencoded")
	}
	if r.URL.RawQuery != "" {
		return nil, invalidRequest("parameters are sent in the body, not in the address")
	}
	enough := g.patience(w)
	body, err := io.ReadAll(io.LimitReader(r.Body, tokenBody+1))
	if len(body) > tokenBody {
		return nil, &oauthError{http.StatusRequestEntityTooLarge, "invalid_request", "the body is too large"}
	}
	if err != nil {
		return nil, invalidRequest("the body did not arrive whole")
	}
	enough()
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalidRequest("the form cannot be read")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, invalidRequest("a parameter is given twice: " + strictName(name))
		}
	}
	return form, nil
}

// strictName is a parameter's name as RFC 6749 lets it be repeated in a description.
func strictName(name string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return '?'
		}
		return c
	}, name[:min(len(name), 40)])
}

// issue exchanges the client's key for an access token.
func (g *Gateway) issue(r *http.Request, ex *exchange, form url.Values) (*partnersv1.IssueAccessTokenResponse, *oauthError) {
	id, secret, refused := clientOf(r, form)
	if refused != nil {
		return nil, refused
	}
	switch grant := form.Get("grant_type"); {
	case grant == "":
		return nil, invalidRequest("grant_type is missing; it is client_credentials")
	case grant != "client_credentials":
		return nil, &oauthError{http.StatusBadRequest, "unsupported_grant_type", "the only grant is client_credentials"}
	}
	guesses := "guesses/" + ex.bucket
	if _, ok := g.buckets.Look(guesses, g.limits.Guesses); !ok {
		return nil, &oauthError{http.StatusTooManyRequests, "invalid_client", "too many refused credentials from this address"}
	}
	ctx := withExchange(r.Context(), &exchange{id: ex.id, caller: system})
	reply, err := g.resolver.client.IssueAccessToken(ctx, &partnersv1.IssueAccessTokenRequest{
		ClientId: id, ClientSecret: secret, Scopes: strings.Fields(form.Get("scope")),
	})
	if err != nil {
		e := fault.Of(err)
		ex.refusal = e
		if e.Reason == fault.Unauthenticated {
			g.buckets.Take(guesses, g.limits.Guesses)
		}
		return nil, oauthOf(e)
	}
	ex.caller = auth.Identity{Kind: auth.KindApp, Subject: id}
	return reply, nil
}

// clientOf reads the client's id and secret, from HTTP Basic or from the form but not from both.
func clientOf(r *http.Request, form url.Values) (id, secret string, refused *oauthError) {
	user, pass, basic := r.BasicAuth()
	switch {
	case r.Header.Get("Authorization") != "" && !basic:
		return "", "", &oauthError{http.StatusUnauthorized, "invalid_client", "clients authenticate by HTTP Basic or in the form"}
	case basic && form.Has("client_secret"):
		return "", "", invalidRequest("the client is authenticated twice")
	case basic:
		// RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
		id, err1 := url.QueryUnescape(user)
		secret, err2 := url.QueryUnescape(pass)
		if err := errors.Join(err1, err2); err != nil {
			return "", "", invalidRequest("the credentials of HTTP Basic cannot be read")
		}
		return id, secret, nil
	case !form.Has("client_id") || !form.Has("client_secret"):
		return "", "", &oauthError{http.StatusUnauthorized, "invalid_client", "client_id and client_secret are missing"}
	}
	return form.Get("client_id"), form.Get("client_secret"), nil
}

func oauthOf(e *fault.Error) *oauthError {
	switch e.Reason.Name {
	case fault.Unauthenticated.Name:
		return &oauthError{http.StatusUnauthorized, "invalid_client", "the client is not known, or its key is wrong, expired or revoked"}
	case fault.PermissionDenied.Name:
		return &oauthError{http.StatusBadRequest, "invalid_scope", "the key does not have every scope that was asked for"}
	case fault.InvalidArgument.Name:
		for _, f := range e.Fields {
			if strings.HasPrefix(f.Path, "scopes") {
				return &oauthError{http.StatusBadRequest, "invalid_scope", "a scope is not known"}
			}
		}
		return &oauthError{http.StatusUnauthorized, "invalid_client", "the client is not known, or its key is wrong, expired or revoked"}
	case fault.Unavailable.Name, fault.DeadlineExceeded.Name:
		return &oauthError{http.StatusServiceUnavailable, "temporarily_unavailable", "try again in a second"}
	}
	return &oauthError{e.Reason.HTTP, "server_error", e.Message}
}
