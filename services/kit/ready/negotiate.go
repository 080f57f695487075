package ready

import (
	"net/http"
	"strings"
)

// coding is a content coding.
type coding int

// The codings, the preferred first where a client likes them equally.
const (
	brotliCoding coding = iota
	zstdCoding
	gzipCoding
	identity
	codings
)

// names and suffixes of the codings: as in Content-Encoding, and in ETags.
var (
	names    = [codings]string{"br", "zstd", "gzip", "identity"}
	suffixes = [codings]string{"-br", "-zs", "-gz", ""}
)

// weights is how much a client likes each coding, in thousandths; 0 means not at all.
type weights [codings]int

// best returns the coding most liked among those not in without. Identity is what remains.
func (w *weights) best(without *[codings]bool) coding {
	choice, most := identity, 0
	for c := range codings {
		if !without[c] && w[c] > most {
			choice, most = c, w[c]
		}
	}
	return choice
}

// accepted reads Accept-Encoding. A coding that is not mentioned is not wanted, unless by "*"; identity always is, though less than any other, unless excluded.
func accepted(h http.Header) weights {
	w := weights{-1, -1, -1, -1}
	star := -1
	for _, line := range h["Accept-Encoding"] {
		for line != "" {
			var item string
			item, line, _ = strings.Cut(line, ",")
			name, params, _ := strings.Cut(item, ";")
			name = strings.TrimSpace(name)
			q := quality(params)
			if name == "*" {
				star = q
				continue
			}
			for c := range codings {
				if strings.EqualFold(name, names[c]) || c == gzipCoding && strings.EqualFold(name, "x-gzip") {
					w[c] = q
				}
			}
		}
	}
	for c := range codings {
		switch {
		case w[c] >= 0:
		case c == identity && star != 0:
			w[c] = 1
		default:
			w[c] = max(star, 0)
		}
	}
	return w
}

// quality reads the q parameter in thousandths: 1000 where there is none, 0 where it makes no sense.
func quality(params string) int {
	params = strings.TrimSpace(params)
	if params == "" {
		return 1000
	}
	name, value, _ := strings.Cut(params, "=")
	value = strings.TrimSpace(value)
	if !strings.EqualFold(strings.TrimSpace(name), "q") || value == "" || len(value) > 5 {
		return 0
	}
	whole, fraction, _ := strings.Cut(value, ".")
	if whole == "1" && strings.Trim(fraction, "0") == "" {
		return 1000
	}
	if whole != "0" {
		return 0
	}
	q, unit := 0, 100
	for _, d := range []byte(fraction) {
		if d < '0' || d > '9' {
			return 0
		}
		q += int(d-'0') * unit
		unit /= 10
	}
	return q
}

// matches reports whether If-None-Match names the ETag (quoted), by weak comparison, or anything at all.
func matches(h http.Header, etag string) bool {
	for _, line := range h["If-None-Match"] {
		if line == etag || strings.TrimSpace(line) == "*" {
			return true
		}
		for line != "" {
			line = strings.TrimLeft(line, " \t,")
			line = strings.TrimPrefix(line, "W/")
			if !strings.HasPrefix(line, `"`) {
				break // not a list of entity tags
			}
			end := strings.IndexByte(line[1:], '"')
			if end < 0 {
				break
			}
			if line[:end+2] == etag {
				return true
			}
			line = line[end+2:]
		}
	}
	return false
}
