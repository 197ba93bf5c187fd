package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"sallyport/internal/account"
	"sallyport/internal/app"
	"sallyport/internal/assurance"
	"sallyport/internal/enforcement"
)

const strengths = "any,no_email,no_email_no_sms,phishing_resistant"

type enforceCommands struct {
	On     enforceOn     `cmd:"" help:"Ask a second factor of every member. Binds live sessions within a second; everybody is mailed."`
	Off    enforceOff    `cmd:"" help:"Stop asking. Members keep their factors."`
	Status enforceStatus `cmd:"" help:"Show an account's rule, and how many members meet it."`
}

// ofAccount names an account.
type ofAccount struct {
	Account string `required:"" placeholder:"SP-…" help:"The account's number."`
}

type (
	enforceOn struct {
		ofAccount
		Strength         string `default:"any" enum:"${strengths}" help:"The least that counts: any, no_email, no_email_no_sms or phishing_resistant."`
		GraceDays        int    `default:"0" help:"Days until it binds, 0 to 30; 0: at once."`
		GuardedEnrolment bool   `help:"A first enrolment also asks for a code sent to the person's mailbox."`
		APITokens        string `name:"api-tokens" default:"block" enum:"block,keep" help:"API tokens of members who lack a second factor: block or keep."`
		SignOutMembers   bool   `help:"Also end every session of every member."`
		Reason           string `placeholder:"TEXT" help:"Why, and who asked for it: a line that the record keeps. Needed but for --dry-run."`
		DryRun           bool   `help:"Only show whom it would lock out, and whom it would mail."`
		JSON             bool   `name:"json" help:"Print JSON."`
	}
	enforceOff struct {
		ofAccount
		because
	}
	enforceStatus struct {
		ofAccount
		JSON bool `name:"json" help:"Print JSON."`
	}
)

// Validate is kong's: what no enum says.
func (c enforceOn) Validate() error {
	switch {
	case c.GraceDays < 0 || c.GraceDays > 30:
		return fmt.Errorf("--grace-days must be 0 to 30")
	case c.Reason == "" && !c.DryRun:
		return fmt.Errorf("missing flags: --reason=TEXT")
	}
	return nil
}

// previewJSON is whom a rule stops.
type previewJSON struct {
	Number    string   `json:"number"`
	Strength  string   `json:"minimum_strength"`
	Members   int      `json:"members"`
	Compliant int      `json:"compliant"`
	Missing   int      `json:"missing"`
	Sessions  int      `json:"sessions"`
	APITokens int      `json:"api_tokens"`
	Mailed    int      `json:"mailed"`
	LockedOut []string `json:"locked_out"` // the first 50
	Enforced  bool     `json:"enforced"`
}

// Run enforces.
func (c enforceOn) Run(ctx context.Context, t *app.Tools) error {
	a, err := t.Accounts.Numbered(ctx, anOperator, c.Account)
	if err != nil {
		return err
	}
	change := enforcement.Change{Enforced: true, AccountNumber: a.Number, GraceDays: c.GraceDays, Minimum: assurance.Strength(c.Strength),
		SignOutMembers: c.SignOutMembers, KeepAPITokens: c.APITokens == "keep", Guarded: c.GuardedEnrolment}
	p, err := t.Switch.Preview(ctx, anOperator, a.ID, change)
	if err != nil {
		return err
	}
	out := previewJSON{Number: a.Number, Strength: c.Strength, Members: p.Counts.Total, Compliant: p.Counts.Compliant, Missing: p.Counts.Missing,
		Sessions: p.Sessions, APITokens: p.APITokens, Mailed: p.Mailed, LockedOut: []string{}, Enforced: a.Rule.Enforced()}
	if c.APITokens == "keep" {
		out.APITokens = 0
	}
	for _, m := range p.LockedOut {
		out.LockedOut = append(out.LockedOut, m.Email)
	}
	if !c.DryRun {
		who, err := because{c.Reason}.by()
		if err != nil {
			return err
		}
		report, err := t.Switch.Set(ctx, who, a.ID, change)
		if err != nil {
			return err
		}
		a.Rule, out.Enforced = report.Rule, true
	}
	if c.JSON {
		return printJSON(out)
	}
	return c.say(a, out)
}

func (c enforceOn) say(a account.Account, p previewJSON) error {
	if c.DryRun {
		fmt.Printf("Nothing was changed. Enforcing %s for %s, %s, would\n", c.Strength, a.Number, printable(a.Name))
	} else {
		fmt.Printf("%s, %s: %s.\n", a.Number, printable(a.Name), ruleWords(a.Rule))
	}
	stopped := "lock out"
	if c.GraceDays > 0 {
		stopped = fmt.Sprintf("lock out, in %s,", count(c.GraceDays, "day", "days"))
	}
	fmt.Printf("  %s %d of %s who lack an accepted second factor\n", stopped, p.Missing, count(p.Members, "member", "members"))
	fmt.Printf("  hold up %s without a second factor, and %s\n", count(p.Sessions, "live session", "live sessions"), count(p.APITokens, "API token", "API tokens"))
	fmt.Printf("  mail %s\n", count(p.Mailed, "person", "people"))
	for _, address := range p.LockedOut {
		fmt.Println("    lacks one: " + printable(address))
	}
	if rest := p.Missing - len(p.LockedOut); rest > 0 {
		fmt.Printf("    and %d more\n", rest)
	}
	return nil
}

// Run lifts.
func (c enforceOff) Run(ctx context.Context, t *app.Tools) error {
	who, err := c.by()
	if err != nil {
		return err
	}
	a, err := t.Accounts.Numbered(ctx, anOperator, c.Account)
	if err != nil {
		return err
	}
	report, err := t.Switch.Set(ctx, who, a.ID, enforcement.Change{AccountNumber: a.Number, Minimum: assurance.Any})
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s: %s. Members keep their factors.\n", a.Number, printable(a.Name), ruleWords(report.Rule))
	if t.Provider().Required {
		_, _ = fmt.Fprintln(os.Stderr, "Mind that the provider's own rule (SALLYPORT_REQUIRE_TWO_FACTOR) goes on binding everybody.")
	}
	return nil
}

// statusJSON is an account's rule.
type statusJSON struct {
	Number           string  `json:"number"`
	Enforced         bool    `json:"enforced"`
	EnforcedAt       *string `json:"enforced_at"`
	EnforcedBy       string  `json:"enforced_by"`
	GraceUntil       *string `json:"grace_until"`
	Strength         string  `json:"minimum_strength"`
	APITokens        string  `json:"api_tokens"`
	GuardedEnrolment bool    `json:"guarded_enrolment"`
	Incident         bool    `json:"incident"`
	Members          int     `json:"members"`
	Compliant        int     `json:"compliant"`
	Missing          int     `json:"missing"`
	Invitations      int     `json:"invitations"`
}

// Run shows the rule.
func (c enforceStatus) Run(ctx context.Context, t *app.Tools) error {
	a, err := t.Accounts.Numbered(ctx, anOperator, c.Account)
	if err != nil {
		return err
	}
	r, err := t.Switch.Report(ctx, anOperator, a.ID)
	if err != nil {
		return err
	}
	tokens := "block"
	if r.Rule.KeepAPITokens {
		tokens = "keep"
	}
	if c.JSON {
		return printJSON(statusJSON{Number: a.Number, Enforced: r.Rule.Enforced(), EnforcedAt: moment(r.Rule.EnforcedAt), EnforcedBy: r.EnforcedBy,
			GraceUntil: moment(r.Rule.GraceUntil), Strength: string(r.Rule.Strength()), APITokens: tokens, GuardedEnrolment: r.Rule.Guarded,
			Incident: r.Rule.Incident(), Members: r.Counts.Total, Compliant: r.Counts.Compliant, Missing: r.Counts.Missing, Invitations: r.Counts.Invitations})
	}
	facts := [][2]string{{"Account", a.Number + ", " + a.Name}, {"Second factor", ruleWords(r.Rule)}}
	if r.Rule.Enforced() {
		facts = append(facts, [2]string{"Since", at(r.Rule.EnforcedAt)}, [2]string{"Enforced by", r.EnforcedBy}, [2]string{"API tokens", tokens},
			[2]string{"Guarded enrolment", map[bool]string{true: "yes", false: "no"}[r.Rule.Guarded]})
	}
	facts = append(facts, [2]string{"Members", fmt.Sprintf("%d, of whom %d lack a second factor that counts", r.Counts.Total, r.Counts.Missing)},
		[2]string{"Invitations", fmt.Sprint(r.Counts.Invitations)}, [2]string{"Provider's rule", strings.TrimSpace(string(t.Provider().Minimum))})
	return printFacts(facts)
}
