package testkit

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// SMTPConfig says what a mail server wants; the zero value takes letters from anyone, in the clear.
type SMTPConfig struct {
	STARTTLS, TLS  bool // TLS: from the first byte
	User, Password string
}

// SMTPDouble is a mail server that delivers to the test.
type SMTPDouble struct {
	// Address is "127.0.0.1:PORT".
	Address string
	// Roots trust the server's certificate, which is valid for 127.0.0.1 and not for localhost.
	Roots *x509.CertPool

	config SMTPConfig

	mu          sync.Mutex
	answer      func(step, argument string) error
	mails       []Mail
	connections int
}

// Mail is a letter that arrived.
type Mail struct {
	From    string
	To      []string
	TLS     bool
	User    string // who signed in
	Raw     []byte
	Header  mail.Header
	Subject string
	Text    string
	HTML    string
}

// SMTPServer runs a mail server until the test ends.
func SMTPServer(t testing.TB, config ...SMTPConfig) *SMTPDouble {
	t.Helper()
	d := &SMTPDouble{answer: func(string, string) error { return nil }}
	for _, c := range config {
		d.config = c
	}
	certificate, roots := selfSigned(t)
	d.Roots = roots
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		d.mu.Lock()
		d.connections++
		d.mu.Unlock()
		if err := d.ask("connect", ""); err != nil {
			return nil, err
		}
		return &smtpSession{double: d, conn: c}, nil
	}))
	server.Domain = "mail.test"
	server.AllowInsecureAuth = !d.config.STARTTLS
	server.EnableSMTPUTF8 = true
	server.ErrorLog = log.New(io.Discard, "", 0)
	tlsConfig := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if d.config.STARTTLS {
		server.TLSConfig = tlsConfig
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.Address = l.Addr().String()
	if d.config.TLS {
		l = tls.NewListener(l, tlsConfig)
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-stopped })
	return d
}

// URL names the server, with its credentials and a query such as "tls=required".
func (d *SMTPDouble) URL(query string) string {
	u := url.URL{Scheme: "smtp", Host: d.Address, RawQuery: query}
	if d.config.TLS {
		u.Scheme = "smtps"
	}
	if d.config.User != "" {
		u.User = url.UserPassword(d.config.User, d.config.Password)
	}
	return u.String()
}

// Answer has f decide what the server says at each step: connect, mail, rcpt, data, and accepted, which is after the letter has
// arrived and before the sender hears so. f may also wait.
func (d *SMTPDouble) Answer(f func(step, argument string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = f
}

// Reply is an answer of the server, such as 550.
func Reply(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: text}
}

func (d *SMTPDouble) ask(step, argument string) error {
	d.mu.Lock()
	f := d.answer
	d.mu.Unlock()
	return f(step, argument)
}

// Mails are the letters that have arrived.
func (d *SMTPDouble) Mails() []Mail {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.mails)
}

// Connections is how many there were.
func (d *SMTPDouble) Connections() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.connections
}

// SMTPSink runs a mail server until the test ends that keeps no letter: heard is told of each, its recipient and its Message-ID,
// once it has arrived and before the sender hears so. It gives the server's URL.
func SMTPSink(t testing.TB, heard func(to, messageID string)) string {
	t.Helper()
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &sinkSession{heard: heard}, nil }))
	server.Domain, server.ErrorLog = "sink.test", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-stopped })
	return "smtp://" + l.Addr().String() + "?tls=off"
}

type sinkSession struct {
	heard func(to, messageID string)
	to    string
}

func (s *sinkSession) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *sinkSession) Reset()                                    {}
func (s *sinkSession) Logout() error                             { return nil }

func (s *sinkSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, behind, found := bytes.Cut(raw, []byte("Message-ID: <"))
	id, _, ended := bytes.Cut(behind, []byte(">\r\n"))
	if !found || !ended {
		return Reply(554, "this letter has no Message-ID")
	}
	s.heard(s.to, string(id))
	return nil
}

type smtpSession struct {
	double *SMTPDouble
	conn   *smtp.Conn
	mail   Mail
	user   string
}

func (s *smtpSession) AuthMechanisms() []string {
	if s.double.config.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *smtpSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.double.config.User || password != s.double.config.Password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.double.config.User != "" && s.user == "" {
		return smtp.ErrAuthRequired
	}
	_, encrypted := s.conn.TLSConnectionState()
	s.mail = Mail{From: from, TLS: encrypted, User: s.user}
	return s.double.ask("mail", from)
}

func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = append(s.mail.To, to)
	return s.double.ask("rcpt", to)
}

func (s *smtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.double.ask("data", string(raw)); err != nil {
		return err
	}
	m := s.mail
	m.Raw = raw
	if err := m.parse(); err != nil {
		return Reply(554, "this is no e-mail")
	}
	s.double.mu.Lock()
	s.double.mails = append(s.double.mails, m)
	s.double.mu.Unlock()
	return s.double.ask("accepted", string(raw))
}

func (s *smtpSession) Reset()        { s.mail = Mail{} }
func (s *smtpSession) Logout() error { return nil }

// parse reads an e-mail with a text part and an HTML part.
func (m *Mail) parse() error {
	message, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return err
	}
	m.Header = message.Header
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		body, err := io.ReadAll(message.Body)
		m.Text = string(body)
		return err
	}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var r io.Reader = part
		if part.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			r = quotedprintable.NewReader(part)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = text
		} else {
			m.Text = text
		}
	}
}

// selfSigned makes a certificate for 127.0.0.1.
func selfSigned(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
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
