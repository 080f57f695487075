package mail_test

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
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/stories/mail"
	"renown.example/stories/server"
)

var now = time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC)

// post is a mail server on a socket of its own, as far as RFC 5321 is needed here.
type post struct {
	listener net.Listener
	config   *tls.Config
	direct   bool
	// refuse is answered to every receiver, if set.
	refuse string

	mu       sync.Mutex
	taken    []string
	receiver []string
	secrets  []string
	secured  []bool
}

func newPost(t *testing.T, direct bool, refuse string) (*post, *x509.CertPool) {
	t.Helper()
	cert, roots := certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &post{listener: l, config: &tls.Config{Certificates: []tls.Certificate{cert}}, direct: direct, refuse: refuse}
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
	return p, roots
}

func (p *post) talk(c net.Conn) {
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
			p.mu.Lock()
			p.secrets = append(p.secrets, string(b))
			p.mu.Unlock()
			say("235 welcome")
		case "RCPT":
			if p.refuse != "" {
				say(p.refuse)
				continue
			}
			p.mu.Lock()
			p.receiver = append(p.receiver, rest)
			p.mu.Unlock()
			say("250 ok")
		case "DATA":
			say("354 go on")
			var b strings.Builder
			for {
				l, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if l == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(l, "."))
			}
			p.mu.Lock()
			p.taken, p.secured = append(p.taken, b.String()), append(p.secured, secure)
			p.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
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

var letter = server.Letter{
	ID: "0123", ToName: "Jonna Fjäld\r\nBcc: all@elsewhere.example", ToEmail: "jonna@nordhafen.example",
	Subject: "Ihre Geschichte bei Holmway: „38 %“\r\nBcc: all@elsewhere.example", Body: "Guten Tag,\n\nhttps://holmway.example/signoff/abc_-123\n.\nfür Sie: " + strings.Repeat("lang ", 40),
}

func TestALetterArrivesAsItWasWritten(t *testing.T) {
	for _, tt := range []struct {
		tls    string
		direct bool
		user   string
	}{{mail.StartTLS, false, "us"}, {mail.TLS, true, "us"}, {mail.None, false, ""}, {mail.None, false, "us"}} {
		t.Run(tt.tls+tt.user, func(t *testing.T) {
			p, roots := newPost(t, tt.direct, "")
			c := mail.Config{Address: p.listener.Addr().String(), From: "Holmway <stories@holmway.example>", TLS: tt.tls}
			if tt.user != "" {
				c.Username, c.Password = tt.user, "pass word"
			}
			s, err := mail.New(c, clock.NewFake(now), roots)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(t.Context(), letter); err != nil {
				t.Fatal(err)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if len(p.taken) != 1 || len(p.receiver) != 1 || !strings.Contains(p.receiver[0], "<jonna@nordhafen.example>") {
				t.Fatalf("taken %d for %v", len(p.taken), p.receiver)
			}
			if p.secured[0] != (tt.tls != mail.None) {
				t.Errorf("encrypted: %v", p.secured[0])
			}
			if tt.user != "" && (len(p.secrets) != 1 || p.secrets[0] != "\x00us\x00pass word") {
				t.Errorf("signed in with %q", p.secrets)
			}
			check(t, p.taken[0])
		})
	}
}

func check(t *testing.T, raw string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	words := &mime.WordDecoder{}
	subject, err := words.DecodeHeader(m.Header.Get("Subject"))
	if want := "Ihre Geschichte bei Holmway: „38 %“ Bcc: all@elsewhere.example"; err != nil || subject != want {
		t.Errorf("subject %q, %v", subject, err)
	}
	if m.Header.Get("Bcc") != "" {
		t.Error("a line break in a name became a header")
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "jonna@nordhafen.example" || !strings.HasPrefix(to[0].Name, "Jonna Fjäld") {
		t.Errorf("to %v, %v", to, err)
	}
	if id := m.Header.Get("Message-Id"); id != "<0123@holmway.example>" {
		t.Errorf("message id %q", id)
	}
	if d, err := m.Header.Date(); err != nil || !d.Equal(now) {
		t.Errorf("date %v, %v", d, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if got := strings.TrimRight(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n"); err != nil || got != strings.TrimRight(letter.Body, "\n") {
		t.Errorf("body %q, %v", got, err)
	}
}

func TestWhatKeepsALetterBackIsSaid(t *testing.T) {
	p, roots := newPost(t, false, "550 no such mailbox")
	c := mail.Config{Address: p.listener.Addr().String(), From: "stories@holmway.example", Username: "us", Password: "pass word"}
	send := func(c mail.Config, roots *x509.CertPool) error {
		t.Helper()
		s, err := mail.New(c, clock.NewFake(now), roots)
		if err != nil {
			t.Fatal(err)
		}
		return s.Send(t.Context(), letter)
	}
	err := send(c, roots)
	if !fault.Has(err, fault.Unavailable) || !strings.Contains(err.Error(), "no such mailbox") || strings.Contains(err.Error(), "pass word") {
		t.Errorf("refused receiver: %v", err)
	}
	if err := send(c, nil); !fault.Has(err, fault.Unavailable) {
		t.Errorf("a server with a certificate that nobody vouches for: %v", err)
	}
	if len(p.secrets) != 1 {
		t.Errorf("the password was told to a server that could not prove who it is: %q", p.secrets)
	}
	p.listener.Close()
	if err := send(c, roots); !fault.Has(err, fault.Unavailable) {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestSettingsThatMakeNoSenseAreNamed(t *testing.T) {
	good := mail.Config{Address: "mail.northwind.example:587", From: "stories@northwind.example"}
	for name, change := range map[string]func(c *mail.Config){
		"smtp-address":  func(c *mail.Config) { c.Address = "mail.northwind.example" },
		"smtp-from":     func(c *mail.Config) { c.From = "stories" },
		"smtp-tls":      func(c *mail.Config) { c.TLS, c.Username, c.Password = mail.None, "us", "pass word" },
		"smtp-username": func(c *mail.Config) { c.Password = "pass word" },
	} {
		c := good
		change(&c)
		_, err := mail.New(c, clock.System(), nil)
		f, ok := fault.As(err)
		if !ok || len(f.Fields) != 1 || f.Fields[0].Path != name {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := mail.New(good, clock.System(), nil); err != nil {
		t.Error(err)
	}
}
