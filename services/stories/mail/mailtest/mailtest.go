// Package mailtest is a mail server on a socket of its own, as far as RFC 5321 is needed to test a sender of letters.
package mailtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"renown.example/kit/clock"
)

// Post is a mail server.
type Post struct {
	// Address is where it listens.
	Address string
	// Roots hold the certificate that it shows.
	Roots *x509.CertPool

	listener net.Listener
	config   *tls.Config
	direct   bool
	refuse   string

	mu    sync.Mutex
	taken Taken
}

// Taken is what a Post has been given so far, in the order of its coming.
type Taken struct {
	// Letters are whole messages, Receivers what the envelopes say.
	Letters, Receivers []string
	// Secrets are what callers have signed in with.
	Secrets []string
	// Secured says of each letter whether it came encrypted.
	Secured []bool
}

// Taken returns what has come so far.
func (p *Post) Taken() Taken {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Taken{slices.Clone(p.taken.Letters), slices.Clone(p.taken.Receivers), slices.Clone(p.taken.Secrets), slices.Clone(p.taken.Secured)}
}

// Close makes it take no more connections.
func (p *Post) Close() { p.listener.Close() }

// Start starts a mail server that ends with the test. direct says that it is encrypted from the first byte; refuse, if not empty, is what it answers to every
// receiver.
func Start(t testing.TB, direct bool, refuse string) *Post {
	t.Helper()
	cert, roots := certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Post{Address: l.Addr().String(), Roots: roots, listener: l, config: &tls.Config{Certificates: []tls.Certificate{cert}}, direct: direct, refuse: refuse}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.talk(c) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return p
}

func (p *Post) talk(c net.Conn) {
	defer c.Close()
	secure := p.direct
	if secure {
		c = tls.Server(c, p.config)
	}
	in := bufio.NewReader(c)
	say := func(s string) { _, _ = io.WriteString(c, s+"\r\n") }
	say("220 post.northwind.example")
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-post.northwind.example\r\n250-AUTH PLAIN\r\n250-8BITMIME")
			if !secure {
				say("250-STARTTLS")
			}
			say("250 HELP")
		case "STARTTLS":
			say("220 go ahead")
			c, secure = tls.Server(c, p.config), true
			in = bufio.NewReader(c)
		case "AUTH":
			b, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			p.note(func(to *Taken) { to.Secrets = append(to.Secrets, string(b)) })
			say("235 welcome")
		case "RCPT":
			if p.refuse != "" {
				say(p.refuse)
				continue
			}
			p.note(func(to *Taken) { to.Receivers = append(to.Receivers, rest) })
			say("250 ok")
		case "DATA":
			say("354 go on")
			whole, err := letter(in)
			if err != nil {
				return
			}
			p.note(func(to *Taken) { to.Letters, to.Secured = append(to.Letters, whole), append(to.Secured, secure) })
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (p *Post) note(what func(to *Taken)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what(&p.taken)
}

// letter reads a message to the dot that ends it.
func letter(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		l, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		if l == ".\r\n" {
			return b.String(), nil
		}
		b.WriteString(strings.TrimPrefix(l, "."))
	}
}

func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: clock.System().Now().Add(-time.Hour), NotAfter: clock.System().Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
