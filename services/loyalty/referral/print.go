package referral

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"strings"

	"renown.example/kit/clock"
	"renown.example/loyalty/member"
)

// Sighting says that a member was seen with a device or an address. Print is its fingerprint.
type Sighting struct {
	Print  string
	Member string
	At     clock.Millis
}

// The kinds of fingerprints. A digest of one kind never equals one of another.
const (
	device   = "device"
	address  = "address"
	likeness = "likeness"
)

// Printer makes fingerprints: digests under a key of the deployment, so that nobody who reads the tables can try addresses against them, of which there are few
// enough to try all. What is printed is not kept.
type Printer struct{ key []byte }

// NewPrinter returns a Printer with a key of 32 bytes or more.
func NewPrinter(key []byte) Printer { return Printer{key} }

func (p Printer) print(kind, value string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(kind + "\x00" + value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Device returns the fingerprint of a device by the id that the partner's app gives it; empty for none.
func (p Printer) Device(id string) string {
	if id = strings.TrimSpace(id); id == "" {
		return ""
	}
	return p.print(device, id)
}

// Address returns the fingerprint of a network address; false if it is none. A household has one IPv4 address, but 2^64 of IPv6 in one network: of these the first 64
// bits are printed (RFC 6177). An address that says nothing about where somebody is, such as one of a private network, has the empty fingerprint.
func (p Printer) Address(text string) (string, bool) {
	ip, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil {
		return "", false
	}
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return "", true
	}
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	network, err := ip.Prefix(bits)
	if err != nil {
		return "", false
	}
	return p.print(address, network.Addr().String()), true
}

// Likeness returns the fingerprint of what an identifier, in its canonical form, has in common with others that reach the same person: of an e-mail address that
// without what follows a plus, and at Google without dots, which its mail ignores. It finds duplicates; identifiers themselves differ in every letter.
func (p Printer) Likeness(kind member.Kind, canonical string) string {
	return p.print(likeness, string(kind)+"\x00"+Alike(kind, canonical))
}

// aliases are hosts that are the same, with mail that ignores dots.
var aliases = map[string]string{"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}

// Alike returns the spelling that an identifier has in common with others that reach the same person.
func Alike(kind member.Kind, canonical string) string {
	local, host, ok := strings.Cut(canonical, "@")
	if kind != member.Email || !ok {
		return canonical
	}
	if plain, _, tagged := strings.Cut(local, "+"); tagged && plain != "" {
		local = plain
	}
	if same, found := aliases[host]; found {
		local, host = strings.ReplaceAll(local, ".", ""), same
	}
	return local + "@" + host
}
