package reference

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"sallyport/internal/contract"
)

// content is the contract, put in the order in which people read it.
type content struct {
	Title, Version string
	Intro          template.HTML
	Groups         []group
	Schemas        []schema
	Codes          []code
}

type group struct {
	Name, About string
	Operations  []operation
}

type operation struct {
	ID, Method, Server, Path, Summary string
	About                             template.HTML
	Needs                             []string // what a caller must hold, in words
	Parameters                        []field
	Media                             string // of the body; "": it takes none
	Body                              template.HTML
	BodyFields                        []field // of a body that has no name of its own
	Example                           string  // a call, as one would type it
	Answers                           []answer
	Codes                             []string
}

type answer struct {
	Status, About, Media string
	Type                 template.HTML
}

type schema struct {
	Name   string
	About  template.HTML
	Type   template.HTML
	Fields []field
}

type field struct {
	Name, In string
	Required bool
	Type     template.HTML
	About    template.HTML
}

// code is a problem code, and the operations that answer it.
type code struct {
	Name       string
	Operations []string
}

func contentOf(from *contract.Contract) (*content, error) {
	t := from.Document
	c := &content{Title: t.Info.Title, Version: t.Info.Version}
	var err error
	if c.Intro, err = prose(t.Info.Description); err != nil {
		return nil, err
	}
	byTag, codes := map[string][]operation{}, map[string][]string{}
	for _, o := range from.Operations {
		op, err := operationOf(o)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", o.Method, o.Path, err)
		}
		for _, name := range op.Codes {
			codes[name] = append(codes[name], op.ID)
		}
		byTag[o.Tag] = append(byTag[o.Tag], op)
	}
	for _, tag := range t.Tags {
		c.Groups = append(c.Groups, group{Name: tag.Name, About: tag.Description, Operations: byTag[tag.Name]})
		delete(byTag, tag.Name)
	}
	if len(byTag) > 0 {
		return nil, fmt.Errorf("operations with tags that the document does not describe: %v", slices.Sorted(maps.Keys(byTag)))
	}
	for _, name := range slices.Sorted(maps.Keys(t.Components.Schemas)) {
		s := t.Components.Schemas[name].Value
		about, err := prose(s.Description)
		if err != nil {
			return nil, err
		}
		fields, err := fieldsOf(s, "")
		if err != nil {
			return nil, err
		}
		c.Schemas = append(c.Schemas, schema{Name: name, About: about, Type: typeOf(&openapi3.SchemaRef{Value: s}), Fields: fields})
	}
	for _, name := range slices.Sorted(maps.Keys(codes)) {
		slices.Sort(codes[name])
		c.Codes = append(c.Codes, code{name, codes[name]})
	}
	return c, nil
}

func operationOf(o *contract.Operation) (operation, error) {
	op := operation{
		ID: o.ID, Method: o.Method, Server: o.Server, Path: o.Path, Summary: o.Source.Summary,
		Needs: needs(o), Media: o.Media, Codes: o.OwnCodes,
	}
	var err error
	if op.About, err = prose(o.Source.Description); err != nil {
		return op, err
	}
	for _, p := range o.Parameters {
		about, err := prose(cmp.Or(p.Value.Description, p.Value.Schema.Value.Description))
		if err != nil {
			return op, err
		}
		op.Parameters = append(op.Parameters, field{Name: p.Value.Name, In: p.Value.In, Required: p.Value.Required, Type: typeOf(p.Value.Schema), About: about})
	}
	if o.Body != nil {
		schema := o.Source.RequestBody.Value.Content[o.Media].Schema
		op.Body = typeOf(schema)
		if schema.Ref == "" {
			if op.BodyFields, err = fieldsOf(schema.Value, ""); err != nil {
				return op, err
			}
		}
	}
	if op.Example, err = call(o); err != nil {
		return op, err
	}
	for _, status := range slices.Sorted(maps.Keys(o.Source.Responses.Map())) {
		r := o.Source.Responses.Map()[status].Value
		a := answer{Status: status}
		if r.Description != nil {
			a.About = *r.Description
		}
		for _, media := range slices.Sorted(maps.Keys(r.Content)) {
			if a.Media = media; r.Content[media].Schema != nil {
				a.Type = typeOf(r.Content[media].Schema)
			}
		}
		if last := len(op.Answers) - 1; last >= 0 && op.Answers[last].About == a.About && op.Answers[last].Type == a.Type {
			op.Answers[last].Status += ", " + status
			continue
		}
		op.Answers = append(op.Answers, a)
	}
	return op, nil
}

// needs says in words what the extensions of the contract say.
func needs(o *contract.Operation) []string {
	out := []string{"no token"}
	if !o.Open {
		kinds := make([]string, len(o.Tokens))
		for i, kind := range o.Tokens {
			kinds[i] = string(kind)
		}
		out[0] = "token: " + strings.Join(kinds, ", ")
	}
	if o.Due {
		out = append(out, "also while a second factor is due")
	}
	if o.Scope != "" {
		out = append(out, "API token: "+o.Scope)
	}
	if o.Always != "" {
		out = append(out, "confirmed: "+string(o.Always))
	}
	for _, action := range slices.Sorted(maps.Keys(o.Confirmation)) {
		out = append(out, "confirmed for "+action+": "+string(o.Confirmation[action]))
	}
	if o.Enrolment {
		out = append(out, "header: Sallyport-Enrolment")
	}
	if o.Idempotency {
		out = append(out, "takes the header Idempotency-Key")
	}
	return out
}

// call is the operation as a line for the shell.
func call(o *contract.Operation) (string, error) {
	lines := []string{"curl"}
	if o.Method != "GET" {
		lines[0] += " -X " + o.Method
	}
	lines[0] += ` "$SALLYPORT` + strings.NewReplacer("{", "$", "}", "").Replace(o.Served()) + `"`
	if !o.Open {
		lines = append(lines, `-H "Authorization: Bearer $TOKEN"`)
	}
	if body := o.Example(); body != nil {
		raw, err := json.MarshalIndent(body, "  ", "  ")
		if err != nil {
			return "", err
		}
		lines = append(lines, "-H 'Content-Type: "+o.Media+"'", "-d '"+strings.ReplaceAll(string(raw), "'", `'\''`)+"'")
	}
	return strings.Join(lines, " \\\n  "), nil
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.Table))

// prose renders what the contract says in Markdown. HTML within it is left out.
func prose(text string) (template.HTML, error) {
	var out bytes.Buffer
	if err := markdown.Convert([]byte(text), &out); err != nil {
		return "", err
	}
	return template.HTML(out.String()), nil //nolint:gosec // the renderer escapes
}
