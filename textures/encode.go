package textures

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"

	"github.com/gen2brain/jpegli"
)

// Quality is what a coded image must keep. A zero field asks nothing.
type Quality struct {
	PSNR  float64 // dB, of the worst used channel for ORM and data, of all for light
	Angle float64 // degrees: 99 of 100 normals are nearer than this
	Noisy float64 // degrees, instead of Angle where that would take 1.5 times the bytes
	Shift float64 // codes: the mean color of 99 of 100 blocks of 8 by 8 pixels moves less
}

// A Coded image is a file and how near it is to what was coded.
type Coded struct {
	Data  []byte
	MIME  string
	PSNR  float64 // dB over the used channels; +Inf when nothing was lost
	Angle float64 // degrees, 99th percentile, of normals

	Shift float64 // codes, 99th percentile, of light

	options jpegli.EncodingOptions // that made a JPEG
}

// A Use says what a coded image is for.
type Use struct {
	Role    Role
	Used    Channels
	Quality Quality
}

// Encode packs img as a JPEG that keeps the quality asked for or as a PNG, whichever is
// smaller; an image whose alpha is used is a PNG. Light is coded with half the
// colors' resolution (4:2:0) where that can keep the quality, everything else
// without (4:4:4). When no JPEG is good enough, the best of them is taken if it
// is under a third of the PNG: what was reached is in the result.
func Encode(img *image.NRGBA, u Use) (Coded, error) {
	if u.Used&A != 0 && Analyse(img).Min[3] < 255 {
		return encodePNG(img, u.Used, png.DefaultCompression)
	}
	img = filled(img, u)
	lossy, err := bestJPEG(Opaque(img), u)
	if err == nil {
		err = lossy.pack(Opaque(img))
	}
	if err != nil {
		return Coded{}, err
	}
	size := len(lossy.Data)
	if !lossy.good(u.Quality) {
		size *= 3
	}
	// A quick packing is within a half of the best, so often it settles the matter.
	quick, err := encodePNG(img, u.Used, png.BestSpeed)
	if err != nil || 3*size < 2*len(quick.Data) {
		return lossy, err
	}
	lossless, err := encodePNG(img, u.Used, png.DefaultCompression)
	if err != nil || size < len(lossless.Data) {
		return lossy, err
	}
	return lossless, nil
}

// bestJPEG is the smallest JPEG that keeps the quality asked for, or the best.
func bestJPEG(img *image.NRGBA, u Use) (Coded, error) {
	if u.Role.Light() {
		best, err := search(img, u, jpegli.EncodingOptions{ChromaSubsampling: image.YCbCrSubsampleRatio420, AdaptiveQuantization: true})
		if err != nil || best.good(u.Quality) {
			return best, err
		}
		return search(img, u, jpegli.EncodingOptions{ChromaSubsampling: image.YCbCrSubsampleRatio444, AdaptiveQuantization: true})
	}
	best, err := searchTables(img, u)
	if err != nil || u.Role != Normal || u.Quality.Noisy <= u.Quality.Angle || 8*len(best.Data) < len(img.Pix)/4 {
		return best, err // under a bit a pixel it isn't noisy
	}
	u.Quality.Angle = u.Quality.Noisy
	noisy, err := searchTables(img, u)
	if err == nil && 3*len(noisy.Data) < 2*len(best.Data) {
		return noisy, nil
	}
	return best, err
}

// searchTables tries both sets of quantization tables: those of the standard treat the
// three channels more alike than jpegli's, which are made for eyes. Either can
// be smaller by a third.
func searchTables(img *image.NRGBA, u Use) (best Coded, err error) {
	for _, standard := range []bool{true, false} {
		c, err := search(img, u, jpegli.EncodingOptions{ChromaSubsampling: image.YCbCrSubsampleRatio444, StandardQuantTables: standard})
		if err != nil {
			return c, err
		}
		switch kept := c.keeps(u.Quality); {
		case best.Data == nil, kept && !best.keeps(u.Quality):
			best = c
		case kept == best.keeps(u.Quality) && len(c.Data) < len(best.Data):
			best = c
		}
	}
	return best, nil
}

// The qualities that are tried, by libjpeg's scale. Above is hardly better and much
// larger.
const (
	worstQuality = 50
	firstQuality = 86
	bestQuality  = 99
)

// search finds the smallest quality that will do, or the best there is, to within
// what nobody sees. A higher quality is never worse, near enough; a step of one
// is some 0.4 dB, or a tenth of an angle.
func search(img *image.NRGBA, u Use, options jpegli.EncodingOptions) (best Coded, err error) {
	lo, hi := worstQuality, bestQuality
	for quality := firstQuality; ; {
		options.Quality = quality
		c, err := encodeJPEG(img, options, u)
		if err != nil {
			return Coded{}, err
		}
		steps := c.stepsFrom(u.Quality)
		switch {
		case c.keeps(u.Quality):
			best, hi = c, quality-1
			if steps > -1 {
				return best, nil
			}
		case quality == bestQuality:
			return c, nil
		default:
			lo = quality + 1
		}
		if lo > hi {
			if best.Data != nil {
				return best, nil
			}
			lo, hi = bestQuality, bestQuality
		}
		quality = min(max(quality+int(math.Ceil(steps)), lo), hi)
	}
}

// stepsFrom estimates how many steps of quality lie between c and what is asked;
// negative where c is better.
func (c Coded) stepsFrom(q Quality) float64 {
	steps := -bestQuality + 0.0
	if q.PSNR > 0 {
		steps = max(steps, (q.PSNR-c.PSNR)/0.4)
	}
	if q.Angle > 0 {
		steps = max(steps, math.Log(max(c.Angle, 0.1)/q.Angle)*10)
	}
	if q.Shift > 0 {
		steps = max(steps, math.Log(max(c.Shift, 0.05)/q.Shift)*10)
	}
	return steps
}

// keeps says whether c is as good as asked; good, whether it may be taken.
func (c Coded) keeps(q Quality) bool {
	return c.PSNR >= q.PSNR && (q.Angle == 0 || c.Angle <= q.Angle) && (q.Shift == 0 || c.Shift <= q.Shift)
}

func (c Coded) good(q Quality) bool {
	return c.PSNR >= q.PSNR && (q.Angle == 0 || c.Angle <= max(q.Angle, q.Noisy)) && (q.Shift == 0 || c.Shift <= q.Shift)
}

// Opaque returns img with alpha 255 all over.
func Opaque(img *image.NRGBA) *image.NRGBA {
	out := image.NewNRGBA(img.Rect)
	copy(out.Pix, img.Pix)
	for i := 3; i < len(out.Pix); i += 4 {
		out.Pix[i] = 255
	}
	return out
}

func encodePNG(img *image.NRGBA, used Channels, level png.CompressionLevel) (Coded, error) {
	var src image.Image = img
	stats := Analyse(img)
	if used&A == 0 && stats.Min[3] < 255 {
		img = Opaque(img)
		src = img
	}
	if (used&A == 0 || stats.Min[3] == 255) && gray(img) {
		g := image.NewGray(img.Rect)
		for i := range g.Pix {
			g.Pix[i] = img.Pix[4*i]
		}
		src = g
	}
	var out bytes.Buffer
	enc := png.Encoder{CompressionLevel: level}
	if err := enc.Encode(&out, src); err != nil {
		return Coded{}, fmt.Errorf("encode PNG: %w", err)
	}
	return Coded{Data: out.Bytes(), MIME: PNG, PSNR: math.Inf(1)}, nil
}

// filled gives channels that nothing reads what costs least: the value that makes
// one of JPEG's two color differences vanish (ITU-T T.871, section 7), or gray.
func filled(img *image.NRGBA, u Use) *image.NRGBA {
	if u.Role.Light() || u.Role == Normal || u.Used&RGB == RGB || u.Used&RGB == 0 {
		return img
	}
	out := Opaque(img)
	for i := 0; i < len(out.Pix); i += 4 {
		p := out.Pix[i : i+3 : i+3]
		r, g, b := int(p[0]), int(p[1]), int(p[2])
		switch u.Used & RGB {
		case G | B: // no Cr
			p[0] = uint8((837*g + 163*b + 500) / 1000)
		case R | G: // no Cb
			p[2] = uint8((338*r + 662*g + 500) / 1000)
		case R | B:
			p[1] = uint8((r + b) / 2)
		case R:
			p[1], p[2] = p[0], p[0]
		case G:
			p[0], p[2] = p[1], p[1]
		case B:
			p[0], p[1] = p[2], p[2]
		}
	}
	return out
}

func gray(img *image.NRGBA) bool {
	for i := 0; i < len(img.Pix); i += 4 {
		if img.Pix[i] != img.Pix[i+1] || img.Pix[i] != img.Pix[i+2] {
			return false
		}
	}
	return true
}

// encodeJPEG makes a sequential JPEG, which is quick, and measures it.
func encodeJPEG(img *image.NRGBA, options jpegli.EncodingOptions, u Use) (Coded, error) {
	options.OptimizeCoding = true
	var out bytes.Buffer
	if err := jpegli.Encode(&out, img, &options); err != nil {
		return Coded{}, fmt.Errorf("encode JPEG: %w", err)
	}
	back, err := Decode(out.Bytes(), int64(img.Rect.Dx())*int64(img.Rect.Dy()))
	if err != nil {
		return Coded{}, fmt.Errorf("read back JPEG: %w", err)
	}
	c := Coded{Data: out.Bytes(), MIME: JPEG, PSNR: PSNR(img, back, u), options: options}
	if u.Role == Normal {
		c.Angle = Angle(img, back)
	}
	if u.Role.Light() {
		c.Shift = Shift(img, back)
	}
	return c, nil
}

// pack makes a JPEG progressive where that is smaller, as it mostly is. The pixels stay
// the same.
func (c *Coded) pack(img *image.NRGBA) error {
	options := c.options
	options.ProgressiveLevel = 2
	var out bytes.Buffer
	if err := jpegli.Encode(&out, img, &options); err != nil {
		return fmt.Errorf("encode JPEG: %w", err)
	}
	if out.Len() < len(c.Data) {
		c.Data = out.Bytes()
	}
	return nil
}
