package reference_test

import (
	"io"
	"maps"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"sallyport/internal/api/openapi"
	"sallyport/internal/contract"
	"sallyport/internal/reference"
)

// parsed is what a browser would find on a page.
type parsed struct {
	ids    map[string]bool
	links  []string
	loads  []string // what an element would fetch or run
	errors []string
}

func parse(t *testing.T, page []byte) parsed {
	t.Helper()
	p := parsed{ids: map[string]bool{}}
	z := html.NewTokenizer(strings.NewReader(string(page)))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		if token.Data == "script" || token.Data == "iframe" || token.Data == "link" {
			p.loads = append(p.loads, token.Data)
		}
		for _, a := range token.Attr {
			switch {
			case a.Key == "id" && p.ids[a.Val]:
				p.errors = append(p.errors, "twice: "+a.Val)
			case a.Key == "id":
				p.ids[a.Val] = true
			case a.Key == "href":
				p.links = append(p.links, a.Val)
			case a.Key == "src" || a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				p.loads = append(p.loads, a.Key+"="+a.Val)
			}
		}
	}
	if z.Err() != io.EOF {
		t.Fatal(z.Err())
	}
	return p
}

func TestThePageHoldsEverythingOfTheContractAndLoadsNothing(t *testing.T) {
	t.Parallel()
	page, err := reference.Page(openapi.Document)
	if err != nil {
		t.Fatal(err)
	}
	p := parse(t, page)
	if len(p.loads)+len(p.errors) > 0 {
		t.Errorf("the page loads %v; %v", p.loads, p.errors)
	}
	for _, link := range p.links {
		if name, ok := strings.CutPrefix(link, "#"); ok && !p.ids[name] {
			t.Errorf("a link leads nowhere: %s", link)
		} else if !ok && !strings.HasPrefix(link, "/") {
			t.Errorf("a link leads elsewhere: %s", link)
		}
	}
	read, err := contract.Read(openapi.Document)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range read.Operations {
		if !p.ids[o.ID] {
			t.Errorf("%s %s is missing", o.Method, o.Path)
		}
		for _, c := range o.OwnCodes {
			if !p.ids["code-"+c] {
				t.Errorf("the code %s is missing", c)
			}
		}
	}
	for name := range maps.Keys(read.Document.Components.Schemas) {
		if !p.ids["schema-"+name] {
			t.Errorf("the schema %s is missing", name)
		}
	}
}

const small = `
openapi: 3.0.3
info: {title: "A & <b>B</b>", version: '1', description: "Some *words*, <script>alert(1)</script>."}
servers: [{url: /api}]
tags: [{name: things, description: Things}]
paths:
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, maxLength: 3}}]
    put:
      tags: [things]
      operationId: putThing
      summary: Puts it
      x-confirmation: password
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [size]
              properties:
                size: {type: string, enum: [big, small], nullable: true}
                parts: {type: array, items: {type: object, properties: {weight: {type: integer, minimum: 1, maximum: 9}}}}
            example: {size: big, parts: [{weight: 3}]}
      responses:
        '200': {description: Done.}
        '401': {description: No., content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}}
        '404': {description: No., content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}}
components:
  schemas:
    Problem: {type: object, properties: {code: {type: string}}}
`

func TestAnOperationIsToldInWords(t *testing.T) {
	t.Parallel()
	page, err := reference.Page([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	told := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(page[strings.Index(string(page), "<main"):]), " "))
	told = strings.Join(strings.Fields(told), " ")
	for _, sentence := range []string{
		"PUT /api /things/{id} Puts it token: full confirmed: password",
		"id path required string, at most 3 characters",
		"size required big , small or null",
		"parts list of object parts[].weight integer, 1 to 9",
		"200 Done. 401, 404 No. Problem application/problem+json",
		`curl -X PUT "$SALLYPORT/api/things/$id" \ -H "Authorization: Bearer $TOKEN" \ -H 'Content-Type: application/json' \ -d '{ "parts": [ { "weight": 3 } ], "size": "big" }'`,
	} {
		if !strings.Contains(told, sentence) {
			t.Errorf("the page does not say %q:\n%s", sentence, told)
		}
	}
}

func TestWhatDependsOnTheActionIsToldForEach(t *testing.T) {
	t.Parallel()
	page, err := reference.Page([]byte(strings.Replace(small, "x-confirmation: password",
		"x-enrolment: required\n      x-idempotency: allowed\n      x-confirmation: {lift: password_and_second_factor, enforce: password}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	needs := `<span>token: full</span> <span>confirmed for enforce: password</span> <span>confirmed for lift: password_and_second_factor</span> ` +
		`<span>header: Sallyport-Enrolment</span> <span>takes the header Idempotency-Key</span>`
	if !strings.Contains(string(page), needs) {
		t.Errorf("the page does not say %s", needs)
	}
}

func TestWhatTheContractSaysIsTextAndNeverMarkup(t *testing.T) {
	t.Parallel()
	page, err := reference.Page([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if p := parse(t, page); len(p.loads) > 0 {
		t.Errorf("the page loads %v", p.loads)
	}
	if !strings.Contains(string(page), "<title>A &amp; &lt;b&gt;B&lt;/b&gt; API 1</title>") || !strings.Contains(string(page), "<em>words</em>") {
		t.Errorf("the title or the emphasis is not as it was meant:\n%.600s", page)
	}
}

func TestADocumentThatCannotBeReadIsNoPage(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"{", strings.Replace(small, "tags: [{name: things", "tags: [{name: others", 1)} {
		if page, err := reference.Page([]byte(document)); err == nil {
			t.Errorf("a page of %d bytes", len(page))
		}
	}
}
