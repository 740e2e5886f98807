package pipeline

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestTheBuildIsThatOfTheProgramsFile(t *testing.T) {
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := build(); err != nil || got != asset.Hash(data) {
		t.Errorf("got %s, %v, want %s", got, err, asset.Hash(data))
	}
}

// workerOf is one of a program that has that build.
func workerOf(log *bytes.Buffer, build func() (string, error)) *Worker {
	return &Worker{Log: slog.New(slog.NewTextHandler(log, nil)), program: program{build: build}}
}

func TestAnotherBuildsCheckpointsDontPass(t *testing.T) {
	var of []*checkpoints
	for _, b := range []string{"a", "b"} {
		w := workerOf(&bytes.Buffer{}, func() (string, error) { return asset.Hash([]byte(b)), nil })
		of = append(of, (&attempt{worker: w}).checkpoints())
	}
	sealed := of[0].sealed([]byte("parts"))
	if parts, err := of[0].opened(sealed); err != nil || string(parts) != "parts" {
		t.Errorf("its own: got %q, %v", parts, err)
	}
	if _, err := of[1].opened(sealed); !errors.Is(err, asset.ErrInvalid) || of[0].key(0) == of[1].key(0) {
		t.Errorf("another's: got %v, under %s and %s", err, of[0].key(0), of[1].key(0))
	}
}

func TestAProgramThatCantTellItsBuildKeepsNoCheckpoints(t *testing.T) {
	var log bytes.Buffer
	w := workerOf(&log, func() (string, error) { return "", errBroken })
	for range 2 {
		if c := (&attempt{worker: w}).checkpoints(); c != nil {
			t.Errorf("got %+v", c)
		}
	}
	if n := strings.Count(log.String(), "checkpoints are off"); n != 1 {
		t.Errorf("it is said %d times:\n%s", n, log.String())
	}
}
