package blackbox_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"sallyport/internal/testkit/whole"
)

// almost are JSON values that look like the code and are none. Some systems have trimmed, converted or skipped them.
func almost(code string) []string {
	wide, arabic := "", ""
	for _, digit := range code {
		wide += string('０' + digit - '0')
		arabic += string('٠' + digit - '0')
	}
	texts := []string{code + " ", " " + code, code + "\n", "\t" + code, code + "\u00a0", code[:3] + " " + code[3:], code[:3] + "-" + code[3:], code[:5], code + "0", "0" + code,
		"+" + code[1:], "-" + code[1:], code[:5] + "a", "0x" + code[2:], code[:3] + "e" + code[4:], wide, arabic, code + "\x00", "", " ", "      ", "null", "true", "%00"}
	out := []string{strings.TrimLeft(code, "0"), code + ".0", "null", "true", "false", "[]", "{}", `["` + code + `"]`, `{"code":"` + code + `"}`, "0", "-1", "1e6"}
	for _, text := range texts {
		quoted, _ := json.Marshal(text)
		out = append(out, string(quoted))
	}
	return out
}

func TestOnlySixDigitsInAStringAreACode(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).In().Confirm()
		app := p.Begin()
		verify := "/me/factors/" + app.FactorID + "/verify"
		refused := func(path, token, before, code, after, pointer string) {
			t.Helper()
			a := h.At(0).Send(whole.Request{Method: "POST", Path: path, Token: token, Body: []byte(before + code + after)})
			if !a.Is(422, "validation_failed") && !a.Is(400, "malformed_request") {
				t.Errorf("%s as code is answered %d %s", code, a.Status, a.Body)
			}
			if a.Status == 422 && !strings.HasPrefix(a.Text("errors.0.pointer"), pointer) {
				t.Errorf("%s as code: the field is called %s", code, a.Text("errors.0.pointer"))
			}
		}
		for _, code := range almost(app.Now()) {
			refused(verify, p.Access, `{"code":`, code, `}`, "/code")
		}
		// None of them counted as a try: an enrolment has ten.
		p.Call("POST", verify, map[string]any{"code": app.Next()}).Must(200)
		p.Keep(p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Must(200))
		p.App = app

		session := p.Access
		p.SignIn().Must(200)
		h.Clock.Advance(time.Minute)
		for _, code := range almost(app.Now()) {
			refused("/auth/second-factor", p.Partial, `{"type":"totp","factor_id":"`+app.FactorID+`","code":`, code, `}`, "/code")
			refused("/auth/confirmation", session, `{"password":"`+p.Password+`","second_factor":{"type":"totp","factor_id":"`+app.FactorID+`","code":`, code, `}}`, "/second_factor/code")
		}
		for _, body := range []string{`{}`, `null`, `[]`, `""`, `{"type":"totp"}`, `{"type":"totp","factor_id":"` + app.FactorID + `"}`,
			`{"type":"recovery_code"}`, `{"type":"recovery_code","code":""}`, `{"type":"recovery_code","code":"                "}`, `{"type":"none"}`,
			`{"type":"TOTP","factor_id":"` + app.FactorID + `","code":"` + app.Now() + `"}`, `{"type":null,"code":"` + app.Now() + `"}`} {
			if a := h.At(0).Send(whole.Request{Method: "POST", Path: "/auth/second-factor", Token: p.Partial, Body: []byte(body)}); a.Status != 422 {
				t.Errorf("%s opens with %d %s", body, a.Status, a.Body)
			}
		}
		h.At(0).Send(whole.Request{Method: "POST", Path: "/auth/second-factor", Token: p.Partial}).Refused(415, "unsupported_media_type")
		form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		h.At(0).Send(whole.Request{Method: "POST", Path: "/auth/second-factor", Token: p.Partial, Header: form,
			Body: []byte("type=totp&factor_id=" + app.FactorID + "&code=" + app.Now())}).Refused(415, "unsupported_media_type")
		p.Answer(app.Next()).Must(200)
	})
}

func TestARecoveryCodeIsReadHoweverItWasWrittenDown(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	p := h.Person(owner).Protected()
	plain := strings.ReplaceAll(p.RecoveryCodes[1], "-", "")
	for i, typed := range []string{strings.ToLower(p.RecoveryCodes[0]), plain, strings.ReplaceAll(p.RecoveryCodes[2], "-", " ")} {
		p.SignIn().Must(200)
		p.AnswerRecovery(typed).Must(200)
		if left := p.Call("GET", "/me/recovery-codes", nil).Number("remaining"); left != 9-i {
			t.Errorf("%d codes are left after %d", left, i+1)
		}
	}
	p.SignIn().Must(200)
	for _, typed := range []string{plain, p.RecoveryCodes[0], p.RecoveryCodes[2]} { // spent, in whatever spelling
		p.AnswerRecovery(typed).Refused(409, "code_already_used")
	}
	p.AnswerRecovery(plain[:15]).Refused(422, "validation_failed")
	p.AnswerRecovery("UUUU-UUUU-UUUU-UUUU").Refused(422, "validation_failed") // no letter of the alphabet
	if n := len(h.Mail(owner, "recovery code", 3)); n != 3 {
		t.Errorf("the owner of the codes was told %d times", n)
	}
}

func TestACodeBelongsToItsPersonAndItsFactor(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		ada, eve := h.Person(owner).Protected(), h.Person(admin).Protected()
		adas, eves := *ada.App, *eve.App
		unfinished := eve.Confirm().Begin()
		fresh := func() *whole.Person {
			h.Clock.Advance(time.Minute)
			other := eve.Again(1)
			other.SignIn().Must(200)
			return other
		}
		answer := func(factorID, code string) whole.Answer {
			other := fresh()
			return other.Client.Call("POST", "/auth/second-factor", other.Partial, map[string]any{"type": "totp", "factor_id": factorID, "code": code})
		}
		fresh()
		for what, a := range map[string]whole.Answer{
			"the code of another person":              answer(eves.FactorID, adas.Now()),
			"factor and code of another person":       answer(adas.FactorID, adas.Now()),
			"the factor of another person":            answer(adas.FactorID, eves.Now()),
			"a factor that nobody has":                answer(uuid.NewString(), eves.Now()),
			"a factor that was never activated":       answer(unfinished.FactorID, unfinished.Now()),
			"a factor by the name of another's":       answer(strings.ToUpper(eves.FactorID), eves.Now()),
			"the recovery code of another person":     fresh().AnswerRecovery(ada.RecoveryCodes[0]),
			"a recovery code where a code should be":  fresh().Client.Call("GET", "/me", ada.RecoveryCodes[0], nil),
			"a recovery code of nobody":               fresh().AnswerRecovery("0000-0000-0000-0000"),
			"the partial token of another person":     eve.Client.Call("POST", "/auth/second-factor", secondDoor(ada), eves.Answer(eves.Now())),
			"a confirmation with the code of another": eve.In().Call("POST", "/auth/confirmation", map[string]any{"password": eve.Password, "second_factor": adas.Answer(adas.Now())}),
		} {
			if a.Status != 401 || (a.Code() != "invalid_code" && a.Request.Method == "POST") {
				t.Errorf("%s is answered %d %s", what, a.Status, a.Body)
			}
		}

		// Nothing that belongs to one person is there for another one.
		theirs := eve.Confirm().Begin()
		ada.In().Confirm()
		ada.Enrolments = eve.Enrolments // not even with the token of the enrolment
		for _, factorID := range []string{theirs.FactorID, eves.FactorID} {
			path := "/me/factors/" + factorID
			ada.Call("POST", path+"/verify", map[string]any{"code": theirs.Now()}).Refused(404, "not_found")
			ada.Call("POST", path+"/activate", nil).Refused(404, "not_found")
			ada.Call("PATCH", path, map[string]any{"name": "Mine"}).Refused(404, "not_found")
			ada.Call("DELETE", path, nil).Refused(404, "not_found")
			ada.Call("POST", "/me/factors", map[string]any{"type": "totp", "replaces": factorID}).Refused(422, "validation_failed")
		}
		eve.Call("POST", "/me/factors/"+theirs.FactorID+"/verify", map[string]any{"code": theirs.Next()}).Must(200)
		eve.SignIn().Must(200)
		eve.Answer(eve.App.Next()).Must(200)
	})
}

// secondDoor is a partial token of somebody who stands before the second door.
func secondDoor(p *whole.Person) string {
	other := p.Again(0)
	other.SignIn().Must(200)
	return other.Partial
}
