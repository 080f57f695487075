package demo_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	_ "image/png"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"renown.example/deploy/demo"
	"renown.example/stories/domain"
	"renown.example/website/web"
)

const (
	atLeast    = 12
	imageBytes = 120_000
)

var locales = []string{"de", "en"}

// load reads every story file the way an import does, by story and locale.
func load(t *testing.T) map[string]map[string]domain.Document {
	t.Helper()
	files, err := fs.Glob(demo.Stories(), "*.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]domain.Document{}
	for _, name := range files {
		raw, err := fs.ReadFile(demo.Stories(), name)
		if err != nil {
			t.Fatal(err)
		}
		doc, problems := domain.Parse(name, raw)
		for _, p := range problems {
			t.Errorf("%s: %s", name, p)
		}
		if story, _ := domain.ParseName(name); story != doc.Story {
			t.Errorf("%s belongs to the story %q", name, doc.Story)
		}
		store(t, name, &doc)
		if out[doc.Story] == nil {
			out[doc.Story] = map[string]domain.Document{}
		}
		out[doc.Story][doc.Content.Locale] = doc
	}
	return out
}

// store gives image blocks the asset that an import would.
func store(t *testing.T, name string, doc *domain.Document) {
	t.Helper()
	for i, b := range doc.Content.Blocks {
		if b.Image == nil {
			continue
		}
		raw, err := fs.ReadFile(demo.Stories(), doc.Origins[i].Source)
		if err != nil {
			t.Errorf("%s: line %d: %v", name, doc.Origins[i].Line, err)
			continue
		}
		sum := sha256.Sum256(raw)
		b.Image.Asset = hex.EncodeToString(sum[:])
	}
}

func TestEveryStoryCanBePublishedInBothLocales(t *testing.T) {
	all := load(t)
	if len(all) < atLeast {
		t.Errorf("there are %d stories, want at least %d", len(all), atLeast)
	}
	slugs := map[string]string{}
	for story, docs := range all {
		if got := slices.Sorted(maps.Keys(docs)); !slices.Equal(got, locales) {
			t.Errorf("%s is there in %v, want %v", story, got, locales)
		}
		for locale, doc := range docs {
			name := story + "." + locale
			if other, taken := slugs[locale+"/"+doc.Slug]; taken || doc.Slug == "" {
				t.Errorf("%s has the slug %q, as has %q", name, doc.Slug, other)
			}
			slugs[locale+"/"+doc.Slug] = name
			if err := domain.Validate(doc.Content); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if err := domain.ValidatePublishable(doc.Content); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			checkConsent(t, name, doc.Consent)
		}
	}
}

func checkConsent(t *testing.T, name string, c *domain.AttestedConsent) {
	t.Helper()
	if c == nil {
		t.Errorf("%s carries no consent", name)
		return
	}
	if !slices.Contains(c.Scopes, domain.ScopeWeb) {
		t.Errorf("%s may not be shown on the web: its scopes are %v", name, c.Scopes)
	}
	if c.GivenOn > "2026-04-14" || c.Ends < "2027-12-01" || c.Ends > "2029-12-31" {
		t.Errorf("%s has a consent from %s to %s, outside of what Stories promises", name, c.GivenOn, c.Ends)
	}
}

// TestTranslationsAgree compares what must not differ between the languages of a story: the order of its blocks, its pictures, and what the customer agreed to.
func TestTranslationsAgree(t *testing.T) {
	for story, docs := range load(t) {
		en, de := docs["en"], docs["de"]
		if a, b := outline(en), outline(de); !slices.Equal(a, b) {
			t.Errorf("%s consists of %v in English and %v in German", story, a, b)
		}
		if en.Content.Customer != de.Content.Customer {
			t.Errorf("%s is about %q and %q", story, en.Content.Customer, de.Content.Customer)
		}
		if en.Consent == nil || de.Consent == nil {
			continue
		}
		if !slices.Equal(en.Consent.Scopes, de.Consent.Scopes) || en.Consent.GivenOn != de.Consent.GivenOn || en.Consent.Ends != de.Consent.Ends {
			t.Errorf("%s has different consents: %+v and %+v", story, *en.Consent, *de.Consent)
		}
	}
}

// TestTheOtherTextsCanBePublished checks those that are not in two languages: an earlier edition, which the present one follows, and one that does not name its customer.
func TestTheOtherTextsCanBePublished(t *testing.T) {
	now := load(t)
	read := func(files fs.FS, pattern string) map[string]domain.Document {
		names, err := fs.Glob(files, pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(names, err)
		}
		out := map[string]domain.Document{}
		for _, name := range names {
			raw, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			doc, problems := domain.Parse(path.Base(name), raw)
			store(t, name, &doc)
			if err := domain.ValidatePublishable(doc.Content); err != nil || len(problems) > 0 {
				t.Errorf("%s: %v %v", name, err, problems)
			}
			out[name] = doc
		}
		return out
	}
	for name, doc := range read(demo.Earlier(), "*.md") {
		then := now[doc.Story][doc.Content.Locale]
		if doc.Slug != then.Slug || doc.Consent.GivenOn >= then.Consent.GivenOn {
			t.Errorf("%s has the slug %q and a consent of %s, the edition after it %q and %s", name, doc.Slug, doc.Consent.GivenOn, then.Slug, then.Consent.GivenOn)
		}
		checkConsent(t, name, doc.Consent)
	}
	sources := read(demo.Anonymous(), "*.md")
	for name, doc := range read(demo.Anonymous(), "*/*.md") {
		checkConsent(t, name, doc.Consent)
		source := sources[path.Dir(name)+"."+doc.Content.Locale+".md"]
		if source.Consent != nil || source.Content.StandIn != doc.Content.Customer {
			t.Errorf("%s is about %q, what it was made of calls it %q", name, doc.Content.Customer, source.Content.StandIn)
		}
	}
}

// outline lists the kinds of a document's blocks, images with their source.
func outline(doc domain.Document) []string {
	var out []string
	for i, b := range doc.Content.Blocks {
		out = append(out, strings.TrimSpace(string(b.Kind)+" "+doc.Origins[i].Source))
	}
	return out
}

// TestHouseStyle holds the stories to what an editor promised: numbers with a baseline and a period, one quotation, a bearable length, no exclamation marks.
func TestHouseStyle(t *testing.T) {
	for story, docs := range load(t) {
		for locale, doc := range docs {
			name, quotes, metrics, words := story+"."+locale, 0, 0, 0
			for _, b := range doc.Content.Blocks {
				switch {
				case b.Metric != nil:
					metrics++
					if b.Metric.Baseline == "" || b.Metric.Period == "" {
						t.Errorf("%s: %q lacks its baseline or its period", name, b.Metric.Label)
					}
				case b.Quote != nil:
					quotes++
					if b.Quote.By == "" || b.Quote.Role == "" {
						t.Errorf("%s quotes nobody: %q", name, b.Quote.Text)
					}
				case b.Text != nil:
					words += len(strings.Fields(b.Text.Markdown))
				}
			}
			if quotes != 1 || metrics < 1 || metrics > 3 || words < 220 || words > 600 {
				t.Errorf("%s has %d quotations, %d metrics and %d words of text", name, quotes, metrics, words)
			}
			if canonical := string(domain.Canonical(doc.Content)); strings.Contains(canonical, "!") {
				t.Errorf("%s shouts", name)
			}
		}
	}
}

func TestPicturesAreUsedAndSmall(t *testing.T) {
	used := map[string]bool{}
	for _, docs := range load(t) {
		for _, doc := range docs {
			for _, o := range doc.Origins {
				used[o.Source] = true
			}
		}
	}
	pictures, err := fs.Glob(demo.Stories(), "images/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pictures {
		if !used[name] {
			t.Errorf("no story shows %s", name)
		}
		checkPicture(t, name)
	}
}

func checkPicture(t *testing.T, name string) {
	t.Helper()
	f, err := demo.Stories().Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	config, _, err := image.DecodeConfig(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if config.Width != 1600 || config.Height != 900 || info.Size() > imageBytes {
		t.Errorf("%s is %d x %d pixels in %d bytes, want 1600 x 900 in at most %d", name, config.Width, config.Height, info.Size(), imageBytes)
	}
	source := filepath.Join("art", strings.TrimSuffix(path.Base(name), path.Ext(name))+".svg")
	if _, err := os.Stat(source); err != nil {
		t.Errorf("%s has no drawing: %v", name, err)
	}
}

// TestTermsAreTranslated finds every term of a story in the taxonomies, and the same ids in all its languages.
func TestTermsAreTranslated(t *testing.T) {
	var taxonomies map[string][]struct {
		ID     string            `json:"id"`
		Labels map[string]string `json:"labels"`
	}
	if err := json.Unmarshal(demo.Taxonomies(), &taxonomies); err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{} // by taxonomy, locale and label
	for taxonomy, terms := range taxonomies {
		for _, term := range terms {
			for locale, label := range term.Labels {
				ids[taxonomy+"/"+locale+"/"+label] = term.ID
			}
		}
	}
	for story, docs := range load(t) {
		var first []string
		for _, locale := range locales {
			c := docs[locale].Content
			var got []string
			for taxonomy, labels := range map[string][]string{"industry": c.Industry, "region": c.Region, "product": c.Product, "use_case": c.UseCase, "size": {c.Size}} {
				for _, label := range labels {
					id := ids[taxonomy+"/"+locale+"/"+label]
					if id == "" {
						t.Errorf("%s.%s: the taxonomy %s has no %q", story, locale, taxonomy, label)
					}
					got = append(got, taxonomy+"/"+id)
				}
			}
			slices.Sort(got)
			if first == nil {
				first = got
			}
			if !slices.Equal(first, got) {
				t.Errorf("%s has the terms %v and %v", story, first, got)
			}
		}
	}
}

func TestThemeLoads(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, demo.Theme()); err != nil {
		t.Fatal(err)
	}
	theme, err := web.LoadTheme(filepath.Join(dir, "theme.json"))
	if err != nil {
		t.Fatal(err)
	}
	if theme.Name == "" || theme.Logo == "" || theme.Tagline["en"] == "" || theme.Tagline["de"] == "" {
		t.Errorf("the theme is incomplete: %+v", theme)
	}
}
