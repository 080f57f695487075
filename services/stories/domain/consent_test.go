package domain

import (
	"strings"
	"testing"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

const day = clock.Millis(24 * 60 * 60 * 1000)

// signed is a live consent to sample's text at the instant 10 days.
func signedConsent() Consent {
	return Consent{ID: "c1", Story: "s", Locale: "en", Hash: Hash(sample()), SignOff: "o1", Kind: Signed, Scopes: []Scope{ScopeWeb, ScopeSales},
		Signer: Signer{Name: "Jonna Fjeld", Email: "jonna@nordhafen.example"}, SignedAt: day, Ends: 20 * day}
}

func attestedConsent() Consent {
	c := signedConsent()
	c.Kind, c.Evidence, c.RecordedBy, c.RecordedAt = Attested, "Contract, clause 7", "users/editor", 2*day
	return c
}

func TestValidity(t *testing.T) {
	confirmed := attestedConsent()
	confirmed.ConfirmedBy, confirmed.ConfirmedAt = "users/second", 3*day
	cases := []struct {
		name    string
		consent Consent
		change  func(*Consent)
		hash    string
		scope   Scope
		now     clock.Millis
		want    Validity
	}{
		{"signed", signedConsent(), nil, "", ScopeWeb, 10 * day, Valid},
		{"other scope it covers", signedConsent(), nil, "", ScopeSales, 10 * day, Valid},
		{"scope it does not cover", signedConsent(), nil, "", ScopeAds, 10 * day, OutOfScope},
		{"a moment before the end", signedConsent(), nil, "", ScopeWeb, 20*day - 1, Valid},
		{"at the end", signedConsent(), nil, "", ScopeWeb, 20 * day, Ended},
		{"without end", signedConsent(), func(c *Consent) { c.Ends = 0 }, "", ScopeWeb, 99999 * day, Valid},
		{"revoked", signedConsent(), func(c *Consent) { c.RevokedAt = 5 * day }, "", ScopeWeb, 10 * day, Revoked},
		{"one word changed", signedConsent(), nil, strings.Repeat("0", 64), ScopeWeb, 10 * day, OtherText},
		{"other language", signedConsent(), func(c *Consent) { c.Locale = "de" }, "", ScopeWeb, 10 * day, OtherText},
		{"attested only", attestedConsent(), nil, "", ScopeWeb, 10 * day, Unconfirmed},
		{"confirmed by its recorder", confirmed, func(c *Consent) { c.ConfirmedBy = c.RecordedBy }, "", ScopeWeb, 10 * day, Unconfirmed},
		{"confirmed", confirmed, nil, "", ScopeWeb, 10 * day, Valid},
		{"of a kind unknown", signedConsent(), func(c *Consent) { c.Kind = "" }, "", ScopeWeb, 10 * day, Unconfirmed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.consent)
			}
			hash := c.hash
			if hash == "" {
				hash = Hash(sample())
			}
			if got := c.consent.Validity("en", hash, c.scope, c.now); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			_, err := Require([]Consent{c.consent}, "en", hash, c.now)
			if publishable := c.consent.Validity("en", hash, ScopeWeb, c.now) == Valid; publishable != (err == nil) {
				t.Errorf("Require: %v", err)
			}
			if err != nil && !fault.Has(err, fault.NotPublishable) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRequireTakesTheConsentThatHoldsLongest(t *testing.T) {
	short, long, endless, over := signedConsent(), signedConsent(), signedConsent(), signedConsent()
	long.ID, long.Ends = "long", 30*day
	endless.ID, endless.Ends = "endless", 0
	over.ID, over.Ends = "over", 9*day
	for want, list := range map[string][]Consent{"long": {short, long, over}, "endless": {short, endless, long}, "c1": {over, short}} {
		if c, err := Require(list, "en", short.Hash, 10*day); err != nil || c.ID != want {
			t.Errorf("got %s, %v; want %s", c.ID, err, want)
		}
	}
	if _, err := Require(nil, "en", short.Hash, 10*day); !fault.Has(err, fault.NotPublishable) {
		t.Errorf("got %v", err)
	}
}

func TestAfterARevocationOnlyALaterYesCounts(t *testing.T) {
	revoked := signedConsent().Revoke("customer", "", 5*day)
	before, after, elsewhere := signedConsent(), signedConsent(), signedConsent()
	before.ID, before.SignedAt = "before", 4*day
	after.ID, after.SignedAt = "after", 6*day
	elsewhere.ID, elsewhere.Hash = "elsewhere", strings.Repeat("0", 64)
	unconfirmed := attestedConsent().Revoke("users/x", "", 9*day)
	sales := signedConsent()
	sales.Scopes = []Scope{ScopeSales}
	for _, c := range []struct {
		name string
		list []Consent
		want string
	}{
		{"given before", []Consent{revoked, before}, ""},
		{"given after", []Consent{before, revoked, after}, "after"},
		{"other words were taken back", []Consent{elsewhere.Revoke("customer", "", 5*day), before}, "before"},
		{"a mistaken record was taken back", []Consent{unconfirmed, after}, "after"},
		{"the sales department's was taken back", []Consent{sales.Revoke("customer", "", 7*day), after}, "after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Require(c.list, "en", before.Hash, 8*day)
			if got.ID != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %q, %v; want %q", got.ID, err, c.want)
			}
		})
	}
}

func TestConfirm(t *testing.T) {
	c, err := attestedConsent().Confirm("users/second", 3*day)
	if err != nil || !c.Live("en", c.Hash, ScopeWeb, 4*day) || c.ConfirmedBy != "users/second" || c.ConfirmedAt != 3*day {
		t.Fatalf("got %+v, %v", c, err)
	}
	if _, err := c.Confirm("users/third", 4*day); !fault.Has(err, fault.IllegalState) {
		t.Errorf("twice: %v", err)
	}
	if _, err := signedConsent().Confirm("users/second", 3*day); !fault.Has(err, fault.IllegalState) {
		t.Errorf("signed: %v", err)
	}
	for _, by := range []string{"users/editor", ""} {
		if _, err := attestedConsent().Confirm(by, 3*day); !fault.Has(err, fault.PermissionDenied) {
			t.Errorf("by %q: %v", by, err)
		}
	}
	if _, err := attestedConsent().Confirm("users/second", 20*day); !fault.Has(err, fault.IllegalState) {
		t.Errorf("after its end: %v", err)
	}
	if _, err := attestedConsent().Revoke("customer", "", 3*day).Confirm("users/second", 4*day); !fault.Has(err, fault.IllegalState) {
		t.Errorf("after its revocation: %v", err)
	}
}

func TestRevoke(t *testing.T) {
	c := signedConsent().Revoke("customer", "We changed our name", 5*day)
	if c.Live("en", c.Hash, ScopeWeb, 6*day) || c.Counts(6*day) {
		t.Error("it is live")
	}
	if again := c.Revoke("users/x", "other", 7*day); again.RevokedBy != "customer" || again.RevokedAt != 5*day || again.Reason != c.Reason {
		t.Errorf("a second revocation changed it: %+v", again)
	}
	german, french, elsewhere, gone := signedConsent(), signedConsent(), signedConsent(), signedConsent().Revoke("customer", "", 2*day)
	german.ID, german.Locale = "c2", "de"
	french.ID, french.SignOff = "c3", "o2"
	elsewhere.ID, elsewhere.Story = "c4", "t"
	gone.ID = "c5"
	of := []Consent{signedConsent(), german, french, elsewhere, gone}
	ids := func(list []Consent) (s string) {
		for _, c := range list {
			s += c.ID + " "
		}
		return s
	}
	if got := ids(CoveredByRevocation(signedConsent(), of, false)); got != "c1 c2 " {
		t.Errorf("one sign-off covers %s", got)
	}
	if got := ids(CoveredByRevocation(signedConsent(), of, true)); got != "c1 c2 c3 " {
		t.Errorf("all covers %s", got)
	}
}

func TestCheckConsent(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Consent)
		path   string
	}{
		{"signed", func(*Consent) {}, ""},
		{"attested", func(c *Consent) { *c = attestedConsent() }, ""},
		{"nobody", func(c *Consent) { c.Signer.Name = "" }, "consent.signer.name"},
		{"no address", func(c *Consent) { c.Signer.Email = "jonna" }, "consent.signer.email"},
		{"no text", func(c *Consent) { c.Hash = "x" }, "consent.hash"},
		{"no scope", func(c *Consent) { c.Scopes = nil }, "consent.scopes"},
		{"odd scope", func(c *Consent) { c.Scopes = []Scope{"tv"} }, "consent.scopes"},
		{"given tomorrow", func(c *Consent) { c.SignedAt = 11 * day }, "consent.signedAt"},
		{"over already", func(c *Consent) { c.Ends = 10 * day }, "consent.ends"},
		{"odd kind", func(c *Consent) { c.Kind = "hearsay" }, "consent.kind"},
		{"attested without evidence", func(c *Consent) { *c = attestedConsent(); c.Evidence = "" }, "consent.evidence"},
		{"attested by nobody", func(c *Consent) { *c = attestedConsent(); c.RecordedBy = "" }, "consent.recordedBy"},
	}
	for _, c := range cases {
		consent := signedConsent()
		c.change(&consent)
		err := CheckConsent(consent, 10*day)
		if e, _ := fault.As(err); c.path == "" && err != nil || c.path != "" && (e == nil || len(e.Fields) != 1 || e.Fields[0].Path != c.path) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestEffectOfEnd(t *testing.T) {
	hash := signedConsent().Hash
	other := strings.Repeat("0", 64)
	revoked := signedConsent().Revoke("customer", "", 10*day)
	expired := signedConsent()
	expired.Ends = 10 * day
	renewal := signedConsent()
	renewal.ID, renewal.SignedAt, renewal.Ends = "c2", 8*day, 40*day
	signedLater := renewal
	signedLater.SignedAt = 11 * day
	salesOnly := signedConsent()
	salesOnly.Scopes = []Scope{ScopeSales}
	up := func(s State) Position { return Position{State: s, Hash: hash, EditionHash: hash, EditionConsent: "c1"} }
	cases := []struct {
		name   string
		ended  Consent
		at     Position
		others []Consent
		want   Effect
	}{
		{"revoked under a published text", revoked, up(Published), nil, Effect{State: Withdrawn, RemoveEdition: true}},
		{"expired under a published text", expired, up(Published), nil, Effect{State: Withdrawn, RemoveEdition: true}},
		{"the next text is being written", revoked, Position{State: Draft, Hash: other, EditionHash: hash, EditionConsent: "c1"}, nil,
			Effect{State: Draft, RemoveEdition: true}},
		{"the next text is in review", revoked, Position{State: InReview, Hash: other, EditionHash: hash, EditionConsent: "c1"}, nil,
			Effect{State: InReview, RemoveEdition: true}},
		{"the next text is approved on its own", revoked, Position{State: Approved, Hash: other, EditionHash: hash, EditionConsent: "c1"}, nil,
			Effect{State: Approved, RemoveEdition: true}},
		{"approved", revoked, Position{State: Approved, Hash: hash}, nil, Effect{State: AwaitingCustomer}},
		{"scheduled", expired, Position{State: Scheduled, Hash: hash}, nil, Effect{State: AwaitingCustomer, Unschedule: true}},
		{"a draft of the same words", revoked, Position{State: Draft, Hash: hash}, nil, Effect{State: Draft}},
		{"awaiting", revoked, Position{State: AwaitingCustomer, Hash: hash}, nil, Effect{State: AwaitingCustomer}},
		{"withdrawn before", revoked, Position{State: Withdrawn, Hash: hash}, nil, Effect{State: Withdrawn}},
		{"an older text's consent", revoked, Position{State: Published, Hash: other, EditionHash: other, EditionConsent: "c9"}, nil, Effect{State: Published}},
		{"expired but renewed", expired, up(Published), []Consent{renewal}, Effect{State: Published}},
		{"revoked, whatever was renewed before", revoked, up(Published), []Consent{renewal}, Effect{State: Withdrawn, RemoveEdition: true}},
		{"revoked, then signed anew", revoked, up(Published), []Consent{signedLater}, Effect{State: Published}},
		{"still live", signedConsent(), up(Published), nil, Effect{State: Published}},
		{"a second consent for sales ends", salesOnly.Revoke("customer", "", 10*day), Position{State: Published, Hash: hash, EditionHash: hash, EditionConsent: "c7"},
			nil, Effect{State: Published}},
		{"an attested one that nobody confirmed", attestedConsent().Revoke("users/x", "", 10*day),
			Position{State: Published, Hash: hash, EditionHash: hash, EditionConsent: "c7"}, nil, Effect{State: Published}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := EffectOfEnd(c.ended, c.at, c.others, 12*day)
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if got.None(c.at.State) != (got == Effect{State: c.at.State}) {
				t.Errorf("None is wrong for %+v", got)
			}
		})
	}
}

func TestAttestedConsentDays(t *testing.T) {
	a := AttestedConsent{Scopes: []Scope{ScopeWeb}, GivenBy: "x", GivenOn: "1970-01-02", Ends: "1970-01-10", Evidence: "y"}
	if a.Given() != day || a.End() != 10*day || a.Check() != nil {
		t.Errorf("given %d, end %d, %v", a.Given(), a.End(), a.Check())
	}
	if a.Ends = ""; a.End() != 0 || a.Check() != nil {
		t.Errorf("without end: %d, %v", a.End(), a.Check())
	}
}
