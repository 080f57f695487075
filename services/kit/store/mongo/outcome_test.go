package mongo_test

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	engine "renown.example/kit/store/mongo"
)

type note struct {
	Text string `json:"text"`
}

var notes = store.Define[note](store.Spec{Name: "notes"})

// proxy stands between the engine and the server, and cuts connections.
type proxy struct {
	net.Listener
	server string
	// onCommit decides what happens to a commit: whether it reaches the server, whether its answer is lost with the connection, and whether the network is gone
	// from then on.
	onCommit func() (deliver, cut, dead bool)

	mu    sync.Mutex
	dead  bool
	conns []net.Conn
	wg    sync.WaitGroup
}

// startProxy returns a proxy to the tests' server and the URI that leads through it.
func startProxy(t *testing.T, onCommit func() (deliver, cut, dead bool)) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(uri(t))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, server: u.Host, onCommit: onCommit}
	u.Host = l.Addr().String()
	q := u.Query()
	q.Set("directConnection", "true")
	u.RawQuery = q.Encode()
	p.wg.Go(p.serve)
	t.Cleanup(func() {
		p.kill()
		p.wg.Wait()
	})
	return p, u.String()
}

// kill ends the network.
func (p *proxy) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
	_ = p.Close()
	for _, c := range p.conns {
		_ = c.Close()
	}
}

// keep notes connections that kill must close.
func (p *proxy) keep(conns ...net.Conn) (alive bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, conns...)
	return !p.dead
}

func (p *proxy) serve() {
	for {
		client, err := p.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !p.keep(client, server) {
			p.kill()
			return
		}
		// lost says that the next answer of the server is the last, and goes nowhere.
		var lost, dead atomic.Bool
		p.wg.Go(func() { p.forward(client, server, &lost, &dead) })
		p.wg.Go(func() { p.back(client, server, &lost, &dead) })
	}
}

// forward carries the client's messages, and looks for commits. The driver writes each message at once.
func (p *proxy) forward(client, server net.Conn, lost, kill *atomic.Bool) {
	defer client.Close()
	defer server.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(buffer[:n], []byte("commitTransaction")) {
			deliver, cut, dead := p.onCommit()
			kill.Store(dead)
			lost.Store(cut)
			if !deliver {
				p.kill()
				return
			}
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) back(client, server net.Conn, lost, kill *atomic.Bool) {
	defer client.Close()
	defer server.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		if kill.Load() {
			p.kill()
		}
		if lost.Load() {
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func insertNote(ctx context.Context, db store.DB, id string) error {
	return db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		_, err := notes.Insert(ctx, tx, id, note{id})
		return err
	})
}

// TestOutcomeOfCommit loses the connection while a commit is under way: what the engine then says must be true.
func TestOutcomeOfCommit(t *testing.T) {
	uri(t)
	for _, c := range []struct {
		name string
		// deliver says that the first commits reach the server, dead that nothing reaches it any more.
		deliver, dead bool
		// cuts is how many commits lose their answer; the driver itself asks a second time.
		cuts    int64
		present bool
	}{
		{"the answer is lost", true, false, 1, true},
		{"the answer is lost three times", true, false, 3, true},
		{"the answer is lost and the server gone", true, true, 1, true},
		{"the commit is lost and the server gone", false, true, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			location := fresh(t)
			var armed, commits atomic.Int64
			_, through := startProxy(t, func() (deliver, cut, dead bool) {
				if armed.Load() == 0 || commits.Add(1) > c.cuts {
					return true, false, false
				}
				return c.deliver, true, c.dead
			})
			db, err := engine.Open(t.Context(), engine.Options{URI: through, Database: location}, notes.Spec())
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := insertNote(t.Context(), db, "before"); err != nil {
				t.Fatal(err)
			}
			armed.Store(1)
			err = insertNote(t.Context(), db, "a")
			f, is := fault.As(err)
			unknown := is && f.Reason.Name == fault.Unavailable.Name && f.Meta[store.MetaOutcome] == "unknown"
			if err != nil && !unknown {
				t.Errorf("the engine says: %v", err)
			}
			if c.dead == (err == nil) { // with a server that answers, asking again tells
				t.Errorf("the server is gone: %v; the engine says: %v", c.dead, err)
			}
			direct, openErr := engine.Open(t.Context(), engine.Options{URI: os.Getenv("RENOWN_TEST_MONGODB_URI"), Database: location}, notes.Spec())
			if openErr != nil {
				t.Fatal(openErr)
			}
			defer direct.Close()
			readErr := direct.View(t.Context(), func(ctx context.Context, tx store.Reader) error {
				_, err := notes.Get(ctx, tx, "a")
				return err
			})
			if present := readErr == nil; present != c.present || err == nil && !present {
				t.Errorf("the row is there: %v (%v), the engine said: %v", present, readErr, err)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	uri(t)
	location := fresh(t)
	p, through := startProxy(t, func() (deliver, cut, dead bool) { return true, false, false })
	db, err := engine.Open(t.Context(), engine.Options{URI: through + "&serverSelectionTimeoutMS=300", Database: location}, notes.Spec())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p.kill()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := insertNote(ctx, db, "a"); err == nil {
		t.Error("an update without a server succeeded")
	} else if _, is := fault.As(err); !is {
		t.Errorf("an update without a server: %v, which is no fault", err)
	}
	if err := db.Ping(ctx); !fault.Has(err, fault.Unavailable) && !fault.Has(err, fault.DeadlineExceeded) {
		t.Errorf("ping without a server: %v", err)
	}
}
