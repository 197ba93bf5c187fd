package evidence_test

import (
	"bytes"
	"encoding/csv"
	"testing"

	"pgregory.net/rapid"

	"sallyport/internal/evidence"
)

func TestSheet(t *testing.T) {
	t.Parallel()
	t.Run("nothing in a cell is a formula", func(t *testing.T) {
		t.Parallel()
		for cell, want := range map[string]string{
			"=1+1": "'=1+1", "+49 170": "'+49 170", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'=1", "\n=1": "'\n=1",
			" =1": "' =1", "\u00a0=1": "'\u00a0=1", "\ufeff=1": "'\ufeff=1", "＝1": "'＝1", "＠x": "'＠x",
			"": "", "Ann": "Ann", "a=b": "a=b", "ann-lee@acme.test": "ann-lee@acme.test", "'quoted": "'quoted", " Ann": " Ann", "Öztürk": "Öztürk",
		} {
			if got := written(t, cell); got != want {
				t.Errorf("%q is written as %q, want %q", cell, got, want)
			}
		}
	})
	t.Run("whatever people are called, a cell stays one cell", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			cell := rapid.StringMatching(`[ -~“”äß,";\n\t=+@-]{0,20}`).Draw(t, "cell")
			if got := written(t, cell); got != cell && got != "'"+cell {
				t.Errorf("%q is read as %q", cell, got)
			}
		})
	})
}

// written is what a program reads of a cell.
func written(t interface{ Fatal(...any) }, cell string) string {
	var raw bytes.Buffer
	s := evidence.NewSheet(&raw, "a", "b", "c")
	if err := s.Row("before", cell, "after"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&raw).ReadAll()
	if err != nil || len(lines) != 2 || len(lines[1]) != 3 || lines[1][0] != "before" || lines[1][2] != "after" {
		t.Fatal(lines, err)
	}
	return lines[1][1]
}
