package explain

import (
	"fmt"
	"strconv"
	"strings"

	"renown.example/loyalty/calendar"
)

// Language is one that explanations are written in.
type Language string

// The languages.
const (
	English Language = "en"
	German  Language = "de"
)

// LanguageOf returns the language of a tag such as "de-AT", English if explanations are not written in it.
func LanguageOf(tag string) Language {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if l := Language(base); l == German {
		return l
	}
	return English
}

// manner is how a language writes dates and numbers. A date's verbs are day, month's name and year.
type manner struct {
	months       [12]string
	days         [7]string // from Sunday on
	date         string
	group, point string
	one, many    string
}

var manners = map[Language]manner{
	English: {
		months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		days:   [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		date:   "%d %s %d", group: ",", point: ".", one: "point", many: "points",
	},
	German: {
		months: [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		days:   [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
		date:   "%d. %s %d", group: ".", point: ",", one: "Punkt", many: "Punkte",
	},
}

// say fills in a message.
func (l Language) say(key string, args ...any) string {
	text, known := messages[key][l]
	if !known {
		text = messages[key][English]
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// number groups the digits of a whole number.
func (l Language) number(n int64) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "−"
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + manners[l].group + digits[i:]
	}
	return sign + digits
}

// decimal writes an exact decimal, or several with signs between them, with the mark that the language has.
func (l Language) decimal(exact string) string {
	return strings.ReplaceAll(exact, ".", manners[l].point)
}

func (l Language) date(d calendar.Date) string {
	m := manners[l]
	return fmt.Sprintf(m.date, d.Day, m.months[d.Month-1], d.Year)
}
