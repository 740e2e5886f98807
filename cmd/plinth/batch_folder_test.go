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

func TestAFileThatChangesIsOvertaken(t *testing.T) {
	t.Parallel()
	in, out, plan := folder(t, "lamp", "rack")
	done(t, exitOK, "batch", "plan", in, "-o", out, "--plan", plan, "--sample", "0", "--recipe", quick(t, 320))
	file := filepath.Join(in, "lamp.glb")
	if err := os.WriteFile(file, sample(t, "flag"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		text, _ := done(t, exitOK, "batch", "run", plan, "--json")
		if r := report(t, text); r.Overtaken != 1 || r.Ready != 1 || r.Left != 0 {
			t.Fatalf("got %+v", r)
		}
	}
	// --watch ends once all has.
	if text, _ := done(t, exitOK, "batch", "status", plan, "--watch"); !strings.Contains(text, "Plan again") {
		t.Errorf("it says\n%s", text)
	}
	if err := os.WriteFile(file, sample(t, "lamp"), 0o644); err != nil {
		t.Fatal(err)
	}
	text, _ := done(t, exitOK, "batch", "run", plan, "--json", "--retry")
	if r := report(t, text); r.Overtaken != 0 || r.Ready != 2 {
		t.Errorf("after the file is back: %+v", r)
	}
}
