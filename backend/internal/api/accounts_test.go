package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/api/openapi"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/bus"
	"sallyport/internal/enforcement"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/portal"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/user"
)

// rooms are the handlers behind the gate, on a database of their own: who calls is said by a header instead of a token.
type rooms struct {
	t     *testing.T
	echo  *echo.Echo
	store *store.Store
	mail  []notify.Message
	stays map[id.User]actor.Stay
}

// roomsNow is the time in the rooms.
func roomsNow() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC) }

func (r *rooms) Enqueue(_ context.Context, messages ...notify.Message) error {
	r.mail = append(r.mail, messages...)
	return nil
}

func newRooms(t *testing.T, change func(*Server)) *rooms {
	t.Helper()
	b := bus.New(func() time.Duration { return 0 })
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "rooms.db"), b.Publish)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := roomsNow
	r := &rooms{t: t, echo: echo.New(), store: db, stays: map[id.User]actor.Stay{}}
	facts := enforcement.NewFacts(db, b, now, enforcement.ProviderRule{}, assurance.All, 100)
	guard := authority.New(db, facts, now)
	s := &Server{
		Facts: facts, Portal: &portal.Service{Store: db, Authority: guard, Now: now},
		Accounts: &account.Service{Store: db, Authority: guard, Notify: r, Audit: &audit.Log{Store: db, Now: now}, Now: now, Random: rand.Reader,
			BaseURL: "https://portal.test"},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), BaseURL: &url.URL{Scheme: "https", Host: "portal.test"},
	}
	if change != nil {
		change(s)
	}
	if err := s.Portal.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.operations, err = operations(); err != nil {
		t.Fatal(err)
	}
	doors := map[string][]echo.MiddlewareFunc{}
	for operationID, op := range s.operations {
		doors[operationID] = []echo.MiddlewareFunc{func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				if err := s.check(op, c); err != nil {
					return err
				}
				who := &caller{Actor: r.as(id.User(c.Request().Header.Get("X-Caller")))}
				c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), callerKey{}, who)))
				return next(c)
			}
		}}
	}
	r.echo.HTTPErrorHandler = s.problem
	openapi.RegisterHandlersWithOptions(&registrar{Echo: r.echo, demo: s.Demo != nil}, openapi.NewStrictHandler(s, nil),
		openapi.RegisterHandlersOptions{BaseURL: Prefix, OperationMiddlewares: doors})
	return r
}

func (r *rooms) person(name string) id.User {
	r.t.Helper()
	now := roomsNow()
	u := user.User{ID: id.User(id.New()), Email: name + "@rooms.test", Name: name, Locale: "en", PasswordHash: "-", CreatedAt: now}
	if added, err := r.store.AddUser(r.t.Context(), u, ""); err != nil || !added {
		r.t.Fatal(added, err)
	}
	s := session.Session{ID: id.Stay(id.New()), UserID: u.ID, Delivery: session.Bearer, Proof: assurance.Password(), AuthTime: now, CreatedAt: now, LastUsedAt: now,
		IdleEnds: now.Add(session.IdleLife), Ends: now.Add(session.AbsoluteLife)}
	if err := r.store.AddSession(r.t.Context(), s, id.New()); err != nil {
		r.t.Fatal(err)
	}
	r.stays[u.ID] = s.Stay()
	return u.ID
}

// as is the person in their session, who has just confirmed that it is them; a stranger where it is nobody.
func (r *rooms) as(userID id.User) actor.Actor {
	stay, known := r.stays[userID]
	if !known {
		return actor.From(actor.Origin{})
	}
	return actor.Actor{Kind: actor.Person, User: userID, Stay: stay,
		Shown: actor.Confirmation{Stay: stay.ID, Epoch: stay.Epoch, Password: true, Until: roomsNow().Add(actor.ConfirmLife)}}
}

// call answers the status and the body, of which each string of want must be a part.
func (r *rooms) call(who id.User, method, path, body string, status int, want ...string) map[string]any {
	r.t.Helper()
	req := httptest.NewRequestWithContext(r.t.Context(), method, Prefix+path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Caller", string(who))
	rec := httptest.NewRecorder()
	r.echo.ServeHTTP(rec, req)
	if rec.Code != status {
		r.t.Fatalf("%s %s: %d %s, want %d", method, path, rec.Code, rec.Body, status)
	}
	for _, part := range want {
		if !strings.Contains(rec.Body.String(), part) {
			r.t.Errorf("%s %s: %s lacks %s", method, path, rec.Body, part)
		}
	}
	var answer map[string]any
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			r.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return answer
}

func (r *rooms) open(who id.User) (accountID id.Account) {
	r.t.Helper()
	text, _ := r.call(who, http.MethodPost, "/accounts", `{"name":"Acme Labs"}`, 201)["id"].(string)
	return id.Account(text)
}

func TestAccountsOverHTTP(t *testing.T) {
	t.Parallel()
	r := newRooms(t, nil)
	ann, ben := r.person("ann"), r.person("ben")

	t.Run("nobody's accounts are an empty list", func(t *testing.T) {
		r.call(ann, http.MethodGet, "/accounts", "", 200, `"items":[]`, `"next_cursor":null`)
	})
	t.Run("what is created says what it will say later", func(t *testing.T) {
		created := r.call(ann, http.MethodPost, "/accounts", `{"name":"Acme Labs"}`, 201, `"role":"owner"`, `"two_factor_enforced":false`, `"created_at":"2026-11-21T12:00:00.123456Z"`)
		accountID, _ := created["id"].(string)
		read := r.call(ann, http.MethodGet, "/accounts/"+accountID, "", 200)
		for key, value := range created {
			if read[key] != value {
				t.Errorf("%s: created %v, read %v", key, value, read[key])
			}
		}
		r.call(ann, http.MethodPatch, "/accounts/"+accountID, `{"name":"Acme Ltd"}`, 200, `"name":"Acme Ltd"`)
		r.call(ben, http.MethodGet, "/accounts/"+accountID, "", 404, `"code":"not_found"`)
		r.call(ben, http.MethodPatch, "/accounts/"+accountID, `{"name":"Mine"}`, 404, `"code":"not_found"`)
	})
	t.Run("a page leads to the next", func(t *testing.T) {
		r.open(ann)
		first := r.call(ann, http.MethodGet, "/accounts?limit=1", "", 200)
		next, _ := first["next_cursor"].(string)
		r.call(ann, http.MethodGet, "/accounts?limit=1&cursor="+url.QueryEscape(next), "", 200, `"next_cursor":null`, `"number":"SP-`)
		r.call(ann, http.MethodGet, "/accounts?cursor=nonsense", "", 422, `"pointer":"cursor"`)
	})
	t.Run("odd input is refused before the database sees it", func(t *testing.T) {
		r.call(ann, http.MethodGet, "/accounts/%00", "", 404)
		r.call(ann, http.MethodGet, "/accounts/..%2f..", "", 404)
		r.call(ann, http.MethodPost, "/accounts", `{"name":" "}`, 422, `"pointer":"/name"`)
		r.call(ann, http.MethodPost, "/accounts", `{"name":"A","role":"owner"}`, 422)
	})
}

func TestMembersOverHTTP(t *testing.T) {
	t.Parallel()
	r := newRooms(t, nil)
	ann, ben, eve := r.person("ann"), r.person("ben"), r.person("eve")
	acme := "/accounts/" + string(r.open(ann))
	if err := r.store.InsertMember(t.Context(), account.Member{AccountID: id.Account(acme[len("/accounts/"):]), UserID: ben, Role: account.Plain, JoinedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}

	t.Run("an owner sees everybody's second factor, a member their own", func(t *testing.T) {
		count := func(viewer id.User) (n int) {
			items, _ := r.call(viewer, http.MethodGet, acme+"/members", "", 200, `"email":"ann@rooms.test"`, `"email":"ben@rooms.test"`)["items"].([]any)
			for _, item := range items {
				if m, _ := item.(map[string]any); m["two_factor"] != nil {
					n++
				}
			}
			return n
		}
		if count(ann) != 2 || count(ben) != 1 {
			t.Errorf("ann sees %d, ben %d", count(ann), count(ben))
		}
		r.call(ann, http.MethodGet, acme+"/members?two_factor=missing&q=BEN", "", 200, `"two_factor":{"active":false,"methods":[]}`)
		r.call(ann, http.MethodGet, acme+"/members?two_factor=active", "", 200, `"items":[]`)
		r.call(ben, http.MethodGet, acme+"/members?two_factor=missing", "", 403, `"code":"admin_only"`)
		r.call(ann, http.MethodGet, acme+"/members?two_factor=perhaps", "", 422)
		r.call(ann, http.MethodGet, acme+"/members?q=%00", "", 422)
		r.call(eve, http.MethodGet, acme+"/members", "", 404)
	})
	t.Run("a member is changed and removed", func(t *testing.T) {
		r.call(ann, http.MethodPatch, acme+"/members/"+string(ben), `{"role":"admin"}`, 200, `"role":"admin"`, `"two_factor_required":false`)
		r.call(ben, http.MethodPatch, acme+"/members/"+string(ann), `{"role":"member"}`, 403, `"code":"owner_only"`)
		r.call(ann, http.MethodPatch, acme+"/members/"+string(ben), `{"role":"billing","two_factor_required":true}`, 200, `"role":"billing"`, `"two_factor_required":true`)
		r.call(ann, http.MethodPatch, acme+"/members/"+string(ann), `{"role":"member"}`, 409, `"code":"last_owner"`)
		r.call(ann, http.MethodPatch, acme+"/members/"+string(eve), `{"role":"member"}`, 404)
		r.call(ann, http.MethodPatch, acme+"/members/"+string(ben), `{}`, 422)
		r.call(ann, http.MethodPatch, acme+"/members/"+string(ben), `{"role":"member","account_id":"x"}`, 422)
		r.call(ann, http.MethodDelete, acme+"/members/"+string(ann), "", 409, `"code":"last_owner"`)
		r.call(ann, http.MethodDelete, acme+"/members/"+string(ben), "", 204)
		r.call(ben, http.MethodGet, acme, "", 404)
	})
}

func TestInvitationsOverHTTP(t *testing.T) {
	t.Parallel()
	r := newRooms(t, nil)
	ann, eve := r.person("ann"), r.person("eve")
	acme := "/accounts/" + string(r.open(ann))

	t.Run("the token is in the mail and in no answer", func(t *testing.T) {
		made := r.call(ann, http.MethodPost, acme+"/invitations", `{"email":"new@rooms.test","role":"billing","two_factor_required":true}`, 201,
			`"role":"billing"`, `"two_factor_required":true`, `"expires_at":"2026-11-28T12:00:00.123456Z"`)
		if len(made) != 6 || len(r.mail) != 1 || !strings.HasPrefix(r.mail[0].Data["link"], "https://portal.test/invitation#") {
			t.Errorf("answer %v, mail %v", made, r.mail)
		}
		r.call(ann, http.MethodGet, acme+"/invitations", "", 200, `"email":"new@rooms.test"`)
		r.call(ann, http.MethodPost, acme+"/invitations", `{"email":"NEW@rooms.test","role":"member"}`, 409, `"code":"already_invited"`)
		r.call(ann, http.MethodPost, acme+"/invitations", `{"email":"ann@rooms.test","role":"member"}`, 409, `"code":"already_member"`)
		r.call(eve, http.MethodPost, acme+"/invitations", `{"email":"eve@rooms.test","role":"owner"}`, 404)
		r.call(eve, http.MethodGet, acme+"/invitations", "", 404)
		invitationID, _ := made["id"].(string)
		r.call(eve, http.MethodDelete, acme+"/invitations/"+invitationID, "", 404)
		r.call(ann, http.MethodDelete, acme+"/invitations/"+invitationID, "", 204)
		r.call(ann, http.MethodGet, acme+"/invitations", "", 200, `"items":[]`)
	})
	t.Run("odd addresses are refused", func(t *testing.T) {
		for _, email := range []string{`a b@c.test`, `a@b@c.test`, `a\u0000@c.test`, `a@c.test\r\nBcc: d`, `\"a\"@c.test`} {
			r.call(ann, http.MethodPost, acme+"/invitations", `{"email":"`+email+`","role":"member"}`, 422, `"pointer":"/email"`)
		}
	})
}
