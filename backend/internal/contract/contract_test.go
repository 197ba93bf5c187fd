package contract_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sallyport/internal/api/openapi"
	"sallyport/internal/contract"
)

// document is a contract of one operation, PUT /things/{id}, that says these lines of itself.
func document(lines ...string) []byte {
	text := `
openapi: 3.0.3
info: {title: Things, version: '1'}
servers: [{url: /api/v1}]
paths:
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    put:
      operationId: putThing
      responses: {'200': {description: Done.}}
`
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "tags:") }) {
		lines = append(lines, "tags: [things]")
	}
	return []byte(text + "      " + strings.Join(lines, "\n      ") + "\n")
}

func thing(t *testing.T, lines ...string) *contract.Operation {
	t.Helper()
	c, err := contract.Read(document(lines...))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Operations) != 1 {
		t.Fatalf("%d operations", len(c.Operations))
	}
	return c.Operations[0]
}

func TestAnOperationThatSaysNothingNeedsAFullTokenAndTakesNoBody(t *testing.T) {
	t.Parallel()
	op := thing(t)
	want := contract.Operation{
		ID: "putThing", Method: "PUT", Server: "/api/v1", Path: "/things/{id}", Route: "/things/:id", Tag: "things",
		Stage: contract.StageFull, Tokens: []contract.Token{contract.TokenFull},
		Codes: op.Codes, Parameters: op.Parameters, Source: op.Source,
	}
	if !reflect.DeepEqual(*op, want) {
		t.Errorf("%+v, not %+v", *op, want)
	}
	if op.Served() != "/api/v1/things/{id}" || op.Partial() || op.Sensitive() || op.Level("") != "" {
		t.Errorf("%s is not as it was meant", op.Served())
	}
	if op.JSON() != nil || op.Example() != nil {
		t.Error("it takes a body")
	}
	if len(op.Parameters) != 1 || op.Parameters[0].Value.Name != "id" {
		t.Errorf("the path's parameters are %v", op.Parameters)
	}
}

func TestADoorIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	op := thing(t, "x-stage: partial", "x-tokens: [enrolment, full]", "x-due: allowed", "x-scope: 'account:read'",
		"x-enrolment: required", "x-idempotency: allowed", "x-actions: [make_thing, break_thing]")
	if op.Stage != contract.StagePartial || op.Open || !op.Due || op.Scope != "account:read" {
		t.Errorf("%+v", op)
	}
	if !op.Enrolment || !op.Idempotency {
		t.Errorf("%+v", op)
	}
	if !op.Partial() || !op.Opens(contract.TokenFull) || !op.Opens(contract.TokenEnrolment) ||
		op.Opens(contract.TokenSecondFactor) {
		t.Errorf("%v open it", op.Tokens)
	}
	if !slices.Equal(op.Actions, []string{"make_thing", "break_thing"}) {
		t.Errorf("it performs %v", op.Actions)
	}
	open := thing(t, "x-stage: none", "security: []")
	if !open.Open || open.Stage != contract.StageNone || len(open.Tokens) > 0 {
		t.Errorf("%+v is not open", open)
	}
}

func TestAConfirmationIsOneWordOrDependsOnTheAction(t *testing.T) {
	t.Parallel()
	always := thing(t, "x-confirmation: password")
	if always.Always != contract.Password || always.Confirmation != nil || always.Level("anything") != contract.Password {
		t.Errorf("one word is read as %q and %v", always.Always, always.Confirmation)
	}
	depends := thing(t, "x-confirmation:", "  enforce_rule: password", "  lift_rule: password_and_second_factor")
	want := map[string]contract.Level{"enforce_rule": contract.Password, "lift_rule": contract.PasswordAndSecondFactor}
	if depends.Always != "" || !reflect.DeepEqual(depends.Confirmation, want) {
		t.Errorf("a map is read as %q and %v", depends.Always, depends.Confirmation)
	}
	if depends.Level("lift_rule") != contract.PasswordAndSecondFactor || depends.Level("another") != "" {
		t.Error("an action's level is another's")
	}
	for _, op := range []*contract.Operation{always, depends} {
		if !op.Sensitive() || !slices.Contains(op.Codes, "confirmation_required") {
			t.Errorf("%v asks for no confirmation", op)
		}
	}
}

func TestTheCodesOfTheGateFollowFromTheDoor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lines []string
		more  string
	}{
		{[]string{"x-stage: none", "security: []"}, ""},
		{nil, "enrolment_due forbidden insufficient_scope partial_token second_factor_due unauthenticated"},
		{[]string{"x-stage: partial", "x-tokens: [second_factor]"},
			"forbidden insufficient_scope partial_token unauthenticated"},
		{[]string{"x-stage: partial", "x-tokens: [full]", "x-due: allowed"},
			"forbidden insufficient_scope partial_token unauthenticated"},
		{[]string{"x-stage: partial", "x-tokens: [full]", "x-due: allowed", "x-scope: 'a:b'"},
			"api_token_suspended api_tokens_paused enrolment_due forbidden insufficient_scope partial_token unauthenticated"},
		{[]string{"x-stage: none", "security: []", "x-problem-codes: [busy, rate_limited]"}, "busy"},
	} {
		op := thing(t, c.lines...)
		var more []string
		for _, code := range op.Codes {
			if !slices.Contains(contract.General, code) {
				more = append(more, code)
			}
		}
		if got := strings.Join(more, " "); got != c.more || len(op.Codes) != len(more)+len(contract.General) {
			t.Errorf("%v may answer %s, not %s", c.lines, got, c.more)
		}
	}
}

func TestABodyIsReadWithItsMediaAndItsExample(t *testing.T) {
	t.Parallel()
	op := thing(t, "requestBody:", "  required: true", "  content:", "    application/json:",
		"      schema: {type: object}", "      examples: {b: {value: {size: 2}}, a: {value: {size: 1}}}")
	if op.Media != contract.MediaJSON || !op.BodyNeeded || op.Body == nil || op.JSON() != op.Body {
		t.Errorf("%+v", op)
	}
	example := op.Example()
	if fmt.Sprint(example) != "map[size:1]" {
		t.Errorf("the example is %v", example)
	}
	example["size"] = 3
	if fmt.Sprint(op.Example()) != "map[size:1]" {
		t.Error("who changes an example changes everybody's")
	}
	form := thing(t, "requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object}}}}")
	if form.Media != contract.MediaForm || form.BodyNeeded || form.Body == nil || form.JSON() != nil {
		t.Errorf("%+v", form)
	}
}

func TestNonsenseIsRefusedAndNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lines, names string }{
		{"x-stage: full", "do not fit together"},
		{"x-stage: ''", "x-stage is a word"},
		{"x-stage: [none]", "x-stage is a word"},
		{"x-stage: none", "do not fit together"},
		{"x-stage: none\nsecurity: [{}]", "do not fit together"},
		{"x-stage: none\nsecurity: []\nx-tokens: [full]", "do not fit together"},
		{"x-stage: partial", "do not fit together"},
		{"x-stage: partial\nx-tokens: [full]\nsecurity: []", "do not fit together"},
		{"x-stage: partial\nx-tokens: []", "x-tokens is a list"},
		{"x-stage: partial\nx-tokens: full", "x-tokens is a list"},
		{"x-stage: partial\nx-tokens: [half]", `knows no "half"`},
		{"security: []", "do not fit together"},
		{"x-tokens: [full]", "do not fit together"},
		{"x-due: allowed", "x-due is for full tokens"},
		{"x-stage: partial\nx-tokens: [enrolment]\nx-due: allowed", "x-due is for full tokens"},
		{"x-stage: partial\nx-tokens: [full]\nx-due: true", "x-due is allowed, or not there"},
		{"x-scope: [a]", "x-scope is a word"},
		{"x-stage: none\nsecurity: []\nx-scope: 'a:b'", "x-scope asks for a token"},
		{"x-enrolment: true", "x-enrolment is required, or not there"},
		{"x-idempotency: required", "x-idempotency is allowed, or not there"},
		{"x-actions: make_thing", "x-actions is a list"},
		{"x-actions: [1]", "x-actions is a list"},
		{"x-problem-codes: []", "x-problem-codes is a list"},
		{"x-confirmation: what_protects_you", "knows no what_protects_you"},
		{"x-confirmation: [password]", "knows no [password]"},
		{"x-confirmation: {}", "names no action"},
		{"x-confirmation: {make_thing: fingerprint}", "knows no fingerprint"},
		{"x-actions: [make_thing]\nx-confirmation: {break_thing: password}", "x-actions does not"},
		{"x-stage: none\nsecurity: []\nx-confirmation: password", "not known"},
		{"tags: []", "one tag, not 0"},
		{"tags: [a, b]", "one tag, not 2"},
		{"tags: [system]", "the tag system"},
		{"servers: [{url: /}]", "another place"},
		{"requestBody: {content: {text/plain: {schema: {type: string}}}}", "the body is neither"},
		{"requestBody: {content: {application/json: {}}}", "the body is neither"},
		{"requestBody: {content: {application/json: {schema: {}}, text/plain: {schema: {}}}}", "the body is neither"},
	} {
		_, err := contract.Read(document(strings.Split(c.lines, "\n")...))
		if err == nil || !strings.Contains(err.Error(), c.names) || !strings.Contains(err.Error(), "PUT /things/{id}") {
			t.Errorf("%q is refused with: %v", c.lines, err)
		}
	}
	if _, err := contract.Read([]byte("{")); err == nil {
		t.Error("what is no document is read")
	}
}

func TestAllThatIsWrongIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := contract.Read(document("x-stage: full", "x-scope: 1", "tags: [a, b]"))
	if err == nil || strings.Count(err.Error(), "contract: ") != 3 {
		t.Errorf("three mistakes are told as: %v", err)
	}
}

func TestTwoOperationsDoNotShareAName(t *testing.T) {
	t.Parallel()
	for from, to := range map[string]string{
		"operationId: putThing": "operationId: ''",
		"    put:\n":            "    get: {operationId: putThing, tags: [things], responses: {}}\n    put:\n",
	} {
		text := strings.Replace(string(document()), from, to, 1)
		if _, err := contract.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), "operationId") {
			t.Errorf("%q is refused with: %v", to, err)
		}
	}
}

func TestOnlyWhatIsOpenAndForOperatorsIsServedAtTheRoot(t *testing.T) {
	t.Parallel()
	at := func(servers string, lines ...string) (*contract.Contract, error) {
		text := strings.Replace(string(document(lines...)), "    put:\n", "    servers: "+servers+"\n    put:\n", 1)
		return contract.Read([]byte(text))
	}
	c, err := at("[{url: /}]", "tags: [system]", "x-stage: none", "security: []")
	if err != nil {
		t.Fatal(err)
	}
	if op := c.Operations[0]; !op.Root || op.Served() != "/things/{id}" {
		t.Errorf("%s is not at the root", op.Served())
	}
	for _, c := range []struct{ servers, lines, names string }{
		{"[{url: /}]", "tags: [system]", "no gate"},
		{"[{url: /}]", "x-stage: none\nsecurity: []", "the tag system"},
		{"[{url: /api/v2}]", "x-stage: none\nsecurity: []", "another place"},
		{"[{url: /}, {url: /api/v1}]", "tags: [system]\nx-stage: none\nsecurity: []", "another place"},
	} {
		if _, err := at(c.servers, strings.Split(c.lines, "\n")...); err == nil || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s with %q is refused with: %v", c.servers, c.lines, err)
		}
	}
}

func TestNoOperationOfTheContractIsLeftOut(t *testing.T) {
	t.Parallel()
	c, err := contract.Read(openapi.Document)
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData(openapi.Document)
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	for path, item := range document.Paths.Map() {
		for method, o := range item.Operations() {
			written++
			at := slices.IndexFunc(c.Operations, func(op *contract.Operation) bool { return op.ID == o.OperationID })
			if at < 0 || c.Operations[at].Method != method || c.Operations[at].Path != path {
				t.Errorf("%s %s is missing, or is another", method, path)
			}
		}
	}
	if written < 60 || len(c.Operations) != written {
		t.Errorf("%d operations of %d", len(c.Operations), written)
	}
	if !slices.IsSortedFunc(c.Operations, func(a, b *contract.Operation) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("the operations are not in order")
	}
}
