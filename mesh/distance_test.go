package mesh_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

// square lies at height z, with the texture over all of it.
func square(z float32) *mesh.Mesh {
	m := shifted(meshtest.Grid(1, meshtest.Flat), 1, [3]float32{0, 0, z})
	m.Normals = [][3]float32{{0, 0, 1}, {0, 0, 1}, {0, 0, 1}, {0, 0, 1}}
	return m
}

func near(got, want float64) bool { return math.Abs(got-want) <= 1e-6*max(1, want) }

func TestParallelSquaresAreAsFarAsTheyAre(t *testing.T) {
	d := mesh.Distance(square(0), square(0.25), 5000)
	if !near(d.Max, 0.25) || !near(d.RMS, 0.25) || !near(d.Mean, 0.25) || d.Normal != 0 || !near(d.UV, 0) {
		t.Errorf("got %+v, want 0.25 m and nothing else", d)
	}
	if d.Samples < 10000 || d.Samples > 10100 {
		t.Errorf("got %d samples, want 5000 on each", d.Samples)
	}
}

func TestAMeshIsNowhereFromItself(t *testing.T) {
	for name, m := range map[string]*mesh.Mesh{"sphere": meshtest.Sphere(32, 16), "cube": meshtest.Cube(4)} {
		d := mesh.Distance(m, m, 5000)
		if d.Max > 1e-7 || d.RMS > 1e-7 || d.UV > 1e-6 || d.Normal > 1e-3 {
			t.Errorf("%s: got %+v, want zero", name, d)
		}
	}
}

func TestASphereIsAsFarFromAFinerOneAsItsSagitta(t *testing.T) {
	// The gap is known at each point of the coarse one: what it lacks to the radius.
	coarse, fine := meshtest.Sphere(48, 24), meshtest.Sphere(384, 192)
	d := mesh.Distance(coarse, fine, 40000)
	sum, sum2, area := 0.0, 0.0, 0.0
	for i := 0; i < len(coarse.Indices); i += 3 {
		var p [3][3]float32
		for k := range p {
			p[k] = coarse.Positions[coarse.Indices[i+k]]
		}
		const n = 12
		each := mesh.Area(p[0], p[1], p[2]) / (n * n)
		for u := range n {
			for v := range n {
				x, y := (float64(u)+0.5)/n, (float64(v)+0.5)/n
				if x+y > 1 {
					x, y = 1-x, 1-y
				}
				r := 0.0
				for k := range 3 {
					c := (1-x-y)*float64(p[0][k]) + x*float64(p[1][k]) + y*float64(p[2][k])
					r += c * c
				}
				gap := 1 - math.Sqrt(r)
				sum, sum2, area = sum+gap*each, sum2+gap*gap*each, area+each
			}
		}
	}
	if want := sum / area; math.Abs(d.Mean/want-1) > 0.05 {
		t.Errorf("the mean is %g m, want %g", d.Mean, want)
	}
	if want := math.Sqrt(sum2 / area); math.Abs(d.RMS/want-1) > 0.05 {
		t.Errorf("the RMS is %g m, want %g", d.RMS, want)
	}
	half := math.Pi / 48
	if want := 1 - math.Cos(half)*math.Cos(half); math.Abs(d.Max/want-1) > 0.05 {
		t.Errorf("the largest is %g m, want %g", d.Max, want)
	}
}

func TestDistanceIsTheSameBothWaysAndInEveryRun(t *testing.T) {
	a, b := meshtest.Sphere(64, 32), meshtest.Sphere(40, 20)
	want := mesh.Distance(a, b, 3000)
	if got := mesh.Distance(b, a, 3000); got != want {
		t.Errorf("got %+v from the other side, want %+v", got, want)
	}
	for _, n := range []int{1, 8} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
			if got := mesh.Distance(a, b, 3000); got != want {
				t.Errorf("got %+v with %d processors, want %+v", got, n, want)
			}
		}()
	}
}

func TestWhatIsMissingOnOneSideCounts(t *testing.T) {
	whole, half := square(0), square(0)
	half.Indices = half.Indices[:3]
	if d := mesh.Distance(half, whole, 5000); math.Abs(d.Max-math.Sqrt2/2) > 1e-6 {
		t.Errorf("got %g m, want 0.7071: the corner that is missing", d.Max)
	}
}

func TestNormalsDifferByTheirAngle(t *testing.T) {
	leaning := square(0)
	sin, cos := math.Sincos(math.Pi / 6)
	for v := range leaning.Normals {
		leaning.Normals[v] = [3]float32{float32(sin), 0, float32(cos)}
	}
	if d := mesh.Distance(square(0), leaning, 1000); math.Abs(d.Normal-30) > 1e-4 {
		t.Errorf("got %g degrees, want 30", d.Normal)
	}
}

func TestTexturesDifferByTheirShift(t *testing.T) {
	moved := square(0)
	for v := range moved.UVs[0] {
		moved.UVs[0][v][0] += 0.3
		moved.UVs[0][v][1] += 0.4
	}
	if d := mesh.Distance(square(0), moved, 1000); math.Abs(d.UV-0.5) > 1e-6 {
		t.Errorf("got %g, want 0.5", d.UV)
	}
}

func TestTheOtherSideOfAPlateIsNotMeant(t *testing.T) {
	// Two sides at one place, whose normals and texture coordinates are not the same.
	front, back := square(0), square(0)
	for v := range back.Normals {
		back.Normals[v] = [3]float32{0, 0, -1}
		back.UVs[0][v][0] += 5
	}
	plate := &mesh.Mesh{
		Positions: append(front.Positions, back.Positions...),
		Normals:   append(front.Normals, back.Normals...),
		UVs:       [][][2]float32{append(front.UVs[0], back.UVs[0]...)},
		Indices:   append([]uint32{}, front.Indices...),
	}
	for i := 0; i < len(back.Indices); i += 3 {
		plate.Indices = append(plate.Indices, back.Indices[i]+4, back.Indices[i+2]+4, back.Indices[i+1]+4)
	}
	if d := mesh.Distance(plate, plate, 1000); d.Normal > 1e-4 || d.UV > 1e-6 {
		t.Errorf("got %g degrees and %g, want none", d.Normal, d.UV)
	}
}

func TestNothingIsInfinitelyFar(t *testing.T) {
	if d := mesh.Distance(square(0), &mesh.Mesh{}, 100); !math.IsInf(d.Max, 1) || !math.IsInf(d.RMS, 1) {
		t.Errorf("got %+v", d)
	}
}

func TestWhatIsNotANumberIsNotMeasured(t *testing.T) {
	bad := square(0)
	bad.Normals[0][0], bad.UVs[0][0][1] = float32(math.NaN()), float32(math.Inf(1))
	d := mesh.Distance(square(0), bad, 1000)
	if d.Normal != 0 || math.Abs(d.UV) > 1e-6 {
		t.Errorf("got %g degrees and %g, want none", d.Normal, d.UV)
	}
}
