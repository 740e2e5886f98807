package main

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// lines reads JSON, one value a line.
func lines[T any](t *testing.T, text string) (all []T) {
	t.Helper()
	for line := range strings.Lines(text) {
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, v)
	}
	return all
}

// A file that can't be read for a while becomes a dead letter; once it can, it is a product.
func TestPoisonIsRedrivenAfterAFix(t *testing.T) {
	t.Parallel()
	sqs, s3, data := line(t), s3test.New(t), t.TempDir()
	env := append(append(sqs.Env(), s3.Env()...), "PLINTH_STORE=s3://bucket", "PLINTH_QUEUE=sqs://plinth", "PLINTH_LANES=interactive=1", "PLINTH_DATA="+data, "PLINTH_RECIPE="+quick(t, 320))
	p := serve(t, data, env...)
	poison := asset.Hash(sample(t, "rack"))
	heal := s3.Break("GET", asset.SourceKey(asset.Merchant, poison), s3test.Status(403, "AccessDenied"))
	p.ask("PUT", "/v1/models/rack", sample(t, "rack"))
	p.published("lamp")
	if last, _ := p.follow("rack"); last.State != asset.Failed {
		t.Fatalf("it is %+v\n%s", last, p.log)
	}

	letters := lines[deadLetter](t, does(t, env, "jobs", "list", "--dead", "--json"))
	if len(letters) != 1 {
		t.Fatalf("the dead letters are %+v", letters)
	}
	l := letters[0]
	if l.Receives != 5 || l.Model != "rack" || l.Queue != "plinth-interactive-dead" || l.Source != poison || !strings.Contains(l.Reason, "AccessDenied") || !strings.Contains(l.Reproduce, "plinth convert") {
		t.Errorf("the dead letter is %+v", l)
	}
	status := lines[jobStatus](t, does(t, env, "jobs", "show", "default/rack", "--json"))[0]
	if status.Attempts != 5 || !status.Newest || len(status.DeadLetters) != 1 || status.DeadLetters[0].ID != l.ID || status.Failure.Reproduce != l.Reproduce {
		t.Errorf("it is shown as %+v", status)
	}
	for _, args := range [][]string{{"jobs", "list", "--dead"}, {"jobs", "show", "rack"}, {"jobs"}, {"jobs", "redrive", "--all", "--dry-run"}} {
		if out := does(t, env, args...); !strings.Contains(out, "rack") {
			t.Errorf("%v:\n%s", args, out)
		}
	}
	if n := len(sqs.Messages("plinth-interactive-dead")); n != 1 {
		t.Fatalf("to look leaves %d dead letters", n)
	}
	heal()
	done := lines[redriven](t, does(t, env, "jobs", "redrive", "--all", "--yes", "--json"))
	if len(done) != 1 || done[0].Action != "queue" || done[0].Letter != l.ID || done[0].Lane != "interactive" {
		t.Errorf("done is %+v", done)
	}
	if last, _ := p.follow("rack"); last.State != asset.Ready || !last.Live || p.version("rack") != last.Version.Version {
		t.Errorf("it is %+v\n%s", last, p.log)
	}
	for _, queue := range []string{"plinth-interactive-dead", "plinth-interactive"} {
		if err := sqs.Length(t.Context(), queue, 0); err != nil {
			t.Errorf("%s: %v", queue, err)
		}
	}
	if out := does(t, env, "jobs", "redrive", "--all", "--yes", "--json"); out != "" {
		t.Errorf("again: %s", out)
	}
}

// What a process leaves that ends between catalog and queue, with a source that isn't there.
func TestStaleJobsAreSentAgain(t *testing.T) {
	t.Parallel()
	sqs, s3, data := line(t), s3test.New(t), t.TempDir()
	recipe := quick(t, 320)
	env := append(append(sqs.Env(), s3.Env()...), "PLINTH_STORE=s3://bucket", "PLINTH_QUEUE=sqs://plinth", "PLINTH_LANES=interactive=2,bulk=1", "PLINTH_DATA="+data, "PLINTH_RECIPE="+recipe)
	p := serve(t, data, env...)
	r, err := recipeFlags{file: recipe}.recipe()
	if err != nil {
		t.Fatal(err)
	}
	hash := asset.Hash(sample(t, "lamp"))
	v, err := catalog(t, data).Submit(t.Context(), asset.Version{
		Merchant: asset.Merchant, Model: "lamp", Version: pipeline.VersionOf(hash, r, "m"), Source: hash, Unit: "m",
		Recipe: asset.RecipeRef{Name: r.Name, Hash: r.Hash()},
	})
	if err != nil {
		t.Fatal(err)
	}
	if done := lines[redriven](t, does(t, env, "jobs", "redrive", "--stale", "1h", "--json")); len(done) != 0 {
		t.Errorf("it isn't an hour old: %+v", done)
	}
	if done := lines[redriven](t, does(t, env, "jobs", "redrive", "--stale", "1ms", "--lane", "bulk", "--json")); len(done) != 1 || done[0].Action != "send" {
		t.Errorf("done is %+v", done)
	}
	last, _ := p.follow("lamp")
	if last.State != asset.Failed || sqs.Count("SendMessage", "plinth-bulk") != 1 {
		t.Fatalf("it is %+v\n%s", last, p.log)
	}
	s3.Put("bucket/"+asset.SourceKey(asset.Merchant, hash), sample(t, "lamp"))
	// The worker buries the letter first, then the version.
	if done := lines[redriven](t, does(t, env, "jobs", "redrive", "--code", "failed", "--json")); len(done) != 1 || done[0].Lane != "bulk" {
		t.Errorf("done is %+v", done)
	}
	if last, _ := p.follow("lamp"); last.State != asset.Ready || last.Version.Version != v.Version {
		t.Errorf("it is %+v\n%s", last, p.log)
	}
}

func TestJobsOfTheLocalQueueAreBuriedAndRedriven(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	env := []string{"PLINTH_DATA=" + data, "PLINTH_RECIPE=" + quick(t, 320)}
	p := serve(t, data, env...)
	p.published("lamp")
	if err := p.end(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	c := catalog(t, data)
	v, err := c.Newest(t.Context(), asset.Merchant, "lamp")
	if err == nil {
		v.Model = "other"
		v, err = c.Submit(t.Context(), v)
	}
	if err != nil {
		t.Fatal(err)
	}
	does(t, env, "jobs", "bury", "other", "--reason", "sent by mistake")
	p = serve(t, data, env...)
	if last, _ := p.follow("other"); last.State != asset.Failed || last.Failure.Code != "buried" || last.Failure.Reason != "sent by mistake" || last.Failure.Reproduce == "" {
		t.Errorf("it is %+v", last)
	}
	does(t, env, "jobs", "redrive", "other") // the server finds it in the catalog
	if last, _ := p.follow("other"); last.State != asset.Ready || last.Version.Version != v.Version {
		t.Errorf("it is %+v\n%s", last, p.log)
	}
}

func TestVersionsAreListedPublishedAndRolledBack(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	env := []string{"PLINTH_DATA=" + data, "PLINTH_RECIPE=" + quick(t, 320)}
	p := serve(t, data, env...)
	p.published("lamp")
	first := p.version("lamp")
	p.ask("PUT", "/v1/models/lamp", sample(t, "rack"))
	last, _ := p.follow("lamp")
	list := func() (live string, all []asset.Version) {
		all = lines[asset.Version](t, does(t, env, "versions", "list", "lamp", "--json"))
		for _, v := range all {
			if v.Live {
				live += v.Version
			}
		}
		return live, all
	}
	if live, all := list(); len(all) != 2 || live != last.Version.Version || all[1].Version != first {
		t.Errorf("%s is live of %+v", live, all)
	}
	if out := does(t, env, "versions", "list", "lamp"); strings.Count(out, "live") != 1 || !strings.Contains(out, first) {
		t.Errorf("the table is\n%s", out)
	}
	does(t, env, "versions", "rollback", "lamp")
	if live, _ := list(); live != first {
		t.Errorf("%s is live, not %s", live, first)
	}
	does(t, env, "versions", "publish", "lamp", last.Version.Version)
	if live, _ := list(); live != last.Version.Version {
		t.Errorf("%s is live, not %s", live, last.Version.Version)
	}
	does(t, env, "versions", "rollback", "lamp")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"versions", "rollback", "lamp"}, "no version of lamp is ready that came before"},
		{[]string{"versions", "publish", "lamp", "nothing"}, "has no version"},
		{[]string{"versions", "list", "nothing"}, "not found: merchant default has no model nothing; plinth jobs lists"},
		{[]string{"jobs", "redrive", "lamp"}, "nothing to redrive"},
		{[]string{"jobs", "bury", "lamp", "--reason", "x"}, "only what waits is buried"},
		{[]string{"jobs", "show", "lamp@nothing"}, "has no version"},
	} {
		if code, _, errs := plinth(t, append(c.args, "--data", data)...); code != exitInput || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d: %s", c.args, code, errs)
		}
	}
}

func TestTooMuchMemoryIsSeenAgainByTheCommandThatIsTold(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "PLINTH_WORK_MEMORY=1MiB")
	p.ask("PUT", "/v1/models/lamp", sample(t, "lamp"))
	last, _ := p.follow("lamp")
	if last.Failure == nil || last.Failure.Code != pipeline.TooMuchMemory {
		t.Fatalf("it is %+v", last)
	}
	line := strings.ReplaceAll(strings.Replace(last.Failure.Reproduce, "/tmp/lamp", t.TempDir(), 1), `"`, "")
	if code, _, errs := plinth(t, strings.Fields(line)[1:]...); code != exitInput || !strings.Contains(errs, last.Failure.Reason) {
		t.Errorf("%s: exit %d, %s; want %s", line, code, errs, last.Failure.Reason)
	}
}

func TestCommandLinesOfJobs(t *testing.T) {
	data := t.TempDir()
	known := catalog(t, data)
	v, err := known.Submit(t.Context(), asset.Version{Merchant: asset.Merchant, Model: "running", Version: "1", Unit: "m"})
	if err == nil {
		_, _, err = known.Claim(t.Context(), v.Ref(), leaseTime)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"jobs bury running --reason x", exitInput, "a worker is at running"},
		{"jobs list --dead", exitUsage, "--dead is about SQS"},
		{"jobs list --state lost", exitUsage, "--state"},
		{"jobs list --most -1", exitUsage, "--most is -1"},
		{"jobs list --most 0", exitUsage, "--most is 0"},
		{"jobs fly", exitUsage, "unknown command \"fly\" of plinth jobs"},
		{"jobs redrive", exitUsage, "redrive needs one of"},
		{"jobs redrive", exitUsage, "Run \"plinth jobs redrive --help\" for how to use it"},
		{"jobs show a --no-such", exitUsage, "Run \"plinth jobs show --help\""},
		{"jobs redrive a --all", exitUsage, "redrive needs one of"},
		{"jobs redrive a --lane fast", exitUsage, "--lane is \"fast\", none of --lanes interactive=6"},
		{"jobs redrive --stale 1h", exitUsage, "each minute"},
		{"jobs redrive a/b/c", exitUsage, "is not like MODEL"},
		{"jobs redrive nothing", exitInput, "not found"},
		{"jobs redrive --all", exitUsage, "wants --yes"},
		{"jobs redrive --code typo", exitInput, "there are none with any"},
		{"versions list a@1", exitUsage, "names a version"},
		{"serve --listen 127.0.0.1:0 --metrics xx", exitUsage, "--metrics is \"xx\""},
		{"worker --limit -5s", exitUsage, "--limit is -5s"},
		{"worker --grace -1s", exitUsage, "--grace -1s"},
		{"worker --prices nowhere.json", exitInput, "--prices: read the prices: open nowhere.json"},
		{"jobs redrive --all --dry-run", exitOK, ""},
		{"jobs redrive --all --yes", exitOK, ""},
		{"jobs bury a", exitUsage, "needs --reason"},
		{"jobs show A", exitUsage, "is not like MODEL"},
		{"versions publish a", exitUsage, "a model and a version"},
	} {
		if code, _, errs := plinth(t, append(strings.Fields(c.args), "--data", data)...); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit %d, want %d and %q: %s", c.args, code, c.code, c.says, errs)
		}
	}
}

func TestConfigListsCommandsOfGroups(t *testing.T) {
	_, out, _ := plinth(t, "config")
	_, text, _ := plinth(t, "config", "--json")
	for _, want := range []string{"batch run", "--stop-on", "PLINTH_STOP_ON", "jobs redrive", "keys issue", "serve"} {
		if !strings.Contains(out, want) || !strings.Contains(text, `"`+want+`"`) {
			t.Errorf("%q is not in it", want)
		}
	}
}

func TestModelsAreCompleted(t *testing.T) {
	data := t.TempDir()
	c := catalog(t, data)
	for _, model := range []string{"chair", "chest", "lamp"} {
		if _, err := c.Submit(t.Context(), asset.Version{Merchant: asset.Merchant, Model: model, Version: "1", Unit: "m"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, out, errs := plinth(t, "__complete", "versions", "list", "--data", data, "ch"); !strings.HasPrefix(out, "chair\nchest\n:") {
		t.Errorf("got %s%s", out, errs)
	}
	t.Setenv("PLINTH_DATA", data)
	if _, out, errs := plinth(t, "__complete", "jobs", "show", "l"); !strings.HasPrefix(out, "lamp\n:") {
		t.Errorf("with the folder in the environment: got %s%s", out, errs)
	}
}
