package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sallyport/internal/api/openapi"
	"sallyport/internal/contract"
)

var write = flag.Bool("write", false, "write openapi/requests.json anew")

// forReaders are the keywords of the contract that no request is held against.
var forReaders = []string{"description", "summary", "example", "examples", "title", "externalDocs", "responses"}

// byName are the keywords below which the keys are names that somebody gave.
var byName = []string{"properties", "mapping", "x-confirmation"}

// requests is the contract without what is for its readers, and without components that no request refers to.
func requests(document map[string]any) map[string]any {
	components, _ := document["components"].(map[string]any)
	kept := map[string]any{}
	var copied func(value any, names bool) any
	copied = func(value any, names bool) any { // names: the keys are names, whatever they are
		switch v := value.(type) {
		case map[string]any:
			out := map[string]any{}
			for key, inner := range v {
				if names || !slices.Contains(forReaders, key) {
					out[key] = copied(inner, !names && slices.Contains(byName, key))
				}
				if ref, ok := inner.(string); ok && key == "$ref" {
					kind, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
					of, _ := kept[kind].(map[string]any)
					if of == nil {
						of = map[string]any{}
						kept[kind] = of
					}
					if of[name] == nil {
						of[name] = true // it may refer to itself
						all, _ := components[kind].(map[string]any)
						of[name] = copied(all[name], false)
					}
				}
			}
			return out
		case []any:
			out := make([]any, len(v))
			for i, inner := range v {
				out[i] = copied(inner, false)
			}
			return out
		}
		return value
	}
	paths := copied(document["paths"], true)
	return map[string]any{"openapi": document["openapi"], "servers": document["servers"], "paths": paths, "components": kept}
}

func TestRequestsAreHeldAgainstTheWholeContract(t *testing.T) {
	t.Parallel()
	whole, err := openapi3.NewLoader().LoadFromData(openapi.Document)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := whole.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(requests(document))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("openapi", "requests.json")
	if *write {
		if err := os.WriteFile(path, append(want, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(got), want) {
		t.Fatal("openapi/requests.json is not what openapi.yaml says of requests: run make generate")
	}

	// Of every operation both say the same.
	short, err := contract.Read(got)
	if err != nil {
		t.Fatal(err)
	}
	long, err := contract.Read(openapi.Document)
	if err != nil {
		t.Fatal(err)
	}
	if len(short.Operations) != len(long.Operations) || len(long.Operations) < 60 {
		t.Fatalf("%d operations of %d", len(short.Operations), len(long.Operations))
	}
	for i, l := range long.Operations {
		s := short.Operations[i]
		if s.ID != l.ID || len(s.Parameters) != len(l.Parameters) || (s.Body == nil) != (l.Body == nil) {
			t.Errorf("%s is not whole", l.ID)
			continue
		}
		for i, p := range l.Parameters {
			if q := s.Parameters[i].Value; q.Name != p.Value.Name || q.In != p.Value.In || q.Required != p.Value.Required {
				t.Errorf("%s: the parameter %s is another", l.ID, p.Value.Name)
			}
		}
		l.Parameters, s.Parameters, l.Body, s.Body, l.Source, s.Source = nil, nil, nil, nil, nil, nil
		if !reflect.DeepEqual(l, s) {
			t.Errorf("%s: %+v, and in short %+v", l.ID, l, s)
		}
	}
}
