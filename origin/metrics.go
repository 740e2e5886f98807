package origin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are counted in counters that are looked up once: a request costs a few atomic
// additions.
type metrics struct {
	registry   *prometheus.Registry
	requests   [len(kinds)][600]prometheus.Counter
	seconds    [len(kinds)]prometheus.Observer
	bytes      [levelsCounted + 1]prometheus.Counter
	incomplete prometheus.Counter
}

// levelsCounted are levels with a counter of their own; what was sent without one is last.
const levelsCounted = 4

func newMetrics(o *Origin) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "plinth_origin_requests_total", Help: "Requests by what they named and the status of the answer.",
	}, []string{"kind", "status"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "plinth_origin_request_seconds", Help: "Time from a request's head to the end of the answer.",
		Buckets: []float64{.0001, .0003, .001, .003, .01, .03, .1, .3, 1, 3, 10, 30},
	}, []string{"kind"})
	bytes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "plinth_origin_bytes_total", Help: "Bytes of bodies that left, by level of detail.",
	}, []string{"level"})
	m.incomplete = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "plinth_origin_incomplete_total", Help: "Products answered with another level because the right one is missing.",
	})
	for k := range kinds {
		m.seconds[k] = seconds.WithLabelValues(kinds[k])
		for _, status := range statuses {
			m.requests[k][status] = requests.WithLabelValues(kinds[k], strconv.Itoa(status))
		}
	}
	for level := range levelsCounted {
		m.bytes[level] = bytes.WithLabelValues(strconv.Itoa(level))
	}
	m.bytes[levelsCounted] = bytes.WithLabelValues("-")
	m.registry.MustRegister(requests, seconds, bytes, m.incomplete, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &gauges{o})
	return m
}

// statuses are all that the origin answers with.
var statuses = []int{
	http.StatusOK, http.StatusNoContent, http.StatusPartialContent, http.StatusNotModified, http.StatusBadRequest,
	http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusPreconditionFailed, http.StatusRequestURITooLong,
	http.StatusRequestedRangeNotSatisfiable, http.StatusTooManyRequests, http.StatusInternalServerError,
	statusGone, http.StatusNotImplemented, http.StatusServiceUnavailable,
}

func (m *metrics) count(q *request, took time.Duration) {
	m.requests[q.route.kind][q.status].Inc()
	m.seconds[q.route.kind].Observe(took.Seconds())
	level := q.level
	if level < 0 || level >= levelsCounted {
		level = levelsCounted
	}
	m.bytes[level].Add(float64(q.sent))
}

// gauges reads what the caches know of themselves.
type gauges struct{ o *Origin }

// figure is one number of a cache.
type figure struct {
	name, help, label, value string
	kind                     prometheus.ValueType
	of                       float64
}

func (g *gauges) figures() []figure {
	s, c := g.o.cache.Stats(), &g.o.models.stats
	const count, now = prometheus.CounterValue, prometheus.GaugeValue
	opened := func(layer string, n int64) figure {
		return figure{"plinth_origin_objects_total", "Files opened, by the layer that had them.", "layer", layer, count, float64(n)}
	}
	fault := func(kind string, n int64) figure {
		return figure{"plinth_origin_backend_errors_total", "Reads of the store that failed.", "kind", kind, count, float64(n)}
	}
	asked := func(outcome string, n int64) figure {
		return figure{"plinth_origin_manifests_total", "Look-ups of manifests: known, known and old, asked of the catalog, and failed there.", "outcome", outcome, count, float64(n)}
	}
	held := func(layer string, n int64) figure {
		return figure{"plinth_origin_cache_bytes", "Bytes that a cache holds.", "layer", layer, now, float64(n)}
	}
	return []figure{
		opened("memory", s.Memory), opened("disk", s.Disk), opened("store", s.Misses),
		{"plinth_origin_backend_reads_total", "Reads of the store that were begun.", "", "", count, float64(s.Reads)},
		{"plinth_origin_backend_bytes_total", "Bytes read from the store.", "", "", count, float64(s.ReadBytes)},
		fault("not_found", s.Errors.NotFound), fault("conflict", s.Errors.Conflict), fault("timeout", s.Errors.Timeout),
		fault("wrong", s.Errors.Wrong), fault("unavailable", s.Errors.Unavailable), fault("disk", s.Errors.Disk),
		held("memory", s.MemoryBytes), held("disk", s.DiskBytes),
		{"plinth_origin_open_files", "Open files of the disk cache or the store.", "", "", now, float64(s.OpenFiles)},
		{"plinth_origin_unfinished_objects", "Files of which some blocks are here or on their way.", "", "", now, float64(s.Unfinished)},
		{"plinth_origin_fetches", "Reads of the store that are going on.", "", "", now, float64(s.Fetches)},
		asked("known", c.hits.Load()), asked("old", c.stale.Load()), asked("asked", c.asked.Load()), asked("failed", c.failed.Load()),
	}
}

func (f *figure) desc() *prometheus.Desc {
	var labels []string
	if f.label != "" {
		labels = []string{f.label}
	}
	return prometheus.NewDesc(f.name, f.help, labels, nil)
}

// Describe sends the descriptions of all figures.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	last := ""
	for _, f := range g.figures() {
		if f.name != last { // those of one name follow each other
			out <- f.desc()
		}
		last = f.name
	}
}

// Collect sends all figures.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	for _, f := range g.figures() {
		var values []string
		if f.label != "" {
			values = []string{f.value}
		}
		out <- prometheus.MustNewConstMetric(f.desc(), f.kind, f.of, values...)
	}
}

// Metrics serves what is counted, for Prometheus; to those who prove themselves, where that
// is asked of others, too.
func (o *Origin) Metrics() http.Handler {
	figures := promhttp.HandlerFor(o.metrics.registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = noStore
		if !verified(o.Verify, r.Header["X-Origin-Verify"]) {
			refuse(w, &request{Request: r}, http.StatusNotFound, errPath)
			return
		}
		figures.ServeHTTP(w, r)
	})
}
