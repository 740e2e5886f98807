package meshopt

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// attributeData is count elements of stride bytes of several kinds, by name.
func attributeData(rnd *rand.Rand, count, stride int) map[string][]byte {
	n := count * stride
	noise, walk, words, floats := make([]byte, n), make([]byte, n), make([]byte, n), make([]byte, n)
	for i := range n {
		noise[i] = byte(rnd.Uint32())
		if i >= stride {
			walk[i] = walk[i-stride] + byte(rnd.IntN(7)-3)
		}
	}
	for i := 0; i < n; i += 2 {
		v := uint16(rnd.Uint32())
		if i >= stride {
			v = binary.LittleEndian.Uint16(words[i-stride:]) + uint16(rnd.IntN(600)-300)
		}
		binary.LittleEndian.PutUint16(words[i:], v)
	}
	for i := 0; i < n; i += 4 {
		x := math.Sin(float64(i/stride)*0.01+float64(i%stride)) * (1 + 0.01*rnd.Float64())
		binary.LittleEndian.PutUint32(floats[i:], math.Float32bits(float32(x)))
	}
	return map[string][]byte{"zeros": make([]byte, n), "noise": noise, "a walk": walk, "words": words, "floats": floats}
}

// indexData is lists of indices, most of them of triangles, by name.
func indexData(rnd *rand.Rand) map[string][]uint32 {
	noise := make([]uint32, 3000)
	for i := range noise {
		noise[i] = uint32(rnd.IntN(60000))
	}
	shuffled := grid(40)
	rnd.Shuffle(len(shuffled)/3, func(a, b int) {
		for k := range 3 {
			shuffled[3*a+k], shuffled[3*b+k] = shuffled[3*b+k], shuffled[3*a+k]
		}
	})
	var soup, lines []uint32
	for i := range uint32(999) {
		soup = append(soup, i)
		lines = append(lines, i, i+1, 5000+i/2, 9000-i)
	}
	twice := append(grid(10), grid(10)...)
	return map[string][]uint32{
		"one": {0, 1, 2}, "one turned": {2, 0, 1}, "far": {7, 500, 60000}, "same": {5, 5, 5, 5, 5, 5},
		"noise": noise, "grid": grid(40), "shuffled": shuffled, "soup": soup, "lines": lines, "two grids": twice,
	}
}

// grid is the triangles of n by n squares, row by row.
func grid(n uint32) []uint32 {
	var indices []uint32
	for y := range n {
		for x := range n {
			a := y*(n+1) + x
			b := a + n + 1
			indices = append(indices, a, b, a+1, a+1, b, b+1)
		}
	}
	return indices
}

func indexBytes(indices []uint32, stride int) []byte {
	out := make([]byte, len(indices)*stride)
	for i, v := range indices {
		putIndex(out[i*stride:], v, stride)
	}
	return out
}

func unitVectors(rnd *rand.Rand, count int) [][4]float32 {
	out := make([][4]float32, count)
	for i := range out {
		v := normalized([4]float64{rnd.NormFloat64(), rnd.NormFloat64(), rnd.NormFloat64()})
		v[3] = float32(1 - 2*rnd.IntN(2))
		out[i] = v
	}
	for i, v := range [][4]float32{{1, 0, 0, 1}, {0, 1, 0, 1}, {0, 0, 1, 1}, {-1, 0, 0, -1}, {0, -1, 0, 0}, {0, 0, -1, 0.5}} {
		out[i%count] = v
	}
	return out
}

func quaternions(rnd *rand.Rand, count int) [][4]float32 {
	out := make([][4]float32, count)
	for i := range out {
		out[i] = normalized([4]float64{rnd.NormFloat64(), rnd.NormFloat64(), rnd.NormFloat64(), rnd.NormFloat64()})
	}
	return out
}

func normalized(v [4]float64) (u [4]float32) {
	length := math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2] + v[3]*v[3])
	for k := range v {
		u[k] = float32(v[k] / length)
	}
	return u
}

func flat(vectors [][4]float32) []float32 {
	var out []float32
	for _, v := range vectors {
		out = append(out, v[:]...)
	}
	return out
}
