package server

import (
	"strings"

	"renown.example/kit/clock"
)

// letterWords is the letter to a customer in one language. {company}, {title}, {name}, {link} and {date} are filled in.
type letterWords struct {
	subject, body, layout string
}

var letters = map[string]letterWords{
	"en": {
		subject: "{company}: please read and sign “{title}”",
		body: `Hello {name},

{company} would like to publish a story about your success: “{title}”.

Here is the exact text, as it would appear. You can comment on each part, ask for changes, or sign it:

{link}

The link works until {date}. Whoever has it can sign, so please do not pass it on. By the same link you can take your consent back later.
`,
		layout: "2 January 2006",
	},
	"de": {
		subject: "{company}: bitte lesen und freigeben: „{title}“",
		body: `Guten Tag {name},

{company} möchte eine Geschichte über Ihren Erfolg veröffentlichen: „{title}“.

Hier steht der genaue Wortlaut, so wie er erscheinen würde. Sie können jeden Teil kommentieren, um Änderungen bitten oder den Text freigeben:

{link}

Der Link gilt bis {date}. Wer ihn hat, kann freigeben; bitte geben Sie ihn nicht weiter. Über denselben Link können Sie Ihre Einwilligung später zurücknehmen.
`,
		layout: "02.01.2006",
	},
}

// signoffWords returns the letter in the language of the text, in English where there is none.
func signoffWords(locale string) letterWords {
	base, _, _ := strings.Cut(locale, "-")
	if w, ok := letters[base]; ok {
		return w
	}
	return letters["en"]
}

func (w letterWords) date(m clock.Millis) string { return m.Time().Format(w.layout) }

// fill puts values into a letter, in the order company, title, name, link, date.
func fill(text string, values ...string) string {
	names := []string{"{company}", "{title}", "{name}", "{link}", "{date}"}
	var pairs []string
	for i, v := range values {
		pairs = append(pairs, names[i], v)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
