package domain

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"renown.example/kit/fault"
)

// Bounds of addresses, in characters. Slugify stays at or below niceSlug.
const (
	MaxSlug  = 120
	MaxID    = 64
	niceSlug = 80
)

// ValidSlug reports whether s can be the last part of an address: lower-case letters a to z and digits, in words joined by single hyphens.
func ValidSlug(s string) bool {
	if s == "" || len(s) > MaxSlug || strings.Contains(s, "--") || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// ValidID reports whether s can be the id of a story: letters a to z, digits, and hyphens between them.
func ValidID(s string) bool {
	return s != "" && len(s) <= MaxID && s[0] != '-' && s[len(s)-1] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// CheckSlug refuses what ValidSlug does not accept, naming the field at path.
func CheckSlug(path, s string) error {
	if ValidSlug(s) {
		return nil
	}
	return fault.Invalid(path, "must consist of lower-case letters a to z, digits and single hyphens, at most %d characters", MaxSlug)
}

// Slugify proposes a slug for a title: letters of other alphabets are transliterated where there is a usual way, accents go, everything else separates
// words. The result is valid, or empty when nothing of the title can be written in a to z; the caller then takes the story's id.
func Slugify(title, locale string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFC.String(strings.ToLower(title)) {
		latin := transliterate(r, locale)
		if latin == "" {
			gap = gap || !silent(r)
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteString(latin)
	}
	return cutAtWord(b.String())
}

// silent are characters that vanish without parting the word they stand in: apostrophes, hard and soft signs, marks.
func silent(r rune) bool {
	return strings.ContainsRune("'’ʼ`´ьъ\u00ad", r) || unicode.Is(unicode.Mn, r)
}

// cutAtWord cuts a slug to niceSlug, between words where that leaves most of it.
func cutAtWord(s string) string {
	if len(s) <= niceSlug {
		return s
	}
	s = s[:niceSlug+1]
	if i := strings.LastIndexByte(s, '-'); i > niceSlug/2 {
		return s[:i]
	}
	return strings.Trim(s[:niceSlug], "-")
}

// transliterate writes one lower-case character in a to z and 0 to 9, or as nothing.
func transliterate(r rune, locale string) string {
	if r < 0x80 {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return string(r)
		}
		return ""
	}
	language, _, _ := strings.Cut(locale, "-")
	if s, ok := ownRules[language][r]; ok {
		return s
	}
	if s, ok := letters[r]; ok {
		return s
	}
	var b strings.Builder
	for _, d := range strings.ToLower(norm.NFKD.String(string(r))) {
		switch {
		case 'a' <= d && d <= 'z' || '0' <= d && d <= '9':
			b.WriteRune(d)
		case letters[d] != "" && d != r:
			b.WriteString(letters[d])
		}
	}
	return b.String()
}

// plainUmlauts is how most languages but German drop the two dots.
var plainUmlauts = map[rune]string{'ä': "a", 'ö': "o", 'ü': "u"}

// ownRules are the languages that write a letter otherwise than letters does.
var ownRules = map[string]map[rune]string{
	"az": plainUmlauts, "ca": plainUmlauts, "es": plainUmlauts, "et": plainUmlauts, "fi": plainUmlauts, "fr": plainUmlauts, "gl": plainUmlauts,
	"hu": plainUmlauts, "nl": plainUmlauts, "pt": plainUmlauts, "sk": plainUmlauts, "sv": plainUmlauts, "tr": plainUmlauts,
	"bg": {'щ': "sht", 'ъ': "a"},
	"uk": {'г': "h", 'и': "y"},
}

// letters that Unicode does not decompose to a to z, or that are usually written otherwise.
var letters = map[rune]string{
	'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "oe", 'å': "aa", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ħ': "h", 'ı': "i",
	'ŋ': "ng", 'ŧ': "t", 'ĸ': "k", 'ə': "e",
	// Cyrillic
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'ґ': "g", 'д': "d", 'ђ': "dj", 'ѓ': "gj", 'е': "e", 'ё': "yo", 'є': "ye", 'ж': "zh", 'з': "z", 'ѕ': "dz",
	'и': "i", 'і': "i", 'ї': "yi", 'й': "y", 'ј': "j", 'к': "k", 'л': "l", 'љ': "lj", 'м': "m", 'н': "n", 'њ': "nj", 'о': "o", 'п': "p", 'р': "r",
	'с': "s", 'т': "t", 'ћ': "c", 'ќ': "kj", 'у': "u", 'ў': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'џ': "dz", 'ш': "sh", 'щ': "shch", 'ы': "y",
	'э': "e", 'ю': "yu", 'я': "ya",
	// Greek
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m", 'ν': "n", 'ξ': "x", 'ο': "o",
	'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}
