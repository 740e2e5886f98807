package glb_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
)

func encodePacked(t testing.TB, s *scene.Scene) []byte {
	t.Helper()
	data, err := glb.EncodeWith(s, glb.Options{Meshopt: true})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// unturned is s with the smallest index of each triangle first: packing may turn it.
func unturned(s *scene.Scene) *scene.Scene {
	out := *s
	out.Converted = false
	out.Meshes = slices.Clone(s.Meshes)
	for i := range out.Meshes {
		prims := slices.Clone(out.Meshes[i].Primitives)
		for j := range prims {
			p := &prims[j]
			if p.Mode != scene.Triangles || len(p.Indices)%3 != 0 {
				continue
			}
			p.Indices = slices.Clone(p.Indices)
			for t := range slices.Chunk(p.Indices, 3) {
				for t[0] > t[1] || t[0] > t[2] {
					t[0], t[1], t[2] = t[1], t[2], t[0]
				}
			}
		}
		out.Meshes[i].Primitives = prims
	}
	return &out
}

// models are the samples of the repository and those beside it.
func models(t testing.TB) (files []string) {
	t.Helper()
	for _, pattern := range []string{"../../testdata/models/*.glb", "../../../shared/models/*/*.glb"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}

func TestPackedModelsComeBackAsTheyWere(t *testing.T) {
	for _, f := range models(t) {
		t.Run(filepath.Base(f), func(t *testing.T) {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			s := decode(t, data)
			out := encodePacked(t, s)
			again := decode(t, out)
			if !again.Converted || len(again.Required) != len(s.Required) {
				t.Errorf("converted %v, required %v", again.Converted, again.Required)
			}
			same(t, unturned(s), unturned(again))
			if !bytes.Equal(out, encodePacked(t, s)) {
				t.Error("the second writing gives other bytes")
			}
			if plain := encode(t, s); len(out) > len(plain) {
				t.Errorf("%d bytes plain, %d packed", len(plain), len(out))
			}
		})
	}
}
