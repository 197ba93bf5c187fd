package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit"
)

// binary is the program as operators have it.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "sp")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "sallyport")
		if said, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", err, said)
			return 1
		}
		code := m.Run()
		testkit.StopAll()
		return code
	}())
}

// shell is where an operator types: an environment that names a database.
type shell struct {
	t   *testing.T
	env []string
}

func newShell(t *testing.T, databaseURL string) *shell {
	t.Helper()
	s := &shell{t: t, env: []string{"SALLYPORT_DATA_DIR=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(),
		"SALLYPORT_ROOT_KEY=" + strings.Repeat("A", 43) + "="}}
	if databaseURL != "" {
		s.env = append(s.env, "SALLYPORT_DATABASE_URL="+databaseURL)
	}
	return s
}

// printed is what a command left behind.
type printed struct {
	t        *testing.T
	line     string
	out, err string
	code     int
}

func (s *shell) run(args ...string) printed { return s.feed("", args...) }

// feed runs a command with something on its standard input.
func (s *shell) feed(input string, args ...string) printed {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, binary, args...)
	var out, said bytes.Buffer
	c.Env, c.Stdin, c.Stdout, c.Stderr = s.env, strings.NewReader(input), &out, &said
	p := printed{t: s.t, line: strings.Join(args, " ")}
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	p.out, p.err, p.code = out.String(), said.String(), c.ProcessState.ExitCode()
	return p
}

// must is said of a command that should do what it was asked.
func (p printed) must(parts ...string) printed {
	p.t.Helper()
	if p.code != 0 {
		p.t.Fatalf("%s: exit code %d\n%s%s", p.line, p.code, p.out, p.err)
	}
	return p.says(parts...)
}

// refuses is said of a command that should not.
func (p printed) refuses(parts ...string) printed {
	p.t.Helper()
	return p.ends(1).says(parts...)
}

// isMisused is said of a command that is given wrongly.
func (p printed) isMisused(parts ...string) printed {
	p.t.Helper()
	return p.ends(misuse).says(parts...)
}

func (p printed) ends(code int) printed {
	p.t.Helper()
	if p.code != code {
		p.t.Fatalf("%s: exit code %d, want %d\n%s%s", p.line, p.code, code, p.out, p.err)
	}
	return p
}

func (p printed) says(parts ...string) printed {
	p.t.Helper()
	for _, part := range parts {
		if !strings.Contains(p.out+p.err, part) {
			p.t.Errorf("%s: lacks %q:\n%s%s", p.line, part, p.out, p.err)
		}
	}
	return p
}

// json reads what was printed with --json.
func (p printed) json(into any) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.out), into); err != nil {
		p.t.Fatalf("%s: %v\n%s", p.line, err, p.out)
	}
}

// change does to a database what nobody should.
func change(t *testing.T, databaseURL, statement string) {
	t.Helper()
	driver, dsn := "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
