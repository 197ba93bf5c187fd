package contract

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// methods are in the order in which people read them.
var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// Read reads an OpenAPI document, or what one says of requests. Its error names all that is nonsense.
func Read(document []byte) (*Contract, error) {
	t, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	server := ""
	if len(t.Servers) > 0 {
		server = strings.TrimSuffix(t.Servers[0].URL, "/")
	}
	c := &Contract{Document: t}
	var wrong []error
	for path, item := range t.Paths.Map() {
		for method, o := range item.Operations() {
			r := &reader{at: method + " " + path, extensions: o.Extensions}
			c.Operations = append(c.Operations, r.operation(server, path, method, item, o))
			wrong = append(wrong, r.wrong...)
		}
	}
	slices.SortFunc(c.Operations, func(a, b *Operation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path),
			cmp.Compare(slices.Index(methods, a.Method), slices.Index(methods, b.Method)),
			cmp.Compare(a.Method, b.Method))
	})
	names := map[string]bool{}
	for _, op := range c.Operations {
		if op.ID == "" || names[op.ID] { // gates are kept by it: one of two would get the other's
			at := op.Method + " " + op.Path
			wrong = append(wrong, fmt.Errorf("contract: %s: the operationId %q is missing, or another's", at, op.ID))
		}
		names[op.ID] = true
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return c, nil
}

// reader reads one operation, and remembers what is wrong with it.
type reader struct {
	at         string // "POST /auth/sign-in"
	extensions map[string]any
	wrong      []error
}

func (r *reader) fail(format string, values ...any) {
	r.wrong = append(r.wrong, fmt.Errorf("contract: %s: "+format, append([]any{r.at}, values...)...))
}

func (r *reader) operation(server, path, method string, item *openapi3.PathItem, o *openapi3.Operation) *Operation {
	op := &Operation{
		ID: o.OperationID, Method: method, Server: server, Path: path, Route: echo.Replace(path), Source: o,
		Parameters: slices.Concat(item.Parameters, o.Parameters),
		Actions:    r.words("x-actions"),
		OwnCodes:   r.words("x-problem-codes"),
	}
	r.door(op, o)
	r.place(op, item, o)
	r.confirmation(op)
	r.body(op, o)
	op.Codes = op.codes()
	return op
}

// door reads who may pass. What says nothing needs a full token; what asks for less says so by name, and twice.
func (r *reader) door(op *Operation, o *openapi3.Operation) {
	stage, tokens := r.word("x-stage"), r.words("x-tokens")
	switch {
	case stage == string(StageNone) && len(tokens) == 0 && o.Security != nil && len(*o.Security) == 0:
		op.Stage, op.Open = StageNone, true
	case stage == string(StagePartial) && len(tokens) > 0 && o.Security == nil:
		op.Stage = StagePartial
	case stage == "" && len(tokens) == 0 && o.Security == nil:
		op.Stage, op.Tokens = StageFull, []Token{TokenFull}
	default:
		r.fail("x-stage, x-tokens and security do not fit together")
	}
	for _, t := range tokens {
		if kind := Token(t); kind != TokenFull && kind != TokenSecondFactor && kind != TokenEnrolment {
			r.fail("x-tokens knows no %q", t)
		}
		op.Tokens = append(op.Tokens, Token(t))
	}
	op.Due = r.mark("x-due", "allowed")
	if op.Due && !slices.Contains(tokens, string(TokenFull)) {
		r.fail("x-due is for full tokens that x-tokens names")
	}
	op.Scope = r.word("x-scope")
	if op.Open && op.Scope != "" {
		r.fail("x-scope asks for a token where none is needed")
	}
	op.Enrolment = r.mark("x-enrolment", "required")
	op.Idempotency = r.mark("x-idempotency", "allowed")
}

// place reads where the operation is served. No gate stands at the root: nothing that needs one may get there.
func (r *reader) place(op *Operation, item *openapi3.PathItem, o *openapi3.Operation) {
	if len(o.Tags) != 1 {
		r.fail("one tag, not %d", len(o.Tags))
	} else {
		op.Tag = o.Tags[0]
	}
	switch {
	case len(item.Servers) == 1 && item.Servers[0].URL == "/" && o.Servers == nil:
		op.Root, op.Server = true, ""
	case len(item.Servers) > 0 || o.Servers != nil:
		r.fail("servers names another place than the root")
	}
	if op.Root != (op.Tag == "system") {
		r.fail("what is served at the root has the tag system, and nothing else has")
	}
	if op.Root && !op.Open {
		r.fail("what is served at the root has no gate, and so it is open")
	}
}

// confirmation reads one level for all, or one for each action.
func (r *reader) confirmation(op *Operation) {
	value, said := r.extensions["x-confirmation"]
	if !said {
		return
	}
	level := func(v any) Level {
		word, _ := v.(string)
		if l := Level(word); l == Password || l == PasswordAndSecondFactor {
			return l
		}
		r.fail("x-confirmation knows no %v", v)
		return ""
	}
	if op.Open {
		r.fail("x-confirmation asks somebody who is not known")
	}
	byAction, depends := value.(map[string]any)
	if !depends {
		op.Always = level(value)
		return
	}
	if len(byAction) == 0 {
		r.fail("x-confirmation names no action")
	}
	op.Confirmation = make(map[string]Level, len(byAction))
	for _, action := range slices.Sorted(maps.Keys(byAction)) {
		if op.Actions != nil && !slices.Contains(op.Actions, action) {
			r.fail("x-confirmation names %s, and x-actions does not", action)
		}
		op.Confirmation[action] = level(byAction[action])
	}
}

func (r *reader) body(op *Operation, o *openapi3.Operation) {
	if o.RequestBody == nil {
		return
	}
	content := o.RequestBody.Value.Content
	for _, media := range []string{MediaJSON, MediaForm} {
		if m := content[media]; m != nil && m.Schema != nil && len(content) == 1 {
			op.Media, op.Body, op.BodyNeeded = media, m.Schema.Value, o.RequestBody.Value.Required
			return
		}
	}
	r.fail("the body is neither %s nor %s, with a schema", MediaJSON, MediaForm)
}

// word reads an extension that is one word; "" where it is not there.
func (r *reader) word(extension string) string {
	value, said := r.extensions[extension]
	word, _ := value.(string)
	if said && word == "" {
		r.fail("%s is a word, not %v", extension, value)
	}
	return word
}

// mark reads an extension that is there with this word, or not there at all.
func (r *reader) mark(extension, word string) bool {
	value, said := r.extensions[extension]
	if said && value != word {
		r.fail("%s is %s, or not there; not %v", extension, word, value)
	}
	return said
}

// words reads an extension that is a list of words; nil where it is not there.
func (r *reader) words(extension string) []string {
	value, said := r.extensions[extension]
	if !said {
		return nil
	}
	list, _ := value.([]any)
	out := make([]string, len(list))
	for i, v := range list {
		out[i], _ = v.(string)
	}
	if len(out) == 0 || slices.Contains(out, "") {
		r.fail("%s is a list of words, not %v", extension, value)
	}
	return out
}
