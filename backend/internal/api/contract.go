package api

import (
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// operation is what the contract says of one operation.
type operation struct {
	id      string
	method  string
	path    string // as Echo writes it: /accounts/:account_id
	open    bool   // needs no token
	tokens  map[string]bool
	partial bool   // some partial token opens it
	cookies bool   // its handler reads the refresh cookie
	due     bool   // a full token opens it even while its owner is due
	scope   string // that an API token needs; "": none opens it

	parameters openapi3.Parameters
	body       *openapi3.Schema // nil: takes none
	media      string           // of the body
	bodyNeeded bool
}

// readContract reads the contract, or what it says of requests. An operation that says nothing needs a full token; one that says
// nonsense stops the start.
func readContract(contract []byte) (map[string]*operation, error) {
	document, err := openapi3.NewLoader().LoadFromData(contract)
	if err != nil {
		return nil, fmt.Errorf("api: the contract: %w", err)
	}
	operations := map[string]*operation{}
	for path, item := range document.Paths.Map() {
		for method, o := range item.Operations() {
			if len(o.Tags) > 0 && o.Tags[0] == "system" {
				continue // served at the root, see system.go
			}
			op, err := readOperation(path, method, item, o)
			if err != nil {
				return nil, err
			}
			operations[op.id] = op
		}
	}
	return operations, nil
}

func readOperation(path, method string, item *openapi3.PathItem, o *openapi3.Operation) (*operation, error) {
	op := &operation{id: o.OperationID, method: method, path: echoPath(path), tokens: map[string]bool{}}
	stage, _ := o.Extensions["x-stage"].(string)
	for _, t := range list(o.Extensions["x-tokens"]) {
		op.tokens[t] = true
	}
	switch {
	case stage == "none" && len(op.tokens) == 0 && o.Security != nil && len(*o.Security) == 0:
		op.open = true
	case stage == "partial" && len(op.tokens) > 0 && o.Security == nil:
		for t := range op.tokens {
			if t != tokenFull && t != tokenSecondFactor && t != tokenEnrolment {
				return nil, fmt.Errorf("api: %s: x-tokens knows no %q", op.id, t)
			}
		}
	case stage == "" && len(op.tokens) == 0 && o.Security == nil:
		op.tokens[tokenFull] = true
	default:
		return nil, fmt.Errorf("api: %s: x-stage, x-tokens and security do not fit together", op.id)
	}
	op.partial = op.tokens[tokenSecondFactor] || op.tokens[tokenEnrolment]
	op.scope, _ = o.Extensions["x-scope"].(string)
	op.cookies = op.id == "refresh"
	op.due = o.Extensions["x-due"] == "allowed"
	op.parameters = append(append(openapi3.Parameters{}, item.Parameters...), o.Parameters...)
	if o.RequestBody != nil {
		content := o.RequestBody.Value.Content
		for _, op.media = range []string{mediaJSON, mediaForm} {
			if media := content[op.media]; media != nil && len(content) == 1 {
				op.body, op.bodyNeeded = media.Schema.Value, o.RequestBody.Value.Required
				return op, nil
			}
		}
		return nil, fmt.Errorf("api: %s: the body is neither %s nor %s", op.id, mediaJSON, mediaForm)
	}
	return op, nil
}

// The media types that bodies come in. A form is what webhooks post.
const (
	mediaJSON = "application/json"
	mediaForm = "application/x-www-form-urlencoded"
)

func list(extension any) []string {
	values, _ := extension.([]any)
	out := make([]string, 0, len(values))
	for _, v := range values {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func echoPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
