package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"renown.example/kit/auth"
	"renown.example/kit/config"
)

type settings struct {
	PublicURL string            `help:"Where visitors find it." default:"http://127.0.0.1:8080"`
	Demo      bool              `help:"Demo." default:"true" negatable:""`
	StopIn    time.Duration     `default:"10s"`
	Limit     int               `default:"5"`
	Origin    []string          `help:"Allowed origins."`
	Label     map[string]string `help:"Labels."`
	Mongo     struct {
		URI string `name:"uri"`
	} `embed:"" prefix:"mongo-"`
	Trusted []auth.PublicKey
}

func load(t *testing.T, file string, args ...string) (settings, error) {
	t.Helper()
	if file != "" {
		path := filepath.Join(t.TempDir(), "settings.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if args == nil {
		args = []string{}
	}
	var s settings
	err := config.Load(&s, config.Options{Name: "renown", Args: args, Output: &bytes.Buffer{}, Exit: func(int) {}})
	return s, err
}

func TestFlagBeatsVariableBeatsFileBeatsDefault(t *testing.T) {
	const file = "public-url: http://file\nlimit: 7\n"
	for _, tt := range []struct {
		file, env, flag, want string
	}{
		{"", "", "", "http://127.0.0.1:8080"}, {file, "", "", "http://file"}, {file, "http://env", "", "http://env"}, {file, "http://env", "http://flag", "http://flag"}, {file, "", "http://flag", "http://flag"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if tt.env != "" {
				t.Setenv("RENOWN_PUBLIC_URL", tt.env)
			}
			var args []string
			if tt.flag != "" {
				args = []string{"--public-url", tt.flag}
			}
			got, err := load(t, tt.file, args...)
			if err != nil || got.PublicURL != tt.want {
				t.Errorf("got %q, %v", got.PublicURL, err)
			}
		})
	}
}

func TestFileOfEveryType(t *testing.T) {
	key := auth.GenerateKey().Public()
	want := settings{PublicURL: "https://renown.example", Demo: false, StopIn: 90 * time.Second, Limit: 12, Origin: []string{"https://a.example", "https://b.example"},
		Label: map[string]string{"site": "north"}, Trusted: []auth.PublicKey{key}}
	want.Mongo.URI = "mongodb://db"
	for name, file := range map[string]string{
		"yaml":   "public-url: https://renown.example\ndemo: false\nstop_in: 90s\nlimit: 12\norigin: [https://a.example, https://b.example]\nlabel: {site: north}\nmongo-uri: mongodb://db\ntrusted: [" + key.String() + "]\n",
		"nested": "public: {url: https://renown.example}\ndemo: false\nstop: {in: 90s}\nlimit: 12\norigin:\n- https://a.example\n- https://b.example\nlabel:\n  site: north\nmongo:\n  uri: mongodb://db\ntrusted:\n- " + key.String() + "\n",
		"json":   `{"public-url": "https://renown.example", "demo": false, "stop-in": "90s", "limit": 12, "origin": ["https://a.example", "https://b.example"], "label": {"site": "north"}, "mongo": {"uri": "mongodb://db"}, "trusted": ["` + key.String() + `"]}`,
	} {
		got, err := load(t, file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(want, got, cmp.Comparer(func(a, b auth.PublicKey) bool { return a.String() == b.String() })); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"unknown key", "publik-url: x\n", `unknown key "publik-url"`},
		{"unknown nested key", "mongo:\n  url: x\n", `unknown key "mongo-url"`},
		{"bad number", "limit: many\n", "limit"},
		{"bad duration", "stop-in: soon\n", "stop-in"},
		{"bad bool", "demo: maybe\n", "demo"},
		{"bad key", "trusted: [nonsense]\n", "trusted"},
		{"no value", "limit:\n", `"limit" has no value`},
		{"twice", "limit: 1\nLimit: 2\n", "Limit"},
		{"twice, spelt differently", "stop-in: 1s\nstop_in: 2s\n", `"stop-in" is there twice`},
		{"a list", "- a\n", "keys with values"},
		{"broken", "a: [\n", "settings.yaml"},
		{"config in config", "config: x\n", `unknown key "config"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := load(t, tt.file); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
	if _, err := load(t, "", "--publik-url", "x"); err == nil || !strings.Contains(err.Error(), "publik-url") {
		t.Errorf("unknown flag: %v", err)
	}
	if _, err := load(t, "", "--config", "/does/not/exist"); err == nil || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("missing file: %v", err)
	}
	t.Setenv("RENOWN_LIMIT", "many")
	if _, err := load(t, ""); err == nil || !strings.Contains(err.Error(), "RENOWN_LIMIT") {
		t.Errorf("bad variable: %v", err)
	}
}

func TestFileNamedByVariable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	if err := os.WriteFile(path, []byte(`{"limit": 9}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("RENOWN_CONFIG", path)
	if got, err := load(t, ""); err != nil || got.Limit != 9 {
		t.Errorf("got %d, %v", got.Limit, err)
	}
}
