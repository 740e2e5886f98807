package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/plinth3d/plinth/"

// floors holds which package stands on which floor. Imports go down, or stay on a
// floor where the table says so. A new package gets its line here first.
var floors = map[string]int{
	"mesh": 0, "mesh/draco": 0, "mesh/meshopt": 0, "mesh/meshtest": 0, "textures": 0, "textures/jpeg": 0, "pipeline/asset": 0, "pipeline/asset/assettest": 0, "pipeline/ledger": 0, "pipeline/prices": 0, "pipeline/lambda": 0, "pipeline/lambda/lambdatest": 0, "pipeline/cloud/envtest": 0,
	"mesh/scene": 1, "mesh/glb": 1, "pipeline/local": 1, "pipeline/cloud": 1, "pipeline/cloud/s3test": 1, "pipeline/cloud/sqstest": 1, "pipeline/cloud/surveytest": 1, "pipeline/doctor": 1, "pipeline/cloud/awstest": 1, "testdata/models": 1, "pipeline/metrics": 1,
	"pipeline": 2, "origin/cache": 2, "pipeline/metrics/metricstest": 2,
	"pipeline/intake": 3, "origin": 3, "origin/edge": 3, "origin/viewer": 3,
	"cmd/plinth": 4, "testdata/models/generate": 4, "benchmarks/geometry": 4, "benchmarks/textures": 4, "benchmarks/origin": 4, "benchmarks/chaos": 4, "benchmarks/fleet": 4,
}

// sideways are the imports within a floor.
var sideways = []string{
	"mesh/meshtest -> mesh", "pipeline/asset/assettest -> pipeline/asset", "pipeline/cloud/awstest -> pipeline/cloud", "pipeline/ledger -> pipeline/asset", "pipeline/cloud -> pipeline/doctor",
	"origin/edge -> origin", "textures -> textures/jpeg", "origin/viewer -> origin", "mesh/glb -> mesh/scene", "testdata/models -> mesh/glb", "testdata/models -> mesh/scene",
}

// only says who alone may import a module; "" is nobody.
var only = map[string]string{
	"github.com/spf13/cobra":            "cmd/plinth",
	"github.com/aws/":                   "pipeline/cloud",
	"github.com/qmuntal/gltf":           "mesh/glb",
	"github.com/disintegration/imaging": "benchmarks/textures",
	"github.com/chai2010/webp":          "textures",
	"github.com/gen2brain/jpegli":       "",
	"github.com/gen2brain/webp":         "textures",
	"modernc.org/sqlite":                "pipeline/local",
	"github.com/jackc/pgx":              "pipeline/cloud",
	"github.com/nats-io/":               "pipeline/local",
	"github.com/vbauerster/mpb/v8":      "cmd/plinth",
	"github.com/jedib0t/go-pretty/v6":   "cmd/plinth",
}

// forbidden says what packages that compute must not import.
var forbidden = map[string][]string{
	"mesh":           {"os", "net/http", "time", "log/slog", "math/rand", "math/rand/v2"},
	"textures":       {"os", "net/http", "time", "log/slog", "math/rand", "math/rand/v2"},
	"textures/jpeg":  {"os", "net/http", "time", "log/slog", "math/rand", "math/rand/v2"},
	"mesh/draco":     {"os", "net/http", "time", "log/slog", "math/rand", "math/rand/v2"},
	"mesh/scene":     {"os", "net/http", "time", "log/slog"},
	"mesh/glb":       {"os", "net/http", "time", "log/slog"},
	"pipeline/asset": {"net/http"},
	"origin":         {module + "pipeline"},
}

func TestImportsGoDown(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...", "./testdata/models/...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	seen := map[string]bool{}
	for dec.More() {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		floor, known := floors[name]
		if !known {
			t.Errorf("%s has no floor", name)
		}
		seen[name] = true
		for _, i := range p.Imports {
			if slices.Contains(forbidden[name], i) {
				t.Errorf("%s imports %s", name, i)
			}
			for lib, owner := range only {
				if strings.HasPrefix(i, lib) && name != owner {
					t.Errorf("%s imports %s, which only %q may", name, i, owner)
				}
			}
			to, ours := strings.CutPrefix(i, module)
			if ours && floors[to] >= floor && !slices.Contains(sideways, name+" -> "+to) {
				t.Errorf("%s (floor %d) imports %s (floor %d)", name, floor, to, floors[to])
			}
			if name == "pipeline/asset" && strings.Contains(i, ".") {
				t.Errorf("%s imports %s, not only the standard library", name, i)
			}
		}
	}
	for name := range floors {
		if !seen[name] {
			t.Errorf("%s has a floor and is not there", name)
		}
	}
}
