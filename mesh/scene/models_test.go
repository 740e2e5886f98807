package scene_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/testdata/models"
)

func TestPassesKeepThePictureOfSamples(t *testing.T) {
	for _, m := range models.All() {
		if m.Large {
			continue // takes seconds to make, and has nothing that the others lack
		}
		t.Run(m.Name, func(t *testing.T) {
			data, err := m.Make()
			if err != nil {
				t.Fatal(err)
			}
			passes(t, data)
		})
	}
}

func TestPassesKeepThePictureOfRealModels(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/models/*/*.glb")
	if len(files) == 0 {
		t.Skip("../shared/models is not here: real models lie beside a checkout, not in it; the other tests use files of their own")
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			passes(t, data)
		})
	}
}

// passes runs Dedup and Join over a file and logs what they save.
func passes(t *testing.T, data []byte) {
	s, err := glb.Decode(data, scene.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	once := s.Dedup()
	scene.SameSurfaces(t, s, once)
	joined := once.Join()
	scene.SameSurfaces(t, s, joined)
	if !reflect.DeepEqual(once.Dedup(), once) || !reflect.DeepEqual(joined.Join(), joined) {
		t.Error("the second time changes something")
	}
	a, b, c := facts(t, s), facts(t, once), facts(t, joined)
	t.Logf("read %v, Dedup %v, Join %v", a, b, c)
	if b.arrays > a.arrays || c.draws > b.draws || c.bytes > a.bytes+4096 {
		t.Errorf("a pass made the model larger: read %v, Dedup %v, Join %v", a, b, c)
	}
}

type counts struct{ nodes, meshes, draws, materials, arrays, bytes int }

func (c counts) String() string {
	return fmt.Sprintf("%d nodes %d meshes %d draws %d materials %d accessors %d bytes", c.nodes, c.meshes, c.draws, c.materials, c.arrays, c.bytes)
}

// facts counts what a writer makes of s, which must be valid again.
func facts(t *testing.T, s *scene.Scene) (c counts) {
	t.Helper()
	data, err := glb.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := glb.Decode(data, scene.DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	c = counts{nodes: len(s.Nodes), meshes: len(s.Meshes), materials: len(s.Materials), bytes: len(data)}
	c.arrays = bytes.Count(data, []byte(`"componentType"`)) // of accessors
	for _, p := range s.Placements() {
		c.draws += len(s.Meshes[p.Mesh].Primitives)
	}
	return c
}
