package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"sallyport/internal/account"
	"sallyport/internal/api/openapi"
	"sallyport/internal/bus"
	"sallyport/internal/credential"
	"sallyport/internal/enforcement"
	"sallyport/internal/evidence"
	"sallyport/internal/factor"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/place"
	"sallyport/internal/portal"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// Prefix is where the API is served.
const Prefix = "/api/v1"

// Server is everything that the handlers call.
type Server struct {
	Stairs   *signin.Stairs
	Facts    *enforcement.Facts
	Switch   *enforcement.Switch
	Factors  *factor.Service
	Book     *session.Book
	Tokens   *session.Tokens
	Accounts *account.Service
	Portal   *portal.Service
	Evidence *evidence.Service

	Credentials *credential.Service

	Profiles interface {
		User(ctx context.Context, userID string) (user.User, error)
		UpdateProfile(ctx context.Context, userID, name, locale string) error
	}
	Deliveries interface {
		DeliveryState(ctx context.Context, messageID string) (notify.Delivery, error)
	}
	Reports interface { // nil where nobody reports
		Report(ctx context.Context, messageID, signature string, form url.Values) error
	}
	Demo interface { // nil without the demo
		DemoMessages(ctx context.Context, to string, limit int, cursor string) ([]notify.DemoMessage, string, error)
	}
	Bus       *bus.Bus
	Now       func() time.Time
	Log       *slog.Logger
	BaseURL   *url.URL
	Proxies   []netip.Prefix                              // whose X-Forwarded-For counts
	Countries *place.Countries                            // nil: no country is known of any address
	Ready     func(ctx context.Context) map[string]string // "" where a check is well
	Metrics   http.Handler                                // nil: not on this address
	Pages     http.Handler                                // the single-page app
	Done      <-chan struct{}                             // closed when the server stops: live streams end

	touched    sync.Map // API token id → when its use was last written down
	operations map[string]*operation
	document   *openapi3.T
}

// Handler wires routes, gate and middlewares.
func (s *Server) Handler() (*echo.Echo, error) {
	var err error
	if s.operations, s.document, err = readContract(); err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.problem
	e.IPExtractor = s.address()
	e.Use(s.label, middleware.RecoverWithConfig(middleware.RecoverConfig{DisableErrorHandler: false, LogErrorFunc: func(_ echo.Context, err error, _ []byte) error {
		return fmt.Errorf("panic: %w", err)
	}}), s.headers, s.account)

	gates := map[string][]echo.MiddlewareFunc{}
	for operationID, op := range s.operations {
		gates[operationID] = []echo.MiddlewareFunc{s.gate(op)}
	}
	routes := &registrar{Echo: e, demo: s.Demo != nil}
	openapi.RegisterHandlersWithOptions(routes, openapi.NewStrictHandler(s, nil), openapi.RegisterHandlersOptions{BaseURL: Prefix, OperationMiddlewares: gates})
	s.system(e)
	return e, nil
}

// registrar leaves out what this server does not have.
type registrar struct {
	*echo.Echo
	demo bool
}

// GET leaves the demo's routes out without the demo.
func (r *registrar) GET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	if path == Prefix+"/demo/messages" && !r.demo {
		return nil
	}
	return r.Echo.GET(path, h, m...)
}

// address is where a request comes from: the peer, or what a trusted proxy says of it. Everybody else's word is not heard.
func (s *Server) address() echo.IPExtractor {
	if len(s.Proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range s.Proxies {
		trust = append(trust, echo.TrustIPRange(ipNet(p)))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// label gives each request its own identifier; nobody else's word for it.
func (s *Server) label(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, id.New())
		return next(c)
	}
}

// headers are those that every answer bears (OWASP ASVS 5.0 §3.4).
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	secure := s.BaseURL.Scheme == "https"
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		return next(c)
	}
}

// account logs each request once, without its query: what people search for is theirs.
func (s *Server) account(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if err != nil {
			c.Error(err) // write it, so that its status is known
		}
		if s.Log.Enabled(c.Request().Context(), slog.LevelDebug) {
			s.Log.LogAttrs(c.Request().Context(), slog.LevelDebug, "request", slog.String("request_id", requestID(c)),
				slog.String("method", c.Request().Method), slog.String("route", c.Path()), slog.Int("status", c.Response().Status))
		}
		return nil
	}
}

var _ openapi.StrictServerInterface = (*Server)(nil)
