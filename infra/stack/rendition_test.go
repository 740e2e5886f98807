package stack

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// world is what CloudFront gives the function: a store of keys, and a choice of origins.
const world = `
let chosen = '';
const cf = {
	kvs: () => ({ exists: async (key) => { if (broken) { throw new Error('no store'); } return key === 'locked'; } }),
	selectRequestOriginById: (id) => { chosen = id; },
	createRequestOriginGroup: (g) => { chosen = g.originIds.map((o) => o.originId).join() + ' at ' + g.failoverCriteria.statusCodes.join(); },
};
`

func TestFilesAreFoundInTheBucket(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	for name, test := range map[string]struct {
		uri, query, origin, want string
		method                   string // GET where it is empty
		broken, standby          bool
	}{
		"a file is at its key":                             {uri: "/o/acme/" + hash + "/chair.glb", want: "/rendition/acme/" + hash + "?"},
		"what is in the query is of no use":                {uri: "/o/acme/" + hash + "/chair.webp", query: "utm", want: "/rendition/acme/" + hash + "?"},
		"a merchant's signed files come from the origin":   {uri: "/o/locked/" + hash + "/chair.glb", query: "sig", origin: "service", want: "/o/locked/" + hash + "/chair.glb?sig"},
		"or from the standby's, when that fails":           {uri: "/o/locked/" + hash + "/chair.glb", query: "sig", origin: "service,service-standby at 500,502,503,504", want: "/o/locked/" + hash + "/chair.glb?sig", standby: true},
		"a standby makes no difference to open files":      {uri: "/o/acme/" + hash + "/chair.glb", want: "/rendition/acme/" + hash + "?", standby: true},
		"what a browser may send the origin says":          {uri: "/o/acme/" + hash + "/chair.glb", method: "OPTIONS", origin: "service", want: "/o/acme/" + hash + "/chair.glb?"},
		"HEAD is as GET":                                   {uri: "/o/acme/" + hash + "/chair.glb", method: "HEAD", want: "/rendition/acme/" + hash + "?"},
		"without the store nobody is trusted":              {uri: "/o/acme/" + hash + "/chair.glb", origin: "service", want: "/o/acme/" + hash + "/chair.glb?", broken: true},
		"what is no hash is the origin's to refuse":        {uri: "/o/acme/" + hash[1:] + "/chair.glb", origin: "service", want: "/o/acme/" + hash[1:] + "/chair.glb?"},
		"what climbs is the origin's to refuse":            {uri: "/o/../" + hash + "/chair.glb", origin: "service", want: "/o/../" + hash + "/chair.glb?"},
		"what has no known type is the origin's to refuse": {uri: "/o/acme/" + hash + "/chair.exe", origin: "service", want: "/o/acme/" + hash + "/chair.exe?"},
	} {
		t.Run(name, func(t *testing.T) {
			if origin, got := handle(t, renditionFunction(test.standby), cmp.Or(test.method, "GET"), test.uri, test.query, test.broken); got != test.want || origin != test.origin {
				t.Errorf("got %s from %q, want %s from %q", got, origin, test.want, test.origin)
			}
		})
	}
}

func handle(t *testing.T, function, method, uri, query string, broken bool) (origin, sent string) {
	t.Helper()
	code, found := strings.CutPrefix(function, "import cf from 'cloudfront';\n") // has to be the first line
	if !found {
		t.Fatal("the function begins with something else")
	}
	vm := goja.New()
	if err := vm.Set("broken", broken); err != nil {
		t.Fatal(err)
	}
	parameters := map[string]any{}
	if query != "" {
		parameters[query] = map[string]any{"value": "1"}
	}
	event, err := json.Marshal(map[string]any{"request": map[string]any{"method": method, "uri": uri, "querystring": parameters}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = vm.RunString(world + code + `
let sent = 'nothing';
handler(` + string(event) + `).then((r) => { sent = r.uri + '?' + Object.keys(r.querystring).join('&'); }, (e) => { sent = String(e); });`)
	if err != nil {
		t.Fatal(err)
	}
	value, err := vm.RunString(`[chosen, sent]`)
	if err != nil {
		t.Fatal(err)
	}
	pair := value.Export().([]any)
	return pair[0].(string), pair[1].(string)
}
