package metrics

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// most is how many metrics a directive may have, and values a metric.
const most = 100

// line is one event of the log: all metrics have its labels and no others.
type line struct {
	names, values []string // of labels
	series        []*series
}

// lines puts together what has the same labels. A series that has more values than a line
// may have goes on in another.
func lines(all []*series) []*line {
	var out []*line
	open := map[string]*line{}
	for _, s := range all {
		for some := range slices.Chunk(s.values, most) {
			key := strings.Join(append(slices.Clone(s.metric.Labels), s.labels...), "\x00")
			l := open[key]
			if l == nil || len(l.series) == most || l.has(s.metric.Name) {
				l = &line{names: s.metric.Labels, values: s.labels}
				open[key] = l
				out = append(out, l)
			}
			l.series = append(l.series, &series{s.metric, s.labels, some})
		}
	}
	return out
}

func (l *line) has(name string) bool {
	return slices.ContainsFunc(l.series, func(s *series) bool { return s.metric.Name == name })
}

// The metadata of a line, by its names in the specification.
type (
	directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []definition
	}
	definition struct {
		Name              string
		Unit              string
		StorageResolution int // seconds
	}
)

// write appends the line. Its members are in the order of their names.
func (l *line) write(out *bytes.Buffer, namespace string, now time.Time) error {
	root := map[string]any{}
	for i, name := range l.names {
		root[name] = cmp.Or(l.values[i], "-") // a dimension has no empty value
	}
	var directives []directive
	for _, s := range l.series {
		sets := s.metric.Dimensions()
		i := slices.IndexFunc(directives, func(d directive) bool { return slices.EqualFunc(d.Dimensions, sets, slices.Equal) })
		if i < 0 {
			i = len(directives)
			directives = append(directives, directive{Namespace: namespace, Dimensions: sets})
		}
		directives[i].Metrics = append(directives[i].Metrics, definition{s.metric.Name, s.metric.Unit, 60})
		root[s.metric.Name] = s.values
		if len(s.values) == 1 {
			root[s.metric.Name] = s.values[0]
		}
	}
	root["_aws"] = struct {
		Timestamp         int64 // milliseconds since 1970
		CloudWatchMetrics []directive
	}{now.UnixMilli(), directives}
	return json.NewEncoder(out).Encode(root) // it ends the line
}
