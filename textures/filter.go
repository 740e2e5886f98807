package textures

// Rows are filtered in fours: a weight is fetched once for four rows, and the sums
// don't wait for each other. A line of four rows holds, for each pixel, the four
// numbers of the first row, then those of the second, and so on.
const (
	lanes = 4         // numbers of a pixel
	quad  = 4 * lanes // numbers of a pixel of four rows
)

// acrossGo makes the pixels of k from src, a line of four rows.
func acrossGo(dst, src []float32, k *kernel) {
	for i, first := range k.first {
		weights := k.weight[k.at[i]:][:k.taps]
		d := dst[quad*i:][:quad]
		for row := 0; row < quad; row += lanes {
			var r, g, b, a float32
			s := src[quad*int(first)+row:]
			for _, w := range weights {
				r += float32(w * s[0])
				g += float32(w * s[1])
				b += float32(w * s[2])
				a += float32(w * s[3])
				s = s[min(quad, len(s)):]
			}
			d[row], d[row+1], d[row+2], d[row+3] = r, g, b, a
		}
	}
}

// downGo adds four rows to sum, by a weight for each.
func downGo(sum, src []float32, w *[4]float32) {
	for len(sum) >= lanes && len(src) >= quad {
		for c := range lanes {
			v := sum[c]
			v += float32(w[0] * src[c])
			v += float32(w[1] * src[lanes+c])
			v += float32(w[2] * src[2*lanes+c])
			v += float32(w[3] * src[3*lanes+c])
			sum[c] = v
		}
		sum, src = sum[lanes:], src[quad:]
	}
}
