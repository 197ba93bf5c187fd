package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/actor"
	"sallyport/internal/contract"
)

// rooms calls f with each file of the house's own code, tests left out, and the room that it is in ("account", "api").
func eachFile(t *testing.T, f func(room, path string, file *ast.File)) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir(filepath.Join(".."), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		room := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, "../")))
		if slices.ContainsFunc(scaffolding, func(s string) bool { return strings.HasPrefix("internal/"+room, s) }) || room == "api/openapi" {
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err == nil {
			f(room, path, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// calls are the names of the methods and functions that a file calls or names through a selector: "actor.Strong", "May".
func selectors(file *ast.File) (names []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			names = append(names, s.Sel.Name)
			if x, ok := s.X.(*ast.Ident); ok {
				names = append(names, x.Name+"."+s.Sel.Name)
			}
		}
		return true
	})
	return names
}

// TestOnePlaceAnswersWhetherSomebodyMay: what a role may do is asked in package authority. The others only show by it, or ask it early.
func TestOnePlaceAnswersWhetherSomebodyMay(t *testing.T) {
	t.Parallel()
	askers := map[string]string{
		"authority": "it is the place",
		"actor":     "it has the table",
		"account":   "which members' factors a viewer sees, and which invitations fall with a role",
		"api":       "whom the gate asks for a confirmation at all",
	}
	eachFile(t, func(room, path string, file *ast.File) {
		names := selectors(file)
		for _, asks := range []string{"May", "Refusal", "PermissionOf", "Unconfirmed", "Lacks"} {
			if slices.Contains(names, asks) && askers[room] == "" {
				t.Errorf("%s asks %s: package authority answers whether somebody may", path, asks)
			}
		}
	})
}

// TestNobodyReadsAnActorFromAContext: who acts is a parameter. A context carries the transaction (store), what its beginning has read
// (authority) and the request (api), and nothing else.
func TestNobodyReadsAnActorFromAContext(t *testing.T) {
	t.Parallel()
	eachFile(t, func(room, path string, file *ast.File) {
		if slices.Contains([]string{"store", "authority", "api"}, room) {
			return
		}
		names := selectors(file)
		if slices.Contains(names, "ctx.Value") || slices.Contains(names, "context.WithValue") {
			t.Errorf("%s puts something into a context, or takes it out", path)
		}
	})
}

// TestNoHandlerNamesALevel: how sure a call must be stands in the contract, and in the table of actions.
func TestNoHandlerNamesALevel(t *testing.T) {
	t.Parallel()
	eachFile(t, func(room, path string, file *ast.File) {
		if room == "actor" || room == "authority" || room == "contract" || room == "reference" {
			return
		}
		for _, level := range []string{"actor.Strong", "actor.Password", "actor.Unconfirmed", "contract.Password", "contract.PasswordAndSecondFactor"} {
			if slices.Contains(selectors(file), level) {
				t.Errorf("%s names %s", path, level)
			}
		}
	})
}

// TestTheContractAndTheTableOfActionsSayTheSame: what must be confirmed, what programs may do, and what is done between the doors.
func TestTheContractAndTheTableOfActionsSayTheSame(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := contract.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	named := map[actor.Action]bool{}
	for _, op := range c.Operations {
		if op.Root || op.Open {
			continue
		}
		if op.Method != "GET" && len(op.Actions) == 0 {
			t.Errorf("%s changes something and names no action", op.ID)
		}
		for _, name := range op.Actions {
			a := actor.Action(name)
			named[a] = true
			row, known := actor.PermissionOf(a)
			if !known {
				t.Errorf("%s: the table does not know %s", op.ID, name)
				continue
			}
			if want := actor.Level(op.Level(name)); row.Confirm != want {
				t.Errorf("%s: the contract confirms %s by %q, the table by %q", op.ID, name, want, row.Confirm)
			}
			if (op.Scope != "") != row.Programs {
				t.Errorf("%s: the contract gives programs %q of it, the table says %v of %s", op.ID, op.Scope, row.Programs, name)
			}
			if op.Partial() != row.Between {
				t.Errorf("%s: the contract opens it between the doors: %v, the table says %v of %s", op.ID, op.Partial(), row.Between, name)
			}
		}
	}
	// Reads are asked by their use case, and an operator's acts have no operation.
	unnamed := []actor.Action{actor.ReadPortal, actor.Order, actor.ReadBilling, actor.ReadMembers, actor.ReadProtection, actor.ReadInvitations, actor.ReadAudit,
		actor.PreviewRule, actor.DecideRule}
	for _, p := range actor.Permissions {
		if !named[p.Action] && !slices.Contains(unnamed, p.Action) {
			t.Errorf("no operation of the contract does %s", p.Action)
		}
	}
}
