package textures

// Rows are filtered in fours: a weight is fetched once for four rows, and the sums
// don't wait for each other. A line of four rows holds, for each pixel, the four
// numbers of the first row, then those of the second, and so on.
const (
	lanes = 4         // numbers of a pixel
	quad  = 4 * lanes // numbers of a pixel of four rows
)

// acrossGo makes the pixels of k from src, a line of four rows. Two rows at a time are as
// many sums as fit the registers.
func acrossGo(dst, src []float32, k *kernel) {
	for i, first := range k.first {
		weights := k.weight[k.at[i]:][:k.taps]
		for row := 0; row < quad; row += quad / 2 {
			var r0, g0, b0, a0, r1, g1, b1, a1 float32
			at := quad*int(first) + row
			for _, w := range weights {
				p := (*[quad / 2]float32)(src[at:])
				r0 += float32(w * p[0])
				g0 += float32(w * p[1])
				b0 += float32(w * p[2])
				a0 += float32(w * p[3])
				r1 += float32(w * p[4])
				g1 += float32(w * p[5])
				b1 += float32(w * p[6])
				a1 += float32(w * p[7])
				at += quad
			}
			*(*[quad / 2]float32)(dst[quad*i+row:]) = [...]float32{r0, g0, b0, a0, r1, g1, b1, a1}
		}
	}
}

// downGo adds four rows to sum, by a weight for each.
func downGo(sum, src []float32, w *[4]float32) {
	for len(sum) >= lanes && len(src) >= quad {
		s, p := (*[lanes]float32)(sum), (*[quad]float32)(src)
		for c := range lanes {
			v := s[c]
			v += float32(w[0] * p[c])
			v += float32(w[1] * p[lanes+c])
			v += float32(w[2] * p[2*lanes+c])
			v += float32(w[3] * p[3*lanes+c])
			s[c] = v
		}
		sum, src = sum[lanes:], src[quad:]
	}
}
