package main

import (
	"strings"
	"testing"

	edgejs "github.com/plinth3d/plinth/origin/edge"
)

func TestEdgePrintsTheFunction(t *testing.T) {
	code, out, talk := plinth(t, "edge")
	if code != exitOK || out != edgejs.Function() || talk != "" || !strings.Contains(out, "function handler(event)") {
		t.Errorf("exit %d: %s%s", code, out, talk)
	}
	if code, out, talk := plinth(t, "edge", "now"); code != exitUsage || out != "" || !strings.Contains(talk, "wants nothing") {
		t.Errorf("with an argument: exit %d: %s%s", code, out, talk)
	}
}
