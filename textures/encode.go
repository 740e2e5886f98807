package textures

import (
	"fmt"
	"image"
	"math"

	"github.com/plinth3d/plinth/textures/jpeg"
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

// A Set is what an image may be coded as.
type Set uint8

// The sets: what any viewer reads, and what browsers do.
const (
	Universal Set = iota // PNG and JPEG
	Web                  // and WebP
)

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

// A Use says what a coded image is for.
type Use struct {
	Role    Role
	Used    Channels
	Quality Quality
}

// Encode packs img once for each set, as the smallest file it finds that keeps the
// quality asked for:
//
//   - light as JPEG, with half the colors' resolution (4:2:0) or without, whichever is
//     smaller; in the Web set as WebP;
//   - normals and data as JPEG with channels that are coded apart, as finely as each is
//     used (RGB; one channel alone is gray), never with less resolution; in the Web set
//     as WebP where one channel says all, or nearly nothing is said, and that is smaller;
//   - what no lossy codec packs smaller, and light whose alpha is used, as PNG, or
//     WebP in the Web set; there such light may be lossy but for its alpha.
//
// Normals take lossless WebP while it is at most 1.3 times as large; a normal map that is
// none, as IsNormalMap has it, is coded as data. Where
// no lossy file is good enough, the best of them is taken if it is under a
// third of the lossless one: what was reached is in the result.
func Encode(img *image.NRGBA, u Use, sets ...Set) ([]Coded, error) {
	e, err := newEncoding(img, u)
	if err != nil {
		return nil, err
	}
	out := make([]Coded, len(sets))
	for i, set := range sets {
		if set == Web {
			out[i], err = e.web()
		} else {
			out[i], err = e.universal()
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// encoding is an image on its way through the codecs.
type encoding struct {
	use    Use
	img    *image.NRGBA // what is coded: what nothing reads has the cheapest values
	stats  Stats        // of img
	sample *image.NRGBA // a part that stands for all of it
	alpha  bool         // is used, and not 255 all over
	gray   bool         // one channel says all

	jpeg *Coded // once made
}

func newEncoding(img *image.NRGBA, u Use) (*encoding, error) {
	if img.Rect.Dx() < 1 || img.Rect.Dy() < 1 {
		return nil, fmt.Errorf("%w: it has no pixels", ErrFormat)
	}
	u = u.For(img)
	e := &encoding{use: u, alpha: u.Used&A != 0 && Analyse(img).Min[3] < 255}
	if !e.alpha {
		e.use.Used &^= A
	}
	e.img = filled(img, e.use)
	e.stats = Analyse(e.img)
	e.gray = !e.alpha && gray(e.img)
	e.sample = sampled(e.img)
	return e, nil
}

// universal is the best PNG or JPEG.
func (e *encoding) universal() (Coded, error) {
	if e.alpha || e.longest() > jpeg.MaxEdge {
		return encodePNG(e.img)
	}
	lossy, err := e.lossyJPEG()
	if err != nil || !e.losslessMayWin(lossy, 1, pngGain) {
		return lossy, err
	}
	lossless, err := encodePNG(e.img)
	return e.better(lossy, lossless, 1), err
}

// longest is the longer side.
func (e *encoding) longest() int { return max(e.img.Rect.Dx(), e.img.Rect.Dy()) }

// web is the best JPEG or WebP, or what universal is where that is too large for WebP.
func (e *encoding) web() (Coded, error) {
	if e.longest() > webpEdge {
		return e.universal()
	}
	lossy, err := e.lossyWeb()
	if err != nil {
		return lossy, err
	}
	return e.orLosslessWebP(lossy)
}

// orLosslessWebP is a lossy file, or WebP without loss where that is better.
func (e *encoding) orLosslessWebP(lossy Coded) (Coded, error) {
	allowed := 1.0
	if e.use.Role == Normal {
		allowed = losslessNormals
	}
	if !e.losslessMayWin(lossy, allowed, webpGain) {
		return lossy, nil
	}
	lossless, err := encodeLosslessWebP(e.img)
	return e.better(lossy, lossless, allowed), err
}

// losslessNormals is how many times larger than a lossy file a lossless one of normals
// may be: their loss is seen in every highlight.
const losslessNormals = 1.3

// lossyWeb is the best lossy file of the Web set.
func (e *encoding) lossyWeb() (Coded, error) {
	if !e.use.Role.Light() {
		if e.alpha {
			return encodeLosslessWebP(e.img)
		}
		return e.lossyData()
	}
	c, err := e.lossyWebP(math.MaxInt)
	if err != nil || e.alpha || c.keeps(e.use.Quality) {
		return c, err
	}
	// WebP halves the colors' resolution; for some images that alone is too much.
	if j, err := e.lossyJPEG(); err != nil || j.keeps(e.use.Quality) {
		return j, err
	}
	return c, nil
}

// lossyData is the best JPEG, or WebP where that is smaller: where one channel says all,
// so that there are no colors to halve, or nearly nothing is said.
func (e *encoding) lossyData() (Coded, error) {
	j, err := e.lossyJPEG()
	if err != nil {
		return j, err
	}
	var w Coded
	switch sparse := 64*len(j.Data) < len(e.img.Pix)/4; {
	case e.gray:
		w, err = e.lossyWebP(len(j.Data))
	case sparse: // what a search would save is not worth its time
		w, err = e.codedWebP(e.img, firstWebP)
	}
	if err != nil || w.Data == nil || !w.keeps(e.use.Quality) || len(w.Data) >= len(j.Data) {
		return j, err
	}
	return w, nil
}

// better chooses between a lossy and a lossless file, which may be that many times as
// large.
func (e *encoding) better(lossy, lossless Coded, allowed float64) Coded {
	size := allowed * float64(len(lossy.Data))
	if !lossy.keeps(e.use.Quality) {
		size *= 3
	}
	if float64(len(lossless.Data)) <= size {
		return lossless
	}
	return lossy
}

// Gains are how much smaller than a quick PNG the best lossless file of a set may be:
// of plain drawings, and of what takes a bit a pixel and more.
var (
	pngGain  = [2]float64{0.6, 0.8}
	webpGain = [2]float64{0.35, 0.6}
)

// losslessMayWin tells whether it is worth while to try a lossless codec: a quick PNG of
// the sample says about how large its file will be.
func (e *encoding) losslessMayWin(lossy Coded, allowed float64, gains [2]float64) bool {
	if !lossy.keeps(e.use.Quality) {
		allowed *= 3
	}
	quick, pixels := quickPNG(e.sample), len(e.sample.Pix)/4
	gain := gains[0]
	if 8*quick > pixels {
		gain = gains[1]
	}
	share := float64(pixels) / float64(len(e.img.Pix)/4)
	return gain*float64(quick) <= allowed*float64(len(lossy.Data))*share
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

// measured fills in how far back is from img.
func (c *Coded) measured(img, back *image.NRGBA, u Use) {
	c.PSNR = PSNR(img, back, u)
	if u.Role == Normal {
		c.Mean, c.Angle = Angles(img, back)
	}
	if u.Role.Light() || u.Quality.Shift > 0 || u.Quality.Detail > 0 {
		if translucent(img, back, u) {
			c.Shift, c.Detail = visibleShift(img, back, u), Detail(img, back)
			return
		}
		blocks := measureBlocks(img, back)
		c.Shift, c.Detail = blocks.shift(), blocks.detail()
	}
}
