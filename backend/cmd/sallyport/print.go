package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// printJSON prints one value for programs.
func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// every tells of progress, each time that another n are done.
func every(n int64, to io.Writer) func(done int64) {
	next := n
	return func(done int64) {
		if done >= next {
			_, _ = fmt.Fprintln(to, done, "so far")
			next = done - done%n + n
		}
	}
}
