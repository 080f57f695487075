package domain

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSlugify(t *testing.T) {
	cases := []struct{ title, locale, want string }{
		{"Nordhafen cut late deliveries by 38 %", "en", "nordhafen-cut-late-deliveries-by-38"},
		{"  --Hello,   World!-- ", "en", "hello-world"},
		{"Überraschung für Größe", "de", "ueberraschung-fuer-groesse"},
		{"Pingüino", "es", "pinguino"},
		{"Hyvää työtä", "fi", "hyvaa-tyota"},
		{"Café déjà vu", "fr", "cafe-deja-vu"},
		{"Cafe\u0301", "fr", "cafe"},
		{"L’équipe d'été", "fr", "lequipe-dete"},
		{"Łódź i Gdańsk", "pl", "lodz-i-gdansk"},
		{"İstanbul'da ışık", "tr", "istanbulda-isik"},
		{"Smørrebrød på Ærø", "da", "smoerrebroed-paa-aeroe"},
		{"Съезд объединяет Москву", "ru", "sezd-obedinyaet-moskvu"},
		{"Щедър ъгъл", "bg", "shtedar-agal"},
		{"Гарний день", "uk", "harnyy-den"},
		{"Ελλάδα ώρα", "el", "ellada-ora"},
		{"ﬁne ½ №5 Ⅳ", "en", "fine-12-no5-iv"},
		{"東京", "ja", ""},
		{"…", "en", ""},
		{strings.Repeat("word ", 40), "en", strings.TrimSuffix(strings.Repeat("word-", 16), "-")},
		{strings.Repeat("a", 200), "en", strings.Repeat("a", 80)},
	}
	for _, c := range cases {
		if got := Slugify(c.title, c.locale); got != c.want {
			t.Errorf("Slugify(%q, %s) = %q, want %q", c.title, c.locale, got, c.want)
		}
	}
}

func TestSlugifyMakesSlugs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		title := rapid.String().Draw(t, "title")
		if s := Slugify(title, rapid.SampledFrom([]string{"en", "de", "tr", "uk"}).Draw(t, "locale")); s != "" && !ValidSlug(s) {
			t.Fatalf("Slugify(%q) = %q, which is no slug", title, s)
		}
	})
}

func TestValidSlugAndID(t *testing.T) {
	for s, want := range map[string][2]bool{
		"a": {true, true}, "a-b-2": {true, true}, "": {}, "-a": {}, "a-": {}, "a--b": {false, true}, "A": {}, "ä": {}, "a b": {}, "a/b": {}, "a.b": {},
		strings.Repeat("a", 64): {true, true}, strings.Repeat("a", 120): {true, false}, strings.Repeat("a", 121): {},
	} {
		if ValidSlug(s) != want[0] || ValidID(s) != want[1] {
			t.Errorf("%q: slug %t, id %t", s, ValidSlug(s), ValidID(s))
		}
	}
}
