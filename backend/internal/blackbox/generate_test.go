package blackbox_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"sallyport/internal/contract"
)

// marker is in every text that is made up, so that a test sees where one comes back.
const marker = "zzmarkerzz"

// valid draws a value that a schema allows. Of strings with a pattern it takes the example, or what has the pattern's form.
func valid(t *rapid.T, s *openapi3.Schema) any {
	switch {
	case len(s.OneOf) > 0:
		return valid(t, rapid.SampledFrom(s.OneOf).Draw(t, "branch").Value)
	case len(s.Enum) > 0:
		return rapid.SampledFrom(s.Enum).Draw(t, "one of")
	case s.Type == nil || s.Type.Is("object"):
		object := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if slices.Contains(s.Required, name) || rapid.Bool().Draw(t, name+"?") {
				object[name] = valid(t, s.Properties[name].Value)
			}
		}
		return object
	case s.Type.Is("array"):
		array := []any{}
		for range rapid.IntRange(int(s.MinItems), max(int(s.MinItems), 3)).Draw(t, "items") {
			if item := valid(t, s.Items.Value); !s.UniqueItems || !slices.Contains(array, item) {
				array = append(array, item)
			}
		}
		return array
	case s.Type.Is("boolean"):
		return rapid.Bool().Draw(t, "boolean")
	case s.Type.Is("integer"):
		low, high := 0, 1000
		if s.Min != nil {
			low = int(*s.Min)
		}
		if s.Max != nil {
			high = int(*s.Max)
		}
		return rapid.IntRange(low, high).Draw(t, "integer")
	}
	return text(t, s)
}

func text(t *rapid.T, s *openapi3.Schema) string {
	example, _ := s.Example.(string)
	if s.Description == "A UUIDv7." {
		return uuid.NewString()
	}
	longest := 1 << 12
	if s.MaxLength != nil {
		longest = int(*s.MaxLength)
	}
	drawn := rapid.SampledFrom([]string{"a", "Ä", "日本語", "🙂", "' OR 1=1 --", "%_\\", "<script>", "${x}", "../..", strings.Repeat("x", longest), "+49 30 1", "\u202e", "é", "ﬃ"}).Draw(t, "text")
	if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(drawn) {
		drawn = example
	}
	if n := len([]rune(drawn)); n < int(s.MinLength) || n > longest {
		return example
	}
	return drawn
}

// broken draws a body that the schema does not allow, by one change to one that it does, and says which field a problem must name:
// "" where the body as a whole is wrong, which is a 400 or a 413 as well.
func broken(t *rapid.T, op *contract.Operation) (body []byte, pointer string, kind string) {
	schema := op.JSON()
	drawn := valid(t, schema)
	object := drawn.(map[string]any)
	raw, _ := json.Marshal(drawn)
	kind = rapid.SampledFrom([]string{"wrong type", "missing", "unknown", "null", "truncated", "trailing", "twice", "bad UTF-8", "NUL", "nested", "large", "not an object", "surrogate", "number"}).Draw(t, "break")
	names := slices.Sorted(maps.Keys(object))
	if len(names) == 0 {
		kind = "unknown"
	}
	name := func() string { return rapid.SampledFrom(names).Draw(t, "field") }
	set := func(field string, value any) ([]byte, string, string) {
		object[field] = value
		raw, _ := json.Marshal(object)
		return raw, "/" + field, kind
	}
	switch kind {
	case "wrong type":
		field := name()
		options := []any{map[string]any{"a": marker}, []any{[]any{marker}}, 3.5, -1e300, marker + "\n", true}
		return set(field, rapid.SampledFrom(slices.DeleteFunc(options, func(o any) bool { return allowed(schema, object, field, o) })).Draw(t, "instead"))
	case "missing":
		required := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !needed(schema, object, n) })
		if len(required) > 0 {
			field := rapid.SampledFrom(required).Draw(t, "field")
			delete(object, field)
			raw, _ = json.Marshal(object)
			return raw, "/" + field, kind
		}
		return set("nobody_asked_for_this", marker)
	case "null":
		return set(name(), nil)
	case "truncated":
		return raw[:rapid.IntRange(1, len(raw)-1).Draw(t, "bytes")], "", kind
	case "trailing":
		return append(raw, rapid.SampledFrom([]string{"{}", "x", ",", "null", "]", "\x00", "\"" + marker + "\""}).Draw(t, "behind")...), "", kind
	case "twice":
		first, _ := json.Marshal(map[string]any{names[0]: object[names[0]]})
		return append(append(first[:len(first)-1:len(first)-1], ','), raw[1:]...), "", kind
	case "bad UTF-8":
		return append([]byte(`{"`+name()+`":"`+marker), append([]byte{0xff, 0xfe, 0xc0, 0xaf}, `"}`...)...), "", kind
	case "NUL":
		return set(name(), marker+"\x00")
	case "surrogate":
		return []byte(`{"` + name() + `":"\ud800` + marker + `"`), "", kind // half a character, and not the whole of an object
	case "nested":
		depth := rapid.SampledFrom([]int{40, 10_000, 30_000}).Draw(t, "depth")
		open := rapid.SampledFrom([]string{`[`, `{"a":`}).Draw(t, "bracket")
		return []byte(`{"` + name() + `":` + strings.Repeat(open, min(depth, 60_000/len(open)))), "", kind
	case "large":
		return []byte(`{"` + name() + `":"` + strings.Repeat(marker, 110_000) + `"}`), "", kind
	case "number":
		return []byte(`{"` + name() + `":` + rapid.SampledFrom([]string{"1e400", "-", "01", "0x10", "NaN", "Infinity", "1.", ".5"}).Draw(t, "number") + `}`), "", kind
	case "not an object":
		return []byte(rapid.SampledFrom([]string{`[]`, `"` + marker + `"`, `1`, `null`, `true`, ` `, "\xef\xbb\xbf{}", `[{}]`}).Draw(t, "instead")), "", kind
	}
	return set("nobody_asked_for_this", marker)
}

// branch is the schema that an object is held against: of several, the one that its discriminator names.
func branch(s *openapi3.Schema, object map[string]any) *openapi3.Schema {
	for _, b := range s.OneOf {
		for name, p := range b.Value.Properties {
			if len(p.Value.Enum) > 0 && slices.Contains(p.Value.Enum, object[name]) && s.Discriminator != nil && name == s.Discriminator.PropertyName {
				return b.Value
			}
		}
	}
	return s
}

func allowed(s *openapi3.Schema, object map[string]any, field string, value any) bool {
	p := branch(s, object).Properties[field]
	return p == nil || p.Value.VisitJSON(value) == nil
}

func needed(s *openapi3.Schema, object map[string]any, field string) bool {
	return slices.Contains(branch(s, object).Required, field)
}
