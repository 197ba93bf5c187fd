package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"path/filepath"

	"sallyport/internal/account"
	"sallyport/internal/app"
	"sallyport/internal/credential"
	"sallyport/internal/fault"
)

type membersImport struct {
	ofAccount
	File    string `arg:"" help:"CSV (RFC 4180, UTF-8) with the header line email,name,role,locale,two_factor_required; - reads the standard input."`
	DryRun  bool   `help:"Only read it and say what would be done."`
	SkipBad bool   `help:"Leave out lines that are wrong, and list them."`
	Update  bool   `help:"Give members who are there the role and the switch that the file says. Without it they stay as they are."`
	Invite  bool   `help:"Mail members who have no password a link to set one. Without it nobody is mailed."`
	Reason  string `placeholder:"TEXT" help:"Why, and who asked for it: a line that the record keeps. Needed with --update."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Validate is kong's: what no tag says.
func (c membersImport) Validate() error {
	if c.Update && c.Reason == "" && !c.DryRun {
		return errors.New("missing flags: --reason=TEXT, since --update changes roles")
	}
	return nil
}

// mostSaid is how many wrong lines are told.
const mostSaid = 100

// importJSON is what an import has done.
type importJSON struct {
	Number  string    `json:"number"`
	SHA256  string    `json:"sha256"`
	DryRun  bool      `json:"dry_run"`
	People  int       `json:"people"`
	Created int       `json:"created"`
	Joined  int       `json:"joined"`
	Changed int       `json:"changed"`
	Kept    int       `json:"kept"`
	Differ  int       `json:"differ"`
	Bad     int       `json:"bad"`
	Lines   []badLine `json:"bad_lines"` // the first hundred
}

type badLine struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty"`
	Detail string `json:"detail"`
}

// errFileChanged is told of a file that is another one when it is read for the second time.
var errFileChanged = fault.Said(fault.Conflict, "The file was changed while it was read. Nothing was written.")

// Run imports. The file is read twice: once to see that all of it is right, and once to write it, so that it never is in memory.
func (c membersImport) Run(ctx context.Context, t *app.Tools) error {
	who := anOperator
	if c.Reason != "" {
		var err error
		if who, err = (because{c.Reason}).by(); err != nil {
			return err
		}
	}
	a, err := t.Accounts.Numbered(ctx, who, c.Account)
	if err != nil {
		return err
	}
	file, name, err := c.open()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	out := importJSON{Number: a.Number, DryRun: c.DryRun, Lines: []badLine{}}
	if out.SHA256, err = c.inspect(file, &out); err != nil {
		return err
	}
	if out.Bad > 0 {
		for _, l := range out.Lines {
			_, _ = fmt.Fprintln(os.Stderr, account.BadLine{Line: l.Line, Column: l.Column, Detail: l.Detail})
		}
		if rest := out.Bad - len(out.Lines); rest > 0 {
			_, _ = fmt.Fprintf(os.Stderr, "and %d more\n", rest)
		}
		if !c.SkipBad {
			return fmt.Errorf("%s: nothing was written; mend the file, or leave them out with --skip-bad", count(out.Bad, "error", "errors"))
		}
	}
	done, err := t.Accounts.ImportMembers(ctx, who, a.ID, c.people(file, out.SHA256), account.Import{Update: c.Update, Invite: c.Invite, DryRun: c.DryRun,
		Way: "import", Welcome: credential.WelcomeJob, Detail: map[string]string{"file": name, "sha256": out.SHA256, "bad": fmt.Sprint(out.Bad)}})
	if err != nil {
		return err
	}
	out.People, out.Created, out.Joined, out.Changed, out.Kept, out.Differ = done.People, done.Created, done.Joined, done.Changed, done.Kept, done.Differ
	if c.JSON {
		return printJSON(out)
	}
	return c.say(out)
}

func (c membersImport) say(o importJSON) error {
	if o.DryRun {
		fmt.Print("Nothing was written. An import would make, of ")
	} else {
		fmt.Print("Of ")
	}
	fmt.Printf("%s in the file, for %s:\n", count(o.People, "person", "people"), o.Number)
	differ := ""
	if o.Differ > 0 {
		differ = fmt.Sprintf(", of whom %d have another role or switch than the file says (--update changes them)", o.Differ)
	}
	fmt.Printf("  new members: %d, of whom %d were not known before\n  changed: %d\n  left as they are: %d%s\n", o.Joined, o.Created, o.Changed, o.Kept, differ)
	if o.Bad > 0 {
		fmt.Printf("  errors in lines that were left out: %d\n", o.Bad)
	}
	mail := "Nobody is mailed. Whoever has no password asks for one at the sign-in page; --invite mails them a link."
	if c.Invite {
		mail = "Every member who has never had a password, and holds no link that is still good, is mailed one."
	}
	if o.DryRun && c.Invite {
		mail = "Every member who has never had a password, and holds no link that is still good, would be mailed one."
	}
	fmt.Println(mail)
	return nil
}

// open opens the file; the standard input is written to one first, since it is read twice.
func (c membersImport) open() (file *os.File, name string, err error) {
	if c.File != "-" {
		file, err = os.Open(c.File)
		return file, filepath.Base(c.File), err
	}
	if file, err = os.CreateTemp("", "sallyport-import-*.csv"); err != nil {
		return nil, "", err
	}
	_ = os.Remove(file.Name()) // it goes with this process
	if _, err = io.Copy(file, os.Stdin); err != nil {
		return nil, "", errors.Join(err, file.Close())
	}
	return file, "standard input", nil
}

// inspect reads the whole file, notes what is wrong, and answers its hash.
func (c membersImport) inspect(file *os.File, out *importJSON) (string, error) {
	var bad account.BadLine
	sum, sheet, err := hashed(file)
	if err != nil {
		return "", err
	}
	for _, err := range account.ReadSheet(sheet) {
		switch {
		case errors.As(err, &bad):
			if out.Bad++; len(out.Lines) < mostSaid {
				out.Lines = append(out.Lines, badLine{bad.Line, bad.Column, bad.Detail})
			}
		case err != nil:
			return "", err
		}
	}
	return finished(sum, sheet)
}

// people reads the file again, without what is wrong; at its end the hash must be the same.
func (c membersImport) people(file *os.File, want string) iter.Seq2[account.Arrival, error] {
	return func(yield func(account.Arrival, error) bool) {
		sum, sheet, err := hashed(file)
		if err != nil {
			yield(account.Arrival{}, err)
			return
		}
		var bad account.BadLine
		for a, err := range account.ReadSheet(sheet) {
			if errors.As(err, &bad) {
				continue
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
		if got, err := finished(sum, sheet); err != nil || got != want {
			yield(account.Arrival{}, errors.Join(err, errFileChanged))
		}
	}
}

// hashed reads the file from its beginning, and hashes what was read.
func hashed(file *os.File) (hash.Hash, io.Reader, error) {
	sum := sha256.New()
	_, err := file.Seek(0, io.SeekStart)
	return sum, io.TeeReader(file, sum), err
}

// finished is the hash once everything was read.
func finished(sum hash.Hash, rest io.Reader) (string, error) {
	_, err := io.Copy(io.Discard, rest)
	return hex.EncodeToString(sum.Sum(nil)), err
}
