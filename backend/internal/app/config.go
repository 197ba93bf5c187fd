package app

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/caarlos0/env/v11"

	"sallyport/internal/assurance"
	"sallyport/internal/enforcement"
	"sallyport/internal/place"
	"sallyport/internal/seal"
)

// Config is everything that the environment says. It is read once.
type Config struct {
	Addr        string `env:"ADDR" envDefault:"127.0.0.1:8080"`
	BaseURL     string `env:"BASE_URL"`     // what links in mail begin with; empty: http:// and Addr
	DatabaseURL string `env:"DATABASE_URL"` // postgres://…; empty: SQLite under DataDir
	DataDir     string `env:"DATA_DIR" envDefault:"./data"`
	Brand       string `env:"BRAND" envDefault:"Sallyport"`  // the portal's name in mails and authenticator apps
	Issuer      string `env:"ISSUER" envDefault:"sallyport"` // iss of tokens; the same on every replica

	RootKey     string `env:"ROOT_KEY"`           // 32 bytes in base64; opens what is sealed in the database
	RootKeyFile string `env:"ROOT_KEY_FILE"`      // or a file with them
	Proxies     string `env:"TRUSTED_PROXIES"`    // networks whose X-Forwarded-For counts, separated by commas
	Require     string `env:"REQUIRE_TWO_FACTOR"` // the provider's own rule: a minimum strength; empty: none

	CountryTable string `env:"COUNTRY_TABLE"` // a CSV file, see package place; empty: no country is shown

	SMTPURL  string `env:"SMTP_URL"`
	MailFrom string `env:"MAIL_FROM" envDefault:"Sallyport <no-reply@localhost>"`

	TwilioAccountSID    string `env:"TWILIO_ACCOUNT_SID"`
	TwilioAuthToken     string `env:"TWILIO_AUTH_TOKEN"`
	TwilioAuthTokenFile string `env:"TWILIO_AUTH_TOKEN_FILE"` // or a file with it
	TwilioFrom          string `env:"TWILIO_FROM"`            // a number, a short code, a name, or a messaging service (MG…)
	TwilioVoiceFrom     string `env:"TWILIO_VOICE_FROM"`      // a number that calls; empty: TWILIO_FROM, if that is one
	TwilioBaseURL       string `env:"TWILIO_BASE_URL"`        // of the API; empty: Twilio's own

	SMSCountries     string `env:"SMS_COUNTRIES"`                   // ISO 3166-1 codes, separated by commas; empty: all but premium ranges
	SMSBudget        string `env:"SMS_BUDGET" envDefault:"enforce"` // or record_only: say what the caps would refuse, and refuse nothing
	SMSPerPrefixHour int    `env:"SMS_PER_PREFIX_HOUR"`             // to numbers that share seven digits; 0: as package budget says
	SMSPerCountryDay int    `env:"SMS_PER_COUNTRY_DAY"`
	SMSPerDay        int    `env:"SMS_PER_DAY"`

	MetricsAddr  string `env:"METRICS_ADDR"`  // an address of their own
	MetricsToken string `env:"METRICS_TOKEN"` // or a bearer token, on Addr

	Demo         bool   `env:"DEMO"`
	DemoAnywhere bool   `env:"DEMO_ANYWHERE"` // yes, the demo on an address that others can reach
	LogLevel     string `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat    string `env:"LOG_FORMAT" envDefault:"text"`
}

// ReadConfig reads the environment; every name begins with SALLYPORT_.
func ReadConfig() (Config, error) {
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Prefix: "SALLYPORT_"}); err != nil {
		return c, err
	}
	return c, c.check()
}

func (c *Config) check() error {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("SALLYPORT_ADDR must be HOST:PORT: %w", err)
	}
	ip, err := netip.ParseAddr(host)
	loopback := host == "localhost" || (err == nil && ip.IsLoopback())
	if c.Demo && !loopback && !c.DemoAnywhere {
		return errors.New("the demo shows everybody's messages, so it serves loopback addresses only; SALLYPORT_DEMO_ANYWHERE=true says that you mean it")
	}
	if c.BaseURL == "" {
		c.BaseURL = "http://" + c.Addr
		if loopback { // browsers know passkeys at localhost, and none at a bare address
			c.BaseURL = "http://localhost:" + port
		}
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("SALLYPORT_BASE_URL must be http:// or https:// and a host")
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Require != "" && !assurance.Strength(c.Require).Valid() {
		return errors.New("SALLYPORT_REQUIRE_TWO_FACTOR must be any, no_email, no_email_no_sms or phishing_resistant")
	}
	if _, err := c.proxies(); err != nil {
		return err
	}
	if c.SMSBudget != "" && c.SMSBudget != "enforce" && c.SMSBudget != recordOnly {
		return errors.New("SALLYPORT_SMS_BUDGET must be enforce or record_only")
	}
	if _, err := c.countries(); err != nil {
		return err
	}
	return nil
}

// provider is what the operator asks of everybody.
func (c *Config) provider() enforcement.ProviderRule {
	return enforcement.ProviderRule{Required: c.Require != "", Minimum: assurance.Strength(c.Require)}
}

func (c *Config) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, part := range strings.FieldsFunc(c.Proxies, func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("SALLYPORT_TRUSTED_PROXIES: %q is not a network such as 10.0.0.0/8", part)
		}
		out = append(out, prefix)
	}
	return out, nil
}

// countryTable is the operator's table of countries; nil where they named none.
func (c *Config) countryTable() (*place.Countries, error) {
	if c.CountryTable == "" {
		return nil, nil
	}
	file, err := os.Open(c.CountryTable)
	if err != nil {
		return nil, fmt.Errorf("SALLYPORT_COUNTRY_TABLE: %w", err)
	}
	defer func() { _ = file.Close() }()
	table, err := place.ReadCountries(bufio.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("SALLYPORT_COUNTRY_TABLE: %w", err)
	}
	return table, nil
}

// database is the database's URL, and the folder of its file where it is one.
func (c *Config) database() (string, error) {
	if c.DatabaseURL != "" {
		return c.DatabaseURL, nil
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return "", err
	}
	return "sqlite:" + filepath.Join(c.DataDir, "sallyport.db"), nil
}

// rootKey is the operator's key; nil where they gave none.
func (c *Config) rootKey() ([]byte, error) {
	text := c.RootKey
	if c.RootKeyFile != "" {
		raw, err := os.ReadFile(c.RootKeyFile)
		if err != nil {
			return nil, fmt.Errorf("SALLYPORT_ROOT_KEY_FILE: %w", err)
		}
		text = string(raw)
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil, nil
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != seal.RootKeySize {
		return nil, fmt.Errorf("the root key must be %d bytes in base64", seal.RootKeySize)
	}
	return key, nil
}

// keyFile is where the embedded database keeps its root key: beside it, for its owner alone.
func (c *Config) keyFile() string { return filepath.Join(c.DataDir, "root.key") }
