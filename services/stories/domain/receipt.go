package domain

import (
	"strings"
	"time"
)

// Receipt is what a customer keeps of a consent: words that say everything that was agreed, and their hash. It holds personal data.
type Receipt struct {
	Text string
	// Hash is the SHA-256 of Text in lower-case hex.
	Hash string
}

// NewReceipt writes the receipt of a consent to the text of this title. The same consent always gives the same receipt, so the one a customer holds can be
// checked years later. A revocation does not change it: it says what was agreed then.
func NewReceipt(c Consent, title string) Receipt {
	var b strings.Builder
	row := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	b.WriteString("Receipt of a consent\n\n")
	row("Consent", c.ID)
	row("Story", c.Story)
	row("Title", title)
	row("Language", c.Locale)
	row("Text (SHA-256)", c.Hash)
	scopes := make([]string, 0, len(c.Scopes))
	for _, s := range SortScopes(c.Scopes) {
		scopes = append(scopes, string(s))
	}
	row("Allowed uses", strings.Join(scopes, ", "))
	who := c.Signer.Name
	if c.Signer.Role != "" {
		who += ", " + c.Signer.Role
	}
	row("Given by", who)
	row("Given at", c.SignedAt.Time().Format(time.RFC3339))
	if c.Ends == 0 {
		row("Ends", "when it is revoked")
	} else {
		row("Ends", c.Ends.Time().Format(time.RFC3339)+", or when it is revoked")
	}
	if c.Kind == Attested {
		row("Attested", "the agreement was given elsewhere and is vouched for by two people")
		row("Evidence", c.Evidence)
	} else {
		row("Signed", "by the person named above, on the page that showed exactly this text")
	}
	return Receipt{Text: b.String(), Hash: hash([]byte(b.String()))}
}
