package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"sallyport/internal/jobs"
)

// SMTP sends e-mail through a mail server (RFC 5321, RFC 8314). Several goroutines may use it; it keeps a few connections open
// between letters.
type SMTP struct {
	Timeout time.Duration  // for one letter, from dialling to the server's last word; 0: 30 s
	Roots   *x509.CertPool // certificate authorities; nil: the system's

	from           netmail.Address
	host, port     string
	user, password string
	implicit       bool // TLS from the first byte
	security       security

	mu     sync.Mutex
	idle   []*line
	closed bool
}

type security int

const (
	required      security = iota // TLS with a valid certificate, or no letter
	opportunistic                 // on this very machine: TLS where offered, whoever signed it
	off
)

const (
	keptLines = 8
	keptFor   = 10 * time.Second // before a server hangs up on its own
)

// NewSMTP reads a mail server's URL: smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465.
// TLS is required unless the host is this machine, where it is used if offered; ?tls=required and ?tls=off say otherwise, and
// credentials never go unencrypted to another machine. ?from= is the sender's address ("Name <address>") if it is not from.
// Its errors do not repeat the URL, which may hold a password.
func NewSMTP(rawURL, from string) (*SMTP, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, errors.New("notify: the mail server's URL must be smtp://… or smtps://… with a host")
	}
	s := &SMTP{host: u.Hostname(), port: u.Port(), implicit: u.Scheme == "smtps", user: u.User.Username()}
	s.password, _ = u.User.Password()
	if s.port == "" {
		s.port = map[bool]string{false: "587", true: "465"}[s.implicit]
	}
	if q := u.Query().Get("from"); q != "" {
		from = q
	}
	address, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, errors.New("notify: the sender's address of e-mails cannot be read")
	}
	s.from = netmail.Address{Name: oneLine(address.Name), Address: address.Address}
	local := s.host == "localhost" || net.ParseIP(s.host).IsLoopback()
	if local {
		s.security = opportunistic
	}
	switch u.Query().Get("tls") {
	case "":
	case "required":
		s.security = required
	case "off":
		s.security = off
		if s.implicit || (s.user != "" && !local) {
			return nil, errors.New("notify: the mail server's URL asks for tls=off, which smtps:// and credentials for another machine forbid")
		}
	default:
		return nil, errors.New("notify: tls in the mail server's URL must be required or off")
	}
	return s, nil
}

// line is a connection to the mail server, greeted and signed in.
type line struct {
	*smtp.Client
	conn    net.Conn
	expires *time.Timer
}

// Send gives the letter to the mail server. An address that the server refuses for good (5xx) is marked with jobs.Discard; all
// else may be tried again, under the same Message-ID.
func (s *SMTP) Send(ctx context.Context, l Letter) error {
	to, err := netmail.ParseAddress(l.To)
	if err != nil || to.Name != "" || strings.ContainsAny(l.To, "\r\n<>") {
		return jobs.Discard(errors.New("notify: the recipient's address cannot be read"))
	}
	m := s.compose(l, to.Address)
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		c, used, err := s.line(ctx)
		if err != nil {
			return fmt.Errorf("notify: the mail server was not reached: %w", because(ctx, err))
		}
		began, err := s.converse(ctx, c, m, to)
		var reply *textproto.Error
		if err != nil && !began && used && ctx.Err() == nil && (!errors.As(err, &reply) || reply.Code == 421) {
			continue // the server had hung up meanwhile
		}
		return err
	}
}

// converse sends one letter. began says whether the server took the first command.
func (s *SMTP) converse(ctx context.Context, c *line, m *mail.Msg, to *netmail.Address) (began bool, err error) {
	hangUp := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	began, step, err := deliver(c.Client, m, s.from.Address, to)
	var reply *textproto.Error
	refused := errors.As(err, &reply)
	good := err == nil || (refused && reply.Code != 421 && c.Reset() == nil) // for the next letter
	if hangUp() && good {
		s.keep(c)
	} else {
		_ = c.Close()
	}
	if err == nil {
		return true, nil
	}
	err = fmt.Errorf("notify: the mail server, at %s: %w", step, because(ctx, err))
	if step != "MAIL" && refused && reply.Code/100 == 5 && !aboutUs[reply.Code] {
		err = jobs.Discard(err)
	}
	return began, err
}

// aboutUs are refusals that speak of the sender's credentials (RFC 4954) and not of a recipient: an operator can mend them.
var aboutUs = map[int]bool{530: true, 534: true, 535: true, 538: true}

func deliver(c *smtp.Client, m *mail.Msg, from string, to *netmail.Address) (began bool, step string, err error) {
	if err := c.Mail((&netmail.Address{Address: from}).String()); err != nil {
		return false, "MAIL", err
	}
	if err := c.Rcpt((&netmail.Address{Address: to.Address}).String()); err != nil {
		return true, "RCPT", err
	}
	w, err := c.Data()
	if err != nil {
		return true, "DATA", err
	}
	if _, err := m.WriteTo(w); err != nil {
		return true, "DATA", err
	}
	return true, "DATA", w.Close()
}

// because prefers the reason for which we hung up to its symptom.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// line takes a kept connection (used) or makes one.
func (s *SMTP) line(ctx context.Context) (c *line, used bool, err error) {
	s.mu.Lock()
	for n := len(s.idle); n > 0; n = len(s.idle) {
		c, s.idle = s.idle[n-1], s.idle[:n-1]
		if c.expires.Stop() {
			s.mu.Unlock()
			return c, true, nil
		}
	}
	s.mu.Unlock()
	c, err = s.dial(ctx)
	return c, false, err
}

// keep puts a connection aside for the next letter.
func (s *SMTP) keep(c *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.idle) >= keptLines {
		_ = c.Close()
		return
	}
	c.expires = time.AfterFunc(keptFor, func() { s.expire(c) })
	s.idle = append(s.idle, c)
}

func (s *SMTP) expire(c *line) {
	s.mu.Lock()
	for i := range s.idle {
		if s.idle[i] == c {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			break
		}
	}
	s.mu.Unlock()
	c.hangUp()
}

// hangUp says goodbye, briefly.
func (c *line) hangUp() {
	late := time.AfterFunc(2*time.Second, func() { _ = c.conn.Close() })
	defer late.Stop()
	if c.Quit() != nil {
		_ = c.Close()
	}
}

// Close ends the connections that were kept.
func (s *SMTP) Close() error {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		if c.expires.Stop() {
			c.hangUp()
		}
	}
	return nil
}

func (s *SMTP) dial(ctx context.Context) (*line, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, err
	}
	hangUp := context.AfterFunc(ctx, func() { _ = conn.Close() })
	c, err := s.greet(conn)
	if !hangUp() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &line{Client: c, conn: conn}, nil
}

func (s *SMTP) greet(conn net.Conn) (*smtp.Client, error) {
	// On this very machine a certificate proves nothing that the address does not; anywhere else it must be valid.
	config := &tls.Config{ServerName: s.host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.security == opportunistic}
	if s.implicit {
		conn = tls.Client(conn, config)
	}
	c, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, err
	}
	if err := c.Hello(domain(s.from.Address)); err != nil {
		return nil, err
	}
	if !s.implicit && s.security != off {
		if offered, _ := c.Extension("STARTTLS"); offered {
			if err := c.StartTLS(config); err != nil {
				return nil, err
			}
		} else if s.security == required {
			return nil, errors.New("it offers no encryption (STARTTLS)")
		}
	}
	if s.user != "" {
		if err := s.signIn(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (s *SMTP) signIn(c *smtp.Client) error {
	_, offered := c.Extension("AUTH")
	for _, way := range []struct {
		name string
		auth smtp.Auth
	}{
		{"PLAIN", smtp.PlainAuth("", s.user, s.password, s.host, false)},
		{"LOGIN", smtp.LoginAuth(s.user, s.password, s.host, false)},
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(s.user, s.password)},
		{"CRAM-MD5", smtp.CRAMMD5Auth(s.user, s.password)},
	} {
		for name := range strings.FieldsSeq(offered) {
			if strings.EqualFold(name, way.name) {
				return c.Auth(way.auth)
			}
		}
	}
	return errors.New("it offers no way to sign in that is known here")
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
