// Package api speaks HTTP for the house: Echo lives here and nowhere else.
//
// It owns the gate (who is calling, with which token, and may they: deny by default, read from openapi.yaml), the check of
// requests against the contract, the translation of errors into problem documents (RFC 9457), live events, and the delivery of
// the single-page app. It refuses to decide: each handler reads a request, calls one method below, and writes what it answers.
package api
