package leak

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letter is one letter or digit of a text, folded: without case, marks and width, look-alikes of other scripts as Latin.
type letter struct {
	r rune
	// from and to are where the character that it comes from stands in the text, in bytes.
	from, to int
	// begins says that a word begins here, and gap what stands between it and the letter before.
	begins bool
	gap    gap
	upper  bool
}

// gap is what parts two letters.
type gap int

const (
	// none: nothing that can be seen, such as a soft hyphen.
	none gap = iota
	// hump: a capital, or a digit beside a letter, as in "NordhafenLogistics".
	hump
	// glue: marks without a space, as in names, addresses and markup; also a hyphen at the end of a line.
	glue
	// pointed: a point or an ampersand, and a space.
	pointed
	// blank: a space.
	blank
	// edge: the text begins here.
	edge
)

// fold returns the letters of a text.
func fold(text string) []letter {
	out := make([]letter, 0, len(text))
	var between []rune
	lastUpper, lastDigit := false, false
	for at, r := range text {
		if silent(r) {
			continue
		}
		folded := foldRune(r)
		if folded == "" {
			between = append(between, r)
			continue
		}
		size := len(string(r))
		if r == unicode.ReplacementChar {
			size = 1 // also where the text is not valid UTF-8
		}
		upper, digit := unicode.IsUpper(r) || unicode.IsTitle(r), unicode.IsDigit(r)
		g := gapOf(between)
		switch {
		case len(out) == 0:
			g = edge
		case g == none && (upper && !lastUpper || digit != lastDigit):
			g = hump
		}
		for i, f := range folded {
			l := letter{r: f, from: at, to: at + size, upper: upper}
			if i == 0 {
				l.gap, l.begins = g, g != none
			}
			out = append(out, l)
		}
		between, lastUpper, lastDigit = between[:0], upper, digit
	}
	return acronyms(out)
}

// gapOf tells what the characters between two letters are.
func gapOf(between []rune) gap {
	spaced := slices.ContainsFunc(between, unicode.IsSpace)
	switch {
	case len(between) == 0:
		return none
	case !spaced, isHyphen(between[0]) && slices.ContainsFunc(between, func(r rune) bool { return r == '\n' || r == '\r' }):
		return glue
	case slices.Contains(between, '.') || slices.Contains(between, '&'):
		return pointed
	}
	return blank
}

// acronyms lets the last capital of a run of capitals begin a word when a small letter follows: "HTTPServer" is two words.
func acronyms(list []letter) []letter {
	for i := 1; i+1 < len(list); i++ {
		if list[i].gap == none && list[i].upper && list[i-1].upper && list[i-1].from != list[i].from && list[i+1].gap == none && !list[i+1].upper && unicode.IsLetter(list[i+1].r) && list[i+1].from != list[i].from {
			list[i].gap, list[i].begins = hump, true
		}
	}
	return list
}

func isHyphen(r rune) bool { return r == '-' || r == '\u2010' || r == '\u2011' }

// silent are characters that nobody sees.
func silent(r rune) bool {
	return r < 0x80 && r < ' ' && r != '\n' && r != '\t' && r != '\r' || r >= 0x80 && (unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) ||
		r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0' || r == '\u2800')
}

// foldRune returns a letter or digit in its plainest form, nothing for other characters.
func foldRune(r rune) string {
	if r < 0x80 {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return string(r)
		case 'A' <= r && r <= 'Z':
			return string(r + 'a' - 'A')
		}
		return ""
	}
	if s, ok := lookAlikes[r]; ok {
		return s
	}
	var b strings.Builder
	for _, d := range norm.NFKD.String(string(r)) {
		if silent(d) || !unicode.IsLetter(d) && !unicode.IsDigit(d) {
			continue
		}
		if s, ok := lookAlikes[d]; ok {
			b.WriteString(s)
			continue
		}
		l := unicode.ToLower(d)
		if s, ok := lookAlikes[l]; ok {
			b.WriteString(s)
			continue
		}
		if '0' <= l && l <= '9' || unicode.IsLetter(l) || unicode.IsDigit(l) {
			b.WriteRune(l)
		}
	}
	return b.String()
}

// lookAlikes are letters that Unicode does not take apart, and letters of other scripts that are drawn like Latin ones. Both a term and a text go through them, so
// that a name in Cyrillic is still itself.
var lookAlikes = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ø': "o", 'Ø': "o", 'đ': "d", 'Đ': "d", 'ð': "d", 'Ð': "d", 'ł': "l", 'Ł': "l", 'ħ': "h",
	'Ħ': "h", 'ı': "i", 'İ': "i", 'ŋ': "n", 'þ': "th", 'Þ': "th", 'ŧ': "t", 'ĸ': "k", 'ɑ': "a", 'ɡ': "g", 'ɩ': "i", 'ʟ': "l", 'ɴ': "n", 'ʀ': "r", 'ʏ': "y",
	// Cyrillic
	'а': "a", 'А': "a", 'В': "b", 'е': "e", 'Е': "e", 'ё': "e", 'Ё': "e", 'к': "k", 'К': "k", 'М': "m", 'м': "m", 'Н': "h", 'н': "h", 'о': "o", 'О': "o", 'р': "p",
	'Р': "p", 'с': "c", 'С': "c", 'Т': "t", 'т': "t", 'у': "y", 'У': "y", 'х': "x", 'Х': "x", 'і': "i", 'І': "i", 'ї': "i", 'Ї': "i", 'ј': "j", 'Ј': "j", 'ѕ': "s",
	'Ѕ': "s", 'ԁ': "d", 'ԛ': "q", 'ԝ': "w", 'һ': "h", 'Һ': "h", 'ӏ': "l", 'Ӏ': "l", 'в': "b", 'ѵ': "v", 'ц': "ц", 'г': "г",
	// Greek
	'α': "a", 'Α': "a", 'Β': "b", 'β': "b", 'ε': "e", 'Ε': "e", 'Ζ': "z", 'Η': "h", 'η': "n", 'ι': "i", 'Ι': "i", 'κ': "k", 'Κ': "k", 'Μ': "m", 'Ν': "n", 'ν': "v",
	'ο': "o", 'Ο': "o", 'ρ': "p", 'Ρ': "p", 'τ': "t", 'Τ': "t", 'υ': "u", 'Υ': "y", 'χ': "x", 'Χ': "x", 'γ': "y", 'ω': "w",
	// Armenian, Hebrew and Roman letters that are used for the purpose
	'օ': "o", 'հ': "h", 'ո': "n", 'ս': "u", 'ց': "g", 'ⅼ': "l", 'ⅰ': "i", 'ⅽ': "c", 'ⅾ': "d", 'ⅿ': "m",
}

// stands tells whether a digit or mark of the text may stand for a letter of a term, as in "N0rdhafen".
func stands(text, term rune) bool {
	switch text {
	case '0':
		return term == 'o'
	case '1':
		return term == 'l' || term == 'i'
	case '3':
		return term == 'e'
	case '4':
		return term == 'a'
	case '5':
		return term == 's'
	case '7':
		return term == 't'
	case '8':
		return term == 'b'
	}
	return false
}
