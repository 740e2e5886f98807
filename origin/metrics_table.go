package origin

import "github.com/plinth3d/plinth/pipeline/metrics"

// The metrics of the origin. CloudWatch isn't told the time of requests, of which there
// are too many to tell each: the load balancer in front does that.
var (
	requestsMetric = metrics.Metric{
		Name: "plinth_origin_requests_total", Kind: metrics.Counter, Unit: metrics.Count,
		Labels: []string{"kind", "status", "class"}, Totals: [][]string{{"kind", "status"}, {"status"}},
		Help: "Requests by what they named, the status of the answer and, of products, the class of the device.",
	}
	secondsMetric = metrics.Metric{
		Name: "plinth_origin_request_seconds", Kind: metrics.Histogram, Unit: metrics.Seconds, Labels: []string{"kind"},
		Help:    "Time from a request's head to the end of the answer.",
		Buckets: []float64{.0001, .0003, .001, .003, .01, .03, .1, .3, 1, 3, 10, 30}, PrometheusOnly: true,
	}
	bytesMetric = metrics.Metric{
		Name: "plinth_origin_bytes_total", Kind: metrics.Counter, Unit: metrics.Bytes, Labels: []string{"level"}, Totals: [][]string{{}},
		Help: "Bytes of bodies that left, by level of detail.",
	}
	incompleteMetric = metrics.Metric{
		Name: "plinth_origin_incomplete_total", Kind: metrics.Counter, Unit: metrics.Count,
		Help: "Products answered with another level because the right one is missing.",
	}
	unreadMetric = metrics.Metric{
		Name: "plinth_origin_signing_keys_errors_total", Kind: metrics.Counter, Unit: metrics.Count,
		Help: "Times that signing keys could not be read again; those of before stayed.",
	}
	objectsMetric = metrics.Metric{
		Name: "plinth_origin_objects_total", Kind: metrics.Counter, Unit: metrics.Count, Labels: []string{"layer"}, Totals: [][]string{{}},
		Help: "Files opened, by the layer that had them.",
	}
	readsMetric = metrics.Metric{
		Name: "plinth_origin_backend_reads_total", Kind: metrics.Counter, Unit: metrics.Count,
		Help: "Reads of the store that were begun.",
	}
	readBytesMetric = metrics.Metric{
		Name: "plinth_origin_backend_bytes_total", Kind: metrics.Counter, Unit: metrics.Bytes,
		Help: "Bytes read from the store.",
	}
	faultsMetric = metrics.Metric{
		Name: "plinth_origin_backend_errors_total", Kind: metrics.Counter, Unit: metrics.Count, Labels: []string{"kind"}, Totals: [][]string{{}},
		Help: "Reads of the store that failed.",
	}
	cacheMetric = metrics.Metric{
		Name: "plinth_origin_cache_bytes", Kind: metrics.Gauge, Unit: metrics.Bytes, Labels: []string{"layer"},
		Help: "Bytes that a cache holds.",
	}
	filesMetric = metrics.Metric{
		Name: "plinth_origin_open_files", Kind: metrics.Gauge, Unit: metrics.Count,
		Help: "Open files of the disk cache or the store.",
	}
	unfinishedMetric = metrics.Metric{
		Name: "plinth_origin_unfinished_objects", Kind: metrics.Gauge, Unit: metrics.Count,
		Help: "Files of which some blocks are here or on their way.",
	}
	fetchesMetric = metrics.Metric{
		Name: "plinth_origin_fetches", Kind: metrics.Gauge, Unit: metrics.Count,
		Help: "Reads of the store that are going on.",
	}
	manifestsMetric = metrics.Metric{
		Name: "plinth_origin_manifests_total", Kind: metrics.Counter, Unit: metrics.Count, Labels: []string{"outcome"},
		Help: "Look-ups of manifests: known, known and old, asked of the catalog, and failed there.",
	}
)

// AllMetrics returns the table of the origin's metrics.
func AllMetrics() []metrics.Metric {
	return []metrics.Metric{
		requestsMetric, secondsMetric, bytesMetric, incompleteMetric, unreadMetric,
		objectsMetric, readsMetric, readBytesMetric, faultsMetric,
		cacheMetric, filesMetric, unfinishedMetric, fetchesMetric, manifestsMetric,
	}
}
