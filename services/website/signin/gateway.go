package signin

import (
	"context"
	"net/http"
	"time"

	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

// Gateway is what signing in needs of the REST interface.
type Gateway interface {
	// CreateSession opens a session for the bearer of the ID token.
	CreateSession(ctx context.Context, in *partnersv1.CreateSessionRequest) (*partnersv1.Session, error)
	// Me returns whose session the token is. An error that answers http.StatusUnauthorized to Status means that it is nobody's any more.
	Me(ctx context.Context, token string) (*partnersv1.User, error)
	// RevokeSession ends the session of the token.
	RevokeSession(ctx context.Context, token string) error
	// Status tells an error's HTTP status and its sentence for people; zero if it came from elsewhere.
	Status(err error) (status int, detail string)
}

// sessionCookie holds the opaque session token.
const sessionCookie = "__Host-renown"

// Token returns the session token that the browser sent, or "".
func Token(r *http.Request) string {
	c, err := r.Cookie(sessionCookie)
	if err != nil || len(c.Value) > 512 {
		return ""
	}
	return c.Value
}

func (h *Handler) setSession(w http.ResponseWriter, session *partnersv1.Session) {
	life := 12 * time.Hour
	if end := session.GetExpireTime(); end != nil {
		life = end.AsTime().Sub(h.clock.Now())
	}
	http.SetCookie(w, cookie(sessionCookie, session.GetToken(), life))
}

// Forget takes the session's cookie from the browser, for when the gateway does not know it any more.
func Forget(w http.ResponseWriter) { http.SetCookie(w, cookie(sessionCookie, "", 0)) }
