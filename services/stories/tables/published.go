package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/stories/domain"
)

// Published is the one row that says what the world sees of one language of a story. It stays when the edition is withdrawn, so that its address can answer
// that something was here.
type Published struct {
	Story  string `json:"story"`
	Locale string `json:"locale"`
	Slug   string `json:"slug"`
	// Edition is the id of the edition that is up, "" when withdrawn.
	Edition string `json:"edition,omitempty"`
	// LiveSince is when the edition went up; it is absent when withdrawn, which takes the row out of the list's index.
	LiveSince   clock.Millis   `json:"liveSince,omitempty"`
	FirstAt     clock.Millis   `json:"firstAt"`
	WithdrawnAt clock.Millis   `json:"withdrawnAt,omitempty"`
	Consent     string         `json:"consent,omitempty"`
	ConsentEnds clock.Millis   `json:"consentEnds,omitempty"`
	UnpublishAt clock.Millis   `json:"unpublishAt,omitempty"`
	Assets      []string       `json:"assets,omitempty"`
	Version     int32          `json:"version"`
	Title       string         `json:"title"`
	Summary     string         `json:"summary"`
	Customer    string         `json:"customer"`
	Industry    []string       `json:"industry,omitempty"`
	Region      []string       `json:"region,omitempty"`
	Product     []string       `json:"product,omitempty"`
	UseCase     []string       `json:"useCase,omitempty"`
	Image       *domain.Image  `json:"image,omitempty"`
	Metric      *domain.Metric `json:"metric,omitempty"`
	// Picture is Image in the sizes that it is kept in.
	Picture *Picture `json:"picture,omitempty"`
	// CardProblem says what the edition's card leaves out and why.
	CardProblem string `json:"cardProblem,omitempty"`
	// Alias is the story's public name where its id may not be told.
	Alias string `json:"alias,omitempty"`
	// Anonymous says that the story is told without its customer's name: nothing stands beside it, and it stands beside nothing.
	Anonymous bool `json:"anonymous,omitempty"`
}

// Name is the story's public name, "stories/{story}".
func (p Published) Name() string { return publicName(p.Story, p.Alias) }

func publicName(story, alias string) string {
	if alias != "" {
		return "stories/" + alias
	}
	return "stories/" + story
}

// Live reports whether an edition may be shown at now: ends that no job has carried out yet count.
func (p Published) Live(now clock.Millis) bool {
	return p.Edition != "" && (p.ConsentEnds == 0 || now < p.ConsentEnds) && (p.UnpublishAt == 0 || now < p.UnpublishAt)
}

// Until returns the next instant at which the edition goes by itself, 0 if never.
func (p Published) Until() clock.Millis {
	switch {
	case p.ConsentEnds == 0:
		return p.UnpublishAt
	case p.UnpublishAt == 0:
		return p.ConsentEnds
	}
	return min(p.ConsentEnds, p.UnpublishAt)
}

// PublishedStories by text id.
var PublishedStories = store.Define[Published](store.Spec{Name: "published", Indexes: []store.Index{
	{Name: "by_slug", Fields: []string{"locale", "slug"}, Unique: true},
	{Name: "by_any_slug", Fields: []string{"slug"}},
	{Name: "live", Fields: []string{"locale", "liveSince"}},
	{Name: "by_story", Fields: []string{"story", "locale"}},
}})

// Edition is what was published, rendered. It never changes; that it has been replaced or taken down is noted beside it.
type Edition struct {
	Story       string             `json:"story"`
	Locale      string             `json:"locale"`
	Slug        string             `json:"slug,omitempty"`
	Version     int32              `json:"version"`
	Content     domain.Content     `json:"content"`
	Hash        string             `json:"hash"`
	Consent     string             `json:"consent"`
	ConsentKind domain.ConsentKind `json:"consentKind"`
	ConsentAt   clock.Millis       `json:"consentAt"`
	PublishedAt clock.Millis       `json:"publishedAt"`
	PublishedBy string             `json:"publishedBy"`
	// DownAt is the first instant at which it was not up any more, absent while it is.
	DownAt clock.Millis `json:"downAt,omitempty"`
	// Without are the clauses that the customer had taken back: Content is the signed one without them, Hash that of the whole. Alias is as in Published.
	Without []domain.Clause `json:"without,omitempty"`
	Alias   string          `json:"alias,omitempty"`
	// Excerpts are spans of the content, none empty.
	Excerpts domain.Excerpts `json:"excerpts"`
	HTML     string          `json:"html"`
	Markdown string          `json:"markdown"`
	Plain    string          `json:"plain"`
	// Pictures are those that the content shows, each once. Card stands for it where a link to it is shared; absent where it could not be drawn.
	Pictures []Picture `json:"pictures,omitempty"`
	Card     *Picture  `json:"card,omitempty"`
}

// Name is the public name that the story had, "stories/{story}".
func (e Edition) Name() string { return publicName(e.Story, e.Alias) }

// Editions by edition id.
var Editions = store.Define[Edition](store.Spec{Name: "editions", Indexes: []store.Index{
	{Name: "by_story", Fields: []string{"story", "locale", "publishedAt"}},
}})

// Redirect says that a slug was once a story's: it answers with the slug that the story has now, so that chains have one hop and loops cannot be.
type Redirect struct {
	Locale string       `json:"locale"`
	Slug   string       `json:"slug"`
	Story  string       `json:"story"`
	At     clock.Millis `json:"at"`
	// Gone says that the slug tells what the story does not say any more: it leads nowhere.
	Gone bool `json:"gone,omitempty"`
}

// Redirects by "locale/slug".
var Redirects = store.Define[Redirect](store.Spec{Name: "redirects", Indexes: []store.Index{
	{Name: "by_story", Fields: []string{"story", "locale"}},
}})

// Asset is a picture, checked and freed from its metadata. Its id is the SHA-256 of its bytes in hex.
type Asset struct {
	ContentType string       `json:"contentType"`
	Width       int          `json:"width"`
	Height      int          `json:"height"`
	Filename    string       `json:"filename,omitempty"`
	Data        []byte       `json:"data"`
	UploadedBy  string       `json:"uploadedBy"`
	At          clock.Millis `json:"at"`
	// Variants are the same picture at fixed widths, the narrowest first; absent while none were made. Of is the picture that this one is a variant of, or the
	// edition's text whose card it is.
	Variants []PictureVariant `json:"variants,omitempty"`
	Of       string           `json:"of,omitempty"`
}

// PictureVariant is an asset that shows a picture at one width.
type PictureVariant struct {
	Asset       string `json:"asset"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	ContentType string `json:"contentType"`
}

// Picture is an asset as an edition shows it.
type Picture struct {
	PictureVariant
	// Focus is that of domain.Image.
	Focus    string           `json:"focus,omitempty"`
	Variants []PictureVariant `json:"variants,omitempty"`
}

// Assets are all files that belong to the picture.
func (p Picture) Assets() []string {
	out := []string{p.Asset}
	for _, v := range p.Variants {
		if v.Asset != p.Asset {
			out = append(out, v.Asset)
		}
	}
	return out
}

// Assets by asset id.
var Assets = store.Define[Asset](store.Spec{Name: "assets"})

// AssetUse says that an edition that is up shows an asset.
type AssetUse struct {
	Asset string `json:"asset"`
	Text  string `json:"text"`
}

// AssetUses by "asset/text id".
var AssetUses = store.Define[AssetUse](store.Spec{Name: "asset_uses", Indexes: []store.Index{
	{Name: "by_asset", Fields: []string{"asset"}},
	{Name: "by_text", Fields: []string{"text"}},
}})

// WithdrawnAsset says that an asset was shown once and no longer is: its address answers that it is gone.
type WithdrawnAsset struct {
	At clock.Millis `json:"at"`
}

// WithdrawnAssets by asset id.
var WithdrawnAssets = store.Define[WithdrawnAsset](store.Spec{Name: "withdrawn_assets"})
