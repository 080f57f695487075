package web

import (
	"embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed icons/*.svg
var iconFiles embed.FS

// icons holds the inner shapes of every icon by name; they are Lucide's, 24 units wide, drawn in lines of the text's colour.
var icons = func() map[string]string {
	entries, err := iconFiles.ReadDir("icons")
	if err != nil {
		panic(err) // the files are in the binary
	}
	out := make(map[string]string, len(entries))
	for _, e := range entries {
		raw, err := iconFiles.ReadFile("icons/" + e.Name())
		if err != nil {
			panic(err)
		}
		out[strings.TrimSuffix(e.Name(), ".svg")] = strings.TrimSpace(string(raw))
	}
	return out
}()

// Icon is an inline picture beside words; it is hidden from those who listen, so it never stands alone without a label.
func Icon(name string) (template.HTML, error) {
	inner, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("icon %q does not exist", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">` + inner + `</svg>`), nil
}
