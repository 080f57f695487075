// Package purge tells a cache in front of Renown, such as a content delivery network, what to forget.
package purge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"renown.example/kit/fault"
	"renown.example/kit/ready"
	"renown.example/stories/server"
)

// The ways of saying what to forget.
const (
	// SurrogateKey posts without a body and names the keys in the header Surrogate-Key, parted by spaces.
	SurrogateKey = "surrogate-key"
	// CacheTag posts {"tags": [...]} as JSON.
	CacheTag = "cache-tag"
	// JSON posts {"id": "...", "keys": [...]}; the id is the same when a purge is sent again.
	JSON = "json"
)

// timeout bounds one call; the job that makes it has a lease of half a minute.
const timeout = 10 * time.Second

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 4 << 10

// Config says how the cache in front is reached. Without an address there is none: every answer has to be asked for again.
type Config struct {
	URL   string `name:"url" help:"Address that a cache in front offers for purging by surrogate keys. Without it nothing may be kept there." placeholder:"URL"`
	Style string `help:"How keys are sent: surrogate-key (a header), cache-tag ({\"tags\": [...]}), or json ({\"id\": ..., \"keys\": [...]})." default:"surrogate-key" enum:"surrogate-key,cache-tag,json"`
	Auth  string `help:"Header that authorises a purge, such as 'Authorization: Bearer ...' or 'Fastly-Key: ...'." placeholder:"HEADER"`
}

// Hook sends purges. It implements server.Purger and is safe for concurrent use.
type Hook struct {
	config      Config
	name, value string
	client      *http.Client
}

var _ server.Purger = (*Hook)(nil)

// New checks the settings; the cache is not asked before the first purge.
func New(c Config) (*Hook, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.Invalid("purge-url", "%q is not an address such as https://cdn.example/purge", c.URL)
	}
	h := &Hook{config: c, client: &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if c.Auth != "" {
		name, value, ok := strings.Cut(c.Auth, ":")
		if h.name, h.value = strings.TrimSpace(name), strings.TrimSpace(value); !ok || h.name == "" || h.value == "" || strings.ContainsAny(h.name, " \t") {
			return nil, fault.Invalid("purge-auth", "it is a header: its name, a colon, its value")
		}
	}
	return h, nil
}

// Where implements server.Purger. What may be secret in an address is left out.
func (h *Hook) Where() string {
	u, err := url.Parse(h.config.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Purge implements server.Purger: it returns nil when the cache has said that it forgot.
func (h *Hook) Purge(ctx context.Context, id string, keys []string) error {
	var body []byte
	var err error
	switch h.config.Style {
	case CacheTag:
		body, err = json.Marshal(map[string]any{"tags": keys})
	case JSON:
		body, err = json.Marshal(map[string]any{"id": id, "keys": keys})
	}
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.config.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if h.config.Style == SurrogateKey {
		req.Header.Set(ready.SurrogateKey, strings.Join(keys, " "))
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	if h.name != "" {
		req.Header.Set(h.name, h.value)
	}
	res, err := h.client.Do(req)
	if err != nil {
		return fault.Unavailable.New("The cache at %s cannot be reached.", h.Where()).Wrap(err)
	}
	defer res.Body.Close()
	// What it says is read so that the connection can be used again; nobody knows what form it has.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode/100 != 2 {
		return fault.Unavailable.New("The cache at %s answered a purge with %s.", h.Where(), fmt.Sprint(res.StatusCode))
	}
	return nil
}
