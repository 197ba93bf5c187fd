package assurance_test

import (
	"testing"

	"sallyport/internal/assurance"
)

func TestStrongest(t *testing.T) {
	t.Parallel()
	const (
		email, sms, totp, passkey = assurance.Types(assurance.Email), assurance.Types(assurance.SMS), assurance.Types(assurance.TOTP), assurance.Types(assurance.Passkey)
	)
	seen := map[assurance.Types]bool{}
	for _, row := range []struct{ have, strongest, asStrong assurance.Types }{
		{0, 0, assurance.All},
		{email, email, assurance.All},
		{sms, sms, sms | totp | passkey},
		{sms | email, sms, sms | totp | passkey},
		{totp, totp, totp | passkey},
		{totp | email, totp, totp | passkey},
		{totp | sms, totp, totp | passkey},
		{totp | sms | email, totp, totp | passkey},
		{passkey, passkey, passkey},
		{passkey | email, passkey, passkey},
		{passkey | sms, passkey, passkey},
		{passkey | sms | email, passkey, passkey},
		{passkey | totp, passkey, passkey},
		{passkey | totp | email, passkey, passkey},
		{passkey | totp | sms, passkey, passkey},
		{assurance.All, passkey, passkey},
	} {
		seen[row.have] = true
		if got := row.have.Strongest(); got != row.strongest {
			t.Errorf("of %v the strongest is %v, want %v", row.have.Names(), got.Names(), row.strongest.Names())
		}
		if got := row.have.AsStrong(); got != row.asStrong {
			t.Errorf("as strong as %v are %v, want %v", row.have.Names(), got.Names(), row.asStrong.Names())
		}
		for _, one := range []assurance.Type{assurance.Email, assurance.SMS, assurance.TOTP, assurance.Passkey} {
			if got, want := one.Means().AsStrongAs(row.have), row.asStrong.Has(one); got != want {
				t.Errorf("%s is as strong as %v: %v", one, row.have.Names(), got)
			}
		}
		if !assurance.ByRecoveryCode.AsStrongAs(row.have) {
			t.Errorf("a recovery code does not stand for %v", row.have.Names())
		}
		for _, nothing := range []assurance.Means{"", "guess"} {
			if nothing.AsStrongAs(row.have) != (row.have == 0) {
				t.Errorf("%q is as strong as %v: %v", nothing, row.have.Names(), row.have != 0)
			}
		}
	}
	if len(seen) != 16 {
		t.Errorf("%d sets of 16 are in the table", len(seen))
	}
}
