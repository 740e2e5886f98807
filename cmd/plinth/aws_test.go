package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
	"github.com/plinth3d/plinth/testdata/models"
)

// TestAWS runs the roles on peers of AWS. What each role calls is held to the lists in
// pipeline/cloud/awstest/calls, of which policies are made; GOLDEN=update writes them anew.
func TestAWS(t *testing.T) {
	if os.Getenv("PLINTH_AWS_PEERS") == "" {
		t.Skip("these tests need peers of AWS: .ci/peers/with COMMAND starts them and says so by PLINTH_AWS_PEERS=1")
	}
	called := &calledBy{roles: map[string]map[string]bool{}}
	tests := map[string]func(*testing.T, *calledBy){
		"from an upload over HTTP to the product":                              awsServe,
		"a job of three leases is delivered once":                              awsLongJob,
		"a file that kills its workers is buried after five receives":          awsKiller,
		"a file that can't be read is buried after five tries, and redriven":   awsUnreadable,
		"a worker that is killed while it buries a job leaves nobody waiting":  awsKilledAtTheGrave,
		"uploads that Lambda is told of":                                       awsPrecheck,
		"an operator's commands":                                               awsOperator,
		"workers that are told to end put their jobs back for others to go on": awsDrain,
	}
	t.Run("from a bucket to the product", func(t *testing.T) { // alone: it has an S3 of its own, by the environment
		awsRaw(t, called)
		called.done()
	})
	t.Run("roles", func(t *testing.T) {
		for _, name := range slices.Sorted(maps.Keys(tests)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				tests[name](t, called)
				called.done()
			})
		}
	})
	if called.tests == len(tests)+1 && !t.Failed() {
		called.compare(t)
	}
}

// seldom are calls that roles make when the tests may give no cause: a job that is long enough,
// garbage that is old enough, an upload in parts that fails, a job that has been queued for an hour.
var seldom = map[string][]string{
	"worker": {
		"dynamodb:Query table/by-state", "dynamodb:BatchGetItem table",
		"s3:PutObject derived/checkpoint",
		"s3:AbortMultipartUpload derived/checkpoint", "s3:AbortMultipartUpload derived/rendition", "s3:AbortMultipartUpload derived/source",
	},
	"precheck": { // the rest is asked when another one writes the same blob that moment
		"s3:AbortMultipartUpload derived/source", "s3:GetObject derived/recipe", "s3:GetObject derived/source", "s3:ListBucket derived",
	},
	"operator": {"s3:DeleteObject derived/checkpoint", "s3:DeleteObject derived/rendition"},
}

// calledBy is what roles called.
type calledBy struct {
	mu    sync.Mutex
	roles map[string]map[string]bool
	tests int // that passed
}

func (c *calledBy) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tests++
}

// relay is between a role and AWS until the test ends. Its calls are noted then.
func (c *calledBy) relay(t *testing.T, role string) *awstest.Relay {
	t.Helper()
	r, err := awstest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.roles[role] == nil {
			c.roles[role] = map[string]bool{}
		}
		maps.Copy(c.roles[role], r.Calls())
	})
	return r
}

// compare holds all calls to the lists. Whoever serves works as well: its list is what it calls
// beside a worker.
func (c *calledBy) compare(t *testing.T) {
	for role, list := range seldom {
		for _, call := range list {
			c.roles[role][call] = true
		}
	}
	maps.DeleteFunc(c.roles["serve"], func(call string, _ bool) bool { return c.roles["worker"][call] })
	for _, role := range slices.Sorted(maps.Keys(c.roles)) {
		got := strings.Join(slices.Sorted(maps.Keys(c.roles[role])), "\n") + "\n"
		file := "../../pipeline/cloud/awstest/calls/" + role + ".txt"
		if os.Getenv("GOLDEN") == "update" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Error(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil || got != string(want) {
			t.Errorf("%s calls\n%s\nand %s has (%v)\n%s", role, got, file, err, want)
		}
	}
}

// awsPlace is an installation for a test.
func awsPlace(t *testing.T, lease time.Duration) *awstest.Installation {
	t.Helper()
	p, err := awstest.New(t.Context(), lease)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := pipeline.StoreRecipe(t.Context(), p.Store, pipeline.Default()); err != nil {
		t.Fatal(err)
	}
	return p
}

// A role is a process on the peers.
type role struct {
	t   *testing.T
	cmd *exec.Cmd
	log string // file
	end chan struct{}
	err error // how it ended, once end is closed
}

// startRole starts a role behind a relay. One that listens says where.
func startRole(t *testing.T, r *awstest.Relay, listens bool, args ...string) (*role, *process) {
	return startRoleWith(t, r.Env(), listens, args...)
}

// startRoleWith starts a role with an environment.
func startRoleWith(t *testing.T, env []string, listens bool, args ...string) (*role, *process) {
	t.Helper()
	p := &role{t: t, log: filepath.Join(t.TempDir(), "log"), end: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() //nolint:errcheck // the role writes to it
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], args...)
	p.cmd.Env = append(append(os.Environ(), "PLINTH_TEST_MAIN=1", "PLINTH_LOG=json", "PLINTH_DATA="+t.TempDir()), env...)
	p.cmd.Stderr = log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	web := &process{t: t}
	if listens {
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, p.text())
		}
		web.base = strings.TrimSpace(line[strings.Index(line, "http://"):])
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.end)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may be gone
		<-p.end
		if t.Failed() {
			t.Logf("%v ended with %v:\n%s", args, p.err, p.text())
		}
	})
	return p, web
}

// awsWorker starts a worker.
func awsWorker(t *testing.T, r *awstest.Relay, p *awstest.Installation, more ...string) *role {
	t.Helper()
	w, _ := startRole(t, r, false, slices.Concat([]string{"worker", "--lease", p.Queue.LeaseTime().String()}, p.Flags(true), more)...)
	return w
}

// signal sends the role a signal.
func (p *role) signal(s os.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
}

// text is the end of what the role said.
func (p *role) text() string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(data[max(len(data)-4000, 0):])
}

// awsVersion is an upload by the built-in recipe.
func awsVersion(model string, data []byte) asset.Version {
	r := pipeline.Default()
	return asset.Version{
		Merchant: "acme", Model: model, Version: pipeline.VersionOf(asset.Hash(data), r, r.Unit), Source: asset.Hash(data), Bytes: int64(len(data)),
		Unit: r.Unit, Recipe: asset.RecipeRef{Name: r.Name, Hash: r.Hash()},
	}
}

// awsUpload does what an intake does with a file.
func awsUpload(t *testing.T, to *awstest.Installation, model string, data []byte) asset.Version {
	t.Helper()
	v := awsVersion(model, data)
	key := asset.SourceKey(v.Merchant, v.Source)
	_, err := to.Store.Stat(t.Context(), key)
	if errors.Is(err, asset.ErrNotFound) {
		err = to.Store.Put(t.Context(), key, bytes.NewReader(data), v.Bytes)
	}
	if err != nil {
		t.Fatal(err)
	}
	if v, err = to.Catalog.Submit(t.Context(), v); err == nil {
		err = to.Queue.Send(t.Context(), v.Ref())
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// awsAwait waits until the newest version of a model is as wanted.
func awsAwait(t *testing.T, at *awstest.Installation, model string, want func(asset.Version) bool) asset.Version {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		v, err := at.Catalog.Newest(t.Context(), "acme", model)
		if err == nil && want(v) {
			return v
		}
		if err != nil && !errors.Is(err, asset.ErrNotFound) || time.Now().After(end) {
			t.Fatalf("%s is %+v, %v", model, v, err)
		}
	}
}

// in wants one of the states.
func in(states ...asset.State) func(asset.Version) bool {
	return func(v asset.Version) bool { return slices.Contains(states, v.State) }
}

// awsServe runs all of Plinth in one process, with its files, records and queue on AWS.
func awsServe(t *testing.T, called *calledBy) {
	p := awsPlace(t, 30*time.Second)
	_, shop := startRole(t, called.relay(t, "serve"), true, append([]string{"serve", "--listen", "127.0.0.1:0"}, p.Flags(true)...)...)
	if answer, text := shop.ask("PUT", "/v1/models/fern", sample(t, "fern")); answer.StatusCode != 202 {
		t.Fatalf("%s: %s", answer.Status, text)
	}
	if last, _ := shop.follow("fern"); last.State != asset.Ready || !last.Live {
		t.Fatalf("it is %+v", last)
	}
	answer, data := shop.ask("GET", "/p/default/fern.glb", nil)
	if answer.StatusCode != 200 || !bytes.HasPrefix(data, []byte("glTF")) {
		t.Errorf("%s, %d bytes", answer.Status, len(data))
	}
	if _, text := shop.ask("GET", "/v1/models", nil); !strings.Contains(string(text), `"model":"fern"`) {
		t.Errorf("the list is %s", text)
	}
}

// small is the file of a small model.
func small(t *testing.T, n int) []byte {
	t.Helper()
	data, err := models.Small(n)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
