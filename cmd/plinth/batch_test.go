package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// quick writes a recipe with one level of one form.
func quick(t *testing.T, height int) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "recipe.json")
	text := fmt.Sprintf(`{"name": "quick%d", "forms": ["universal"], "levels": [{"height": %d}]}`, height, height)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// started is plinth as a process of its own.
func started(t *testing.T, env []string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), "PLINTH_TEST_MAIN=1"), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &out
}

// does runs plinth as a process of its own, to its end, which must be a good one.
func does(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd, out := started(t, env, args...)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out.String()
}

// report reads how a plan stands.
func report(t *testing.T, text string) (r batchReport) {
	t.Helper()
	if err := json.Unmarshal([]byte(text[strings.Index(text, `{"plan"`):]), &r); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return r
}

// whole checks that each manifest of a folder names files that are there.
func whole(t *testing.T, dir string) (models int) {
	t.Helper()
	manifests, err := filepath.Glob(filepath.Join(dir, "*", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range manifests {
		text, err := os.ReadFile(file)
		var m asset.Manifest
		if err == nil {
			err = json.Unmarshal(text, &m)
		}
		if err != nil || len(m.Levels) == 0 {
			t.Errorf("%s: %d levels, %v", file, len(m.Levels), err)
		}
		for _, l := range m.Levels {
			for _, r := range l.Renditions {
				if data, err := os.ReadFile(filepath.Join(filepath.Dir(file), r.Key)); err != nil || asset.Hash(data) != r.SHA256 {
					t.Errorf("%s: %s is not what it says (%v)", file, r.Key, err)
				}
			}
		}
	}
	return len(manifests)
}

// written says when the manifests of a folder were.
func written(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]time.Time{}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		times[file] = info.ModTime()
	}
	return times
}

func TestABatchOverAFolderIsKilledAndGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in, out, plan := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "plan.json")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	const models = 8
	for n := range models { // the same models under several names
		if err := os.WriteFile(filepath.Join(in, fmt.Sprintf("model %d.glb", n)), sample(t, []string{"rack", "lamp"}[n%2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(in, "bad.glb"), []byte("not glTF"), 0o644); err != nil {
		t.Fatal(err)
	}
	planned := does(t, nil, "batch", "plan", in, "-o", out, "--plan", plan, "--sample", "2", "--recipe", quick(t, 640))
	if !strings.Contains(planned, "CPU seconds (") || !strings.Contains(planned, "dollars") || !strings.Contains(planned, "To do it: plinth batch run "+plan) {
		t.Errorf("the plan is\n%s", planned)
	}
	cmd, talk := started(t, nil, "batch", "run", plan, "--canary", "0", "--rate", "10")
	for whole(t, out) < 2 {
		if cmd.ProcessState != nil || t.Context().Err() != nil {
			t.Fatalf("it ended before it was killed\n%s", talk)
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it ends by the signal
	before := written(t, out)
	if whole(t, out) == models {
		t.Fatal("it was done before it was killed")
	}
	// The bad one fails, and is one of nine: that is allowed here.
	code, text, errs := plinth(t, "batch", "run", plan, "--stop-on", "50%", "--json")
	r := report(t, text)
	if code != exitInput || r.Ready != models || r.Live != models || r.Failed != 1 || whole(t, out) != models {
		t.Fatalf("exit %d: %+v\n%s", code, r, errs)
	}
	if f := r.Failures[0]; f.Model != "bad" || !strings.Contains(f.Reason, "is not glTF") || !strings.Contains(f.Reproduce, "plinth convert ") {
		t.Errorf("the failure is %+v", f)
	}
	after := written(t, out)
	for file, at := range before {
		if after[file] != at {
			t.Errorf("%s is made again", file)
		}
	}
	made := tree(t, out)
	if code, text, _ := plinth(t, "batch", "run", plan, "--json"); code != exitInput || report(t, text).Ready != models || tree(t, out) != made {
		t.Errorf("a second run: exit %d: %s", code, text)
	}
	if code, _, errs := plinth(t, "batch", "run", plan, "--retry", "--stop-on", "0%"); code != exitInput || !strings.Contains(errs, "stopped: ") || strings.Contains(errs, "go back") {
		t.Errorf("stopped, with nothing to go back to: exit %d: %s", code, errs)
	}
	if left, err := filepath.Glob(filepath.Join(out, ".plinth-batch", "*", "*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}

	// Another recipe, and back.
	next := filepath.Join(dir, "next.json")
	if code, _, errs := plinth(t, "batch", "plan", in, "-o", out, "--plan", next, "--sample", "0", "--recipe", quick(t, 320), "--model", "model-*"); code != exitOK {
		t.Fatal(errs)
	}
	if code, text, errs := plinth(t, "batch", "run", next, "--json"); code != exitOK || report(t, text).Ready != models || tree(t, out) == made {
		t.Fatalf("exit %d: %s%s", code, text, errs)
	}
	for range 2 {
		if code, text, errs := plinth(t, "batch", "rollback", next); code != exitOK || !strings.Contains(text, "models are rolled back") {
			t.Fatalf("exit %d: %s%s", code, text, errs)
		}
		if tree(t, out) != made {
			t.Error("the folder is not as it was before")
		}
	}
	if code, _, errs := plinth(t, "batch", "run", next); code != exitInput || !strings.Contains(errs, "plan again") {
		t.Errorf("run after a rollback: exit %d: %s", code, errs)
	}
}

// published uploads models and waits until they are live.
func (p *process) published(names ...string) {
	p.t.Helper()
	for _, name := range names {
		if answer, text := p.ask("PUT", "/v1/models/"+name, sample(p.t, name)); answer.StatusCode != http.StatusAccepted {
			p.t.Fatalf("%s: %s", answer.Status, text)
		}
	}
	for _, name := range names {
		if last, _ := p.follow(name); last.State != asset.Ready {
			p.t.Fatalf("%s is %+v\n%s", name, last, p.log)
		}
	}
}

// version is what the origin says is live.
func (p *process) version(model string) string {
	p.t.Helper()
	_, text := p.ask("GET", "/p/default/"+model+".json", nil)
	var m asset.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		p.t.Fatalf("%v: %s", err, text)
	}
	return m.Version
}

func TestABatchBesideAServerAndBack(t *testing.T) {
	t.Parallel()
	s3, data, plan := s3test.New(t), t.TempDir(), filepath.Join(t.TempDir(), "plan.json")
	env := append(s3.Env(), "PLINTH_STORE=s3://bucket", "PLINTH_DATA="+data, "PLINTH_RECIPE="+quick(t, 320))
	p := serve(t, data, env...)
	p.published("rack", "lamp")
	before := map[string]string{"rack": p.version("rack"), "lamp": p.version("lamp")}

	env[len(env)-1] = "PLINTH_RECIPE=" + quick(t, 640)
	does(t, env, "batch", "plan", "--plan", plan, "--sample", "1")
	if r := report(t, does(t, env, "batch", "status", plan, "--json")); r.Left != 2 || r.Models != 2 {
		t.Errorf("before it is run: %+v", r)
	}
	if r := report(t, does(t, env, "batch", "run", plan, "--json", "--canary", "50%")); r.Ready != 2 || r.Live != 2 {
		t.Fatalf("got %+v\n%s", r, p.log)
	}
	s3.Forget()
	if r := report(t, does(t, env, "batch", "run", plan, "--json")); r.Ready != 2 || s3.Count("PUT", "") != 0 {
		t.Errorf("a second run uploads %d objects: %+v", s3.Count("PUT", ""), r)
	}
	if out := does(t, env, "batch", "plan", "--plan", filepath.Join(data, "other.json")); !strings.Contains(out, "2 are made by it") {
		t.Errorf("a second plan is\n%s", out)
	}

	// The origin asks the catalog each second: within that it serves what was before.
	for deadline := time.Now().Add(10 * time.Second); p.version("rack") == before["rack"]; {
		if time.Now().After(deadline) {
			t.Fatal("what the batch made is not served")
		}
	}
	does(t, env, "batch", "rollback", plan)
	done := time.Now()
	for model, want := range before {
		for p.version(model) != want {
			if time.Since(done) > 10*time.Second {
				t.Fatalf("%s is not what it was before", model)
			}
		}
	}
	t.Logf("the origin served what was before %s after the rollback had ended", time.Since(done))
	if r := report(t, does(t, env, "batch", "status", plan, "--json")); r.Live != 0 || r.Ready != 2 || !r.RolledBack {
		t.Errorf("after the rollback: %+v", r)
	}
}

func TestABatchIsKilledAndWorksItself(t *testing.T) {
	t.Parallel()
	data, plan := t.TempDir(), filepath.Join(t.TempDir(), "plan.json")
	env := []string{"PLINTH_DATA=" + data, "PLINTH_RECIPE=" + quick(t, 320)}
	p := serve(t, data, env...)
	names := []string{"rack", "lamp", "flag", "fern"}
	p.published(names...)
	if err := p.end(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	env[1] = "PLINTH_RECIPE=" + quick(t, 2592)
	does(t, env, "batch", "plan", "--plan", plan, "--sample", "0")
	cmd, talk := started(t, env, "batch", "run", plan, "--canary", "0", "--concurrency", "2")
	c := catalog(t, data)
	newest := func(state asset.State) (n int) {
		for _, name := range names {
			v, err := c.Newest(t.Context(), asset.Merchant, name)
			if err != nil {
				t.Fatal(err)
			}
			if v.Recipe.Name == "quick2592" && v.State == state {
				n++
			}
		}
		return n
	}
	for newest(asset.Ready) == 0 {
		if t.Context().Err() != nil {
			t.Fatalf("it makes nothing\n%s", talk)
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it ends by the signal
	done := newest(asset.Ready)
	r := report(t, does(t, env, "batch", "run", plan, "--json"))
	if r.Ready != len(names) || r.Live != len(names) {
		t.Fatalf("got %+v", r)
	}
	journal, err := os.ReadFile(journalOf(plan))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d were made before the kill", done, len(names))
	if n := bytes.Count(journal, []byte(`"sent"`)); n > len(names)+2 {
		t.Errorf("%d were sent in all:\n%s", n, journal)
	}
	// Only those that were at hand were tried twice.
	for _, name := range names {
		v, err := c.Newest(t.Context(), asset.Merchant, name)
		if err != nil || v.Attempts > 2 {
			t.Errorf("%s: %d attempts, %v", name, v.Attempts, err)
		}
	}
}

// The lane for what nobody waits for, with either catalog.
func TestABatchOnSQS(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"local", "dynamodb"} {
		t.Run("with the catalog "+where, func(t *testing.T) {
			t.Parallel()
			sqs, s3, data, plan := line(t), s3test.New(t), t.TempDir(), filepath.Join(t.TempDir(), "plan.json")
			env := append(append(sqs.Env(), s3.Env()...), "PLINTH_STORE=s3://bucket", "PLINTH_QUEUE=sqs://plinth", "PLINTH_LANES=interactive=2,backfill=1",
				"PLINTH_DATA="+data, "PLINTH_RECIPE="+quick(t, 320))
			if where == "dynamodb" {
				env = append([]string{"PLINTH_CATALOG=" + newTable(t)}, env...)
			}
			p := serve(t, data, env...)
			p.published("rack", "lamp")
			before := p.version("rack")
			env[len(env)-1] = "PLINTH_RECIPE=" + quick(t, 640)
			does(t, env, "batch", "plan", "--plan", plan, "--sample", "1")
			if r := report(t, does(t, env, "batch", "run", plan, "--json", "--canary", "50%")); r.Ready != 2 || r.Live != 2 {
				t.Fatalf("got %+v\n%s", r, p.log)
			}
			sent := sqs.Count("SendMessage", "plinth-backfill")
			if r := report(t, does(t, env, "batch", "run", plan, "--json")); r.Ready != 2 || sent != 2 || sqs.Count("SendMessage", "plinth-backfill") != 2 {
				t.Errorf("%d were sent at first: %+v", sent, r)
			}
			does(t, env, "batch", "rollback", plan)
			if list := lines[asset.Version](t, does(t, env, "versions", "list", "rack", "--json")); len(list) != 2 || !list[1].Live || list[1].Version != before {
				t.Errorf("after the rollback: %+v", list)
			}
			if out := does(t, env, "batch", "plan", "--plan", plan); !strings.Contains(out, "2 were rolled back") {
				t.Errorf("a plan after the rollback is\n%s", out)
			}
		})
	}
}

// newTable makes a table for a catalog on the DynamoDB Local that the environment names.
func newTable(t *testing.T) string {
	t.Helper()
	if os.Getenv("PLINTH_AWS_PEERS") == "" || os.Getenv("AWS_ENDPOINT_URL_DYNAMODB") == "" {
		t.Skip("this test needs DynamoDB Local: .ci/peers/dynamodb/start runs it; PLINTH_AWS_PEERS=1 and AWS_ENDPOINT_URL_DYNAMODB say that it may be used and where it is; it takes credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION")
	}
	url := "dynamodb://plinth-" + rand.Text()
	c, err := cloud.OpenCatalog(t.Context(), url)
	if err == nil {
		err = c.CreateTable(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func TestABatchOfEverybody(t *testing.T) {
	data := t.TempDir()
	c := catalog(t, data)
	for _, merchant := range []string{"acme", "zeta", "acme"} {
		v := asset.Version{Merchant: merchant, Model: "chair", Version: "1", Unit: "m", Source: "s"}
		if _, err := c.Submit(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		_, epoch, err := c.Claim(t.Context(), v.Ref(), 0)
		if errors.Is(err, asset.ErrConflict) {
			continue // it is there
		}
		if err == nil {
			err = c.Publish(t.Context(), v.Ref(), epoch, asset.Manifest{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for merchant, want := range map[string]int{"*": 2, "acme": 1, "default": 0, "acme,zeta": 2} {
		code, out, errs := plinth(t, "batch", "plan", "--data", data, "--plan", filepath.Join(data, "plan.json"), "--sample", "0", "--json", "--merchant", merchant)
		var p pipeline.BatchPlan
		if err := json.Unmarshal([]byte(out), &p); code != exitOK || err != nil || len(p.Models) != want {
			t.Errorf("--merchant %s: exit %d, %d models, want %d: %s", merchant, code, len(p.Models), want, errs)
		}
	}
}

func TestBatchesThatCanNotBe(t *testing.T) {
	dir := t.TempDir()
	plan := filepath.Join(dir, "plan.json")
	catalog(t, dir)
	if code, _, errs := plinth(t, "batch", "plan", "--data", dir, "--plan", plan); code != exitOK {
		t.Fatal(errs)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"batch plan " + dir, exitUsage, "needs FOLDER and -o OUT"},
		{"batch plan nowhere -o " + dir, exitInput, "nowhere"},
		{"batch plan --model [a --data " + dir, exitInput, "no pattern"},
		{"batch plan " + samples + " -o " + dir + " --model rack --sample 1 --prices " + plan + " --plan " + plan + "2", exitInput, "read the prices in " + plan},
		{"batch plan --sample -1 --data " + dir, exitUsage, "--sample is -1"},
		{"batch plan --unit cm --data " + dir, exitUsage, "a server takes models in meters"},
		{"batch run", exitUsage, "wants one plan"},
		{"batch run nothing.json", exitInput, "nothing.json"},
		{"batch run " + samples + "fern.glb", exitInput, "it is no plan"},
		{"batch run " + plan + " --rate 0", exitUsage, "--rate is 0"},
		{"batch run " + plan + " --canary 120%", exitUsage, "no share"},
		{"batch run " + plan + " --catalog dynamodb://plinth", exitUsage, "the plan is for --catalog local"},
		{"batch status nothing.json", exitInput, "nothing.json"},
		{"batch rollback nothing.json", exitInput, "nothing.json"},
		{"batch fly", exitUsage, "unknown command"},
	} {
		if code, _, errs := plinth(t, strings.Fields(c.args)...); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit %d, want %d and %q: %s", c.args, code, c.code, c.says, errs)
		}
	}
}
