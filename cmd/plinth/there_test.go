package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// live makes a version of a model that is live in a catalog of its own.
func live(t *testing.T, model string) (data string) {
	t.Helper()
	data = t.TempDir()
	c := catalog(t, data)
	v := asset.Version{Merchant: asset.Merchant, Model: model, Version: "1", Unit: "m", Source: asset.Hash([]byte(model))}
	_, err := c.Submit(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	_, epoch, err := c.Claim(t.Context(), v.Ref(), 0)
	if err == nil {
		err = c.Publish(t.Context(), v.Ref(), epoch, asset.Manifest{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCommandsMakeNoFolderOfAMistypedName(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"jobs", "jobs list", "jobs show chair", "jobs redrive chair", "jobs redrive --all --yes", "jobs bury chair --reason x",
		"sweep --dry-run", "versions list chair", "versions publish chair 1", "versions rollback chair", "batch plan",
	} {
		typo := filepath.Join(t.TempDir(), "typo")
		for _, more := range [][]string{nil, {"--store", "s3://bucket"}, {"--catalog", "dynamodb://plinth"}, {"--store", "disk:" + typo}} {
			_, errs := done(t, exitInput, append(append(strings.Fields(args), more...), "--data", typo)...)
			if _, err := os.Stat(typo); !strings.Contains(errs, typo) || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s %v: %v, %s", args, more, err, errs)
			}
		}
	}
}

func TestCommandsMakeNoLedgerOfAMistypedName(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"merchants list", "merchants suspend acme", "keys list acme", "keys issue acme --scope read", "keys revoke acme pk_abcdefghijklmnop",
	} {
		typo := filepath.Join(t.TempDir(), "typo")
		_, errs := done(t, exitInput, append(strings.Fields(args), "--data", typo)...)
		if _, err := os.Stat(typo); !strings.Contains(errs, typo) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, %s", args, err, errs)
		}
	}
}

func TestAPlanIsOfOneCatalog(t *testing.T) {
	t.Parallel()
	data, other := live(t, "chair"), live(t, "chair")
	plan := filepath.Join(t.TempDir(), "a plan.json")
	out, _ := done(t, exitOK, "batch", "plan", "--data", data, "--store", "disk:"+data, "--plan", plan, "--sample", "0")
	if want := "To do it: plinth batch run '" + plan + "' --data " + data + " --store disk:" + data + "\n"; !strings.Contains(out, want) {
		t.Errorf("the plan is\n%s, want %s", out, want)
	}
	again, _ := done(t, exitOK, "batch", "plan", "--data", data+"/.", "--plan", plan, "--sample", "0", "--json")
	var p pipeline.BatchPlan
	if err := json.Unmarshal([]byte(again), &p); err != nil || p.Data == "" {
		t.Fatalf("%v: %s", err, again)
	}
	for _, verb := range []string{"run", "status", "rollback"} {
		if _, errs := done(t, exitUsage, "batch", verb, plan, "--data", other); !strings.Contains(errs, "say --data "+p.Data) {
			t.Errorf("%s: %s", verb, errs)
		}
		if _, errs := done(t, exitUsage, "batch", verb, plan, "--catalog", "dynamodb://plinth"); !strings.Contains(errs, "say --catalog local --data "+p.Data) {
			t.Errorf("%s: %s", verb, errs)
		}
		if exists(journalOf(plan)) {
			t.Fatalf("%s: there is a journal", verb)
		}
	}
	r := report(t, func() string {
		out, _ := done(t, exitOK, "batch", "status", plan, "--data", data, "--json")
		return out
	}())
	if r.Left != 1 || r.Plan != p.ID {
		t.Errorf("it stands as %+v", r)
	}

	// One of a catalog that is elsewhere.
	typo := filepath.Join(t.TempDir(), "typo")
	p.Catalog, p.Data = "dynamodb://plinth", ""
	p.Seal()
	text, err := json.Marshal(p)
	if err == nil {
		err = os.WriteFile(plan, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--data", typo}, {"--data", typo, "--catalog", "dynamodb://plinth"}} {
		code, _, errs := plinth(t, append([]string{"batch", "run", plan}, args...)...)
		if code == exitOK || exists(typo) || exists(journalOf(plan)) {
			t.Errorf("%v: exit %d, folder %v, journal %v: %s", args, code, exists(typo), exists(journalOf(plan)), errs)
		}
	}
}

func TestCommandsArePrintedForAShell(t *testing.T) {
	t.Parallel()
	s := settings{data: "my data", where: where{catalog: "dynamodb://plinth", store: "s3://b/p?kms=k", queue: "sqs://plinth", lanes: asset.DefaultLanes}}
	words := append([]string{"plinth", "it's"}, append(s.backendFlags(), s.queueFlags()...)...)
	const want = `plinth 'it'\''s' --data 'my data' --catalog dynamodb://plinth --store 's3://b/p?kms=k' --queue sqs://plinth`
	if got := command(words...); got != want {
		t.Errorf("got %s", got)
	}
	s = settings{data: "data", where: where{catalog: "local", queue: "local", lanes: asset.DefaultLanes}}
	if got := command(append(s.backendFlags(), s.queueFlags()...)...); got != "" {
		t.Errorf("the defaults are %s", got)
	}
}
