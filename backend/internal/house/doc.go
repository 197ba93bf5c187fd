// Package house holds the house to its own rules: who may import whom, who may look at the clock and the environment, and what
// openapi.yaml must say of each operation.
//
// It owns the rules and the reason of each, as tests; `make check` runs them. It holds no code that a program uses. A new room
// begins with a line in floors.
package house
