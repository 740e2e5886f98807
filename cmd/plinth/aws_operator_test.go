package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
)

// awsRun runs a command to its end and returns what it says.
func awsRun(t *testing.T, r *awstest.Relay, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), "PLINTH_TEST_MAIN=1", "PLINTH_DATA="+t.TempDir()), r.Env()...)
	var talk bytes.Buffer
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("plinth %v: %v: %s%s", args, err, out, &talk)
	}
	return string(out)
}

// awsOperator does all that operators do from a command line.
func awsOperator(t *testing.T, called *calledBy) {
	p := awsPlace(t, 5*time.Second)
	operator := called.relay(t, "operator")
	do := func(withQueue bool, words ...string) string {
		t.Helper()
		return awsRun(t, operator, append(words, p.Flags(withQueue)...)...)
	}
	says := func(out string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%q is missing in %s", w, out)
			}
		}
	}
	unwanted := awsVersion("unwanted", small(t, 90))
	if _, err := p.Catalog.Submit(t.Context(), unwanted); err != nil {
		t.Fatal(err)
	}
	says(do(false, "jobs", "bury", "acme/unwanted", "--reason", "nobody wants it"), "unwanted")
	says(do(false, "jobs", "show", "acme/unwanted"), "nobody wants it")

	awsWorker(t, called.relay(t, "worker"), p)
	var versions []string
	for n := range 2 {
		v := awsUpload(t, p, "bowl", small(t, 91+n))
		awsAwait(t, p, v.Model, in(asset.Ready, asset.Failed))
		versions = append(versions, v.Version)
	}
	live := func(want string) {
		t.Helper()
		if m, err := p.Catalog.Current(t.Context(), "acme", "bowl"); err != nil || m.Version != want {
			t.Errorf("%s is live, not %s: %v", m.Version, want, err)
		}
	}
	live(versions[1])
	says(do(false, "versions", "list", "bowl", "--merchant", "acme"), versions...)
	do(false, "versions", "rollback", "bowl", "--merchant", "acme")
	live(versions[0])
	do(false, "versions", "publish", "bowl", versions[1], "--merchant", "acme")
	live(versions[1])

	recipe, plan := filepath.Join(t.TempDir(), "recipe.json"), filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(recipe, []byte(`{"name": "lean", "forms": ["universal"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	do(false, "batch", "plan", "--merchant", "acme", "--recipe", recipe, "--plan", plan, "--sample", "1")
	do(true, "batch", "run", plan, "--quiet", "--canary", "100%")
	says(do(false, "batch", "status", plan, "--json"), `"live":1`, `"failures":[]`)
	if m, err := p.Catalog.Current(t.Context(), "acme", "bowl"); err != nil || m.Recipe.Name != "lean" {
		t.Errorf("the recipe is %q, %v", m.Recipe.Name, err)
	}
	do(false, "batch", "rollback", plan)
	live(versions[1])
	do(false, "sweep")
	says(do(true, "jobs", "list", "--state", "failed,ready"), "bowl", "unwanted")
}

// awsRedrive sees a dead letter, and sends its job again.
func awsRedrive(t *testing.T, called *calledBy, p *awstest.Installation, v asset.Version) {
	t.Helper()
	operator := called.relay(t, "operator")
	for _, words := range [][]string{{"jobs", "list", "--dead"}, {"jobs", "show", "acme/" + v.Model}} {
		if out := awsRun(t, operator, slices.Concat(words, p.Flags(true))...); !strings.Contains(out, v.Model) || !strings.Contains(out, v.Failure.Reason) {
			t.Errorf("%v says %s", words, out)
		}
	}
	awsRun(t, operator, slices.Concat([]string{"jobs", "redrive", "acme/" + v.Model}, p.Flags(true))...)
}
