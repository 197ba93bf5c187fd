package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/internal/api/openapi"
	"sallyport/internal/fault"
)

// What HTTP itself refuses.
var (
	errMalformed   = fault.New(fault.Malformed, "malformed_request", "The request cannot be read.")
	errMethod      = fault.New(fault.Malformed, "method_not_allowed", "This path does not know this method.")
	errTooLarge    = fault.New(fault.Malformed, "payload_too_large", "The request body is too large.")
	errMediaType   = fault.New(fault.Malformed, "unsupported_media_type", "The request body must be application/json.")
	errCrossSite   = fault.New(fault.Forbidden, "cross_site", "This request came from another site.")
	errPartial     = fault.New(fault.Unauthenticated, "partial_token", "This needs a full token: show the second factor first.")
	errWrongToken  = fault.New(fault.Forbidden, "forbidden", "This kind of token does not open this door.")
	statusOverride = map[string]int{
		"payload_too_large":      http.StatusRequestEntityTooLarge,
		"unsupported_media_type": http.StatusUnsupportedMediaType,
		"method_not_allowed":     http.StatusMethodNotAllowed,
	}
	statuses = map[fault.Kind]int{
		fault.Malformed: http.StatusBadRequest, fault.Unauthenticated: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden,
		fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.Gone: http.StatusGone,
		fault.Invalid: http.StatusUnprocessableEntity, fault.TooMany: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable,
	}
)

// status is the HTTP status of an error that may be told; 500 for any other.
func status(e *fault.Error) int {
	if e == nil {
		return http.StatusInternalServerError
	}
	if s, ok := statusOverride[e.Code]; ok {
		return s
	}
	if s, ok := statuses[e.Kind]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// problem writes an error as RFC 9457. It is Echo's error handler and the only place that turns errors into HTTP. What is not
// known becomes a bare 500, and is logged here, once.
func (s *Server) problem(err error, c echo.Context) {
	if c.Response().Committed {
		s.cutOff(err, c)
		return
	}
	e := told(err)
	code := status(e)
	if code >= http.StatusInternalServerError {
		s.Log.LogAttrs(c.Request().Context(), slog.LevelError, "request failed", slog.String("request_id", requestID(c)),
			slog.String("method", c.Request().Method), slog.String("route", c.Path()), slog.String("error", err.Error()))
	}
	p := openapi.Problem{Type: "about:blank", Title: http.StatusText(code), Status: code, Detail: "Something went wrong on our side.",
		Code: "internal_error", RequestId: requestID(c)}
	h := c.Response().Header()
	if e != nil {
		p.Code, p.Detail = e.Code, e.Message
		p.AttemptsLeft = e.AttemptsLeft
		if len(e.Fields) > 0 {
			fields := make([]openapi.FieldError, len(e.Fields))
			for i, f := range e.Fields {
				fields[i] = openapi.FieldError{Pointer: f.Pointer, Detail: f.Detail}
			}
			p.Errors = &fields
		}
		if len(e.Needs) > 0 {
			needs := make([]openapi.ProblemNeeds, len(e.Needs))
			for i, n := range e.Needs {
				needs[i] = openapi.ProblemNeeds(n)
			}
			p.Needs = &needs
		}
		if len(e.Accepts) > 0 {
			accepts := make([]openapi.FactorType, len(e.Accepts))
			for i, n := range e.Accepts {
				accepts[i] = openapi.FactorType(n)
			}
			p.Accepts = &accepts
		}
		if len(e.RequiredBy) > 0 {
			by := make([]openapi.RequiredBy, len(e.RequiredBy))
			for i, n := range e.RequiredBy {
				by[i] = openapi.RequiredBy(n)
			}
			p.RequiredBy = &by
		}
		if e.RetryAfter > 0 {
			h.Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
		}
		if e.Kind == fault.Unauthenticated {
			h.Set("WWW-Authenticate", challenge(e.Code))
		}
	}
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(code)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	c.Response().WriteHeader(code)
	_ = json.NewEncoder(c.Response()).Encode(p)
}

// cutOff breaks the connection of a document that could not be finished: what came through must not look complete.
func (s *Server) cutOff(err error, c echo.Context) {
	var early cut
	if !errors.As(err, &early) || c.Request().Context().Err() != nil {
		return
	}
	s.Log.LogAttrs(c.Request().Context(), slog.LevelError, "a document was cut off", slog.String("request_id", requestID(c)),
		slog.String("route", c.Path()), slog.String("error", err.Error()))
	panic(http.ErrAbortHandler)
}

// challenge is the WWW-Authenticate of a 401 (RFC 6750 §3, RFC 9470 §3).
func challenge(code string) string {
	switch code {
	case "second_factor_due":
		return `Bearer error="insufficient_user_authentication", acr_values="aal2"`
	case "confirmation_required":
		return `Bearer error="insufficient_user_authentication", max_age=300`
	case "partial_token":
		return `Bearer error="invalid_token"`
	default:
		return "Bearer"
	}
}

// told finds what may be told of an error; nil if nothing.
func told(err error) *fault.Error {
	if e, ok := fault.As(err); ok {
		return e
	}
	var h *echo.HTTPError
	switch {
	case errors.As(err, &h):
		switch {
		case h.Code == http.StatusNotFound:
			return fault.ErrNotFound
		case h.Code == http.StatusMethodNotAllowed:
			return errMethod
		case h.Code == http.StatusRequestEntityTooLarge:
			return errTooLarge
		case h.Code == http.StatusUnsupportedMediaType:
			return errMediaType
		case h.Code >= 400 && h.Code < 500:
			return errMalformed
		}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.ErrUnavailable.With(func(e *fault.Error) { e.RetryAfter = time.Second })
	}
	return nil
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }
