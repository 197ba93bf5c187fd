// Package reference makes the page /docs out of openapi.yaml: what a third party's program reads before it calls the API.
//
// It owns the page's words and looks. It refuses to say anything that the contract does not: a sentence that is missing on the
// page is missing in openapi.yaml. The page loads nothing, not even a script. Package api serves it.
package reference

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"fmt"
	"html/template"

	"sallyport/internal/contract"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Parse(pageHTML))

// Policy is the content security policy of the page: its own style, and nothing else.
func Policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// Page renders an OpenAPI 3.0 document as HTML.
func Page(document []byte) ([]byte, error) {
	read, err := contract.Read(document)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	content, err := contentOf(read)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, map[string]any{"Style": template.CSS(style), "Contract": content}); err != nil { //nolint:gosec // our own style
		return nil, fmt.Errorf("reference: %w", err)
	}
	return out.Bytes(), nil
}
