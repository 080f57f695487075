package server

import (
	"strings"

	"renown.example/kit/clock"
)

// letterWords is the letter to a customer in one language. {company}, {title}, {name}, {link} and {date} are filled in.
type letterWords struct {
	subject, body, layout string
	// unlinked is the letter where there is no link to put in: it is sent by a person, who takes the answer.
	unlinked string
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

var reminders = map[string]letterWords{
	"en": {
		subject: "{company}: your consent to “{title}” ends on {date}",
		body: `Hello {name},

you agreed that {company} publishes the story of your success, “{title}”. That holds until {date}; then the story comes down.

If it may stay, renew your consent: the same words, the same uses, for as long again. One press on this page is enough:

{link}

If not, you need not do anything. By the same link you can take your consent back at any time. Please do not pass it on.
`,
		unlinked: `Hello {name},

you agreed that {company} publishes the story of your success, “{title}”. That holds until {date}; then the story comes down.

If it may stay, please write back that you agree to the same words and uses once more, and until when. If not, you need not do anything.
`,
		layout: "2 January 2006",
	},
	"de": {
		subject: "{company}: Ihre Einwilligung zu „{title}“ endet am {date}",
		body: `Guten Tag {name},

Sie haben zugestimmt, dass {company} die Geschichte Ihres Erfolgs veröffentlicht: „{title}“. Das gilt bis {date}; danach wird die Geschichte entfernt.

Wenn sie bleiben darf, verlängern Sie Ihre Einwilligung: derselbe Wortlaut, dieselbe Verwendung, noch einmal so lange. Ein Druck auf dieser Seite genügt:

{link}

Wenn nicht, müssen Sie nichts tun. Über denselben Link können Sie Ihre Einwilligung jederzeit zurücknehmen. Bitte geben Sie ihn nicht weiter.
`,
		unlinked: `Guten Tag {name},

Sie haben zugestimmt, dass {company} die Geschichte Ihres Erfolgs veröffentlicht: „{title}“. Das gilt bis {date}; danach wird die Geschichte entfernt.

Wenn sie bleiben darf, schreiben Sie bitte zurück, dass Sie demselben Wortlaut und derselben Verwendung noch einmal zustimmen, und bis wann. Wenn nicht, müssen Sie nichts tun.
`,
		layout: "02.01.2006",
	},
}

// signoffWords and reminderWords return a letter in the language of the text, in English where there is none.
func signoffWords(locale string) letterWords  { return spoken(letters, locale) }
func reminderWords(locale string) letterWords { return spoken(reminders, locale) }

func spoken(in map[string]letterWords, locale string) letterWords {
	base, _, _ := strings.Cut(locale, "-")
	if w, ok := in[base]; ok {
		return w
	}
	return in["en"]
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
