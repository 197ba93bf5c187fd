// Package whole starts the whole program for tests: one or several replicas on free ports over one database, with one clock
// that the test sets, and the demo's people. Its client speaks HTTP and nothing else, and holds every answer against
// openapi.yaml.
//
// It owns the replicas, the client, the check against the contract, and people who sign in as a third party's program would. It
// refuses to look inside: what it knows of the server, it knows from the contract. Tests of the whole import it, nobody else.
package whole
