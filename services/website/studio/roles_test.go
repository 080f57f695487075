package studio_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// The menu holds what the role may open and nothing else; its home, where signing in leads, is one of them, and a page that is refused leads back there.
func TestTheMenuIsTheRoles(t *testing.T) {
	stories := []string{"/studio", "/studio/stories", "/studio/consents", "/studio/terms", "/studio/figures"}
	of := map[string][]string{
		"author":   append(slices.Clone(stories), "/studio/audit", "/studio/sessions"),
		"approver": append(slices.Clone(stories), "/studio/audit", "/studio/sessions"),
		"editor":   append(slices.Clone(stories), "/studio/outbox", "/studio/import", "/studio/audit", "/studio/sessions"),
		"manager":  {"/studio/loyalty", "/studio/sessions"},
		"admin": append(slices.Clone(stories), "/studio/loyalty", "/studio/outbox", "/studio/import", "/studio/audit", "/studio/people", "/studio/apps",
			"/studio/sessions"),
	}
	every := of["admin"]
	for role, want := range of {
		h, _ := desk(t, role)
		_, doc := visit(t, h, "/studio/nowhere", nil)
		var menu []string
		doc.Find(".app-nav a").Each(func(_ int, a *goquery.Selection) { menu = append(menu, a.AttrOr("href", "")) })
		if !slices.Equal(menu, want) {
			t.Errorf("the menu of a role %s is %q, want %q", role, menu, want)
		}
		home := doc.Find(".brand").AttrOr("href", "")
		if home != want[0] || doc.Find(".problem .actions a").AttrOr("href", "") != home {
			t.Errorf("the home of a role %s is %s", role, home)
		}
		for _, page := range every {
			res, _ := visit(t, h, page, nil)
			if refused := res.StatusCode == http.StatusForbidden; refused == slices.Contains(menu, page) && !(page == "/studio" && role == "manager") {
				t.Errorf("a role %s is answered %d at %s", role, res.StatusCode, page)
			}
		}
	}
	h, _ := desk(t, "manager")
	if res, _ := visit(t, h, "/studio", nil); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/studio/loyalty" {
		t.Errorf("a manager who has signed in is answered %d, to %s", res.StatusCode, res.Header.Get("Location"))
	}
}
