package whole

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sallyport/internal/api/openapi"
	"sallyport/internal/contract"
)

// Contract is openapi.yaml, and what its answers are held against.
type Contract struct{ *contract.Contract }

var once = sync.OnceValues(func() (*contract.Contract, error) { return contract.Read(openapi.Document) })

func promised(t testing.TB) *Contract {
	t.Helper()
	read, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return &Contract{read}
}

// Operation finds what a request asks for; nil where the contract knows no such thing.
func (c *Contract) Operation(method, path string) *contract.Operation {
	for _, op := range c.Operations {
		if op.Method == method && matches(op.Served(), path) {
			return op
		}
	}
	return nil
}

func matches(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && (!strings.HasPrefix(want[i], "{") || got[i] == "") {
			return false
		}
	}
	return true
}

// Check says what of an answer is not as the contract promises.
func (c *Contract) Check(method, path string, a Answer) []string {
	wrong := headers(a)
	media, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	op := c.Operation(method, path)
	if op == nil { // the contract knows nothing of it: nothing may be there, but for the pages outside the API
		if (path == Prefix || strings.HasPrefix(path, Prefix+"/")) && a.Status < 400 {
			return append(wrong, "the contract does not know this, and yet it is there")
		}
		if a.Status >= 400 && media == "application/problem+json" {
			wrong = append(wrong, c.problem(a, append(slices.Clone(contract.General), "method_not_allowed"))...)
		}
		return wrong
	}
	response := op.Source.Responses.Status(a.Status)
	if response == nil && a.Status >= 400 {
		response = op.Source.Responses.Default()
	}
	if response == nil {
		return append(wrong, "this status is not declared")
	}
	declared := response.Value.Content
	if len(declared) == 0 {
		if len(a.Body) > 0 && a.Status < 400 {
			wrong = append(wrong, "there should be no body")
		}
		return wrong
	}
	content := declared.Get(media)
	if content == nil || media == "" {
		return append(wrong, fmt.Sprintf("the media type %q is not declared", media))
	}
	switch media {
	case "application/problem+json":
		wrong = append(wrong, c.problem(a, op.Codes)...)
	case "application/json":
		wrong = append(wrong, body(content.Schema.Value, a.Body)...)
	}
	return wrong
}

// headers are those that every answer bears.
func headers(a Answer) (wrong []string) {
	if a.Header.Get("X-Request-Id") == "" {
		wrong = append(wrong, "X-Request-Id is missing")
	}
	if a.Header.Get("X-Content-Type-Options") != "nosniff" {
		wrong = append(wrong, "X-Content-Type-Options is missing")
	}
	media := a.Header.Get("Content-Type")
	if strings.Contains(media, "json") && a.Header.Get("Cache-Control") != "no-store" && !strings.HasPrefix(a.Request.Path, "//.well-known/") {
		wrong = append(wrong, "this may be stored by caches")
	}
	if a.Status == http.StatusUnauthorized && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
		wrong = append(wrong, "a 401 must bear WWW-Authenticate")
	}
	if after := a.Header.Get("Retry-After"); after != "" || a.Status == http.StatusTooManyRequests {
		if n, err := strconv.Atoi(after); err != nil || n < 1 {
			wrong = append(wrong, "Retry-After must be seconds")
		}
	}
	return wrong
}

// problem holds an error against RFC 9457 and the codes that may come here.
func (c *Contract) problem(a Answer, codes []string) []string {
	wrong := body(c.Document.Components.Schemas["Problem"].Value, a.Body)
	var p struct {
		Status    int
		Code      string
		RequestID string `json:"request_id"`
		Errors    []struct{ Pointer, Detail string }
	}
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return append(wrong, "this is no problem document")
	}
	if p.Status != a.Status {
		wrong = append(wrong, fmt.Sprintf("the document says status %d", p.Status))
	}
	if p.RequestID != a.Header.Get("X-Request-Id") {
		wrong = append(wrong, "request_id is not X-Request-Id")
	}
	if !slices.Contains(codes, p.Code) {
		wrong = append(wrong, "the code "+p.Code+" is not declared here")
	}
	if a.Status == http.StatusUnprocessableEntity && len(p.Errors) == 0 {
		wrong = append(wrong, "no field is named")
	}
	for _, e := range p.Errors {
		if e.Detail == "" {
			wrong = append(wrong, "a field is named without saying why")
		}
	}
	return wrong
}

// body holds one JSON value against its schema. A field that the schema does not know is wrong too: it may be a leak.
func body(schema *openapi3.Schema, raw []byte) []string {
	var value any
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&value); err != nil {
		return []string{"the body is not JSON"}
	}
	var wrong []string
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		wrong = append(wrong, "there is something behind the JSON")
	}
	if err := schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsResponse(), openapi3.EnableFormatValidation()); err != nil {
		wrong = append(wrong, err.Error())
	}
	return unknown(schema, value, "", wrong)
}

// unknown finds fields that the schema does not name.
func unknown(schema *openapi3.Schema, value any, at string, wrong []string) []string {
	if len(schema.OneOf) > 0 {
		object, _ := value.(map[string]any)
		for _, branch := range schema.OneOf {
			if branch.Value.VisitJSON(object) == nil {
				return unknown(branch.Value, value, at, wrong)
			}
		}
		return wrong
	}
	switch v := value.(type) {
	case map[string]any:
		if free := schema.AdditionalProperties; free.Schema != nil || (free.Has != nil && *free.Has) {
			return wrong
		}
		for key, inner := range v {
			property := schema.Properties[key]
			if property == nil {
				wrong = append(wrong, "the contract does not name the field "+at+"/"+key)
				continue
			}
			wrong = unknown(property.Value, inner, at+"/"+key, wrong)
		}
	case []any:
		for _, inner := range v {
			if schema.Items != nil {
				wrong = unknown(schema.Items.Value, inner, at+"/0", wrong)
			}
		}
	}
	return wrong
}

// Knows says whether a body of this operation may have this field at the top.
func (c *Contract) Knows(op *contract.Operation, field string) bool {
	schema := op.JSON()
	for _, branch := range append(slices.Clone(schema.OneOf), &openapi3.SchemaRef{Value: schema}) {
		if branch.Value.Properties[field] != nil {
			return true
		}
	}
	return false
}
