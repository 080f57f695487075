package browser

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"

	"renown.example/kit/fault"
)

var partnersKey = regexp.MustCompile(`rn_test_key_\S+`)

// Partner calls the interface with the key that the demo printed, as a shop does, and returns the fields of the answer. Each call is one of its own: it is not
// repeated under the same idempotency key.
func (p *Platform) Partner(method, path, body string) (map[string]any, error) {
	req, err := http.NewRequest(method, p.API+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+partnersKey.FindString(p.Log()))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", rand.Text())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fault.IllegalState.New("%s %s was answered %d: %s", method, path, res.StatusCode, raw)
	}
	out := map[string]any{}
	return out, json.Unmarshal(raw, &out)
}
