package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"sallyport/internal/contract"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

const (
	maxBody   = 64 << 10 // bytes; the largest body of the contract has about 2 kB
	maxDepth  = 32       // of nested JSON
	maxFields = 50       // of one object that are named when it should have none of them
)

// check holds a request against the contract. Its errors name fields, and never repeat what was submitted.
func (s *Server) check(op *contract.Operation, c echo.Context) error {
	if len(op.Parameters) > 0 {
		if err := checkParameters(op, c); err != nil {
			return err
		}
	}
	if op.Body == nil {
		return nil
	}
	r := c.Request()
	raw, err := readBody(r)
	if err != nil {
		return err
	}
	if len(raw) == 0 && !op.BodyNeeded {
		r.Body, r.ContentLength = http.NoBody, 0
		return nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != op.Media {
		return errMediaType.With(func(e *fault.Error) { e.Message = "The request body must be " + op.Media + "." })
	}
	var value any
	if op.Media == contract.MediaForm {
		var form url.Values
		if form, value, err = readForm(raw); err == nil {
			ctx := context.WithValue(r.Context(), formKey{}, form)
			r = r.WithContext(ctx)
			c.SetRequest(r)
		}
	} else {
		value, err = readJSON(raw)
	}
	if err != nil {
		return err
	}
	if fields := wrongFields(op.Body, value); len(fields) > 0 {
		return fault.InvalidField("", "").With(func(e *fault.Error) { e.Fields = fields })
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	return nil
}

func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, errTooLarge
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, errMalformed.Because(err)
	}
	if len(raw) > maxBody {
		return nil, errTooLarge
	}
	return raw, nil
}

func malformed(why string) error {
	return errMalformed.With(func(e *fault.Error) { e.Message = "The request body " + why + "." })
}

type formKey struct{}

// formOf is the form that was posted, each key with one value; nil where the contract asks for none.
func formOf(ctx context.Context) url.Values {
	form, _ := ctx.Value(formKey{}).(url.Values)
	return form
}

// readForm reads a form (WHATWG URL §5.1) in which no key comes twice: who checks it must not look at another value than who
// uses it. value is the same for the check against a schema.
func readForm(raw []byte) (form url.Values, value any, err error) {
	if form, err = url.ParseQuery(string(raw)); err != nil {
		return nil, nil, malformed("is no form")
	}
	object := make(map[string]any, len(form))
	for key, values := range form {
		if len(values) != 1 {
			return nil, nil, malformed("has a key twice")
		}
		if !utf8.ValidString(key) || !utf8.ValidString(values[0]) {
			return nil, nil, malformed("is not UTF-8")
		}
		object[key] = values[0]
	}
	return form, object, nil
}

// readJSON reads exactly one JSON value: UTF-8, no key twice, not nested without end, nothing behind it.
func readJSON(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, malformed("is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	value, err := readValue(d, 0)
	switch {
	case errors.Is(err, errDuplicate):
		return nil, malformed("has a key twice")
	case errors.Is(err, errDepth):
		return nil, malformed("is nested too deeply")
	case err != nil:
		return nil, malformed("is not JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("has something behind its JSON")
	}
	return value, nil
}

var errDuplicate, errDepth = errors.New("a key twice"), errors.New("too deep")

func readValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string)
			if _, twice := object[name]; twice {
				return nil, errDuplicate
			}
			if object[name], err = readValue(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return object, err
	case json.Delim('['):
		array := []any{}
		for d.More() {
			v, err := readValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			array = append(array, v)
		}
		_, err := d.Token()
		return array, err
	}
	return t, nil
}

// wrongFields lists what is wrong with a body, in the order of the pointers.
func wrongFields(schema *openapi3.Schema, value any) []fault.Field {
	var fields []fault.Field
	if err := schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsRequest()); err != nil {
		fields = describe(err, fields)
	}
	fields = nulBytes(value, "", fields)
	slices.SortFunc(fields, func(a, b fault.Field) int { return strings.Compare(a.Pointer+a.Detail, b.Pointer+b.Detail) })
	return slices.Compact(fields)
}

// nulBytes finds strings that no database takes.
func nulBytes(value any, pointer string, fields []fault.Field) []fault.Field {
	switch v := value.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			fields = append(fields, fault.Field{Pointer: pointer, Detail: "must not contain a NUL character"})
		}
	case map[string]any:
		for key, inner := range v {
			fields = nulBytes(inner, pointer+"/"+escape(key), fields)
		}
	}
	return fields
}

func describe(err error, fields []fault.Field) []fault.Field {
	var many openapi3.MultiError
	if errors.As(err, &many) {
		named := map[string]bool{} // objects with unknown fields: the validator tells of each field without saying which
		for _, e := range many {
			var at *openapi3.SchemaError
			if errors.As(e, &at) && at.SchemaField == "properties" {
				pointer := strings.Join(at.JSONPointer(), "/")
				if named[pointer] {
					continue
				}
				named[pointer] = true
			}
			fields = describe(e, fields)
		}
		return fields
	}
	var e *openapi3.SchemaError
	if !errors.As(err, &e) {
		return append(fields, fault.Field{Pointer: "", Detail: "is not what the contract asks for"})
	}
	if inner := errors.Unwrap(e); inner != nil && e.SchemaField == "oneOf" {
		return describe(inner, fields)
	}
	var pointer strings.Builder
	for _, p := range e.JSONPointer() {
		pointer.WriteString("/" + escape(p))
	}
	at := pointer.String()
	if e.SchemaField == "discriminator" {
		at += "/" + e.Schema.Discriminator.PropertyName
	}
	if object, ok := e.Value.(map[string]any); ok && e.SchemaField == "properties" {
		return unknownFields(e, object, at, fields)
	}
	return append(fields, fault.Field{Pointer: at, Detail: sentence(e)})
}

// unknownFields names what an object should not have, as far as anybody wants to read.
func unknownFields(e *openapi3.SchemaError, object map[string]any, at string, fields []fault.Field) []fault.Field {
	for key := range object {
		if e.Schema.Properties[key] == nil {
			if fields = append(fields, fault.Field{Pointer: at + "/" + escape(key), Detail: sentence(e)}); len(fields) >= maxFields {
				break
			}
		}
	}
	return fields
}

// escape writes one step of a JSON pointer (RFC 6901 §3). A key is the caller's own word: only so much of it comes back.
func escape(step string) string {
	if len(step) > 64 {
		step = strings.ToValidUTF8(step[:64], "")
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
}

// sentence says what a field must be, from the schema alone.
func sentence(e *openapi3.SchemaError) string {
	schema := e.Schema
	switch e.SchemaField {
	case "required":
		return "is required"
	case "properties", "additionalProperties":
		return "is not a field of this request"
	case "minProperties":
		return "must have at least one field"
	case "type":
		return "must be " + kind(schema)
	case "nullable":
		return "must not be null"
	case "minimum", "maximum":
		if schema.Min != nil && schema.Max != nil {
			return fmt.Sprintf("must be from %v to %v", *schema.Min, *schema.Max)
		}
	case "discriminator", "oneOf":
		if schema.Discriminator != nil {
			return "must be one of " + join(slices.Sorted(maps.Keys(schema.Discriminator.Mapping)))
		}
	}
	if said, ok := schema.Extensions["x-message"].(string); ok {
		return said
	}
	switch e.SchemaField {
	case "enum":
		values := make([]string, len(schema.Enum))
		for i, v := range schema.Enum {
			values[i] = fmt.Sprint(v)
		}
		return "must be one of " + join(values)
	case "minLength":
		return fmt.Sprintf("must have at least %d characters", schema.MinLength)
	case "maxLength":
		return fmt.Sprintf("must have at most %d characters", *schema.MaxLength)
	default:
		return "has the wrong form"
	}
}

func kind(schema *openapi3.Schema) string {
	switch {
	case schema.Type.Is("string"):
		return "a string"
	case schema.Type.Is("integer"):
		return "a whole number"
	case schema.Type.Is("number"):
		return "a number"
	case schema.Type.Is("boolean"):
		return "true or false"
	case schema.Type.Is("array"):
		return "a list"
	default:
		return "an object"
	}
}

func join(values []string) string { return strings.Join(values, ", ") }

// checkParameters holds path, query and headers against the contract. What is no identifier in a path names nothing: 404.
func checkParameters(op *contract.Operation, c echo.Context) error {
	for _, ref := range op.Parameters {
		p := ref.Value
		var from url.Values
		switch p.In {
		case openapi3.ParameterInPath:
			if !id.Is(c.Param(p.Name)) {
				return fault.ErrNotFound
			}
			continue
		case openapi3.ParameterInHeader:
			from = url.Values{}
			if values := c.Request().Header.Values(p.Name); len(values) > 0 {
				from[p.Name] = values
			}
		default:
			from = c.QueryParams() // parsed once
		}
		if err := checkQuery(p, from); err != nil {
			return err
		}
	}
	return nil
}

func checkQuery(p *openapi3.Parameter, query url.Values) error {
	wrong := func(detail string) error { return fault.InvalidField(p.Name, detail) }
	if !query.Has(p.Name) {
		if p.Required {
			return wrong("is required")
		}
		return nil
	}
	if len(query[p.Name]) > 1 {
		return wrong("must be given once")
	}
	raw := query.Get(p.Name)
	if !utf8.ValidString(raw) || strings.ContainsRune(raw, 0) {
		return wrong("is not text")
	}
	var value any = raw
	switch schema := p.Schema.Value; {
	case schema.Type.Is("boolean") && (raw == "true" || raw == "false"):
		value = raw == "true"
	case schema.Type.Is("integer"):
		n, err := strconv.ParseInt(raw, 10, 32)
		if err != nil {
			return wrong("must be a whole number")
		}
		value = float64(n)
	}
	if fields := wrongFields(p.Schema.Value, value); len(fields) > 0 {
		return wrong(fields[0].Detail)
	}
	return nil
}
