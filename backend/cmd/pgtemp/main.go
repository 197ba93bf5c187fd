// Pgtemp runs a throw-away PostgreSQL for the browser tests and the benchmark: it prints the URL of an empty database and
// keeps the server until its standard input closes or it is told to stop.
//
//	pgtemp [setting=value ...]
//
// The settings are PostgreSQL's; "fsync=on synchronous_commit=on full_page_writes=on" makes commits wait for the disk.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"sallyport/internal/testkit/pgcluster"
)

func main() {
	url, stop, err := pgcluster.Start("", os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtemp:", err)
		os.Exit(1)
	}
	defer stop()
	fmt.Println(url)

	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGINT)
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	select {
	case <-told:
	case <-closed:
	}
}
