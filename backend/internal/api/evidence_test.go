package api

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/internal/api/openapi"
)

type uncounted struct{}

func (uncounted) Begin() (began time.Time)           { return began }
func (uncounted) End(time.Time, string, string, int) {}

func TestDocuments(t *testing.T) {
	t.Parallel()
	s := &Server{Log: slog.New(slog.DiscardHandler), BaseURL: &url.URL{Scheme: "https", Host: "portal.test"}, Meter: uncounted{}}
	e := echo.New()
	e.HTTPErrorHandler = s.problem
	e.Use(s.around)
	serve := func(path string, write func(w io.Writer) error) {
		e.GET(path, func(c echo.Context) error {
			body := stream(write)
			return openapi.ReportTwoFactor200TextcsvResponse{Body: body, Headers: openapi.ReportTwoFactor200ResponseHeaders{ContentDisposition: attachment("a.csv")}}.
				VisitReportTwoFactorResponse(c.Response())
		})
	}
	const much = 1 << 20
	stopped := make(chan error, 1)
	serve("/whole", func(w io.Writer) error { _, err := io.WriteString(w, strings.Repeat("x", much)); return err })
	serve("/broken", func(w io.Writer) error {
		_, _ = io.WriteString(w, strings.Repeat("x", much))
		return errors.New("the database went away")
	})
	serve("/endless", func(w io.Writer) error {
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", much)); err != nil {
				stopped <- err
				return err
			}
		}
	})
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	get := func(path string) *http.Response {
		t.Helper()
		r, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}

	t.Run("a document comes whole, as a file", func(t *testing.T) {
		r := get("/whole")
		raw, err := io.ReadAll(r.Body)
		if err != nil || len(raw) != much || r.Header.Get("Content-Disposition") != "attachment; filename=a.csv" {
			t.Errorf("%d bytes, %v, %v", len(raw), err, r.Header)
		}
	})
	t.Run("a part is never taken for the whole", func(t *testing.T) {
		raw, err := io.ReadAll(get("/broken").Body)
		if err == nil {
			t.Errorf("%d bytes look complete", len(raw))
		}
	})
	t.Run("whoever stops reading stops the writer", func(t *testing.T) {
		r := get("/endless")
		_, _ = io.ReadFull(r.Body, make([]byte, 1000))
		_ = r.Body.Close()
		if err := <-stopped; err == nil {
			t.Error("it was not told")
		}
	})
}
