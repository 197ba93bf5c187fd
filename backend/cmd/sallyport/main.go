// Command sallyport is the customer portal: the server, its schema and the operators' commands in one binary. Its
// configuration is the environment; see docs/operators.md. There is one file for each noun that an operator works with.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"sallyport/internal/app"
	"sallyport/internal/fault"
)

type commands struct {
	Serve   serve   `cmd:"" help:"Serve the portal; migrates the database first."`
	Migrate migrate `cmd:"" help:"Bring the database's schema up to date."`
	Version version `cmd:"" help:"Print the version."`

	Audit auditCommands `cmd:"" help:"The record of what happened."`
}

type (
	serve   struct{}
	migrate struct{}
	version struct{}
)

func main() {
	var c commands
	k := kong.Parse(&c, kong.Name("sallyport"), kong.Description("A customer portal with two doors. Configured by SALLYPORT_… in the environment."), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	var tools *app.Tools // opened for the first command that asks for them
	k.FatalIfErrorf(k.BindSingletonProvider(func(ctx context.Context) (t *app.Tools, err error) {
		tools, err = openTools(ctx)
		return tools, err
	}))
	err := k.Run()
	if tools != nil {
		err = errors.Join(err, tools.Close())
	}
	k.FatalIfErrorf(said(err))
}

func openTools(ctx context.Context) (*app.Tools, error) {
	c, err := app.ReadConfig()
	if err != nil {
		return nil, err
	}
	return app.OpenTools(ctx, c, logger(c))
}

// said is an error in the words that are meant for people.
func said(err error) error {
	e, told := fault.As(err)
	if !told {
		return err
	}
	words := []string{e.Message}
	if e.Code == "validation_failed" {
		words = nil // the fields say it better
	}
	for _, f := range e.Fields {
		if f.Detail != e.Message {
			words = append(words, strings.TrimPrefix(f.Pointer, "/")+": "+f.Detail)
		}
	}
	if cause := errors.Unwrap(e); cause != nil {
		words = append(words, "("+cause.Error()+")")
	}
	return errors.New(strings.Join(words, " "))
}

// Run serves until it is told to stop.
func (serve) Run(ctx context.Context) error {
	c, err := app.ReadConfig()
	if err != nil {
		return err
	}
	return app.Run(ctx, c, logger(c))
}

// Run migrates.
func (migrate) Run(ctx context.Context) error {
	c, err := app.ReadConfig()
	if err != nil {
		return err
	}
	n, err := app.Migrate(ctx, c)
	if err == nil {
		fmt.Printf("%d migrations ran\n", n)
	}
	return err
}

// Run prints.
func (version) Run() error {
	_, err := fmt.Println("sallyport", app.Version)
	return err
}

func logger(c app.Config) *slog.Logger {
	level := slog.LevelInfo
	_ = level.UnmarshalText([]byte(c.LogLevel)) // else info
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}
