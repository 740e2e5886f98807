package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

func TestSweepTellsWhatItDid(t *testing.T) {
	s3 := s3test.New(t)
	s3.Setenv(t)
	data := t.TempDir()
	catalog(t, data)
	for _, key := range []string{"b/p/checkpoint/m/old", "b/p/checkpoint/m/young", "b/checkpoint/m/anothers"} {
		s3.Put(key, []byte("hello"))
	}
	s3.Age("b/p/checkpoint/m/old", 73*time.Hour)
	s3.Age("b/checkpoint/m/anothers", 73*time.Hour)
	sweep := func(want pipeline.Swept, flags ...string) {
		t.Helper()
		code, out, stderr := plinth(t, append([]string{"sweep", "--data", data, "--store", "s3://b/p", "--json"}, flags...)...)
		var got pipeline.Swept
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitOK || got != want {
			t.Errorf("%v: exit %d, %s%s", flags, code, out, stderr)
		}
	}
	sweep(pipeline.Swept{Blobs: 2, Young: 1, Removed: 1, Bytes: 5}, "--dry-run")
	sweep(pipeline.Swept{Blobs: 2, Young: 2}, "--older", "80h")
	sweep(pipeline.Swept{Blobs: 2, Young: 1, Removed: 1, Bytes: 5})
	sweep(pipeline.Swept{Blobs: 1, Young: 1})
	if got := strings.Join(s3.Paths(), " "); got != "b/checkpoint/m/anothers b/p/checkpoint/m/young" {
		t.Errorf("there is %s", got)
	}
	code, out, _ := plinth(t, "sweep", "--data", data)
	if code != exitOK || !strings.HasPrefix(out, "removed 0 files") {
		t.Errorf("of an empty folder: exit %d, %s", code, out)
	}
	s3.Break("GET", "", s3test.Status(403, "AccessDenied"))
	if code, out, stderr := plinth(t, "sweep", "--data", data, "--store", "s3://b/p"); code != exitUnavailable || out != "" || !strings.Contains(stderr, "AccessDenied") {
		t.Errorf("exit %d, %s%s", code, out, stderr)
	}
	if code, _, stderr := plinth(t, "sweep", "--data", data, "--older", "47h"); code != exitUsage || !strings.Contains(stderr, "48h") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}
