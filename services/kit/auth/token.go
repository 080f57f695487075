package auth

import (
	"encoding/json"
	"hash/maphash"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// TokenLife is how long an identity token is good for.
const TokenLife = 60 * time.Second

// skew is how far the clocks of two machines may be apart.
const skew = 5 * time.Second

// issuer is the iss claim of identity tokens.
const issuer = "renown"

type claims struct {
	Issuer  string           `json:"iss"`
	Issued  *jwt.NumericDate `json:"iat"`
	Expires *jwt.NumericDate `json:"exp"`
	Caller  Identity         `json:"renown"`
}

// Minter makes identity tokens. It is safe for concurrent use.
type Minter struct {
	clock  clock.Clock
	signer jose.Signer
	made   memory[minted]
}

type minted struct {
	token string
	at    time.Time
}

// NewMinter returns a Minter that signs with key.
func NewMinter(c clock.Clock, key PrivateKey) (*Minter, error) {
	opts := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", key.Public().id())
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key.key}, opts)
	if err != nil {
		return nil, err
	}
	return &Minter{clock: c, signer: signer, made: newMemory[minted]()}, nil
}

// Mint returns a token for the caller that is good for at least half of TokenLife and at most TokenLife. Calls that follow each other get the same token, so
// that the services' verifiers recognise it.
func (m *Minter) Mint(caller Identity) (string, error) {
	key := caller.key()
	now := m.clock.Now()
	// A token from the future (the clock was set back) would be refused.
	if got, ok := m.made.get(key, now); ok && !now.Before(got.at) {
		return got.token, nil
	}
	body, err := json.Marshal(claims{issuer, jwt.NewNumericDate(now), jwt.NewNumericDate(now.Add(TokenLife)), caller})
	if err != nil {
		return "", fault.Of(err)
	}
	signed, err := m.signer.Sign(body)
	if err != nil {
		return "", fault.Of(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return "", fault.Of(err)
	}
	m.made.put(key, minted{token, now}, now.Add(TokenLife/2))
	return token, nil
}

// Verifier checks identity tokens. A verified token is remembered by its bytes until it expires: checking a signature costs more than an in-process call.
// It is safe for concurrent use.
type Verifier struct {
	clock clock.Clock
	keys  map[string]PublicKey
	// parts are the keys of those who may speak for a part of Renown alone.
	parts map[string]PublicKey
	known memory[verified]
}

type verified struct {
	caller Identity
	issued time.Time
}

// NewVerifier returns a Verifier that trusts the keys; more than one lets a new key come before the old one goes.
func NewVerifier(c clock.Clock, keys ...PublicKey) *Verifier {
	v := &Verifier{clock: c, keys: map[string]PublicKey{}, known: newMemory[verified]()}
	for _, k := range keys {
		v.keys[k.id()] = k
	}
	return v
}

// TrustParts trusts keys of other parts of Renown, which call for themselves: a token of theirs is believed only where it names a part, never a person, an app or a
// link. It is called before the first Verify.
func (v *Verifier) TrustParts(keys ...PublicKey) *Verifier {
	if v.parts == nil {
		v.parts = map[string]PublicKey{}
	}
	for _, k := range keys {
		v.parts[k.id()] = k
	}
	return v
}

// Verify returns the caller that the token names. fault.Unauthenticated if a trusted key did not sign it or if it is not its time.
func (v *Verifier) Verify(token string) (Identity, error) {
	now := v.clock.Now()
	if got, ok := v.known.get(token, now); ok && !now.Add(skew).Before(got.issued) {
		return got.caller, nil
	}
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return Anonymous, badToken().Wrap(err)
	}
	id := parsed.Signatures[0].Header.KeyID
	key, full := v.keys[id]
	if !full {
		var known bool
		if key, known = v.parts[id]; !known {
			return Anonymous, badToken()
		}
	}
	body, err := parsed.Verify(key.key)
	if err != nil {
		return Anonymous, badToken().Wrap(err)
	}
	var c claims
	if err := json.Unmarshal(body, &c); err != nil || c.Issuer != issuer || c.Issued == nil || c.Expires == nil {
		return Anonymous, badToken().Wrap(err)
	}
	issued, expires := c.Issued.Time(), c.Expires.Time()
	if now.Add(skew).Before(issued) || !now.Before(expires) || expires.Sub(issued) > TokenLife {
		return Anonymous, badToken()
	}
	if !full && c.Caller.Kind != KindSystem {
		return Anonymous, badToken()
	}
	v.known.put(token, verified{c.Caller, issued}, expires)
	return c.Caller, nil
}

func badToken() *fault.Error {
	return fault.Unauthenticated.New("The identity token of this call is not valid or has expired.")
}

// memory is a bounded map whose entries expire. When a shard is full its older half goes: what was forgotten is only computed again.
type memory[V any] struct {
	seed   maphash.Seed
	shards *[16]memoryShard[V]
}

type memoryShard[V any] struct {
	mu           sync.RWMutex
	young, older map[string]remembered[V]
}

type remembered[V any] struct {
	value V
	until time.Time
}

// shardLimit bounds one half of one shard: 16 x 2 x 512 entries in all.
const shardLimit = 512

func newMemory[V any]() memory[V] {
	return memory[V]{seed: maphash.MakeSeed(), shards: &[16]memoryShard[V]{}}
}

func (m memory[V]) shard(key string) *memoryShard[V] {
	return &m.shards[maphash.String(m.seed, key)%16]
}

func (m memory[V]) get(key string, now time.Time) (V, bool) {
	s := m.shard(key)
	s.mu.RLock()
	e, ok := s.young[key]
	if !ok {
		e, ok = s.older[key]
	}
	s.mu.RUnlock()
	if !ok || !now.Before(e.until) {
		var none V
		return none, false
	}
	return e.value, true
}

func (m memory[V]) put(key string, value V, until time.Time) {
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.young == nil || len(s.young) >= shardLimit {
		s.young, s.older = map[string]remembered[V]{}, s.young
	}
	s.young[key] = remembered[V]{value, until}
}
