package textures

import (
	"image"
	"math"
	"slices"
)

// Angles is the mean and the 99th percentile of the angles between the normals of a and
// b, in degrees. The percentile is rounded up to a hundredth. Pixels of a that are no
// normal are left out: shorter than a half, or pointing into the surface, where no light
// is whatever the direction.
func Angles(a, b *image.NRGBA) (mean, p99 float64) {
	m := measureAngles(a, b)
	return m.mean(), m.percentile(99)
}

// halfSines is the number of bins that angles are counted in: by sin(angle/2), which
// takes a square root instead of an arc cosine. A bin is 0.007 degrees wide where angles
// are small and 0.01 at a right angle.
const halfSines = 1 << 14

// angles counts angles: bin 0 has those that are zero, bin k those above
// (k-1)/halfSines and at most k/halfSines, by the sine of their half.
type angles struct {
	count [halfSines + 1]uint32
	total int64
}

func measureAngles(a, b *image.NRGBA) *angles {
	m := new(angles)
	w, h := common(a, b)
	for y := range h {
		m.add(a.Pix[y*a.Stride:][:4*w], b.Pix[y*b.Stride:][:4*w])
	}
	for _, n := range m.count {
		m.total += int64(n)
	}
	return m
}

// add counts the angles of a row. A code c stands for (2c-255)/255, so with 2c-255 for
// coordinates, which are odd and so never zero, products are exact.
func (m *angles) add(p, q []uint8) {
	for i := 0; i+4 <= len(p) && i+4 <= len(q); i += 4 {
		v, w := p[i:i+4:i+4], q[i:i+4:i+4]
		vx, vy, vz := 2*int64(v[0])-255, 2*int64(v[1])-255, 2*int64(v[2])-255
		if !isNormal(v[0], v[1], v[2]) {
			continue
		}
		vv := vx*vx + vy*vy + vz*vz
		wx, wy, wz := 2*int64(w[0])-255, 2*int64(w[1])-255, 2*int64(w[2])-255
		ww := wx*wx + wy*wy + wz*wz
		cosine := float64(vx*wx+vy*wy+vz*wz) / math.Sqrt(float64(vv*ww))
		// sin²(x/2) = (1 - cos x) / 2; the cosine of parallel vectors is exactly 1, as
		// their product is a square, and no cosine is above.
		bin := math.Ceil(halfSines * math.Sqrt((1-cosine)/2))
		m.count[int(bin)]++
	}
}

// mean takes the middle of each bin. It adds up whole millionths of a degree: these
// don't depend on an order, nor on the last bit of an arc sine.
func (m *angles) mean() float64 {
	if m.total == 0 {
		return 0
	}
	sum := int64(0)
	for k, n := range m.count {
		if k > 0 && n > 0 {
			sum += int64(n) * int64(math.Round(1e6*binAngle(float64(k)-0.5)))
		}
	}
	return float64(sum) / float64(m.total) / 1e6
}

// percentile is what that many of 100 angles are not above, in degrees, rounded up to a
// hundredth.
func (m *angles) percentile(percent int64) float64 {
	left := m.total * (100 - percent) / 100
	for k, n := range slices.Backward(m.count[:]) {
		if left -= int64(n); left < 0 {
			return math.Ceil(math.Round(1e6*binAngle(float64(k)))/1e4) / 100
		}
	}
	return 0
}

// binAngle is the angle of a place among the bins, in degrees.
func binAngle(k float64) float64 {
	return 2 * math.Asin(min(k/halfSines, 1)) * 180 / math.Pi
}
