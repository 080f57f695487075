package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Resources carry their etag in quotation marks, as AIP-154 has it. An ETag header is `"<resource's etag>~<hash of the bytes>-<encoding>"`. The hash is there
// because an answer can change while the resource's own etag stays (a text's consents, what the caller may do with it), the suffix because a strong ETag belongs
// to one sequence of bytes. If-Match looks at the resource's etag only.

var (
	encodingSuffix = regexp.MustCompile(`-(gz|br|zst|zs)$`)
	hashSuffix     = regexp.MustCompile(`~[0-9a-f]{16}$`)
)

func makeEtag(resource string, body []byte) string {
	s := sha256.Sum256(body)
	tag := hex.EncodeToString(s[:8])
	if inside, ok := unquoteTag(resource); ok {
		tag = inside + "~" + tag
	}
	return tag
}

// resourceEtag takes from an ETag what the gateway has added to it.
func resourceEtag(tag string) string {
	return hashSuffix.ReplaceAllString(encodingSuffix.ReplaceAllString(tag, ""), "")
}

// unquoteTag returns what is inside one strong entity tag.
func unquoteTag(s string) (string, bool) {
	if len(s) < 3 || s[0] != '"' || s[len(s)-1] != '"' || !isTagText(s[1:len(s)-1]) {
		return "", false
	}
	return s[1 : len(s)-1], true
}

func isTagText(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' })
}

// etagOf returns the etag field of a message, "" if it has none.
func etagOf(m protoreflect.Message) string {
	if !m.IsValid() {
		return ""
	}
	if fd := m.Descriptor().Fields().ByName("etag"); fd != nil && fd.Kind() == protoreflect.StringKind && !fd.IsList() {
		return m.Get(fd).String()
	}
	return ""
}
