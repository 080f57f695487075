// Package mail sends the service's letters by SMTP.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	netmail "net/mail"
	"net/netip"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/stories/server"
)

// How a connection is encrypted.
const (
	// StartTLS begins in the clear and refuses to go on unless the server encrypts, which is usual on port 587.
	StartTLS = "starttls"
	// TLS is encrypted from the first byte, which is usual on port 465.
	TLS = "tls"
	// None sends in the clear. It is for a mail server on the same machine; a password is then sent to loopback only.
	None = "none"
)

// timeout bounds the sending of one letter; the job that sends it has a lease of half a minute.
const timeout = 20 * time.Second

// Config says which server takes letters. Without an address none are sent: they wait in the studio to be copied.
type Config struct {
	Address  string `help:"Mail server that takes letters to customers, as host:port. Without it letters wait in the studio to be copied." placeholder:"HOST:PORT"`
	From     string `help:"Sender of letters, such as Stories at Northwind <stories@northwind.example>." placeholder:"ADDRESS"`
	Username string `help:"Name to sign in with at the mail server." placeholder:"NAME"`
	Password string `help:"Password to sign in with at the mail server." placeholder:"SECRET"`
	TLS      string `help:"How the connection is encrypted: starttls, tls, or none for a server on this machine." default:"starttls" enum:"starttls,tls,none"`
}

// Sender sends letters. It implements server.Mailer and is safe for concurrent use.
type Sender struct {
	clock  clock.Clock
	config Config
	from   *netmail.Address
	host   string
	port   int
	roots  *x509.CertPool
}

var _ server.Mailer = (*Sender)(nil)

// New checks the settings and returns a Sender; the mail server is not asked before the first letter. roots are the certificates that are trusted, nil meaning
// the machine's.
func New(c Config, clk clock.Clock, roots *x509.CertPool) (*Sender, error) {
	host, port, err := net.SplitHostPort(c.Address)
	number, numberErr := strconv.Atoi(port)
	if err != nil || numberErr != nil || host == "" || number < 1 || number > 65535 {
		return nil, fault.Invalid("smtp-address", "%q is not host:port, such as mail.northwind.example:587", c.Address)
	}
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return nil, fault.Invalid("smtp-from", "%q is not an address such as Stories <stories@northwind.example>", c.From)
	}
	if c.TLS == "" {
		c.TLS = StartTLS
	}
	switch {
	case c.TLS != StartTLS && c.TLS != TLS && c.TLS != None:
		return nil, fault.Invalid("smtp-tls", "%q is none of starttls, tls and none", c.TLS)
	case c.TLS == None && c.Password != "" && !loopback(host):
		return nil, fault.Invalid("smtp-tls", "a password is not sent to %s without encryption", host)
	case (c.Username == "") != (c.Password == ""):
		return nil, fault.Invalid("smtp-username", "signing in takes both smtp-username and smtp-password")
	}
	return &Sender{clock: clk, config: c, from: from, host: host, port: number, roots: roots}, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Send hands a letter to the mail server and returns when the server has taken it. fault.ContentRejected if the server will never take it, such as to a mailbox
// that does not exist; anything else may pass. The error says what the server answered, for whoever looks after the installation.
func (s *Sender) Send(ctx context.Context, l server.Letter) error {
	message, err := s.message(l)
	if err != nil {
		return err
	}
	client, err := gomail.NewClient(s.host, s.options()...)
	if err != nil {
		return fault.Internal.New("The mail server's settings make no sense.").Wrap(err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		var refusal *gomail.SendError
		if errors.As(err, &refusal) && refusal.ErrorCode() >= 500 {
			return fault.ContentRejected.New("The mail server %s refused the letter for good.", s.config.Address).Wrap(err)
		}
		return fault.Unavailable.New("The mail server %s did not take the letter.", s.config.Address).Wrap(err)
	}
	return nil
}

func (s *Sender) options() []gomail.Option {
	opts := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(timeout),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}),
	}
	switch s.config.TLS {
	case TLS:
		opts = append(opts, gomail.WithSSL())
	case None:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.config.Username == "" {
		return opts
	}
	// Discovery would take no plain password in the clear, not even on this machine, where there is nobody to listen.
	kind := gomail.SMTPAuthAutoDiscover
	if s.config.TLS == None {
		kind = gomail.SMTPAuthPlainNoEnc
	}
	return append(opts, gomail.WithSMTPAuth(kind), gomail.WithUsername(s.config.Username), gomail.WithPassword(s.config.Password))
}

// message is the letter as it goes over the wire. Its Message-ID follows from the letter's id, so that a letter that is sent twice arrives once.
func (s *Sender) message(l server.Letter) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.FromFormat(line(s.from.Name), s.from.Address); err != nil {
		return nil, fault.Invalid("smtp-from", "%q is not an address", s.config.From).Wrap(err)
	}
	if err := m.AddToFormat(line(l.ToName), l.ToEmail); err != nil {
		return nil, fault.Invalid("toEmail", "the address of the letter's receiver is not valid").Wrap(err)
	}
	domain := s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
	m.SetMessageIDWithValue(l.ID + "@" + domain)
	m.SetDateWithValue(s.clock.Now())
	m.Subject(line(l.Subject))
	// A robot that is away on holiday must not answer: nobody reads it.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(gomail.TypeTextPlain, l.Body)
	return m, nil
}

// line makes a header of a text: one line.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }
