package textures

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math"
)

// A Difference says how far an image is from another, by what it is for.
type Difference struct {
	Use           Use // what was measured for; its Quality has no part in it
	Width, Height int // pixels

	PSNR     float64    // dB, as the function PSNR has it; +Inf where nothing differs
	Channels [4]float64 // dB of R, G, B and A, in use or not, weighed as in PSNR
	SSIM     float64    // at most 1, as the function SSIM has it

	// Of normals, in degrees: the mean, the 99th percentile and the largest of the
	// angles, and how many pixels of the first image are normals, and so count.
	MeanAngle, Angle, MaxAngle float64
	Normals                    int64

	// Of light: the 99th percentile of how far a block's mean color moved, in codes, as
	// the function Shift has it. Translucent images are put on black and on white, and
	// the larger counts.
	Shift float64

	Detail float64 // of light: at most 1, as the function Detail has it
}

// Compare measures how far b is from a. Both must have the same size.
func Compare(a, b *image.NRGBA, u Use) (Difference, error) {
	w, h := a.Rect.Dx(), a.Rect.Dy()
	switch {
	case a.Rect.Size() != b.Rect.Size():
		return Difference{}, fmt.Errorf("the images have %d by %d and %d by %d pixels; resize one to the size of the other", w, h, b.Rect.Dx(), b.Rect.Dy())
	case w == 0 || h == 0:
		return Difference{}, errors.New("the images have no pixels; compare images that have")
	case u.Used&(RGB|A) == 0:
		return Difference{}, errors.New("no channel is in use; name one to compare")
	}
	squares := measureSquares(a, b, u)
	d := Difference{Use: u, Width: w, Height: h, PSNR: squares.psnr(u), SSIM: SSIM(a, b, u)}
	for c := range d.Channels {
		d.Channels[c] = decibels(squares.mse(c))
	}
	if u.Role == Normal {
		m := measureAngles(a, b)
		d.MeanAngle, d.Angle, d.MaxAngle, d.Normals = m.mean(), m.percentile(99), m.percentile(100), m.total
	}
	if u.Role.Light() {
		d.Shift, d.Detail = visibleShift(a, b, u), Detail(a, b)
	}
	return d, nil
}

func visibleShift(a, b *image.NRGBA, u Use) float64 {
	if !translucent(a, b, u) {
		return Shift(a, b)
	}
	return max(Shift(over(a, 0), over(b, 0)), Shift(over(a, 255), over(b, 255)))
}

// MarshalJSON has the channels in use by name and leaves out what has no meaning for the
// role, and angles where no pixel is a normal. A PSNR is null where nothing differs: JSON
// has no infinity. Decibels and degrees are rounded to a thousandth, SSIM and detail to a
// millionth.
func (d Difference) MarshalJSON() ([]byte, error) {
	out := struct {
		Role      Role                `json:"role"`
		Width     int                 `json:"width"`
		Height    int                 `json:"height"`
		PSNR      *float64            `json:"psnr"`
		Channels  map[string]*float64 `json:"channels"`
		SSIM      *float64            `json:"ssim"`
		MeanAngle *float64            `json:"meanAngle,omitempty"`
		Angle     *float64            `json:"angle,omitempty"`
		MaxAngle  *float64            `json:"maxAngle,omitempty"`
		Normals   *int64              `json:"normals,omitempty"`
		Shift     *float64            `json:"shift,omitempty"`
		Detail    *float64            `json:"detail,omitempty"`
	}{
		Role: d.Use.Role, Width: d.Width, Height: d.Height,
		PSNR: rounded(d.PSNR, 1e3), Channels: map[string]*float64{}, SSIM: rounded(d.SSIM, 1e6),
	}
	for c, name := range [4]string{"r", "g", "b", "a"} {
		if d.Use.Used&(1<<c) != 0 {
			out.Channels[name] = rounded(d.Channels[c], 1e3)
		}
	}
	if d.Use.Role == Normal {
		out.Normals = &d.Normals
	}
	if d.Normals > 0 {
		out.MeanAngle, out.Angle, out.MaxAngle = rounded(d.MeanAngle, 1e3), rounded(d.Angle, 1e3), rounded(d.MaxAngle, 1e3)
	}
	if d.Use.Role.Light() {
		out.Shift, out.Detail = rounded(d.Shift, 1e3), rounded(d.Detail, 1e6)
	}
	return json.Marshal(out)
}

// rounded is x in steps of one part, nil where x is not finite.
func rounded(x, parts float64) *float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return nil
	}
	x = math.Round(x*parts) / parts
	return &x
}
