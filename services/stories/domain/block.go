package domain

import "time"

// Kind says which of a Block's parts is set. The same words name the directives of story Markdown.
type Kind string

// The kinds of blocks. There are no others: unknown ones are refused.
const (
	KindText        Kind = "text"
	KindQuote       Kind = "quote"
	KindMetric      Kind = "metric"
	KindBeforeAfter Kind = "before-after"
	KindImage       Kind = "image"
	KindVideo       Kind = "video"
	KindCTA         Kind = "cta"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{KindText, KindQuote, KindMetric, KindBeforeAfter, KindImage, KindVideo, KindCTA}
}

// Block is one piece of a story. Exactly the part that Kind names is set. Blocks have no ids: two versions are aligned by what their blocks say.
type Block struct {
	Kind        Kind         `json:"kind"`
	Text        *Text        `json:"text,omitempty"`
	Quote       *Quote       `json:"quote,omitempty"`
	Metric      *Metric      `json:"metric,omitempty"`
	BeforeAfter *BeforeAfter `json:"beforeAfter,omitempty"`
	Image       *Image       `json:"image,omitempty"`
	Video       *Video       `json:"video,omitempty"`
	CTA         *CTA         `json:"cta,omitempty"`
}

// Text is running text: CommonMark with tables, strike-through and footnotes, without images. HTML in it is shown as the characters it consists of.
type Text struct {
	Markdown string `json:"markdown"`
}

// Quote is something a person said, word for word.
type Quote struct {
	Text string `json:"text"`
	By   string `json:"by,omitempty"`
	Role string `json:"role,omitempty"`
}

// Metric is one result in numbers. All parts are text as it is shown; nothing is computed from them.
type Metric struct {
	Value    string `json:"value"`
	Unit     string `json:"unit,omitempty"`
	Label    string `json:"label"`
	Baseline string `json:"baseline,omitempty"`
	Period   string `json:"period,omitempty"`
	// Sample is what the figure rests on: "all 14 depots". Method is how it was measured.
	Sample string `json:"sample,omitempty"`
	Method string `json:"method,omitempty"`
	// MeasuredOn is the day of the measurement, "2026-03-02".
	MeasuredOn string `json:"measuredOn,omitempty"`
}

// BeforeAfter contrasts how it was with how it is.
type BeforeAfter struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// Image shows an asset. An image either has an alternative text or is declared decorative before it can be published.
type Image struct {
	// Asset is the SHA-256 of the image's bytes, in lower-case hex.
	Asset      string `json:"asset"`
	Alt        string `json:"alt,omitempty"`
	Decorative bool   `json:"decorative,omitempty"`
	Caption    string `json:"caption,omitempty"`
	// Focus is the point that stays in sight where the picture is cut, as percent of its width and height: "50 30". Empty means its middle.
	Focus string `json:"focus,omitempty"`
	// Logo says that the picture shows the customer's logo or name: it goes when the customer takes one of them back.
	Logo bool `json:"logo,omitempty"`
}

// Video is a link to a film elsewhere; it is never embedded, so that no reader is tracked by its host.
type Video struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

// CTA is a call to action: a button that leads somewhere.
type CTA struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// Bounds of blocks, in characters.
const (
	MaxMarkdown  = 50_000
	MaxPassage   = 2_000 // a quotation, a before, an after
	MaxName      = 200   // by, role, label, period and sample of a metric, title of a video
	MaxValue     = 40    // value and unit
	MaxRemark    = 300   // baseline and method of a metric
	MaxAlt       = 500   // alternative text and caption
	MaxURL       = 2_000
	MaxButton    = 120
	MaxNesting   = 24 // lists in quotes in lists …
	assetHexSize = 64
)

// NewText returns a text block.
func NewText(markdown string) Block { return Block{Kind: KindText, Text: &Text{Markdown: markdown}} }

// NewQuote returns a quote block.
func NewQuote(q Quote) Block { return Block{Kind: KindQuote, Quote: &q} }

// NewMetric returns a metric block.
func NewMetric(m Metric) Block { return Block{Kind: KindMetric, Metric: &m} }

// NewBeforeAfter returns a before/after block.
func NewBeforeAfter(before, after string) Block {
	return Block{Kind: KindBeforeAfter, BeforeAfter: &BeforeAfter{Before: before, After: after}}
}

// NewImage returns an image block.
func NewImage(i Image) Block { return Block{Kind: KindImage, Image: &i} }

// NewVideo returns a video block.
func NewVideo(v Video) Block { return Block{Kind: KindVideo, Video: &v} }

// NewCTA returns a call to action.
func NewCTA(c CTA) Block { return Block{Kind: KindCTA, CTA: &c} }

// attribute is one named string of a block, in the order in which forms, files and findings go through them.
type attribute struct {
	name     string // in JSON and in finding paths
	key      string // in directives, where it is another than name
	value    *string
	max      int
	required bool
	lines    bool // may hold line breaks
	url      bool
	day      bool // such as "2026-03-02"
	point    bool // such as "50 30"
}

// directive is the attribute's name in Markdown.
func (a attribute) directive() string {
	if a.key != "" {
		return a.key
	}
	return a.name
}

// attributes lists the strings of the part that b.Kind names, or nothing when that part is missing or the kind unknown. It is the one table of a block's
// fields: validation, normalization, reading and writing go through it.
func (b *Block) attributes() []attribute {
	switch {
	case b.Kind == KindText && b.Text != nil:
		return []attribute{{name: "markdown", value: &b.Text.Markdown, max: MaxMarkdown, required: true, lines: true}}
	case b.Kind == KindQuote && b.Quote != nil:
		q := b.Quote
		return []attribute{{name: "text", value: &q.Text, max: MaxPassage, required: true, lines: true},
			{name: "by", value: &q.By, max: MaxName}, {name: "role", value: &q.Role, max: MaxName}}
	case b.Kind == KindMetric && b.Metric != nil:
		m := b.Metric
		return []attribute{{name: "value", value: &m.Value, max: MaxValue, required: true}, {name: "unit", value: &m.Unit, max: MaxValue},
			{name: "label", value: &m.Label, max: MaxName, required: true}, {name: "baseline", value: &m.Baseline, max: MaxRemark},
			{name: "period", value: &m.Period, max: MaxName}, {name: "sample", value: &m.Sample, max: MaxName},
			{name: "method", value: &m.Method, max: MaxRemark}, {name: "measuredOn", key: "measured_on", value: &m.MeasuredOn, max: len(time.DateOnly), day: true}}
	case b.Kind == KindBeforeAfter && b.BeforeAfter != nil:
		return []attribute{{name: "before", value: &b.BeforeAfter.Before, max: MaxPassage, required: true, lines: true},
			{name: "after", value: &b.BeforeAfter.After, max: MaxPassage, required: true, lines: true}}
	case b.Kind == KindImage && b.Image != nil:
		return []attribute{{name: "asset", value: &b.Image.Asset, max: assetHexSize, required: true},
			{name: "alt", value: &b.Image.Alt, max: MaxAlt}, {name: "caption", value: &b.Image.Caption, max: MaxAlt},
			{name: "focus", value: &b.Image.Focus, max: len("100 100"), point: true}}
	case b.Kind == KindVideo && b.Video != nil:
		return []attribute{{name: "url", value: &b.Video.URL, max: MaxURL, required: true, url: true},
			{name: "title", value: &b.Video.Title, max: MaxName, required: true}}
	case b.Kind == KindCTA && b.CTA != nil:
		return []attribute{{name: "label", value: &b.CTA.Label, max: MaxButton, required: true},
			{name: "url", value: &b.CTA.URL, max: MaxURL, required: true, url: true}}
	}
	return nil
}

// blank returns an empty block of the kind, false for an unknown one.
func blank(k Kind) (Block, bool) {
	switch k {
	case KindText:
		return NewText(""), true
	case KindQuote:
		return NewQuote(Quote{}), true
	case KindMetric:
		return NewMetric(Metric{}), true
	case KindBeforeAfter:
		return NewBeforeAfter("", ""), true
	case KindImage:
		return NewImage(Image{}), true
	case KindVideo:
		return NewVideo(Video{}), true
	case KindCTA:
		return NewCTA(CTA{}), true
	}
	return Block{}, false
}

// parts counts the parts that are set, and names the one that the kind asks for as JSON does.
func (b *Block) parts() (set int) {
	for _, is := range []bool{b.Text != nil, b.Quote != nil, b.Metric != nil, b.BeforeAfter != nil, b.Image != nil, b.Video != nil, b.CTA != nil} {
		if is {
			set++
		}
	}
	return set
}

// field is the JSON name of the kind's part.
func (k Kind) field() string {
	if k == KindBeforeAfter {
		return "beforeAfter"
	}
	return string(k)
}

// clone returns a copy that shares nothing with b.
func (b Block) clone() Block {
	c := b
	if b.Text != nil {
		c.Text = new(*b.Text)
	}
	if b.Quote != nil {
		c.Quote = new(*b.Quote)
	}
	if b.Metric != nil {
		c.Metric = new(*b.Metric)
	}
	if b.BeforeAfter != nil {
		c.BeforeAfter = new(*b.BeforeAfter)
	}
	if b.Image != nil {
		c.Image = new(*b.Image)
	}
	if b.Video != nil {
		c.Video = new(*b.Video)
	}
	if b.CTA != nil {
		c.CTA = new(*b.CTA)
	}
	return c
}

func (b Block) normalized() Block {
	c := b.clone()
	for _, a := range c.attributes() {
		switch {
		case c.Kind == KindText:
			*a.value = trimBlank(*a.value)
		default:
			*a.value = line(*a.value)
		}
	}
	return c
}

// Words returns the strings of a block that its readers see.
func (b Block) Words() []string {
	var out []string
	for _, a := range b.attributes() {
		if a.name != "asset" && *a.value != "" {
			out = append(out, *a.value)
		}
	}
	return out
}
