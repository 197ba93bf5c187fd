package store_test

import (
	"testing"

	"sallyport/internal/factor"
	"sallyport/internal/testkit"
)

// TestWhatWasThereBeforeAuthorityIsThereAfterwards: a database as the program before epochs left it keeps every row, and everything in it
// opens as it did.
func TestWhatWasThereBeforeAuthorityIsThereAfterwards(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		w.must(w.GoBack(w.ctx, 13))
		// Ann has an active factor. Ben has only verified one, and got his codes with it.
		for _, name := range []string{"ann", "ben"} {
			w.exec("INSERT INTO users (id, email, email_key, name, password_hash, created_at) VALUES ('%s', '%s@before.test', '%s@before.test', '%s', 'hash', 1)", name, name, name, name)
			for _, code := range []string{"first", "second"} {
				w.exec("INSERT INTO recovery_codes (user_id, code_hash, created_at) VALUES ('%s', '%s %s', 5)", name, name, code)
			}
		}
		w.exec("INSERT INTO factors (id, user_id, type, name, status, is_default, created_at, activated_at) VALUES ('active', 'ann', 'totp', 'App', 'active', TRUE, 2, 3)")
		w.exec("INSERT INTO factors (id, user_id, type, name, status, created_at) VALUES ('verified', 'ben', 'totp', 'App', 'verified', 2)")
		w.exec(`INSERT INTO sessions (id, user_id, delivery, amr, auth_time, created_at, last_used_at, idle_expires_at, expires_at, password_confirmed_at, factor_confirmed_at)
			VALUES ('session', 'ann', 'bearer', 'mfa otp pwd', 1, 1, 1, 9000000000000000, 9000000000000000, 4, 4)`)
		w.exec("INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES ('refresh', 'session', 1)")
		w.exec(`INSERT INTO sign_ins (id, user_id, purpose, delivery, amr, password_at, created_at, expires_at)
			VALUES ('sign-in', 'ann', 'second_factor', 'bearer', 'pwd', 1, 1, 9000000000000000)`)
		w.exec("INSERT INTO api_tokens (id, user_id, name, scopes, hint, token_hash, created_at, expires_at) VALUES ('token', 'ann', 'Script', 'portal:read', 'abcd', 'token hash', 1, 9000000000000000)")
		if n, err := w.Migrate(w.ctx); n < 1 || err != nil {
			t.Fatal(n, err)
		}
		for table, rows := range map[string]int{"users": 2, "factors": 2, "recovery_codes": 4, "sessions": 1, "refresh_tokens": 1, "sign_ins": 1, "api_tokens": 1} {
			if n := w.count("SELECT COUNT(*) FROM %s", table); n != rows {
				t.Errorf("%d rows of %d are in %s", n, rows, table)
			}
		}
		for _, table := range []string{"users", "factors", "sessions", "sign_ins", "api_tokens"} {
			if n := w.count("SELECT COUNT(*) FROM %s WHERE epoch <> 0", table); n != 0 {
				t.Errorf("%d rows of %s have another epoch than 0", n, table)
			}
		}

		for name, counts := range map[string]bool{"ann": true, "ben": false} {
			if n := w.count("SELECT COUNT(*) FROM code_sets WHERE user_id = '%s'", name); n != 1 {
				t.Errorf("%s has %d sets of codes", name, n)
			}
			if n := w.count("SELECT COUNT(*) FROM code_sets WHERE user_id = '%s' AND active AND created_at = 5 AND factor_id = ''", name); (n == 1) != counts {
				t.Errorf("%d sets of %s count", n, name)
			}
			if n := w.count("SELECT COUNT(*) FROM recovery_codes r JOIN code_sets c ON c.id = r.set_id AND c.user_id = r.user_id WHERE r.user_id = '%s'", name); n != 2 {
				t.Errorf("%d codes of %s are in the set", n, name)
			}
		}
		if left, total, _, err := w.RecoveryCodeCount(w.ctx, "ann"); left != 2 || total != 2 || err != nil {
			t.Errorf("ann's codes: %d of %d, %v", left, total, err)
		}
		if _, used, exists, err := w.RecoveryCode(w.ctx, "ann", "ann first"); used || !exists || err != nil {
			t.Errorf("ann's code: %v %v %v", used, exists, err)
		}
		if _, _, exists, err := w.RecoveryCode(w.ctx, "ben", "ben first"); exists || err != nil {
			t.Errorf("ben's code opens: %v", err)
		}
		if f, err := w.Factor(w.ctx, "ann", "active"); err != nil || f.Status != factor.Active || !f.Default {
			t.Errorf("ann's factor: %+v, %v", f, err)
		}
		if f, err := w.Factor(w.ctx, "ben", "verified"); err != nil || f.Status != factor.Verified || f.Stay != "" || f.EnrolmentHash != "" {
			t.Errorf("ben's factor: %+v, %v", f, err)
		}
		if s, err := w.Session(w.ctx, "session"); err != nil || !s.Live(noon) || s.Proof.String() != "mfa otp pwd" || len(s.OpenedWith) != 0 {
			t.Errorf("the session: %+v, %v", s, err)
		}
		if token, err := w.APIToken(w.ctx, "token hash"); err != nil || !token.Live(noon) || token.ID != "token" || token.MadeBy != "" {
			t.Errorf("the token: %+v, %v", token, err)
		}
		if p, err := w.Pending(w.ctx, "sign-in"); err != nil || !p.Live(noon) {
			t.Errorf("the sign-in: %+v, %v", p, err)
		}
	})
}
