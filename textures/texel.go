package textures

import (
	"encoding/binary"
	"math"
)

// seen says whether colors count by how much of them is seen.
func (how Resample) seen() bool { return how.Role.Light() && how.Alpha }

// load turns pixels into numbers that may be averaged, for one row of a line of
// four: dst begins at that row's numbers.
func (how Resample) load(dst []float32, src []uint8) {
	switch {
	case how.seen():
		loadSeen(dst, src)
	case how.Role.Light():
		loadRGB(dst, src, &linear)
	case how.Role == Normal:
		loadNormals(dst, src)
	default:
		loadRGB(dst, src, &unit)
	}
}

// loadRGB takes colors through a table.
func loadRGB(dst []float32, src []uint8, table *[256]float32) {
	for len(dst) >= lanes && len(src) >= 4 {
		p := binary.LittleEndian.Uint32(src)
		dst[0], dst[1], dst[2], dst[3] = table[uint8(p)], table[uint8(p>>8)], table[uint8(p>>16)], unit[p>>24]
		dst, src = dst[min(quad, len(dst)):], src[4:]
	}
}

// loadSeen is for light that is seen as much as alpha says: colors are premultiplied.
func loadSeen(dst []float32, src []uint8) {
	for len(dst) >= lanes && len(src) >= 4 {
		p := binary.LittleEndian.Uint32(src)
		a := unit[p>>24]
		dst[0], dst[1], dst[2], dst[3] = linear[uint8(p)]*a, linear[uint8(p>>8)]*a, linear[uint8(p>>16)]*a, a
		dst, src = dst[min(quad, len(dst)):], src[4:]
	}
}

// loadNormals leaves out what is no normal, such as what an atlas has between its
// charts: it weighs nothing, as transparent pixels of a color do.
func loadNormals(dst []float32, src []uint8) {
	for len(dst) >= lanes && len(src) >= 4 {
		p := binary.LittleEndian.Uint32(src)
		if isNormal(uint8(p), uint8(p>>8), uint8(p>>16)) {
			dst[0], dst[1], dst[2], dst[3] = signed[uint8(p)], signed[uint8(p>>8)], signed[uint8(p>>16)], unit[p>>24]
		} else {
			dst[0], dst[1], dst[2], dst[3] = 0, 0, 0, unit[p>>24]
		}
		dst, src = dst[min(quad, len(dst)):], src[4:]
	}
}

// store turns averages into a row of pixels.
func (how Resample) store(dst []uint8, src []float32) {
	switch {
	case how.seen():
		storeSeen(dst, src)
	case how.Role.Light():
		for len(dst) >= 4 && len(src) >= lanes {
			dst[0], dst[1], dst[2], dst[3] = SRGB(src[0]), SRGB(src[1]), SRGB(src[2]), code(src[3])
			dst, src = dst[4:], src[lanes:]
		}
	case how.Role == Normal:
		storeNormals(dst, src)
	default:
		for i, v := range src[:len(dst)] {
			dst[i] = code(v)
		}
	}
}

// storeSeen divides colors by their alpha. Where nothing is seen there is no color, and
// pixels are all 0.
func storeSeen(dst []uint8, src []float32) {
	for len(dst) >= 4 && len(src) >= lanes {
		if a := code(src[3]); a > 0 {
			over := 1 / src[3]
			dst[0], dst[1], dst[2], dst[3] = SRGB(src[0]*over), SRGB(src[1]*over), SRGB(src[2]*over), a
		} else {
			clear(dst[:4])
		}
		dst, src = dst[4:], src[lanes:]
	}
}

// storeNormals gives vectors length 1. The filter's negative lobes may turn one into the
// surface, where normals don't point; it comes to lie on the surface then. Where no
// normal was near, it is straight up.
func storeNormals(dst []uint8, src []float32) {
	for len(dst) >= 4 && len(src) >= lanes {
		x, y, z := float64(src[0]), float64(src[1]), float64(max(src[2], 0))
		half := 0.5 / math.Sqrt(float64(x*x)+float64(y*y)+float64(z*z))
		if half > 500 {
			x, y, z, half = 0, 0, 1, 0.5
		}
		dst[0], dst[1] = code(float32(float64(x*half)+0.5)), code(float32(float64(y*half)+0.5))
		dst[2], dst[3] = code(float32(float64(z*half)+0.5)), code(src[3])
		dst, src = dst[4:], src[lanes:]
	}
}
