package mesh_test

import (
	"testing"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

func TestAMeshWithoutAttributesIsTakenDown(t *testing.T) {
	m := meshtest.Grid(16, meshtest.Waves)
	m.UVs = nil
	l := mesh.Simplify(m, mesh.Target{Ratio: 0.5})
	meshtest.Check(t, m, &l)
	if got := l.Triangles(); got > 256 {
		t.Errorf("got %d triangles, want 256", got)
	}
}
