package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// event is a line of the log, read as the specification says.
type event struct {
	dimensions [][]string // sets, of the directive that a metric is in
	labels     map[string]string
	name       string
	values     []float64
}

// validate reads a line and checks all that the specification and its schema demand of it.
func validate(text string) (out []event, err error) {
	var meta struct {
		AWS *struct {
			Timestamp         *json.Number
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []map[string]any
			}
		} `json:"_aws"`
	}
	var root map[string]any
	if err := errors.Join(json.Unmarshal([]byte(text), &meta), json.Unmarshal([]byte(text), &root)); err != nil {
		return nil, err
	}
	switch {
	case len(text) > 256<<10:
		return nil, fmt.Errorf("it has %d bytes", len(text))
	case meta.AWS == nil || meta.AWS.Timestamp == nil || len(meta.AWS.CloudWatchMetrics) == 0:
		return nil, errors.New("_aws lacks a member")
	}
	if ms, err := meta.AWS.Timestamp.Int64(); err != nil || ms < 1e12 || ms > 1e13 {
		return nil, fmt.Errorf("the timestamp is %v: %w", meta.AWS.Timestamp, err)
	}
	units := []string{"Seconds", "Microseconds", "Milliseconds", "Bytes", "Percent", "Count", "None"}
	for _, d := range meta.AWS.CloudWatchMetrics {
		if d.Namespace == "" || len(d.Namespace) > 255 || len(d.Dimensions) == 0 || len(d.Metrics) == 0 || len(d.Metrics) > 100 {
			return nil, fmt.Errorf("a directive has namespace %q, %d sets of dimensions and %d metrics", d.Namespace, len(d.Dimensions), len(d.Metrics))
		}
		labels := map[string]string{}
		for _, set := range d.Dimensions {
			if set == nil || len(set) > 30 {
				return nil, fmt.Errorf("a set of dimensions is %q", set)
			}
			for _, name := range set {
				value, ok := root[name].(string)
				if !ok || name == "" || len(name) > 250 || value == "" || len(value) > 1024 || strings.HasPrefix(name, ":") {
					return nil, fmt.Errorf("the dimension %q is %v", name, root[name])
				}
				labels[name] = value
			}
		}
		for _, m := range d.Metrics {
			name, _ := m["Name"].(string)
			unit, _ := m["Unit"].(string)
			if name == "" || len(name) > 255 || !slices.Contains(units, unit) || m["StorageResolution"] != 60.0 || len(m) != 3 {
				return nil, fmt.Errorf("a metric is %v", m)
			}
			values, many := root[name].([]any)
			if !many {
				values = []any{root[name]}
			}
			e := event{dimensions: d.Dimensions, labels: labels, name: name}
			for _, v := range values {
				number, ok := v.(float64)
				if !ok {
					return nil, fmt.Errorf("%s is %v", name, root[name])
				}
				e.values = append(e.values, number)
			}
			if len(values) == 0 || len(values) > 100 {
				return nil, fmt.Errorf("%s has %d values", name, len(values))
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// read validates all lines of a text.
func read(t interface{ Fatalf(string, ...any) }, text string) (out []event) {
	for l := range strings.Lines(text) {
		events, err := validate(l)
		if err != nil || !strings.HasSuffix(l, "\n") {
			t.Fatalf("%v in the line %s", err, l)
		}
		out = append(out, events...)
	}
	return out
}
