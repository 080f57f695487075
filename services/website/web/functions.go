package web

import (
	"fmt"
	"html/template"
	"strings"
)

// functions are what templates can call besides the methods of View.
func functions() template.FuncMap {
	return template.FuncMap{
		"icon":    Icon,
		"dict":    dict,
		"isOG":    func(name string) bool { return strings.HasPrefix(name, "og:") || strings.HasPrefix(name, "article:") },
		"in":      func(v *View, data any) Within { return Within{v, data} },
		"toneOf":  toneIcon,
		"next":    func(position int32) int32 { return position + 1 },
		"initial": initial,
	}
}

// Within carries the page's view along with a part's own data into a shared template: {{template "field" in $ .Email}}.
type Within struct {
	V    *View
	Data any
}

// dict makes a map from alternating names and values, for parts with several arguments.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict needs a value for each name")
	}
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}

func toneIcon(tone Tone) string {
	switch tone {
	case GoodTone:
		return "circle-check"
	case WarnTone:
		return "triangle-alert"
	case BadTone:
		return "circle-alert"
	}
	return "info"
}

func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return ""
}
