package whole

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"sallyport/internal/testkit"
)

// Build builds the real program, as it is delivered, until the test ends.
func Build(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sallyport")
	build := exec.Command("go", "build", "-o", path, "sallyport/cmd/sallyport")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return path
}

// Process is the real program as a process of its own, which a test may kill. Its clock is the real one.
type Process struct {
	*Client

	keeper *exec.Cmd
	held   io.WriteCloser
	ended  chan struct{}
}

// keeper kills the program when its standard input closes: when the test says so, and when the test itself is killed.
const keeper = `"$1" serve </dev/null & it=$!; cat >/dev/null; kill -KILL $it; wait $it`

var serves = regexp.MustCompile(`address=(127\.0\.0\.1:\d+)`)

// Run starts the program over a database and waits until it serves. It is the demo, unless more variables of its environment say
// otherwise.
func Run(t testing.TB, program, databaseURL string, more ...string) *Process {
	t.Helper()
	p := &Process{keeper: exec.Command("/bin/sh", "-c", keeper, "keeper", program), ended: make(chan struct{})}
	p.keeper.Env = []string{"PATH=" + os.Getenv("PATH"), "SALLYPORT_ADDR=127.0.0.1:0", "SALLYPORT_BASE_URL=http://127.0.0.1", "SALLYPORT_DEMO=true",
		"SALLYPORT_ROOT_KEY=" + RootKey, "SALLYPORT_DATABASE_URL=" + databaseURL}
	p.keeper.Env = append(p.keeper.Env, more...)
	log, err := p.keeper.StderrPipe()
	if err == nil {
		p.held, err = p.keeper.StdinPipe()
	}
	if err == nil {
		err = p.keeper.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	address := make(chan string, 1)
	said := ""
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			said += lines.Text() + "\n"
			if found := serves.FindStringSubmatch(lines.Text()); found != nil {
				address <- found[1]
			}
		}
	}()
	select {
	case a := <-address:
		p.Client = NewClient(t, "http://"+a, "")
	case <-p.ended:
		t.Fatalf("the program ended:\n%s", said)
	case <-time.After(patience):
		t.Fatal("the program does not serve")
	}
	return p
}

// Kill ends it as a power cut would, and returns when it is gone.
func (p *Process) Kill() {
	_ = p.held.Close()
	<-p.ended
	_ = p.keeper.Wait()
}

// House is the process as a house for its people; the clock shows the time at which this is called.
func (p *Process) House(databaseURL string) *House {
	h := &House{T: p.T, Clock: testkit.NewClock(), Database: databaseURL, Contract: promised(p.T), clients: []*Client{p.Client}}
	h.Clock.Set(time.Now())
	return h
}
