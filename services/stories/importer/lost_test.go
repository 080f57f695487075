package importer_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"renown.example/stories/domain"
	"renown.example/stories/importer"
)

// writer writes pages out of words that occur once each.
type writer struct {
	t     *rapid.T
	words []string
	html  bool
	mdx   bool
}

func (w *writer) word() string {
	word := fmt.Sprintf("w%dq", len(w.words))
	w.words = append(w.words, word)
	return word
}

func (w *writer) pick(of ...func() string) string {
	return of[rapid.IntRange(0, len(of)-1).Draw(w.t, "kind")]()
}

// words writes some words with markup among them.
func (w *writer) some() string {
	var out []string
	for range rapid.IntRange(1, 4).Draw(w.t, "words") {
		out = append(out, w.pick(
			w.word, w.word,
			func() string { return w.mark("**", "b") },
			func() string { return w.mark("*", "em") },
			func() string { return w.mark("`", "code") },
			func() string { return "<kbd>" + w.word() + "</kbd>" },
			func() string { return "<sup>" + w.word() + "</sup>" },
			func() string { return w.link("https://northwind.example/" + w.word()) },
			func() string { return w.link("/" + w.word() + "/") },
			func() string { return w.link("javascript:" + w.word()) },
			func() string { return w.picture() },
			func() string { return "{{< widget id=\"" + w.word() + "\" >}}" },
			func() string { return "{{ site." + w.word() + " }}" },
			func() string { return "<script>" + w.word() + "()</script>" },
			func() string { return "<span style=\"color:red\">" + w.word() + "</span>" },
			func() string { return "<!-- " + w.word() + " -->" },
		))
	}
	return strings.Join(out, rapid.SampledFrom([]string{" ", " ", "\n", ", ", ""}).Draw(w.t, "between"))
}

func (w *writer) mark(md, tag string) string {
	if w.html {
		return "<" + tag + ">" + w.word() + "</" + tag + ">"
	}
	return md + w.word() + md
}

func (w *writer) link(to string) string {
	if w.html {
		return "<a href=\"" + to + "\">" + w.word() + "</a>"
	}
	return "[" + w.word() + "](" + to + ")"
}

func (w *writer) picture() string {
	file := rapid.SampledFrom([]string{"pic.png", "/img/hall.jpg", "gone.png", "https://cdn.example/x.png"}).Draw(w.t, "file")
	if w.html {
		return "<img src=\"" + file + "\" alt=\"" + w.word() + "\">"
	}
	return "![" + w.word() + "](" + file + " \"" + w.word() + "\")"
}

func (w *writer) block(deep int) string {
	if w.html {
		return w.pick(
			func() string { return "<p>" + w.some() + "</p>" },
			func() string { return w.some() },
			func() string { return "<h2>" + w.some() + "</h2>" },
			func() string { return "<ul><li>" + w.some() + "</li><li><p>" + w.some() + "</p></li></ul>" },
			func() string { return "<table><tr><th>" + w.some() + "</th><td>" + w.some() + "</td></tr></table>" },
			func() string { return "<blockquote>" + w.some() + "<cite>Ada " + w.word() + "</cite></blockquote>" },
			func() string {
				return "<figure><img src=\"pic.png\"><figcaption>" + w.some() + "</figcaption></figure>"
			},
			func() string { return "<div class=\"quote\">" + w.nested(deep) + "</div>" },
			func() string {
				return "<form><input value=\"" + w.word() + "\"><button>" + w.word() + "</button></form>"
			},
			func() string { return "<pre>" + w.word() + "\n" + w.word() + "</pre>" },
			func() string {
				return "<iframe src=\"https://maps.example/" + w.word() + "\">" + w.word() + "</iframe>"
			},
			func() string { return "[caption id=\"1\"]" + w.some() + "[/caption]" },
		)
	}
	return w.pick(
		w.some, w.some,
		func() string { return "## " + strings.ReplaceAll(w.some(), "\n", " ") },
		func() string {
			return "- " + strings.ReplaceAll(w.some(), "\n", " ") + "\n- " + strings.ReplaceAll(w.some(), "\n", " ")
		},
		func() string { return "1. " + w.word() + "\n\n   " + w.word() + "\n2. " + w.word() },
		func() string {
			return "| " + w.word() + " | " + w.word() + " |\n|---|---|\n| " + w.mark("**", "b") + " | " + w.word() + " |"
		},
		func() string { return "> " + w.word() + "\n>\n> — Ada " + w.word() + ", " + w.word() },
		func() string { return "{{< quote author=\"" + w.word() + "\" >}}\n" + w.some() + "\n{{< /quote >}}" },
		func() string { return "{% include " + w.word() + ".html title=\"" + w.word() + "\" %}" },
		func() string { return ":::note " + w.word() + "\n" + w.nested(deep) + "\n:::" },
		func() string { return "```" + "\n" + w.word() + "\n```" },
		func() string { return "Words[^a]\n\n[^a]: " + w.word() },
		func() string { return "<div class=\"x\">\n\n" + w.nested(deep) + "\n\n</div>" },
		func() string { return "<details><summary>" + w.word() + "</summary>" + w.word() + "</details>" },
		func() string { return w.word() + "\n: " + w.word() },
		func() string {
			return "<Stat value=\"" + w.word() + "\" label=\"" + w.word() + "\">" + w.word() + "</Stat>"
		},
		func() string { return "<Card title=\"" + w.word() + "\">\n\n" + w.nested(deep) + "\n\n</Card>" },
	)
}

func (w *writer) nested(deep int) string {
	if deep > 2 {
		return w.some()
	}
	return w.block(deep + 1)
}

func (w *writer) front() string {
	value := func() string {
		return w.pick(
			w.word,
			func() string { return w.word() + " " + w.word() },
			func() string { return "[" + w.word() + ", " + w.word() + "]" },
			func() string { return "{name: " + w.word() + ", " + w.word() + ": " + w.word() + "}" },
			func() string {
				return "[{value: \"3" + w.word() + "\", label: " + w.word() + ", note: " + w.word() + "}]"
			},
			func() string {
				return "{src: pic.png, alt: " + w.word() + ", credit: " + w.word() + ", by: " + w.word() + "}"
			},
			func() string { return "/" + w.word() + "/pic.png" },
			func() string { return "\"https://" + w.word() + ".example/" + w.word() + "\"" },
			func() string { return strings.Repeat("long ", 60) + w.word() },
		)
	}
	keys := []string{"title", "name", "description", "summary", "client", "company", "industry", "tags", "product", "region", "image", "logo", "quote", "testimonials", "quoteAuthor", "stats",
		"results", "challenge", "ourSolution", "video", "cta", "slug", "url", "author", "date", "draft", "odd", "seo", "size", "lang"}
	var b strings.Builder
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 8, rapid.ID).Draw(w.t, "keys") {
		b.WriteString(key + ": " + value() + "\n")
	}
	return b.String()
}

// Every word of a page is in its story, beside it or in the report, wherever it stood and whatever stood around it.
func TestNoWordIsLostInSilence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a.md", "a.mdx", "a.html"}).Draw(t, "name")
		w := &writer{t: t, html: name == "a.html", mdx: name == "a.mdx"}
		body := "First words.\n\n"
		if front := w.front(); front != "" {
			body = "---\n" + front + "---\n\n" + body
		}
		for range rapid.IntRange(1, 6).Draw(t, "blocks") {
			body += w.block(0) + "\n\n"
		}
		pages := importer.Read([]importer.File{{Path: name, Data: []byte(body)}, {Path: "pic.png"}, {Path: "static/img/hall.jpg"}}, importer.Mapping{Locale: "en"})
		p := pages[0]
		if p.Refuse {
			return // it stays where it was, and the report says so
		}
		told := told(p) + string(domain.Format(domain.Document{Kept: p.Document.Kept}, nil))
		for _, word := range w.words {
			if !strings.Contains(told, word) {
				t.Fatalf("%s is nowhere:\n%s\n\nof\n%s", word, told, body)
			}
		}
	})
}
