package mail_test

import (
	"crypto/x509"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/stories/mail"
	"renown.example/stories/mail/mailtest"
	"renown.example/stories/server"
)

var now = time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC)

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
			p := mailtest.Start(t, tt.direct, "")
			c := mail.Config{Address: p.Address, From: "Holmway <stories@holmway.example>", TLS: tt.tls}
			if tt.user != "" {
				c.Username, c.Password = tt.user, "pass word"
			}
			s, err := mail.New(c, clock.NewFake(now), p.Roots)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(t.Context(), letter); err != nil {
				t.Fatal(err)
			}
			got := p.Taken()
			if len(got.Letters) != 1 || len(got.Receivers) != 1 || !strings.Contains(got.Receivers[0], "<jonna@nordhafen.example>") {
				t.Fatalf("taken %d for %v", len(got.Letters), got.Receivers)
			}
			if got.Secured[0] != (tt.tls != mail.None) {
				t.Errorf("encrypted: %v", got.Secured[0])
			}
			if tt.user != "" && (len(got.Secrets) != 1 || got.Secrets[0] != "\x00us\x00pass word") {
				t.Errorf("signed in with %q", got.Secrets)
			}
			check(t, got.Letters[0])
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
	p := mailtest.Start(t, false, "550 no such mailbox")
	c := mail.Config{Address: p.Address, From: "stories@holmway.example", Username: "us", Password: "pass word"}
	send := func(c mail.Config, roots *x509.CertPool) error {
		t.Helper()
		s, err := mail.New(c, clock.NewFake(now), roots)
		if err != nil {
			t.Fatal(err)
		}
		return s.Send(t.Context(), letter)
	}
	err := send(c, p.Roots)
	if !fault.Has(err, fault.ContentRejected) || !strings.Contains(err.Error(), "no such mailbox") || strings.Contains(err.Error(), "pass word") {
		t.Errorf("refused receiver: %v", err)
	}
	if err := send(c, nil); !fault.Has(err, fault.Unavailable) {
		t.Errorf("a server with a certificate that nobody vouches for: %v", err)
	}
	if got := p.Taken(); len(got.Secrets) != 1 {
		t.Errorf("the password was told to a server that could not prove who it is: %q", got.Secrets)
	}
	p.Close()
	if err := send(c, p.Roots); !fault.Has(err, fault.Unavailable) {
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
