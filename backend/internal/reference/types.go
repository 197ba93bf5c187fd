package reference

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// fieldsOf lists an object's properties, those of objects without a name of their own right behind them as outer.inner.
func fieldsOf(s *openapi3.Schema, prefix string) ([]field, error) {
	var out []field
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		about := ""
		if p.Ref == "" {
			about = p.Value.Description
		}
		rendered, err := prose(about)
		if err != nil {
			return nil, err
		}
		out = append(out, field{Name: prefix + name, Required: slices.Contains(s.Required, name), Type: typeOf(p), About: rendered})
		inner, mark := p, "."
		if p.Ref == "" && p.Value.Type.Is("array") {
			inner, mark = p.Value.Items, "[]."
		}
		if inner.Ref == "" {
			nested, err := fieldsOf(inner.Value, prefix+name+mark)
			if err != nil {
				return nil, err
			}
			out = append(out, nested...)
		}
	}
	return out, nil
}

// typeOf says in words what a value may be, with a link where the schema has a name.
func typeOf(r *openapi3.SchemaRef) template.HTML {
	if r.Ref != "" {
		name := r.Ref[strings.LastIndex(r.Ref, "/")+1:]
		return template.HTML(`<a href="#schema-` + template.HTMLEscapeString(name) + `">` + template.HTMLEscapeString(name) + `</a>`) //nolint:gosec // escaped
	}
	s := r.Value
	if len(s.OneOf) > 0 {
		return orNull(s, union(s.OneOf))
	}
	if len(s.AllOf) > 0 { // OpenAPI 3.0 says so of a named schema with something beside it
		return orNull(s, union(s.AllOf))
	}
	if s.Type.Is("array") {
		return orNull(s, "list of "+typeOf(s.Items)+text(limits(s)))
	}
	if extra := s.AdditionalProperties.Schema; extra != nil && len(s.Properties) == 0 {
		return orNull(s, "object of "+typeOf(extra))
	}
	if len(s.Enum) > 0 {
		var values []string
		for _, v := range s.Enum {
			if v != nil {
				values = append(values, "<code>"+template.HTMLEscapeString(fmt.Sprint(v))+"</code>")
			}
		}
		return orNull(s, template.HTML(strings.Join(values, ", "))+text(limits(s))) //nolint:gosec // escaped
	}
	kind := "any"
	if s.Type != nil && len(*s.Type) > 0 {
		kind = (*s.Type)[0]
	}
	if s.Format != "" {
		kind += ", " + s.Format
	}
	return orNull(s, text(kind+limits(s)))
}

func union(parts openapi3.SchemaRefs) template.HTML {
	var out []string
	for _, p := range parts {
		out = append(out, string(typeOf(p)))
	}
	return template.HTML(strings.Join(out, " or ")) //nolint:gosec // made of typeOf
}

func orNull(s *openapi3.Schema, what template.HTML) template.HTML {
	if s.Nullable {
		return what + " or null"
	}
	return what
}

func text(s string) template.HTML { return template.HTML(template.HTMLEscapeString(s)) } //nolint:gosec // escaped

// limits are what a value is held to, as ", 3 to 254 characters" and the like; "": nothing.
func limits(s *openapi3.Schema) string {
	var out string
	add := func(unit string, low uint64, high *uint64) {
		switch {
		case high != nil && low == *high:
			out += fmt.Sprintf(", %d %s", low, unit)
		case high != nil && low == 0:
			out += fmt.Sprintf(", at most %d %s", *high, unit)
		case high != nil:
			out += fmt.Sprintf(", %d to %d %s", low, *high, unit)
		case low > 0:
			out += fmt.Sprintf(", at least %d %s", low, unit)
		}
	}
	add("characters", s.MinLength, s.MaxLength)
	add("items", s.MinItems, s.MaxItems)
	switch {
	case s.Min != nil && s.Max != nil:
		out += fmt.Sprintf(", %v to %v", *s.Min, *s.Max)
	case s.Min != nil:
		out += fmt.Sprintf(", at least %v", *s.Min)
	case s.Max != nil:
		out += fmt.Sprintf(", at most %v", *s.Max)
	}
	if rule, _ := s.Extensions["x-message"].(string); rule != "" {
		out += "; " + rule
	} else if s.Pattern != "" {
		out += "; matches " + s.Pattern
	}
	if s.Default != nil {
		out += fmt.Sprintf("; %v by default", s.Default)
	}
	return out
}
