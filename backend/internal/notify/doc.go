// Package notify tells people what has happened to them, by e-mail.
//
// It owns the messages' words in every language, their rendering, and the senders: SMTP, the demo's Outbox, and Unconfigured.
// A message is a job of kind Kind, written in the transaction that causes it; its ID is the job's and the Message-ID, so
// that a repetition is recognised by every mail server and program on the way. While it waits it is sealed: what it bears opens
// doors.
//
// It refuses to decide who is told, to build links (they come from configuration, through the caller), and to put a code or
// secret into a subject, a log or an error. Packages with something to tell call Enqueue; package app wires the rest.
package notify
