package edge

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
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
		product := strings.HasPrefix(r.path, "/p/")
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

// TestTheFunctionUsesOldJavaScript holds the function to kinds of syntax of ECMAScript
// 5.1, and let and const: the runtime at the edge has few of the later ones.
func TestTheFunctionUsesOldJavaScript(t *testing.T) {
	allowed := strings.Fields(`ArrayLiteral AssignExpression BinaryExpression Binding BlockStatement BracketExpression CallExpression
		ConditionalExpression DotExpression ExpressionStatement ForLoopInitializerLexicalDecl ForStatement FunctionDeclaration
		FunctionLiteral Identifier IfStatement LexicalDeclaration NumberLiteral ObjectLiteral ParameterList Program PropertyKeyed
		RegExpLiteral ReturnStatement StringLiteral UnaryExpression`)
	kinds := syntax(t, Function())
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if !slices.Contains(allowed, kind) {
			t.Errorf("the function has a %s", kind)
		}
	}
	if !kinds["LexicalDeclaration"] || !kinds["RegExpLiteral"] {
		t.Errorf("the function is not read: it has only %v", kinds)
	}
	for text, kind := range map[string]string{"for (const x of []) {}": "ForOfStatement", "const f = () => 1;": "ArrowFunctionLiteral", "a?.b;": "OptionalChain"} {
		if !syntax(t, text)[kind] {
			t.Errorf("%s: found only %v", text, syntax(t, text))
		}
	}
}

// syntax is the kinds of nodes that a program has.
func syntax(t *testing.T, text string) map[string]bool {
	t.Helper()
	program, err := parser.ParseFile(nil, "", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds, seen := map[string]bool{}, map[any]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Interface:
			walk(v.Elem())
		case reflect.Pointer:
			if v.IsNil() || seen[v.Interface()] {
				return
			}
			seen[v.Interface()] = true
			if _, is := v.Interface().(ast.Node); is {
				kinds[v.Elem().Type().Name()] = true
			}
			walk(v.Elem())
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		}
	}
	walk(reflect.ValueOf(program))
	return kinds
}
