package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
)

// line makes the queues of an installation called plinth.
func line(t *testing.T) *sqstest.Server {
	s := sqstest.New(t)
	for _, lane := range []string{"interactive", "bulk", "backfill"} {
		name := "plinth-" + lane
		s.Create(name)
		s.Create(name + "-dead")
		s.Redrive(name, name+"-dead", 10)
	}
	return s
}

func TestServeWorksOnSQS(t *testing.T) {
	sqs, s3 := line(t), s3test.New(t)
	p := serve(t, t.TempDir(), append(append(sqs.Env(), s3.Env()...), "PLINTH_STORE=s3://bucket", "PLINTH_QUEUE=sqs://plinth")...)
	if answer, text := p.ask("PUT", "/v1/models/fern", sample(t, "fern")); answer.StatusCode != http.StatusAccepted {
		t.Fatalf("%s: %s", answer.Status, text)
	}
	if last, _ := p.follow("fern"); last.State != asset.Ready {
		t.Fatalf("it is %+v\n%s", last, p.log)
	}
	if err := sqs.Length(t.Context(), "plinth-interactive", 0); err != nil {
		t.Errorf("the message: %v", err)
	}
	if n := sqs.Count("SendMessage", "plinth-interactive"); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
}

func TestBackendsThatCanNotBe(t *testing.T) {
	line(t).Setenv(t)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"another catalog":           {[]string{"--catalog", "mysql://x"}, exitUsage, "not local or dynamodb://TABLE"},
		"a table with a bad name":   {[]string{"--catalog", "dynamodb://a b"}, exitUsage, "no place for a catalog"},
		"another queue":             {[]string{"--queue", "kafka://x"}, exitUsage, "not local, nats://HOST:PORT or sqs://NAME"},
		"a queue of one for many":   {[]string{"--catalog", "dynamodb://plinth"}, exitUsage, "belongs to one process"},
		"an installation not there": {[]string{"--queue", "sqs://other"}, exitInput, "there is no queue other-interactive"},
		"lanes without weights":     {[]string{"--queue", "sqs://plinth", "--lanes", "bulk"}, exitUsage, "not like interactive=6"},
		"half a second of lease":    {[]string{"--queue", "sqs://plinth", "--lease", "1500ms"}, exitUsage, "whole seconds"},
		"a lane that has no turn":   {[]string{"--queue", "sqs://plinth", "--lanes", "interactive=0"}, exitUsage, "weight"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, told bytes.Buffer
			code := run(t.Context(), append([]string{"worker", "--data", t.TempDir()}, c.args...), &out, &told)
			if code != c.code || !strings.Contains(told.String(), c.says) {
				t.Errorf("exit %d: %s", code, told.String())
			}
		})
	}
}
