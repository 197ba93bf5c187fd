package api

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"

	"sallyport/internal/api/openapi"
)

// system serves what is for operators, at the root, and the pages.
func (s *Server) system(e *echo.Echo) {
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", s.readyz)
	e.GET("/openapi.yaml", func(c echo.Context) error {
		return c.Blob(http.StatusOK, "application/yaml", openapi.Document)
	})
	e.GET("/.well-known/jwks.json", s.jwks)
	if s.Metrics == nil {
		s.Metrics = http.NotFoundHandler() // and not a page
	}
	e.GET("/metrics", echo.WrapHandler(s.Metrics))
	if s.Pages != nil {
		e.GET("/*", echo.WrapHandler(s.Pages))
		// What is not below the API's routes there is nowhere: never a page.
		e.Any("/api/*", func(echo.Context) error { return echo.ErrNotFound })
	}
}

type readiness struct {
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks"` // "ok", or what is wrong
}

func (s *Server) readyz(c echo.Context) error {
	out := readiness{Ready: true, Checks: map[string]string{}}
	for name, problem := range s.Ready(c.Request().Context()) {
		if out.Checks[name] = problem; problem == "" {
			out.Checks[name] = "ok"
		} else {
			out.Ready = false
		}
	}
	if !out.Ready {
		return c.JSON(http.StatusServiceUnavailable, out)
	}
	return c.JSON(http.StatusOK, out)
}

func (s *Server) jwks(c echo.Context) error {
	keys, err := s.Tokens.PublicKeys()
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.JSON(http.StatusOK, map[string]any{"keys": keys})
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
