package blackbox_test

import (
	"bytes"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"sallyport/internal/app"
	"sallyport/internal/contract"
	"sallyport/internal/testkit/whole"
)

// beside are routes that the contract cannot describe: the pages of the app, and the wall between them and the API.
var beside = []string{"/*", "/api/*"}

// routes are Echo's own, with what the contract says of each. A route that the contract does not know fails the test, so that
// a new one is covered the day it is born; so does a promise of the contract that nobody serves.
func routes(t *testing.T, h *whole.House) []*contract.Operation {
	t.Helper()
	var served []*contract.Operation
	for _, r := range h.Replicas[0].Handler().(*echo.Echo).Routes() {
		if slices.Contains(beside, r.Path) || r.Method == "HEAD" && !strings.HasPrefix(r.Path, "/api/") { // the head of what GET answers
			continue
		}
		at := slices.IndexFunc(h.Contract.Operations, func(op *contract.Operation) bool {
			return op.Method == r.Method && op.Server+op.Route == r.Path
		})
		if at < 0 {
			t.Errorf("%s %s is served, and the contract does not know it", r.Method, r.Path)
			continue
		}
		served = append(served, h.Contract.Operations[at])
	}
	for _, op := range h.Contract.Operations {
		if !slices.Contains(served, op) && op.ID != "metrics" { // which needs a token of its own to be there
			t.Errorf("%s %s is promised, and nobody serves it", op.Method, op.Served())
		}
	}
	return served
}

// concrete fills the parameters of a path in: the account is the caller's own, everything else exists nowhere.
func concrete(path, accountID string) string {
	steps := strings.Split(path, "/")
	for i, s := range steps {
		switch {
		case s == "{account_id}":
			steps[i] = accountID
		case strings.HasPrefix(s, "{"):
			steps[i] = uuid.NewString()
		}
	}
	return "/" + strings.Join(steps, "/") // the second slash says that this begins at the root
}

// gateCodes are what only the gate says.
var gateCodes = []string{"unauthenticated", "partial_token", "forbidden", "second_factor_due", "enrolment_due", "insufficient_scope"}

// expected is what the contract says of a token at this door; "" opens it.
func expected(op *contract.Operation, with token) (status int, code string) {
	kind := with.kind
	switch {
	case op.Open:
		return 0, ""
	case kind == "none":
		return 401, "unauthenticated"
	case len(with.scopes) > 0:
		if !slices.Contains(with.scopes, op.Scope) {
			return 403, "insufficient_scope"
		}
		if kind == "enrolment_due" {
			return 403, "enrolment_due"
		}
		return 0, ""
	case kind == "second_factor" || kind == "enrolment":
		if op.Opens(contract.Token(kind)) {
			return 0, ""
		}
		if op.Partial() {
			return 403, "forbidden"
		}
		return 401, "partial_token"
	case !op.Opens(contract.TokenFull):
		return 403, "forbidden"
	case kind == "second_factor_due" && !op.Due:
		return 401, "second_factor_due"
	case kind == "enrolment_due" && !op.Due:
		return 403, "enrolment_due"
	}
	return 0, ""
}

func TestEveryRouteOpensForTheTokensThatTheContractNamesAndForNoOther(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		served := routes(t, h)
		for _, token := range everyKindOfToken(t, h) {
			for _, op := range served {
				status, code := expected(op, token)
				// What lies behind a door that opens may end sessions: each is tried with a token of its own.
				a := h.At(0).Call(op.Method, concrete(op.Served(), token.account), token.fresh(), nil)
				switch {
				case code != "" && !a.Is(status, code):
					t.Errorf("%s, at %s: %d %s, not %d %s", token.name, op.ID, a.Status, a.Code(), status, code)
				case code == "" && !op.Open && slices.Contains(gateCodes, a.Code()):
					t.Errorf("%s, at %s: %d %s, though the contract names it", token.name, op.ID, a.Status, a.Code())
				}
			}
		}
	})
}

func TestTheContractIsServedAsItIsAndAsAPageThatLoadsNothing(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	document := h.At(0).Call("GET", "//openapi.yaml", "", nil).Must(200)
	if written, err := os.ReadFile("../../../openapi.yaml"); err != nil || !bytes.Equal(written, document.Body) {
		t.Errorf("what is served is not openapi.yaml: %v", err)
	}
	page := h.At(0).Call("GET", "//docs", "", nil).Must(200)
	for _, op := range h.Contract.Operations {
		if !bytes.Contains(page.Body, []byte(`id="`+op.ID+`"`)) {
			t.Errorf("the page does not tell of %s", op.ID)
		}
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("the page may load: %s", policy)
	}
	for accepted, coding := range map[string]string{"gzip, br": "gzip", "identity": ""} {
		a := h.At(0).Send(whole.Request{Method: "GET", Path: "//docs", Header: http.Header{"Accept-Encoding": {accepted}}}).Must(200)
		if got := a.Header.Get("Content-Encoding"); got != coding || a.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("to somebody who takes %s the page comes in %q", accepted, got)
		}
	}
}

// Those who watch a server, and those who preview a link, ask for the head alone (RFC 9110 §9.3.2).
func TestOutsideTheAPITheHeadAnswersAsTheWholeDoes(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	for _, path := range []string{"//healthz", "//readyz", "//openapi.yaml", "//docs", "//.well-known/jwks.json", "//", "//me/security", "//nothing.png", "//metrics"} {
		get, head := h.At(0).Call("GET", path, "", nil), h.At(0).Call("HEAD", path, "", nil)
		if head.Status != get.Status || len(head.Body) > 0 || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
			t.Errorf("GET %s answers %d %s, HEAD %d %s with %d bytes", path, get.Status, get.Header.Get("Content-Type"), head.Status, head.Header.Get("Content-Type"), len(head.Body))
		}
	}
	if a := h.At(0).Call("HEAD", "/me", h.Person(member).In().Access, nil); a.Status != 404 {
		t.Errorf("within the API HEAD answers %d", a.Status)
	}
}

func TestAPasswordManagerIsShownTheWayAndOtherWellKnownPlacesAreNone(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	if a := h.At(0).Call("GET", "//.well-known/change-password", "", nil); a.Status != 302 || a.Header.Get("Location") != "/me" {
		t.Errorf("change-password answers %d %s", a.Status, a.Header.Get("Location"))
	}
	for _, name := range []string{"resource-that-should-not-exist-whose-status-code-should-not-be-200", "security", ""} {
		if a := h.At(0).Call("GET", "//.well-known/"+name, "", nil); a.Status != 404 {
			t.Errorf("/.well-known/%s answers %d", name, a.Status)
		}
	}
}

// otherMethods are more than a browser knows.
var otherMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "Post"}

func TestNothingIsBehindOtherSpellingsOfARoute(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person("owner@blue.test").In()
		account := p.Account(blue)
		served := routes(t, h)
		nothing := func(what, method, path string) {
			t.Helper()
			a := h.At(0).Call(method, path, p.Access, nil)
			page := method == "GET" && !strings.HasPrefix(path, "//api/") && a.Status == 200 &&
				strings.HasPrefix(a.Header.Get("Content-Type"), "text/html")
			missing := a.Status == 404 || a.Status == 405
			if missing && method != "HEAD" && strings.HasPrefix(path, "//api/") && a.Code() != "not_found" && a.Code() != "method_not_allowed" {
				t.Errorf("%s: %s %s answers %d without a problem", what, method, path, a.Status)
			}
			// Outside the API somebody who asks may be told which methods there are.
			told := method == "OPTIONS" && a.Status == 204 && !strings.HasPrefix(path, "//api/")
			page = page || method == "HEAD" && len(a.Body) == 0 && a.Status == 200 && !strings.HasPrefix(path, "//api/")
			if !page && !missing && !told {
				t.Errorf("%s: %s %s answers %d %s", what, method, path, a.Status, a.Code())
			}
		}
		for _, op := range served {
			path := concrete(op.Served(), account)
			nothing("a slash behind", op.Method, path+"/")
			nothing("a detour", op.Method, path+"/../x")
			nothing("a NUL behind", op.Method, path+"%00")
			nothing("an extension", op.Method, path+".json")
			if rest, ok := strings.CutPrefix(path, "//api/v1/"); ok {
				nothing("a slash twice", op.Method, "//api/v1//"+rest)
				nothing("capital letters", op.Method, "//api/v1/"+strings.ToUpper(rest[:1])+rest[1:])
				nothing("capital letters", op.Method, "//API/v1/"+rest)
				nothing("another version", op.Method, "//api/v2/"+rest)
				nothing("no version", op.Method, "//api/"+rest)
				nothing("an escaped slash", op.Method, "//api%2Fv1/"+rest)
			}
			for _, method := range otherMethods {
				if h.Contract.Operation(method, path[1:]) == nil {
					nothing("another method", method, path)
				}
			}
		}
	})
}

func TestNothingInARequestChangesItsMethodOrBringsATokenInByAnotherWay(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	p := h.Person("owner@blue.test").In()
	other := p.Again(0).In()
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		a := h.At(0).Send(whole.Request{Method: "GET", Path: "/me/sessions?_method=DELETE", Token: p.Access, Header: http.Header{name: {"DELETE"}}}).Must(200)
		if n := len(a.Texts("items")); n != 2 {
			t.Errorf("with %s: DELETE the list has %d sessions", name, n)
		}
	}
	other.Call("GET", "/me", nil).Must(200)

	send := func(r whole.Request) { t.Helper(); h.At(0).Send(r).Refused(401, "unauthenticated") }
	send(whole.Request{Method: "GET", Path: "/me?access_token=" + p.Access + "&token=" + p.Access})
	for _, header := range []string{"X-Authorization", "Proxy-Authorization", "X-Access-Token", "X-Api-Key"} {
		send(whole.Request{Method: "GET", Path: "/me", Header: http.Header{header: {"Bearer " + p.Access}}})
	}
	for _, scheme := range []string{"", "Basic ", "Token ", "Bearer: ", "Bearer\t", "Bearer,"} {
		send(whole.Request{Method: "GET", Path: "/me", Header: http.Header{"Authorization": {scheme + p.Access}}})
	}
	for _, cookie := range []string{"access_token", "token", "sallyport_refresh", "Authorization"} {
		send(whole.Request{Method: "GET", Path: "/me", Cookies: []*http.Cookie{{Name: cookie, Value: p.Access}}})
	}
	// A second header is no second try, and the scheme's letter case is the client's (RFC 9110 §11.1).
	send(whole.Request{Method: "GET", Path: "/me", Header: http.Header{"Authorization": {"Bearer x", "Bearer " + p.Access}}})
	h.At(0).Send(whole.Request{Method: "GET", Path: "/me", Header: http.Header{"Authorization": {"bEARER " + p.Access}}}).Must(200)
}

func TestTheMetricsSayHowEachRequestWasAnswered(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{Config: func(_ int, c *app.Config) { c.MetricsToken = "a token for nothing but tests" }})
	h.At(0).Call("GET", "/me", "", nil).Refused(401, "unauthenticated")
	h.At(0).Call("POST", "/auth/sign-in", "", map[string]any{}).Refused(422, "validation_failed")
	h.At(0).Call("GET", "/me", h.Person(member).In().Access, nil).Must(200)
	told := string(h.At(0).Call("GET", "//metrics", "a token for nothing but tests", nil).Must(200).Body)
	for _, line := range []string{
		`{method="GET",route="/api/v1/me",status="401"} 1`, `{method="GET",route="/api/v1/me",status="200"} 1`,
		`{method="POST",route="/api/v1/auth/sign-in",status="422"} 1`,
	} {
		if !strings.Contains(told, "sallyport_http_request_seconds_count"+line+"\n") {
			t.Errorf("the metrics do not say %s", line)
		}
	}
}
