package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/plinth3d/plinth/infra/config"
)

// What the CDK makes takes seconds, so each installation is made once, by one process, for
// all tests.

// resource is one of a template.
type resource struct {
	env, stack, id string
	kind           string
	props          map[string]any
	raw            map[string]any
}

func (r resource) String() string { return r.stack + "/" + r.id + " (" + r.kind + ")" }

// made is an installation as templates.
type made struct {
	env       string
	config    *config.Config
	dir       string
	templates map[string]map[string]any // by stack
	resources []resource                // by stack and ID
	exports   map[string]string         // value of an export: STACK/ID.ATTRIBUTE
}

var (
	folder string
	cache  = map[string]func() (*made, error){}
)

func TestMain(m *testing.M) {
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	var err error
	if folder, err = os.MkdirTemp("", "plinth-infra-*"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	end, err := Runtime()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer end() //nolint:errcheck // the same
	for _, env := range config.Envs {
		cache[env] = sync.OnceValues(func() (*made, error) {
			c, err := config.Load(env)
			if err != nil {
				return nil, err
			}
			return synth(env, c)
		})
	}
	return m.Run()
}

// synth makes an installation. What the CDK's validation finds is a panic there and an
// error here.
func synth(env string, c *config.Config) (m *made, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("synth of %s: %v", env, p)
		}
	}()
	dir := filepath.Join(folder, env)
	app, err := New(c, dir)
	if err != nil {
		return nil, err
	}
	app.Synth(nil)
	m = &made{env: c.Env, config: c, dir: dir, templates: map[string]map[string]any{}, exports: map[string]string{}}
	return m, m.read()
}

func (m *made) read() error {
	files, err := filepath.Glob(filepath.Join(m.dir, "*.template.json"))
	if err != nil {
		return err
	}
	for _, f := range files {
		var t map[string]any
		if err := load(f, &t); err != nil {
			return err
		}
		stack := strings.TrimSuffix(filepath.Base(f), ".template.json")
		m.templates[stack] = t
		all, _ := t["Resources"].(map[string]any)
		for _, id := range slices.Sorted(maps.Keys(all)) {
			raw := all[id].(map[string]any)
			props, _ := raw["Properties"].(map[string]any)
			m.resources = append(m.resources, resource{m.env, stack, id, raw["Type"].(string), props, raw})
		}
		outputs, _ := t["Outputs"].(map[string]any)
		for _, o := range outputs {
			if e, ok := at(o, "Export", "Name").(string); ok {
				m.exports[e] = m.name(stack, at(o, "Value"))
			}
		}
	}
	return nil
}

func load(file string, v any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// installation makes one, or fails the test.
func installation(t *testing.T, env string) *made {
	t.Helper()
	m, err := cache[env]()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// each runs a test on all installations.
func each(t *testing.T, test func(t *testing.T, m *made)) {
	for _, env := range config.Envs {
		t.Run(env, func(t *testing.T) { test(t, installation(t, env)) })
	}
}

// of are the resources of a kind, "SQS::Queue". There has to be one.
func (m *made) of(t *testing.T, kind string) []resource {
	t.Helper()
	found := m.maybe(kind)
	if len(found) == 0 {
		t.Errorf("%s has no AWS::%s", m.env, kind)
	}
	return found
}

func (m *made) maybe(kind string) (found []resource) {
	for _, r := range m.resources {
		if r.kind == "AWS::"+kind {
			found = append(found, r)
		}
	}
	return found
}

// at goes down a path of keys and indexes, nil where it ends.
func at(v any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

func (r resource) at(path ...any) any { return at(r.props, path...) }

// list is what is there as a list: nothing, one, several.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// name makes what refers to a resource readable and comparable across stacks:
// STACK/ID.ATTRIBUTE, and pieces that are joined with all that is known of them.
func (m *made) name(stack string, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64, bool:
		return fmt.Sprint(v)
	case map[string]any:
		if ref, ok := v["Ref"].(string); ok {
			return stack + "/" + ref
		}
		if get := list(v["Fn::GetAtt"]); len(get) == 2 {
			return fmt.Sprintf("%s/%v.%v", stack, get[0], get[1])
		}
		if imported, ok := v["Fn::ImportValue"].(string); ok {
			if known, ok := m.exports[imported]; ok {
				return known
			}
			return "import:" + imported
		}
		if join := list(v["Fn::Join"]); len(join) == 2 {
			var parts []string
			for _, p := range list(join[1]) {
				parts = append(parts, m.name(stack, p))
			}
			return strings.Join(parts, fmt.Sprint(join[0]))
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error() // of JSON that was just read
	}
	return string(text)
}

func (m *made) nameOf(r resource, path ...any) string { return m.name(r.stack, r.at(path...)) }
