package main

import (
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

func TestDeadLettersThatAreNoJobAreToldAndDropped(t *testing.T) {
	t.Parallel()
	sqs, s3, data := line(t), s3test.New(t), t.TempDir()
	catalog(t, data)
	env := append(append(sqs.Env(), s3.Env()...), "PLINTH_STORE=s3://bucket", "PLINTH_QUEUE=sqs://plinth", "PLINTH_LANES=interactive=1", "PLINTH_DATA="+data)
	const dead = "plinth-interactive-dead"
	sqs.Send(dead, "what is this"+strings.Repeat(".", 200))
	sqs.Send(dead, "another")
	letters := lines[deadLetter](t, does(t, env, "jobs", "list", "--dead", "--json"))
	if len(letters) != 2 {
		t.Fatalf("the dead letters are %+v", letters)
	}
	for _, args := range []string{"list --dead", "redrive --all --dry-run"} {
		out := does(t, env, append([]string{"jobs"}, strings.Fields(args)...)...)
		for _, l := range letters {
			if !strings.Contains(out, l.ID+": "+beginning(l.Body)) || !strings.Contains(out, noJob) || strings.Contains(out, "see it again") || strings.Contains(out, strings.Repeat(".", 100)) {
				t.Errorf("%s:\n%s", args, out)
			}
		}
	}
	if out := does(t, env, "jobs", "drop", letters[0].ID); !strings.Contains(out, letters[0].ID+" of "+dead+" is deleted") {
		t.Errorf("it says %s", out)
	}
	if left := sqs.Messages(dead); len(left) != 1 || left[0].Body != letters[1].Body {
		t.Errorf("%+v are left", left)
	}
	cmd, out := started(t, env, "jobs", "drop", letters[0].ID)
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitInput || !strings.Contains(out.String(), "no dead letter has that ID") {
		t.Errorf("again: %v, %s", err, out)
	}
	if dropped := lines[deadLetter](t, does(t, env, "jobs", "drop", "--json", letters[1].ID)); len(dropped) != 1 || dropped[0].ID != letters[1].ID || len(sqs.Messages(dead)) != 0 {
		t.Errorf("dropped are %+v", dropped)
	}
	if _, errs := done(t, exitUsage, "jobs", "drop", "x", "--data", data); !strings.Contains(errs, "drop is about SQS") {
		t.Error(errs)
	}
}
