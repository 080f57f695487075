package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"renown.example/deploy/browser"
)

// view is a way of looking at a page.
type view struct {
	name          string
	width, height int
	dark, paper   bool
}

var (
	screens = []view{
		{name: "360 light", width: 360, height: 740}, {name: "360 dark", width: 360, height: 740, dark: true},
		{name: "1280 light", width: 1280, height: 800}, {name: "1280 dark", width: 1280, height: 800, dark: true},
	}
	// paper is A4 at 96 dots an inch, without the margins of the printer.
	paper = view{name: "print", width: 700, height: 1000, paper: true}
)

// row is a page with its pictures, by view.
type row struct {
	name, address string
	files         map[string]string
}

// session is one run of the camera.
type session struct {
	chromium *browser.Chromium
	platform *browser.Platform
	folder   string
	wanted   *regexp.Regexp
	taken    []row
	count    int
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// take pictures of an address from all sides.
func (s *session) take(p *browser.Page, name, address string, more ...view) error {
	if !s.wanted.MatchString(name) {
		return nil
	}
	r := row{name: name, address: strings.TrimPrefix(address, s.platform.Website), files: map[string]string{}}
	for _, v := range append(append([]view{}, screens...), more...) {
		file, err := s.shoot(p, v, name, address)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", name, v.name, err)
		}
		r.files[v.name] = file
	}
	s.taken = append(s.taken, r)
	fmt.Println(name)
	return nil
}

func (s *session) shoot(p *browser.Page, v view, name, address string) (string, error) {
	look := func() error { return p.Look(v.width, v.height, v.dark) }
	if v.paper {
		look = func() error { return p.Paper(v.width, v.height) }
	}
	if err := look(); err != nil {
		return "", err
	}
	if err := p.Go(address); err != nil {
		return "", err
	}
	raw, err := p.Picture(browser.Whole)
	if err != nil {
		return "", err
	}
	file := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(name+" "+v.name), "-"), "-") + ".png"
	s.count++
	return file, os.WriteFile(filepath.Join(s.folder, file), raw, 0o644)
}

// all takes several pages one after the other: names and addresses alternate.
func (s *session) all(p *browser.Page, pages ...string) error {
	for i := 0; i+1 < len(pages); i += 2 {
		if err := s.take(p, pages[i], pages[i+1]); err != nil {
			return err
		}
	}
	return nil
}
