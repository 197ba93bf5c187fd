package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors are the rooms from the ground up. A room imports rooms of lower floors only, never one beside it.
var floors = [][]string{
	{"internal/id"},
	{"internal/assurance", "internal/bus", "internal/contract", "internal/fault", "internal/jobs", "internal/place", "internal/seal", "internal/web", "internal/api/openapi"},
	{"internal/actor", "internal/notify", "internal/phone", "internal/reference", "internal/user"},
	{"internal/audit"},
	{"internal/notify/budget", "internal/notify/twilio"},
	{"internal/account", "internal/limit", "internal/replay"},
	{"internal/factor", "internal/session"},
	{"internal/credential", "internal/enforcement", "internal/portal"},
	{"internal/authority", "internal/evidence"},
	{"internal/signin", "internal/store"},
	{"internal/api"},
	{"internal/app"},
	{"cmd/sallyport"},
}

// scaffolding is built around the house, for tests and measurements: no room leans on it.
var scaffolding = []string{"internal/testkit", "internal/blackbox", "internal/house", "cmd/pgtemp", "cmd/bench"}

// keys say that a library, or one of our own rooms, is for certain rooms alone. A path also stands for what lies below it.
var keys = []struct {
	path  string
	rooms []string
	why   string
}{
	{"github.com/labstack/echo/v4", []string{"internal/api", "internal/api/openapi"}, "only api speaks HTTP"},
	{"github.com/getkin/kin-openapi", []string{"internal/api", "internal/contract", "internal/reference"}, "the contract is read in one room; requests are held against its schemas, and they are shown"},
	{"github.com/yuin/goldmark", []string{"internal/reference"}, "the contract's prose alone is Markdown"},
	{"github.com/oapi-codegen", []string{"internal/api/openapi"}, "generated code alone needs the generator's library"},
	{"sallyport/internal/api/openapi", []string{"internal/api"}, "generated types are the wire's, the house has its own"},
	{"gorm.io", []string{"internal/store"}, "SQL lives in one room, so that two databases behave as one"},
	{"database/sql", []string{"internal/store"}, "SQL lives in one room, so that two databases behave as one"},
	{"github.com/glebarez", []string{"internal/store"}, "SQL lives in one room, so that two databases behave as one"},
	{"github.com/pressly/goose", []string{"internal/store"}, "the schema belongs to the store"},
	{"modernc.org/sqlite", nil, "it comes with glebarez/sqlite; registering it twice panics"},
	{"github.com/jackc/pgx", []string{"internal/bus", "internal/store"}, "the bus listens on a connection of its own; all other SQL is the store's"},
	{"sallyport/internal/store", []string{"internal/app"}, "rooms declare the store that they need as an interface; app alone knows the real one"},
	{"sallyport/internal/app", []string{"cmd/sallyport"}, "app builds the house and nobody inside may ask it for anything"},
	{"github.com/golang-jwt", []string{"internal/session"}, "there is one way in which a token is made and verified"},
	{"github.com/tink-crypto", []string{"internal/seal"}, "there is one way in which secrets are kept"},
	{"github.com/alexedwards/argon2id", []string{"internal/user"}, "hashing is bounded there: each hash takes a core and 19 MiB"},
	{"github.com/ccojocar/zxcvbn-go", []string{"internal/user"}, "its lists alone are used: its matcher takes minutes for a password made to do so"},
	{"github.com/pquerna/otp", []string{"internal/factor"}, "codes are matched where they are counted and burnt"},
	{"github.com/boombuler/barcode", []string{"internal/factor"}, "the QR code holds a secret"},
	{"github.com/wneessen/go-mail", []string{"internal/notify"}, "what leaves the house leaves by one room"},
	{"github.com/nyaruka/phonenumbers", []string{"internal/phone"}, "numbers have one spelling"},
	{"github.com/twilio/twilio-go", []string{"internal/notify/twilio"}, "what leaves the house leaves by one room"},
	{"net/smtp", nil, "it is frozen; notify has a sender"},
	{"github.com/google/uuid", []string{"internal/id"}, "identifiers are made in one room, all of one kind"},
	{"github.com/prometheus", []string{"internal/app"}, "rooms give figures, app publishes them"},
	{"github.com/caarlos0/env", []string{"internal/app"}, "the environment is read once"},
	{"github.com/alecthomas/kong", []string{"cmd/sallyport"}, "the command line is the command's"},
	{"math/rand", nil, "whoever guesses must not be helped: crypto/rand, given in as an io.Reader"},
	{"crypto/rand", []string{"internal/app", "internal/session", "internal/web"}, "randomness is given in, so that tests know it; signing keys and the page's nonce draw it themselves"},
	{"log", nil, "log/slog, given in"},
}

// calls say who may call a function that makes a program hard to test.
var calls = []struct {
	name  string
	rooms []string
	why   string
}{
	{"time.Now", []string{"internal/app"}, "time is given in: all replicas run on the database's clock"},
	{"time.Since", []string{"internal/app"}, "time is given in: all replicas run on the database's clock"},
	{"time.Until", []string{"internal/app"}, "time is given in: all replicas run on the database's clock"},
	{"os.Getenv", nil, "the environment is read once, by app.ReadConfig"},
	{"os.LookupEnv", nil, "the environment is read once, by app.ReadConfig"},
	{"os.Environ", nil, "the environment is read once, by app.ReadConfig"},
	{"os.Exit", nil, "only a command ends the process, by returning from main"},
	{"context.Background", []string{"cmd/sallyport", "internal/app"}, "work belongs to whoever asked for it, and ends with them"},
	{"context.TODO", nil, "work belongs to whoever asked for it, and ends with them"},
}

// room is the package that a file belongs to, relative to the module: "internal/store".
func room(file string) string { return path.Dir(filepath.ToSlash(file)) }

func under(p, root string) bool { return p == root || strings.HasPrefix(p, root+"/") }

func among(p string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return under(p, root) })
}

func floorOf(room string) int {
	return slices.IndexFunc(floors, func(rooms []string) bool { return slices.Contains(rooms, room) })
}

// sources parses every Go file of the module that is part of a program, by its path relative to the module.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	root := filepath.Join("..", "..")
	files := map[string]*ast.File{}
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(root, name)
			files[filepath.ToSlash(relative)] = parsed
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) < 50 {
		t.Fatalf("only %d files were found: is this still the module's root?", len(files))
	}
	return files
}

func imports(f *ast.File) []string {
	out := make([]string, len(f.Imports))
	for i, spec := range f.Imports {
		out[i], _ = strconv.Unquote(spec.Path.Value)
	}
	return out
}

func TestImportsRunDown(t *testing.T) {
	t.Parallel()
	for file, parsed := range sources(t) {
		from := room(file)
		if among(from, scaffolding) {
			continue
		}
		floor := floorOf(from)
		if floor < 0 {
			t.Errorf("%s has no floor: give it one in floors", from)
			continue
		}
		for _, imported := range imports(parsed) {
			to, ours := strings.CutPrefix(imported, "sallyport/")
			if !ours {
				continue
			}
			if below := floorOf(to); below < 0 || below >= floor {
				t.Errorf("%s imports %s: imports run down, to lower floors only", file, to)
			}
		}
	}
}

func TestEachLibraryHasItsRoom(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for file, parsed := range sources(t) {
		from := room(file)
		if among(from, scaffolding) {
			continue
		}
		for _, imported := range imports(parsed) {
			for _, k := range keys {
				exact := k.path == "log" || k.path == "math/rand" // log/slog is another matter; math/rand/v2 is the same
				if (exact && imported != k.path && imported != k.path+"/v2") || !under(imported, k.path) {
					continue
				}
				used[k.path] = true
				if !slices.Contains(k.rooms, from) {
					t.Errorf("%s imports %s: %s", file, imported, k.why)
				}
			}
		}
	}
	for _, k := range keys {
		if len(k.rooms) > 0 && !used[k.path] {
			t.Errorf("nobody imports %s any more: the rule can go", k.path)
		}
	}
}

func TestClockAndEnvironmentAreGivenIn(t *testing.T) {
	t.Parallel()
	for file, parsed := range sources(t) {
		from := room(file)
		if among(from, scaffolding) {
			continue
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, ok := selector.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, c := range calls {
				if of.Name+"."+selector.Sel.Name == c.name && !slices.Contains(c.rooms, from) {
					t.Errorf("%s uses %s: %s", file, c.name, c.why)
				}
			}
			return true
		})
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	said, rooms := map[string]bool{}, map[string]bool{}
	for file, parsed := range sources(t) {
		rooms[room(file)] = true
		said[room(file)] = said[room(file)] || parsed.Doc != nil
	}
	for r := range rooms {
		if !said[r] {
			t.Errorf("%s does not open with what it is", r)
		}
	}
}
