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

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
)

type commands struct {
	Serve   serve   `cmd:"" help:"Serve the portal; migrates the database first."`
	Migrate migrate `cmd:"" help:"Bring the database's schema up to date."`
	Version version `cmd:"" help:"Print the version."`

	User    userCommands    `cmd:"" help:"Persons: find them, make one, shut one out."`
	Account accountCommands `cmd:"" help:"Customers' accounts."`
	Members membersCommands `cmd:"" help:"Who belongs to an account."`
	Enforce enforceCommands `cmd:"" help:"Ask a second factor of a whole account, or stop asking."`
	Factor  factorCommands  `cmd:"" help:"Second factors of a person."`
	Audit   auditCommands   `cmd:"" help:"The record of what happened."`
}

type (
	serve   struct{}
	migrate struct{}
	version struct{}
)

// misuse is the exit code of a command that was given wrongly; one that could not be done ends with 1.
const misuse = 2

func main() {
	var c commands
	parser := kong.Must(&c, kong.Name("sallyport"), kong.Description("A customer portal with two doors. Configured by SALLYPORT_… in the environment."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Vars{"strengths": strengths})
	k, err := parser.Parse(os.Args[1:])
	if err != nil {
		parser.Errorf("%s", err)
		_, _ = fmt.Fprintln(os.Stderr, "Add --help to see how it is used.")
		parser.Exit(misuse)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	var tools *app.Tools // opened for the first command that asks for them
	k.FatalIfErrorf(k.BindSingletonProvider(func(ctx context.Context) (t *app.Tools, err error) {
		tools, err = openTools(ctx)
		return tools, err
	}))
	k.FatalIfErrorf(k.BindSingletonProvider(func(ctx context.Context, t *app.Tools) (*app.Sealed, error) { return t.Seal(ctx) }))
	err = k.Run()
	if tools != nil {
		err = errors.Join(err, tools.Close())
	}
	if err := said(err); err != nil {
		parser.Errorf("%s", err)
		parser.Exit(exitCode(err))
	}
}

func openTools(ctx context.Context) (*app.Tools, error) {
	c, err := app.ReadConfig()
	if err != nil {
		return nil, err
	}
	return app.OpenTools(ctx, c, logger(c))
}

// wrong is a flag or an argument that nobody can do anything with.
type wrong struct{ error }

func exitCode(err error) int {
	if errors.As(err, &wrong{}) {
		return misuse
	}
	return 1
}

// said is an error in the words that are meant for people.
func said(err error) error {
	var line account.BadLine
	if errors.As(err, &line) {
		return line
	}
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
			words = append(words, "--"+strings.ReplaceAll(strings.TrimPrefix(f.Pointer, "/"), "_", "-")+": "+f.Detail)
		}
	}
	if cause := errors.Unwrap(e); cause != nil {
		words = append(words, "("+cause.Error()+")")
	}
	err = errors.New(strings.Join(words, " "))
	if e.Code == "validation_failed" {
		return wrong{err}
	}
	return err
}

// because is a command that takes something away or forces something: it must say why.
type because struct {
	Reason string `required:"" placeholder:"TEXT" help:"Why, and who asked for it: a line that the record keeps."`
}

// by is the operator who does it, with the reason.
func (b because) by() (actor.Actor, error) {
	reason, err := audit.ProperReason(b.Reason)
	return actor.AsOperator(reason), err
}

// anOperator looks, and does what needs no reason.
var anOperator = actor.AsOperator("")

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
