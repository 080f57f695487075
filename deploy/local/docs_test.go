package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// documented is a step of deploy/docs/loyalty.md: a command, what it answers with among other things, and the name that the reader then gives to the last part of the answer's name.
var documented = regexp.MustCompile("(?s)```sh\ncall ([^\n]+)\n```\n\n```json\n(.*?)\n```\n([^#]*?)(?:```|\n## |$)")

var given = regexp.MustCompile("`([A-Z]+)=\\.\\.\\.`")

// followsTheDocs does what the first quarter of an hour of the docs says, and gets what it says.
func (i *installation) followsTheDocs(t *testing.T, key string) {
	t.Helper()
	text, err := os.ReadFile("../docs/loyalty.md")
	if err != nil {
		t.Fatal(err)
	}
	// A step ends where the next begins, so what ends one is looked at again.
	names, steps := map[string]string{}, 0
	for rest := string(text); ; steps++ {
		at := documented.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		m := documented.FindStringSubmatch(rest)
		got := i.call(t, key, shellWords(m[1], names))
		var want any
		if err := json.Unmarshal([]byte(m[2]), &want); err != nil {
			t.Fatalf("%s: %v", m[2], err)
		}
		if err := within(want, got); err != nil {
			t.Fatalf("call %s: %v, in %v", m[1], err, got)
		}
		if as := given.FindStringSubmatch(m[3]); as != nil {
			name, _ := got.(map[string]any)["name"].(string)
			names[as[1]] = path.Base(name)
		}
		rest = rest[at[5]:]
	}
	if commands := strings.Count(string(text), "\ncall "); steps != commands {
		t.Errorf("%d of %d commands were tried", steps, commands)
	}
}

// call does what the shell's function of the docs does.
func (i *installation) call(t *testing.T, key string, words []string) (answer any) {
	t.Helper()
	words = append(words, "", "")
	req, err := http.NewRequestWithContext(t.Context(), words[0], i.API+"/v1/programs/customers"+words[1], strings.NewReader(words[3]))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	for name, value := range map[string]string{"Idempotency-Key": words[2], "Content-Type": "application/json"} {
		if value != "" && words[2]+words[3] != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &answer); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v is answered %d: %s", words, resp.StatusCode, body)
	}
	return answer
}

// shellWords splits a command as a shell does that knows names, blanks and single quotes.
func shellWords(command string, names map[string]string) []string {
	words, quoted := []string{""}, false
	for _, part := range regexp.MustCompile(`'|\$[A-Z]+| +|[^'$ ]+|\$`).FindAllString(command, -1) {
		last := &words[len(words)-1]
		switch {
		case part == "'":
			quoted = !quoted
		case quoted:
			*last += part
		case part[0] == '$':
			*last += names[part[1:]]
		case part[0] == ' ':
			words = append(words, "")
		default:
			*last += part
		}
	}
	return words
}

// within says where what is wanted is not in what there is: objects may have more members.
func within(want, got any) error {
	switch want := want.(type) {
	case map[string]any:
		has, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%v is no object", got)
		}
		for name, value := range want {
			if err := within(value, has[name]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	case []any:
		has, ok := got.([]any)
		if !ok || len(has) != len(want) {
			return fmt.Errorf("%v is not a list of %d", got, len(want))
		}
		for n, value := range want {
			if err := within(value, has[n]); err != nil {
				return fmt.Errorf("%d: %w", n, err)
			}
		}
		return nil
	}
	if want != got {
		return fmt.Errorf("%v, not %v", got, want)
	}
	return nil
}
