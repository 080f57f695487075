package domain

import (
	"strings"
	"testing"
)

// FuzzFrontMatter reads what stands between the two lines: it is refused at a line of the file, or an export of it is read back as the same.
func FuzzFrontMatter(f *testing.F) {
	f.Add("title: A\nsummary: B\ncustomer: C\nindustry: [D, E]\nregion:\n  - F\nsize: 10\n")
	f.Add("title: \"a: b\"\nconsent:\n  scope: [web]\n  given_by: D\n  given_on: 2026-01-01\n  ends: 2027-01-01\n  evidence: |\n    E\n")
	f.Add("title: &a x\ncustomer: *a\n<<: {summary: y}\n")
	f.Add("title: a\ntitle: b\n? c\n: d\n")
	f.Add("\ttitle: !!binary aGVsbG8=\nuse_case: [[a]]\nstand_in: null\n")
	f.Fuzz(func(t *testing.T, front string) {
		file := "---\nstory: s\nlocale: en\n" + front + "\n---\n\nText.\n"
		d, problems := Parse("s.en.md", []byte(file))
		lines := strings.Count(unixLines(file), "\n") + 1
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Message == "" {
				t.Fatalf("%+v in a file of %d lines: %q", p, lines, file)
			}
		}
		if Refused(problems) || Validate(d.Content) != nil {
			return
		}
		comesBack(t, d)
	})
}

// FuzzBlocks reads a block of any kind with any fields.
func FuzzBlocks(f *testing.F) {
	f.Add("quote", "text: A\nby: B\nrole: C\n")
	f.Add("metric", "value: \"38\"\nunit: \"%\"\nlabel: A\nbaseline: B\nperiod: C\nsample: D\nmethod: E\nmeasured_on: 2026-01-01\n")
	f.Add("before-after", "before: |\n  A\n\n  B\nafter: C\n")
	f.Add("image", "src: images/"+strings.Repeat("a", 64)+".png\nalt: A\ndecorative: true\nlogo: true\n")
	f.Add("video", "url: https://a.example/b\ntitle: A\n")
	f.Add("cta", "label: A\nurl: /b\n")
	f.Add("text", "markdown: |\n  ::: quote\n  :::\n")
	f.Add("carousel", ":::\n::: quote\ntext: [a]\n")
	f.Fuzz(func(t *testing.T, kind, fields string) {
		file := "---\nstory: s\nlocale: en\ntitle: T\n---\n\n::: " + kind + "\n" + fields + "\n:::\n\nAfter.\n"
		d, problems := Parse("s.en.md", []byte(file))
		if !Refused(problems) && len(d.Origins) != len(d.Content.Blocks) {
			t.Fatalf("%d origins of %d blocks: %q", len(d.Origins), len(d.Content.Blocks), file)
		}
		if Refused(problems) || Validate(d.Content) != nil {
			return
		}
		comesBack(t, d)
	})
}

// comesBack checks that an export of a document is read back as the same document.
func comesBack(t *testing.T, d Document) {
	t.Helper()
	first := Format(d, nil)
	back, problems := Parse("", first)
	if Refused(problems) {
		t.Fatalf("an export is refused: %v\n%q", problems, first)
	}
	if second := Format(back, nil); string(second) != string(first) {
		t.Fatalf("exports differ:\n%q\n%q", first, second)
	}
	if before, after := Hash(d.Content), Hash(back.Content); before != after {
		t.Fatalf("the words are not the same after an export: %s, %s\n%q", before, after, first)
	}
}
