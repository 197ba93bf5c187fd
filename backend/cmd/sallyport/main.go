// Command sallyport is the customer portal: server, schema and version in one binary. Its configuration is the environment;
// see docs/operators.md.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"sallyport/internal/app"
)

type commands struct {
	Serve   serve   `cmd:"" help:"Serve the portal; migrates the database first."`
	Migrate migrate `cmd:"" help:"Bring the database's schema up to date."`
	Version version `cmd:"" help:"Print the version."`
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
	k.FatalIfErrorf(k.Run())
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
