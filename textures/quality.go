package textures

import (
	"image"
	"math"
)

// Quality is what a coded image must keep. A zero field asks nothing.
type Quality struct {
	PSNR  float64 // dB, of the worst used channel for ORM and data, of all for light
	Angle float64 // degrees: 99 of 100 normals are nearer than this
	Noisy float64 // degrees, instead of Angle where that would take more than 1.5 times the bytes
	Mean  float64 // degrees, of all normals
	Shift float64 // codes: the mean of 99 of 100 blocks of 8 by 8 pixels moves less, as the function Shift has it
	// Detail is what is kept of the structure of such blocks, up to 1, as the function
	// Detail has it.
	Detail float64
}

// A Coded image is a file and how near it is to what was coded.
type Coded struct {
	Data  []byte
	MIME  string
	PSNR  float64 // dB over the used channels; +Inf when nothing was lost
	Angle float64 // degrees, 99th percentile, of normals
	Mean  float64 // degrees, of normals
	Shift float64 // codes, 99th percentile, of light

	Detail float64 // of light; 1 when nothing was lost
}

// keeps says whether c is as good as asked.
func (c Coded) keeps(q Quality) bool { return c.excess(q) <= 1 }

// excess is how many times the error of c is what is allowed: the worst of all that is
// asked. It is about in proportion to the steps of quantization.
func (c Coded) excess(q Quality) float64 {
	over := 0.0
	if q.PSNR > 0 {
		over = math.Pow(10, (q.PSNR-c.PSNR)/20)
	}
	if q.Detail > 0 {
		over = max(over, excessOfDetail(c.Detail, q.Detail))
	}
	for _, x := range [][2]float64{{c.Angle, q.Angle}, {c.Mean, q.Mean}, {c.Shift, q.Shift}} {
		if x[1] > 0 {
			over = max(over, x[0]/x[1])
		}
	}
	return settled(over)
}

// settled is x without what a machine's logarithms and powers make of its last bits,
// which no choice may depend on.
func settled(x float64) float64 { return math.Round(x*1e9) / 1e9 }

// measured fills in how far back is from img, and returns the squares of its errors.
func (c *Coded) measured(img, back *image.NRGBA, u Use) squares {
	errors := measureSquares(img, back, u)
	c.PSNR = errors.psnr(u)
	if u.Role == Normal {
		c.Mean, c.Angle = Angles(img, back)
	}
	if u.Role.Light() || u.Quality.Shift > 0 || u.Quality.Detail > 0 {
		if translucent(img, back, u) {
			c.Shift, c.Detail = visibleShift(img, back, u), Detail(img, back)
			return errors
		}
		blocks := measureBlocks(img, back)
		c.Shift, c.Detail = blocks.shift(), blocks.detail()
	}
	return errors
}
