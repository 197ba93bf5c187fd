package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/id"
)

type auditCommands struct {
	Export auditExport `cmd:"" help:"Print every linked event with its hash, one JSON object a line, for whoever checks the chain with a program of their own."`
	Verify auditVerify `cmd:"" help:"Prove that no audit event was changed, taken out, moved or put in; exit code 1 if one was."`
}

type auditVerify struct {
	Head string `help:"A head that was pinned earlier, SEQ:HASH: the chain must pass through it."`
	JSON bool   `name:"json" help:"Print JSON."`
}

type auditExport struct {
	After int64 `help:"Begin behind this place in the chain." default:"0"`
}

// auditLine is a line of auditExport: what the canonical form of docs/audit.md is made of, and the hash there.
type auditLine struct {
	Seq       int64             `json:"seq"`
	ID        string            `json:"id"`
	At        int64             `json:"at"` // microseconds since 1970 UTC
	Action    string            `json:"action"`
	Outcome   string            `json:"outcome"`
	ActorID   id.User           `json:"actor_id"`
	UserID    id.User           `json:"user_id"`
	AccountID id.Account        `json:"account_id"`
	SessionID id.Stay           `json:"session_id"`
	Address   string            `json:"address"`
	UserAgent string            `json:"user_agent"`
	Detail    map[string]string `json:"detail"`
	Form      int64             `json:"form"`
	Hash      string            `json:"hash"`
}

// Run exports.
func (x auditExport) Run(ctx context.Context, t *app.Tools) error {
	if x.After < 0 {
		return wrong{errors.New("--after: must be 0 or more")}
	}
	out := bufio.NewWriter(os.Stdout)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	err := t.Chain.Read(ctx, x.After, func(l audit.Link) error {
		detail := l.Detail
		if detail == nil {
			detail = map[string]string{}
		}
		return lines.Encode(auditLine{l.Seq, l.ID, l.At.UnixMicro(), l.Action, l.Outcome, l.ActorID, l.UserID, l.AccountID, l.SessionID, l.Address, l.UserAgent,
			detail, l.Form, l.Hash})
	})
	return errors.Join(err, out.Flush())
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
