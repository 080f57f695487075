package domain

import "testing"

func TestReceipt(t *testing.T) {
	c := signedConsent()
	c.Hash = "00ff"
	c.Signer.Role = "Head of Operations"
	r := NewReceipt(c, "A title")
	golden(t, "receipt-signed.txt", []byte(r.Text))
	if r.Hash != hash([]byte(r.Text)) {
		t.Error("the hash is of something else")
	}
	if NewReceipt(c.Revoke("customer", "x", 5*day), "A title") != r {
		t.Error("a revocation changed it")
	}
	if c.Scopes = c.Scopes[:1]; NewReceipt(c, "A title").Hash == r.Hash {
		t.Error("a change of scope did not change it")
	}
	a := attestedConsent()
	a.Hash, a.Ends = "00ff", 0
	golden(t, "receipt-attested.txt", []byte(NewReceipt(a, "A title").Text))
}
