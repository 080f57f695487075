// Package member holds the rules of what members are found by.
package member

import (
	"errors"
	"strings"
	"unicode"
)

// Kind says what an identifier is.
type Kind string

// The kinds.
const (
	Phone    Kind = "phone"
	Email    Kind = "email"
	External Kind = "external"
	Card     Kind = "card"
)

// Canonical returns the form of an identifier in which two that mean the same are equal: a phone number as E.164 ("+493012345"), an e-mail address in lower case, a
// card number without spaces and hyphens, in upper case, and an external id as it is.
func Canonical(k Kind, value string) (string, error) {
	value = strings.TrimSpace(value)
	for _, r := range value {
		if unicode.IsControl(r) {
			return "", errors.New("it holds a control character")
		}
	}
	switch k {
	case Phone:
		return phone(value)
	case Email:
		return email(value)
	case Card:
		return card(value)
	}
	if value == "" {
		return "", errors.New("it is empty")
	}
	return value, nil
}

// IsName reports whether a value has the form of the resource name of a member, such as "programs/customers/members/0ab".
func IsName(value string) bool {
	parts := strings.Split(value, "/")
	return len(parts) == 4 && parts[0] == "programs" && parts[2] == "members"
}

// phone reads an international number (ITU-T E.164): "+", or "00" in its place, and 7 to 15 digits of which the first is not 0, with the usual marks between them.
func phone(value string) (string, error) {
	digits := strings.NewReplacer(" ", "", "-", "", ".", "", "/", "", "(0)", "", "(", "", ")", "", "\u00a0", "").Replace(value)
	if rest, ok := strings.CutPrefix(digits, "00"); ok {
		digits = "+" + rest
	}
	number, ok := strings.CutPrefix(digits, "+")
	if !ok {
		return "", errors.New("write the number with its country, such as +49 30 1234567")
	}
	if len(number) < 7 || len(number) > 15 || number[0] == '0' || strings.Trim(number, "0123456789") != "" {
		return "", errors.New("it is no telephone number such as +49 30 1234567: 7 to 15 digits with the country in front")
	}
	return "+" + number, nil
}

// email reads an address of the everyday form. It is compared without regard to case, in the part before the @ too, which no mail service in use tells apart.
func email(value string) (string, error) {
	local, host, ok := strings.Cut(strings.ToLower(value), "@")
	if !ok || local == "" || !strings.Contains(strings.Trim(host, "."), ".") || strings.ContainsAny(host, "@ ") || strings.ContainsAny(local, " \"<>()[],;:\\") ||
		strings.HasPrefix(host, ".") || strings.HasSuffix(host, ".") || strings.Contains(value, "..") {
		return "", errors.New("it is no e-mail address such as ida@example.org")
	}
	return local + "@" + host, nil
}

func card(value string) (string, error) {
	value = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(value))
	if value == "" || strings.Trim(value, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", errors.New("a card's number is made of letters and digits")
	}
	return value, nil
}
