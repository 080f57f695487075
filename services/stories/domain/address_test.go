package domain

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"renown.example/kit/fault"
)

// register is the simplest thing that keeps slugs: what a table does, in memory.
type register struct {
	slugs     map[string]string   // story -> slug
	redirects map[string]Redirect // from ->
}

func (r register) Current(story string) (string, bool) { s, ok := r.slugs[story]; return s, ok }

func (r register) Owner(slug string) (string, bool) {
	for story, s := range r.slugs {
		if s == slug {
			return story, true
		}
	}
	return "", false
}

func (r register) Former(slug string) (string, bool) {
	d, ok := r.redirects[slug]
	return d.Story, ok
}

func (r register) Redirects(story string) (list []string) {
	for from, d := range r.redirects {
		if d.Story == story {
			list = append(list, from)
		}
	}
	return list
}

func (r register) write(p AddressPlan) {
	for _, from := range p.Remove {
		delete(r.redirects, from)
	}
	for _, a := range p.Slugs {
		r.slugs[a.Story] = a.Slug
	}
	for _, d := range p.Set {
		r.redirects[d.From] = d
	}
}

func (r register) String() string {
	var lines []string
	for story, slug := range r.slugs {
		lines = append(lines, story+"="+slug)
	}
	for from, d := range r.redirects {
		lines = append(lines, from+">"+d.To)
	}
	slices.Sort(lines)
	return strings.Join(lines, " ")
}

func TestAssign(t *testing.T) {
	type calls [][]Assignment
	one := func(story, slug string) []Assignment { return []Assignment{{story, slug}} }
	cases := []struct {
		name  string
		calls calls
		want  string
		fails bool // the last call
	}{
		{"first publication", calls{one("1", "a")}, "1=a", false},
		{"published again", calls{one("1", "a"), one("1", "a")}, "1=a", false},
		{"a change", calls{one("1", "a"), one("1", "b")}, "1=b a>b", false},
		{"a chain", calls{one("1", "a"), one("1", "b"), one("1", "c")}, "1=c a>c b>c", false},
		{"back again", calls{one("1", "a"), one("1", "b"), one("1", "a")}, "1=a b>a", false},
		{"round and round", calls{one("1", "a"), one("1", "b"), one("1", "c"), one("1", "a")}, "1=a b>a c>a", false},
		{"another's slug", calls{one("1", "a"), one("2", "a")}, "1=a", true},
		{"another's former slug", calls{one("1", "a"), one("1", "b"), one("2", "a")}, "1=b a>b", true},
		{"an exchange", calls{one("1", "a"), one("2", "b"), {{"1", "b"}, {"2", "a"}}}, "1=b 2=a", false},
		{"an exchange keeps older redirects", calls{one("1", "x"), one("1", "a"), one("2", "b"), {{"1", "b"}, {"2", "a"}}}, "1=b 2=a x>b", false},
		{"a former slug given up", calls{one("1", "a"), one("1", "b"), one("2", "c"), {{"1", "b"}, {"2", "a"}}}, "1=b 2=a c>a", false},
		{"three in a ring", calls{one("1", "a"), one("2", "b"), one("3", "c"), {{"1", "b"}, {"2", "c"}, {"3", "a"}}}, "1=b 2=c 3=a", false},
		{"both want the same", calls{one("1", "a"), {{"1", "b"}, {"2", "b"}}}, "1=a", true},
		{"two for one", calls{one("1", "a"), {{"1", "b"}, {"1", "c"}}}, "1=a", true},
		{"no slug at all", calls{one("1", "a"), one("1", "A b")}, "1=a", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := register{map[string]string{}, map[string]Redirect{}}
			for i, call := range c.calls {
				plan, err := Assign(r, call...)
				if (err != nil) != (c.fails && i == len(c.calls)-1) {
					t.Fatalf("call %d: %v", i, err)
				}
				r.write(plan)
			}
			if diff := cmp.Diff(c.want, r.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAssignNamesTheOwner(t *testing.T) {
	r := register{map[string]string{"1": "a"}, map[string]Redirect{}}
	_, err := Assign(r, Assignment{"2", "a"})
	if e, _ := fault.As(err); !fault.Has(err, fault.AlreadyExists) || !strings.Contains(e.Message, `"1"`) || e.Fields[0].Path != "slug" {
		t.Errorf("got %v", err)
	}
}

// TestAssignNeverMisleads: whatever is asked for in whatever order, every redirect goes in one hop to the slug that its story has, and no address is lost
// unless the story gave it up.
func TestAssignNeverMisleads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := register{map[string]string{}, map[string]Redirect{}}
		for range rapid.IntRange(1, 30).Draw(t, "calls") {
			n := rapid.IntRange(1, 3).Draw(t, "stories")
			var call []Assignment
			for range n {
				call = append(call, Assignment{fmt.Sprint(rapid.IntRange(1, 4).Draw(t, "story")), rapid.StringMatching("[a-e]").Draw(t, "slug")})
			}
			plan, err := Assign(r, call...)
			if err != nil {
				continue
			}
			before := r.String()
			r.write(plan)
			seen := map[string]bool{}
			for _, slug := range r.slugs {
				if _, isRedirect := r.redirects[slug]; isRedirect || seen[slug] {
					t.Fatalf("%s is ambiguous after %v: %s -> %s", slug, call, before, r)
				}
				seen[slug] = true
			}
			for from, d := range r.redirects {
				if r.slugs[d.Story] != d.To {
					t.Fatalf("%s leads to %s, but the story is at %s: %s", from, d.To, r.slugs[d.Story], r)
				}
			}
		}
	})
}

func TestPick(t *testing.T) {
	cases := []struct {
		requested, up, gone, chain string
		want                       string
		standing                   Standing
	}{
		{"en", "en de", "", "en", "en", Up},
		{"fr", "en de", "", "de en", "de", Up},
		{"fr", "en", "", "de en", "en", Up},
		{"de-AT", "de en", "", "en", "de", Up},
		{"zh-Hant-TW", "zh-Hant en", "", "en", "zh-Hant", Up},
		{"de", "en", "de", "en", "", Gone},
		{"de-AT", "en", "de", "en", "en", Up},
		{"fr", "en", "de", "de en", "en", Up},
		{"fr", "", "de", "de en", "", Gone},
		{"fr", "", "", "de en", "", NeverPublished},
		{"fr", "es", "", "de en", "", NeverPublished},
	}
	for _, c := range cases {
		locale, s := Pick(c.requested, strings.Fields(c.chain), func(l string) Standing {
			switch {
			case slices.Contains(strings.Fields(c.up), l):
				return Up
			case slices.Contains(strings.Fields(c.gone), l):
				return Gone
			}
			return NeverPublished
		})
		if locale != c.want || s != c.standing {
			t.Errorf("%+v: got %q, %d", c, locale, s)
		}
	}
	if bad := CheckChain([]string{"en", "de"}); bad != "" {
		t.Error(bad)
	}
	for _, chain := range [][]string{{"en", "e n"}, {"en", "en"}} {
		if CheckChain(chain) != chain[1] {
			t.Errorf("%v was accepted", chain)
		}
	}
}
