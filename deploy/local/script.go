package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"renown.example/deploy/demo"
	"renown.example/stories/domain"
)

// scene is one story of the demo: its files and when it happened.
type scene struct {
	story   string
	locales []string
	files   map[string][]byte
	// given is when the customer agreed; the story is written down and published in the days after.
	given time.Time
	// replaced says that a later scene brings the next edition of the same story.
	replaced bool
	// of is the story that this one tells without its customer's name, and named are its files; empty for others.
	of    string
	named map[string][]byte
}

// The days of a story after the customer's agreement.
const (
	importedAfter  = 2*24*time.Hour + 9*time.Hour
	submittedAfter = importedAfter + 90*time.Minute
	approvedAfter  = submittedAfter + 26*time.Hour
	confirmedAfter = approvedAfter + time.Hour
	publishedAfter = confirmedAfter + 20*time.Hour
)

// beforeHistory is an instant before anything of the demo happens.
func beforeHistory(now time.Time) time.Time { return now.AddDate(-3, 0, 0) }

// readScript reads the demo's stories in the order in which they happened. Their consents are moved by whole years, so that the newest is less than about a year
// old whenever the demo is started: consents end, and a demo must not.
func readScript(now time.Time) ([]*scene, error) {
	scenes, newest, err := readScenes(demo.Stories(), demo.Stories())
	if err != nil {
		return nil, err
	}
	earlier, _, err := readScenes(demo.Earlier(), demo.Stories())
	if err != nil {
		return nil, err
	}
	for _, s := range earlier {
		s.replaced = true
	}
	unnamed, err := readAnonymous(demo.Anonymous())
	if err != nil {
		return nil, err
	}
	scenes = slices.Concat(scenes, earlier, unnamed)
	years := now.Year() - newest.Year()
	for newest.AddDate(years, 1, 0).After(now) {
		years--
	}
	for _, s := range scenes {
		s.given = s.given.AddDate(years, 0, 0)
		for name, data := range s.files {
			if path.Ext(name) == ".md" {
				if s.files[name], err = moveConsent(name, data, years); err != nil {
					return nil, err
				}
			}
		}
	}
	slices.SortFunc(scenes, func(a, b *scene) int {
		if c := a.given.Compare(b.given); c != 0 {
			return c
		}
		return strings.Compare(a.story, b.story)
	})
	return scenes, nil
}

// readAnonymous gathers the stories that do not name their customers, each with the files of the one that does.
func readAnonymous(texts fs.FS) ([]*scene, error) {
	sources, err := fs.Glob(texts, "*.*.md")
	if err != nil {
		return nil, err
	}
	var out []*scene
	for _, name := range sources {
		data, err := fs.ReadFile(texts, name)
		if err != nil {
			return nil, err
		}
		story, _ := domain.ParseName(name)
		below, err := fs.Sub(texts, story)
		if err != nil {
			return nil, err
		}
		scenes, _, err := readScenes(below, below)
		if err != nil {
			return nil, err
		}
		for _, s := range scenes {
			s.of, s.named = story, map[string][]byte{name: data}
		}
		out = append(out, scenes...)
	}
	return out, nil
}

// readScenes gathers the files of each story, and says when the newest consent was given.
func readScenes(stories, pictures fs.FS) ([]*scene, time.Time, error) {
	names, err := fs.Glob(stories, "*.md")
	if err != nil {
		return nil, time.Time{}, err
	}
	byStory := map[string]*scene{}
	var all []*scene
	var newest time.Time
	for _, name := range names {
		data, err := fs.ReadFile(stories, name)
		if err != nil {
			return nil, newest, err
		}
		doc, problems := domain.Parse(name, data)
		if domain.Refused(problems) || doc.Consent == nil {
			return nil, newest, fmt.Errorf("the demo's %s cannot be read: %v", name, problems)
		}
		s := byStory[doc.Story]
		if s == nil {
			s = &scene{story: doc.Story, files: map[string][]byte{}}
			byStory[doc.Story], all = s, append(all, s)
		}
		given := doc.Consent.Given().Time()
		s.locales, s.files[name] = append(s.locales, doc.Content.Locale), data
		if given.After(s.given) {
			s.given = given
		}
		if given.After(newest) {
			newest = given
		}
		for _, o := range doc.Origins {
			if o.Source == "" {
				continue
			}
			if s.files[o.Source], err = fs.ReadFile(pictures, o.Source); err != nil {
				return nil, newest, err
			}
		}
	}
	return all, newest, nil
}

// moveConsent moves the days of a file's consent by whole years.
func moveConsent(name string, data []byte, years int) ([]byte, error) {
	doc, _ := domain.Parse(name, data)
	text := string(data)
	for key, day := range map[string]string{"given_on: ": doc.Consent.GivenOn, "ends: ": doc.Consent.Ends} {
		if day == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return nil, fmt.Errorf("%s: %s%s is no day", name, key, day)
		}
		text = strings.Replace(text, key+day, key+t.AddDate(years, 0, 0).Format(time.DateOnly), 1)
	}
	return []byte(text), nil
}

// pack puts files into a zip file, in the order of their names.
func pack(files map[string][]byte) ([]byte, error) {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
