// Package openapi is generated from openapi.yaml: never edit it, run `make generate`. It also carries the contract itself.
package openapi

import _ "embed"

// Document is openapi.yaml.
//
//go:embed openapi.yaml
var Document []byte

// Requests is what Document says of requests and who may make them, as JSON: a third of it, which is read at every start.
//
//go:embed requests.json
var Requests []byte
