package server

import (
	"context"
	"image"
	"slices"
	"sync"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/stories/card"
	"renown.example/stories/domain"
	"renown.example/stories/images"
	"renown.example/stories/tables"
)

// Drawing a card takes tens of milliseconds, and the embedded database has one writer. So a card is drawn before the update that puts it up: from what that will most
// likely publish, and else from what it found to publish, for which it is given up and run again. Inside, the card is looked up by everything that is seen on it; what
// changed meanwhile is seen on another.

// face is everything that is seen on a card: its words and colours, and the asset that it shows around a point, "" for none.
type face struct {
	card.Card
	part
}

// part is what a card shows of a picture.
type part struct {
	picture        string
	focusX, focusY int
}

// sketch is a card that can be drawn: data is the file of its picture.
type sketch struct {
	face
	data []byte
}

// mostDrawn is how many cards are kept until they are put up, some ten kilobytes each, and how often an update is given up for one.
const mostDrawn = 16

// drawings are cards that were drawn last, and the picture of the very last: the languages of a story are often published one after the other, and show the same.
type drawings struct {
	mu    sync.Mutex
	by    map[face]card.Image
	order []face
	part  part
	cut   *image.RGBA
}

// cutOut cuts out of a picture's file what a card shows of it.
func (d *drawings) cutOut(p part, data []byte) (*image.RGBA, error) {
	d.mu.Lock()
	last, cut := d.part, d.cut
	d.mu.Unlock()
	if cut != nil && last == p {
		return cut, nil
	}
	decoded, err := images.Decode(data)
	if err != nil {
		return nil, err
	}
	cut = card.Part(decoded, p.focusX, p.focusY)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.part, d.cut = p, cut
	return cut, nil
}

func (d *drawings) get(f face) (card.Image, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	drawn, ok := d.by[f]
	return drawn, ok
}

func (d *drawings) put(f face, drawn card.Image) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by == nil {
		d.by = map[face]card.Image{}
	}
	if _, ok := d.by[f]; !ok {
		d.order = append(d.order, f)
	}
	if d.by[f] = drawn; len(d.order) > mostDrawn {
		delete(d.by, d.order[0])
		d.order = d.order[1:]
	}
}

// draw draws a card, unless it is drawn already.
func (s *Server) draw(k sketch) (card.Image, error) {
	if drawn, ok := s.drawings.get(k.face); ok {
		return drawn, nil
	}
	c := k.Card
	if k.data != nil {
		var err error
		if c.Picture, err = s.drawings.cutOut(k.part, k.data); err != nil {
			return card.Image{}, err
		}
	}
	drawn, err := s.drawer(c)
	if err == nil {
		s.drawings.put(k.face, drawn)
	}
	return drawn, err
}

// drawAhead draws a card outside of any update.
func (s *Server) drawAhead(ctx context.Context, k sketch) error {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return ctx.Err()
	}
	_, err := s.draw(k)
	return err
}

// undrawn is why an update was given up: its card is not drawn yet.
type undrawn struct{ sketch }

func (*undrawn) Error() string { return "the card is not drawn yet" }

type givingUpKey struct{}

// mayGiveUp says in the context of an update that it is run again if it gives up for a card that is not drawn.
func mayGiveUp(ctx context.Context) context.Context {
	return context.WithValue(ctx, givingUpKey{}, true)
}

// foresee draws the card of what publishing a text now would most likely put up. What it does not see, or cannot do, the update finds out.
func (s *Server) foresee(ctx context.Context, text string) {
	k, err := read(ctx, s, func(ctx context.Context, tx store.Reader) (sketch, error) {
		row, err := tables.Texts.Get(ctx, tx, text)
		if err != nil {
			return sketch{}, err
		}
		if _, err := domain.Next(row.Value.State, domain.Publish, false); err != nil {
			return sketch{}, err
		}
		v, err := version(ctx, tx, text, row.Value.Version)
		if err != nil {
			return sketch{}, err
		}
		consents, err := consentsOf(ctx, tx, text)
		if err != nil {
			return sketch{}, err
		}
		c, err := domain.Require(plainConsents(consents), row.Value.Locale, row.Value.Hash, s.now())
		if err != nil {
			return sketch{}, err
		}
		if without := domain.TakenBack(c, plainConsents(consents)); len(without) > 0 {
			return sketch{}, fault.Conflict.New("it is published without what the customer has taken back")
		}
		f := forming{content: v.Value.Content}
		f.excerpts = row.Value.Excerpts.Kept(plain(f.content)).Or(f.content)
		for _, b := range f.content.Blocks {
			if b.Image != nil {
				f.pictures, err = keptPicture(ctx, tx, b.Image)
				break
			}
		}
		if err != nil {
			return sketch{}, err
		}
		return s.sketch(ctx, tx, s.faceOf(f))
	})
	if err == nil {
		_ = s.drawAhead(ctx, k) // if it cannot be drawn, publishing says why
	}
}

// keptPicture is a picture with its variants, none if it has none yet.
func keptPicture(ctx context.Context, tx store.Reader, i *domain.Image) ([]tables.Picture, error) {
	row, err := tables.Assets.Get(ctx, tx, i.Asset)
	if err != nil || len(row.Value.Variants) == 0 {
		return nil, ignoreMissing(err)
	}
	return []tables.Picture{pictureOf(row, i)}, nil
}

// faceOf is what is seen on the card of an edition to be.
func (s *Server) faceOf(f forming) face {
	k := face{Card: card.Card{Headline: f.excerpts.Card, Customer: f.content.Customer, Company: s.Company, Accent: s.Accent}}
	for _, b := range f.content.Blocks {
		if b.Metric != nil {
			k.Value, k.Unit, k.Label = b.Metric.Value, b.Metric.Unit, b.Metric.Label
			break
		}
	}
	for _, b := range f.content.Blocks {
		if b.Image != nil {
			k.picture = nearest(f.pictures, b.Image.Asset)
			k.focusX, k.focusY = b.Image.Point()
			break
		}
	}
	return k
}

// nearest is the asset of a picture in the smallest size that fills its place on a card, "" if it is not kept.
func nearest(list []tables.Picture, asset string) string {
	i := slices.IndexFunc(list, func(p tables.Picture) bool { return p.Asset == asset })
	if i < 0 {
		return ""
	}
	for _, v := range list[i].Variants {
		asset = v.Asset
		if v.Height >= card.Height && v.Width >= card.Width/3 {
			break
		}
	}
	return asset
}

// sketch reads what is missing to draw a card.
func (s *Server) sketch(ctx context.Context, tx store.Reader, f face) (sketch, error) {
	if f.picture == "" {
		return sketch{face: f}, nil
	}
	row, err := tables.Assets.Get(ctx, tx, f.picture)
	return sketch{f, row.Value.Data}, err
}

// putCard keeps the card of an edition to be. It returns none and says why if it cannot be drawn.
func (s *Server) putCard(ctx context.Context, tx store.Writer, text string, f forming) (*tables.Picture, string, error) {
	seen := s.faceOf(f)
	drawn, ok := s.drawings.get(seen)
	if !ok {
		k, err := s.sketch(ctx, tx, seen)
		if err != nil {
			return nil, "", err
		}
		if may, _ := ctx.Value(givingUpKey{}).(bool); may {
			return nil, "", fault.Conflict.New("The card has to be drawn first.").Wrap(&undrawn{k})
		}
		if drawn, err = s.draw(k); err != nil {
			return nil, "", err
		}
	}
	if drawn.Data == nil {
		return nil, drawn.Problem(), nil
	}
	v := tables.PictureVariant{Asset: images.Sum(drawn.Data), Width: card.Width, Height: card.Height, ContentType: drawn.Type}
	err := s.storeFile(ctx, tx, v.Asset, tables.Asset{ContentType: v.ContentType, Width: v.Width, Height: v.Height, Data: drawn.Data, UploadedBy: renown.name, Of: text})
	return &tables.Picture{PictureVariant: v}, drawn.Problem(), err
}
