package edge

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/google/go-cmp/cmp"

	"github.com/plinth3d/plinth/origin"
)

// pair is a parameter that the function leaves, with all its values.
type pair struct {
	Name   string
	Values []string
}

// TestTheFunctionAgreesWithTheOrigin runs many requests through the function and through
// the origin's own selection: they choose the same, and the origin chooses the same
// again from what the function made of the request.
func TestTheFunctionAgreesWithTheOrigin(t *testing.T) {
	run := load(t)
	c := newCases(1)
	keys, sources, forms := map[string]int{}, map[origin.Source]int{}, map[string]int{}
	for n := range requests {
		r := c.request()
		out := run(t, event(c, r))
		want, _ := r.device()
		product := strings.HasPrefix(r.path, "/p/") && !strings.HasSuffix(r.path, ".json")
		key := ""
		if product {
			key = want.Class.String()
			keys[key]++
			sources[want.From]++
			forms[want.Form]++
		}
		header, query := out.sent()
		if got := strings.Join(header["Plinth-Class"], ", "); got != key {
			t.Fatalf("request %d: the function says %q, the origin %q from %s: %q", n, got, key, want.From, r)
		}
		if diff := cmp.Diff(r.left(product, want.Form), out.Query); diff != "" {
			t.Fatalf("request %d: the query that is left (-want +got): %s\n%q", n, diff, r)
		}
		want.From = origin.FromClass
		if got := origin.DeviceOf(header, query); product && got != want {
			t.Fatalf("request %d: behind the edge it is %+v, not %+v: %q", n, got, want, r)
		}
	}
	for _, class := range origin.Classes() {
		if n := keys[class.String()]; n < requests/100 {
			t.Errorf("only %d requests are of class %s", n, class)
		}
	}
	for _, form := range origin.DeviceRules().Forms {
		if n := forms[form]; n < requests/100 {
			t.Errorf("only %d requests are for the form %s", n, form)
		}
	}
	for _, from := range []origin.Source{origin.FromQuery, origin.FromHint, origin.FromCloudFront, origin.FromDefault} {
		if n := sources[from]; n < requests/50 {
			t.Errorf("only %d heights are from %s", n, from)
		}
	}
	if n := sum(keys); n < requests*2/3 {
		t.Errorf("only %d requests are for products", n)
	}
	t.Logf("%d requests for products; classes %v, heights from %v, forms %v", sum(keys), keys, sources, forms)
}

func sum(counts map[string]int) (n int) {
	for c := range maps.Values(counts) {
		n += c
	}
	return n
}

// device is what the origin would say without the edge. A class that a client sent does
// not count at the edge.
func (r request) device() (origin.Device, http.Header) {
	h := http.Header{}
	for _, line := range r.lines {
		h.Add(line[0], line[1])
	}
	h.Del("Plinth-Class")
	return origin.DeviceOf(h, r.query), h
}

// left is what ought to be left of a request's query.
func (r request) left(product bool, form string) []pair {
	var kept []pair
	if product && form != origin.DeviceRules().Forms[0] {
		kept = append(kept, pair{"form", []string{form}})
	}
	for _, name := range []string{"exp", "sig"} {
		if values := r.values()[name]; len(values) > 0 {
			kept = append(kept, pair{name, values})
		}
	}
	return kept
}

// values are the values of the query's parameters, as they stand in the URL.
func (r request) values() map[string][]string {
	all := map[string][]string{}
	for p := range strings.SplitSeq(r.query, "&") {
		if name, value, _ := strings.Cut(p, "="); p != "" {
			all[name] = append(all[name], value)
		}
	}
	return all
}

// load compiles the function and returns a way to run it on an event.
func load(t *testing.T) func(*testing.T, string) outcome {
	t.Helper()
	vm := goja.New()
	// CloudFront runs functions in strict mode. What comes back keeps its order.
	_, err := vm.RunString(`"use strict";` + Function() + `
function run(text) {
    const r = handler(JSON.parse(text)), query = [];
    for (const name in r.querystring) {
        const v = r.querystring[name];
        query.push({Name: name, Values: v.multiValue ? v.multiValue.map(m => m.value) : [v.value]});
    }
    return JSON.stringify({URI: r.uri, Headers: r.headers, Query: query});
}`)
	if err != nil {
		t.Fatal(err)
	}
	call, ok := goja.AssertFunction(vm.Get("run"))
	if !ok {
		t.Fatal("there is nothing to run")
	}
	return func(t *testing.T, text string) outcome {
		t.Helper()
		result, err := call(goja.Undefined(), vm.ToValue(text))
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		var out outcome
		if err := json.Unmarshal([]byte(result.String()), &out); err != nil {
			t.Fatal(err)
		}
		if len(out.Query) == 0 {
			out.Query = nil
		}
		return out
	}
}

func TestTheFunctionIsSmallEnough(t *testing.T) {
	if n := len(Function()); n > MaxBytes {
		t.Errorf("the function has %d bytes, more than %d", n, MaxBytes)
	} else {
		t.Logf("%d bytes", n)
	}
	if strings.Contains(Function(), "{{") {
		t.Error("a blank is not filled")
	}
}
