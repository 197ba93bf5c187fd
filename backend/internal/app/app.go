// Package app builds the house: it reads the configuration once, opens the database, gives every package what it asks for,
// starts what runs, and stops it again in order. It alone knows all the others; nobody imports it but the commands and the
// tests that start a whole server.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/api"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/bus"
	"sallyport/internal/credential"
	"sallyport/internal/enforcement"
	"sallyport/internal/evidence"
	"sallyport/internal/factor"
	"sallyport/internal/jobs"
	"sallyport/internal/limit"
	"sallyport/internal/notify"
	"sallyport/internal/notify/twilio"
	"sallyport/internal/portal"
	"sallyport/internal/replay"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/store"
	"sallyport/internal/user"
	"sallyport/internal/web"
)

// Version is set when the binary is built.
var Version = "development"

// remembered is how many persons, accounts and sessions a replica keeps in memory, each.
const remembered = 50_000

// App is a server that runs.
type App struct {
	config Config
	log    *slog.Logger
	store  *store.Store
	bus    *bus.Bus
	runner *jobs.Runner
	texter *jobs.Runner // of text messages and calls
	chain  *audit.Chain
	hasher *user.Hasher
	gauge  *meter
	texts  textCounters
	mail   func() error   // closes the sender
	phones *twilio.Sender // nil: there is none

	server   *http.Server
	metrics  *http.Server
	listener net.Listener
	stop     context.CancelFunc
	running  sync.WaitGroup
	done     chan struct{}
	now      func() time.Time
}

// Options are for tests.
type Options struct {
	Now func() time.Time // nil: the database's clock
	Log *slog.Logger
}

// Start opens the database, migrates it, and serves until Stop. It returns when requests are answered.
func Start(ctx context.Context, c Config, o Options) (_ *App, err error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	a := &App{config: c, log: o.Log, done: make(chan struct{}), mail: func() error { return nil }}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	defer func() {
		if err != nil {
			stop()
			if a.store != nil {
				_ = a.store.Close()
			}
		}
	}()

	started := time.Now()
	a.bus = bus.New(func() time.Duration { return time.Since(started) })
	databaseURL, err := c.database()
	if err != nil {
		return nil, err
	}
	if a.store, err = store.Open(ctx, databaseURL, a.bus.Publish); err != nil {
		return nil, err
	}
	if _, err := a.store.Migrate(ctx); err != nil {
		return nil, err
	}
	if a.store.Dialect() == "postgres" {
		deaf, err := a.bus.Listen(running, databaseURL, time.Now)
		if err != nil {
			return nil, err
		}
		a.running.Go(func() { <-deaf })
		if err := a.bus.Timed(ctx); err != nil {
			return nil, err
		}
	} else { // nobody else serves this database, but commands and people with SQL at hand write to it
		deaf := a.bus.Watch(running, a.store.Elsewhere())
		a.running.Go(func() { <-deaf })
	}
	a.now = o.Now
	if a.now == nil { // one clock for all replicas: the database's
		a.now = func() time.Time { return time.Now().Add(a.bus.Offset()).UTC().Truncate(time.Microsecond) }
	}
	handler, err := a.build(ctx)
	if err != nil {
		return nil, err
	}
	if a.listener, err = net.Listen("tcp", c.Addr); err != nil {
		return nil, err
	}
	a.server = newServer(handler)
	a.running.Go(func() { a.runner.Run(running) })
	a.running.Go(func() { a.texter.Run(running) })
	a.running.Go(func() { a.chain.Run(running) })
	a.running.Go(func() { a.sweep(running) })
	a.serve(a.server, a.listener)
	if err := a.serveMetrics(); err != nil {
		return nil, err
	}
	return a, nil
}

// build gives every package what it asks for.
func (a *App) build(ctx context.Context) (http.Handler, error) {
	c := &a.config
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err
	}
	box, err := openBox(ctx, c, a.store, a.log)
	if err != nil {
		return nil, err
	}
	tokens, err := session.OpenTokens(ctx, a.store, box, c.Issuer, a.now)
	if err != nil {
		return nil, err
	}
	cores := runtime.GOMAXPROCS(0)
	a.hasher = user.NewHasher(cores, 64*cores)
	a.texts = newTextCounters()
	if a.phones, err = a.carrier(); err != nil {
		return nil, err
	}
	texts, err := a.budget(box)
	if err != nil {
		return nil, err
	}
	sender, err := a.sender()
	if err != nil {
		return nil, err
	}
	a.runner = &jobs.Runner{Store: a.store, Now: a.now, Random: rand.Reader, Wake: a.bus.Subscribe(jobs.Topic).C, Log: a.log}
	a.texter = &jobs.Runner{Store: a.store, Now: a.now, Random: rand.Reader, Wake: a.bus.Subscribe(jobs.Topic).C, Log: a.log}
	record := &audit.Log{Store: a.store, Now: a.now}
	a.chain = &audit.Chain{Store: a.store, Now: a.now, Log: a.log}
	if err := a.chain.Begin(ctx); err != nil {
		return nil, err
	}
	notifier := &notify.Notifier{Queue: a.store, Box: box, Sender: sender, Brand: c.Brand, Host: base.Hostname(), Now: a.now}
	passkeys, err := factor.NewPasskeys(c.Brand, base)
	if err != nil {
		return nil, err
	}
	facts := enforcement.NewFacts(a.store, a.bus, a.now, c.provider(), a.offered(passkeys), remembered)
	limits := &limit.Limits{Store: a.store, Box: box, Now: a.now}
	guard := authority.New(a.store, facts, a.now)
	factors := &factor.Service{Store: a.store, Users: a.store, Authority: guard, Box: box, Audit: record, Notices: notifier, Now: a.now,
		Random: rand.Reader, Issuer: c.Brand, BaseURL: c.BaseURL, Passkeys: passkeys, Offered: a.offered(passkeys), Budgets: texts, Limits: limits}
	book := &session.Book{Store: a.store, Authority: guard, Audit: record, Now: a.now, Random: rand.Reader}
	enforce := &enforcement.Switch{Authority: guard, Facts: facts, Store: a.store, Audit: record, Notices: notifier, Now: a.now, BaseURL: c.BaseURL}
	accounts := &account.Service{Store: a.store, Authority: guard, Notify: notifier, Audit: record, Hasher: a.hasher, Now: a.now, Random: rand.Reader,
		BaseURL: c.BaseURL, Brand: c.Brand}
	credentials := &credential.Service{Store: a.store, Authority: guard, Accounts: accounts, Book: book, Hasher: a.hasher, Limits: limits, Box: box,
		Notices: notifier, Audit: record, Now: a.now, Random: rand.Reader, Brand: c.Brand, BaseURL: c.BaseURL}
	factors.Links = credentials
	a.runner.Handle(notify.Kind, notifier.Deliver)
	a.texter.Handle(notify.TextKind, notifier.Deliver)
	a.runner.Handle(enforcement.NoticesKind, enforce.Notify)
	a.runner.Handle(enforcement.RemindersKind, enforce.Remind)
	a.runner.Handle(credential.Kind, credentials.Answer)
	a.runner.Handle(credential.WelcomeKind, credentials.Welcome)
	proxies, err := c.proxies()
	if err != nil {
		return nil, err
	}
	countries, err := c.countryTable()
	if err != nil {
		return nil, err
	}
	proof := &evidence.Service{Authority: guard, Store: a.store, Audit: record, Provider: c.provider(), Now: a.now}
	if err := proof.NoteProvider(ctx); err != nil {
		return nil, err
	}
	server := &api.Server{
		Stairs: &signin.Stairs{Users: a.store, Store: a.store, Authority: guard, Hasher: a.hasher, Limits: limits,
			Facts: facts, Factors: factors, Book: book, Tokens: tokens, Box: box, Audit: record, Now: a.now},
		Facts: facts, Switch: enforce, Factors: factors, Book: book, Tokens: tokens,
		Accounts: accounts, Credentials: credentials, Evidence: proof, Portal: &portal.Service{Store: a.store, Authority: guard, Now: a.now},
		Replays: &replay.Service{Store: a.store, Box: box, Now: a.now}, Deliveries: a.store, Bus: a.bus, Now: a.now, Log: a.log, BaseURL: base, Proxies: proxies, Countries: countries, Ready: a.ready,
		Pages: web.New(), Done: a.done,
	}
	if err := server.Portal.Prepare(ctx); err != nil {
		return nil, err
	}
	if a.phones != nil {
		server.Reports = a.phones
	}
	if c.Demo {
		server.Demo = a.store
		if err := a.seed(ctx); err != nil {
			return nil, err
		}
	}
	a.gauge = a.meter()
	server.Meter, server.Metrics = a.gauge, a.gauge.guarded(c.MetricsToken)
	return server.Handler()
}

// offered are the methods that this server can carry: an e-mail code needs a mail server, an SMS code Twilio, a passkey a host
// name.
func (a *App) offered(passkeys *factor.Passkeys) assurance.Types {
	offered := assurance.Types(assurance.TOTP)
	if passkeys != nil {
		offered |= assurance.Types(assurance.Passkey)
	}
	if a.config.Demo || a.config.SMTPURL != "" {
		offered |= assurance.Types(assurance.Email)
	}
	if a.config.Demo || a.phones != nil {
		offered |= assurance.Types(assurance.SMS)
	}
	return offered
}

func (a *App) sender() (notify.Sender, error) {
	by := notify.ByChannel{}
	if a.phones != nil { // also in the demo, where somebody has meant it
		by[notify.SMS], by[notify.Voice] = a.phones, a.phones
	} else if a.config.Demo {
		kept := telephone{notify.Outbox{Desk: a.store, Now: a.now}, a.store}
		by[notify.SMS], by[notify.Voice] = kept, kept
	}
	switch {
	case a.config.Demo:
		by[notify.Email] = notify.Outbox{Desk: a.store, Now: a.now}
		return by, nil
	case a.config.SMTPURL == "":
		a.log.Warn("no mail server is configured, mails wait: set SALLYPORT_SMTP_URL")
		return by, nil
	}
	s, err := notify.NewSMTP(a.config.SMTPURL, a.config.MailFrom)
	if err != nil {
		return nil, err
	}
	a.mail, by[notify.Email] = s.Close, s
	return by, nil
}

// newServer bounds what a client may hold open. Live streams are the reason that there is no bound on writing.
func newServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
}

func (a *App) serve(s *http.Server, l net.Listener) {
	a.running.Go(func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("the server stopped", "error", err.Error())
		}
	})
}

// ready says what is wrong; "" where a part is well.
func (a *App) ready(ctx context.Context) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	say := func(err error) string {
		if err != nil {
			return "not reachable"
		}
		return ""
	}
	checks := map[string]string{"database": say(a.store.Ping(ctx))}
	migrated, err := a.store.Migrated(ctx)
	if checks["migrations"] = say(err); err == nil && !migrated {
		checks["migrations"] = "pending"
	}
	_, _, _, err = a.runner.Stats(ctx)
	checks["jobs"] = say(err)
	return checks
}

// sweep forgets what has run out, once an hour.
func (a *App) sweep(ctx context.Context) {
	for {
		if err := a.store.Sweep(ctx, a.now()); err != nil && ctx.Err() == nil {
			a.log.Warn("sweeping failed", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Hour):
		}
	}
}

func (a *App) context(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}

// URL is where the server listens.
func (a *App) URL() string { return "http://" + a.listener.Addr().String() }

// Stop lets requests finish, ends live streams, finishes or gives back jobs, and closes the database.
func (a *App) Stop(ctx context.Context) error {
	close(a.done)
	err := a.server.Shutdown(ctx)
	if a.metrics != nil {
		err = errors.Join(err, a.metrics.Shutdown(ctx))
	}
	a.stop()
	a.running.Wait()
	if a.phones != nil {
		err = errors.Join(err, a.phones.Close())
	}
	return errors.Join(err, a.mail(), a.store.Close())
}

// Run serves until ctx ends.
func Run(ctx context.Context, c Config, log *slog.Logger) error {
	a, err := Start(ctx, c, Options{Log: log})
	if err != nil {
		return err
	}
	log.Info("Sallyport serves", "url", a.config.BaseURL, "address", a.listener.Addr().String(), "database", a.store.Dialect(), "version", Version)
	if c.Demo {
		log.Info("this is the demo: sign in as owner@acme.test with the password "+demoPassword, "messages", a.config.BaseURL+"/demo/messages")
	}
	a.running.Go(func() { pace(ctx, a.hasher.AtOnce) })
	debug.FreeOSMemory() // what starting has left behind: a third of what a server holds that nobody asks
	<-ctx.Done()
	log.Info("stopping")
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	return a.Stop(end)
}

// Migrate brings the database up to date and says how many migrations it ran.
func Migrate(ctx context.Context, c Config) (int, error) {
	databaseURL, err := c.database()
	if err != nil {
		return 0, err
	}
	s, err := store.Open(ctx, databaseURL, func(...string) {})
	if err != nil {
		return 0, err
	}
	n, err := s.Migrate(ctx)
	if err != nil {
		err = fmt.Errorf("migrate: %w", err)
	}
	return n, errors.Join(err, s.Close())
}
