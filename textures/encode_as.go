package textures

import (
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/plinth3d/plinth/textures/jpeg"
)

// A Codec is a way to write an image, chosen by name.
type Codec string

// The codecs. WebPCodec may lose, and does without where that is smaller;
// LosslessWebPCodec never loses. AutoCodec is what Encode takes of the Web set.
const (
	AutoCodec         Codec = "auto"
	JPEGCodec         Codec = "jpeg"
	PNGCodec          Codec = "png"
	WebPCodec         Codec = "webp"
	LosslessWebPCodec Codec = "webp-lossless"
)

// Scaled says whether a codec has a scale of quality of its own.
func (c Codec) Scaled() bool { return c == JPEGCodec || c == WebPCodec }

// ErrAlpha is what EncodeAs says of alpha that is used, where the codec has none.
var ErrAlpha = fmt.Errorf("%w as JPEG: its alpha is in use, and JPEG has none", ErrFormat)

var errQuality = errors.New("the codec has no such quality")

// EncodeAs packs img with one codec. A quality of 1 to 100 is on the codec's own scale,
// and u.Quality has no part in it:
//
//   - WebP is what libwebp makes at its default effort, lossy but for its alpha, for any
//     role;
//   - JPEG has the steps of jpeg.Standard, with half the colors' resolution (4:2:0) for
//     light and all of it (4:4:4) for normals and data, as libjpeg makes it.
//
// A quality of 0 looks for the smallest file that keeps u.Quality. Where no lossy one
// does, which Kept tells, it is the best of them, or one without loss if WebP may be
// chosen and that is at most three times as large. WebP of normals and data whose alpha
// is used never loses there: lossy ones drop colors where alpha is 0.
func EncodeAs(img *image.NRGBA, u Use, codec Codec, quality int) (Coded, error) {
	if quality != 0 && (!codec.Scaled() || quality < 1 || quality > 100) {
		return Coded{}, fmt.Errorf("encode %s at quality %d: %w", codec, quality, errQuality)
	}
	e, err := newEncoding(img, u)
	if err != nil {
		return Coded{}, err
	}
	switch codec {
	case AutoCodec:
		return e.web()
	case JPEGCodec:
		return e.onlyJPEG(quality)
	case PNGCodec:
		return encodePNG(e.img)
	case WebPCodec:
		return e.onlyWebP(quality)
	case LosslessWebPCodec:
		return encodeLosslessWebP(e.img)
	}
	return Coded{}, fmt.Errorf("no codec is called %.40q", string(codec))
}

// Kept says whether c, made by Encode or EncodeAs for that quality, keeps it. Normals
// that are within q.Noisy do: what is stricter was tried, and cost too much.
func (c Coded) Kept(q Quality) bool {
	if q.Angle > 0 {
		q.Angle = max(q.Angle, q.Noisy)
	}
	return c.keeps(q)
}

func (e *encoding) onlyJPEG(quality int) (Coded, error) {
	switch {
	case e.alpha:
		return Coded{}, ErrAlpha
	case quality == 0:
		return e.lossyJPEG()
	}
	return e.standardJPEG(quality)
}

// standardJPEG is the JPEG of a quality on libjpeg's scale.
func (e *encoding) standardJPEG(quality int) (Coded, error) {
	s := scheme{layout: jpeg.YCbCr444}
	switch {
	case e.gray:
		s.layout = jpeg.Gray
	case e.use.Role.Light():
		s.layout = jpeg.YCbCr420
	}
	t, err := e.trial(e.img, s)
	if err != nil {
		return Coded{}, err
	}
	steps := make([]jpeg.Steps, s.layout.Components())
	for c := range steps {
		steps[c] = jpeg.Standard(quality, c > 0)
	}
	q := t.source.Quantize(steps, jpeg.Rounding{ToOne: 0.5, Up: 0.5})
	coded, _ := t.look(q)
	coded.Data = q.Encode()
	return coded, nil
}

func (e *encoding) onlyWebP(quality int) (Coded, error) {
	switch {
	case quality != 0:
		return e.codedWebP(e.img, quality)
	case e.alpha && !e.use.Role.Light():
		return encodeLosslessWebP(e.img)
	}
	lossy, err := e.lossyWebP(math.MaxInt)
	if err != nil {
		return lossy, err
	}
	return e.orLosslessWebP(lossy)
}
