package mesh_test

import (
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

// Four blocks or so. Their rims meet, and after some collapses a place there has neighbors
// deep inside of several.
func severalBlocks() *mesh.Mesh {
	m := meshtest.Grid(130, meshtest.Waves)
	m.Normals = meshtest.SmoothNormals(m)
	return m
}

func TestBlocksAtTheSameTimeMakeTheSameMesh(t *testing.T) {
	m := severalBlocks()
	targets := []mesh.Target{{Ratio: 0.5}, {Ratio: 0.25}, {Ratio: 0.05}, {Ratio: 0.01}}
	run := func(n int) []mesh.Level {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		return chain(t, m, targets)
	}
	one := run(1)
	for k := range one {
		meshtest.Check(t, m, &one[k])
	}
	for _, n := range []int{2, 8} {
		if !cmp.Equal(one, run(n), cmpopts.IgnoreUnexported(mesh.Level{})) {
			t.Errorf("%d processors make another mesh than one does", n)
		}
	}
}
