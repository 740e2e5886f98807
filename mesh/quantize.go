package mesh

import "math"

// A Grid is where quantized positions may be: Origin plus whole multiples of Step, up
// to 65535 along each axis. Its step is the same along all, so that undoing it turns no
// normal.
type Grid struct {
	Origin [3]float64 // meters
	Step   float64    // meters
}

// mostSteps is what fits 16 bits.
const mostSteps = math.MaxUint16

// FitGrid returns the coarsest grid around the box from lo to hi that moves no point by
// more than shift meters, or the finest that 16 bits allow where that is coarser.
func FitGrid(lo, hi [3]float32, shift float64) Grid {
	size := 0.0
	for k := range 3 {
		size = max(size, float64(hi[k])-float64(lo[k]))
	}
	g := Grid{Origin: [3]float64{float64(lo[0]), float64(lo[1]), float64(lo[2])}, Step: size / mostSteps}
	// The farthest point of a cell is half its diagonal from a corner.
	g.Step = max(g.Step, float64(shift*2)/math.Sqrt(3))
	if !(g.Step > 0) {
		g.Step = 1 // one point
	}
	// Steps are floats in files: one that is a float already rounds nowhere twice.
	g.Step = float64(above(g.Step))
	return g
}

// StepFor is the step of a grid whose rounding has the given root mean square: it is
// uniform, so 1/sqrt(12) of the step, along any direction.
func StepFor(rms float64) float64 { return rms * math.Sqrt(12) }

// ShiftFor is how far a grid of that step moves a point at most.
func ShiftFor(rms float64) float64 { return StepFor(rms) * math.Sqrt(3) / 2 }

// Shift is the most that the grid moves a point, in meters.
func (g Grid) Shift() float64 { return g.Step * math.Sqrt(3) / 2 }

// Quantize returns the nearest points of the grid, in steps.
func (g Grid) Quantize(points [][3]float32) [][3]uint16 {
	out := make([][3]uint16, len(points))
	for i, p := range points {
		for k, x := range p {
			out[i][k] = uint16(min(max(math.Round((float64(x)-g.Origin[k])/g.Step), 0), mostSteps))
		}
	}
	return out
}
