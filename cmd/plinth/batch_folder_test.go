package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder makes models in a folder, and says where they are, go to and are planned.
func folder(t *testing.T, names ...string) (in, out, plan string) {
	t.Helper()
	dir := t.TempDir()
	in, out, plan = filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "plan.json")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(in, name+".glb"), sample(t, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return in, out, plan
}

// done runs the program in this process, to an end of that code.
func done(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	code, stdout, stderr := plinth(t, args...)
	if code != want {
		t.Fatalf("%v: exit %d, not %d\n%s%s", args, code, want, stdout, stderr)
	}
	return stdout, stderr
}

func TestABrokenJournalIsTold(t *testing.T) {
	t.Parallel()
	in, out, plan := folder(t, "lamp")
	done(t, exitOK, "batch", "plan", in, "-o", out, "--plan", plan, "--sample", "0", "--recipe", quick(t, 320))
	if err := os.WriteFile(journalOf(plan), []byte("garbage\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"status", "run", "rollback"} {
		if _, errs := done(t, exitInput, "batch", command, plan); !strings.Contains(errs, "line 1") {
			t.Errorf("%s: %s", command, errs)
		}
	}
}
