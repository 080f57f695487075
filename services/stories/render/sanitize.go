package render

import (
	"regexp"

	"github.com/microcosm-cc/bluemonday"
)

// sanitize is the second fence: whatever the code above it did wrong, nothing but these elements and attributes leaves this package.
func sanitize(fragment string) string { return policy.Sanitize(fragment) }

var policy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("section", "figure", "figcaption", "div", "span", "p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code",
		"em", "strong", "del", "sup", "hr", "br", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^block block-(?:text|quote|metric|before-after|image|video|cta)$`)).OnElements("section", "figure")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(?:by|role|metric-value|metric-unit)$`)).OnElements("span")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(?:side|metric-(?:figure|label|baseline|period|sample|method|date))$`)).OnElements("p")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(?:before|after|footnotes)$`)).OnElements("div")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^align-(?:right|center)$`)).OnElements("th", "td")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-[A-Za-z0-9+#._-]{1,40}$`)).OnElements("code")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(?:video-link|cta-link|footnote-(?:ref|backref))$`)).OnElements("a")
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^doc-(?:noteref|backlink|endnotes)$`)).OnElements("a", "div")
	p.AllowAttrs("id").Matching(regexp.MustCompile(`^h-?[a-z0-9-]*$`)).OnElements("h2", "h3", "h4", "h5", "h6")
	p.AllowAttrs("id").Matching(regexp.MustCompile(`^b[0-9]+-fn(?:ref[0-9]*)?:[0-9]+$`)).OnElements("li", "sup")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^(?:nofollow )?noopener$`)).OnElements("a")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("title").OnElements("a")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(bluemonday.Integer).OnElements("img")
	p.AllowAttrs("loading").Matching(regexp.MustCompile(`^lazy$`)).OnElements("img")
	p.AllowAttrs("decoding").Matching(regexp.MustCompile(`^async$`)).OnElements("img")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(true)
	p.AllowURLSchemes("https", "mailto")
	return p
}()
