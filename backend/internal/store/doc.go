// Package store keeps everything in one database, SQLite or PostgreSQL, behind methods that are one atomic sentence each.
//
// It owns the schema (migrations/, one folder for both databases, and trigrams.go for what only one of them has) and GORM, which
// lives here and nowhere else; one file per noun, rows and their mapping unexported. It refuses to hold rules: it says whether a sentence took effect, the packages
// above say what that means. Those packages declare the interfaces that it implements; only package app knows both.
//
// A write that replicas must hear of names its topics ("user:ID", "account:ID", "session:ID", "provider"); the
// notification belongs to the transaction (see InTx), so that it is told exactly when the write is committed.
package store
