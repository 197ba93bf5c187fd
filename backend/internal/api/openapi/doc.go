// Package openapi is generated from openapi.yaml: never edit it, run `make generate`. It also carries the contract itself.
package openapi

import _ "embed"

// Document is openapi.yaml.
//
//go:embed openapi.yaml
var Document []byte
