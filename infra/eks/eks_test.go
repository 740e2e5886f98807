package eks

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v2"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/role"
)

func render(t *testing.T) []byte {
	t.Helper()
	c, err := config.Load("prod")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Render(&out, c, "111122223333"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestManifestsAreAsReviewed(t *testing.T) {
	const file = "testdata/prod.yaml"
	got := render(t)
	if os.Getenv("GOLDEN") == "update" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not as reviewed; GOLDEN=update go test ./eks rewrites it (- reviewed, + made):\n%s", file, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
	}
}

// What is written is YAML, and says what was meant.
func TestManifestsAreYAML(t *testing.T) {
	c, err := config.Load("prod")
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(render(t)))
	for i, o := range manifests(c, "111122223333") {
		var got any
		if err := d.Decode(&got); err != nil {
			t.Fatalf("object %d: %v", i, err)
		}
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var want any
		if err := yaml.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("object %d (- meant, + written):\n%s", i, diff)
		}
	}
	var more any
	if err := d.Decode(&more); err != io.EOF {
		t.Errorf("there is more: %v, %v", more, err)
	}
}

func TestPodsAreStartedAsTasksAre(t *testing.T) {
	c, err := config.Load("prod")
	if err != nil {
		t.Fatal(err)
	}
	started := 0
	for _, o := range manifests(c, "111122223333") {
		if o["kind"] != "Deployment" {
			continue
		}
		started++
		pod := o["spec"].(object)["template"].(object)["spec"].(object)
		container := pod["containers"].([]any)[0].(object)
		args := container["args"].([]string)
		if !slices.Contains([]string{"worker", "origin"}, args[0]) || !slices.Contains(args, "dynamodb://plinth-prod-catalog") {
			t.Errorf("it is started with %q", args)
		}
		if pod["terminationGracePeriodSeconds"] != 120 || pod["securityContext"].(object)["runAsUser"] != role.User {
			t.Errorf("%s: %v", args[0], pod)
		}
		if container["securityContext"].(object)["readOnlyRootFilesystem"] != true {
			t.Errorf("%s can write everywhere", args[0])
		}
	}
	if started != 2 {
		t.Errorf("%d deployments, want 2", started)
	}
}
