// Package jobs does work that must happen although the process that caused it may die.
//
// It owns the job, the rules of trying again (lease, back-off, dead letter) and the Runner that works them off. A job is
// written in the transaction that causes it (the store's EnqueueJobs), so that there is a job exactly if the cause was
// committed. Each is done at least once: a handler must bear repetition, and the job's ID is what it can recognise one by.
//
// It refuses to know what the work is: packages above register a handler for their kind. A job that fails too often, or for
// good, is kept as a dead letter until the operator has it tried again. Package store implements Store; package app runs it.
package jobs
