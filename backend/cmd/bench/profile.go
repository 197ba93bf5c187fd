package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"sallyport/internal/app"
	"sallyport/internal/assurance"
	"sallyport/internal/id"
)

// profile runs one replica inside this program and writes a CPU profile of it under one kind of load. The load generator is in
// it too: look below sallyport/internal.
func profile(ctx context.Context, o options) (err error) {
	if len(o.only) == 0 {
		return errors.New("-profile wants -only reads, sign-in, second-step or refresh, and may say PostgreSQL: -only reads,postgres")
	}
	name := "SQLite"
	if o.wants("postgres") {
		name = "PostgreSQL"
	}
	w, err := newWorld(ctx, name)
	if err != nil {
		return err
	}
	defer w.close()
	people, err := w.people(ctx, stepsTogether, o.wants("second-step"))
	if err != nil {
		return err
	}
	accountID, err := w.account(ctx, "SP-700000", people[:64])
	if err != nil {
		return err
	}
	c := app.Config{Addr: "127.0.0.1:0", DataDir: w.dir, Brand: "Sallyport", Issuer: "sallyport", RootKey: rootKey, MailFrom: "bench@bench.test"}
	if name == "PostgreSQL" {
		c.DatabaseURL = w.url
	}
	a, err := app.Start(ctx, c, app.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop(context.WithoutCancel(ctx))) }()
	act, count, err := o.load(ctx, w, people, accountID)
	if err != nil {
		return err
	}
	out, err := os.Create(o.profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	l := spread(ctx, a.URL(), 16, o.interval(), count, act)
	pprof.StopCPUProfile()
	fmt.Printf("%s on %s: %.0f/s, p50 %.2f ms, p99 %.2f ms\n", strings.Join(o.only, " "), name, l.rate(), l.quantile(.5), l.quantile(.99))
	return l.check("load")
}

// load is the one kind of load that is profiled.
func (o options) load(ctx context.Context, w *world, people []person, accountID id.Account) (act func(c *client, worker, call int) error, count int, err error) {
	switch {
	case o.wants("second-step"):
		tokens, err := w.between(ctx, people)
		return func(c *client, _, call int) error {
			code, err := totp.GenerateCode(people[call].secret, time.Now())
			if err != nil {
				return err
			}
			_, err = expect(c, request("POST", "/api/v1/auth/second-factor", tokens[call],
				fmt.Sprintf(`{"type":"totp","factor_id":%q,"code":%q}`, people[call].factorID, code)), 200)
			return err
		}, len(people), err
	case o.wants("sign-in"):
		return func(c *client, worker, _ int) error {
			_, err := expect(c, signInRequest(people[worker]), 200)
			return err
		}, 0, nil
	}
	sessions := make([]signedIn, len(people))
	err = w.store.InTx(ctx, func(ctx context.Context) error {
		for i, p := range people {
			if sessions[i], err = w.signIn(ctx, p, assurance.Password()); err != nil {
				return err
			}
		}
		return nil
	})
	if o.wants("refresh") {
		return func(c *client, _, call int) error {
			_, err := expect(c, request("POST", "/api/v1/auth/refresh", "", fmt.Sprintf(`{"refresh_token":%q}`, sessions[call].refresh)), 200)
			return err
		}, len(people), err
	}
	path := "/api/v1/me"
	if o.wants("account") {
		path = "/api/v1/accounts/" + string(accountID)
	}
	return func(c *client, worker, _ int) error {
		_, err := expect(c, request("GET", path, sessions[worker].access, ""), 200)
		return err
	}, 0, err
}
