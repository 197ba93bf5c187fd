package user_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/user"
)

func refusal(t *testing.T, password string, own ...string) string {
	t.Helper()
	err := user.CheckPassword(password, own...)
	if err == nil {
		return ""
	}
	e, told := fault.As(err)
	if !told || e.Kind != fault.Invalid || e.Code != "validation_failed" || len(e.Fields) != 1 || e.Fields[0].Pointer != "/password" {
		t.Fatalf("%q: %v", password, err)
	}
	if password != "" && strings.Contains(e.Fields[0].Detail+e.Message, password) {
		t.Errorf("the refusal repeats %q", password)
	}
	return e.Fields[0].Detail
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for says, passwords := range map[string][]string{
		"": {
			"correct horse battery staple", "correcthorsebatterystaple", "blue harbour seven", "a-new-password-1", "kx8#hqpw!zt2",
			"ein langer Satz über nichts", "пароль из многих слов", "密码密码安全第一条规则很长", "another-password-1", "my-new-secret-1",
		},
		"at least 12 characters": {"", "short", "kx8#hqpw!zt", strings.Repeat("é", 11), "🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑", strings.Repeat("e\u0301", 11)},
		"at most 1024 bytes":     {strings.Repeat("kx8#hqpw", 129), strings.Repeat("é", 513), strings.Repeat("\ufdfa", 60)},
		"too easy to guess": {
			"password1234", "PASSWORD1234", "123456789012", "qwertyuiop12", "aaaaaaaaaaaa", "iloveyou1234", "Password123!", "passwordpassword",
			"letmeinletmein", "qwertyqwerty", "abcdefghijkl", "summer2024!!!", "dragon123456", "trustno1trustno1", "P@ssw0rd1234",
			"changeme1234", "welcome12345", "monkeymonkey", "baseball1234", "superman1234", "zyxwvutsrqpo", "ｐａｓｓｗｏｒｄ１２３４",
			"footba11 2024", "111111222222", "xkxkxkxkxkxkxk",
		},
	} {
		for _, p := range passwords {
			if said := refusal(t, p); (says == "") != (said == "") || !strings.Contains(said, says) {
				t.Errorf("%q: %q, not %q", p, said, says)
			}
		}
	}

	t.Run("takes a shorter one beside a passkey, by the same rules", func(t *testing.T) {
		t.Parallel()
		for p, ok := range map[string]bool{"kx8#hqpw": true, "blue yacht": true, "kx8#hqp": false, "password": false, "qwertyui": false, "aaaaaaaa": false, "kx8#hqpw!zt2": true} {
			if err := user.CheckPasswordBesidePasskey(p); (err == nil) != ok {
				t.Errorf("%q: %v", p, err)
			}
			if long := len(p) >= 12; user.Short(p) == long {
				t.Errorf("%q is short: %v", p, !long)
			}
		}
	})

	t.Run("refuses what belongs to the person or the portal, however it is written", func(t *testing.T) {
		t.Parallel()
		own := []string{"Ada.Lovelace@engines.example", "Ada Byron-King", "Sallyport"}
		for _, p := range []string{"ada.lovelace@engines.example", "xx LOVELACE 7294 kq", "my engines run hot", "the byron archive", "sallyport-demo-1", "ｂｙｒｏｎ is the man"} {
			if said := refusal(t, p, own...); !strings.Contains(said, "must not contain your name") {
				t.Errorf("%q: %q", p, said)
			}
		}
		for _, p := range []string{"a canadian examplestory", "the man in the moon is old"} { // Ada is too short, example everybody's
			if said := refusal(t, p, own...); said != "" {
				t.Errorf("%q: %q", p, said)
			}
		}
	})

	t.Run("nobody keeps it busy", func(t *testing.T) {
		t.Parallel()
		for _, block := range []string{"4@8({[<69!1|0$5+7%2", "password", "passw0rd1", "a", "123", "19981999", "ab"} {
			p := strings.Repeat(block, 1024)[:1024]
			began := time.Now()
			_ = user.CheckPassword(p)
			_ = user.CheckPassword(p[:1000] + "kx8#hqpw!zt2")
			if took := time.Since(began); took > 500*time.Millisecond {
				t.Errorf("%q: %v", block, took)
			}
		}
	})
}

func TestHasher(t *testing.T) {
	t.Parallel()
	h := user.NewHasher(1, 8)
	hash, err := h.Hash(t.Context(), "Käse ﬁnden & Ångström")
	if err != nil {
		t.Fatal(err)
	}
	for typed, right := range map[string]bool{
		"Käse ﬁnden & Ångström":              true,
		"Ka\u0308se finden & A\u030angström": true, // the same letters from another keyboard
		"Käse finden & Ångström ":            false,
		"käse finden & ångström":             false,
	} {
		if ok, err := h.Check(t.Context(), typed, hash); err != nil || ok != right {
			t.Errorf("%q: %v, %v", typed, ok, err)
		}
	}
	if ok, err := h.Check(t.Context(), "nobody has this password", ""); err != nil || ok {
		t.Errorf("no password at all: %v, %v", ok, err)
	}
}
