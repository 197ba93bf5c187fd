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
)

// contract is an OpenAPI document, put in the order in which it is read.
type contract struct {
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

var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

func read(t *openapi3.T) (*contract, error) {
	c := &contract{Title: t.Info.Title, Version: t.Info.Version}
	var err error
	if c.Intro, err = prose(t.Info.Description); err != nil {
		return nil, err
	}
	byTag, codes := map[string][]operation{}, map[string][]string{}
	for path, item := range t.Paths.Map() {
		for method, o := range item.Operations() {
			op, err := readOperation(t, path, method, item, o)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			for _, name := range op.Codes {
				codes[name] = append(codes[name], op.ID)
			}
			tag := "other"
			if len(o.Tags) > 0 {
				tag = o.Tags[0]
			}
			byTag[tag] = append(byTag[tag], op)
		}
	}
	for _, tag := range t.Tags {
		ops := byTag[tag.Name]
		slices.SortFunc(ops, func(a, b operation) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(slices.Index(methods, a.Method), slices.Index(methods, b.Method)))
		})
		c.Groups = append(c.Groups, group{Name: tag.Name, About: tag.Description, Operations: ops})
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

func readOperation(t *openapi3.T, path, method string, item *openapi3.PathItem, o *openapi3.Operation) (operation, error) {
	prefix := ""
	if servers := item.Servers; len(servers) > 0 {
		prefix = strings.TrimSuffix(servers[0].URL, "/")
	} else if len(t.Servers) > 0 {
		prefix = strings.TrimSuffix(t.Servers[0].URL, "/")
	}
	op := operation{ID: o.OperationID, Method: method, Server: prefix, Path: path, Summary: o.Summary, Needs: needs(o), Codes: words(o.Extensions["x-problem-codes"])}
	var err error
	if op.About, err = prose(o.Description); err != nil {
		return op, err
	}
	for _, p := range slices.Concat(item.Parameters, o.Parameters) {
		about, err := prose(cmp.Or(p.Value.Description, p.Value.Schema.Value.Description))
		if err != nil {
			return op, err
		}
		op.Parameters = append(op.Parameters, field{Name: p.Value.Name, In: p.Value.In, Required: p.Value.Required, Type: typeOf(p.Value.Schema), About: about})
	}
	var example any
	if o.RequestBody != nil {
		for _, media := range slices.Sorted(maps.Keys(o.RequestBody.Value.Content)) {
			m := o.RequestBody.Value.Content[media]
			op.Media, op.Body, example = media, typeOf(m.Schema), exampleOf(m)
			if m.Schema.Ref == "" {
				if op.BodyFields, err = fieldsOf(m.Schema.Value, ""); err != nil {
					return op, err
				}
			}
		}
	}
	if op.Example, err = call(op, example, len(op.Needs) > 0); err != nil {
		return op, err
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses.Map())) {
		r := o.Responses.Map()[status].Value
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
func needs(o *openapi3.Operation) []string {
	var out []string
	switch stage, _ := o.Extensions["x-stage"].(string); stage {
	case "none":
		return nil
	case "partial":
		out = append(out, "token: "+strings.Join(words(o.Extensions["x-tokens"]), ", "))
	default:
		out = append(out, "token: full")
	}
	if o.Extensions["x-due"] == "allowed" {
		out = append(out, "also while a second factor is due")
	}
	if scope, _ := o.Extensions["x-scope"].(string); scope != "" {
		out = append(out, "API token: "+scope)
	}
	if confirmed, _ := o.Extensions["x-confirmation"].(string); confirmed != "" {
		out = append(out, "confirmed: "+confirmed)
	}
	return out
}

// call is the operation as a line for the shell.
func call(op operation, body any, token bool) (string, error) {
	lines := []string{"curl"}
	if op.Method != "GET" {
		lines[0] += " -X " + op.Method
	}
	lines[0] += ` "$SALLYPORT` + strings.NewReplacer("{", "$", "}", "").Replace(op.Server+op.Path) + `"`
	if token {
		lines = append(lines, `-H "Authorization: Bearer $TOKEN"`)
	}
	if body != nil {
		raw, err := json.MarshalIndent(body, "  ", "  ")
		if err != nil {
			return "", err
		}
		lines = append(lines, "-H 'Content-Type: "+op.Media+"'", "-d '"+strings.ReplaceAll(string(raw), "'", `'\''`)+"'")
	}
	return strings.Join(lines, " \\\n  "), nil
}

func exampleOf(m *openapi3.MediaType) any {
	if m.Example != nil {
		return m.Example
	}
	for _, name := range slices.Sorted(maps.Keys(m.Examples)) {
		return m.Examples[name].Value.Value
	}
	return nil
}

func words(extension any) []string {
	list, _ := extension.([]any)
	var out []string
	for _, w := range list {
		out = append(out, fmt.Sprint(w))
	}
	return out
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
