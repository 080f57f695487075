package public

import (
	"fmt"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// Picture is an image with where its bytes are and, when known, its size in pixels, so that nothing moves when it arrives.
type Picture struct {
	Image *storiesv1.ImageBlock
	Src   string
	// Srcset are the same picture at other widths, and Sizes says how wide it is shown; both empty if there is one size alone.
	Srcset, Sizes string
	Width, Height int
	// Focus are the classes of the point that stays in sight where the picture is cut.
	Focus string
	Lazy  bool
}

// How wide pictures are shown: in a story beside its facts, and as the large one of an index. The numbers follow from the style sheets.
const (
	inStory  = "(min-width: 1264px) 944px, (min-width: 900px) calc(100vw - 20rem), calc(100vw - 2rem)"
	asNewest = "(min-width: 1264px) 480px, (min-width: 900px) 40vw, calc(100vw - 2rem)"
)

// plainWidth is about how wide the file is that those get who know no srcset, and other sites.
const plainWidth = 1200

// album are the pictures of an edition.
type album []*storiesv1.Picture

// of is one of them, nil if the edition knows only that it shows it.
func (a album) of(asset string) *storiesv1.Picture {
	for _, p := range a {
		if p.GetAsset() == asset {
			return p
		}
	}
	return nil
}

// pictureOf shows an image in the sizes that it is kept in.
func pictureOf(image *storiesv1.ImageBlock, kept *storiesv1.Picture, sizes string, lazy bool) Picture {
	if image.GetAsset() == "" {
		return Picture{}
	}
	plain := plainOf(image.GetAsset(), kept)
	p := Picture{Image: image, Src: imagePath(plain.GetAsset()), Width: int(plain.GetWidth()), Height: int(plain.GetHeight()), Focus: focusClasses(image.GetFocus()), Lazy: lazy}
	if variants := kept.GetVariants(); len(variants) > 1 {
		var set []string
		for _, v := range variants {
			set = append(set, fmt.Sprintf("%s %dw", imagePath(v.GetAsset()), v.GetWidth()))
		}
		p.Srcset, p.Sizes = strings.Join(set, ", "), sizes
	}
	return p
}

// plainOf is the file of a picture that goes where only one can: the narrowest that is wide enough, else the widest. Its size is 0 if nothing is known but the asset.
func plainOf(asset string, kept *storiesv1.Picture) *storiesv1.PictureVariant {
	best := &storiesv1.PictureVariant{Asset: asset, Width: kept.GetWidth(), Height: kept.GetHeight(), ContentType: kept.GetContentType()}
	for _, v := range kept.GetVariants() {
		if best = v; v.GetWidth() >= plainWidth {
			break
		}
	}
	return best
}

func imagePath(asset string) string { return "/images/" + asset }

// focusSteps is how fine a focus is, in percent: there is a class for each step of the width and of the height, since pages have no style of their own.
const focusSteps = 5

func focusClasses(focus string) string {
	var x, y int
	if n, err := fmt.Sscanf(focus, "%d %d", &x, &y); n != 2 || err != nil {
		return ""
	}
	step := func(v int) int { return (min(max(v, 0), 100) + focusSteps/2) / focusSteps * focusSteps }
	return fmt.Sprintf("focus-x-%d focus-y-%d", step(x), step(y))
}
