//go:build !purego

package textures

// across makes the pixels of k from src, a line of four rows.
func across(dst, src []float32, k *kernel) {
	n := len(k.first)
	_, _ = dst[quad*n-1], src[quad*k.length-1]
	acrossSSE(&dst[0], &src[0], &k.first[0], &k.at[0], &k.weight[0], n, k.taps)
}

// down adds four rows to sum, by a weight for each.
func down(sum, src []float32, w *[4]float32) {
	_ = src[4*len(sum)-1]
	downSSE(&sum[0], &src[0], w, len(sum)/lanes)
}

//go:noescape
func acrossSSE(dst, src *float32, first, at *int32, weight *float32, n, taps int)

//go:noescape
func downSSE(sum, src *float32, w *[4]float32, n int)
