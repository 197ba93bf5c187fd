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
	"sallyport/internal/api/openapi"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/bus"
	"sallyport/internal/enforcement"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/portal"
	"sallyport/internal/store"
	"sallyport/internal/user"
)

// rooms are the handlers behind the gate, on a database of their own: who calls is said by a header instead of a token.
type rooms struct {
	t     *testing.T
	echo  *echo.Echo
	store *store.Store
	mail  []notify.Message
}

func (r *rooms) Enqueue(_ context.Context, messages ...notify.Message) error {
	r.mail = append(r.mail, messages...)
	return nil
}

func newRooms(t *testing.T, change func(*Server)) *rooms {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "rooms.db"), func(...string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC) }
	r := &rooms{t: t, echo: echo.New(), store: db}
	accounts := &account.Service{
		Store: db, Notify: r, Audit: &audit.Log{Store: db, Now: now}, Now: now, Random: rand.Reader, BaseURL: "https://portal.test",
	}
	deaf := bus.New(func() time.Duration { return 0 }) // nothing is answered from memory
	s := &Server{
		Facts:    enforcement.NewFacts(db, deaf, now, enforcement.ProviderRule{}, assurance.All, 1),
		Accounts: accounts, Portal: &portal.Service{Store: db, Accounts: accounts, Now: now},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), BaseURL: &url.URL{Scheme: "https", Host: "portal.test"},
	}
	if change != nil {
		change(s)
	}
	if err := s.Portal.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.operations, err = readContract(openapi.Requests); err != nil {
		t.Fatal(err)
	}
	doors := map[string][]echo.MiddlewareFunc{}
	for operationID, op := range s.operations {
		doors[operationID] = []echo.MiddlewareFunc{func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				if err := s.check(op, c); err != nil {
					return err
				}
				who := &caller{UserID: c.Request().Header.Get("X-Caller")}
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

func (r *rooms) person(name string) string {
	r.t.Helper()
	u := user.User{ID: id.New(), Email: name + "@rooms.test", Name: name, Locale: "en", PasswordHash: "-", CreatedAt: time.Now()}
	if added, err := r.store.AddUser(r.t.Context(), u); err != nil || !added {
		r.t.Fatal(added, err)
	}
	return u.ID
}

// call answers the status and the body, of which each string of want must be a part.
func (r *rooms) call(who, method, path, body string, status int, want ...string) map[string]any {
	r.t.Helper()
	req := httptest.NewRequestWithContext(r.t.Context(), method, Prefix+path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Caller", who)
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

func (r *rooms) open(who string) (accountID string) {
	r.t.Helper()
	accountID, _ = r.call(who, http.MethodPost, "/accounts", `{"name":"Acme Labs"}`, 201)["id"].(string)
	return accountID
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
	acme := "/accounts/" + r.open(ann)
	if err := r.store.InsertMember(t.Context(), account.Member{AccountID: acme[len("/accounts/"):], UserID: ben, Role: account.Plain, JoinedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}

	t.Run("an owner sees everybody's second factor, a member their own", func(t *testing.T) {
		count := func(viewer string) (n int) {
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
		r.call(ann, http.MethodPatch, acme+"/members/"+ben, `{"role":"admin","two_factor_required":true}`, 200, `"role":"admin"`, `"two_factor_required":true`)
		r.call(ben, http.MethodPatch, acme+"/members/"+ann, `{"role":"member"}`, 403, `"code":"owner_only"`)
		r.call(ann, http.MethodPatch, acme+"/members/"+ann, `{"role":"member"}`, 409, `"code":"last_owner"`)
		r.call(ann, http.MethodPatch, acme+"/members/"+eve, `{"role":"member"}`, 404)
		r.call(ann, http.MethodPatch, acme+"/members/"+ben, `{}`, 422)
		r.call(ann, http.MethodPatch, acme+"/members/"+ben, `{"role":"member","account_id":"x"}`, 422)
		r.call(ann, http.MethodDelete, acme+"/members/"+ann, "", 409, `"code":"last_owner"`)
		r.call(ann, http.MethodDelete, acme+"/members/"+ben, "", 204)
		r.call(ben, http.MethodGet, acme, "", 404)
	})
}

func TestInvitationsOverHTTP(t *testing.T) {
	t.Parallel()
	r := newRooms(t, nil)
	ann, eve := r.person("ann"), r.person("eve")
	acme := "/accounts/" + r.open(ann)

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
