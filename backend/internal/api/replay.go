package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/internal/actor"
	"sallyport/internal/contract"
	"sallyport/internal/fault"
	"sallyport/internal/replay"
)

// The headers of retries and enrolments.
const (
	keyHeader       = "Idempotency-Key"
	enrolmentHeader = "Sallyport-Enrolment"
)

// steps are the operations whose answers live until the next one only.
var steps = map[string]string{"verifyFactor": "verify", "activateFactor": "activate"}

// kept is an answer as it is sealed.
type kept struct {
	Status int             `json:"status"`
	Cookie string          `json:"cookie,omitempty"`
	Body   json.RawMessage `json:"body"`
}

type slotKey struct{}

// keep stores the answer of a request that bears an Idempotency-Key, in the transaction of what it answers. Of every other it does nothing.
func keep(ctx context.Context, status int, cookie *string, body any) error {
	slot, _ := ctx.Value(slotKey{}).(*replay.Slot)
	if slot == nil {
		return nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	a := kept{Status: status, Body: raw}
	if cookie != nil {
		a.Cookie = *cookie
	}
	if raw, err = json.Marshal(a); err != nil {
		return err
	}
	return slot.Keep(ctx, raw, actorOf(ctx).Stay.Epoch)
}

// replayed is what a key is sent with; ok is false without one, or where the operation takes none.
func replayed(op *contract.Operation, who actor.Actor, c echo.Context) (r replay.Request, ok bool, err error) {
	h := c.Request().Header
	key := h.Get(keyHeader)
	if key == "" || !op.Idempotency {
		return r, false, nil
	}
	body, err := rewind(c.Request())
	return replay.Request{UserID: who.User, Stay: who.Stay.Root(), Operation: op.ID, Key: key, Secret: h.Get(enrolmentHeader), Step: steps[op.ID],
		Fingerprint: op.Method + "\x00" + c.Request().URL.Path + "\x00" + string(body)}, true, err
}

// rewind reads the body, which check has bounded, and leaves it to be read again.
func rewind(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	raw, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(raw)))
	return raw, err
}

// once answers a request that was answered before as it was answered then, and lets any other through, once at a time.
func (s *Server) once(op *contract.Operation, who actor.Actor, c echo.Context, next echo.HandlerFunc) error {
	r, ok, err := replayed(op, who, c)
	if err != nil {
		return err
	}
	if !ok {
		return next(c)
	}
	ctx := c.Request().Context()
	if done, err := s.again(ctx, r, c); done || err != nil {
		return err
	}
	slot, err := s.Replays.Begin(ctx, r)
	if err != nil {
		return err
	}
	c.SetRequest(c.Request().WithContext(context.WithValue(ctx, slotKey{}, slot)))
	if err := next(c); err != nil {
		return errors.Join(err, slot.Drop(context.WithoutCancel(ctx)))
	}
	return nil
}

// again writes the answer that is kept of a request; done is false where none is.
func (s *Server) again(ctx context.Context, r replay.Request, c echo.Context) (done bool, err error) {
	raw, err := s.Replays.Find(ctx, r)
	if errors.Is(err, replay.ErrNothing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var a kept
	if err := json.Unmarshal(raw, &a); err != nil {
		return false, err
	}
	if a.Cookie != "" {
		c.Response().Header().Set("Set-Cookie", a.Cookie)
	}
	return true, c.JSONBlob(a.Status, append(a.Body, '\n')) // byte for byte what was answered then
}

// afterSuccess: a sign-in between the doors that has ended by activating its factor may ask for that answer again, and for nothing else.
func (s *Server) afterSuccess(op *contract.Operation, c echo.Context) (done bool, err error) {
	if op.ID != "activateFactor" {
		return false, nil
	}
	ctx := c.Request().Context()
	claims, err := s.Tokens.Verify(bearer(c.Request()))
	if err != nil || !claims.Partial {
		return false, nil
	}
	pending, err := s.Book.Store.Pending(ctx, claims.PendingID)
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		return false, nil
	}
	if err != nil || pending.UserID != claims.UserID {
		return false, err
	}
	r, ok, err := replayed(op, actor.Actor{User: pending.UserID, Stay: pending.Stay()}, c)
	if err != nil || !ok {
		return false, err
	}
	return s.again(ctx, r, c)
}
