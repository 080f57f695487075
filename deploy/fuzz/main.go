// Command fuzz runs every fuzz target of the repository for a while, one after the other: `go run ./deploy/fuzz -each 10m`. What a target finds, Go writes into
// its package's testdata/fuzz, from where every later test run tries it: commit it with the repair.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("each", 10*time.Minute, "how long each target runs")
	only := flag.String("only", "", "regular expression that folder and name of a target must match, such as page or domain.*Blocks")
	list := flag.Bool("list", false, "name the targets and run none")
	flag.Parse()
	if err := run(*each, *only, *list); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

// target is a fuzz function of a package.
type target struct{ folder, name string }

func run(each time.Duration, only string, list bool) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	root, err := workspace()
	if err != nil {
		return err
	}
	targets, err := find(root)
	if err != nil {
		return err
	}
	var failed []error
	for _, t := range targets {
		if !wanted.MatchString(t.folder + " " + t.name) {
			continue
		}
		fmt.Printf("%s %s\n", t.folder, t.name)
		if list {
			continue
		}
		cmd := exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", each.String(), ".")
		cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Join(root, t.folder), os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			failed = append(failed, fmt.Errorf("%s %s: %w", t.folder, t.name, err))
		}
	}
	return errors.Join(failed...)
}

// workspace is the folder with go.work in it.
func workspace() (string, error) {
	out, err := exec.Command("go", "env", "GOWORK").Output()
	if file := strings.TrimSpace(string(out)); err == nil && file != "" && file != "off" {
		return filepath.Dir(file), nil
	}
	return "", errors.New("it is run inside of the repository, with its workspace")
}

var declared = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// find returns all targets below a folder, in the order of their folders.
func find(root string) ([]target, error) {
	var out []target
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, m := range declared.FindAllSubmatch(text, -1) {
			out = append(out, target{filepath.ToSlash(folder), string(m[1])})
		}
		return nil
	})
	return out, err
}
