package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// attemptCookie holds a sign-in under way. The prefix binds it to this host and to https (browsers count loopback as such).
const attemptCookie = "__Host-renown-signin"

// attemptTime is how long a person has to finish at the identity provider.
const attemptTime = 10 * time.Minute

// attempt is a sign-in under way, as it travels in the browser's cookie.
type attempt struct {
	State    string       `json:"s"`
	Nonce    string       `json:"n"`
	Verifier string       `json:"v"`
	Return   string       `json:"r"`
	Setup    string       `json:"u,omitempty"`
	Expires  clock.Millis `json:"e"`
}

// sealer encrypts attempts, so that neither a reader nor a writer of cookies can learn or choose what is in them.
type sealer struct{ aead cipher.AEAD }

// newSealer takes a secret of at least 32 bytes; replicas of one website share it. Without one it makes its own, which only this process knows.
func newSealer(secret []byte) (*sealer, error) {
	if len(secret) == 0 {
		secret = make([]byte, 32)
		rand.Read(secret)
	}
	if len(secret) < 32 {
		return nil, fault.Invalid("cookieSecret", "it has %d bytes; at least 32 are needed", len(secret))
	}
	key := sha256.Sum256(append([]byte("renown sign-in cookie\n"), secret...))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fault.Internal.New("the cookie cannot be sealed").Wrap(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fault.Internal.New("the cookie cannot be sealed").Wrap(err)
	}
	return &sealer{aead}, nil
}

func (s *sealer) seal(a attempt) (string, error) {
	plain, err := json.Marshal(a)
	if err != nil {
		return "", fault.Internal.New("the cookie cannot be sealed").Wrap(err)
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, []byte(attemptCookie))), nil
}

// open returns the attempt in the request's cookie, or an error that says to a person why there is none.
func (s *sealer) open(r *http.Request, now time.Time) (attempt, error) {
	cookie, err := r.Cookie(attemptCookie)
	if err != nil {
		return attempt{}, fault.InvalidArgument.New("Your browser sent nothing that shows this sign-in was begun in it.")
	}
	var a attempt
	sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err == nil {
		var plain []byte
		if plain, err = s.aead.Open(nil, nil, sealed, []byte(attemptCookie)); err == nil {
			err = json.Unmarshal(plain, &a)
		}
	}
	if err != nil {
		return attempt{}, fault.InvalidArgument.New("What your browser kept of this sign-in is not what it was given.").Wrap(err)
	}
	if now.After(a.Expires.Time()) {
		return attempt{}, fault.InvalidArgument.New("It took longer than ten minutes.")
	}
	return a, nil
}

// cookie makes one of the website's cookies; a life of zero or less takes it away.
func cookie(name, value string, life time.Duration) *http.Cookie {
	age := int(life / time.Second)
	if age <= 0 {
		value, age = "", -1
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// sentence is an error's words for people, without its reason and cause.
func sentence(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Message
	}
	return "Something went wrong."
}
