// Package contract reads openapi.yaml: what each operation takes, who may call it, and what it may answer.
//
// It owns the reading, and the words of the contract's own extensions (x-stage, x-tokens and their like). It refuses a
// document that contradicts itself: a slip of the pen stops the start and opens no door. It knows nothing of HTTP
// servers. Package api holds requests against what is read here, package reference shows it to people, and tests hold
// the program against it.
package contract

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Contract is a document and what it says of its operations.
type Contract struct {
	Document   *openapi3.T
	Operations []*Operation // by path, then by method
}

// Stage is which door an operation stands behind.
type Stage string

// The stages, as x-stage names them. Full goes without saying.
const (
	StageNone    Stage = "none"
	StagePartial Stage = "partial"
	StageFull    Stage = "full"
)

// Token is a kind of token.
type Token string

// The kinds of token, as x-tokens names them.
const (
	TokenFull         Token = "full"
	TokenSecondFactor Token = "second_factor"
	TokenEnrolment    Token = "enrolment"
)

// Level is what somebody must have confirmed a short while ago.
type Level string

// The levels, as x-confirmation names them.
const (
	Password                Level = "password"
	PasswordAndSecondFactor Level = "password_and_second_factor"
)

// The media types of bodies. Webhooks post forms.
const (
	MediaJSON = "application/json"
	MediaForm = "application/x-www-form-urlencoded"
)

// Operation is what the contract says of one operation.
type Operation struct {
	ID     string
	Method string
	Server string // what the path is served below: /api/v1; "" at the root
	Path   string // as OpenAPI writes it: /accounts/{account_id}
	Route  string // as Echo writes it: /accounts/:account_id
	Root   bool   // for operators, served at the root, and no gate stands before it
	Tag    string

	Stage       Stage
	Open        bool    // needs no token
	Tokens      []Token // that open it; none where it is open
	Due         bool    // a full token opens it even while its owner is due
	Scope       string  // that an API token needs; "": no API token opens it
	Enrolment   bool    // the header Sallyport-Enrolment must be there
	Idempotency bool    // takes the header Idempotency-Key

	Actions      []string         // that it may perform, by name
	Always       Level            // what must be confirmed, whatever the body asks for; "": nothing, or it depends
	Confirmation map[string]Level // by action, where it depends on what the body asks for

	OwnCodes []string // the problem codes that it lists
	Codes    []string // those, and what the gate and every operation may answer; sorted

	Parameters openapi3.Parameters // of the path and of the operation
	Media      string              // of the body; "": it takes none
	Body       *openapi3.Schema    // nil: it takes none
	BodyNeeded bool

	Source *openapi3.Operation // all that is written of it: summary, prose, answers
}

// Served is the whole path, as OpenAPI writes it.
func (op *Operation) Served() string { return op.Server + op.Path }

// Opens says whether a token of this kind opens the operation.
func (op *Operation) Opens(kind Token) bool { return slices.Contains(op.Tokens, kind) }

// Partial says whether some partial token opens the operation.
func (op *Operation) Partial() bool { return op.Opens(TokenSecondFactor) || op.Opens(TokenEnrolment) }

// Sensitive says whether the operation may ask for a confirmation.
func (op *Operation) Sensitive() bool { return op.Always != "" || len(op.Confirmation) > 0 }

// Level is what must be confirmed for this action of the operation; "": nothing.
func (op *Operation) Level(action string) Level {
	if op.Always != "" {
		return op.Always
	}
	return op.Confirmation[action]
}

// JSON is the schema of a JSON body; nil where the operation takes none, or a form.
func (op *Operation) JSON() *openapi3.Schema {
	if op.Media != MediaJSON {
		return nil
	}
	return op.Body
}

// Example is a body that the contract shows, for the caller to change; nil where it shows none.
func (op *Operation) Example() map[string]any {
	if op.Body == nil {
		return nil
	}
	media := op.Source.RequestBody.Value.Content[op.Media]
	example, _ := media.Example.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		if example == nil {
			example, _ = media.Examples[name].Value.Value.(map[string]any)
		}
	}
	return maps.Clone(example)
}

// General are the codes that every operation may answer. The contract's introduction lists them; no operation needs to.
var General = []string{
	"malformed_request", "not_found", "payload_too_large", "unsupported_media_type", "validation_failed",
	"rate_limited", "internal_error", "unavailable",
}

// codes are all that the operation may answer. What the gate says depends on the stage and the scope alone.
func (op *Operation) codes() []string {
	all := slices.Concat(General, op.OwnCodes)
	if !op.Open {
		all = append(all, "unauthenticated", "partial_token", "forbidden", "insufficient_scope")
	}
	if op.Opens(TokenFull) && !op.Due {
		all = append(all, "second_factor_due", "enrolment_due")
	}
	if op.Scope != "" { // of an API token whose owner does not meet the rules
		all = append(all, "enrolment_due", "api_tokens_paused", "api_token_suspended")
	}
	if op.Sensitive() {
		all = append(all, "confirmation_required")
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var echo = strings.NewReplacer("{", ":", "}", "")
