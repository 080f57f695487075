// Package demo holds what the demo company looks like and what its customers achieved: Holmway, a maker of route and field-service planning, and thirteen
// customer stories in English and German with their pictures, an earlier edition of one, and one whose customer is not named. Every company and person in it is invented.
package demo

import (
	"embed"
	"io/fs"
)

//go:embed stories
var stories embed.FS

//go:embed earlier
var earlier embed.FS

//go:embed anonymous
var anonymous embed.FS

//go:embed theme.json logo.svg
var theme embed.FS

//go:embed taxonomy.json
var taxonomies []byte

//go:embed evidence.json
var evidence []byte

// below is a folder of an embedded one.
func below(all embed.FS, name string) fs.FS {
	sub, err := fs.Sub(all, name)
	if err != nil {
		panic(err) // only an invalid path is refused, and these are fixed
	}
	return sub
}

// Stories returns a folder as `--import` takes it: "<story>.<locale>.md" at the root and the pictures they name under "images/". Each file carries an attested
// consent with the scope web and, at the earliest, an end in December 2027. The newest consent was given on 14 April 2026; a clock that is behind that day
// is behind the stories.
func Stories() fs.FS { return below(stories, "stories") }

// Earlier returns a folder of texts that were up before those of the same name in Stories, whose pictures they show.
func Earlier() fs.FS { return below(earlier, "earlier") }

// Anonymous returns a folder of texts that name their customers and are never published, "<story>.<locale>.md", each with those that do not name them and are:
// "<story>/<anonymous story>.<locale>.md".
func Anonymous() fs.FS { return below(anonymous, "anonymous") }

// Theme returns the folder of the company's theme file: "theme.json" and the "logo.svg" it names. Written to a disk, it is what the website loads.
func Theme() fs.FS { return theme }

// Taxonomies returns a JSON object that lists, for each of "industry", "region", "product", "use_case" and "size", the terms of the stories as {"id", "labels": {locale:
// label}}. It tells which words of the two languages mean the same.
func Taxonomies() []byte { return taxonomies }

// Evidence returns a JSON object with what stands behind figures of the stories, by story: which figure, counted from 0, where it comes from, what readers are told
// in each language, and whether a second person has verified it.
func Evidence() []byte { return evidence }
