package signin

import (
	"context"
	"net/http"
	"time"

	"renown.example/kit/fault"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	"renown.example/website/api"
)

// sessionCookie holds the opaque session token.
const sessionCookie = "__Host-renown"

// defaultLife is how long the browser keeps a session whose end the gateway does not tell.
const defaultLife = 12 * time.Hour

// Token returns the session token that the browser sent, or "".
func Token(r *http.Request) string {
	c, err := r.Cookie(sessionCookie)
	if err != nil || len(c.Value) > 512 {
		return ""
	}
	return c.Value
}

// Forget takes the session's cookie from the browser, for when the gateway does not know the session any more.
func Forget(w http.ResponseWriter) { http.SetCookie(w, cookie(sessionCookie, "", 0)) }

func (h *Handler) setSession(w http.ResponseWriter, session *partnersv1.Session) {
	life := defaultLife
	if end := session.GetExpireTime(); end != nil {
		life = end.AsTime().Sub(h.clock.Now())
	}
	http.SetCookie(w, cookie(sessionCookie, session.GetToken(), life))
}

// revoke ends the session of the token; one that has ended already is no error.
func (h *Handler) revoke(ctx context.Context, token string) error {
	_, err := partnersv1.NewSessionsServiceClient(h.conn.As(api.Session(token))).RevokeSession(ctx, &partnersv1.RevokeSessionRequest{Session: "current"})
	if api.Is(err, fault.Unauthenticated) {
		return nil
	}
	return err
}
