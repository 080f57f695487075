package public

import (
	"bytes"
	"context"
	"image"
	_ "image/gif"  // sizes of pictures
	_ "image/jpeg" // sizes of pictures
	_ "image/png"  // sizes of pictures
	"sync"

	_ "golang.org/x/image/webp" // sizes of pictures

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// maxSizes bounds how many pictures' sizes are remembered, a few bytes each.
const maxSizes = 10_000

// sizes remembers how large pictures are. An asset's name is the hash of its bytes, so what is remembered stays true.
type sizes struct {
	stories storiesv1.PublishedServiceClient
	mu      sync.Mutex
	known   map[string][2]int
}

func (s *sizes) of(ctx context.Context, asset string) (width, height int) {
	s.mu.Lock()
	size, ok := s.known[asset]
	s.mu.Unlock()
	if ok {
		return size[0], size[1]
	}
	reply, err := s.stories.GetPublishedAsset(ctx, &storiesv1.GetPublishedAssetRequest{Asset: asset})
	if err != nil {
		return 0, 0 // the page does without; the picture itself will say what is wrong
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(reply.GetBody().GetData()))
	if err != nil {
		return 0, 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= maxSizes {
		s.known = map[string][2]int{}
	}
	s.known[asset] = [2]int{config.Width, config.Height}
	return config.Width, config.Height
}
