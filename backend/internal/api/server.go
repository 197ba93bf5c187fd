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

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"sallyport/internal/account"
	"sallyport/internal/api/openapi"
	"sallyport/internal/bus"
	"sallyport/internal/contract"
	"sallyport/internal/credential"
	"sallyport/internal/enforcement"
	"sallyport/internal/evidence"
	"sallyport/internal/factor"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/place"
	"sallyport/internal/portal"
	"sallyport/internal/replay"
	"sallyport/internal/session"
	"sallyport/internal/signin"
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
	Replays  *replay.Service

	Credentials *credential.Service

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
	Meter     Meter
	Metrics   http.Handler    // nil: not on this address
	Pages     http.Handler    // the single-page app
	Done      <-chan struct{} // closed when the server stops: live streams end

	touched    sync.Map // API token id → when its use was last written down
	operations map[string]*contract.Operation
	headers    []header
}

// Meter hears of each request by its route, never by its path: paths are without number.
type Meter interface {
	Begin() time.Time
	End(began time.Time, method, route string, status int)
}

// Handler wires routes, gate and middlewares.
func (s *Server) Handler() (*echo.Echo, error) {
	var err error
	if s.operations, err = operations(); err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.problem
	e.IPExtractor = s.address()
	s.headers = headers(s.BaseURL.Scheme == "https")
	e.Use(s.around, middleware.RecoverWithConfig(middleware.RecoverConfig{DisableErrorHandler: true, LogErrorFunc: func(_ echo.Context, err error, _ []byte) error {
		return fmt.Errorf("panic: %w", err)
	}}))

	gates := map[string][]echo.MiddlewareFunc{}
	for operationID, op := range s.operations {
		gates[operationID] = []echo.MiddlewareFunc{s.gate(op)}
	}
	routes := &registrar{Echo: e, demo: s.Demo != nil}
	openapi.RegisterHandlersWithOptions(routes, openapi.NewStrictHandler(s, nil), openapi.RegisterHandlersOptions{BaseURL: Prefix, OperationMiddlewares: gates})
	s.system(e)
	return e, nil
}

// operations are those that a gate stands before, by their identifiers. At the root there is none, see system.go.
func operations() (map[string]*contract.Operation, error) {
	read, err := contract.Read(openapi.Requests)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	byID := make(map[string]*contract.Operation, len(read.Operations))
	for _, op := range read.Operations {
		if !op.Root {
			byID[op.ID] = op
		}
	}
	return byID, nil
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

// around is what surrounds every request: its name, the headers of its answer, and what is written down of it.
func (s *Server) around(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := s.Meter.Begin()
		h := c.Response().Header()
		for _, own := range s.headers {
			h[own.name] = own.values
		}
		h.Set(echo.HeaderXRequestID, id.New()) // its own; nobody else's word for it
		if err := next(c); err != nil {
			c.Error(err) // write it, so that its status is known
		}
		r, status := c.Request(), c.Response().Status
		if s.Log.Enabled(r.Context(), slog.LevelDebug) { // without its query: what people search for is theirs
			s.Log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("request_id", requestID(c)),
				slog.String("method", r.Method), slog.String("route", c.Path()), slog.Int("status", status))
		}
		if c.Path() != Prefix+"/events" { // a stream takes as long as somebody looks
			s.Meter.End(began, r.Method, c.Path(), status)
		}
		return nil
	}
}

// header is one that every answer bears. All answers share its values, and nobody writes into them.
type header struct {
	name   string
	values []string
}

// headers are those that every answer bears (OWASP ASVS 5.0 §3.4).
func headers(secure bool) []header {
	all := []header{
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Cache-Control", []string{"no-store"}},
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}},
	}
	if secure {
		all = append(all, header{"Strict-Transport-Security", []string{"max-age=63072000; includeSubDomains"}})
	}
	return all
}

var _ openapi.StrictServerInterface = (*Server)(nil)
