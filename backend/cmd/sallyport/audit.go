package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sallyport/internal/app"
	"sallyport/internal/audit"
)

type auditCommands struct {
	Verify auditVerify `cmd:"" help:"Prove that no audit event was changed, taken out, moved or put in; exit code 1 if one was."`
}

type auditVerify struct {
	Head string `help:"A head that was pinned earlier, SEQ:HASH: the chain must pass through it."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// errBroken ends the command with exit code 1.
var errBroken = errors.New("the audit chain is broken")

// verdict is what auditVerify prints as JSON.
type verdict struct {
	Whole    bool    `json:"whole"`
	Seq      int64   `json:"seq"`  // of the last good link
	Hash     string  `json:"hash"` // there
	Unlinked int64   `json:"unlinked"`
	Bad      *badSeq `json:"bad"`
}

type badSeq struct {
	Seq  int64  `json:"seq"`
	What string `json:"what"`
}

// Run verifies.
func (v auditVerify) Run(ctx context.Context, t *app.Tools) error {
	var pinned audit.Head
	if v.Head != "" {
		var err error
		if pinned, err = audit.ParseHead(v.Head); err != nil {
			return err
		}
	}
	found, err := t.Chain.Verify(ctx, pinned, every(1_000_000, os.Stderr))
	if err != nil {
		return err
	}
	if v.JSON {
		out := verdict{Whole: found.Bad == nil, Seq: found.Head.Seq, Hash: found.Head.Hash, Unlinked: found.Unlinked}
		if found.Bad != nil {
			out.Bad = &badSeq{found.Bad.Seq, found.Bad.What}
		}
		err = printJSON(out)
	} else {
		err = printVerdict(found)
	}
	if err == nil && found.Bad != nil {
		err = errBroken
	}
	return err
}

func printVerdict(v audit.Verdict) error {
	if v.Bad != nil {
		_, err := fmt.Printf("broken at seq %d: %s\nlast good link: %s\n", v.Bad.Seq, v.Bad.What, v.Head)
		return err
	}
	_, err := fmt.Printf("%d events are linked, and whole\nhead: %s\nnot linked yet: %d\n", v.Head.Seq, v.Head, v.Unlinked)
	return err
}
