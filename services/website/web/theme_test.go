package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadThemeRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, logo, want string }{
		"unknown key":       {`{"name":"A","colour":"#000000"}`, "", "colour"},
		"no name":           {`{"accent":"#000000"}`, "", "name"},
		"no colour":         {`{"name":"A","accent":"blue"}`, "", "accent"},
		"script in logo":    {`{"name":"A","logo":"logo.svg"}`, `<svg><script>alert(1)</script></svg>`, "<script>"},
		"handler in logo":   {`{"name":"A","logo":"logo.svg"}`, `<svg onload="x()"></svg>`, "onload"},
		"style in logo":     {`{"name":"A","logo":"logo.svg"}`, `<svg style="x"></svg>`, "style"},
		"load from logo":    {`{"name":"A","logo":"logo.svg"}`, `<svg><image href="https://a.example/x"/></svg>`, "<image>"},
		"page as logo":      {`{"name":"A","logo":"logo.svg"}`, `<p>hello</p>`, "svg"},
		"logo missing":      {`{"name":"A","logo":"none.svg"}`, "", "logo"},
		"face of odd name":  {`{"name":"A","fonts":{"text":{"family":"a\";}","file":"a.woff2"}}}`, "", "fonts.text"},
		"face of odd files": {`{"name":"A","fonts":{"text":{"family":"A","file":"a.ttf"}}}`, "", "fonts.text"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadTheme(writeTheme(t, c.file, c.logo))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want one that names %s", err, c.want)
			}
		})
	}
}

func TestThemeMakesTheSiteTheCompanysOwn(t *testing.T) {
	logo := `<svg viewBox="0 0 4 4"><path d="M0 0h4v4z"/></svg>`
	theme, err := LoadTheme(writeTheme(t, `{"name":"Acme","accent":"#e4002b","tagline":{"en":"We do","de":"Wir tun"},"logo":"logo.svg"}`, logo))
	if err != nil {
		t.Fatal(err)
	}
	assets, err := NewAssets(theme)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := NewAssets(DefaultTheme())
	if err != nil {
		t.Fatal(err)
	}
	if own, other := mustURL(t, assets, "theme.css"), mustURL(t, plain, "theme.css"); own == other {
		t.Errorf("two themes share the address %s", own)
	}
	if own, other := mustURL(t, assets, "site.css"), mustURL(t, plain, "site.css"); own != other {
		t.Errorf("the style sheet does not depend on the theme, yet %s became %s", other, own)
	}
	if string(theme.logo) != logo || theme.TaglineIn("de") != "Wir tun" || theme.TaglineIn("fr") != "We do" {
		t.Errorf("theme was read as %+v", theme)
	}
}

func mustURL(t *testing.T, a *Assets, name string) string {
	t.Helper()
	url, err := a.URL(name)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func writeTheme(t *testing.T, file, logo string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "theme.json")
	for name, text := range map[string]string{path: file, filepath.Join(dir, "logo.svg"): logo} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}
