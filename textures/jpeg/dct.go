package jpeg

// cosines holds cos(k pi / 16) / 2.
const (
	c1 float32 = 0.49039264020161522
	c2 float32 = 0.46193976625564337
	c3 float32 = 0.41573480615127262
	c4 float32 = 0.35355339059327376
	c5 float32 = 0.27778511650980111
	c6 float32 = 0.19134171618254489
	c7 float32 = 0.09754516100806413
)

// forward is the transform of T.81, A.3.3, of 8 rows of samples that lie stride
// apart, into a block of coefficients. It is orthonormal.
func forward(out, in []float32, stride int) {
	var mid [blockSize]float32
	for y := range 8 {
		r := in[y*stride : y*stride+8 : y*stride+8]
		m := mid[8*y : 8*y+8 : 8*y+8]
		m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7] = analyse(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
	}
	out = out[:blockSize]
	for x := range 8 {
		m := mid[x : x+57]
		out[x], out[8+x], out[16+x], out[24+x], out[32+x], out[40+x], out[48+x], out[56+x] = analyse(m[0], m[8], m[16], m[24], m[32], m[40], m[48], m[56])
	}
}

// analyse is the transform of 8 numbers: sums feed the even coefficients,
// differences the odd ones.
func analyse(x0, x1, x2, x3, x4, x5, x6, x7 float32) (y0, y1, y2, y3, y4, y5, y6, y7 float32) {
	s0, s1, s2, s3 := x0+x7, x1+x6, x2+x5, x3+x4
	d0, d1, d2, d3 := x0-x7, x1-x6, x2-x5, x3-x4
	t0, t1, u0, u1 := s0+s3, s1+s2, s0-s3, s1-s2
	y0, y4 = float32(c4*(t0+t1)), float32(c4*(t0-t1))
	y2, y6 = float32(c2*u0)+float32(c6*u1), float32(c6*u0)-float32(c2*u1)
	y1 = float32(c1*d0) + float32(c3*d1) + float32(c5*d2) + float32(c7*d3)
	y3 = float32(c3*d0) - float32(c7*d1) - float32(c1*d2) - float32(c5*d3)
	y5 = float32(c5*d0) - float32(c1*d1) + float32(c7*d2) + float32(c3*d3)
	y7 = float32(c7*d0) - float32(c5*d1) + float32(c3*d2) - float32(c1*d3)
	return
}

// inverse is the transform back, into 8 rows that lie stride apart.
func inverse(out []float32, in *[blockSize]float32, stride int) {
	var mid [blockSize]float32
	for y := range 8 {
		r := in[8*y : 8*y+8 : 8*y+8]
		if r[1] == 0 && r[2] == 0 && r[3] == 0 && r[4] == 0 && r[5] == 0 && r[6] == 0 && r[7] == 0 {
			if r[0] != 0 {
				v := float32(c4 * r[0])
				m := mid[8*y : 8*y+8 : 8*y+8]
				m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7] = v, v, v, v, v, v, v, v
			}
			continue
		}
		m := mid[8*y : 8*y+8 : 8*y+8]
		m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7] = synthesize(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
	}
	o0, o1, o2, o3 := out[:8], out[stride:][:8], out[2*stride:][:8], out[3*stride:][:8]
	o4, o5, o6, o7 := out[4*stride:][:8], out[5*stride:][:8], out[6*stride:][:8], out[7*stride:][:8]
	for x := range 8 {
		m := mid[x : x+57]
		o0[x], o1[x], o2[x], o3[x], o4[x], o5[x], o6[x], o7[x] = synthesize(m[0], m[8], m[16], m[24], m[32], m[40], m[48], m[56])
	}
}

// synthesize undoes analyse.
func synthesize(y0, y1, y2, y3, y4, y5, y6, y7 float32) (x0, x1, x2, x3, x4, x5, x6, x7 float32) {
	a, b := float32(c4*(y0+y4)), float32(c4*(y0-y4))
	c, d := float32(c2*y2)+float32(c6*y6), float32(c6*y2)-float32(c2*y6)
	s0, s1, s2, s3 := a+c, b+d, b-d, a-c
	d0 := float32(c1*y1) + float32(c3*y3) + float32(c5*y5) + float32(c7*y7)
	d1 := float32(c3*y1) - float32(c7*y3) - float32(c1*y5) - float32(c5*y7)
	d2 := float32(c5*y1) - float32(c1*y3) + float32(c7*y5) + float32(c3*y7)
	d3 := float32(c7*y1) - float32(c5*y3) + float32(c3*y5) - float32(c1*y7)
	return s0 + d0, s1 + d1, s2 + d2, s3 + d3, s3 - d3, s2 - d2, s1 - d1, s0 - d0
}
