package app

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// meter counts for Prometheus.
type meter struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	handler  http.Handler
}

func (a *App) meter() *meter {
	m := &meter{registry: prometheus.NewRegistry()}
	m.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "sallyport_http_request_seconds", Help: "How long requests took, by route and status.",
		Buckets: []float64{.001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
	}, []string{"method", "route", "status"})
	m.registry.MustRegister(m.requests, a.texts.decisions, a.texts.results, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &jobGauges{app: a}, &chainGauge{app: a},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sallyport_bus_fresh",
			Help: "1 while this server is sure to have heard of every change, 0 while it asks the database for each request."}, func() float64 {
			if a.bus.Fresh() {
				return 1
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sallyport_passwords_waiting",
			Help: "Passwords that wait for a core to be checked."}, func() float64 { return float64(a.hasher.Waiting()) }))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// Begin and End are api.Meter's.
func (m *meter) Begin() time.Time { return time.Now() }

// End counts a request that was answered.
func (m *meter) End(began time.Time, method, route string, status int) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(time.Since(began).Seconds())
}

// guarded answers the metrics to whoever knows the token; nil without a token.
func (m *meter) guarded(token string) http.Handler {
	if token == "" {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			http.NotFound(w, r)
			return
		}
		m.handler.ServeHTTP(w, r)
	})
}

// serveMetrics answers them on an address of their own, where one is configured.
func (a *App) serveMetrics() error {
	if a.config.MetricsAddr == "" {
		return nil
	}
	l, err := net.Listen("tcp", a.config.MetricsAddr)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.gauge.handler)
	a.metrics = newServer(mux)
	a.serve(a.metrics, l)
	return nil
}

// jobGauges asks the queue when it is asked.
type jobGauges struct{ app *App }

var (
	jobsDue    = prometheus.NewDesc("sallyport_jobs_due", "Jobs that should be done by now.", nil, nil)
	jobsDead   = prometheus.NewDesc("sallyport_jobs_dead", "Jobs that were given up: dead letters.", nil, nil)
	jobsOldest = prometheus.NewDesc("sallyport_jobs_oldest_seconds", "How long the oldest due job has been waiting.", nil, nil)
)

// Describe is prometheus.Collector's.
func (g *jobGauges) Describe(c chan<- *prometheus.Desc) { c <- jobsDue; c <- jobsDead; c <- jobsOldest }

// Collect is prometheus.Collector's.
func (g *jobGauges) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := g.app.context(2 * time.Second)
	defer cancel()
	due, dead, oldest, err := g.app.runner.Stats(ctx)
	if err != nil {
		return // a scrape without these says it as well
	}
	c <- prometheus.MustNewConstMetric(jobsDue, prometheus.GaugeValue, float64(due))
	c <- prometheus.MustNewConstMetric(jobsDead, prometheus.GaugeValue, float64(dead))
	c <- prometheus.MustNewConstMetric(jobsOldest, prometheus.GaugeValue, oldest.Seconds())
}

// chainGauge asks the record when it is asked.
type chainGauge struct{ app *App }

var auditUnlinked = prometheus.NewDesc("sallyport_audit_unlinked",
	"Audit events that are not linked into the chain yet; more than a few for more than a few seconds means that nobody links.", nil, nil)

// Describe is prometheus.Collector's.
func (g *chainGauge) Describe(c chan<- *prometheus.Desc) { c <- auditUnlinked }

// Collect is prometheus.Collector's.
func (g *chainGauge) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := g.app.context(2 * time.Second)
	defer cancel()
	if n, err := g.app.chain.CountUnlinked(ctx); err == nil {
		c <- prometheus.MustNewConstMetric(auditUnlinked, prometheus.GaugeValue, float64(n))
	}
}
