package stack

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth3d/plinth/infra/config"
)

// Templates are what is deployed, so a change of them is read before it is merged: run
// `GOLDEN=update go test ./stack` and look at the diff. What differs by machine and not by
// what is deployed (metadata, the bootstrap version) is left out.
func TestTemplatesAreAsReviewed(t *testing.T) {
	update := os.Getenv("GOLDEN") == "update"
	for _, env := range config.Envs {
		m := installation(t, env)
		dir := filepath.Join("testdata", env)
		var claimed []string
		for stack, template := range m.templates {
			file := strings.TrimPrefix(stack, m.config.Name()+"-") + ".json"
			claimed = append(claimed, file)
			got := normal(template)
			path := filepath.Join(dir, file)
			if update {
				write(t, path, got)
				continue
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Error(err)
				continue
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not as reviewed; GOLDEN=update go test ./stack rewrites it (- reviewed, + made):\n%s", path, cmp.Diff(lines(want), lines(got)))
			}
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !slices.Contains(claimed, f.Name()) {
				t.Errorf("%s is of no stack", filepath.Join(dir, f.Name()))
			}
		}
	}
}

func lines(text []byte) []string { return strings.Split(string(text), "\n") }

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// normal is a template without what is the same everywhere, keys in order, and what fits in
// a line in one.
func normal(template map[string]any) []byte {
	copied := maps.Clone(template)
	delete(copied, "Rules")
	if all, ok := template["Parameters"].(map[string]any); ok {
		parameters := maps.Clone(all)
		delete(parameters, "BootstrapVersion")
		copied["Parameters"] = parameters
	}
	resources := map[string]any{}
	for id, r := range template["Resources"].(map[string]any) {
		kept := maps.Clone(r.(map[string]any))
		delete(kept, "Metadata")
		resources[id] = kept
	}
	copied["Resources"] = resources
	return append(compact(copied, ""), '\n')
}

const width = 160

func compact(v any, indent string) []byte {
	line := flat(v)
	if len(indent)+len(line) <= width {
		return line
	}
	inner := indent + " "
	var parts [][]byte
	brackets := "[]"
	switch v := v.(type) {
	case map[string]any:
		brackets = "{}"
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, slices.Concat([]byte(inner), flat(k), []byte(": "), compact(v[k], inner)))
		}
	case []any:
		for _, e := range v {
			parts = append(parts, slices.Concat([]byte(inner), compact(e, inner)))
		}
	default:
		return line
	}
	return slices.Concat([]byte(brackets[:1]+"\n"), bytes.Join(parts, []byte(",\n")), []byte("\n"+indent+brackets[1:]))
}

// flat is a value in one line, with keys in order.
func flat(v any) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // it came from JSON
	}
	return bytes.TrimSpace(out.Bytes())
}
