package house

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

var (
	operationName = regexp.MustCompile(`^[a-z][A-Za-z]+$`)
	codeName      = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	confirmations = []string{"password", "password_and_second_factor", "what_protects_you"}
	tokenKinds    = []string{"second_factor", "enrolment", "full"}
)

// spoken finds the words that the introduction sets as code. The codes that every operation may answer, and those of the gate,
// which depend on the stage alone, are listed there and not at each operation.
var spoken = regexp.MustCompile("`([a-z_]+)`")

// reserved are codes that clients must know already, although no method of this build answers them.
var reserved = []string{"code_expired"} // of codes that are sent

type operation struct {
	*openapi3.Operation
	at   string // "POST /auth/sign-in"
	item *openapi3.PathItem
}

func (o operation) system() bool { return slices.Contains(o.Tags, "system") }

func (o operation) words(t *testing.T, extension string) []string {
	t.Helper()
	value, ok := o.Extensions[extension]
	if !ok {
		return nil
	}
	raw, ok := value.([]any)
	if !ok || len(raw) == 0 {
		t.Errorf("%s: %s must be a list of words", o.at, extension)
	}
	out := make([]string, len(raw))
	for i, v := range raw {
		out[i], _ = v.(string)
	}
	return out
}

func contract(t *testing.T) (*openapi3.T, []operation) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, item := range document.Paths.Map() {
		for method, o := range item.Operations() {
			all = append(all, operation{Operation: o, at: method + " " + path, item: item})
		}
	}
	return document, all
}

func TestContractIsValid(t *testing.T) {
	t.Parallel()
	document, _ := contract(t)
	if err := document.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
}

func TestContractInTheBinaryIsTheContract(t *testing.T) {
	t.Parallel()
	top, err := os.ReadFile(filepath.Join("..", "..", "..", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := os.ReadFile(filepath.Join("..", "api", "openapi", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(top, embedded) {
		t.Error("internal/api/openapi/openapi.yaml is not openapi.yaml: run make generate")
	}
}

func TestEachOperationIsNamedAndDescribed(t *testing.T) {
	t.Parallel()
	_, all := contract(t)
	names := map[string]string{}
	for _, o := range all {
		if !operationName.MatchString(o.OperationID) {
			t.Errorf("%s: %q is no operationId", o.at, o.OperationID)
		}
		if other, twice := names[o.OperationID]; twice {
			t.Errorf("%s and %s have the same operationId", o.at, other)
		}
		names[o.OperationID] = o.at
		if s := strings.TrimSpace(o.Summary); len(s) < 5 || strings.HasSuffix(s, ".") || strings.Contains(s, "\n") {
			t.Errorf("%s: the summary must be one line without a full stop", o.at)
		}
		if len(o.Tags) != 1 {
			t.Errorf("%s: one tag, not %d", o.at, len(o.Tags))
		}
	}
}

// TestStagesFitTheirSecurity: what opts down from a full token says so by name, and twice.
func TestStagesFitTheirSecurity(t *testing.T) {
	t.Parallel()
	document, all := contract(t)
	if len(document.Security) != 1 || len(document.Security[0]) != 1 {
		t.Error("the contract must ask for one kind of token by default")
	}
	for _, o := range all {
		stage, said := o.Extensions["x-stage"].(string)
		tokens := o.words(t, "x-tokens")
		noSecurity := o.Security != nil && len(*o.Security) == 0
		switch {
		case stage == "none" && (!noSecurity || len(tokens) > 0):
			t.Errorf("%s: stage none asks for `security: []` and no x-tokens", o.at)
		case stage == "partial" && (o.Security != nil || len(tokens) == 0):
			t.Errorf("%s: stage partial asks for x-tokens and no security of its own", o.at)
		case stage == "" && (said || o.Security != nil || len(tokens) > 0):
			t.Errorf("%s: without a stage an operation needs a full token, and says nothing of security or tokens", o.at)
		case !slices.Contains([]string{"none", "partial", ""}, stage):
			t.Errorf("%s: there is no stage %q", o.at, stage)
		}
		for _, k := range tokens {
			if !slices.Contains(tokenKinds, k) {
				t.Errorf("%s: there is no token %q", o.at, k)
			}
		}
		if due, ok := o.Extensions["x-due"]; ok && (due != "allowed" || !slices.Contains(tokens, "full")) {
			t.Errorf("%s: x-due is `allowed`, for full tokens", o.at)
		}
		if level, ok := o.Extensions["x-confirmation"]; ok {
			if name, _ := level.(string); !slices.Contains(confirmations, name) {
				t.Errorf("%s: there is no confirmation %v", o.at, level)
			}
			if !slices.Contains(o.words(t, "x-problem-codes"), "confirmation_required") {
				t.Errorf("%s: asks for confirmation and does not list confirmation_required", o.at)
			}
		}
	}
}

func TestBodiesAreClosedAndHaveExamples(t *testing.T) {
	t.Parallel()
	_, all := contract(t)
	for _, o := range all {
		if o.RequestBody == nil {
			continue
		}
		content := o.RequestBody.Value.Content
		want, open := "application/json", false
		if slices.Contains(o.Tags, "webhooks") { // whoever posts there adds fields without notice
			want, open = "application/x-www-form-urlencoded", true
		}
		media := content[want]
		if len(content) != 1 || media == nil {
			t.Errorf("%s: the body is %s and nothing else", o.at, want)
			continue
		}
		schemas := openapi3.SchemaRefs{media.Schema}
		if len(media.Schema.Value.OneOf) > 0 {
			schemas = media.Schema.Value.OneOf
		}
		for _, s := range schemas {
			if extra := s.Value.AdditionalProperties.Has; extra == nil || *extra != open {
				t.Errorf("%s: the body must refuse fields that it does not know (additionalProperties: false)", o.at)
			}
		}
		examples := []any{}
		if media.Example != nil {
			examples = append(examples, media.Example)
		}
		for _, e := range media.Examples {
			examples = append(examples, e.Value.Value)
		}
		if len(examples) == 0 {
			t.Errorf("%s: the body has no example", o.at)
		}
		for _, e := range examples {
			if err := media.Schema.Value.VisitJSON(plain(t, e), openapi3.VisitAsRequest()); err != nil {
				t.Errorf("%s: an example of the body is not what the schema asks for: %v", o.at, err)
			}
		}
	}
}

// plain is an example as a JSON decoder would have read it.
func plain(t *testing.T, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryOperationMayAnswerAProblem(t *testing.T) {
	t.Parallel()
	_, all := contract(t)
	for _, o := range all {
		if o.system() {
			continue
		}
		for status, r := range o.Responses.Map() {
			if strings.HasPrefix(status, "2") {
				continue
			}
			if r.Value.Content.Get("application/problem+json") == nil {
				t.Errorf("%s: %s is not a problem document", o.at, status)
			}
		}
		if o.Responses.Default() == nil {
			t.Errorf("%s: no default answer", o.at)
		}
	}
}

// TestProblemCodesAreThoseOfTheCode: the contract lists no code that nobody answers, and the code has none that it does not list.
func TestProblemCodesAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	document, all := contract(t)
	declared := faultCodes(t)
	declared["internal_error"] = true                     // of everything that is not known, see api/problem.go
	listed := map[string]bool{"method_not_allowed": true} // 405 says it all
	for _, word := range spoken.FindAllStringSubmatch(document.Info.Description, -1) {
		listed[word[1]] = true
	}
	for _, o := range all {
		codes := o.words(t, "x-problem-codes")
		for i, c := range codes {
			if !codeName.MatchString(c) || slices.Contains(codes[:i], c) {
				t.Errorf("%s: %q is no code, or is listed twice", o.at, c)
			}
			if !declared[c] && !slices.Contains(reserved, c) {
				t.Errorf("%s lists %s, which nobody answers", o.at, c)
			}
			listed[c] = true
		}
	}
	for c := range declared {
		if !listed[c] {
			t.Errorf("no operation lists %s, and the introduction does not speak of it", c)
		}
	}
}

// faultCodes are the codes that the program declares: the second argument of fault.New, and the code of fault.Error literals.
func faultCodes(t *testing.T) map[string]bool {
	t.Helper()
	codes := map[string]bool{}
	note := func(e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if c, err := strconv.Unquote(l.Value); err == nil {
				codes[c] = true
			}
		}
	}
	for _, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if name := called(n.Fun); (name == "fault.New" || name == "New") && len(n.Args) == 3 {
					note(n.Args[1])
				}
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Code" {
					note(n.Value)
				}
			}
			return true
		})
	}
	return codes
}

func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if of, ok := e.X.(*ast.Ident); ok {
			return of.Name + "." + e.Sel.Name
		}
	}
	return ""
}
