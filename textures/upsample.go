package textures

import "image"

// A rendering is how a codec's decoders make RGB of luma and chroma. Chroma that was
// halved is put back by a triangle filter whose samples stand between the luma's, in
// both codecs: 9, 3, 3 and 1 parts of the nearest four, in 16ths. This is what shoppers
// see: browsers read JPEG with libjpeg-turbo and WebP with libwebp, and both do it
// unless told otherwise. image/draw repeats chroma instead, and takes WebP's range for
// JPEG's.
type rendering struct {
	// What is added before a sum is divided, for the left and the right pixel of a pair,
	// and in images that are halved along one axis only, in 16ths for both pixels of it.
	both, across, down [2]uint32
	// An image whose chroma has no more columns repeats them.
	narrow int
	// row makes a row of RGBA, opaque, from rows of luma and chroma of its length.
	row func(dst, y, cb, cr []uint8)
}

// jfif is libjpeg-turbo's way: roundings up and down alternate, so that the mean stays.
var jfif = rendering{both: [2]uint32{8, 7}, across: [2]uint32{4, 8}, down: [2]uint32{4, 8}, narrow: 2, row: fullRange}

// vp8 is libwebp's way. It only knows chroma that is halved along both axes.
var vp8 = rendering{both: [2]uint32{8, 8}, row: videoRange}

// draw makes RGB of img, whose bounds start at (0, 0). Ratios other than halves along
// an axis are repeated.
func (how *rendering) draw(img *image.YCbCr) *image.NRGBA {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	bands(h, func(from, to int) {
		wide := w + 3 // pairs and fours may overhang
		scratch := make([]uint8, 2*wide)
		cb, cr := scratch[:wide], scratch[wide:]
		for y := from; y < to; y++ {
			b, r := how.chroma(cb, img, img.Cb, y), how.chroma(cr, img, img.Cr, y)
			how.row(out.Pix[y*out.Stride:][:4*w], img.Y[y*img.YStride:][:w], b[:w], r[:w])
		}
	})
	return out
}

// chroma is row y of a chroma plane at the image's width, in scratch or the plane itself.
func (how *rendering) chroma(scratch []uint8, img *image.YCbCr, plane []uint8, y int) []uint8 {
	x, down := spacing(img.SubsampleRatio)
	w, h := (img.Rect.Dx()+x-1)/x, (img.Rect.Dy()+down-1)/down
	at := y / down
	near := plane[at*img.CStride:][:w]
	if x == 4 || x == 2 && w <= how.narrow {
		repeat(scratch, near, x)
		return scratch
	}
	far, bias := near, how.across
	if down == 2 {
		beside := min(max(at-1+2*(y%2), 0), h-1)
		far, bias = plane[beside*img.CStride:][:w], how.both
	}
	switch {
	case x == 2:
		widen(scratch, near, far, bias)
	case down == 2:
		blend(scratch, near, far, how.down[y%2])
	default:
		return near
	}
	return scratch
}

// spacing returns how many columns and rows of pixels share a sample of chroma.
func spacing(r image.YCbCrSubsampleRatio) (x, y int) {
	switch r {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}

// widen writes two pixels for each sample of near, three quarters of it and one of the
// sample on the pixel's side, where a sample is three quarters near and one far.
func widen(dst, near, far []uint8, bias [2]uint32) {
	far = far[:len(near)]
	this := 3*uint32(near[0]) + uint32(far[0])
	last := this
	for i := range len(near) - 1 {
		next := 3*uint32(near[i+1]) + uint32(far[i+1])
		pair := dst[2*i : 2*i+2 : 2*i+2]
		pair[0] = uint8((3*this + last + bias[0]) >> 4)
		pair[1] = uint8((3*this + next + bias[1]) >> 4)
		last, this = this, next
	}
	i := len(near) - 1
	dst[2*i] = uint8((3*this + last + bias[0]) >> 4)
	dst[2*i+1] = uint8((4*this + bias[1]) >> 4)
}

// blend writes three quarters of near and one of far.
func blend(dst, near, far []uint8, bias uint32) {
	for i := range near {
		dst[i] = uint8((12*uint32(near[i]) + 4*uint32(far[i]) + bias) >> 4)
	}
}

// repeat writes each sample n times.
func repeat(dst, near []uint8, n int) {
	for i, v := range near {
		for k := range n {
			dst[n*i+k] = v
		}
	}
}

// fullRange converts as JFIF says (ITU-T T.871, 7): R = Y + 1.402 Cr and so on, in
// 65536ths of a code, rounded.
func fullRange(dst, y, cb, cr []uint8) {
	cb, cr = cb[:len(y)], cr[:len(y)]
	for i, luma := range y {
		v := int32(luma)<<16 + 1<<15
		b, r := int32(cb[i])-128, int32(cr[i])-128
		p := dst[4*i : 4*i+4 : 4*i+4]
		p[0] = clamp(v+91881*r, 16)
		p[1] = clamp(v-22554*b-46802*r, 16)
		p[2] = clamp(v+116130*b, 16)
		p[3] = 255
	}
}

// videoRange converts as VP8 does (RFC 6386, 9.2: ITU-R BT.601, where luma is 16 to 235
// and chroma 16 to 240), in libwebp's fixed point: each product cut to 64ths of a code.
func videoRange(dst, y, cb, cr []uint8) {
	cb, cr = cb[:len(y)], cr[:len(y)]
	for i, luma := range y {
		v := int32(luma) * 19077 >> 8
		b, r := int32(cb[i]), int32(cr[i])
		p := dst[4*i : 4*i+4 : 4*i+4]
		p[0] = clamp(v+r*26149>>8-14234, 6)
		p[1] = clamp(v-b*6419>>8-r*13320>>8+8708, 6)
		p[2] = clamp(v+b*33050>>8-17685, 6)
		p[3] = 255
	}
}

// clamp is v without its lowest bits, within a byte.
func clamp(v int32, bits uint) uint8 { return uint8(min(max(v>>bits, 0), 255)) }
