package ready

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// entry is an answer made ready. It does not change, except that codings are added when they are first asked for.
type entry struct {
	key        string
	status     int
	etag       string // without quotes and suffix
	header     []field
	tags       []string
	validUntil time.Time
	body       []byte
	squeezable bool
	// policy is the Cache-Control of the answer.
	policy string
	forms  [codings]form
	// grew is told how many bytes a new coding takes; nil for an entry that is not kept.
	grew func(e *entry, by int)

	used atomic.Bool // since the evicting hand last passed
	// The following belong to the holder's lock.
	slot int // place in the ring, -1 when not kept
	size int
}

// form is the answer in one coding, made once.
type form struct {
	once sync.Once
	// worth says that the coding makes the body smaller.
	worth       bool
	etag        string
	body        []byte
	header      []field
	notModified []field
}

// field is a header field whose value is shared by all responses.
type field struct {
	name   string
	values []string
}

// overhead is what an entry takes besides its bodies, roughly, in bytes.
const overhead = 1024

// smallest is the least body, in bytes, that is worth compressing.
const smallest = 512

func newEntry(key string, a Answer) *entry {
	e := &entry{key: key, status: a.Status, etag: a.ETag, tags: a.Tags, validUntil: a.ValidUntil, body: a.Body, slot: -1}
	if e.status == 0 {
		e.status = http.StatusOK
	}
	contentType := a.Header.Get("Content-Type")
	if e.etag == "" {
		h := sha256.New()
		fmt.Fprintf(h, "%d\x00%s\x00", e.status, contentType)
		h.Write(a.Body)
		e.etag = base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:15])
	}
	e.squeezable = len(a.Body) >= smallest && squeezable(contentType) && a.Header.Get("Content-Encoding") == ""
	for name, values := range a.Header {
		switch name {
		case "Etag", "Vary", "Content-Length":
		default:
			e.header = append(e.header, field{name, values})
		}
	}
	if e.policy = a.Header.Get("Cache-Control"); e.policy == "" {
		e.policy = private
		e.header = append(e.header, field{"Cache-Control", []string{private}})
	}
	if vary := a.Header["Vary"]; len(vary) > 0 {
		e.header = append(e.header, field{"Vary", append(append([]string(nil), vary...), "Accept-Encoding")})
	} else {
		e.header = append(e.header, field{"Vary", []string{"Accept-Encoding"}})
	}
	if !a.ValidUntil.IsZero() {
		// It says until when this is true, for those who make answers of it; what may be kept how long says Cache-Control, which comes before it.
		e.header = append(e.header, field{"Expires", []string{a.ValidUntil.UTC().Format(http.TimeFormat)}})
	}
	if len(a.Tags) > 0 {
		e.header = append(e.header, field{SurrogateKey, []string{strings.Join(a.Tags, " ") + " " + EverythingKey}})
	}
	e.size = overhead + len(key) + len(a.Body)
	return e
}

func squeezable(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "json") || strings.HasSuffix(t, "xml") || strings.HasSuffix(t, "javascript") || t == "application/wasm"
}

// private lets nobody give an answer away without asking again, which costs a 304.
const private = "no-cache"

// serve writes the answer in the coding that the client likes best, or 304 if the client has it.
func (e *entry) serve(w http.ResponseWriter, r *http.Request) {
	f := e.choose(r)
	if e.status == http.StatusOK && matches(r.Header, f.etag) {
		set(w.Header(), f.notModified)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	set(w.Header(), f.header)
	w.WriteHeader(e.status)
	if r.Method != http.MethodHead {
		// A failed write means that the client went away; there is nobody to tell.
		_, _ = w.Write(f.body)
	}
}

func set(h http.Header, fields []field) {
	for _, f := range fields {
		if f.name == "Vary" && len(h["Vary"]) > 0 {
			h["Vary"] = append(h["Vary"], f.values...)
			continue
		}
		h[f.name] = f.values
	}
}

func (e *entry) choose(r *http.Request) *form {
	if e.squeezable {
		liked := accepted(r.Header)
		var without [codings]bool
		for {
			c := liked.best(&without)
			if c == identity {
				break
			}
			if f := e.form(c); f.worth {
				return f
			}
			without[c] = true
		}
	}
	return e.form(identity)
}

func (e *entry) form(c coding) *form {
	f := &e.forms[c]
	f.once.Do(func() {
		f.body = squeeze(e.body, c)
		f.worth = c == identity || len(f.body) < len(e.body)
		if !f.worth {
			f.body = nil
			return
		}
		e.dress(f, c)
		if e.grew != nil && c != identity {
			e.grew(e, len(f.body))
		}
	})
	return f
}

// dress makes the header fields of a form.
func (e *entry) dress(f *form, c coding) {
	f.etag = `"` + e.etag + suffixes[c] + `"`
	f.header = append(f.header, e.header...)
	f.header = append(f.header, field{"Etag", []string{f.etag}}, field{"Content-Length", []string{strconv.Itoa(len(f.body))}})
	if c != identity {
		f.header = append(f.header, field{"Content-Encoding", []string{names[c]}})
	}
	// What a 304 must repeat (RFC 9110, 15.4.5), and what protects a page: its reader keeps the header fields that it has.
	for _, h := range f.header {
		switch h.name {
		case "Content-Length", "Content-Encoding", "Content-Type":
		default:
			f.notModified = append(f.notModified, h)
		}
	}
}

var (
	gzips   = sync.Pool{New: func() any { w, _ := gzip.NewWriterLevel(io.Discard, 6); return w }} // level 6 exists
	brotlis = sync.Pool{New: func() any { return brotli.NewWriterLevel(io.Discard, 5) }}
	zstds   = sync.OnceValue(func() *zstd.Encoder {
		// One at a time is enough: each answer is squeezed once.
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithWindowSize(1<<20))
		if err != nil {
			panic(err) // the options are constants
		}
		return w
	})
)

type squeezer interface {
	io.WriteCloser
	Reset(io.Writer)
}

func squeeze(body []byte, c coding) []byte {
	switch c {
	case gzipCoding:
		return through(&gzips, body)
	case brotliCoding:
		return through(&brotlis, body)
	case zstdCoding:
		return zstds().EncodeAll(body, nil)
	default:
		return body
	}
}

func through(pool *sync.Pool, body []byte) []byte {
	w := pool.Get().(squeezer)
	defer pool.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	// Neither fails: a buffer takes everything.
	_, _ = w.Write(body)
	_ = w.Close()
	return bytes.Clone(b.Bytes())
}
