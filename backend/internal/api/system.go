package api

import (
	"bytes"
	"compress/gzip"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"sallyport/internal/api/openapi"
	"sallyport/internal/reference"
)

// system serves what is for operators, at the root, and the pages. A HEAD is answered as the GET that it asks about: net/http
// leaves the body out.
func (s *Server) system(e *echo.Echo) {
	get := func(path string, h echo.HandlerFunc) { e.Match([]string{http.MethodGet, http.MethodHead}, path, h) }
	get("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	get("/readyz", s.readyz)
	get("/openapi.yaml", func(c echo.Context) error {
		return c.Blob(http.StatusOK, "application/yaml", openapi.Document)
	})
	get("/docs", s.docs)
	get("/.well-known/jwks.json", s.jwks)
	if s.Metrics == nil {
		s.Metrics = http.NotFoundHandler() // and not a page
	}
	get("/metrics", echo.WrapHandler(s.Metrics))
	if s.Pages != nil {
		get("/*", echo.WrapHandler(s.Pages))
		// What is not below the API's routes there is nowhere: never a page.
		e.Any("/api/*", func(echo.Context) error { return echo.ErrNotFound })
	}
}

// docs answers the contract as a page. It is made when somebody first asks, not at each start.
func (s *Server) docs(c echo.Context) error {
	page, err := docsPage()
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", reference.Policy())
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		return c.Blob(http.StatusOK, echo.MIMETextHTMLCharsetUTF8, page.packed)
	}
	return c.Blob(http.StatusOK, echo.MIMETextHTMLCharsetUTF8, page.plain)
}

type docsPair struct{ plain, packed []byte }

var docsPage = sync.OnceValues(func() (docsPair, error) {
	plain, err := reference.Page(openapi.Document)
	if err != nil {
		return docsPair{}, err
	}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is one there is
	if _, err := w.Write(plain); err != nil {
		return docsPair{}, err
	}
	if err := w.Close(); err != nil {
		return docsPair{}, err
	}
	return docsPair{plain, packed.Bytes()}, nil
})

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
