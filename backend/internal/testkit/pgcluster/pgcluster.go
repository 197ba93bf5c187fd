// Package pgcluster starts a throw-away PostgreSQL: its own directory, a Unix socket and no port, gone without a trace when
// whoever started it ends, however it ends.
//
// It owns finding the programs, the cluster's life and its removal. It refuses to be a server for anything that matters: it
// trusts whoever reaches the socket, and by default it does not wait for the disk. Package testkit, the browser tests and the
// benchmark call it.
package pgcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNotFound is why there can be no cluster.
var ErrNotFound = errors.New("PostgreSQL was not found on this machine: run `make setup`")

// places are where packages put PostgreSQL's programs when they do not put them into PATH.
var places = []string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
	"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
}

// programs finds the directory that holds initdb and postgres.
func programs() (string, error) {
	found := func(dir string) bool {
		for _, name := range []string{"initdb", "postgres"} {
			if i, err := os.Stat(filepath.Join(dir, name)); err != nil || i.IsDir() {
				return false
			}
		}
		return true
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if found(dir) {
			return dir, nil
		}
	}
	for _, place := range places {
		dirs, _ := filepath.Glob(place)
		slices.SortFunc(dirs, func(a, b string) int { // 17 before 9.6: the longer name is the newer one
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return bytes.Compare([]byte(b), []byte(a))
		})
		for _, dir := range dirs {
			if found(dir) {
				return dir, nil
			}
		}
	}
	return "", ErrNotFound
}

// keeper starts the server and waits until its standard input closes, which happens when the starter ends in whatever way;
// then it ends the server, stopped or not, and removes everything.
const keeper = `
bin=$1 dir=$2; shift 2
"$bin/postgres" -D "$dir/data" "$@" >"$dir/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT $server 2>/dev/null
kill -CONT $server 2>/dev/null
wait $server
rm -rf "$dir"
`

// Start starts a cluster in a new directory under parent ("" for the system's own place for such) and gives the URL of its
// database "postgres". settings are PostgreSQL's, such as "fsync=on"; by default a commit does not wait for the disk. stop
// ends it and removes the directory; without stop that happens when this process ends.
func Start(parent string, settings ...string) (databaseURL string, stop func(), err error) {
	bin, err := programs()
	if err != nil {
		return "", nil, err
	}
	if parent == "" {
		parent = os.TempDir()
	}
	// The socket's whole path must fit into 107 bytes: a short name.
	dir, err := os.MkdirTemp(parent, "sp")
	if err != nil {
		return "", nil, fmt.Errorf("pgcluster: %w", err)
	}
	if len(dir) > 80 {
		_ = os.RemoveAll(dir)
		return "", nil, fmt.Errorf("pgcluster: %s is too long a name for a socket's directory", dir)
	}
	attributes, err := owner(dir)
	if err == nil {
		err = initialise(bin, dir, attributes)
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return "", nil, err
	}

	args := []string{"-c", keeper, "keeper", bin, dir}
	for _, s := range append([]string{
		"listen_addresses=", "unix_socket_directories=" + dir, "unix_socket_permissions=0700", "max_connections=200",
		"shared_buffers=64MB", "fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_wal_size=256MB",
	}, settings...) {
		args = append(args, "-c", s)
	}
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir, cmd.SysProcAttr = dir, attributes
	lifeline, held, err := os.Pipe()
	if err != nil {
		_ = os.RemoveAll(dir)
		return "", nil, fmt.Errorf("pgcluster: %w", err)
	}
	cmd.Stdin = lifeline
	err = cmd.Start()
	_ = lifeline.Close()
	if err != nil {
		_ = held.Close()
		_ = os.RemoveAll(dir)
		return "", nil, fmt.Errorf("pgcluster: %w", err)
	}
	stop = func() {
		_ = held.Close()
		_ = cmd.Wait()
	}
	databaseURL = (&url.URL{Scheme: "postgres", Path: "/postgres", RawQuery: url.Values{"host": {dir}, "user": {"postgres"}}.Encode()}).String()
	if err := ready(databaseURL); err != nil {
		said, _ := os.ReadFile(filepath.Join(dir, "log"))
		stop()
		return "", nil, fmt.Errorf("pgcluster: the server did not start: %w\n%s", err, said)
	}
	return databaseURL, stop, nil
}

// owner makes dir belong to whoever will run the server. PostgreSQL refuses to be run by root.
func owner(dir string) (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{Setpgid: true} // a terminal's Ctrl-C is not for the server: it ends by the lifeline
	if os.Geteuid() != 0 {
		return attributes, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("pgcluster: root needs a user named postgres to run the server as: %w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, fmt.Errorf("pgcluster: %w", err)
	}
	attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attributes, nil
}

func initialise(bin, dir string, attributes *syscall.SysProcAttr) error {
	cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	cmd.Dir, cmd.SysProcAttr = dir, attributes
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgcluster: initdb: %w\n%s", err, said)
	}
	return nil
}

// ready waits until the server answers.
func ready(databaseURL string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, databaseURL)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
