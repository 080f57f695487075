package importer

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// roots are folders that are the root of a site when it is served, in the order of their likelihood.
var roots = []string{"", "public", "static", "assets", "src", "src/static", "src/assets", "src/public", "docs", "site", "_site", "content", "app", "source", "www"}

// picture finds the file that a page means by an address. It returns why there is none.
func (s *site) picture(from, written string) (file, problem string) {
	target := strings.TrimSpace(written)
	if u, err := url.Parse(target); err == nil && strings.Contains(u.Path, "_next/image") && u.Query().Get("url") != "" {
		target = u.Query().Get("url")
	}
	if s.mapping.Site != "" {
		target = strings.TrimPrefix(target, s.mapping.Site)
	}
	switch {
	case target == "":
		return "", "it has no address"
	case strings.HasPrefix(target, "data:"):
		return "", "the picture is written into the page: save it as a file"
	case strings.HasPrefix(target, "//") || strings.Contains(target, "://"):
		return "", "the picture is on another site: Renown shows none from elsewhere, add it as a file"
	}
	target, _, _ = strings.Cut(target, "?")
	target, _, _ = strings.Cut(target, "#")
	if plain, err := url.PathUnescape(target); err == nil {
		target = plain
	}
	found := s.file(from, target)
	switch {
	case found == "":
		return "", "the picture is not among the files"
	case strings.EqualFold(path.Ext(found), ".svg"):
		return "", "drawings in SVG are not shown: give it as PNG or WebP"
	case !IsPicture(found):
		return "", "this is not a picture"
	}
	return found, ""
}

func (s *site) file(from, target string) string {
	if rest, cut := strings.CutPrefix(target, "~"); cut {
		target = "/" + strings.TrimLeft(rest, "/")
	} else if rest, cut := strings.CutPrefix(target, "@/"); cut {
		target = "/" + rest
	} else if rest, cut := strings.CutPrefix(target, "@site/"); cut {
		target = "/" + rest
	}
	if !strings.HasPrefix(target, "/") {
		if near := path.Join(path.Dir(from), target); s.paths[near] {
			return near
		}
		// A page is often served from a folder of its own name.
		if near := path.Join(path.Dir(from), strings.TrimSuffix(path.Base(from), path.Ext(from)), target); s.paths[near] {
			return near
		}
	}
	clean := strings.TrimLeft(path.Clean("/"+strings.ReplaceAll(target, "../", "")), "/")
	for dir := path.Dir(from); ; dir = path.Dir(dir) {
		for _, root := range append(slices.Clone(s.mapping.Pictures), roots...) {
			if at := path.Join(dir, root, clean); s.paths[at] {
				return at
			}
		}
		if dir == "." || dir == "/" {
			break
		}
	}
	return s.byEnd(clean)
}

// byEnd finds the one file whose path ends as asked, in the sense of whole folders.
func (s *site) byEnd(clean string) string {
	candidates := s.ends[strings.ToLower(path.Base(clean))]
	for end := clean; end != ""; {
		var hits []string
		for _, c := range candidates {
			if strings.EqualFold(c, end) || len(c) > len(end) && strings.EqualFold(c[len(c)-len(end)-1:], "/"+end) {
				hits = append(hits, c)
			}
		}
		if len(hits) == 1 {
			return hits[0]
		}
		if len(hits) > 1 {
			return ""
		}
		_, rest, more := strings.Cut(end, "/")
		if !more || !strings.Contains(rest, "/") {
			return "" // a bare name is too little to go by
		}
		end = rest
	}
	return ""
}
