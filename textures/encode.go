package textures

import (
	"fmt"
	"image"
	"image/png"
	"math"

	"github.com/plinth3d/plinth/textures/jpeg"
)

// A Set is what an image may be coded as.
type Set uint8

// The sets: what any viewer reads, and what browsers do.
const (
	Universal Set = iota // PNG and JPEG
	Web                  // and WebP
)

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

	jpeg  *Coded // once made
	quick int    // bytes of a PNG of the sample that is made in a hurry, some half larger than a good one; 0 until made
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
	e.gray = !e.alpha && IsGray(e.img)
	e.sample = sampled(e.img)
	return e, nil
}

// universal is the best PNG or JPEG.
func (e *encoding) universal() (Coded, error) {
	if e.alpha || e.longest() > jpeg.MaxEdge {
		return encodePNG(e.img)
	}
	lossy, err := e.lossyJPEG()
	if err != nil {
		return lossy, err
	}
	if may, err := e.losslessMayWin(lossy, 1, pngGain); err != nil || !may {
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
	if may, err := e.losslessMayWin(lossy, allowed, webpGain); err != nil || !may {
		return lossy, err
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
func (e *encoding) losslessMayWin(lossy Coded, allowed float64, gains [2]float64) (bool, error) {
	if e.quick == 0 {
		data, err := writePNG(e.sample, png.BestSpeed)
		if err != nil {
			return false, err
		}
		e.quick = len(data)
	}
	if !lossy.keeps(e.use.Quality) {
		allowed *= 3
	}
	pixels, gain := len(e.sample.Pix)/4, gains[0]
	if 8*e.quick > pixels {
		gain = gains[1]
	}
	share := float64(pixels) / float64(len(e.img.Pix)/4)
	return gain*float64(e.quick) <= allowed*float64(len(lossy.Data))*share, nil
}
