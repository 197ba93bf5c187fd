// Bench measures Sallyport against what it is built on, on loopback: three runs, medians, and ratios to floors that are taken in
// the same run. It starts what it needs (the binary, PostgreSQL, a mail sink), and stops all of it. It is a benchmark, never a
// timed test: nothing fails for being slow.
//
// The load generator is this program. It shares the cores with the server, so a figure says how much of one machine a request
// takes with its client, and a ratio says what the house costs on top of Echo.
//
//	bench -binary bin/sallyport [-runs 3] [-seconds 2] [-only reads,sign-in,second-step,enforcement,replicas,lists,start]
//	      [-members 100,10000,100000] [-listed 100000]
//	bench -profile cpu.out -only reads|sign-in|second-step|refresh    one server inside this program, under pprof
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// bound is how long a whole measurement may take.
const bound = 25 * time.Minute

type options struct {
	binary  string
	runs    int
	seconds float64
	only    []string
	members []int
	listed  int
	profile string
}

func (o options) wants(part string) bool { return len(o.only) == 0 || slices.Contains(o.only, part) }

func (o options) interval() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

func main() {
	if len(os.Args) == 3 && os.Args[1] == floorCommand {
		serveFloor(os.Args[2])
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	o, err := read(os.Args[1:])
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	if o.profile != "" {
		return profile(ctx, o)
	}
	b := &bench{options: o, table: newTable()}
	defer b.close()
	fmt.Printf("Sallyport on %s/%s, %d cores, %s; %d runs, %s each; load average at the start %s\n\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), o.runs, o.interval(), loadAverage())
	began := time.Now()
	for i := range o.runs {
		fmt.Fprintf(os.Stderr, "run %d of %d\n", i+1, o.runs)
		if err = b.once(ctx, i); err != nil {
			break
		}
	}
	b.table.print(os.Stdout)
	fmt.Printf("\ntook %s; load average at the end %s\n", time.Since(began).Round(time.Second), loadAverage())
	return err // the table shows what was measured before
}

func read(args []string) (options, error) {
	var o options
	var only, members string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.binary, "binary", "bin/sallyport", "the binary to measure")
	f.IntVar(&o.runs, "runs", 3, "how often everything is measured; medians are printed")
	f.Float64Var(&o.seconds, "seconds", 2, "how long each rate is measured")
	f.StringVar(&only, "only", "", "parts: reads,sign-in,second-step,enforcement,replicas,lists,start; empty: all")
	f.StringVar(&members, "members", "100,10000,100000", "sizes of the accounts that are enforced")
	f.IntVar(&o.listed, "listed", 100_000, "members of the account that is listed and searched")
	f.StringVar(&o.profile, "profile", "", "write a CPU profile of one part (-only) into this file, and measure nothing else")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	for _, m := range strings.Split(members, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(m))
		if err != nil || n < 1 {
			return o, fmt.Errorf("-members: %q is no number", m)
		}
		o.members = append(o.members, n)
	}
	if o.runs < 1 || o.seconds <= 0 || o.listed < 2 {
		return o, errors.New("-runs and -seconds must be more than 0, and -listed more than 1")
	}
	return o, nil
}

// loadAverage is what else the machine is doing.
func loadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(raw))[:1], "")
}
