package domain

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"renown.example/kit/fault"
	"renown.example/stories/prose"
)

// maxFindings bounds what one refusal lists: a file of nonsense must not become a page of errors.
const maxFindings = 50

// findings collects what is wrong with a text.
type findings struct{ fields []fault.Field }

func (f *findings) add(path, format string, args ...any) {
	if len(f.fields) < maxFindings {
		f.fields = append(f.fields, fault.Field{Path: path, Message: fmt.Sprintf(format, args...)})
	}
}

// fault makes one refusal of all findings, nil when there are none.
func (f *findings) fault(reason fault.Reason, what string) error {
	switch n := len(f.fields); n {
	case 0:
		return nil
	case 1:
		return reason.New("%s: %s: %s", what, f.fields[0].Path, f.fields[0].Message).With(f.fields...)
	default:
		return reason.New("%s for %d reasons, the first being %s: %s", what, n, f.fields[0].Path, f.fields[0].Message).With(f.fields...)
	}
}

// Validate checks everything about c that does not depend on anything else, and refuses with fault.ContentRejected, which lists every finding (up to 50) under
// paths such as "content.blocks[2].image.alt". A valid text may still lack what publication needs: see ValidatePublishable.
func Validate(c Content) error {
	var f findings
	if !ValidLocale(c.Locale) {
		f.add("content.locale", "must be a language tag such as \"en\" or \"pt-BR\", not %s", shown(c.Locale))
	}
	single := func(path, value string, bound int) {
		f.characters("content."+path, value, attribute{max: bound})
	}
	single("title", c.Title, MaxTitle)
	single("summary", c.Summary, MaxSummary)
	single("customer", c.Customer, MaxCustomer)
	single("size", c.Size, MaxSize)
	single("standIn", c.StandIn, MaxCustomer)
	f.terms("industry", c.Industry)
	f.terms("region", c.Region)
	f.terms("product", c.Product)
	f.terms("useCase", c.UseCase)
	if len(c.Blocks) > MaxBlocks {
		f.add("content.blocks", "may hold at most %d blocks, not %d", MaxBlocks, len(c.Blocks))
		return f.fault(fault.ContentRejected, "The text is refused")
	}
	for i := range c.Blocks {
		f.block(fmt.Sprintf("content.blocks[%d]", i), &c.Blocks[i])
	}
	if len(f.fields) == 0 {
		if n := len(Canonical(c)); n > MaxContentBytes {
			f.add("content", "is too large: %d bytes, at most %d are allowed", n, MaxContentBytes)
		}
	}
	return f.fault(fault.ContentRejected, "The text is refused")
}

func (f *findings) terms(name string, list []string) {
	if len(list) > MaxTerms {
		f.add("content."+name, "may hold at most %d entries, not %d", MaxTerms, len(list))
		return
	}
	for i, t := range list {
		path := fmt.Sprintf("content.%s[%d]", name, i)
		f.characters(path, t, attribute{max: MaxTerm, required: true})
	}
}

func (f *findings) block(path string, b *Block) {
	if _, known := blank(b.Kind); !known {
		f.add(path+".kind", "%s is not a kind of block; there are %s", shown(string(b.Kind)), kindList())
		return
	}
	attributes := b.attributes()
	if attributes == nil || b.parts() != 1 {
		f.add(path, "a block of kind %q needs the part %q and no other", b.Kind, b.Kind.field())
		return
	}
	path += "." + b.Kind.field() + "."
	for _, a := range attributes {
		sound := f.characters(path+a.name, *a.value, a)
		if sound && a.url && *a.value != "" {
			f.address(path+a.name, *a.value)
		}
		if sound && a.day && *a.value != "" && startOfDay(*a.value, 0) == 0 {
			f.add(path+a.name, "must be a day such as \"2026-03-02\", not %s", shown(*a.value))
		}
		if sound && a.point && *a.value != "" {
			if _, _, ok := ParsePoint(*a.value); !ok {
				f.add(path+a.name, "must be two whole numbers from 0 to 100, such as \"50 30\", not %s", shown(*a.value))
			}
		}
		if sound && b.Kind == KindText {
			f.markdown(path+a.name, *a.value)
		}
	}
	if i := b.Image; i != nil {
		if i.Asset != "" && !isHash(i.Asset) {
			f.add(path+"asset", "must be the SHA-256 of an uploaded image in lower-case hex")
		}
		if i.Decorative && i.Alt != "" {
			f.add(path+"decorative", "a decorative image has no alternative text; remove one of the two")
		}
	}
}

// characters checks what a string consists of and how long it is. It reports whether nothing was found.
func (f *findings) characters(path, value string, a attribute) bool {
	switch {
	case !utf8.ValidString(value):
		f.add(path, "is not valid UTF-8")
	case a.required && strings.TrimSpace(value) == "":
		f.add(path, "must not be empty")
	case utf8.RuneCountInString(value) > a.max:
		f.add(path, "is too long: %d characters, at most %d are allowed", utf8.RuneCountInString(value), a.max)
	default:
		for _, r := range value {
			if unwanted(r, a.lines) {
				f.add(path, "must not contain %s", named(r))
				return false
			}
		}
		return true
	}
	return false
}

// unwanted are characters that no form of output can show: control characters, and the line breaks that are none in Markdown.
func unwanted(r rune, lines bool) bool {
	if lines && (r == '\n' || r == '\t') {
		return false
	}
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\uFEFF'
}

func named(r rune) string {
	switch r {
	case '\n', '\r', '\u2028', '\u2029':
		return "a line break"
	case '\t':
		return "a tab"
	}
	return fmt.Sprintf("the control character U+%04X", r)
}

func (f *findings) address(path, value string) {
	if problem := addressProblem(value); problem != "" {
		f.add(path, "%s", problem)
	}
}

// oddInAddress are characters that browsers drop or read as something else.
const oddInAddress = " \t\n\r\\\"<>`"

// addressProblem says what keeps value from being the absolute https address of a page, or nothing.
func addressProblem(value string) string {
	u, err := url.Parse(value)
	switch {
	case err != nil || strings.ContainsAny(value, oddInAddress):
		return "is not a well-formed address"
	case u.Scheme != "https":
		return "must begin with https://"
	case u.Hostname() == "":
		return "names no host"
	case u.User != nil:
		return "must not contain a user name or password"
	}
	return ""
}

// markdown checks what a text block contains apart from words. HTML is no finding: it is shown as the characters it consists of.
func (f *findings) markdown(path, value string) {
	if problem := prose.Unbearable(value); problem != "" {
		f.add(path, "%s", problem)
		return
	}
	r := prose.Inspect(value)
	if r.Depth > MaxNesting {
		f.add(path, "is nested %d levels deep, at most %d are allowed", r.Depth, MaxNesting)
	}
	for _, i := range r.Images {
		f.add(path, "line %d: images are blocks of their own, not part of a text", i.Line)
	}
	for _, l := range r.Links {
		if problem := linkProblem(l.URL); problem != "" {
			f.add(path, "line %d: the link to %s %s", l.Line, shown(l.URL), problem)
		}
	}
}

// AllowedAddress reports whether value may be the target of a video or a call to action: an absolute https address without user name.
func AllowedAddress(value string) bool { return addressProblem(value) == "" }

// AllowedLink reports whether a link in running text may lead to value: an https address, a mailbox, a page of the same site or a place on the page.
func AllowedLink(value string) bool { return linkProblem(value) == "" }

// linkProblem is addressProblem for links in running text, which may also lead to a mailbox, a page of the same site or a place on the page.
func linkProblem(value string) string {
	mailbox, isMail := strings.CutPrefix(value, "mailto:")
	switch {
	case isMail && strings.Contains(mailbox, "@"), strings.HasPrefix(value, "#"):
		return ""
	case strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "//") && !strings.ContainsAny(value, oddInAddress):
		return ""
	}
	return addressProblem(value)
}

func isHash(s string) bool {
	return len(s) == assetHexSize && strings.Trim(s, "0123456789abcdef") == ""
}

func kindList() string {
	names := make([]string, 0, len(Kinds()))
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// shown quotes a value from outside for a message, cut to a bearable length.
func shown(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
