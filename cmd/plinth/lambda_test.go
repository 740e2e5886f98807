package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
	"github.com/plinth3d/plinth/pipeline/lambda/lambdatest"
	"github.com/plinth3d/plinth/pipeline/local"
)

// function is plinth lambda, beside a Lambda, an S3 and an SQS.
type function struct {
	*testing.T
	api  *lambdatest.Server
	s3   *s3test.Server
	sqs  *sqstest.Server
	data string
	args []string
}

func newFunction(t *testing.T) *function {
	f := &function{T: t, api: lambdatest.New(t), s3: s3test.New(t), sqs: line(t), data: t.TempDir()}
	f.api.Setenv(t)
	f.s3.Setenv(t)
	f.sqs.Setenv(t)
	f.args = []string{"lambda", "--data", f.data, "--store", "s3://derived", "--queue", "sqs://plinth", "--lanes", "interactive=1", "--raw", "s3://raw/in"}
	return f
}

// start runs the function until stop is called, which returns its exit code and what it said.
func (f *function) start() (stop func() (int, string)) {
	ctx, cancel := context.WithCancel(f.Context())
	var out, said bytes.Buffer
	code := make(chan int, 1)
	go func() { code <- run(ctx, f.args, &out, &said) }()
	return func() (int, string) {
		cancel()
		return <-code, out.String() + said.String()
	}
}

// invoke hands over a batch and returns what is told of it.
func (f *function) invoke(bodies ...string) string {
	f.Helper()
	out, err := f.api.Invoke(f.Context(), lambdatest.Batch(bodies...), time.Minute)
	if err != nil || out.Error != "" {
		f.Fatalf("got %+v, %v", out, err)
	}
	return out.Body
}

// version is the newest of acme's model, once the function has ended.
func (f *function) version(model string) (asset.Version, error) {
	f.Helper()
	c, err := local.OpenCatalog(f.Context(), filepath.Join(f.data, "catalog.db"))
	if err != nil {
		f.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // only read
	return c.Newest(f.Context(), "acme", model)
}

// lane is the models of the jobs in the first lane.
func (f *function) lane() (models []string) {
	for _, m := range f.sqs.Messages("plinth-interactive") {
		_, model, _ := strings.Cut(m.Body, `"model":"`)
		model, _, _ = strings.Cut(model, `"`)
		models = append(models, model)
	}
	return models
}

// created is an event of S3.
func created(models ...string) string {
	var records []string
	for _, m := range models {
		records = append(records, fmt.Sprintf(`{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"raw"},"object":{"key":"in/acme/%s.glb","size":9}}}`, m))
	}
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

const allWell = `{"batchItemFailures":[]}`

func TestAFunctionRegistersUploads(t *testing.T) {
	f := newFunction(t)
	rack := sample(t, "rack")
	f.s3.Put("raw/in/acme/rack.glb", rack)
	f.s3.Put("raw/in/acme/broken.glb", rack[:len(rack)/2])
	stop := f.start()
	for body, jobs := range map[string]int{
		created("rack"):   1,
		created("broken"): 0, // recorded as failed
		fmt.Sprintf(`{"Type":"Notification","Message":%q}`, created("rack")):                                                                 1,
		`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"raw"},"object":{"key":"in/acme/rack.glb","size":9}}}`: 1,
		`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"raw"}`:                                                                      0,
	} {
		before := len(f.lane())
		if got := f.invoke(body); got != allWell || len(f.lane()) != before+jobs {
			t.Errorf("%s: got %s and %d jobs, want %d", body, got, len(f.lane())-before, jobs)
		}
	}
	code, said := stop()
	if code != exitOK || !strings.Contains(said, "msg=arrival") {
		t.Errorf("exit %d: %s", code, said)
	}
	v, err := f.version("rack")
	if err != nil || v.State != asset.Queued || v.Source != asset.Hash(rack) {
		t.Errorf("rack is %+v, %v", v, err)
	}
	if _, there := f.s3.Get("derived/" + asset.SourceKey("acme", v.Source)); !there {
		t.Error("its source isn't stored")
	}
	if _, there := f.s3.Get("derived/" + asset.RecipeKey(pipeline.Default().Hash())); !there {
		t.Error("its recipe isn't stored")
	}
	if v, err := f.version("broken"); err != nil || v.State != asset.Failed || v.Failure == nil || v.Failure.Code != "truncated" {
		t.Errorf("broken is %+v, %v", v, err)
	}
	if left, err := os.ReadDir(filepath.Join(f.data, "tmp")); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
	if dead := f.sqs.Messages("plinth-interactive-dead"); len(dead) > 0 {
		t.Errorf("dead are %+v", dead)
	}
}

func TestAFunctionBuriesWhatItCantTake(t *testing.T) {
	f := newFunction(t)
	stop := f.start()
	for body, code := range map[string]string{
		"no JSON":        "not-understood",
		created("gone"):  "not-accepted",
		`{"Records":[]}`: "not-understood",
		strings.Replace(created("gone"), "in/acme", "out/acme", 1): "not-accepted",
	} {
		before := len(f.sqs.Messages("plinth-interactive-dead"))
		got := f.invoke(body)
		dead := f.sqs.Messages("plinth-interactive-dead")
		if got != allWell || len(dead) != before+1 {
			t.Fatalf("%s: got %s, %d dead letters", body, got, len(dead)-before)
		}
		if m := dead[before]; m.Body != body || m.Attributes["plinth-code"] != code || m.Attributes["plinth-lane"] != "interactive" || m.Attributes["plinth-reason"] == "" {
			t.Errorf("%s: the dead letter is %+v", body, m)
		}
	}
	if code, said := stop(); code != exitOK || len(f.lane()) > 0 {
		t.Errorf("exit %d, jobs %q: %s", code, f.lane(), said)
	}
}

func TestMessagesComeAgainWhenABackendFails(t *testing.T) {
	f := newFunction(t)
	for _, m := range []string{"rack", "fern", "lamp"} {
		f.s3.Put("raw/in/acme/"+m+".glb", sample(t, m))
	}
	stop := f.start()
	// One upload of three can't be read now.
	heal := f.s3.Break("GET", "in/acme/fern.glb", s3test.Status(503, "SlowDown"))
	if got, want := f.invoke(created("rack"), created("fern"), created("lamp")), `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`; got != want {
		t.Errorf("one can't be read: got %s, want %s", got, want)
	}
	if got := strings.Join(f.lane(), " "); got != "rack lamp" {
		t.Errorf("jobs are of %s", got)
	}
	heal()
	f.sqs.Break("SendMessage", "plinth-interactive", sqstest.Status(500, "InternalFailure"))
	if got, want := f.invoke(created("fern")), `{"batchItemFailures":[{"itemIdentifier":"m0"}]}`; got != want {
		t.Errorf("the lane is down: got %s, want %s", got, want)
	}
	f.sqs.Heal()
	if got := f.invoke(created("fern")); got != allWell {
		t.Errorf("when all is well: got %s", got)
	}
	// An event that is no batch is Lambda's to send again.
	out, err := f.api.Invoke(t.Context(), `{"Records":[{"eventSource":"aws:s3"}]}`, time.Minute)
	if err != nil || out.Error == "" || !strings.Contains(out.Body, "no batch of SQS") {
		t.Errorf("got %+v, %v", out, err)
	}
	if code, said := stop(); code != exitOK || strings.Join(f.lane(), " ") != "rack lamp fern" || !strings.Contains(said, "SlowDown") {
		t.Errorf("exit %d, jobs of %q: %s", code, f.lane(), said)
	}
}

func TestAFunctionEndsOnSIGTERM(t *testing.T) {
	f := newFunction(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], f.args...)
	cmd.Env = append(os.Environ(), "PLINTH_TEST_MAIN=1")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := f.api.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, &said)
	}
}

func TestAFunctionThatCantStartTellsWhy(t *testing.T) {
	for name, c := range map[string]struct {
		flag, value string
		code        int
		says        string
	}{
		"no bucket of uploads":      {"--raw", "", exitUsage, "--raw is missing"},
		"another queue":             {"--queue", "local", exitUsage, "whose events come by SQS"},
		"an installation not there": {"--queue", "sqs://other", exitInput, "there is no queue other-interactive"},
		"a bucket that is down":     {"--store", "s3://down", exitUnavailable, "SlowDown"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFunction(t)
			f.s3.Break("PUT", "recipe/"+pipeline.Default().Hash(), s3test.Status(503, "SlowDown"))
			f.args = append(f.args, c.flag, c.value)
			code, _, said := plinth(t, f.args...)
			told, err := f.api.Failed(t.Context())
			if code != c.code || !strings.Contains(said, c.says) {
				t.Errorf("exit %d, want %d: %s", code, c.code, said)
			}
			if err != nil || told.Error != "Runtime.InitError" || !strings.Contains(told.Body, c.says) {
				t.Errorf("Lambda was told %+v, %v", told, err)
			}
		})
	}
	t.Setenv("AWS_LAMBDA_RUNTIME_API", "")
	if code, _, said := plinth(t, "lambda"); code != exitUsage || !strings.Contains(said, "elsewhere it is worker") {
		t.Errorf("without Lambda: exit %d: %s", code, said)
	}
}
