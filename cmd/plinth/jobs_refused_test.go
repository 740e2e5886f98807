package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// refuse makes a version that failed on arrival: its source is stored nowhere.
func refuse(t *testing.T, data, model, source string) asset.Version {
	t.Helper()
	c := catalog(t, data)
	v, err := c.Submit(t.Context(), asset.Version{Merchant: asset.Merchant, Model: model, Version: "v" + model, Source: source, Unit: "m"})
	if err != nil {
		t.Fatal(err)
	}
	_, epoch, err := c.Claim(t.Context(), v.Ref(), 0)
	if err == nil {
		err = c.Fail(t.Context(), v.Ref(), epoch, asset.Failure{Code: "truncated", Stage: "check", Reason: "the file ends early", Reproduce: "x"})
	}
	if err == nil {
		v, err = c.Newest(t.Context(), asset.Merchant, model)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWhatWasRefusedOnArrivalKeepsItsDiagnosis(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	before := []asset.Version{refuse(t, data, "broken", asset.Hash([]byte("x"))), refuse(t, data, "large", "")}
	for _, args := range []string{"broken large", "broken@vbroken large", "--code truncated", "--all --yes", "--all --dry-run"} {
		out, _ := done(t, exitOK, append(strings.Fields("jobs redrive --data "+data), strings.Fields(args)...)...)
		if n := strings.Count(out, "nothing to redrive: its file was refused; upload again"); n != 2 {
			t.Errorf("%s: %d of 2 are told:\n%s", args, n, out)
		}
	}
	if _, errs := done(t, exitInput, "jobs", "redrive", "--code", "typo", "--data", data); !strings.Contains(errs, "there are: truncated") {
		t.Error(errs)
	}
	if out, _ := done(t, exitOK, "batch", "plan", "--failed", "--data", data, "--plan", filepath.Join(data, "plan.json")); !strings.Contains(out, "2 were refused on arrival") {
		t.Errorf("the plan is\n%s", out)
	}
	for _, want := range before {
		got, err := catalog(t, data).Newest(t.Context(), want.Merchant, want.Model)
		if err != nil || got.State != asset.Failed || got.Failure == nil || *got.Failure != *want.Failure {
			t.Errorf("%s is %+v, %v", want.Model, got, err)
		}
	}
}
