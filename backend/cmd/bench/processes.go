package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// rootKey seals what the benchmark keeps. It protects nothing.
var rootKey = base64.StdEncoding.EncodeToString([]byte("a root key for nothing but bench"))

// server is one process of Sallyport.
type server struct {
	address string
	cmd     *exec.Cmd
	took    time.Duration // from start until it was ready
	log     string
}

// start runs the binary over a database and waits until it is ready.
func start(ctx context.Context, binary, dir, databaseURL string, more ...string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	binary, err = filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	s := &server{address: address, log: filepath.Join(dir, "log-"+strings.ReplaceAll(address, ":", "-"))}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	s.cmd = exec.Command(binary, "serve")
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, log, log
	s.cmd.Env = append(environment(), "SALLYPORT_ADDR="+address, "SALLYPORT_DATA_DIR="+dir, "SALLYPORT_ROOT_KEY="+rootKey)
	if !strings.HasPrefix(databaseURL, "sqlite:") {
		s.cmd.Env = append(s.cmd.Env, "SALLYPORT_DATABASE_URL="+databaseURL)
	}
	s.cmd.Env = append(s.cmd.Env, more...)
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			_ = c.Close()
			probe := newClient(address)
			status, _, err := probe.do(request("GET", "/readyz", "", ""))
			probe.close()
			if err == nil && status == 200 {
				s.took = time.Since(began)
				return s, nil
			}
		}
		if ctx.Err() != nil || time.Since(began) > 30*time.Second || s.cmd.Process.Signal(syscall.Signal(0)) != nil {
			s.stop()
			said, _ := os.ReadFile(s.log)
			return nil, fmt.Errorf("the server did not become ready: %s", said)
		}
		time.Sleep(time.Millisecond)
	}
}

// environment is this process's, without anything that would configure a server.
func environment() []string {
	var out []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SALLYPORT_") {
			out = append(out, v)
		}
	}
	return out
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		_ = s.cmd.Process.Kill()
		<-done
	}
}

// memory is what the process holds now, and the most it ever held, in MB; 0 where the system does not say.
func (s *server) memory() (now, peak float64) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, 0
	}
	kb := func(name string) float64 {
		for line := range strings.Lines(string(raw)) {
			if rest, ok := strings.CutPrefix(line, name+":"); ok {
				n, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
				return n / 1024
			}
		}
		return 0
	}
	return kb("VmRSS"), kb("VmHWM")
}

// cpuOf is how much CPU a process has used so far, in all its threads; 0 where the system does not say.
func cpuOf(pid int) time.Duration {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), ") ") // the name before may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // ticks of 1/100 s
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// floor is the process that the house is compared with.
type floor struct {
	Address string `json:"address"`
	Token   string `json:"token"`
	cmd     *exec.Cmd
}

func startFloor() (*floor, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f := &floor{cmd: exec.Command(self, floorCommand, "127.0.0.1:0")}
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	f.cmd.Stderr = os.Stderr
	if err := f.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, f)
	}
	if err != nil {
		f.stop()
		return nil, errors.Join(errors.New("the floor did not start"), err)
	}
	return f, nil
}

func (f *floor) stop() {
	_ = f.cmd.Process.Kill()
	_ = f.cmd.Wait()
}
