package leak

import (
	"maps"
	"strings"
	"unicode"
)

// ways returns the ways in which a term is written besides what folding makes one of: umlauts as two letters and as one, "and" for an ampersand, a host in words.
func ways(t Term) []string {
	var out []string
	for _, text := range append([]string{t.Text}, t.Spellings...) {
		out = append(out, text, twoLetters.Replace(text))
		if one := oneLetter.Replace(text); one != text && len([]rune(one)) > short {
			out = append(out, one)
		}
		if strings.Contains(text, "&") {
			for _, and := range []string{" and ", " und ", " et ", " y "} {
				out = append(out, strings.ReplaceAll(text, "&", and))
			}
		}
		for _, and := range []string{" and ", " und "} {
			if strings.Contains(text, and) {
				out = append(out, strings.ReplaceAll(text, and, " & "))
			}
		}
		if t.Kind == Domain && strings.Contains(text, ".") {
			for _, dot := range []string{" dot ", " punkt ", " point "} {
				out = append(out, strings.ReplaceAll(text, ".", dot))
			}
		}
		if first, last, two := cutName(text); two && t.Kind == Person {
			out = append(out, last+", "+first)
		}
	}
	return out
}

var (
	twoLetters = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "ø", "oe", "Ø", "Oe", "å", "aa", "Å", "Aa")
	oneLetter  = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u", "Ae", "A", "Oe", "O", "Ue", "U")
)

// cutName parts a person's name before its last word.
func cutName(name string) (first, last string, two bool) {
	i := strings.LastIndexByte(name, ' ')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// legalForms end the names of companies and are no part of what people call them.
var legalForms = map[string]bool{
	"ab": true, "ag": true, "aps": true, "as": true, "asa": true, "bv": true, "co": true, "company": true, "corp": true, "corporation": true, "eg": true, "ek": true,
	"ev": true, "gmbh": true, "inc": true, "incorporated": true, "kg": true, "kgaa": true, "kk": true, "limited": true, "llc": true, "llp": true, "lp": true,
	"ltd": true, "nv": true, "ohg": true, "oy": true, "oyj": true, "plc": true, "pty": true, "sa": true, "sarl": true, "sas": true, "se": true, "sl": true, "spa": true,
	"srl": true, "sro": true, "ug": true, "mbh": true, "gbr": true,
}

// Words returns the words of a name, as they are written, without punctuation around them.
func Words(name string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("-–—/&+,;:()[]\"“”„", r)
	}) {
		if w = strings.Trim(w, ".'’"); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// NamesOf returns the terms that a company's name stands for: the name as it is and without its legal form, each of its words that is not an ordinary one,
// and its initials.
func NamesOf(name string) []Term {
	words := Words(name)
	known := words
	for len(known) > 1 && legalForms[squeezed(known[len(known)-1])] {
		known = known[:len(known)-1]
	}
	var out []Term
	add := func(kind Kind, text string) {
		for _, t := range out {
			if wordsOf(fold(t.Text)) == wordsOf(fold(text)) {
				return
			}
		}
		if len(fold(text)) > 1 {
			out = append(out, Term{Kind: kind, Text: text})
		}
	}
	add(Name, name)
	add(Name, strings.Join(known, " "))
	for _, w := range known {
		if len(fold(w)) >= 3 && !Ordinary(w) && !legalForms[squeezed(w)] {
			add(Name, w)
		}
	}
	add(Initials, initialsOf(words))
	add(Initials, initialsOf(known))
	var strong []string
	for _, w := range known {
		if !joining[squeezed(w)] {
			strong = append(strong, w)
		}
	}
	add(Initials, initialsOf(strong))
	return out
}

// PersonsOf returns the terms that a person's name stands for: the name, the last word of it, and the initials.
func PersonsOf(name string) []Term {
	words := Words(name)
	if len(words) == 0 {
		return nil
	}
	out := []Term{{Kind: Person, Text: strings.Join(words, " ")}}
	if last := words[len(words)-1]; len(words) > 1 && len(fold(last)) >= 3 && !Ordinary(last) {
		out = append(out, Term{Kind: Person, Text: last})
	}
	if in := initialsOf(words); in != "" && !ordinary[strings.ToLower(in)] {
		out = append(out, Term{Kind: Initials, Text: in})
	}
	return out
}

// initialsOf are the first letters of two words or more.
func initialsOf(words []string) string {
	var b strings.Builder
	for _, w := range words {
		if l := fold(w); len(l) > 0 {
			b.WriteString(strings.ToUpper(string([]rune(w)[:1])))
		}
	}
	if len([]rune(b.String())) < 2 {
		return ""
	}
	return b.String()
}

func squeezed(w string) string { return strings.ReplaceAll(wordsOf(fold(w)), " ", "") }

// Ordinary reports whether a word is one that everybody uses, so that it tells nobody's name by itself.
func Ordinary(word string) bool { return ordinary[squeezed(word)] || joining[squeezed(word)] }

// joining are words that join the words of a name.
var joining = set("a am an and at auf by d da das de dei del della der des di die do dos du e el en et for fuer im in la las le les lo los of on the to und van von y zu zum zur")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[squeezed(w)] = true
	}
	return out
}

func union(sets ...map[string]bool) map[string]bool {
	out := map[string]bool{}
	for _, s := range sets {
		maps.Copy(out, s)
	}
	return out
}
