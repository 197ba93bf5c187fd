package pgcluster_test

import (
	"bufio"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport/internal/testkit/pgcluster"
)

const child = "SALLYPORT_TEST_CLUSTER_PARENT"

// TestMain also is the program that is killed below: it starts a cluster, says where, and waits for its end.
func TestMain(m *testing.M) {
	parent, isChild := os.LookupEnv(child)
	if !isChild {
		os.Exit(m.Run())
	}
	databaseURL, _, err := pgcluster.Start(parent)
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString(databaseURL + "\n")
	select {}
}

// parent is a directory with a short name that the server's user may enter.
func parent(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sp")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // the server's user removes its directory from it
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func gone(t *testing.T, dir string) {
	t.Helper()
	for until := time.Now().Add(15 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if left, err := os.ReadDir(dir); err == nil && len(left) == 0 {
			return
		}
	}
	t.Fatal("the cluster's directory is still there")
}

func show(t *testing.T, databaseURL, setting string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var value string
	if err := conn.QueryRow(t.Context(), "SHOW "+setting).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestStart(t *testing.T) {
	t.Parallel()
	t.Run("gives a server that listens on its socket alone, with the settings asked for, until it is stopped", func(t *testing.T) {
		t.Parallel()
		dir := parent(t)
		databaseURL, stop, err := pgcluster.Start(dir, "fsync=on")
		if err != nil {
			t.Fatal(err)
		}
		if fsync, addresses := show(t, databaseURL, "fsync"), show(t, databaseURL, "listen_addresses"); fsync != "on" || addresses != "" {
			t.Errorf("fsync %q, addresses %q", fsync, addresses)
		}
		stop()
		gone(t, dir)
		u, _ := url.Parse(databaseURL)
		if _, err := os.Stat(u.Query().Get("host")); err == nil {
			t.Error("the socket's directory is still there")
		}
	})

	t.Run("leaves nothing behind when whoever started it is killed", func(t *testing.T) {
		t.Parallel()
		dir := parent(t)
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), child+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		show(t, strings.TrimSpace(line), "server_version")
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		gone(t, dir)
	})
}
