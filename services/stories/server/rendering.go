package server

import (
	"renown.example/stories/domain"
	"renown.example/stories/render"
)

// assetPath is where the pictures of rendered text are found: relative, so that the same bytes serve on every host. The workspace's pages put their own in its
// place.
func assetPath(asset string) string { return "/v1/assets/" + asset }

var rendering = render.Options{AssetURL: assetPath}

// fragment is the body as HTML.
func fragment(c domain.Content) string { return render.HTML(c, rendering) }

// blockFragments is the body as HTML, a string for each block.
func blockFragments(c domain.Content) []string { return render.Blocks(c, rendering) }

// plain is everything that can be read of a text, for searching.
func plain(c domain.Content) string { return render.Plain(c) }
