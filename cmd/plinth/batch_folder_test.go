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
	for _, command := range []string{"status", "run"} { // there is nothing to roll back
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

func TestAFolderIsRolledBackAndGoesForward(t *testing.T) {
	t.Parallel()
	in, out, plan := folder(t, "lamp")
	makes := func() string {
		t.Helper()
		text, _ := done(t, exitOK, "batch", "run", plan, "--json")
		if r := report(t, text); r.Ready != 1 || r.Live != 1 {
			t.Fatalf("got %+v", r)
		}
		return tree(t, out)
	}
	done(t, exitOK, "batch", "plan", in, "-o", out, "--plan", plan, "--sample", "0", "--recipe", quick(t, 320))
	small := makes()
	// Nothing was there before: that is told, and the plan stays good.
	if _, errs := done(t, exitInput, "batch", "rollback", plan); !strings.Contains(errs, "nothing to roll back") {
		t.Error(errs)
	}
	if makes() != small {
		t.Error("a rollback of nothing changes the folder")
	}
	plan = filepath.Join(filepath.Dir(plan), "large.json")
	again := []string{"batch", "plan", in, "-o", out, "--plan", plan, "--sample", "0", "--recipe", quick(t, 640)}
	done(t, exitOK, again...)
	large := makes()
	for range 2 {
		if text, _ := done(t, exitOK, "batch", "rollback", plan); !strings.Contains(text, "1 of 1 models are rolled back") || tree(t, out) != small {
			t.Errorf("the folder is not as it was: %s", text)
		}
		if _, errs := done(t, exitInput, "batch", "run", plan); !strings.Contains(errs, "--rolled-back") || strings.Contains(errs, "goes on") {
			t.Errorf("it says %s", errs)
		}
		done(t, exitOK, again...)
		if makes() != large {
			t.Error("it doesn't go forward")
		}
	}
}
