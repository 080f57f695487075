//go:build unix

package crash_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"renown.example/website/api"
)

// The slow ones, more of them than the 1,024 requests that the gateway works on at the same time.
const slowHeaders, slowBodies, slowReaders = 400, 700, 500

// How long the program waits for each of them.
const (
	headersWithin = 10 * time.Second
	bodyWithin    = 60 * time.Second
	answerWithin  = 150 * time.Second
	// latest is how much later a busy machine may notice.
	latest = 15 * time.Second
)

// asked is how many answers a slow reader asks for at once, so that they fit into no buffer.
const asked = 60

// slow is a connection whose owner takes its time.
type slow struct {
	net.Conn
	in    *bufio.Reader
	begun time.Time
}

// TestSlowClientsAreInNobodysWay holds 1,600 slow connections while others read and write, and sees them cut off. How the quick ones are served is a condition, not
// a time: each of their requests succeeds.
func TestSlowClientsAreInNobodysWay(t *testing.T) {
	t.Parallel()
	p := own(t, filepath.Join(t.TempDir(), "data"))
	c := p.people(t)
	x := p.tell(t, c, "read-by-the-quick")
	host := strings.TrimPrefix(p.API, "http://")
	headers := p.slowly(t, slowHeaders, host, "GET /v1/stories HTTP/1.1\r\nHost: renown\r\nX-Slow: ", "")
	bodies := p.slowly(t, slowBodies, host, "POST /v1/sessions HTTP/1.1\r\nHost: renown\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n")
	readers := p.slowly(t, slowReaders, host, strings.Repeat("GET /openapi.json HTTP/1.1\r\nHost: renown\r\n\r\n", asked), "HTTP/1.1 200 ")
	stop := make(chan struct{})
	var dripping sync.WaitGroup
	dripping.Go(func() { drip(headers, "x", stop) })
	dripping.Go(func() { drip(bodies, " ", stop) })
	if n, err := p.served(); err != nil || n < slowBodies+slowReaders {
		t.Errorf("%d connections are served, %v", n, err)
	}
	p.quickOnes(t, c, x)
	if n := ended(bodies); n > 0 {
		t.Errorf("%d slow bodies were cut off before their time: the quick ones were not tried beside them", n)
	}
	isCutOff(t, "headers", headers, headersWithin)
	if os.Getenv("RENOWN_TEST_FULL") == "1" {
		isCutOff(t, "bodies", bodies, bodyWithin)
		p.areGivenUp(t, readers)
	}
	close(stop)
	dripping.Wait()
	p.isWhole(t, c, x)
}

// slowly opens connections and sends each the beginning. Where the program answers to that, it is awaited: then they are where they are meant to be.
func (p *program) slowly(t *testing.T, n int, host, beginning, answer string) []*slow {
	t.Helper()
	out := make([]*slow, n)
	for i := range out {
		dialer := net.Dialer{Timeout: requestBound}
		conn, err := dialer.DialContext(t.Context(), "tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
		out[i] = &slow{Conn: conn, in: bufio.NewReaderSize(conn, 16), begun: clk.Now()}
		if _, err := io.WriteString(conn, beginning); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range out {
		if answer == "" {
			break
		}
		got := make([]byte, len(answer))
		if err := s.SetReadDeadline(clk.Now().Add(requestBound)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(s.in, got); err != nil || string(got) != answer {
			t.Fatalf("a slow one is answered %q, %v", got, err)
		}
	}
	return out
}

// drip sends a little on each connection now and then, until it is told to stop.
func drip(of []*slow, what string, stop chan struct{}) {
	for {
		for _, s := range of {
			_, _ = io.WriteString(s, what) // those that were cut off are counted elsewhere
		}
		select {
		case <-stop:
			return
		case <-clk.After(time.Second):
		}
	}
}

// quickOnes read a story and lists in every way, and write another story, all while the slow ones are connected.
func (p *program) quickOnes(t *testing.T, c cast, x *tale) {
	t.Helper()
	var all sync.WaitGroup
	var answered atomic.Int64
	for n := range 8 {
		all.Go(func() {
			client := &http.Client{Timeout: requestBound, Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for k := range 25 {
				addresses := append(addressesOf(p.Target, x), p.Website+"/stories", fmt.Sprintf("%s/v1/stories?query=%s&pageSize=%d", p.API, x.id, 1+(n*25+k)%100))
				for _, address := range addresses {
					res, err := client.Get(address)
					if err != nil {
						t.Error(err)
						return
					}
					_, err = io.Copy(io.Discard, res.Body)
					if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
						t.Errorf("beside the slow ones, %s answers %d, %v", address, res.StatusCode, err)
					}
					answered.Add(1)
				}
			}
		})
	}
	written := &tale{id: "written-beside-the-slow", plot: "stays", steps: append(beginning(), plots["stays"]...)}
	all.Go(func() {
		for _, s := range written.steps {
			ctx, cancel := context.WithTimeout(context.Background(), requestBound)
			reply, err := s.send(ctx, c, written, api.IdempotencyKey(written.keyOf(written.acked)))
			cancel()
			if err != nil {
				t.Errorf("beside the slow ones, %s: %v", s.name, err)
				return
			}
			if s.learn != nil {
				s.learn(written, reply)
			}
			written.acked++
		}
	})
	all.Wait()
	t.Logf("%d requests were answered beside %d slow ones, and a story was written and published", answered.Load(), slowHeaders+slowBodies+slowReaders)
}

// ended counts the connections that the program has ended.
func ended(of []*slow) (n int) {
	for _, s := range of {
		if over(s, time.Millisecond) {
			n++
		}
	}
	return n
}

// over waits for the end of a connection on which nothing more is to be read than a refusal.
func over(s *slow, within time.Duration) bool {
	if err := s.SetReadDeadline(clk.Now().Add(within)); err != nil {
		return true
	}
	if s.in.Buffered() == 0 {
		if _, err := s.in.Peek(1); errors.Is(err, os.ErrDeadlineExceeded) {
			return false
		}
	}
	return true
}

// isCutOff checks that the program ends each connection within its bound.
func isCutOff(t *testing.T, what string, of []*slow, within time.Duration) {
	t.Helper()
	for _, s := range of {
		left := s.begun.Add(within + latest).Sub(clk.Now())
		if !over(s, max(left, time.Millisecond)) {
			t.Fatalf("a slow one among the %s is not cut off within %s", what, within+latest)
		}
	}
}

// areGivenUp checks that nobody is kept busy any more by those who do not read. What lies in the pipe they may still have; the program has let go of it.
func (p *program) areGivenUp(t *testing.T, of []*slow) {
	t.Helper()
	over := clk.After(of[len(of)-1].begun.Add(answerWithin + latest).Sub(clk.Now()))
	for {
		n, err := p.served()
		if err != nil {
			t.Fatal(err)
		}
		if n < len(of)/2 {
			return
		}
		select {
		case <-over:
			t.Fatalf("%d connections are served %s after %d began not to read", n, answerWithin+latest, len(of))
		case <-clk.After(time.Second):
		}
	}
}

// served is how many connections the program works for or waits for, as its own profile of goroutines says.
func (p *program) served() (int, error) {
	_, profile, err := get("http://" + p.admin + "/debug/pprof/goroutine?debug=1")
	_, stacks, _ := strings.Cut(profile, "\n") // the first line counts all goroutines
	all := 0
	for stack := range strings.SplitSeq(stacks, "\n\n") {
		var n int
		if _, err := fmt.Sscanf(strings.TrimSpace(stack), "%d @", &n); err == nil && strings.Contains(stack, "net/http.(*conn).serve") {
			all += n
		}
	}
	if err == nil && all == 0 {
		err = errors.New("the profile knows of no connection, not even of the one that asks")
	}
	return all, err
}
