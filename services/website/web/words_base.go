package web

// baseWords is what the layouts and the shared parts say.
var baseWords = Words{
	"base.skip":        {"en": "Skip to content", "de": "Zum Inhalt springen"},
	"base.nav":         {"en": "Main", "de": "Hauptbereiche"},
	"base.menu":        {"en": "Menu", "de": "Menü"},
	"base.stories":     {"en": "Stories", "de": "Geschichten"},
	"base.language":    {"en": "Language", "de": "Sprache"},
	"base.staff":       {"en": "Sign in for staff", "de": "Anmeldung für Mitarbeitende"},
	"base.signout":     {"en": "Sign out", "de": "Abmelden"},
	"base.promise":     {"en": "The customer agreed to every story here, word for word.", "de": "Jeder Geschichte hier hat der Kunde zugestimmt, Wort für Wort."},
	"base.requestid":   {"en": "Request %s", "de": "Anfrage %s"},
	"base.newer":       {"en": "Newer", "de": "Neuere"},
	"base.older":       {"en": "Older", "de": "Ältere"},
	"base.pages":       {"en": "Pages", "de": "Seiten"},
	"base.copy":        {"en": "Copy", "de": "Kopieren"},
	"base.copied":      {"en": "Copied", "de": "Kopiert"},
	"base.optional":    {"en": "optional", "de": "freiwillig"},
	"base.errors":      {"en": "%s answer needs another look|%s answers need another look", "de": "%s Angabe braucht noch einen Blick|%s Angaben brauchen noch einen Blick"},
	"base.breadcrumbs": {"en": "You are here", "de": "Sie sind hier"},
}
