package origin

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/plinth3d/plinth/pipeline/metrics"
)

// counts are counted in counters that are looked up once: a request costs a few atomic
// additions.
type counts struct {
	registry   *prometheus.Registry
	requests   [len(kinds)][classes + 1][600]prometheus.Counter
	seconds    [len(kinds)]prometheus.Observer
	bytes      [levelsCounted + 1]prometheus.Counter
	incomplete prometheus.Counter
	unread     prometheus.Counter // keys
}

// levelsCounted are levels with a counter of their own; what was sent without one is last.
const levelsCounted = 4

func newCounts(o *Origin) *counts {
	m := &counts{registry: prometheus.NewRegistry()}
	requests, seconds, bytes, incomplete, unread := requestsMetric.Counter(), secondsMetric.Histogram(), bytesMetric.Counter(), incompleteMetric.Counter(), unreadMetric.Counter()
	for k, name := range kinds {
		m.seconds[k] = seconds.WithLabelValues(name)
		for _, status := range statuses {
			code := strconv.Itoa(status)
			m.requests[k][0][status] = requests.WithLabelValues(name, code, "-")
			for i, c := range Classes() {
				if kind(k) == kindProduct {
					m.requests[k][i+1][status] = requests.WithLabelValues(name, code, c.String())
				}
			}
		}
	}
	for level := range levelsCounted {
		m.bytes[level] = bytes.WithLabelValues(strconv.Itoa(level))
	}
	m.bytes[levelsCounted] = bytes.WithLabelValues("-")
	m.incomplete, m.unread = incomplete.WithLabelValues(), unread.WithLabelValues()
	m.registry.MustRegister(requests, seconds, bytes, incomplete, unread, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &gauges{o})
	return m
}

// classes is how many classes of devices there are.
const classes = 8

// number is that of a class: its place in Classes, from 1.
func (c Class) number() int {
	n := 2*slices.Index(rules.Heights, c.Height) + 1
	if c.Lite {
		n++
	}
	return n
}

// statuses are all that the origin answers with.
var statuses = []int{
	http.StatusOK, http.StatusNoContent, http.StatusPartialContent, http.StatusNotModified, http.StatusBadRequest,
	http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusPreconditionFailed, http.StatusRequestURITooLong,
	http.StatusRequestedRangeNotSatisfiable, http.StatusTooManyRequests, http.StatusInternalServerError,
	statusGone, http.StatusNotImplemented, http.StatusServiceUnavailable,
}

func (m *counts) count(q *request, took time.Duration) {
	m.requests[q.route.kind][q.class][q.status].Inc()
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
	metric metrics.Metric
	of     int64
	label  []string // its value
}

func (g *gauges) figures() []figure {
	s, c := g.o.cache.Stats(), &g.o.models.stats
	one := func(m metrics.Metric, n int64, label ...string) figure { return figure{m, n, label} }
	return []figure{
		one(objectsMetric, s.Memory, "memory"), one(objectsMetric, s.Disk, "disk"), one(objectsMetric, s.Misses, "store"),
		one(readsMetric, s.Reads), one(readBytesMetric, s.ReadBytes),
		one(faultsMetric, s.Errors.NotFound, "not_found"), one(faultsMetric, s.Errors.Conflict, "conflict"), one(faultsMetric, s.Errors.Timeout, "timeout"),
		one(faultsMetric, s.Errors.Wrong, "wrong"), one(faultsMetric, s.Errors.Unavailable, "unavailable"), one(faultsMetric, s.Errors.Disk, "disk"),
		one(cacheMetric, s.MemoryBytes, "memory"), one(cacheMetric, s.DiskBytes, "disk"),
		one(filesMetric, int64(s.OpenFiles)), one(unfinishedMetric, int64(s.Unfinished)), one(fetchesMetric, int64(s.Fetches)),
		one(manifestsMetric, c.hits.Load(), "known"), one(manifestsMetric, c.stale.Load(), "old"), one(manifestsMetric, c.asked.Load(), "asked"), one(manifestsMetric, c.failed.Load(), "failed"),
	}
}

// Describe sends the descriptions of all figures.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	last := ""
	for _, f := range g.figures() {
		if f.metric.Name != last { // those of one name follow each other
			out <- f.metric.Desc()
		}
		last = f.metric.Name
	}
}

// Collect sends all figures.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	for _, f := range g.figures() {
		kind := prometheus.CounterValue
		if f.metric.Kind == metrics.Gauge {
			kind = prometheus.GaugeValue
		}
		out <- prometheus.MustNewConstMetric(f.metric.Desc(), kind, float64(f.of), f.label...)
	}
}

// Gatherer gives what is counted.
func (o *Origin) Gatherer() prometheus.Gatherer { return o.metrics.registry }

// Metrics serves what is counted, for Prometheus; where open is not set only to those who
// prove themselves, if that is asked of others, too. Others count beside it in the same process.
func (o *Origin) Metrics(open bool, others ...prometheus.Gatherer) http.Handler {
	figures := promhttp.HandlerFor(append(prometheus.Gatherers{o.metrics.registry}, others...), promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = noStore
		if !open && !verified(o.Verify, r.Header["X-Origin-Verify"]) {
			refuse(w, &request{Request: r}, http.StatusNotFound, errPath)
			return
		}
		figures.ServeHTTP(w, r)
	})
}
