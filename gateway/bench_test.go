package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkPublishedStory compares a published story from memory with a bare handler that writes the same bytes.
func BenchmarkPublishedStory(b *testing.B) {
	w := newWorld(b, nil)
	w.stories.published.set("nordhafen", "One")
	w.connected()
	body := w.do("GET", "/v1/stories/nordhafen", "").body
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	defer bare.Close()
	for name, base := range map[string]string{"bare": bare.URL, "gateway": w.http.URL} {
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
				for pb.Next() {
					res, err := client.Get(base + "/v1/stories/nordhafen")
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
				}
			})
		})
	}
}
