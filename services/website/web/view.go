package web

import (
	"encoding/json"
	"fmt"
	"html/template"
	"time"
)

// View is what a page is made from: what the layout needs, and Data for the page itself. Templates call its methods as
// {{.T "key"}}, inside of range and with as {{$.T "key"}}.
type View struct {
	// Locale of the page's content, "en" when empty; the page itself speaks Spoken(Locale).
	Locale string
	// Title of the page without the company's name.
	Title string
	// Description for search engines and link previews, one sentence.
	Description string
	// Canonical is the page's absolute address; Alternates are those of its translations, itself included.
	Canonical  string
	Alternates []Alternate
	// Languages fill the switch in the header; fewer than two show none.
	Languages []Alternate
	// NoIndex keeps the page out of search engines.
	NoIndex bool
	// Links are further links of the head, such as those to feeds.
	Links []HeadLink
	// Meta are further tags of the head, such as og:title.
	Meta []Meta
	// LinkedData is written as JSON-LD, a data block that nothing runs.
	LinkedData any
	// Class is put on the body.
	Class string
	// Section is the key of the NavItem that the page belongs to.
	Section string
	// Styles and Modules are assets that this page needs beyond those of its layout, as "studio.css" and "js/editor.js".
	Styles, Modules []string

	// Nav, User and Home belong to the App layout.
	Nav  []NavItem
	User *User
	// Area is the name shown beside the company's in the App layout, such as "Studio", and Home its address.
	Area, Home string
	// Trail leads from the area's home to the page.
	Trail []Link
	// Notice is a message above the page about what just happened.
	Notice *Notice

	// Data is the page's own.
	Data any

	renderer *Renderer
}

// Alternate is the page in another language.
type Alternate struct {
	Locale, URL string
	Current     bool
}

// Name is the language's name in itself.
func (a Alternate) Name() string { return NativeName(a.Locale) }

// HeadLink is a link of the head to the same thing in another form.
type HeadLink struct{ Rel, Type, Title, URL string }

// Meta is one tag of the head; names that begin with "og:" or "article:" are written as property.
type Meta struct{ Name, Content string }

// NavItem is one place in the App layout's navigation. Count, when above zero, is what waits there.
type NavItem struct {
	Key, Label, URL, Icon string
	Count                 int64
}

// Link is a label and where it leads; without a URL it is plain text.
type Link struct{ Label, URL string }

// User is who is signed in. SignOutURL is posted to.
type User struct {
	Name, Detail, SignOutURL string
}

// Tone is what a message means.
type Tone string

// The tones. Each has its own icon and its own colour, never the colour alone.
const (
	PlainTone Tone = "plain"
	GoodTone  Tone = "good"
	WarnTone  Tone = "warn"
	BadTone   Tone = "bad"
)

// Notice is a message in words. Detail says what was kept or what to do next; Link leads there.
type Notice struct {
	Tone   Tone
	Text   string
	Detail string
	Link   *Link
}

// Lang is the locale of the page's content, for lang and Content-Language.
func (v *View) Lang() string {
	if v.Locale == "" {
		return "en"
	}
	return v.Locale
}

// PageLang is the language that the page around the content speaks.
func (v *View) PageLang() string { return Spoken(v.Lang()) }

// T says the words of a key.
func (v *View) T(key string, args ...any) (string, error) {
	return v.renderer.words.Say(v.Lang(), key, args...)
}

// N says the words of a key that counts.
func (v *View) N(key string, n any) (string, error) {
	count, err := toInt(n)
	if err != nil {
		return "", err
	}
	return v.renderer.words.Count(v.Lang(), key, count)
}

// Int writes a whole number as the reader does.
func (v *View) Int(n any) (string, error) {
	count, err := toInt(n)
	return FormatInt(v.Lang(), count), err
}

func toInt(n any) (int64, error) {
	switch n := n.(type) {
	case int:
		return int64(n), nil
	case int32:
		return int64(n), nil
	case int64:
		return n, nil
	case uint32:
		return int64(n), nil
	}
	return 0, fmt.Errorf("%T is no whole number", n)
}

// Day shows a date; Moment shows date and minute, which time.js puts into the reader's zone.
func (v *View) Day(t time.Time) template.HTML { return timeElement(v.PageLang(), t, false) }

// Moment shows date and minute; see Day.
func (v *View) Moment(t time.Time) template.HTML { return timeElement(v.PageLang(), t, true) }

// Theme gives the layout the company's name, tagline and logo.
func (v *View) Theme() *Theme { return &v.renderer.Theme }

// Tagline is the company's one line in the page's language.
func (v *View) Tagline() string { return v.renderer.Theme.TaglineIn(v.PageLang()) }

// Logo is the company's mark, checked when the theme was loaded.
func (v *View) Logo() template.HTML { return v.renderer.Theme.logo }

// Wordless says that the logo stands without the name.
func (v *View) Wordless() bool { return v.renderer.Theme.Wordless && v.renderer.Theme.logo != "" }

// Asset is the address of an asset.
func (v *View) Asset(name string) (string, error) { return v.renderer.Assets.URL(name) }

// Ground is the colour of the paper as #rrggbb, for the browser's own frame.
func (v *View) Ground(dark bool) (string, error) {
	light, night, err := v.renderer.Theme.Palettes()
	if err != nil {
		return "", err
	}
	if dark {
		return night[Paper].Hex(), nil
	}
	return light[Paper].Hex(), nil
}

// JSONLD is LinkedData as text that cannot end its element early: encoding/json escapes <, > and &.
func (v *View) JSONLD() (template.JS, error) {
	raw, err := json.Marshal(v.LinkedData)
	return template.JS(raw), err
}

// Tab is one of several pages about the same thing, for the part "tabs".
type Tab struct {
	Label, URL string
	Current    bool
	Count      int64
}
