// Command shots takes a picture of every page: `go run ./deploy/shots`. It starts the demo company in a folder of its own, opens each page at 360 and 1280 px in
// light and dark, stories on paper too, and writes the pictures with one contact sheet, as HTML and as PNG, into ./shots. Look at them before a change of the
// pages lands.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"renown.example/deploy/browser"
)

func main() {
	folder := flag.String("out", "shots", "folder that the pictures are written to; what an earlier run left there is removed")
	only := flag.String("only", "", "regular expression that the names of the pages must match, to be quicker")
	flag.Parse()
	if err := run(*folder, *only); err != nil {
		fmt.Fprintln(os.Stderr, "shots:", err)
		os.Exit(1)
	}
}

func run(folder, only string) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	chromium, err := browser.Launch()
	if err != nil {
		return err
	}
	defer chromium.Close()
	platform, err := browser.Start()
	if err != nil {
		return err
	}
	defer platform.Stop()
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	s := &session{chromium: chromium, platform: platform, folder: folder, wanted: wanted}
	if err := s.everything(); err != nil {
		return err
	}
	if err := s.sheetHTML(); err != nil {
		return err
	}
	if err := s.sheetPNG(); err != nil {
		return err
	}
	fmt.Printf("%d pictures of %d pages: %s\n", s.count, len(s.taken), filepath.Join(folder, "index.html"))
	return nil
}
