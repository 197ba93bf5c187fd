package house

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var top = filepath.Join("..", "..", "..")

func page(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// pages are all pages for people, by their path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		found, err := filepath.Glob(filepath.Join(top, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			relative, err := filepath.Rel(top, name)
			if err != nil {
				t.Fatal(err)
			}
			out[filepath.ToSlash(relative)] = page(t, filepath.ToSlash(relative))
		}
	}
	if len(out) < 15 {
		t.Fatalf("only %d pages were found", len(out))
	}
	return out
}

// TestThePictureOfTheHouseIsTrue: README.md draws every room of backend/internal, and none that is not there.
func TestThePictureOfTheHouseIsTrue(t *testing.T) {
	t.Parallel()
	_, picture, _ := strings.Cut(page(t, "README.md"), "\n  internal/\n")
	picture, _, found := strings.Cut(picture, "\nfrontend/")
	if !found {
		t.Fatal("README.md has no picture of backend/internal")
	}
	drawn := map[string]bool{}
	for line := range strings.Lines(picture) {
		for _, m := range regexp.MustCompile(`(?:^ +|/ +)([a-z]+)/`).FindAllStringSubmatch(line, -1) {
			drawn[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`^ +[a-z]+/ +([a-z]+)/`).FindAllStringSubmatch(line, -1) {
			drawn[m[1]] = true
		}
	}
	rooms := map[string]bool{}
	for file := range sources(t) {
		if of, inside := strings.CutPrefix(room(file), "internal/"); inside && !under(of, "testkit") {
			rooms[filepath.Base(of)] = true
		}
	}
	for _, also := range []string{"testkit", "blackbox"} {
		rooms[also] = true
	}
	for r := range rooms {
		if !drawn[r] {
			t.Errorf("README.md does not draw %s", r)
		}
	}
	for d := range drawn {
		if !rooms[d] {
			t.Errorf("README.md draws %s, which is not there", d)
		}
	}
}

// TestEveryVariableIsInTheGuide: what app.Config reads is in docs/operators.md, and no page speaks of any other.
func TestEveryVariableIsInTheGuide(t *testing.T) {
	t.Parallel()
	read := map[string]bool{}
	for _, m := range regexp.MustCompile("`env:\"([A-Z_]+)").FindAllStringSubmatch(page(t, "backend/internal/app/config.go"), -1) {
		read["SALLYPORT_"+m[1]] = true
	}
	if len(read) < 10 {
		t.Fatal("the configuration was not found")
	}
	guide := page(t, "docs/operators.md")
	for _, name := range slices.Sorted(maps.Keys(read)) {
		if !strings.Contains(guide, "`"+name+"`") {
			t.Errorf("docs/operators.md does not explain %s", name)
		}
	}
	all := pages(t)
	for _, name := range []string{"Dockerfile", "docker-compose.yml", "Makefile"} {
		all[name] = page(t, name)
	}
	for name, text := range all {
		for _, v := range regexp.MustCompile(`SALLYPORT_[A-Z]+(?:_[A-Z]+)*`).FindAllString(text, -1) {
			if !read[v] {
				t.Errorf("%s speaks of %s, which nobody reads", name, v)
			}
		}
	}
}

// TestEveryMetricIsInTheGuide: in both directions too.
func TestEveryMetricIsInTheGuide(t *testing.T) {
	t.Parallel()
	metric := regexp.MustCompile(`\bsallyport_[a-z_]+[a-z]`)
	published := map[string]bool{}
	err := filepath.WalkDir(filepath.Join(top, "backend", "internal", "app"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(name)
		for _, m := range regexp.MustCompile(`"(sallyport_[a-z_]+)"`).FindAllStringSubmatch(string(raw), -1) {
			published[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{}
	for name, text := range pages(t) {
		for _, m := range metric.FindAllString(text, -1) {
			if !published[m] {
				t.Errorf("%s speaks of the metric %s, which nobody publishes", name, m)
			}
			explained[m] = explained[m] || name == "docs/operators.md"
		}
	}
	for m := range published {
		if !explained[m] {
			t.Errorf("docs/operators.md does not explain the metric %s", m)
		}
	}
}

// TestPromisesNameTestsThatExist: GUARANTEES.md names a test behind each promise; `TestX` is a function, `TestX/part of a name`
// a part of it, and a name in quotation marks a browser test.
func TestPromisesNameTestsThatExist(t *testing.T) {
	t.Parallel()
	declared := map[string]string{} // by name: the file's text
	err := filepath.WalkDir(filepath.Join(top, "backend"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(name)
		for _, m := range regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`).FindAllStringSubmatch(string(raw), -1) {
			declared[m[1]] = string(raw)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, m := range regexp.MustCompile("`(Test[A-Za-z0-9_]+)(?:/([^`]+))?`").FindAllStringSubmatch(page(t, "GUARANTEES.md"), -1) {
		named++
		text, exists := declared[m[1]]
		if !exists {
			t.Errorf("GUARANTEES.md names %s, which does not exist", m[1])
		} else if part := strings.ReplaceAll(m[2], "_", " "); part != "" && !strings.Contains(text, part) {
			t.Errorf("GUARANTEES.md names %s/%s, which does not exist", m[1], m[2])
		}
	}
	if named < 20 {
		t.Errorf("GUARANTEES.md names %d tests only", named)
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for name, text := range pages(t) {
		for _, m := range regexp.MustCompile(`\]\(([^)#]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(top, filepath.Dir(filepath.FromSlash(name)), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, m[1])
			}
		}
	}
}
