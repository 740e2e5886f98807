package mesh_test

import (
	"testing"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

func TestSurfacesThatNearlyCoincideAreNotFarApart(t *testing.T) {
	// Every edge of the cube is a little off, so that along it two faces are about as near.
	a, b := meshtest.Cube(4), meshtest.Cube(1)
	for v := range b.Positions {
		p := &b.Positions[v]
		*p = [3]float32{p[0] * (1 - 3e-6), p[1] * (1 - 1e-6), p[2] + 2e-6*p[0]}
	}
	got := mesh.Deviation(a, b)
	if sampled := mesh.Distance(a, b, 1000).Max; got < sampled || got > 10*sampled {
		t.Errorf("got a bound of %g m, samples are up to %g m apart", got, sampled)
	}
}
