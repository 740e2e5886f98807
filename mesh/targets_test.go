package mesh_test

import (
	"math"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

func TestALevelThatChangesNothingIsAsFarAsTheOneBefore(t *testing.T) {
	m := meshtest.Sphere(24, 12)
	levels := chain(t, m, []mesh.Target{{Ratio: 1}, {Deviation: 0.06}, {}, {Ratio: 0.1}, {}})
	for k, want := range []float32{0, levels[1].Deviation, levels[1].Deviation, float32(math.Inf(1)), float32(math.Inf(1))} {
		meshtest.Check(t, m, &levels[k])
		if got := levels[k].Deviation; got != want {
			t.Errorf("level %d promises %g m, want %g", k, got, want)
		}
	}
	if d := levels[1].Deviation; !(d > 0 && d <= 0.06) {
		t.Errorf("level 1 promises %g m, want up to 0.06", d)
	}
}

func TestTheReasonSaysWhatStoppedIt(t *testing.T) {
	cube := meshtest.Cube(4)
	for name, x := range map[string]struct {
		target mesh.Target
		want   string
	}{
		"nothing, it is there": {mesh.Target{Ratio: 0.5}, ""},
		"the deviation":        {mesh.Target{Ratio: 0.01, Deviation: 1e-3}, "the next collapse would go beyond 0.001 m"},
		"collapses end first":  {mesh.Target{Ratio: 1e-9, Deviation: 100}, "no collapse is left that keeps each connected piece"},
		"collapses end":        {mesh.Target{Ratio: 1e-9}, "no collapse is left that keeps each connected piece"},
	} {
		t.Run(name, func(t *testing.T) {
			l := mesh.Simplify(cube, x.target)
			meshtest.Check(t, cube, &l)
			if l.Reason != x.want {
				t.Errorf("got %q, want %q, with %d triangles", l.Reason, x.want, l.Triangles())
			}
		})
	}
}

func TestAReasonIsNotThatOfTheLevelBefore(t *testing.T) {
	m := meshtest.Cube(4)
	levels := chain(t, m, []mesh.Target{{Ratio: 0.01, Deviation: 1e-4}, {Deviation: 2e-4}})
	if !strings.Contains(levels[0].Reason, "beyond") || levels[1].Reason != "" {
		t.Errorf("got the reasons %q and %q", levels[0].Reason, levels[1].Reason)
	}
}

func TestOfTwoLimitsTheFirstCounts(t *testing.T) {
	m := meshtest.Sphere(64, 32)
	half := mesh.Simplify(m, mesh.Target{Ratio: 0.5, Deviation: 1})
	meshtest.Check(t, m, &half)
	if got, want := half.Triangles(), m.Triangles()/2; math.Abs(float64(got-want)) > 0.01*float64(want) {
		t.Errorf("got %d triangles, want %d", got, want)
	}
	if math.IsInf(float64(half.Deviation), 1) {
		t.Error("nothing is promised where the target has a deviation")
	}
	near := mesh.Simplify(m, mesh.Target{Ratio: 0.01, Deviation: 0.005})
	meshtest.Check(t, m, &near)
	if near.Deviation > 0.005 || near.Reason == "" {
		t.Errorf("got a deviation of %g m and the reason %q", near.Deviation, near.Reason)
	}
}
