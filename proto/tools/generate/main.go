// Command generate makes everything that is generated from the protos: Go code, the REST gateway and OpenAPI. It is run from the root of the repository:
//
//	go -C proto/tools run ./generate
//
// It needs nothing but the Go module proxy: the generators are pinned in proto/tools/go.mod, and the third-party protos are printed from the Go modules that
// own them into proto/thirdparty, which is not committed. With -check it generates into a temporary folder and fails if the committed files differ.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

func main() {
	log.SetFlags(0)
	check := flag.Bool("check", false, "fail if what is committed differs, change nothing")
	flag.Parse()
	if err := run(*check); err != nil {
		log.Fatal(err)
	}
}

func run(check bool) error {
	root, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	bin, err := os.MkdirTemp("", "renown-generate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	if err := printThirdParty(filepath.Join(root, "proto", "thirdparty")); err != nil {
		return err
	}
	// One build of all pinned tools is what `go tool` would do for each of them in turn.
	if err := command(".", nil, "go", "build", "-o", bin+string(filepath.Separator), "tool"); err != nil {
		return err
	}
	out := root
	if check {
		out = filepath.Join(bin, "out")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	path := []string{"PATH=" + bin + string(filepath.ListSeparator) + os.Getenv("PATH")}
	buf := filepath.Join(bin, "buf")
	if err := command(root, path, buf, "lint"); err != nil {
		return fmt.Errorf("buf lint: %w", err)
	}
	if err := command(root, path, buf, "format", "--diff", "--exit-code", "--path", "proto/renown"); err != nil {
		return fmt.Errorf("buf format: run `buf format -w --path proto/renown`: %w", err)
	}
	if err := os.RemoveAll(filepath.Join(out, "proto", "gen")); err != nil {
		return err
	}
	if err := command(root, path, buf, "generate", "-o", out); err != nil {
		return fmt.Errorf("buf generate: %w", err)
	}
	if err := writeOpenAPI(filepath.Join(out, "proto", "gen", "openapi"), bin); err != nil {
		return err
	}
	if check {
		return compare(filepath.Join(out, "proto", "gen"), filepath.Join(root, "proto", "gen"))
	}
	return nil
}

// command runs a program with the additional environment and shows what it says.
func command(dir string, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off"), env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// compare fails naming the first files that are not the same below both folders.
func compare(want, have string) error {
	w, err := files(want)
	if err != nil {
		return err
	}
	h, err := files(have)
	if err != nil {
		return err
	}
	var differ []string
	for name, b := range w {
		if h[name] != b {
			differ = append(differ, name)
		}
	}
	for name := range h {
		if _, ok := w[name]; !ok {
			differ = append(differ, name+" (no longer generated)")
		}
	}
	if len(differ) > 0 {
		slices.Sort(differ)
		return fmt.Errorf("generated files are not what the protos say; run `go -C proto/tools run ./generate`: %v", differ)
	}
	return nil
}

func files(dir string) (map[string]string, error) {
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all[name] = string(b)
		return err
	})
	return all, err
}
