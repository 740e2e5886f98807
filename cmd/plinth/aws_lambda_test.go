package main

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/lambda/lambdatest"
)

// awsPrecheck lets a function register uploads, and a worker that knows nothing of the bucket
// make their levels.
func awsPrecheck(t *testing.T, called *calledBy) {
	p := awsPlace(t, 30*time.Second)
	raw, err := cloud.OpenRaw(t.Context(), p.RawURL)
	if err != nil {
		t.Fatal(err)
	}
	api := lambdatest.New(t)
	env := append(called.relay(t, "precheck").Env(), "AWS_LAMBDA_RUNTIME_API="+api.Address)
	f, _ := startRoleWith(t, env, false, append([]string{"lambda", "--lanes", "interactive=1", "--raw", p.RawURL}, p.Flags(true)...)...)
	fern := sample(t, "fern")
	arrive(t, raw, "fern", fern)
	arrive(t, raw, "broken", fern[:len(fern)/2])
	arrive(t, raw, "large", bytes.Repeat([]byte("x"), 9<<20))
	event := func(model string) string {
		return fmt.Sprintf(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"%s-raw"},"object":{"key":"in/acme/%s.glb"}}}]}`, p.Name, model)
	}
	out, err := api.Invoke(t.Context(), lambdatest.Batch(event("fern"), event("broken"), event("large"), event("gone"), "no JSON"), time.Minute)
	if err != nil || out.Error != "" || out.Body != allWell {
		t.Fatalf("got %+v, %v", out, err)
	}
	if v := awsAwait(t, p, "broken", in(asset.Failed)); v.Failure == nil || v.Failure.Code != "truncated" {
		t.Errorf("broken is %+v", v)
	}
	if _, _, dead, err := p.Messages(t.Context()); err != nil || dead != 2 {
		t.Errorf("%d messages are dead, %v", dead, err)
	}
	f.signal(syscall.SIGTERM)
	<-f.end
	if f.err != nil || !strings.Contains(f.text(), `"msg":"arrival"`) {
		t.Errorf("it ended with %v: %s", f.err, f.text())
	}
	awsWorker(t, called.relay(t, "worker"), p)
	if v := awsAwait(t, p, "fern", in(asset.Ready, asset.Failed)); v.State != asset.Ready || !v.Live {
		t.Errorf("it is %+v", v)
	}
}
