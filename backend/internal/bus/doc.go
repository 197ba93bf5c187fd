// Package bus says "something changed" within this process and between replicas, and remembers what has not.
//
// It owns delivery (Publish, Subscribe), the ear on PostgreSQL (Listen) and on SQLite (Watch), and memories that a change drops
// (Remember). A topic is a word such as "user:ID"; it says that something about it is new, never what. "*" means: anything may be.
//
// Its one promise: an answer from memory was true at some moment no longer than MaxAge before the question. PostgreSQL
// delivers notifications in the order of their commits, so a replica that hears its own heartbeat has heard everything
// committed before the beat was sent. While the last beat that was heard is too old, Fresh is false and every question goes
// to the database: a replica that cannot hear is slow, never wrong. SQLite notifies nobody. There is one server, and a beat is its
// question whether any other process, such as an operator's command, has committed something.
//
// It refuses to carry data, to guarantee delivery to whoever was not listening, and to keep errors. Package store calls
// Publish after each commit; jobs, the event stream and the gate subscribe or remember; only package app calls Listen and Watch.
package bus
