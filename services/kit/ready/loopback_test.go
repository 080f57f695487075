package ready_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"renown.example/kit/clock"
	"renown.example/kit/ready"
)

// BenchmarkLoopback asks for a page of 24 KB over loopback, from memory and from a bare handler that writes the same bytes and header, by a client that does
// next to nothing, so that the server is what is measured.
func BenchmarkLoopback(b *testing.B) {
	h := ready.New(ready.Options{Clock: clock.System(), Problem: problem})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	hearing := make(chan struct{})
	go h.Follow(ctx, func(ctx context.Context, heard func(ready.Revision)) error {
		heard(ready.Revision{})
		close(hearing)
		return quick(ctx, heard)
	}, func(error) {})
	<-hearing
	body := []byte(strings.Repeat(long, 8))
	size := strconv.Itoa(len(body))
	bare := func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Length", size)
		header.Set("Etag", `"0123456789abcdefghij"`)
		header.Set("Vary", "Accept-Encoding")
		header.Set("Cache-Control", "no-cache")
		w.Write(body)
	}
	held := func(w http.ResponseWriter, r *http.Request) {
		h.ServeOr(w, r, r.URL.Path, func(context.Context) (ready.Answer, error) { return answer(string(body), "stories/abc"), nil })
	}
	for name, handler := range map[string]http.HandlerFunc{"bare": bare, "held": held} {
		b.Run(name, func(b *testing.B) {
			srv := httptest.NewServer(handler)
			defer srv.Close()
			request := []byte("GET /stories/abc HTTP/1.1\r\nHost: renown.example\r\nAccept-Encoding: identity\r\n\r\n")
			b.RunParallel(func(pb *testing.PB) {
				conn, err := net.Dial("tcp", srv.Listener.Addr().String())
				if err != nil {
					b.Error(err)
					return
				}
				defer conn.Close()
				in := bufio.NewReaderSize(conn, 64<<10)
				for pb.Next() {
					if _, err := conn.Write(request); err != nil {
						b.Error(err)
						return
					}
					if err := skip(in, len(body)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// skip reads past one answer.
func skip(in *bufio.Reader, body int) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == 2 {
			_, err := io.CopyN(io.Discard, in, int64(body))
			return err
		}
	}
}
