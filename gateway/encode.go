package gateway

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// worthEncoding is the size in bytes below which an answer is sent as it is.
const worthEncoding = 1024

var (
	gzips = sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level exists
		return w
	}}
	zstds = func() *zstd.Encoder {
		// One block at a time: answers are small, and what waits is bounded by the requests in flight.
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(4)) // the options are in their bounds
		return w
	}()
)

// encode compresses body if it is worth it and the caller takes it. It returns the bytes and the suffix for the ETag.
func encode(r *http.Request, h http.Header, body []byte) (coded []byte, suffix string) {
	if !compressible(h.Get("Content-Type")) {
		return body, ""
	}
	h.Add("Vary", "Accept-Encoding")
	if len(body) < worthEncoding {
		return body, ""
	}
	accepted := r.Header.Values("Accept-Encoding")
	switch {
	case accepts(accepted, "zstd"):
		h.Set("Content-Encoding", "zstd")
		return zstds.EncodeAll(body, nil), "-zst"
	case accepts(accepted, "gzip"):
		h.Set("Content-Encoding", "gzip")
		var out bytes.Buffer
		z := gzips.Get().(*gzip.Writer)
		defer gzips.Put(z)
		z.Reset(&out)
		_, _ = z.Write(body) // to memory: does not fail
		_ = z.Close()
		return out.Bytes(), "-gz"
	}
	return body, ""
}

func compressible(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	switch media {
	case "application/json", "application/javascript", "image/svg+xml":
		return true
	}
	return strings.HasPrefix(media, "text/") && media != "text/event-stream"
}

// accepts reports whether Accept-Encoding names the coding with a weight above zero. "*" is not taken for it: who means it says it.
func accepts(lines []string, coding string) bool {
	for _, line := range lines {
		for one := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(one, ";")
			if !strings.EqualFold(strings.TrimSpace(name), coding) {
				continue
			}
			q, weighted := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return !weighted || err == nil && weight > 0
		}
	}
	return false
}
