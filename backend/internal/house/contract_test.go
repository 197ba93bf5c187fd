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

	"sallyport/internal/contract"
)

var (
	operationName = regexp.MustCompile(`^[a-z][A-Za-z]+$`)
	codeName      = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
)

// spoken finds the words that the introduction sets as code. The codes that every operation may answer, and those of the gate,
// which depend on the stage alone, are listed there and not at each operation.
var spoken = regexp.MustCompile("`([a-z_]+)`")

// reserved are codes that clients must know already, although no method of this build answers them.
var reserved = []string{"code_expired"} // of codes that are sent

// read reads openapi.yaml. Package contract refuses what contradicts itself, and names all of it; these tests ask for
// the rest.
func read(t *testing.T) *contract.Contract {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := contract.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at names an operation where something is wrong with it.
func at(o *contract.Operation) string { return o.Method + " " + o.Path }

func TestContractIsValid(t *testing.T) {
	t.Parallel()
	if err := read(t).Document.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
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

// TestEachOperationIsNamedAndDescribed: package contract refuses a name that is another's, and more or fewer than one tag.
func TestEachOperationIsNamedAndDescribed(t *testing.T) {
	t.Parallel()
	for _, o := range read(t).Operations {
		if !operationName.MatchString(o.ID) {
			t.Errorf("%s: %q is no operationId", at(o), o.ID)
		}
		if s := strings.TrimSpace(o.Source.Summary); len(s) < 5 || strings.HasSuffix(s, ".") || strings.Contains(s, "\n") {
			t.Errorf("%s: the summary must be one line without a full stop", at(o))
		}
	}
}

// TestStagesFitTheirSecurity: what opts down from a full token says so by name, and twice. Package contract refuses a
// stage, a list of tokens and a security that do not fit together, and words that nobody knows. Its own tests hold it
// to that (TestNonsenseIsRefusedAndNamed).
func TestStagesFitTheirSecurity(t *testing.T) {
	t.Parallel()
	c := read(t)
	if len(c.Document.Security) != 1 || len(c.Document.Security[0]) != 1 {
		t.Error("the contract must ask for one kind of token by default")
	}
	for _, o := range c.Operations {
		if o.Sensitive() && !slices.Contains(o.OwnCodes, "confirmation_required") {
			t.Errorf("%s: asks for confirmation and does not list confirmation_required", at(o))
		}
	}
}

func TestBodiesAreClosedAndHaveExamples(t *testing.T) {
	t.Parallel()
	for _, o := range read(t).Operations {
		if o.Body == nil {
			continue
		}
		want, open := contract.MediaJSON, false
		if o.Tag == "webhooks" { // whoever posts there adds fields without notice
			want, open = contract.MediaForm, true
		}
		if o.Media != want {
			t.Errorf("%s: the body is %s and nothing else", at(o), want)
			continue
		}
		media := o.Source.RequestBody.Value.Content[want]
		schemas := openapi3.SchemaRefs{media.Schema}
		if len(media.Schema.Value.OneOf) > 0 {
			schemas = media.Schema.Value.OneOf
		}
		for _, s := range schemas {
			if extra := s.Value.AdditionalProperties.Has; extra == nil || *extra != open {
				t.Errorf("%s: the body must refuse fields that it does not know (additionalProperties: false)", at(o))
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
			t.Errorf("%s: the body has no example", at(o))
		}
		for _, e := range examples {
			if err := media.Schema.Value.VisitJSON(plain(t, e), openapi3.VisitAsRequest()); err != nil {
				t.Errorf("%s: an example of the body is not what the schema asks for: %v", at(o), err)
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
	for _, o := range read(t).Operations {
		if o.Root {
			continue
		}
		for status, r := range o.Source.Responses.Map() {
			if strings.HasPrefix(status, "2") {
				continue
			}
			if r.Value.Content.Get("application/problem+json") == nil {
				t.Errorf("%s: %s is not a problem document", at(o), status)
			}
		}
		if o.Source.Responses.Default() == nil {
			t.Errorf("%s: no default answer", at(o))
		}
	}
}

// TestProblemCodesAreThoseOfTheCode: the contract lists no code that nobody answers, and the code has none that it does not list.
func TestProblemCodesAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	c := read(t)
	declared := faultCodes(t)
	declared["internal_error"] = true                     // of everything that is not known, see api/problem.go
	listed := map[string]bool{"method_not_allowed": true} // 405 says it all
	for _, word := range spoken.FindAllStringSubmatch(c.Document.Info.Description, -1) {
		listed[word[1]] = true
	}
	for _, code := range contract.General {
		if !listed[code] {
			t.Errorf("the introduction does not list %s, which every operation may answer", code)
		}
	}
	for _, o := range c.Operations {
		for i, c := range o.OwnCodes {
			if !codeName.MatchString(c) || slices.Contains(o.OwnCodes[:i], c) {
				t.Errorf("%s: %q is no code, or is listed twice", at(o), c)
			}
			if !declared[c] && !slices.Contains(reserved, c) {
				t.Errorf("%s lists %s, which nobody answers", at(o), c)
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
