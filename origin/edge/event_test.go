package edge

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A value is a header field or a parameter as CloudFront tells a function of it.
type value struct {
	Value string  `json:"value"`
	Multi []value `json:"multiValue,omitempty"`
}

// told is the values of one name. Of several, which of them stands alone is left open:
// the function must not depend on it, nor on whether one is listed too.
func told(c *cases, values []string) value {
	v := value{Value: values[c.IntN(len(values))]}
	if len(values) > 1 || c.IntN(8) == 0 {
		for _, s := range values {
			v.Multi = append(v.Multi, value{Value: s})
		}
	}
	return v
}

// event is CloudFront's event of a request, as JSON.
func event(c *cases, r request) string {
	lines := map[string][]string{}
	for _, line := range r.lines {
		name := strings.ToLower(line[0])
		lines[name] = append(lines[name], line[1])
	}
	type part = map[string]value
	headers, query := part{}, part{}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		headers[name] = told(c, lines[name])
	}
	values := r.values()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		query[name] = told(c, values[name])
	}
	text, err := json.Marshal(map[string]any{
		"version": "1.0", "context": map[string]string{"eventType": "viewer-request"},
		"request": map[string]any{"method": "GET", "uri": r.path, "headers": headers, "querystring": query, "cookies": part{}},
	})
	if err != nil {
		panic(err) // the test's own
	}
	return string(text)
}

// outcome is the request that the function lets go on.
type outcome struct {
	URI     string
	Headers map[string]value
	Query   []pair
}

// sent is the header and the query that the origin gets.
func (o outcome) sent() (http.Header, string) {
	h := http.Header{}
	for name, v := range o.Headers {
		for _, s := range v.all() {
			h.Add(name, s)
		}
	}
	var pairs []string
	for _, p := range o.Query {
		for _, s := range p.Values {
			pairs = append(pairs, p.Name+"="+s)
		}
	}
	return h, strings.Join(pairs, "&")
}

func (v value) all() []string {
	if len(v.Multi) == 0 {
		return []string{v.Value}
	}
	var all []string
	for _, m := range v.Multi {
		all = append(all, m.Value)
	}
	return all
}
