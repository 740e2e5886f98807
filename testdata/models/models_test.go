package models

import (
	"bytes"
	"os"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
)

func TestCommittedModelsAreWhatTheGeneratorMakes(t *testing.T) {
	for _, m := range All() {
		if m.Large {
			continue
		}
		want, err := m.Make()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(m.Name + ".glb")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s.glb differs; run go run ./testdata/models/generate", m.Name)
		}
	}
}

func TestEveryModelIsValidAndHard(t *testing.T) {
	for _, m := range All() {
		if m.Large && testing.Short() {
			continue
		}
		data, err := m.Make()
		if err != nil {
			t.Fatal(err)
		}
		s, err := glb.Decode(data, scene.DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		if len(s.Findings) > 0 {
			t.Errorf("%s: %v", m.Name, s.Findings)
		}
		f, err := s.Inspect()
		if err != nil {
			t.Fatal(err)
		}
		switch m.Name {
		case "amphora":
			if f.Triangles < 100_000 {
				t.Errorf("amphora has %d triangles, want 100,000", f.Triangles)
			}
		case "lamp":
			if _, odd := f.SizeFinding(); !odd {
				t.Errorf("lamp is %v m; it should look like a mistake", f.Size)
			}
		case "flag":
			if f.Skins != 1 || f.Animations != 1 {
				t.Errorf("flag has %d skins and %d animations", f.Skins, f.Animations)
			}
		case "table":
			if f.Nodes < 5 || f.Materials < 2 {
				t.Errorf("table has %d nodes and %d materials", f.Nodes, f.Materials)
			}
		}
	}
}

func TestSmallModelsAreValidAndAllDifferent(t *testing.T) {
	seen := map[string]int{}
	for n := range 200 {
		data, err := Small(n)
		if err != nil {
			t.Fatal(err)
		}
		if other, there := seen[string(data)]; there {
			t.Errorf("%d and %d are the same", other, n)
		}
		seen[string(data)] = n
	}
	for data, n := range seen {
		if _, err := glb.Decode([]byte(data), scene.DefaultLimits()); err != nil {
			t.Errorf("%d: %v", n, err)
		}
	}
}
